//! Who is let in as whom, what is refused, and how.

use serde_json::{Value, json};

use super::super::harness::program::NO_LIMITS;
use super::super::harness::socket::{NAMESPACE, ROOT};
use super::super::harness::{BOTH, Person, Program, Socket, serve_to};
use super::{NO_BODY, comes, hears_none_of, join, keys, nobody, refused, room_of, say};

const EVENTS: [&str; 7] =
    ["join-room", "leave-room", "send-message", "edit-message", "delete-message", "typing-start", "typing-stop"];

#[tokio::test]
async fn a_bad_token_is_unauthorized_and_none_hears_nothing() {
    for database in BOTH {
        let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("ALLOW_GUESTS", "true")]).collect();
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let ended = program.say(&["token", "--user", "ann", "--ttl", "1"]);
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let guest = Person::nobody(&server).rest("POST", "/api/auth/guest", json!({ "name": "Zoe" })).await;
        for (token, code) in [
            (json!("forged"), "invalid_token"),
            (json!(7), "invalid_token"),
            (json!(ended), "token_expired"),
            (guest["accessToken"].clone(), "account_needed"),
        ] {
            let mut socket = Socket::open(&server.url).await;
            let answer = socket.enter(ROOT, &json!({ "token": token })).await.unwrap();
            let body: Value = serde_json::from_str(answer.strip_prefix("44").unwrap()).unwrap();
            assert_eq!(body, json!({ "message": "Unauthorized", "data": { "code": code } }));
            // It may try again on the same connection.
            let answer = socket.enter(ROOT, &json!({ "token": ann.account.token })).await.unwrap();
            assert!(answer.starts_with("40{"), "{answer}");
            join(&mut socket, &ann, "main-chat").await;
        }

        let mut stranger = nobody(&server).await;
        let mut anns = comes(&ann).await;
        for event in EVENTS.into_iter().chain(["anything", "sync"]) {
            let payload = json!({ "roomId": "main-chat", "userId": ann.id(), "content": "Hi" });
            let answer = stranger.ask(event, payload).await;
            assert_eq!(answer, json!({ "success": false, "error": "Unauthorized", "code": "not_authenticated" }));
        }
        // Without an ack it is told all the same.
        stranger.send("42[\"send-message\",{}]").await;
        let told = stranger.hear("event-refused").await;
        let expected = json!({ "event": "send-message", "error": "Unauthorized", "code": "not_authenticated" });
        assert_eq!(told, expected);
        join(&mut anns, &ann, "main-chat").await;
        say(&mut anns, "main-chat", "anybody?").await;
        hears_none_of(&mut stranger, &["message-received", "user-joined", "user-online"]).await;
    }
}

#[tokio::test]
async fn nobody_acts_as_somebody_else() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let (mut anns, mut bens) = (comes(&ann).await, comes(&ben).await);
        join(&mut anns, &ann, &room).await;
        for event in EVENTS {
            let payload = json!({ "roomId": room, "userId": ann.id(), "content": "I am Ann", "messageId": room });
            let answer = bens.ask(event, payload).await;
            assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!("invalid_fields")), "{event}");
            assert_eq!(answer["fields"]["userId"], "userId must be your own, or left out");
        }
        for foreign in [json!(7), json!("ben"), json!({ "id": ben.id() }), json!("")] {
            let payload = json!({ "roomId": room, "userId": foreign });
            assert_eq!(refused(&mut bens, "join-room", payload).await.0, "invalid_fields");
        }
        hears_none_of(&mut anns, &["user-joined", "message-received", "typing-indicator"]).await;
        // One's own in capitals is one's own.
        bens.succeed("join-room", json!({ "roomId": room, "userId": ben.id().to_uppercase() })).await;
    }
}

#[tokio::test]
async fn each_refusal_says_what_was_wrong() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let hidden = ann.make_room("Hidden", true).await["id"].clone();
        let mut bens = comes(&ben).await;
        let of_room = |content: Value| json!({ "roomId": room, "content": content });
        assert_eq!(refused(&mut bens, "send-message", of_room(json!("Hi"))).await.0, "room_not_found");
        assert_eq!(refused(&mut bens, "typing-start", json!({ "roomId": room })).await.0, "room_not_found");
        join(&mut bens, &ben, &room).await;
        let text = |text: &str| text.to_owned();
        for (event, payload, code, error) in [
            ("join-room", json!({}), "unreadable", text("The request cannot be read: a roomId is needed")),
            (
                "join-room",
                json!([room]),
                "unreadable",
                text("The request cannot be read: the payload must be a JSON object"),
            ),
            ("join-room", json!({ "roomId": hidden }), "room_not_found", text("Room not found")),
            ("join-room", json!({ "roomId": "elsewhere" }), "room_not_found", text("Room not found")),
            (
                "join-room",
                json!({ "roomId": room, "rev": -1 }),
                "invalid_fields",
                text("Please correct the marked fields"),
            ),
            ("leave-room", json!({ "roomId": hidden }), "room_not_found", text("Room not found")),
            ("send-message", of_room(json!(" ")), "empty", text("Message cannot be empty")),
            ("send-message", json!({ "roomId": room }), "empty", text("Message cannot be empty")),
            ("send-message", of_room(json!(7)), "invalid_fields", text("Please correct the marked fields")),
            (
                "send-message",
                of_room(json!("x".repeat(5001))),
                "too_long",
                text("Message is too long (max 5000 characters)"),
            ),
            (
                "send-message",
                json!({ "roomId": room, "content": "x", "type": "image" }),
                "unreadable",
                text("The request cannot be read: type must be text or emote"),
            ),
            (
                "send-message",
                json!({ "roomId": room, "content": "x", "type": "system" }),
                "unreadable",
                text("The request cannot be read: type must be text or emote"),
            ),
            (
                "send-message",
                json!({ "content": "x" }),
                "unreadable",
                text("The request cannot be read: a roomId is needed"),
            ),
            (
                "edit-message",
                json!({ "messageId": "x", "content": "y" }),
                "unreadable",
                text("The request cannot be read: messageId must be an id"),
            ),
            (
                "edit-message",
                json!({ "messageId": room, "content": "y" }),
                "message_not_found",
                text("Message not found"),
            ),
            ("delete-message", json!({ "messageId": room }), "message_not_found", text("Message not found")),
            ("dance", json!({}), "unknown_event", text("`dance` is not an event of this namespace")),
        ] {
            assert_eq!(refused(&mut bens, event, payload.clone()).await, (code.to_owned(), error), "{event} {payload}");
            // Without an ack the same is told by an event.
            let frame = json!([event, payload]);
            bens.send(format!("42{frame}")).await;
            let told = bens.hear("event-refused").await;
            assert_eq!((&told["event"], &told["code"]), (&json!(event), &json!(code)));
            assert_eq!(keys(&told)[..3], ["event", "error", "code"]);
        }
        assert_eq!(say(&mut bens, &room, "and on").await["message"]["seq"], 1);
    }
}

/// One engine connection in both namespaces, also as two people.
#[tokio::test]
async fn both_namespaces_on_one_connection() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ben, "Garden").await;
        let mut both = ann.socket().await;
        let entered = both.enter(ROOT, &json!({ "token": ben.account.token })).await.unwrap();
        assert!(entered.starts_with("40{"), "{entered}");
        join(&mut both, &ben, &room).await;
        assert_eq!(say(&mut both, &room, "from Ben").await["user"]["username"], "ben");
        both.namespace = NAMESPACE;
        assert_eq!(both.ask("send-message", json!({ "roomId": room, "message": "from Ann" })).await["success"], false);
        let sent = both.succeed("send-message", json!({ "message": "from Ann" })).await;
        assert_eq!(sent["data"]["User"]["userid"], "ann");
        // Each types for themselves.
        let mut witness = comes(&ben).await;
        join(&mut witness, &ben, "main-chat").await;
        for (namespace, event) in [(NAMESPACE, "typing"), (ROOT, "typing-start"), (ROOT, "typing-stop")] {
            both.namespace = namespace;
            both.succeed(event, json!({ "roomId": "main-chat", "isTyping": true })).await;
        }
        both.namespace = NAMESPACE;
        both.succeed("typing", json!({ "roomId": "main-chat", "isTyping": false })).await;
        for (who, is_typing) in [(&ann, true), (&ben, true), (&ben, false), (&ann, false)] {
            let heard = witness.hear("typing-indicator").await;
            assert_eq!((&heard["userId"], &heard["isTyping"]), (&json!(who.id()), &json!(is_typing)));
        }
        // Leaving one is not leaving the other, nor falling silent there.
        both.succeed("typing", json!({ "roomId": "main-chat", "isTyping": true })).await;
        assert_eq!(witness.hear("typing-indicator").await["userId"], ann.id());
        both.send("41").await;
        both.succeed("load-messages", json!({})).await;
        hears_none_of(&mut witness, &["typing-indicator"]).await;
        both.namespace = ROOT;
        assert_eq!(refused(&mut both, "join-room", json!({ "roomId": room })).await.0, "not_connected");
        let again = both.enter(ROOT, &json!({ "token": ann.account.token })).await.unwrap();
        assert!(again.starts_with("40{"), "{again}");
        assert_eq!(join(&mut both, &ann, &room).await["room"]["me"]["role"], "member");
    }
}

/// Whoever speaks in two namespaces spends from one budget, and does not get another by coming as nobody.
#[tokio::test]
async fn the_budget_of_a_person_counts_in_both_namespaces() {
    for database in BOTH {
        let settings = [
            ("RATE_LIMIT_EVENTS_PER_SECOND", "0"),
            ("RATE_LIMIT_EVENTS_PER_SECOND_PER_USER", "2"),
            ("RATE_LIMIT_EVENTS_PER_SECOND_PER_IP", "0"),
        ];
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        for auth in [json!({}), json!({ "token": ann.account.token })] {
            let mut both = ann.socket().await;
            both.enter(ROOT, &auth).await.unwrap();
            both.namespace = NAMESPACE;
            let mut codes = Vec::new();
            for _ in 0..14 {
                codes.push(both.ask("load-messages", json!({ "limit": 1 })).await["code"].clone());
            }
            assert!(codes.contains(&json!("slow_down")), "{codes:?}");
        }
    }
}

#[tokio::test]
async fn a_closed_door_is_as_it_was_before() {
    for database in BOTH {
        let program = Program::on(database, &[("DOORS", "channels")]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut anns = comes(&ann).await;
        let (code, text) = refused(&mut anns, "join-room", json!({ "roomId": "main-chat" })).await;
        assert_eq!((code.as_str(), text.as_str()), ("unknown_event", "`join-room` is not an event of this namespace"));
        assert_eq!(ann.rest("GET", "/api/rooms", NO_BODY).await["data"][0]["slug"], "main-chat");
    }
}
