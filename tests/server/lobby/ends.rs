//! Ends: of a room, a right, a token, a reader's patience, the server.

use super::*;
use crate::harness::{eventually, free_port};

#[tokio::test]
async fn who_is_inside_of_a_deleted_room_hears_it_and_is_closed() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let garden = ann.rest("POST", ROOMS, json!({ "name": "Garden" })).await["id"].clone();
        let mut inside = vec![account(&server, &garden, &ann).await];
        for number in 0..20 {
            inside.push(guest(&server, &garden, &format!("Guest {number}")).await.0);
        }
        ann.rest("DELETE", &format!("{ROOMS}/{garden}"), NO_BODY).await;
        let deleted = json!({ "type": "room_deleted", "message": "This room has been deleted" });
        for socket in &mut inside {
            assert_eq!(socket.hear("room_deleted").await, deleted);
            assert_eq!(socket.closed().await.0, 1000);
        }
        is_refused(&mut connects(&server, &garden, json!({ "username": "Zoe" })).await, "Room not found", 1000).await;
    }
}

#[tokio::test]
async fn moderators_keep_the_peace_among_guests_and_accounts() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let garden = ann.rest("POST", ROOMS, json!({ "name": "Garden" })).await["id"].clone();
        let mut observer = ann.socket().await;
        observer.succeed("join-room", json!({ "roomId": garden })).await;
        let id_of = async |observer: &mut crate::harness::Socket, socket: &mut Plain| {
            socket.send(&json!({ "content": "Hello" })).await;
            let user = observer.hear("message-received").await["User"].clone();
            if user["guest"] == true { user["guestId"].clone() } else { user["id"].clone() }
                .as_str()
                .unwrap()
                .to_owned()
        };
        let path = |what: &str, id: &str| format!("/api/rooms/{garden}/{what}/{id}");
        let (mut zoe, _) = guest(&server, &garden, "Zoe").await;
        let zoes = id_of(&mut observer, &mut zoe).await;
        ann.rest("PUT", &path("mutes", &zoes), json!({ "minutes": 10, "seconds": 600 })).await;
        zoe.send(&json!({ "content": "Nobody hears this" })).await;
        assert_eq!(zoe.hear("error").await["content"], "You are muted for 10 more minutes");
        zoe.send(&json!({ "type": "typing", "is_typing": true })).await;
        assert_eq!(zoe.hear("error").await["content"], "You are muted for 10 more minutes");
        ann.rest("PUT", &path("bans", &zoes), json!({ "reason": "Noise" })).await;
        assert_eq!(zoe.closed().await.0, 1000);

        let mut bens = account(&server, &garden, &ben).await;
        ann.rest("DELETE", &path("members", ben.id()), json!({})).await;
        assert_eq!(bens.closed().await.0, 1000);
        let mut back = connects(&server, &garden, json!({ "token": ben.account.token })).await;
        let refused = back.next().await.unwrap();
        assert_eq!(refused["type"], "error", "{refused}");
        back.closed().await;

        // In the main room one goes on hearing.
        let admin = Person::with_role(&program, &server, "root", "admin");
        let mut bens = account(&server, &json!(1), &ben).await;
        admin.rest("PUT", &format!("/api/rooms/1/bans/{}", ben.id()), json!({})).await;
        bens.send(&json!({ "content": "Banned" })).await;
        assert_eq!(bens.hear("error").await["content"], "You are banned from this room");
    }
}

#[tokio::test]
async fn a_token_that_ends_and_a_locked_account_end_the_connection() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let short = program.say(&["token", "--user", "ben", "--ttl", "3"]);
        let (mut bens, _) = comes(&server, &json!(1), json!({ "token": short })).await;
        let mut anns = account(&server, &json!(1), &ann).await;
        assert_eq!(bens.closed().await, Closed(4001, "Unauthorized".into()));
        let mut late = connects(&server, &json!(1), json!({ "token": short })).await;
        is_refused(&mut late, "Unauthorized - Token expired", 4001).await;
        let admin = Person::with_role(&program, &server, "root", "admin");
        let began = std::time::Instant::now();
        admin.rest("PUT", &format!("/api/moderation/locks/{}", ann.id()), json!({ "reason": "Fraud" })).await;
        assert_eq!(anns.closed().await, Closed(4001, "Unauthorized".into()));
        assert!(began.elapsed().as_millis() < 1000, "{:?}", began.elapsed());
        let mut again = connects(&server, &json!(1), json!({ "token": ann.account.token })).await;
        assert_eq!(again.next().await.unwrap()["type"], "error");
        assert_eq!(again.closed().await.0, 4001);
        account(&server, &json!(1), &ben).await;
    }
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_finds_everything_when_it_is_back() {
    for database in BOTH {
        let program = open_house(database, &[("SLOW_READER_BYTES", "100000")]);
        let server = program.serve().await;
        let (mut slow, _) = guest(&server, &json!(1), "Zoe").await;
        let (mut fast, _) = guest(&server, &json!(1), "Ben").await;
        let text = "x".repeat(4000);
        // More than the system keeps for both ends, and never too much for who reads.
        for batch in 0..200 {
            for number in 0..10 {
                fast.send(&json!({ "content": format!("{batch} {number} {text}") })).await;
            }
            for number in 0..10 {
                let heard = fast.hear("message").await;
                assert!(heard["content"].as_str().unwrap().starts_with(&format!("{batch} {number} ")));
            }
        }
        eventually("it was closed", async || server.logged().contains("slow_reader")).await;
        let mut seen = 0;
        let Closed(code, _) = loop {
            match slow.next().await {
                Ok(frame) => seen += usize::from(frame["type"] == "message"),
                Err(closed) => break closed,
            }
        };
        assert!(seen < 2000 && matches!(code, 1013 | 0), "{seen} {code}");
        let (_back, name) = guest(&server, &json!(1), "Zoe").await;
        assert_eq!(name, "Zoe", "it had left");
        let nobody = Person::nobody(&server);
        let history = nobody.rest("GET", &format!("{}?limit=200", messages(&json!(1))), NO_BODY).await;
        let ids: Vec<_> = history.as_array().unwrap().iter().map(|message| message["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, (1801..=2000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_restart_loses_nothing_that_was_told() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let port = free_port();
        let server = program.serve_on(port).await;
        let (mut zoe, _) = guest(&server, &json!(1), "Zoe").await;
        for number in 0..50 {
            zoe.send(&json!({ "content": format!("{number}") })).await;
        }
        let stopping = tokio::spawn(server.stop());
        let mut told = Vec::new();
        let closed = loop {
            match zoe.next().await {
                Ok(frame) if frame["type"] == "message" => told.push(frame["content"].clone()),
                Ok(_) => {}
                Err(closed) => break closed,
            }
        };
        assert_eq!((closed.0, told.len()), (1012, 50));
        assert!(stopping.await.unwrap().as_secs() < 15);
        let server = program.serve_on(port).await;
        let history = Person::nobody(&server).rest("GET", &messages(&json!(1)), NO_BODY).await;
        let kept: Vec<_> = history.as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
        assert_eq!(kept, told);
        let (mut zoe, name) = guest(&server, &json!(1), "Zoe").await;
        assert_eq!(name, "Zoe");
        zoe.send(&json!({ "content": "back" })).await;
        assert_eq!(zoe.hear("message").await["id"], 51);
        let noted = "SELECT count(*) FROM chat_guests WHERE name = 'Zoe' AND last_seen = created_at";
        eventually("that she is here was stored", async || program.sql(noted) == ["0"]).await;
        server.kill();
        let server = program.serve_on(port).await;
        assert_eq!(guest(&server, &json!(1), "Zoe").await.1, "Zoe", "after a kill, too");
    }
}

#[tokio::test]
async fn a_public_room_that_becomes_private_keeps_its_members_only() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let garden = ann.rest("POST", ROOMS, json!({ "name": "Garden" })).await["id"].clone();
        let (mut zoe, _) = guest(&server, &garden, "Zoe").await;
        let mut bens = account(&server, &garden, &ben).await;
        ann.rest("PATCH", &format!("/api/rooms/{garden}"), json!({ "isPrivate": true })).await;
        assert_eq!(zoe.closed().await.0, 1000);
        is_refused(&mut connects(&server, &garden, json!({ "username": "Zoe" })).await, "Room not found", 1000).await;
        bens.send(&json!({ "content": "among ourselves" })).await;
        let heard = bens.hear("message").await;
        assert_eq!(heard["content"], "among ourselves");
        assert_eq!(Person::nobody(&server).request("GET", &messages(&garden), NO_BODY).await.0, 404);
    }
}

#[tokio::test]
async fn a_closed_door_and_a_full_house_say_so_before_the_upgrade() {
    let mut program = open_house(BOTH[0], &[("MAX_CONNECTIONS_PER_IP", "2")]);
    let server = program.serve().await;
    let (_zoe, _) = guest(&server, &json!(1), "Zoe").await;
    let (_ben, _) = guest(&server, &json!(1), "Ben").await;
    let refused = Plain::try_to_open(&server.url, "/ws/chat/1").await.err().unwrap();
    assert_eq!(refused.0, 429, "{refused:?}");
    drop(server);
    program.set("DOORS", "channels");
    let server = program.serve().await;
    assert_eq!(Plain::try_to_open(&server.url, "/ws/chat/1").await.err().unwrap().0, 404);
    assert_eq!(Person::nobody(&server).request("GET", ROOMS, NO_BODY).await.0, 404);
}
