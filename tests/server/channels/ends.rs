//! Ends: of a right, a channel, a token, a reader's patience, the server.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn a_ban_ends_the_connection_and_a_stop_is_no_goodbye() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = ann.rest("POST", "/api/rooms", json!({ "name": "Tavern" })).await;
        let tavern = number_of(&ann, "Tavern").await;
        let (mut anns, mut bens) = (listens(&server, &tavern, &ann).await, listens(&server, &tavern, &ben).await);
        let path = format!("/api/rooms/{}/bans/{}", room["id"].as_str().unwrap(), ben.id());
        let banned = Instant::now();
        ann.rest("PUT", &path, json!({ "reason": "Brawling" })).await;
        assert_eq!(bens.closed().await, Closed(4001, "Unauthorized".into()));
        assert!(banned.elapsed() < Duration::from_secs(1), "{:?}", banned.elapsed());
        assert_eq!(Plain::try_to_open(&server.url, &socket_path(&tavern, &ben)).await.err().unwrap().0, 404);
        let stopping = tokio::spawn(server.stop());
        assert_eq!(anns.closed().await, Closed(1012, "The server is restarting".into()));
        stopping.await.unwrap();
    }
}

#[tokio::test]
async fn who_may_hear_a_channel_no_more_is_closed() {
    for database in BOTH {
        let (_program, server, [ann, ben, cleo]) = serve_to(database, NO_LIMITS, ["ann", "ben", "cleo"]).await;
        let cellar = ann.make_room("Cellar", true).await["id"].clone();
        let room = format!("/api/rooms/{}", cellar.as_str().unwrap());
        for person in [&ben, &cleo] {
            ann.rest("PUT", &format!("{room}/invites/{}", person.id()), json!({})).await;
            person.rest("POST", &format!("{room}/join"), json!({})).await;
        }
        let cellar = number_of(&ann, "Cellar").await;
        let (mut bens, mut cleos) = (listens(&server, &cellar, &ben).await, listens(&server, &cellar, &cleo).await);
        let unauthorized = Closed(4001, "Unauthorized".into());
        ann.rest("DELETE", &format!("{room}/members/{}", ben.id()), json!({})).await;
        assert_eq!(bens.closed().await, unauthorized);
        assert_eq!(Plain::try_to_open(&server.url, &socket_path(&cellar, &ben)).await.err().unwrap().0, 404);
        // She hears what is said there after he had to go.
        ann.rest("POST", &messages_path(&cellar), json!({ "content": "He is gone" })).await;
        assert_eq!(cleos.hear("new_message").await["data"]["content"], "He is gone");
        ann.rest("DELETE", &room, NO_BODY).await;
        assert_eq!(cleos.closed().await, unauthorized);
        assert_eq!(Plain::try_to_open(&server.url, &socket_path(&cellar, &cleo)).await.err().unwrap().0, 404);
    }
}

#[tokio::test]
async fn who_was_removed_from_a_public_channel_may_come_back_later() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        ann.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern" })).await;
        let tavern = number_of(&ann, "Tavern").await;
        let mut bens = listens(&server, &tavern, &ben).await;
        ann.rest("DELETE", &format!("/api/rooms/tavern/members/{}", ben.id()), json!({})).await;
        assert_eq!(bens.closed().await, Closed(4001, "Unauthorized".into()));
        let removed =
            |detail: &str| assert!(detail.contains("You were removed from this room. Come back in"), "{detail}");
        let (status, answer) = ben.request("POST", &messages_path(&tavern), json!({ "content": "But" })).await;
        assert_eq!(status.as_u16(), 400);
        removed(answer["detail"].as_str().unwrap());
        let (status, answer) = ben.request("GET", &messages_path(&tavern), NO_BODY).await;
        assert_eq!(status.as_u16(), 403);
        removed(answer["detail"].as_str().unwrap());
        let (status, body) = Plain::try_to_open(&server.url, &socket_path(&tavern, &ben)).await.err().unwrap();
        assert_eq!(status, 403);
        removed(&body);
    }
}

#[tokio::test]
async fn a_token_that_ends_and_a_locked_account_end_the_connection() {
    for database in BOTH {
        let (program, server, [ann, mut ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let root = Person::with_role(&program, &server, "root", "admin");
        let main = json!(1);
        ben.account.token = program.say(&["token", "--user", "ben", "--ttl", "3"]);
        let (mut anns, mut bens) = (listens(&server, &main, &ann).await, listens(&server, &main, &ben).await);
        assert_eq!(bens.closed().await, Closed(4001, "Unauthorized".into()));
        let locked = Instant::now();
        root.rest("PUT", &format!("/api/moderation/locks/{}", ann.id()), json!({ "reason": "Spam" })).await;
        assert_eq!(anns.closed().await, Closed(4001, "Unauthorized".into()));
        assert!(locked.elapsed() < Duration::from_secs(2), "{:?}", locked.elapsed());
        for person in [&ann, &ben] {
            assert_eq!(Plain::try_to_open(&server.url, &socket_path(&main, person)).await.err().unwrap().0, 403);
        }
    }
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_finds_everything_in_the_history() {
    for database in BOTH {
        let settings = unlimited(&[("SLOW_READER_BYTES", "100000")]);
        let (_program, server, [ann, ben]) = serve_to(database, &settings, ["ann", "ben"]).await;
        let main = json!(1);
        let mut slow = listens(&server, &main, &ben).await;
        let (mut speaks, text, mut sent) = (ann.socket().await, "x".repeat(4000), 0);
        while !server.logged().contains("slow_reader") {
            assert!(sent < 5000, "it is never closed");
            for _ in 0..50 {
                sent += 1;
                speaks.succeed("send-message", json!({ "message": format!("{sent} {text}") })).await;
            }
        }
        let mut last = 0;
        let closed = loop {
            match slow.next().await {
                Ok(frame) if frame["type"] == "new_message" => {
                    last += 1;
                    assert_eq!(frame["data"]["message_id"], last);
                }
                Ok(_) => {}
                Err(closed) => break closed,
            }
        };
        assert!(last < sent && matches!(closed.0, 1013 | 0), "{last} of {sent}, {closed:?}");
        let mut _back = listens(&server, &main, &ben).await;
        let (mut path, mut missed) = (format!("{}?limit=200", messages_path(&main)), Vec::new());
        while missed.first().is_none_or(|first| *first > last + 1) {
            let page = ben.rest("GET", &path, NO_BODY).await;
            let page = page.as_array().unwrap();
            path = format!("{}?limit=200&before={}", messages_path(&main), page[0]["timestamp"].as_str().unwrap());
            missed.splice(0..0, page.iter().map(|message| message["message_id"].as_i64().unwrap()));
        }
        missed.retain(|number| *number > last);
        assert_eq!(missed, (last + 1..=sent).collect::<Vec<_>>());
    }
}
