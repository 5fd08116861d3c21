//! The bytes of files, whole and in part.

use std::ops::Range;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_range_header::{ParsedRanges, StartPosition, parse_range_header};
use uuid::Uuid;

use super::rest::in_words_of_rest;
use super::{Failure, Requests};
use crate::chat::FileReader;
use crate::files::{Content, Disposition, disposition, named_as, recognize};
use crate::model::{File, FileId};

/// A file that is opened as a page can do nothing.
const HARMLESS: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
const KEPT_FOR_A_WHILE: HeaderValue = HeaderValue::from_static("private, max-age=600");
const NOTHING_IN_PARTICULAR: HeaderValue = HeaderValue::from_static("application/octet-stream");

pub fn router() -> Router<Requests> {
    Router::new().route("/api/files/{fileId}", get(fetch))
}

type Pairs = Vec<(String, String)>;

async fn fetch(
    State(requests): State<Requests>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let id = Uuid::parse_str(&id).map_err(|_| Failure::Unreadable("the id of a file is needed".into()))?;
        let file = found(&requests, id, &query, &headers).await?;
        let wants_thumbnail = value(&query, "thumbnail").is_some_and(|wanted| wanted == "1" || wanted == "true");
        if wants_thumbnail {
            thumbnail(&requests, &file, &method, &headers).await
        } else {
            whole(&requests, &file, &method, &headers).await
        }
    };
    answer.await.unwrap_or_else(Failure::into_response)
}

/// Of two with one name the first counts.
fn value<'a>(query: &'a Pairs, name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The signature before the file: a forged link says nothing about it.
async fn found(requests: &Requests, id: FileId, query: &Pairs, headers: &HeaderMap) -> Result<File, Failure> {
    let chat = requests.chat();
    let parts = ["e", "u", "s"].map(|name| value(query, name));
    if parts.iter().any(Option::is_some) {
        let holder = chat.holder(id, parts.map(Option::unwrap_or_default))?;
        return Ok(chat.file(holder, id).await?);
    }
    let asker = requests.bearer(headers).await?;
    let actor = asker.anybody().map_err(|failure| in_words_of_rest(failure, asker.actor))?;
    Ok(chat.file(FileReader::Caller(actor), id).await?)
}

async fn whole(requests: &Requests, file: &File, method: &Method, asked: &HeaderMap) -> Result<Response, Failure> {
    let length = u64::try_from(file.content.bytes).unwrap_or(0);
    let media_type = HeaderValue::from_str(&file.content.media_type).unwrap_or(NOTHING_IN_PARTICULAR);
    let shown = Shown { tag: format!("\"{}\"", file.id), length, media_type, name: file.content.name.clone() };
    let part = shown.part(method, asked);
    if let Some(answer) = shown.without_bytes(&part, method) {
        return Ok(answer);
    }
    let (range, bytes) = match part {
        Part::Range(range) => (Some(range.clone()), requests.chat().bytes_of(file, Some(range)).await?),
        Part::Whole | Part::Unchanged | Part::Outside => (None, requests.chat().bytes_of(file, None).await?),
    };
    Ok(shown.with_bytes(range, Body::from_stream(bytes)))
}

async fn thumbnail(requests: &Requests, file: &File, method: &Method, asked: &HeaderMap) -> Result<Response, Failure> {
    let bytes = requests.chat().thumbnail_of(file).await?;
    let (media_type, name) = match recognize(&bytes) {
        Content::Picture(format) => {
            (HeaderValue::from_static(format.media_type()), named_as(&file.content.name, format))
        }
        Content::Known(_) | Content::Other => (NOTHING_IN_PARTICULAR, file.content.name.clone()),
    };
    let shown = Shown { tag: format!("\"{}-thumbnail\"", file.id), length: bytes.len() as u64, media_type, name };
    let part = shown.part(method, asked);
    if let Some(answer) = shown.without_bytes(&part, method) {
        return Ok(answer);
    }
    Ok(match part {
        Part::Range(range) => {
            let some = bytes.slice(range.start as usize..range.end as usize);
            shown.with_bytes(Some(range), some.into())
        }
        Part::Whole | Part::Unchanged | Part::Outside => shown.with_bytes(None, bytes.into()),
    })
}

/// Bytes never change under one id, so that it is their tag.
struct Shown {
    tag: String,
    length: u64,
    media_type: HeaderValue,
    name: String,
}

/// What of it is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Range(Range<u64>),
    Unchanged,
    Outside,
}

fn asks_for_the_last(ranges: &ParsedRanges) -> bool {
    ranges.ranges.iter().all(|range| matches!(range.start, StartPosition::FromLast(1..)))
}

impl Shown {
    fn part(&self, method: &Method, asked: &HeaderMap) -> Part {
        let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
        let is_mine = |tag: &str| tag.trim().trim_start_matches("W/") == self.tag || tag.trim() == "*";
        if text(header::IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(is_mine)) {
            return Part::Unchanged;
        }
        let is_another = text(header::IF_RANGE).is_some_and(|tag| tag.trim() != self.tag);
        let Some(range) = text(header::RANGE).filter(|_| *method == Method::GET && !is_another) else {
            return Part::Whole;
        };
        // What cannot be read is passed over, as are several: nobody needs them of one file.
        let Ok(ranges) = parse_range_header(range) else { return Part::Whole };
        match ranges.validate(self.length) {
            Ok(ranges) => match ranges.as_slice() {
                [one] => Part::Range(*one.start()..*one.end() + 1),
                _ => Part::Whole,
            },
            Err(_) if ranges.ranges.len() > 1 => Part::Whole,
            // The last bytes, and more of them than there are: all.
            Err(_) if self.length > 0 && asks_for_the_last(&ranges) => Part::Range(0..self.length),
            Err(_) => Part::Outside,
        }
    }

    /// The answer, where nothing of the file is sent.
    fn without_bytes(&self, part: &Part, method: &Method) -> Option<Response> {
        match part {
            Part::Unchanged => Some((StatusCode::NOT_MODIFIED, self.headers()).into_response()),
            Part::Outside => {
                let length = [(header::CONTENT_RANGE, format!("bytes */{}", self.length))];
                Some((StatusCode::RANGE_NOT_SATISFIABLE, length).into_response())
            }
            Part::Whole | Part::Range(_) if *method == Method::HEAD => Some(self.with_bytes(None, Body::empty())),
            Part::Whole | Part::Range(_) => None,
        }
    }

    fn with_bytes(&self, range: Option<Range<u64>>, body: Body) -> Response {
        let mut headers = self.headers();
        headers.insert(header::CONTENT_TYPE, self.media_type.clone());
        let is_picture = self.media_type.as_bytes().starts_with(b"image/");
        let how = if is_picture { Disposition::Inline } else { Disposition::Attachment };
        let disposition = HeaderValue::try_from(disposition(how, &self.name));
        headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
        let (status, length) = match range {
            Some(range) => {
                let place = format!("bytes {}-{}/{}", range.start, range.end - 1, self.length);
                headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(place).unwrap_or(HeaderValue::from(0)));
                (StatusCode::PARTIAL_CONTENT, range.end - range.start)
            }
            None => (StatusCode::OK, self.length),
        };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        (status, headers, body).into_response()
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::CACHE_CONTROL, KEPT_FOR_A_WHILE);
        headers.insert(header::CONTENT_SECURITY_POLICY, HARMLESS);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers
    }
}
