//! Golden frames, which docs/wire/lobby.md quotes; its table of refusals; the examples.

use super::*;
use crate::frames::{Names, hold_against};
use crate::harness::program::node;
use crate::harness::{self, project};

fn document() -> String {
    std::fs::read_to_string(project("docs/wire/lobby.md")).unwrap()
}

struct Script<'a> {
    server: &'a Server,
    names: Names,
    lines: Vec<String>,
}

impl Script<'_> {
    async fn asks(&mut self, person: &Person, method: &str, path: &str, body: Value) {
        let text = if body.is_null() { String::new() } else { format!(" {body}") };
        self.lines.push(format!("{method} {path}{text}"));
        let (status, answer) = person.request(method, path, body).await;
        self.lines.push(self.names.tidy(&format!("{} {answer}", status.as_u16())));
    }

    async fn connects(&mut self, who: &str, path: &str, first: &str) -> Plain {
        self.lines.push(format!("{who} connects to {path}"));
        let mut socket = Plain::open(self.server, path).await;
        self.says(who, &mut socket, first).await;
        socket
    }

    async fn says(&mut self, who: &str, socket: &mut Plain, frame: &str) {
        self.lines.push(format!("{who} → {}", self.names.tidy(frame)));
        socket.send_text(frame).await;
    }

    /// So many frames in the order of the wire; or how it ended.
    async fn hears(&mut self, who: &str, socket: &mut Plain, frames: usize) {
        for _ in 0..frames {
            let line = match socket.next_text().await {
                Ok(frame) => self.names.tidy(&frame),
                Err(Closed(code, reason)) => format!("closed {code} {reason}").trim_end().to_owned(),
            };
            self.lines.push(format!("{who} ← {line}"));
        }
    }
}

async fn conversation(program: &Program) -> String {
    let server = program.serve().await;
    let (nobody, ann) = (Person::nobody(&server), Person::new(program, &server, "ann"));
    let mut script = Script { server: &server, names: Names::default(), lines: Vec::new() };
    script.asks(&nobody, "POST", ROOMS, json!({ "name": "General", "description": "General chat" })).await;
    script.asks(&nobody, "POST", ROOMS, json!({ "name": "general" })).await;
    script.asks(&nobody, "POST", ROOMS, json!({ "name": "" })).await;
    script.asks(&nobody, "GET", ROOMS, NO_BODY).await;
    // In three frames: connected; who is here, for oneself; and for all, who now came.
    let mut zoe = script.connects("Zoe", "/ws/chat/2", r#"{"username":"Zoe"}"#).await;
    script.hears("Zoe", &mut zoe, 3).await;
    let mut ben = script.connects("Ben", "/ws/chat/2", r#"{"username":"Ben"}"#).await;
    script.hears("Ben", &mut ben, 3).await;
    script.hears("Zoe", &mut zoe, 2).await;
    script.says("Ben", &mut ben, r#"{"type":"typing","is_typing":true}"#).await;
    script.hears("Ben", &mut ben, 1).await;
    script.hears("Zoe", &mut zoe, 1).await;
    script.says("Ben", &mut ben, r#"{"type":"message","content":" Hello 😀 "}"#).await;
    script.hears("Ben", &mut ben, 1).await;
    script.hears("Zoe", &mut zoe, 1).await;
    script.says("Ben", &mut ben, r#"{"type":"typing","is_typing":false}"#).await;
    script.hears("Zoe", &mut zoe, 1).await;
    script.says("Zoe", &mut zoe, r#"{"content":"without a type"}"#).await;
    script.hears("Zoe", &mut zoe, 1).await;
    script.says("Zoe", &mut zoe, r#"{"type":"dance"}"#).await;
    script.hears("Zoe", &mut zoe, 1).await;
    ben.close().await;
    script.lines.push("Ben closes".into());
    script.hears("Zoe", &mut zoe, 2).await;
    let first = json!({ "token": ann.account.token }).to_string();
    let mut anns = Plain::open(&server, "/ws/chat/2").await;
    anns.send_text(&first).await;
    script.lines.push("Ann connects to /ws/chat/2".into());
    script.lines.push(r#"Ann → {"token":"<token>"}"#.into());
    script.hears("Ann", &mut anns, 3).await;
    script.hears("Zoe", &mut zoe, 2).await;
    script.says("Ann", &mut anns, r#"{"type":"message","content":"by an account"}"#).await;
    script.hears("Ann", &mut anns, 1).await;
    script.asks(&nobody, "GET", "/api/chat/rooms/2/messages?limit=2", NO_BODY).await;
    script.asks(&nobody, "GET", "/api/chat/rooms/99/messages", NO_BODY).await;
    let mut lost = script.connects("Dora", "/ws/chat/99", r#"{"username":"Dora"}"#).await;
    script.hears("Dora", &mut lost, 2).await;
    script.asks(&ann, "DELETE", "/api/chat/rooms/2", NO_BODY).await;
    let root = Person::with_role(program, &server, "root", "admin");
    script.asks(&root, "DELETE", "/api/chat/rooms/2", NO_BODY).await;
    script.hears("Ann", &mut anns, 2).await;
    script.lines.join("\n") + "\n"
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    let golden = project("tests/wire/lobby_ws.txt");
    for database in BOTH {
        let program = Program::on(database, &[("ALLOW_GUESTS", "true")]);
        hold_against(&golden, &conversation(&program).await, database);
    }
}

#[test]
fn the_document_quotes_what_was_said() {
    let golden = std::fs::read_to_string(project("tests/wire/lobby_ws.txt")).unwrap();
    let document = document();
    let quoted: Vec<&str> = document.split("```").skip(1).step_by(2).flat_map(|block| block.lines().skip(1)).collect();
    assert!(quoted.len() > 20, "does this test still read them?");
    let mut said = golden.lines();
    for line in quoted {
        assert!(said.any(|other| other == line), "this was not said, or not then: {line}");
    }
}

/// `| frame | answer |`: each frame gets that error, and nothing ends.
#[tokio::test]
async fn the_documents_refusals_are_said() {
    let document = document();
    let rows = |head: &str| -> Vec<(String, String)> {
        let rows = document.lines().skip_while(move |line| !line.starts_with(head)).skip(2);
        let cells = |line: &str| {
            let mut quoted = line.split('`').skip(1).step_by(2).map(str::to_owned);
            (quoted.next().unwrap(), quoted.next().unwrap())
        };
        rows.take_while(|line| line.starts_with('|')).map(cells).collect()
    };
    let program = open_house(BOTH[0], &[]);
    let server = program.serve().await;
    let mut socket = Plain::open(&server, "/ws/chat/1").await;
    let (first, later) = (rows("| first frame | content |"), rows("| later frame | content |"));
    assert!(first.len() >= 4 && later.len() >= 6);
    for (frame, content) in first {
        socket.send_text(&frame).await;
        assert_eq!(socket.next().await.unwrap(), json!({ "type": "error", "content": content }), "{frame}");
    }
    socket.send(&json!({ "username": "Zoe" })).await;
    for (frame, content) in later {
        socket.send_text(&frame).await;
        assert_eq!(socket.hear("error").await["content"], content, "{frame}");
    }
}

#[tokio::test]
async fn the_smallest_script_and_the_smallest_page_talk() {
    let program = open_house(BOTH[0], &[]);
    let server = program.serve().await;
    let arguments = ["--experimental-websocket", "chat.mjs", "Zoe", "1"];
    let mut script = harness::Script::start("examples/lobby", &arguments, &[("CHAT_URL", &server.url)]);
    script.prints("you are Zoe").await;
    script.write("hello from the smallest script").await;
    script.prints("Zoe: hello from the smallest script").await;
    let printed = node(&project("tests/clients"), &["lobby_page.mjs"], &[("CHAT_URL", &server.url)]).await;
    assert_eq!(printed.trim(), "ok");
    script.prints("Ben: hello from the page").await;
}
