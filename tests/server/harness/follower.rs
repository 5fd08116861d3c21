//! A client that keeps what it was shown, comes back with what it saw, and writes down every breach of
//! what it was promised.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::socket::as_event;
use super::{Socket, Transport};

/// Follows `main-chat` from its first message on.
pub struct Follower {
    pub socket: Option<Socket>,
    pub transport: Transport,
    url: String,
    token: String,
    pub rev: i64,
    epoch: Option<String>,
    /// By seq, as JSON, which takes a fifth of what a `Value` does; deleted ones too.
    messages: BTreeMap<i64, Box<str>>,
    /// True from the connect until the last page of what was missed.
    catching_up: bool,
    pub breaches: Vec<String>,
    /// Why the server said that it would close the connection.
    pub closed_for: Vec<String>,
}

impl Follower {
    pub fn new(url: &str, token: &str, transport: Transport) -> Follower {
        Follower {
            socket: None,
            transport,
            url: url.to_owned(),
            token: token.to_owned(),
            rev: 0,
            epoch: None,
            messages: BTreeMap::new(),
            catching_up: false,
            breaches: Vec::new(),
            closed_for: Vec::new(),
        }
    }

    /// Connects, from the last rev on; false when the server is not there.
    pub async fn come_back(&mut self) -> bool {
        let auth = json!({ "token": self.token, "serverOffset": self.rev, "epoch": self.epoch });
        self.socket = Socket::try_connect(&self.url, self.transport, &auth).await;
        self.catching_up = self.socket.is_some();
        self.catching_up
    }

    pub fn is_caught_up(&self) -> bool {
        self.socket.is_some() && !self.catching_up
    }

    /// Takes one frame; gives it back when it is no event of the room.
    pub fn take(&mut self, frame: String) -> Option<String> {
        let Some((name, payload)) = as_event(&frame) else { return Some(frame) };
        match name.as_str() {
            "sync" => self.take_page(&payload),
            "message-received" | "message-edited" | "message-deleted" => self.take_live(&name, payload),
            "connection-closed" => self.closed_for.push(payload["code"].as_str().unwrap().to_owned()),
            _ => return Some(frame),
        }
        None
    }

    fn take_page(&mut self, page: &Value) {
        if page.get("error").is_some() {
            // The database was away: the next try will do.
            self.socket = None;
            return;
        }
        if !self.catching_up || page["complete"] != true {
            self.breaches.push(format!("an unexpected page: {page}"));
        }
        for message in page["messages"].as_array().unwrap() {
            let rev = message["rev"].as_i64().unwrap();
            if rev <= self.rev {
                self.breaches.push(format!("a page repeats rev {rev} after {}", self.rev));
            }
            self.rev = rev;
            self.keep(message);
        }
        self.rev = page["rev"].as_i64().unwrap();
        self.epoch = page["epoch"].as_str().map(str::to_owned);
        self.catching_up = page["more"] == true;
    }

    fn take_live(&mut self, name: &str, message: Value) {
        let rev = message["rev"].as_i64().unwrap();
        if self.catching_up || rev != self.rev + 1 {
            let state = if self.catching_up { "while catching up from" } else { "after" };
            self.breaches.push(format!("{name} rev {rev} came {state} {}", self.rev));
        }
        self.rev = rev;
        if name == "message-deleted" {
            let id = message["id"].as_str().unwrap();
            match self.messages.values_mut().find(|known| known.contains(id)) {
                Some(known) => {
                    let mut deleted: Value = serde_json::from_str(known).unwrap();
                    deleted["is_deleted"] = json!(true);
                    *known = deleted.to_string().into();
                }
                None => self.breaches.push(format!("an unknown message was deleted: {message}")),
            }
        } else {
            let is_new = self.keep(&message);
            if is_new != (name == "message-received") {
                self.breaches
                    .push(format!("{name} rev {rev} of a message that was {}known", if is_new { "un" } else { "" }));
            }
        }
    }

    /// Whether it is a new one.
    fn keep(&mut self, message: &Value) -> bool {
        self.messages.insert(message["seq"].as_i64().unwrap(), message.to_string().into()).is_none()
    }

    /// All of them by seq, deleted ones too.
    pub fn everything(&self) -> BTreeMap<i64, Value> {
        self.messages.iter().map(|(seq, message)| (*seq, serde_json::from_str(message).unwrap())).collect()
    }

    /// Reads until everything up to a rev is there.
    pub async fn follow_to(&mut self, rev: i64) {
        while self.rev < rev || !self.is_caught_up() {
            let frame = match &mut self.socket {
                Some(socket) => socket.frame().await,
                None => None,
            };
            match frame {
                Some(frame) => drop(self.take(frame)),
                None => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    self.come_back().await;
                }
            }
        }
    }

    /// What a list shows.
    pub fn visible(&self) -> Vec<Value> {
        self.everything().into_values().filter(|message| message["is_deleted"] != true).collect()
    }
}

/// The whole visible history of `main-chat`, as somebody new loads it, and its rev.
pub async fn fresh_history(socket: &mut Socket) -> (Vec<Value>, i64) {
    let mut messages = Vec::new();
    for page in 1.. {
        let answer = socket.succeed("load-messages", json!({ "page": page, "limit": 1000 })).await;
        messages.extend(answer["data"].as_array().unwrap().iter().cloned());
        if page >= answer["pagination"]["totalPages"].as_i64().unwrap() {
            return (messages, answer["rev"].as_i64().unwrap());
        }
    }
    unreachable!()
}
