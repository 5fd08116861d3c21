//! What ends, on live connections, within a second: mutes, bans, locks, tokens, rooms, the server.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::harness::plain::{Closed, Plain};
use super::super::harness::program::NO_LIMITS;
use super::super::harness::{BOTH, Person, Program, serve_to};
use super::{NO_BODY, ask, comes, hear_announced, hear_error, hear_said, join, join_both, path_of, say};

#[tokio::test]
async fn mute_ban_and_end_of_a_room() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let [mut anns, mut bens] = join_both(&server, [&ann, &ben], "tavern").await;
        let of_ben = |what: &str| format!("/api/rooms/tavern/{what}/{}", ben.id());
        ann.rest("PUT", &of_ben("mutes"), json!({ "seconds": 300 })).await;
        say(&mut bens, "tavern", "mmh").await;
        assert_eq!(hear_error(&mut bens).await, "You are muted for 5 more minutes");
        ann.rest("DELETE", &of_ben("mutes"), NO_BODY).await;

        let banned = Instant::now();
        ann.rest("PUT", &of_ben("bans"), json!({ "reason": "Brawling" })).await;
        assert_eq!(hear_error(&mut bens).await, "You are not in room tavern any more");
        assert_eq!(hear_announced(&mut anns).await["content"], "ben left the room");
        assert!(banned.elapsed() < Duration::from_secs(1), "{:?}", banned.elapsed());
        say(&mut anns, "tavern", "peace").await;
        hear_said(&mut anns).await;
        say(&mut bens, "tavern", "let me in").await;
        assert_eq!(bens.next().await.unwrap()["data"]["message"], "Not subscribed to room");
        for kind in ["join", "presence", "history"] {
            ask(&mut bens, json!({ "type": kind, "room": "tavern" })).await;
            assert_eq!(hear_error(&mut bens).await, "Room not found");
        }
        // The connection goes on.
        join(&mut bens, "main-chat").await;

        ann.rest("DELETE", &of_ben("bans"), NO_BODY).await;
        ask(&mut bens, json!({ "type": "join", "room": "tavern", "since": 0 })).await;
        let missed = bens.hear("history").await;
        assert_eq!(missed["data"]["messages"][0]["content"], "peace");
        ann.rest("PUT", "/api/rooms/tavern/archive", NO_BODY).await;
        say(&mut bens, "tavern", "too late").await;
        assert_eq!(hear_error(&mut bens).await, "This room is archived");
        ann.rest("DELETE", "/api/rooms/tavern", NO_BODY).await;
        assert_eq!(hear_error(&mut bens).await, "You are not in room tavern any more");
        assert_eq!(hear_error(&mut anns).await, "You are not in room tavern any more");
    }
}

#[tokio::test]
async fn a_lock_and_the_end_of_a_token_end_the_connection() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, root) =
            (Person::new(&program, &server, "ann"), Person::with_role(&program, &server, "root", "admin"));
        let mut ben = Person::new(&program, &server, "ben");
        let (mut witness, mut anns) = (comes(&server, &root).await, comes(&server, &ann).await);
        for socket in [&mut witness, &mut anns] {
            join(socket, "tavern").await;
        }
        hear_announced(&mut witness).await;
        let locked = Instant::now();
        root.rest("PUT", &format!("/api/moderation/locks/{}", ann.id()), json!({ "reason": "Spam" })).await;
        assert_eq!(hear_error(&mut anns).await, "Unauthorized - User not found");
        assert_eq!(anns.closed().await, Closed(4001, "Unauthorized".into()));
        assert_eq!(hear_announced(&mut witness).await["content"], "ann left the room");
        assert!(locked.elapsed() < Duration::from_secs(2), "{:?}", locked.elapsed());
        let mut again = Plain::open(&server, &path_of(&ann)).await;
        assert_eq!(hear_error(&mut again).await, "Unauthorized - User not found");
        assert_eq!(again.closed().await.0, 4001);

        let lasting = std::mem::replace(&mut ben.account.token, program.say(&["token", "--user", "ben", "--ttl", "3"]));
        let (mut renews, mut forgets) = (comes(&server, &ben).await, comes(&server, &ben).await);
        ask(&mut renews, json!({ "type": "auth", "token": lasting })).await;
        assert_eq!(renews.hear("connected").await["data"]["user"], "ben");
        assert_eq!(hear_error(&mut forgets).await, "Unauthorized - Token expired");
        assert_eq!(forgets.closed().await, Closed(4001, "Unauthorized".into()));
        join(&mut renews, "tavern").await;
    }
}

#[tokio::test]
async fn a_stop_is_no_goodbye() {
    for database in BOTH {
        let (program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let [mut anns, mut bens] = join_both(&server, [&ann, &ben], "general").await;
        say(&mut bens, "general", "before").await;
        assert_eq!(hear_said(&mut anns).await["sequence"], 1);
        let stopping = tokio::spawn(server.stop());
        assert_eq!(anns.closed().await, Closed(1012, "The server is restarting".into()));
        stopping.await.unwrap();

        let server = program.serve().await;
        let mut anns = comes(&server, &ann).await;
        ask(&mut anns, json!({ "type": "join", "room": "general" })).await;
        assert_eq!(anns.hear("history").await["data"]["messages"][0]["content"], "before");
        say(&mut anns, "general", "after").await;
        assert_eq!(hear_said(&mut anns).await["sequence"], 2);
    }
}
