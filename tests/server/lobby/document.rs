//! Golden frames, which docs/wire/lobby.md quotes; its table of refusals; the examples.

use super::*;
use crate::harness::program::node;
use crate::harness::transcript::{Transcript, hold_against, quotes, rows};
use crate::harness::{self, project};

async fn conversation(program: &Program) -> String {
    let server = program.serve().await;
    let (nobody, ann) = (Person::nobody(&server), Person::new(program, &server, "ann"));
    let mut script = Transcript::of(&server);
    script.asks(&nobody, "POST", ROOMS, json!({ "name": "General", "description": "General chat" })).await;
    script.asks(&nobody, "POST", ROOMS, json!({ "name": "general" })).await;
    script.asks(&nobody, "POST", ROOMS, json!({ "name": "" })).await;
    script.asks(&nobody, "GET", ROOMS, NO_BODY).await;
    // In three frames: connected; who is here, for oneself; and for all, who now came.
    let mut zoe = script.connects("Zoe", "/ws/chat/2").await;
    script.says("Zoe", &mut zoe, r#"{"username":"Zoe"}"#).await;
    script.hears("Zoe", &mut zoe, 3).await;
    let mut ben = script.connects("Ben", "/ws/chat/2").await;
    script.says("Ben", &mut ben, r#"{"username":"Ben"}"#).await;
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
    script.note("Ben closes");
    script.hears("Zoe", &mut zoe, 2).await;
    let first = json!({ "token": ann.account.token }).to_string();
    let mut anns = script.connects("Ann", "/ws/chat/2").await;
    script.says("Ann", &mut anns, &first).await;
    script.hears("Ann", &mut anns, 3).await;
    script.hears("Zoe", &mut zoe, 2).await;
    script.says("Ann", &mut anns, r#"{"type":"message","content":"by an account"}"#).await;
    script.hears("Ann", &mut anns, 1).await;
    script.asks(&nobody, "GET", "/api/chat/rooms/2/messages?limit=2", NO_BODY).await;
    script.asks(&nobody, "GET", "/api/chat/rooms/99/messages", NO_BODY).await;
    let mut lost = script.connects("Dora", "/ws/chat/99").await;
    script.says("Dora", &mut lost, r#"{"username":"Dora"}"#).await;
    script.hears("Dora", &mut lost, 2).await;
    // Else what is told of her going may come between the end of the room and Ann's.
    zoe.close().await;
    script.note("Zoe closes");
    script.hears("Ann", &mut anns, 2).await;
    script.asks(&ann, "DELETE", "/api/chat/rooms/2", NO_BODY).await;
    let root = Person::with_role(program, &server, "root", "admin");
    script.asks(&root, "DELETE", "/api/chat/rooms/2", NO_BODY).await;
    script.hears("Ann", &mut anns, 2).await;
    script.text()
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    for database in BOTH {
        let program = Program::on(database, &[("ALLOW_GUESTS", "true")]);
        hold_against("lobby_ws.txt", &conversation(&program).await, database);
    }
}

#[test]
fn the_document_quotes_what_was_said() {
    quotes("lobby.md", "lobby_ws.txt");
}

/// `| frame | answer |`: each frame gets that error, and nothing ends.
#[tokio::test]
async fn the_documents_refusals_are_said() {
    let program = open_house(BOTH[0], &[]);
    let server = program.serve().await;
    let mut socket = Plain::open(&server, "/ws/chat/1").await;
    let [first, later] = ["| first frame | content |", "| later frame | content |"].map(|head| rows("lobby.md", head));
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
