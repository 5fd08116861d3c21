//! The page of the dialect's document, in a browser.

use serde_json::json;

use super::super::harness::program::unlimited;
use super::super::harness::{BOTH, Person, Program, Script, free_port};

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
