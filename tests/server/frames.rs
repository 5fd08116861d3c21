//! Golden frames: one conversation, byte for byte but for ids and times, in `tests/wire/`.
//! `UPDATE_FRAMES=1` writes the file anew; the diff is then yours to read.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use super::harness::socket::NAMESPACE;
use super::harness::{BOTH, On, Program, Socket, project};

/// Puts names in the place of what differs from run to run.
#[derive(Default)]
pub struct Names {
    pub ids: HashMap<String, String>,
}

impl Names {
    pub fn tidy(&mut self, frame: &str) -> String {
        let mut tidy = String::new();
        let mut rest = frame;
        while let Some(first) = rest.chars().next() {
            let (token, length) = self.token(rest).unwrap_or((first.to_string(), first.len_utf8()));
            tidy.push_str(&token);
            rest = &rest[length..];
        }
        tidy
    }

    fn token(&mut self, text: &str) -> Option<(String, usize)> {
        if let Some(id) = text.get(..36).filter(|id| uuid::Uuid::parse_str(id).is_ok()) {
            let next = format!("<id {}>", self.ids.len() + 1);
            return Some((self.ids.entry(id.to_owned()).or_insert(next).clone(), 36));
        }
        if text.get(..24).is_some_and(|time| time.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(time).is_ok())
        {
            return Some(("<time>".into(), 24));
        }
        if text
            .get(..32)
            .is_some_and(|time| time.ends_with("+00:00") && chrono::DateTime::parse_from_rfc3339(time).is_ok())
        {
            return Some(("<time>".into(), 32));
        }
        text.strip_prefix("\"sid\":\"")?.find('"').map(|end| ("\"sid\":\"<sid>\"".into(), end + 8))
    }
}

struct Script {
    socket: Socket,
    names: Names,
    lines: Vec<String>,
}

impl Script {
    async fn says(&mut self, frame: &str) {
        self.lines.push(format!("> {}", self.names.tidy(frame)));
        self.socket.send(frame).await;
    }

    /// So many frames in the order of the wire.
    async fn hears(&mut self, frames: usize) -> Value {
        let mut last = Value::Null;
        for _ in 0..frames {
            let frame = self.socket.frame().await.unwrap();
            last = frame.find(['[', '{']).and_then(|at| serde_json::from_str(&frame[at..]).ok()).unwrap_or_default();
            self.lines.push(format!("< {}", self.names.tidy(&frame)));
        }
        last
    }

    async fn event(&mut self, id: u64, name: &str, payload: Value) {
        self.says(&format!("42{NAMESPACE},{id}{}", json!([name, payload]))).await;
    }
}

async fn conversation(program: &Program) -> String {
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut script = Script { socket: Socket::open(&server.url).await, names: Names::default(), lines: Vec::new() };
    script.names.ids.insert(ann.id.clone(), "<ann>".into());
    script.socket.send(format!("40{NAMESPACE},{}", json!({ "token": ann.token }))).await;
    script.lines.push(format!("> 40{NAMESPACE},{{\"token\":\"<token>\"}}"));
    script.hears(2).await;
    script.event(0, "authenticate-user", json!({ "userId": ann.id })).await;
    script.hears(1).await;
    script.event(1, "send-message", json!({ "message": " Hello \u{1F600} ", "clientOffset": "ann-1" })).await;
    let sent = script.hears(2).await;
    let id = sent[0]["data"]["id"].clone();
    script.event(2, "send-message", json!({ "message": "again", "clientOffset": "ann-1" })).await;
    script.hears(1).await;
    script.event(3, "edit-message", json!({ "messageId": id, "message": "Hello all" })).await;
    script.hears(2).await;
    script.event(4, "typing", json!({ "isTyping": true })).await;
    script.hears(1).await;
    script.event(5, "load-messages", json!({ "page": 1, "limit": 2 })).await;
    script.hears(1).await;
    script.event(6, "delete-message", json!({ "messageId": id })).await;
    script.hears(2).await;
    script.event(7, "edit-message", json!({ "messageId": id, "message": "too late" })).await;
    script.hears(1).await;
    script.event(8, "join-room", json!("main-chat")).await;
    script.hears(1).await;
    script.event(9, "sync", json!({ "rev": 1 })).await;
    script.hears(1).await;
    script.event(10, "sync", json!({ "rev": 0, "epoch": "another" })).await;
    script.hears(1).await;
    script.event(11, "send-message", json!({ "message": " " })).await;
    script.hears(1).await;
    script.event(12, "no-such-event", json!({})).await;
    script.hears(1).await;
    script.says(&format!("42{NAMESPACE},13[7]")).await;
    script.hears(1).await;
    script.says("40/nowhere,").await;
    script.hears(1).await;
    script.says("40,").await;
    script.hears(1).await;
    script.says("4214[\"anything\"]").await;
    script.hears(1).await;
    script.lines.join("\n") + "\n"
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    let golden = project("tests/wire/community_socketio.txt");
    for database in BOTH {
        hold_against(&golden, &conversation(&Program::on(database, &[])).await, database);
    }
}

/// Line by line; or writes the file anew.
pub fn hold_against(golden: &Path, spoken: &str, database: On) {
    if std::env::var_os("UPDATE_FRAMES").is_some() {
        std::fs::write(golden, spoken).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    for (number, (said, wanted)) in spoken.lines().zip(expected.lines()).enumerate() {
        assert_eq!(said, wanted, "line {} on {database:?}", number + 1);
    }
    assert_eq!(spoken.lines().count(), expected.lines().count());
}
