//! Files: sent, seen, fetched, and gone, on both databases.

mod ends;
mod faces;
mod fetching;
mod refused;
mod stored;
mod uploads;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use community_chat::config::Config;
use community_chat::store::{Missing, Store};
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::harness::{Person, Program, eventually};

pub async fn opened(program: &Program) -> Store {
    let data = program.folder.path().join("data").display().to_string();
    let variables = [("DATABASE_URL", program.database_url.clone()), ("DATA_DIR", data)];
    let environment = variables.map(|(name, value)| (name.to_owned(), value));
    Store::open(&Config::load(None, environment).unwrap().database, Missing::IsMade, true).await.unwrap()
}

pub const BOUNDARY: &str = "----a-line-of-the-tests";

/// A form as a browser writes it, or worse.
#[derive(Clone, Default)]
pub struct Form {
    body: Vec<u8>,
    key: Option<String>,
}

impl Form {
    pub fn file(name: &str, bytes: &[u8]) -> Form {
        Form::default().and_file(name, bytes)
    }

    pub fn and_file(self, name: &str, bytes: &[u8]) -> Form {
        self.part(&format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png"), bytes)
    }

    pub fn and(self, name: &str, value: &str) -> Form {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    pub fn with_key(mut self, key: &str) -> Form {
        self.key = Some(key.to_owned());
        self
    }

    fn part(mut self, head: &str, bytes: &[u8]) -> Form {
        self.body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes());
        self.body.extend(bytes);
        self.body.extend(b"\r\n");
        self
    }

    pub fn body(mut self) -> Vec<u8> {
        self.body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        self.body
    }

    pub async fn send(self, person: &Person, method: Method, path: &str) -> (StatusCode, Value) {
        let mut request = reqwest::Client::new().request(method, format!("{}{path}", person.url));
        if !person.account.token.is_empty() {
            request = request.bearer_auth(&person.account.token);
        }
        if let Some(key) = &self.key {
            request = request.header("Idempotency-Key", key);
        }
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = request.header("Content-Type", kind).body(self.body()).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub async fn upload(self, person: &Person, room: &str) -> (StatusCode, Value) {
        self.send(person, Method::POST, &format!("/api/rooms/{room}/files")).await
    }

    /// What must succeed.
    pub async fn sent(self, person: &Person, room: &str) -> Value {
        let (status, answer) = self.upload(person, room).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer
    }

    /// The status and code of what must be refused.
    pub async fn refused(self, person: &Person, room: &str) -> (u16, String) {
        let (status, answer) = self.upload(person, room).await;
        (status.as_u16(), answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{status} {answer}")).to_owned())
    }
}

pub struct Fetched {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Fetched {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// By a link alone, as an `<img>` does.
pub async fn fetch(person: &Person, path: &str) -> Fetched {
    asked(reqwest::Client::new().get(format!("{}{path}", person.url))).await
}

/// With the person's Bearer.
pub async fn fetch_as(person: &Person, path: &str) -> Fetched {
    asked(reqwest::Client::new().get(format!("{}{path}", person.url)).bearer_auth(&person.account.token)).await
}

pub async fn asked(request: reqwest::RequestBuilder) -> Fetched {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Fetched { status, headers, bytes: answer.bytes().await.unwrap().to_vec() }
}

/// The link to a file, if this person gets one, and to its thumbnail.
pub async fn link(person: &Person, file: &Value) -> Option<(String, Option<String>)> {
    let path = format!("/api/files/urls?ids={}", file.as_str().unwrap());
    let links = person.rest("GET", &path, Value::Null).await;
    let link = links["data"].as_array().unwrap().first()?;
    assert_eq!(link["id"], *file);
    Some((link["url"].as_str().unwrap().to_owned(), link["thumbnailUrl"].as_str().map(str::to_owned)))
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    written(width, height, ImageFormat::Png)
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    written(width, height, ImageFormat::Jpeg)
}

fn written(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Every file of the storage, by its path, whole or not.
pub fn lying(program: &Program) -> Vec<String> {
    fn below(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            if entry.path().is_dir() {
                below(&entry.path(), found);
            } else {
                found.push(entry.path().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    below(&program.folder.path().join("data/files"), &mut found);
    found
}

/// Until the sweep has come.
pub async fn so_many_lie(program: &Program, number: usize) {
    eventually(&format!("{number} files lie in the storage"), async || lying(program).len() == number).await;
}
