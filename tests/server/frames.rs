//! Golden frames: one conversation, byte for byte but for ids and times, in `tests/wire/`.

use serde_json::{Value, json};

use super::harness::socket::{NAMESPACE, prefix};
use super::harness::transcript::{Names, hold_against};
use super::harness::{BOTH, Program, Server, Socket};

pub struct Script {
    pub socket: Socket,
    pub names: Names,
    lines: Vec<String>,
}

impl Script {
    pub async fn open(server: &Server) -> Script {
        Script { socket: Socket::open(&server.url).await, names: Names::default(), lines: Vec::new() }
    }

    pub async fn says(&mut self, frame: &str) {
        self.lines.push(format!("> {}", self.names.tidy(frame)));
        self.socket.send(frame).await;
    }

    /// So many frames in the order of the wire.
    pub async fn hears(&mut self, frames: usize) -> Value {
        let mut last = Value::Null;
        for _ in 0..frames {
            let frame = self.socket.frame().await.unwrap();
            last = frame.find(['[', '{']).and_then(|at| serde_json::from_str(&frame[at..]).ok()).unwrap_or_default();
            self.lines.push(format!("< {}", self.names.tidy(&frame)));
        }
        last
    }

    pub async fn event(&mut self, id: u64, name: &str, payload: Value) {
        self.says(&format!("42{}{id}{}", prefix(self.socket.namespace), json!([name, payload]))).await;
    }

    pub fn text(self) -> String {
        self.lines.join("\n") + "\n"
    }
}

async fn conversation(program: &Program) -> String {
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut script = Script::open(&server).await;
    script.names.ids.insert(ann.id.clone(), "<ann>".into());
    script.says(&format!("40{NAMESPACE},{}", json!({ "token": ann.token }))).await;
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
    script.text()
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    for database in BOTH {
        hold_against("community_socketio.txt", &conversation(&Program::on(database, &[])).await, database);
    }
}
