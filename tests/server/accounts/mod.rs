//! Accounts and their sessions, on both databases.

mod entry;
mod forged;
mod guessing;
mod pages;
mod passwords;
mod rotation;
mod sessions;

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::Server;

struct Answer {
    status: u16,
    body: Value,
    cookies: Vec<String>,
    retry_after: Option<u64>,
}

impl Answer {
    /// The value of a cookie that was set.
    fn cookie(&self, name: &str) -> Option<&str> {
        let pair = self.cookies.iter().find_map(|cookie| cookie.strip_prefix(&format!("{name}=")))?;
        pair.split(';').next()
    }

    fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", self.body))
    }

    /// Of a refusal in the form of all routes below `/api/auth`: the same said twice.
    fn refusal(&self) -> (u16, &str, &str) {
        assert_eq!(self.text("/message"), self.text("/error/message"), "{}", self.body);
        assert_eq!(self.body.get("errors"), self.body.pointer("/error/fields"), "{}", self.body);
        (self.status, self.text("/error/code"), self.text("/message"))
    }
}

async fn ask(server: &Server, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned());
    let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    let (status, cookies) = (answer.status().as_u16(), cookies.collect());
    let text = answer.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, body, cookies, retry_after }
}

async fn post(server: &Server, path: &str, body: &Value) -> Answer {
    ask(server, Method::POST, &format!("/api/auth/{path}"), &[], Some(body)).await
}

/// With an access token.
async fn call(server: &Server, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
    ask(server, method, path, &[("authorization", &format!("Bearer {token}"))], body).await
}

/// With a refresh cookie.
async fn refresh(server: &Server, token: &str) -> Answer {
    let cookie = format!("other=x; refreshToken={token}; more=\"y\"");
    ask(server, Method::POST, "/api/auth/refresh", &[("cookie", &cookie)], None).await
}

fn somebody(userid: &str) -> Value {
    json!({ "name": "Ann", "userid": userid, "email": format!("{userid}@example.com"), "password": "correct horse",
        "dob": "1990-02-03", "gender": "female" })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Access and refresh token of a new log-in.
async fn log_in(server: &Server, userid: &str) -> (String, String) {
    let answer = post(server, "login", &json!({ "username": userid, "password": "correct horse" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.text("/accessToken").to_owned(), answer.cookie("refreshToken").unwrap().to_owned())
}

async fn status_with(server: &Server, token: &str) -> u16 {
    call(server, Method::GET, "/api/auth/profile", token, None).await.status
}
