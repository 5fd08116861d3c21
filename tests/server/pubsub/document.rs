//! The four exercises of the dialect's document, and its pitfalls, as somebody without an account does them.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::harness::{BOTH, On, Program};
use super::{ask, column, entered, guest, hear_announced, hear_said, history, join, open_house, say, sequences};

#[tokio::test]
async fn exercise_1_basic_chat_operations() {
    for database in BOTH {
        let program = open_house(database);
        let server = program.serve().await;
        let ((mut one, first), (mut other, second)) = (guest(&server).await, guest(&server).await);
        assert_eq!(join(&mut one, "general").await, [first.as_str()]);
        let there = join(&mut other, "general").await;
        assert!(there.len() == 2 && there.contains(&json!(second)), "{there:?}");
        let announced = hear_announced(&mut one).await;
        assert_eq!(
            (&announced["content"], &announced["sequence"]),
            (&json!(format!("{second} joined the room")), &json!(0))
        );

        say(&mut one, "general", "Hello!").await;
        let (mine, theirs) = (hear_said(&mut one).await, hear_said(&mut other).await);
        assert_eq!(mine, theirs);
        let expected = json!({ "id": mine["id"], "room": "general", "user": first, "content": "Hello!", "sequence": 1,
            "timestamp": mine["timestamp"], "guest": true });
        assert_eq!(mine, expected);
        assert!(mine["id"].is_string() && mine["timestamp"].as_i64().unwrap() > 1_700_000_000_000);

        ask(&mut other, json!({ "type": "leave", "room": "general" })).await;
        let announced = hear_announced(&mut one).await;
        assert_eq!(
            (&announced["content"], &announced["sequence"]),
            (&json!(format!("{second} left the room")), &json!(1))
        );
        say(&mut one, "general", "Anybody here?").await;
        hear_said(&mut one).await;
        // Who left hears nothing more, not even that.
        other.hears_nothing_before(&json!({ "type": "presence", "room": "general" }), "presence").await;
    }
}

#[tokio::test]
async fn exercise_2_message_ordering() {
    const CLIENTS: usize = 4;
    const EACH: usize = 60;
    for database in BOTH {
        let program = open_house(database);
        let server = program.serve().await;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let (mut client, _) = guest(&server).await;
            join(&mut client, "general").await;
            clients.push(client);
        }
        let talking = clients.into_iter().enumerate().map(async |(client, mut socket)| {
            for number in 0..EACH {
                say(&mut socket, "general", &format!("{client} {number}")).await;
            }
            let mut heard = Vec::new();
            while heard.len() < CLIENTS * EACH {
                heard.push(hear_said(&mut socket).await);
            }
            (socket, heard)
        });
        let mut done = futures_util::future::join_all(talking).await;
        let all: Vec<i64> = (1..=(CLIENTS * EACH) as i64).collect();
        for (_, heard) in &done {
            assert_eq!(sequences(heard), all);
            assert_eq!(heard, &done[0].1, "all hear the same");
        }
        for client in 0..CLIENTS {
            let said = column(&done[0].1, "content");
            let own: Vec<_> =
                said.iter().filter(|said| said.as_str().unwrap().starts_with(&format!("{client} "))).collect();
            assert!(own.iter().enumerate().all(|(number, said)| **said == json!(format!("{client} {number}"))));
        }

        // Away, and back.
        let (socket, heard) = done.remove(0);
        socket.close().await;
        let (mut back, _) = guest(&server).await;
        ask(&mut back, json!({ "type": "join", "room": "general", "since": 0 })).await;
        entered(&mut back, "general").await;
        let mut replayed = Vec::new();
        while replayed.len() < heard.len() {
            let page = back.next().await.unwrap();
            assert_eq!(page["type"], "history", "{page}");
            let page = page["data"]["messages"].as_array().unwrap().clone();
            assert!(page.len() <= 100);
            replayed.extend(page);
        }
        assert_eq!(replayed, heard, "as it was heard");
        assert_eq!(history(&mut back, "general", 0).await, heard[..100]);
        assert_eq!(history(&mut back, "general", 200).await, heard[200..]);
        assert_eq!(history(&mut back, "general", 240).await.len(), 0);
    }
}

/// With the settings as they are delivered, in real time.
#[tokio::test]
async fn exercise_3_presence_management() {
    let on = async |database: On| {
        let program = Program::on(database, &[("ALLOW_GUESTS", "true")]);
        let server = program.serve().await;
        let ((mut here, first), (mut elsewhere, _), (mut dies, second)) =
            (guest(&server).await, guest(&server).await, guest(&server).await);
        join(&mut elsewhere, "den").await;
        join(&mut here, "general").await;
        assert_eq!(join(&mut dies, "general").await.len(), 2);
        assert_eq!(hear_announced(&mut here).await["content"], format!("{second} joined the room"));
        elsewhere.hears_nothing_before(&json!({ "type": "presence", "room": "den" }), "presence").await;

        // Its connection stays, and nothing answers there any more.
        let died = Instant::now();
        let (mut left, mut heartbeats) = (None, 0);
        while left.is_none() || heartbeats == 0 {
            assert!(died.elapsed() < Duration::from_secs(60), "still there; {heartbeats} heartbeats");
            tokio::time::sleep(Duration::from_millis(250)).await;
            ask(&mut here, json!({ "type": "presence", "room": "general" })).await;
            loop {
                let frame = here.next().await.unwrap();
                match frame["type"].as_str().unwrap() {
                    "heartbeat" => {
                        assert_eq!(frame, json!({ "type": "heartbeat" }));
                        assert!(died.elapsed() > Duration::from_secs(29), "{:?}", died.elapsed());
                        heartbeats += 1;
                    }
                    "message" => {
                        assert_eq!(frame["data"]["content"], format!("{second} left the room"));
                        left = Some(died.elapsed());
                    }
                    "presence" => {
                        let users = frame["data"]["users"].as_array().unwrap();
                        // Who is about to be gone may be offline already.
                        let asks = users.iter().find(|one| one["user"] == first.as_str());
                        assert_eq!(asks.map(|one| &one["status"]), Some(&json!("online")));
                        if left.is_some() {
                            assert_eq!(column(users, "user"), [first.as_str()]);
                        }
                        break;
                    }
                    other => panic!("{other}"),
                }
            }
        }
        drop(dies);
    };
    tokio::join!(on(On::Sqlite), on(On::Postgres));
}

#[tokio::test]
async fn exercise_4_message_persistence() {
    for database in BOTH {
        let program = open_house(database);
        let server = program.serve().await;
        let (mut one, _) = guest(&server).await;
        join(&mut one, "general").await;
        let mut said = Vec::new();
        for number in 1..=60 {
            say(&mut one, "general", &format!("line {number}")).await;
            said.push(hear_said(&mut one).await);
        }
        server.stop().await;
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_log"), ["60"], "on disk");

        let server = program.serve().await;
        let (mut witness, _) = guest(&server).await;
        join(&mut witness, "general").await;
        let (mut fresh, user) = guest(&server).await;
        ask(&mut fresh, json!({ "type": "join", "room": "general" })).await;
        entered(&mut fresh, "general").await;
        let replayed = fresh.next().await.unwrap();
        assert_eq!(replayed["type"], "history");
        // The newest.
        assert_eq!(replayed["data"], json!({ "room": "general", "messages": said[10..] }));
        // What was replayed was published to nobody else; so they hear of the coming, and of what is new.
        let announced = hear_announced(&mut witness).await;
        assert_eq!(
            (&announced["content"], &announced["sequence"]),
            (&json!(format!("{user} joined the room")), &json!(60))
        );
        say(&mut fresh, "general", "and on").await;
        assert_eq!(hear_said(&mut fresh).await["sequence"], 61);
        assert_eq!(witness.hear("message").await["data"]["content"], "and on");
    }
}
