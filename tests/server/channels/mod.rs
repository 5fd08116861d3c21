//! The channels dialect, as its own clients see it; on both databases.

mod document;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::harness::plain::{Closed, Plain};
use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, Person, Program, Server};

const NO_BODY: Value = Value::Null;

fn socket_path(channel: &Value, person: &Person) -> String {
    format!("/api/chat/ws/{channel}?token={}", person.account.token)
}

fn messages_path(channel: &Value) -> String {
    format!("/api/chat/channels/{channel}/messages")
}

async fn listens(server: &Server, channel: &Value, person: &Person) -> Plain {
    Plain::open(server, &socket_path(channel, person)).await
}

async fn number_of(person: &Person, name: &str) -> Value {
    let channels = person.rest("GET", "/api/chat/channels", NO_BODY).await;
    let channel = channels.as_array().unwrap().iter().find(|channel| channel["display_name"] == name);
    channel.unwrap_or_else(|| panic!("{channels}"))["id"].clone()
}

#[tokio::test]
async fn what_is_posted_is_heard_and_stands_in_the_history() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        ann.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern", "description": "Ale" })).await;
        ann.rest("POST", "/api/rooms", json!({ "name": "Cellar", "isPrivate": true })).await;
        let channels = ben.rest("GET", "/api/chat/channels", NO_BODY).await;
        let tavern = number_of(&ben, "Tavern").await;
        let expected = json!({ "id": tavern, "name": "tavern", "display_name": "Tavern", "description": "Ale",
            "channel_type": "public" });
        assert_eq!((channels.as_array().unwrap().len(), &channels[1]), (2, &expected), "{channels}");

        let mut hears = listens(&server, &tavern, &ben).await;
        let character = ann.rest("POST", "/api/chat/characters", json!({ "name": "Bard" })).await["id"].clone();
        let said = json!({ "content": " /me sings ", "character_id": character.to_string() });
        let posted = ann.rest("POST", &messages_path(&tavern), said).await;
        let shape = json!({ "message_id": 1, "user_id": ann.id(), "username": "ann", "character_name": "Bard",
            "character_id": character, "content": "/me sings", "message_type": "emote",
            "timestamp": posted["timestamp"], "channel_id": tavern });
        assert_eq!(posted, shape);
        let time = posted["timestamp"].as_str().unwrap();
        assert_eq!((time.len(), &time[26..]), (32, "+00:00"), "{time}");
        assert_eq!(hears.hear("new_message").await["data"], shape);
        assert_eq!(ben.rest("GET", &messages_path(&tavern), NO_BODY).await, json!([shape]));
    }
}

#[tokio::test]
async fn older_messages_are_paged_by_time_without_a_gap_or_a_repeat() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut speaks = ann.socket().await;
        for number in 1..=120 {
            speaks.succeed("send-message", json!({ "message": format!("line {number}") })).await;
        }
        let main = number_of(&ann, "main-chat").await;
        let (mut path, mut seen) = (messages_path(&main), Vec::new());
        loop {
            let page = ann.rest("GET", &path, NO_BODY).await;
            let page = page.as_array().unwrap();
            let Some(oldest) = page.first() else { break };
            let before = oldest["timestamp"].as_str().unwrap().replace('+', "%2B");
            path = format!("{}?limit=50&before={before}", messages_path(&main));
            seen.splice(0..0, page.iter().map(|message| message["message_id"].as_i64().unwrap()));
        }
        assert_eq!(seen, (1..=120).collect::<Vec<_>>());
        // Without an offset it is UTC.
        let (status, page) =
            ann.request("GET", &format!("{}?before=2001-01-01T00:00:00", messages_path(&main)), NO_BODY).await;
        assert_eq!((status, page), (StatusCode::OK, json!([])));
        let (status, answer) = ann.request("GET", &format!("{}?before=yesterday", messages_path(&main)), NO_BODY).await;
        assert_eq!((status, &answer["detail"]), (StatusCode::BAD_REQUEST, &json!("Invalid timestamp format")));
    }
}

#[tokio::test]
async fn refusals_say_what_the_documents_client_shows() {
    for database in BOTH {
        let program = Program::on(database, &[("RATE_LIMIT_HTTP_PER_MINUTE", "0")]);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let cellar = ann.make_room("Cellar", true).await;
        ann.rest("POST", "/api/rooms", json!({ "name": "Tavern" })).await;
        let (tavern, hidden) = (number_of(&ann, "Tavern").await, number_of(&ann, "Cellar").await);
        let refused = async |person: &Person, path: &str, body: Value| {
            let (status, answer) = person.request("POST", path, body).await;
            (status.as_u16(), answer["detail"].as_str().unwrap().to_owned())
        };
        let bad = |detail: &str| (400, detail.to_owned());
        let path = messages_path(&tavern);
        let long = "🦀".repeat(501);
        for (content, detail) in [
            (json!("  "), "Message cannot be empty"),
            (json!(long), "Message is too long (max 1000 characters)"),
            (json!("what a fucking mess"), "Message contains inappropriate content."),
        ] {
            assert_eq!(refused(&ben, &path, json!({ "content": content })).await, bad(detail));
        }
        let not_here = "You don't have permission to post in this channel.";
        for nowhere in [&hidden, &json!(4711)] {
            assert_eq!(refused(&ben, &messages_path(nowhere), json!({ "content": "hello" })).await, bad(not_here));
            let (status, answer) = ben.request("GET", &messages_path(nowhere), NO_BODY).await;
            assert_eq!((status.as_u16(), answer), (404, json!({ "detail": "Channel not found" })));
            let opened = Plain::try_to_open(&server.url, &socket_path(nowhere, &ben)).await.err().unwrap();
            assert_eq!(opened, (404, json!({ "detail": "Channel not found" }).to_string()));
        }
        let foreign = ann.rest("POST", "/api/chat/characters", json!({ "name": "Bard" })).await["id"].clone();
        let said = json!({ "content": "hello", "character_id": foreign });
        assert_eq!(refused(&ben, &path, said).await, bad("Character not found"));
        for number in 0..30 {
            ben.rest("POST", &path, json!({ "content": format!("{number}") })).await;
        }
        assert_eq!(
            refused(&ben, &path, json!({ "content": "one more" })).await,
            bad("Rate limit exceeded. Please slow down.")
        );
        let nobody = Person::nobody(&server);
        let (status, answer) = nobody.request("GET", "/api/chat/channels", NO_BODY).await;
        assert_eq!((status.as_u16(), &answer["detail"]), (401, &json!("Unauthorized - No token provided")));
        for token in ["", "?token=", "?token=forged"] {
            let path = format!("/api/chat/ws/{tavern}{token}");
            assert_eq!(Plain::try_to_open(&server.url, &path).await.err().unwrap().0, 403);
        }
        assert!(cellar["id"].is_string());
    }
}

#[tokio::test]
async fn a_listener_hears_comings_typing_edits_and_deletions_of_every_dialect() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let main = json!(1);
        let mut anns = listens(&server, &main, &ann).await;
        anns.hears_nothing_before(&json!({ "type": "ping" }), "pong").await;
        let mut bens = listens(&server, &main, &ben).await;
        assert_eq!(anns.hear("user_joined").await, json!({ "type": "user_joined", "user_id": ben.id() }));
        bens.send(&json!({ "type": "typing" })).await;
        let typing = json!({ "type": "user_typing", "user_id": ben.id(), "username": "ben" });
        assert_eq!(anns.hear("user_typing").await, typing);

        let mut spoken = ben.socket().await;
        let said = spoken.succeed("send-message", json!({ "message": "by the community dialect" })).await;
        let id = said["data"]["id"].clone();
        let heard = anns.hear("new_message").await["data"].clone();
        assert_eq!(
            (&heard["content"], &heard["message_id"]),
            (&json!("by the community dialect"), &said["data"]["seq"])
        );
        spoken.succeed("edit-message", json!({ "messageId": id, "message": "edited" })).await;
        assert_eq!(anns.hear("message_edited").await["data"]["content"], "edited");
        spoken.succeed("delete-message", json!({ "messageId": id })).await;
        let deleted =
            json!({ "type": "message_deleted", "data": { "message_id": heard["message_id"], "channel_id": 1 } });
        assert_eq!(anns.hear("message_deleted").await, deleted);
        assert_eq!(ann.rest("GET", &messages_path(&main), NO_BODY).await, json!([]));

        // And the other way round.
        let posted = ann.rest("POST", &messages_path(&main), json!({ "content": "by the channels" })).await;
        let heard = async {
            loop {
                let heard = spoken.hear("message-received").await;
                if heard["message"] == "by the channels" {
                    return heard["seq"].clone();
                }
            }
        };
        assert_eq!(heard.await, posted["message_id"]);

        // Somebody who has another connection in the room has not left.
        bens.close().await;
        drop(spoken);
        assert_eq!(anns.hear("user_left").await, json!({ "type": "user_left", "user_id": ben.id() }));
    }
}

#[tokio::test]
async fn bad_frames_get_one_error_each_and_end_nothing() {
    let program = Program::on(BOTH[0], &[]);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let mut anns = listens(&server, &json!(1), &ann).await;
    for frame in ["no json", "[]", "{}", r#"{"type":7}"#, r#"{"type":"dance"}"#] {
        anns.send_text(frame).await;
        assert_eq!(anns.next().await.unwrap()["type"], "error", "{frame}");
    }
    anns.hears_nothing_before(&json!({ "type": "ping" }), "pong").await;
    for _ in 0..30 {
        anns.send_text("no json").await;
        assert_eq!(anns.next().await.unwrap()["type"], "error");
    }
    anns.hears_nothing_before(&json!({ "type": "ping" }), "pong").await;
    // A limit does, when it is overrun again and again.
    for _ in 0..600 {
        anns.send_text(r#"{"type":"ping"}"#).await;
    }
    assert_eq!(anns.closed().await, Closed(1008, "Too many refusals in a row".into()));
}

#[tokio::test]
async fn a_ban_ends_the_connection_and_a_stop_is_no_goodbye() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let room = ann.rest("POST", "/api/rooms", json!({ "name": "Tavern" })).await;
        let tavern = number_of(&ann, "Tavern").await;
        let (mut anns, mut bens) = (listens(&server, &tavern, &ann).await, listens(&server, &tavern, &ben).await);
        let path = format!("/api/rooms/{}/bans/{}", room["id"].as_str().unwrap(), ben.id());
        ann.rest("PUT", &path, json!({ "reason": "Brawling" })).await;
        assert_eq!(bens.closed().await, Closed(4001, "Unauthorized".into()));
        assert_eq!(Plain::try_to_open(&server.url, &socket_path(&tavern, &ben)).await.err().unwrap().0, 404);
        let stopping = tokio::spawn(server.stop());
        assert_eq!(anns.closed().await.0, 1012);
        stopping.await.unwrap();
    }
}

/// The document's client comes back unless its own farewell is answered.
#[tokio::test]
async fn who_says_farewell_is_answered() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        for (code, reason) in [(1000, "Intentional disconnect"), (1001, "")] {
            let anns = listens(&server, &json!(1), &ann).await;
            assert_eq!(anns.leaves(code, reason).await, Closed(code, reason.into()));
        }
    }
}
