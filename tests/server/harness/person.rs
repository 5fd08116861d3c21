//! Somebody with an account, by REST and on a socket.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Account, On, Program, Server, Settings, Socket};

/// The status and the answer of a log-in by password.
pub async fn log_in(server: &Server, identifier: &str, password: &str) -> (u16, Value) {
    let body = json!({ "identifier": identifier, "password": password });
    let request = reqwest::Client::new().post(format!("{}/api/auth/login", server.url)).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub struct Person {
    pub account: Account,
    pub url: String,
    http: reqwest::Client,
}

impl Person {
    pub fn new(program: &Program, server: &Server, userid: &str) -> Person {
        Person { account: program.account(userid), url: server.url.clone(), http: reqwest::Client::new() }
    }

    /// With a role of the account.
    pub fn with_role(program: &Program, server: &Server, userid: &str, role: &str) -> Person {
        let account = program.account_as(userid, role);
        Person { account, url: server.url.clone(), http: reqwest::Client::new() }
    }

    /// Nobody: no token.
    pub fn nobody(server: &Server) -> Person {
        let nothing = String::new;
        let account = Account { id: nothing(), userid: nothing(), name: nothing(), email: nothing(), token: nothing() };
        Person { account, url: server.url.clone(), http: reqwest::Client::new() }
    }

    pub fn id(&self) -> &str {
        &self.account.id
    }

    pub async fn socket(&self) -> Socket {
        Socket::with_token(&self.url, &self.account.token).await
    }

    pub async fn request(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.account.token.is_empty() {
            request = request.bearer_auth(&self.account.token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// What must succeed.
    pub async fn rest(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.request(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// Everything of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let (mut all, mut page) = (Vec::new(), self.rest("GET", path, Value::Null).await);
        loop {
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return all };
            page = self.rest("GET", &format!("{path}{sign}after={next}"), Value::Null).await;
        }
    }

    /// The status and code of what must be refused.
    pub async fn refusal(&self, method: &str, path: &str, body: Value) -> String {
        let (status, answer) = self.request(method, path, body).await;
        format!("{} {}", status.as_u16(), answer["error"]["code"].as_str().unwrap_or("and no code"))
    }

    /// The code of what must be refused.
    pub async fn refused(&self, method: &str, path: &str, body: Value) -> String {
        let (status, answer) = self.request(method, path, body).await;
        assert!(status.is_client_error(), "{method} {path}: {status} {answer}");
        answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{method} {path}: {answer}")).to_owned()
    }

    pub async fn make_room(&self, name: &str, private: bool) -> Value {
        self.rest("POST", "/api/rooms", json!({ "name": name, "isPrivate": private })).await
    }
}

/// A program that is there for these people.
pub async fn serve_to<const N: usize>(
    database: On,
    settings: Settings<'_>,
    names: [&str; N],
) -> (Program, Server, [Person; N]) {
    let program = Program::on(database, settings);
    let server = program.serve().await;
    let people = names.map(|name| Person::new(&program, &server, name));
    (program, server, people)
}
