//! What ends, on live connections, within a second: mutes, kicks, bans, locks, tokens, sessions, rooms, the server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::harness::person::log_in;
use super::super::harness::program::NO_LIMITS;
use super::super::harness::socket::{ROOT, event_in};
use super::super::harness::{BOTH, Person, Postgres, Program, Socket, Transport, eventually, serve_to};
use super::{NO_BODY, comes, hears_none_of, join, refused, room_of, say};

#[tokio::test]
async fn mute_kick_ban_and_end_of_a_room() {
    for database in BOTH {
        let (program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let (mut anns, mut bens) = (comes(&ann).await, comes(&ben).await);
        join(&mut anns, &ann, &room).await;
        join(&mut bens, &ben, &room).await;
        anns.hear("user-joined").await;
        let of_ben = |what: &str| format!("/api/rooms/{room}/{what}/{}", ben.id());
        let says = json!({ "roomId": room, "content": "mmh" });

        ann.rest("PUT", &of_ben("mutes"), json!({ "seconds": 300 })).await;
        let answer = bens.ask("send-message", says.clone()).await;
        assert_eq!((&answer["code"], &answer["error"]), (&json!("muted"), &json!("You are muted for 5 more minutes")));
        assert!(answer["retryIn"].as_i64().is_some_and(|wait| (290_000..=300_000).contains(&wait)), "{answer}");
        assert_eq!(refused(&mut bens, "typing-start", json!({ "roomId": room })).await.0, "muted");
        ann.rest("DELETE", &of_ben("mutes"), NO_BODY).await;

        for (method, what, code) in [("DELETE", "members", "kicked"), ("PUT", "bans", "room_not_found")] {
            let put_out = Instant::now();
            ann.rest(method, &of_ben(what), NO_BODY).await;
            // He hears it himself, and so do the others.
            assert_eq!(bens.hear("user-left").await, json!({ "userId": ben.id(), "roomId": room }));
            assert_eq!(anns.hear("user-left").await, json!({ "userId": ben.id(), "roomId": room }));
            assert!(put_out.elapsed() < Duration::from_secs(1), "{:?}", put_out.elapsed());
            say(&mut anns, &room, "peace").await;
            hears_none_of(&mut bens, &["message-received"]).await;
            assert_eq!(refused(&mut bens, "send-message", says.clone()).await.0, "room_not_found");
            assert_eq!(refused(&mut bens, "join-room", json!({ "roomId": room })).await.0, code);
            if what == "members" {
                // As though a minute had passed.
                program.sql("UPDATE chat_members SET barred_until = NULL");
                let mut joined = bens.ask("join-room", json!({ "roomId": room })).await;
                while joined["success"] != true {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    joined = bens.ask("join-room", json!({ "roomId": room })).await;
                }
                anns.hear("user-joined").await;
            }
        }
        // The connection goes on, and comes back when it may.
        join(&mut bens, &ben, "main-chat").await;
        ann.rest("DELETE", &of_ben("bans"), NO_BODY).await;
        join(&mut bens, &ben, &room).await;
        ann.rest("DELETE", &format!("/api/rooms/{room}"), NO_BODY).await;
        for (socket, person) in [(&mut anns, &ann), (&mut bens, &ben)] {
            assert_eq!(socket.hear("user-left").await, json!({ "userId": person.id(), "roomId": room }));
        }
    }
}

#[tokio::test]
async fn a_lock_a_session_and_a_token_end_an_identity_and_not_the_connection() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let root = Person::with_role(&program, &server, "root", "admin");
        let [ann, mut ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let (mut witness, mut anns) = (comes(&root).await, comes(&ann).await);
        join(&mut witness, &root, "main-chat").await;
        join(&mut anns, &ann, "main-chat").await;
        witness.hear("user-joined").await;

        let locked = Instant::now();
        root.rest("PUT", &format!("/api/moderation/locks/{}", ann.id()), json!({ "reason": "Spam" })).await;
        let told = anns.hear("unauthorized").await;
        assert_eq!(told, json!({ "message": "Unauthorized", "code": "account_locked", "reason": "Spam" }));
        assert_eq!(witness.hear("user-left").await["userId"], ann.id());
        assert!(locked.elapsed() < Duration::from_secs(1), "{:?}", locked.elapsed());
        assert_eq!(refused(&mut anns, "join-room", json!({ "roomId": "main-chat" })).await.1, "Unauthorized");
        say(&mut witness, "main-chat", "peace").await;
        hears_none_of(&mut anns, &["message-received"]).await;
        anns.send("41").await;
        let answer = anns.enter(ROOT, &json!({ "token": ann.account.token })).await.unwrap();
        assert_eq!(answer, "44{\"message\":\"Unauthorized\",\"data\":{\"code\":\"user_not_found\"}}");

        // A token ends; with a new one the same connection goes on.
        let lasting = std::mem::replace(&mut ben.account.token, program.say(&["token", "--user", "ben", "--ttl", "2"]));
        let mut bens = comes(&ben).await;
        join(&mut bens, &ben, "main-chat").await;
        assert_eq!(bens.hear("unauthorized").await, json!({ "message": "Unauthorized", "code": "token_expired" }));
        assert_eq!(refused(&mut bens, "send-message", json!({ "roomId": "main-chat" })).await.1, "Unauthorized");
        bens.send("41").await;
        bens.enter(ROOT, &json!({ "token": lasting })).await.unwrap();
        join(&mut bens, &ben, "main-chat").await;

        // A session that is ended elsewhere.
        let body = json!({ "username": "zoe", "email": "zoe@example.com", "password": "correct horse 1" });
        Person::nobody(&server).rest("POST", "/api/auth/register", body).await;
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let (_, session) = log_in(&server, "zoe", "correct horse 1").await;
            let mut zoe = Person::nobody(&server);
            zoe.account.token = session["accessToken"].as_str().unwrap().to_owned();
            sessions.push(zoe);
        }
        let mut zoes = comes(&sessions[0]).await;
        zoes.succeed("join-room", json!({ "roomId": "main-chat" })).await;
        sessions[1].rest("DELETE", "/api/me/sessions", NO_BODY).await;
        assert_eq!(zoes.hear("unauthorized").await, json!({ "message": "Unauthorized", "code": "session_ended" }));
    }
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_misses_nothing() {
    for database in BOTH {
        let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("SLOW_READER_BYTES", "200000")]).collect();
        let (_program, server, [ann, ben]) = serve_to(database, &settings, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let mut anns = comes(&ann).await;
        join(&mut anns, &ann, &room).await;
        let mut slow = Socket::try_open(&server.url, Transport::NarrowWebSocket).await.unwrap();
        slow.enter(ROOT, &json!({ "token": ben.account.token })).await.unwrap();
        join(&mut slow, &ben, &room).await;
        let long = "x".repeat(4000);
        for number in 1..=400 {
            anns.feed("send-message", &json!({ "roomId": room, "content": format!("{number} {long}") })).await;
            // The sender hears each message twice, and must not be too slow either.
            if number % 10 == 0 {
                anns.flush().await;
                for _ in 0..10 {
                    anns.hear("message-received").await;
                }
            }
        }
        let (mut rev, mut heard) = (0, 0);
        while let Some(frame) = slow.frame().await {
            let event = event_in(ROOT, &frame).filter(|(name, _)| name == "message-received");
            if let Some((_, payload)) = event {
                heard += 1;
                rev = payload["message"]["rev"].as_i64().unwrap();
                assert_eq!(rev, heard, "in order, without a gap");
            }
        }
        assert!(heard < 400, "it was closed");
        let mut back = comes(&ben).await;
        loop {
            let page = back.succeed("join-room", json!({ "roomId": room, "rev": rev })).await["data"].clone();
            assert_eq!(page["complete"], true);
            for pair in page["messages"].as_array().unwrap() {
                heard += 1;
                assert_eq!(pair["message"]["seq"], heard);
            }
            rev = page["rev"].as_i64().unwrap();
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(heard, 400);
    }
}

/// Rooms are shown one after another, as fast as they are read.
#[tokio::test]
async fn whoever_joins_many_rooms_at_once_is_no_slow_reader() {
    const ROOMS: usize = 12;
    for database in BOTH {
        let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("SLOW_READER_BYTES", "150000")]).collect();
        let (_program, server, [ann, ben]) = serve_to(database, &settings, ["ann", "ben"]).await;
        let (mut anns, mut rooms) = (comes(&ann).await, Vec::new());
        for number in 0..ROOMS {
            let room = room_of(&ann, &format!("Room {number}")).await;
            for _ in 0..40 {
                say(&mut anns, &room, &"x".repeat(4000)).await;
            }
            say(&mut anns, &room, "the last").await;
            rooms.push(room);
        }
        let mut narrow = Socket::try_open(&server.url, Transport::NarrowWebSocket).await.unwrap();
        narrow.enter(ROOT, &json!({ "token": ben.account.token })).await.unwrap();
        for room in &rooms {
            narrow.feed("join-room", &json!({ "roomId": room })).await;
        }
        narrow.flush().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut shown = 0;
        while shown < ROOMS {
            let frame = narrow.frame().await.expect("it was closed");
            if frame.starts_with("43") {
                assert!(frame.contains(r#""success":true"#) && frame.contains("the last"), "{frame:.200}");
                assert!(frame.len() < 150_000, "{} bytes", frame.len());
                shown += 1;
            }
        }
    }
}

/// Who hears a room goes on hearing it, and typing in the main one, whatever could not be answered meanwhile.
#[tokio::test]
async fn a_database_that_is_away_takes_nothing_from_who_is_here() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), NO_LIMITS);
    let server = program.serve().await;
    let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
    let room = room_of(&ann, "Garden").await;
    let (mut anns, mut bens) = (comes(&ann).await, comes(&ben).await);
    for room in [room.as_str(), "main-chat"] {
        join(&mut anns, &ann, room).await;
        join(&mut bens, &ben, room).await;
    }
    postgres.signal("STOP");
    assert_eq!(refused(&mut bens, "join-room", json!({ "roomId": room })).await.0, "database_away");
    anns.succeed("typing-start", json!({ "roomId": "main-chat" })).await;
    assert_eq!(bens.hear("typing-indicator").await["userId"], ann.id());
    postgres.signal("CONT");
    let said = async || {
        let answer = anns.ask("send-message", json!({ "roomId": room, "content": "back" })).await;
        answer["success"] == true
    };
    eventually("service returns", said).await;
    assert_eq!(bens.hear("message-received").await["message"]["content"], "back");
}

#[tokio::test]
async fn a_stop_and_a_kill_lose_nothing_that_was_acknowledged() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let mut server = program.serve().await;
        let mut ann = Person::new(&program, &server, "ann");
        let room = room_of(&ann, "Garden").await;
        for round in 1..=2 {
            ann.url.clone_from(&server.url);
            let mut anns = comes(&ann).await;
            join(&mut anns, &ann, &room).await;
            assert_eq!(say(&mut anns, &room, "before").await["message"]["seq"], round);
            if round == 1 {
                let stopping = tokio::spawn(server.stop());
                assert!(anns.hear("server-restart").await["retryIn"].is_number());
                while anns.frame().await.is_some() {}
                stopping.await.unwrap();
            } else {
                server.kill();
            }
            server = program.serve().await;
        }
        ann.url.clone_from(&server.url);
        let mut anns = comes(&ann).await;
        let shown = anns.succeed("join-room", json!({ "roomId": room, "rev": 0 })).await["data"].clone();
        let seqs: Vec<&Value> =
            shown["messages"].as_array().unwrap().iter().map(|pair| &pair["message"]["seq"]).collect();
        assert_eq!(seqs, [1, 2]);
    }
}
