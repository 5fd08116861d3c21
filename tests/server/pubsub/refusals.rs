//! Who may come in, and what is refused and how.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::guests;
use super::super::harness::plain::{Closed, Plain};
use super::super::harness::program::NO_LIMITS;
use super::super::harness::{BOTH, On, Person, Program, serve_to};
use super::{NO_BODY, ask, comes, guest, hear_error, hear_said, history, join, join_both, open_house, path_of, say};

const UNAUTHORIZED: u16 = 4001;

async fn is_turned_away(socket: &mut Plain, text: &str) {
    assert_eq!(socket.next().await.unwrap(), json!({ "type": "error", "data": { "message": text } }));
    assert_eq!(socket.closed().await, Closed(UNAUTHORIZED, "Unauthorized".into()));
}

#[tokio::test]
async fn a_token_says_who_one_is_in_the_address_or_in_the_first_frame() {
    for database in BOTH {
        let (program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let mut first = Plain::open(&server, "/ws").await;
        ask(&mut first, json!({ "type": "auth", "token": ann.account.token })).await;
        let connected = first.next().await.unwrap();
        assert_eq!((&connected["type"], &connected["data"]["user"]), (&json!("connected"), &json!("ann")));
        assert!(connected["data"]["clientId"].as_str().is_some_and(|id| uuid::Uuid::parse_str(id).is_ok()));
        join(&mut first, "general").await;
        // The same once more renews it; somebody else's does nothing.
        ask(&mut first, json!({ "type": "auth", "token": ann.account.token })).await;
        assert_eq!(first.next().await.unwrap(), connected);
        ask(&mut first, json!({ "type": "auth", "token": ben.account.token })).await;
        assert_eq!(hear_error(&mut first).await, "This connection is somebody else's already");
        ask(&mut first, json!({ "type": "auth", "token": "forged" })).await;
        assert_eq!(hear_error(&mut first).await, "Unauthorized - Invalid token");
        say(&mut first, "general", "still me").await;
        assert_eq!(hear_said(&mut first).await["user"], "ann");

        let ended = program.say(&["token", "--user", "ben", "--ttl", "1"]);
        tokio::time::sleep(Duration::from_millis(2100)).await;
        for (path, text) in [
            ("/ws?token=forged".to_owned(), "Unauthorized - Invalid token"),
            ("/ws?token=".to_owned(), "Unauthorized - No token provided"),
            (format!("/ws?token={ended}"), "Unauthorized - Token expired"),
        ] {
            is_turned_away(&mut Plain::open(&server, &path).await, text).await;
        }
        // Without guests nobody does anything before that.
        let mut nobody = Plain::open(&server, "/ws").await;
        ask(&mut nobody, json!({ "type": "join", "room": "general" })).await;
        is_turned_away(&mut nobody, "Unauthorized - No token provided").await;
        let mut wrong = Plain::open(&server, "/ws").await;
        ask(&mut wrong, json!({ "type": "auth", "token": "forged" })).await;
        is_turned_away(&mut wrong, "Unauthorized - Invalid token").await;
        let (mut silent, came) = (Plain::open(&server, "/ws").await, Instant::now());
        is_turned_away(&mut silent, "Unauthorized - No token provided").await;
        assert!((9..15).contains(&came.elapsed().as_secs()), "{:?}", came.elapsed());

        let refused = reqwest::get(format!("{}/ws", server.url)).await.unwrap();
        assert_eq!(refused.status().as_u16(), 400);
        let body: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
        assert_eq!(body["type"], "error");
    }
}

#[tokio::test]
async fn guests_come_without_a_word_and_are_guests_in_every_dialect() {
    for database in BOTH {
        let program = open_house(database);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let (mut zoe, name) = guest(&server).await;
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_guests"), ["0"], "who does nothing costs nothing");
        join(&mut zoe, "main-chat").await;
        let mut anns = ann.socket().await;
        say(&mut zoe, "main-chat", "hello").await;
        let heard = anns.hear("message-received").await;
        assert_eq!((&heard["User"]["name"], &heard["User"]["guest"]), (&json!(name), &json!(true)));
        // One who has a token of a guest is that guest.
        let named = guests::guest(&server, "Zoe").await;
        let mut again = Plain::open(&server, &path_of(&named)).await;
        assert_eq!(again.hear("connected").await["data"]["user"], "Zoe");
        // Whoever could have said who they are may still do so instead.
        let (mut late, _) = guest(&server).await;
        ask(&mut late, json!({ "type": "auth", "token": ann.account.token })).await;
        assert_eq!(late.next().await.unwrap()["data"]["user"], "ann");
        let (mut forger, _) = guest(&server).await;
        ask(&mut forger, json!({ "type": "auth", "token": "forged" })).await;
        is_turned_away(&mut forger, "Unauthorized - Invalid token").await;
        // A room of a guest's belongs to nobody.
        join(&mut zoe, "den").await;
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_rooms WHERE slug = 'den' AND created_by IS NULL"), ["1"]);
        assert_eq!(join(&mut late, "den").await.len(), 2);
        say(&mut late, "den", "hello").await;
        assert_eq!(hear_said(&mut zoe).await["user"], "ann");
    }
}

#[tokio::test]
async fn guests_of_one_address_are_counted() {
    let settings: Vec<_> =
        NO_LIMITS.iter().copied().chain([("ALLOW_GUESTS", "true"), ("RATE_LIMIT_GUESTS_PER_HOUR", "1")]).collect();
    let program = Program::on(On::Sqlite, &settings);
    let server = program.serve().await;
    let ((mut one, _), (mut other, _)) = (guest(&server).await, guest(&server).await);
    join(&mut one, "main-chat").await;
    ask(&mut other, json!({ "type": "join", "room": "main-chat" })).await;
    let refused = other.next().await.unwrap()["data"].clone();
    assert_eq!(refused["message"], "Too many guests from this address, please try again later");
    assert!(refused["retryIn"].as_u64().is_some_and(|wait| wait > 60_000), "{refused}");
    let ann = Person::new(&program, &server, "ann");
    ask(&mut other, json!({ "type": "auth", "token": ann.account.token })).await;
    assert_eq!(other.hear("connected").await["data"]["user"], "ann");
}

#[tokio::test]
async fn every_frame_that_is_wrong_gets_one_error_that_names_it() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut socket = comes(&server, &ann).await;
        join(&mut socket, "general").await;
        let said = |content: Value, id: Value| {
            json!({ "type": "message", "data": { "room": "general", "content": content, "id": id } }).to_string()
        };
        let long = "x".repeat(5001);
        let names = "names have 2 to 50 lower-case letters, digits and dashes";
        let to_room = |kind: &str, room: &str| json!({ "type": kind, "room": room }).to_string();
        let wrong = [
            ("no json".to_owned(), "This frame cannot be read"),
            ("[]".to_owned(), "This frame cannot be read"),
            ("{}".to_owned(), "missing field `type`"),
            (r#"{"type":"dance"}"#.to_owned(), "unknown variant `dance`"),
            (r#"{"type":"join"}"#.to_owned(), "missing field `room`"),
            (r#"{"type":"join","room":"general","since":"now"}"#.to_owned(), "expected i64"),
            (r#"{"type":"presence"}"#.to_owned(), "A room or a status is needed"),
            (r#"{"type":"presence","status":"asleep"}"#.to_owned(), "unknown variant `asleep`"),
            (r#"{"type":"message","room":"general"}"#.to_owned(), "missing field `data`"),
            (said(json!(7), NO_BODY), "expected a string"),
            (said(json!("hi"), json!(7)), "expected a string"),
            (said(json!("  "), NO_BODY), "Message cannot be empty"),
            (said(json!(long), NO_BODY), "Message is too long (max 5000 characters)"),
            (said(json!("hi"), json!("k".repeat(300))), "must be a text of at most"),
            (to_room("join", "General"), names),
            (to_room("join", "x"), names),
            (to_room("join", ""), names),
            (to_room("join", "room_1"), names),
            (to_room("join", "p-secret"), names),
            (to_room("join", "4711"), names),
            (to_room("join", &"r".repeat(200)), names),
            (to_room("leave", "nowhere"), "Not subscribed to room"),
            (to_room("presence", "nowhere"), "Room not found"),
            (to_room("history", "nowhere"), "Room not found"),
            (
                json!({ "type": "message", "data": { "room": "nowhere", "content": "hi" } }).to_string(),
                "Not subscribed to room",
            ),
            (
                json!({ "type": "message", "data": { "room": "main-chat", "content": "hi" } }).to_string(),
                "Not subscribed to room",
            ),
        ];
        for (frame, named) in wrong {
            socket.send_text(&frame).await;
            let answer = socket.next().await.unwrap();
            let text = answer["data"]["message"].as_str().unwrap_or_default();
            assert!(answer["type"] == "error" && text.contains(named), "{frame:.80}: {answer}");
            assert!(text.len() <= 300, "{text}");
        }
        socket.hears_nothing_before(&json!({ "type": "presence", "room": "general" }), "presence").await;
        assert_eq!(history(&mut socket, "general", 0).await.len(), 0);
    }
}

#[tokio::test]
async fn a_limit_that_is_overrun_again_and_again_ends_the_connection() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let mut socket = comes(&server, &ann).await;
    for _ in 0..600 {
        socket.send_text(r#"{"type":"presence","status":"online"}"#).await;
    }
    assert_eq!(socket.closed().await, Closed(1008, "Too many refusals in a row".into()));
}

#[tokio::test]
async fn rooms_that_are_made_and_messages_are_counted() {
    let settings: Vec<_> = NO_LIMITS
        .iter()
        .copied()
        .chain([("RATE_LIMIT_ROOMS_PER_HOUR", "2"), ("RATE_LIMIT_MESSAGES_PER_MINUTE", "2")])
        .collect();
    let program = Program::on(On::Sqlite, &settings);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let mut socket = comes(&server, &ann).await;
    for room in ["one", "two", "one"] {
        join(&mut socket, room).await;
    }
    ask(&mut socket, json!({ "type": "join", "room": "three" })).await;
    assert_eq!(hear_error(&mut socket).await, "Too many requests of this kind: 2 an hour are allowed");
    for content in ["a", "b"] {
        say(&mut socket, "one", content).await;
        hear_said(&mut socket).await;
    }
    say(&mut socket, "two", "c").await;
    let refused = socket.hear("error").await["data"].clone();
    assert_eq!(refused["message"], "Too many messages: 2 a minute are allowed");
    assert!(refused["retryIn"].as_u64().is_some_and(|wait| wait <= 60_000), "{refused}");
}

#[tokio::test]
async fn who_is_away_is_shown_so() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let [mut anns, mut bens] = join_both(&server, [&ann, &ben], "general").await;
        let status = async |socket: &mut Plain| {
            ask(socket, json!({ "type": "presence", "room": "general" })).await;
            let frame = socket.hear("presence").await;
            let users = frame["data"]["users"].as_array().unwrap().clone();
            users.iter().find(|user| user["user"] == "ben").unwrap()["status"].clone()
        };
        for said in ["away", "online", "away"] {
            ask(&mut bens, json!({ "type": "presence", "status": said })).await;
            // Its own answer comes behind it.
            assert_eq!(status(&mut bens).await, said);
            assert_eq!(status(&mut anns).await, said);
        }
        say(&mut bens, "general", "back").await;
        hear_said(&mut bens).await;
        assert_eq!(status(&mut anns).await, "online");
    }
}

#[tokio::test]
async fn connections_of_one_account_are_counted_over_all_dialects() {
    let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("MAX_CONNECTIONS_PER_USER", "2")]).collect();
    let program = Program::on(On::Sqlite, &settings);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let _others = (ann.socket().await, comes(&server, &ann).await);
    let mut third = Plain::open(&server, &path_of(&ann)).await;
    assert_eq!(hear_error(&mut third).await, "Too many connections of this account");
    assert_eq!(third.closed().await.0, 1013);
}
