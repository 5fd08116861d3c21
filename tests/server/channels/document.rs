//! Golden frames, which docs/wire/channels.md quotes; its refusals; the page of the dialect's own document,
//! and our examples.

use super::*;
use crate::harness::program::node;
use crate::harness::transcript::{Transcript, hold_against, quotes, rows};
use crate::harness::{Script, free_port, project};

/// Sees, in the lobby, when a coming has been told: who comes together may be told of each other.
async fn a_witness(program: &Program, server: &Server) -> Plain {
    let cleo = Person::new(program, server, "cleo");
    let mut witness = Plain::open(server, "/ws/chat/2").await;
    witness.send(&json!({ "token": cleo.account.token })).await;
    for frame in ["connected", "users_list", "users_list"] {
        assert_eq!(witness.next().await.unwrap()["type"], frame);
    }
    witness
}

async fn conversation(program: &Program) -> String {
    let server = program.serve().await;
    let [ann, ben] = ["ann", "ben"].map(|name| Person::new(program, &server, name));
    ann.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern", "description": "Ale" })).await;
    let mut script = Transcript::of(&server);
    for person in [&ann, &ben] {
        script.names.ids.insert(person.id().to_owned(), format!("<{}>", person.account.userid));
    }
    let tavern = json!(2);
    let (path, messages) = (|person| socket_path(&tavern, person), messages_path(&tavern));
    let mut witness = a_witness(program, &server).await;
    script.asks(&ann, "GET", "/api/chat/channels", NO_BODY).await;
    script.asks(&ann, "GET", &messages, NO_BODY).await;
    let mut anns = script.connects("Ann", &path(&ann)).await;
    witness.hear("system").await;
    script.says("Ann", &mut anns, r#"{"type":"ping"}"#).await;
    script.hears("Ann", &mut anns, 1).await;
    let mut bens = script.connects("Ben", &path(&ben)).await;
    script.hears("Ann", &mut anns, 1).await;
    script.says("Ben", &mut bens, r#"{"type":"typing"}"#).await;
    script.hears("Ann", &mut anns, 1).await;
    script.asks(&ben, "POST", &messages, json!({ "content": " Hello 😀 ", "character_id": null })).await;
    script.hears("Ann", &mut anns, 1).await;
    script.hears("Ben", &mut bens, 1).await;
    script.asks(&ann, "POST", "/api/chat/characters", json!({ "name": "Bard" })).await;
    script.asks(&ann, "GET", "/api/chat/characters", NO_BODY).await;
    script.asks(&ann, "POST", &messages, json!({ "content": "/me sings", "character_id": "1" })).await;
    script.hears("Ben", &mut bens, 1).await;
    script.asks(&ann, "DELETE", "/api/chat/characters/1", NO_BODY).await;
    script.asks(&ann, "DELETE", "/api/chat/characters/1", NO_BODY).await;
    script.asks(&ann, "GET", &format!("{messages}?limit=2"), NO_BODY).await;

    let mut community = ben.socket().await;
    let page = community.succeed("load-messages", json!({ "roomId": "2" })).await;
    let message = page["data"][0]["id"].clone();
    community.succeed("edit-message", json!({ "messageId": message, "message": "Hello all" })).await;
    script.note("Ben edits and deletes his message in another dialect");
    script.hears("Ben", &mut bens, 1).await;
    community.succeed("delete-message", json!({ "messageId": message })).await;
    script.hears("Ben", &mut bens, 1).await;
    drop(community);

    script.says("Ben", &mut bens, "no json").await;
    script.hears("Ben", &mut bens, 1).await;
    script.says("Ben", &mut bens, r#"{"type":"dance"}"#).await;
    script.hears("Ben", &mut bens, 1).await;
    script.note("Ben closes");
    bens.close().await;
    // She heard his message and her own, and what became of the first.
    script.hears("Ann", &mut anns, 4).await;
    script.asks(&ann, "GET", &format!("{messages}?before=yesterday"), NO_BODY).await;
    script.asks(&ann, "POST", &messages, json!({ "content": " " })).await;
    script.asks(&ann, "POST", &messages_path(&json!(99)), json!({ "content": "Anybody?" })).await;
    script.asks(&ann, "GET", &messages_path(&json!(99)), NO_BODY).await;
    script.is_refused("Ann", &socket_path(&json!(99), &ann)).await;
    script.is_refused("Ann", "/api/chat/ws/2?token=forged").await;
    script.asks(&Person::nobody(&server), "GET", "/api/chat/channels", NO_BODY).await;
    script.text()
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    for database in BOTH {
        hold_against("channels_ws.txt", &conversation(&Program::on(database, &[])).await, database);
    }
}

#[test]
fn the_document_quotes_what_was_said() {
    quotes("channels.md", "channels_ws.txt");
}

#[tokio::test]
async fn the_documents_refusals_are_said() {
    let program = Program::on(BOTH[0], &[]);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let mut anns = listens(&server, &json!(1), &ann).await;
    for (frame, detail) in rows("channels.md", "| frame | detail |") {
        anns.send_text(&frame).await;
        assert_eq!(anns.next().await.unwrap(), json!({ "type": "error", "detail": detail }), "{frame}");
    }
    for (body, answer) in rows("channels.md", "| body of `POST …/messages` | answer |") {
        let body: Value = serde_json::from_str(&body).unwrap();
        let (status, said) = ann.request("POST", &messages_path(&json!(1)), body.clone()).await;
        assert_eq!(format!("{} {}", status.as_u16(), said["detail"].as_str().unwrap()), answer, "{body}");
    }
}

#[tokio::test]
async fn the_documents_own_page_works_as_it_stands() {
    for database in BOTH {
        let settings = unlimited(&[("RATE_LIMIT_MODERATION_PER_MINUTE", "0")]);
        let program = Program::on(database, &settings);
        let port = free_port();
        let server = program.serve_on(port).await;
        let people = ["ann", "ben", "cleo", "dora"].map(|name| Person::new(&program, &server, name));
        let [ann, ben, _, dora] = &people;
        ann.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern" })).await;
        dora.make_room("Cellar", true).await;
        let mut speaks = ann.socket().await;
        for number in 1..=120 {
            speaks.succeed("send-message", json!({ "message": format!("line {number}") })).await;
        }
        let bard = ben.rest("POST", "/api/chat/characters", json!({ "name": "Bard" })).await["id"].to_string();
        let users = people.each_ref().map(|person| json!({ "id": person.id(), "token": person.account.token }));
        let users = json!(users).to_string();
        let environment = [("CHAT_URL", server.url.as_str()), ("CHAT_USERS", &users), ("CHAT_CHARACTER", &bard)];
        let mut page = Script::start("tests/clients", &["channels_page.mjs"], &environment);
        page.prints("away").await;
        server.kill();
        page.write("it is").await;
        page.prints("back").await;
        let _server = program.serve_on(port).await;
        page.prints("ok").await;
    }
}

#[tokio::test]
async fn the_smallest_script_and_the_smallest_page_talk() {
    let program = Program::on(BOTH[0], NO_LIMITS);
    let port = free_port();
    let server = program.serve_on(port).await;
    let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
    ann.rest("POST", &messages_path(&json!(1)), json!({ "content": "before" })).await;
    let environment = [("CHAT_URL", server.url.as_str()), ("CHAT_TOKEN", &ann.account.token)];
    let arguments = ["--no-warnings", "--experimental-websocket", "chat.mjs", "main-chat"];
    let mut script = Script::start("examples/channels", &arguments, &environment);
    assert_eq!(script.line().await, "ann: before");
    script.write("from the script").await;
    assert_eq!(script.line().await, "ann: from the script");
    let environment = [("CHAT_URL", server.url.as_str()), ("CHAT_TOKEN", &ben.account.token)];
    let page = node(&project("tests/clients"), &["channels_example_page.mjs"], &environment).await;
    assert_eq!(page.trim(), "ok");
    script.prints("ben: from the page").await;

    // What is said while the script is away it reads when it is back; each once.
    server.kill();
    let server = program.serve_on(port).await;
    ann.rest("POST", &messages_path(&json!(1)), json!({ "content": "perhaps missed" })).await;
    assert_eq!(script.line().await, "ann: perhaps missed");
    // Refusals are shown.
    script.write("what a fucking mess").await;
    assert_eq!(script.line().await, "* Message contains inappropriate content.");
    drop(server);
}
