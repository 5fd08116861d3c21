//! What is refused, and in which words.

use std::time::Duration;

use reqwest::Method;

use super::*;

/// The status, and what is said in `Retry-After`; the body says in `detail` why.
async fn asked_raw(server: &Server, method: &str, path: &str, token: &str, body: &str) -> (u16, Option<u64>) {
    let request = reqwest::Client::new()
        .request(method.parse::<Method>().unwrap(), format!("{}{path}", server.url))
        .header("content-type", "application/json")
        .bearer_auth(token)
        .body(body.to_owned());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().parse().unwrap());
    let body = answer.text().await.unwrap();
    let said: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{method} {path}: {status} {body}"));
    assert!(said["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{method} {path}: {status} {said}");
    (status, after)
}

#[tokio::test]
async fn refusals_say_what_the_documents_client_shows() {
    for database in BOTH {
        let (_program, server, [ann, ben]) =
            serve_to(database, &[("RATE_LIMIT_HTTP_PER_MINUTE", "0")], ["ann", "ben"]).await;
        ann.make_room("Cellar", true).await;
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
        ben.rest("POST", &path, json!({ "content": "🦀".repeat(500) })).await;
        let foreign = ann.rest("POST", "/api/chat/characters", json!({ "name": "Bard" })).await["id"].clone();
        let said = json!({ "content": "hello", "character_id": foreign });
        assert_eq!(refused(&ben, &path, said).await, bad("Character not found"));
        for number in 1..30 {
            ben.rest("POST", &path, json!({ "content": format!("{number}") })).await;
        }
        // By whatever channel.
        for path in [&path, &messages_path(&json!(1))] {
            assert_eq!(
                refused(&ben, path, json!({ "content": "one more" })).await,
                bad("Rate limit exceeded. Please slow down.")
            );
        }
        let (_, after) = asked_raw(&server, "POST", &path, &ben.account.token, r#"{"content":"one more"}"#).await;
        assert!(after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{after:?}");
    }
}

#[tokio::test]
async fn a_token_is_needed_for_everything() {
    for database in BOTH {
        let (program, server, [mut ann]) = serve_to(database, NO_LIMITS, ["ann"]).await;
        let ended = program.say(&["token", "--user", "ann", "--ttl", "1"]);
        tokio::time::sleep(Duration::from_millis(2100)).await;
        let routes = [
            ("GET", "/api/chat/channels"),
            ("GET", "/api/chat/channels/1/messages"),
            ("POST", "/api/chat/channels/1/messages"),
            ("GET", "/api/chat/characters"),
            ("POST", "/api/chat/characters"),
            ("DELETE", "/api/chat/characters/1"),
        ];
        for (token, detail) in [
            ("", "Unauthorized - No token provided"),
            ("forged", "Unauthorized - Invalid token"),
            (ended.as_str(), "Unauthorized - Token expired"),
        ] {
            ann.account.token = token.to_owned();
            for (method, path) in routes {
                let body = if method == "POST" { json!({ "content": "Hi", "name": "Bard" }) } else { NO_BODY };
                let (status, answer) = ann.request(method, path, body).await;
                assert_eq!((status.as_u16(), answer), (401, json!({ "detail": detail })), "{method} {path}");
            }
            let refused = Plain::try_to_open(&server.url, &socket_path(&json!(1), &ann)).await.err().unwrap();
            assert_eq!(refused, (403, json!({ "detail": "Unauthorized" }).to_string()), "{detail}");
        }
        assert_eq!(Plain::try_to_open(&server.url, "/api/chat/ws/1").await.err().unwrap().0, 403);
    }
}

#[tokio::test]
async fn whatever_is_wrong_is_said_as_a_detail() {
    for database in BOTH {
        let (_program, server, [ann]) = serve_to(database, NO_LIMITS, ["ann"]).await;
        let messages = |end: &str| format!("/api/chat/channels/1/messages{end}");
        let large = format!(r#"{{"content":"{}"}}"#, "x".repeat(2_500_000));
        for (method, path, body, status) in [
            ("GET", messages("?limit=0"), "", 400),
            ("GET", messages("?limit=-1"), "", 400),
            ("GET", messages("?limit=many"), "", 400),
            ("GET", messages("?limit=1&limit=2"), "", 400),
            ("GET", messages("?before=2026-01-31"), "", 400),
            ("GET", messages("?before=tomorrow"), "", 400),
            ("GET", "/api/chat/channels/%FF/messages".into(), "", 404),
            ("GET", "/api/chat/channels/main-chat/messages".into(), "", 404),
            ("GET", "/api/chat/channels/99999999999999999999/messages".into(), "", 404),
            ("GET", "/api/chat/channels/-1/messages".into(), "", 404),
            ("GET", "/api/chat/ws/1".into(), "", 400),
            ("GET", "/api/chat/nothing".into(), "", 404),
            ("DELETE", messages(""), "", 405),
            ("POST", messages(""), "no json", 400),
            ("POST", messages(""), "[]", 422),
            ("POST", messages(""), r#"{"content":7}"#, 422),
            ("POST", messages(""), r#"{"content":"a\u0000b"}"#, 400),
            ("POST", messages(""), r#"{"content":"Hi","character_id":1.5}"#, 400),
            ("POST", messages(""), r#"{"content":"Hi","character_id":[]}"#, 400),
            ("POST", messages(""), &large, 413),
        ] {
            let (said, _) = asked_raw(&server, method, &path, &ann.account.token, body).await;
            assert_eq!(said, status, "{method} {path} {body:.80}");
        }
        assert_eq!(ann.rest("GET", &messages(""), NO_BODY).await, json!([]));
    }
}

#[tokio::test]
async fn too_many_requests_of_an_address_are_refused_in_the_dialects_words() {
    let (_program, server, [ann]) = serve_to(BOTH[0], &[("RATE_LIMIT_HTTP_PER_MINUTE", "10")], ["ann"]).await;
    loop {
        let (status, _) = ann.request("GET", "/api/chat/channels", NO_BODY).await;
        if status != StatusCode::OK {
            break;
        }
    }
    let (status, after) = asked_raw(&server, "GET", "/api/chat/channels", &ann.account.token, "").await;
    assert_eq!((status, after.is_some_and(|seconds| (1..=60).contains(&seconds))), (429, true));
}

#[tokio::test]
async fn bad_frames_get_one_error_each_and_end_nothing() {
    for database in BOTH {
        let (_program, server, [ann]) = serve_to(database, &[], ["ann"]).await;
        let mut anns = listens(&server, &json!(1), &ann).await;
        for frame in ["no json", "[]", "{}", r#"{"type":7}"#, r#"{"type":"dance"}"#] {
            anns.send_text(frame).await;
            assert_eq!(anns.next().await.unwrap()["type"], "error", "{frame}");
        }
        anns.send_bytes(b"{}").await;
        assert_eq!(anns.next().await.unwrap(), json!({ "type": "error", "detail": "Frames must be text" }));
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
}

#[tokio::test]
async fn who_is_muted_or_banned_or_in_an_archived_channel_says_nothing() {
    for database in BOTH {
        let (program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let root = Person::with_role(&program, &server, "root", "admin");
        ann.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern" })).await;
        let tavern = number_of(&ann, "Tavern").await;
        let mut bens = listens(&server, &tavern, &ben).await;
        let refused = async |channel: &Value| {
            let (status, answer) = ben.request("POST", &messages_path(channel), json!({ "content": "mmh" })).await;
            assert_eq!(status.as_u16(), 400, "{answer}");
            answer["detail"].as_str().unwrap().to_owned()
        };
        let no_permission = "You don't have permission to post in this channel.";
        let muted = "You are muted for 5 more minutes";
        let mute = format!("/api/rooms/tavern/mutes/{}", ben.id());
        ann.rest("PUT", &mute, json!({ "seconds": 300 })).await;
        assert_eq!(refused(&tavern).await, muted);
        bens.send(&json!({ "type": "typing" })).await;
        assert_eq!(bens.hear("error").await, json!({ "type": "error", "detail": muted }));
        bens.hears_nothing_before(&json!({ "type": "ping" }), "pong").await;
        ann.rest("DELETE", &mute, NO_BODY).await;
        ann.rest("PUT", "/api/rooms/tavern/slow-mode", json!({ "seconds": 30 })).await;
        ben.rest("POST", &messages_path(&tavern), json!({ "content": "first" })).await;
        assert_eq!(refused(&tavern).await, "Slow mode: one message every 30 seconds");
        ann.rest("PUT", "/api/rooms/tavern/archive", NO_BODY).await;
        assert_eq!(refused(&tavern).await, no_permission);
        // From the main channel nobody is shut out: one goes on hearing.
        let main = json!(1);
        let mut hears = listens(&server, &main, &ben).await;
        root.rest("PUT", &format!("/api/rooms/1/bans/{}", ben.id()), json!({})).await;
        assert_eq!(refused(&main).await, no_permission);
        ann.rest("POST", &messages_path(&main), json!({ "content": "still heard" })).await;
        assert_eq!(hears.hear("new_message").await["data"]["content"], "still heard");
    }
}

#[tokio::test]
async fn connections_are_counted_before_the_upgrade_and_a_closed_door_is_none() {
    for limit in ["MAX_CONNECTIONS_PER_USER", "MAX_CONNECTIONS_PER_IP"] {
        let two = [(limit, "2")];
        let (mut program, server, [ann]) = serve_to(BOTH[0], &unlimited(&two), ["ann"]).await;
        let main = json!(1);
        let mut inside = [listens(&server, &main, &ann).await, listens(&server, &main, &ann).await];
        // They are counted by then.
        for socket in &mut inside {
            socket.send(&json!({ "type": "ping" })).await;
            socket.hear("pong").await;
        }
        let (status, body) = Plain::try_to_open(&server.url, &socket_path(&main, &ann)).await.err().unwrap();
        let said: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, said["detail"].is_string()), (429, true), "{limit}: {body}");
        drop(server);
        program.set("DOORS", "lobby");
        let server = program.serve().await;
        assert_eq!(Plain::try_to_open(&server.url, &socket_path(&main, &ann)).await.err().unwrap().0, 404);
        let (status, _) = asked_raw(&server, "GET", "/api/chat/channels", &ann.account.token, "").await;
        assert_eq!(status, 404);
    }
}
