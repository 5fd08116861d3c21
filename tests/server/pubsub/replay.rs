//! A client that comes back is told what it missed, and goes on live without gap or repeat.

use serde_json::{Value, json};

use super::super::harness::plain::Plain;
use super::super::harness::program::NO_LIMITS;
use super::super::harness::{BOTH, On, Person, Program, free_port, serve_to};
use super::{ask, column, comes, entered, hear_said, history, join, say, sequences};

/// Reads on to a number: what comes in history and what comes live, as it comes.
async fn follow(socket: &mut Plain, last: i64) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    while told.last().is_none_or(|message| message["sequence"].as_i64().unwrap() < last) {
        let frame = socket.next().await.unwrap_or_else(|closed| panic!("{closed:?} after {:?}", told.last()));
        match frame["type"].as_str().unwrap() {
            "history" => told.extend(frame["data"]["messages"].as_array().unwrap().iter().cloned()),
            "message" if frame["data"]["user"] != "system" => told.push(frame["data"].clone()),
            _ => {}
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replay_joins_live_without_gap_or_repeat() {
    const MISSED: i64 = 500;
    const MEANWHILE: i64 = 500;
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let mut sender = comes(&server, &ann).await;
        join(&mut sender, "general").await;
        let mut readers = Vec::new();
        for number in 1..=MISSED {
            say(&mut sender, "general", &format!("missed {number}")).await;
        }
        follow(&mut sender, MISSED).await;
        for _ in 0..5 {
            readers.push(comes(&server, &ben).await);
        }
        let sending = async {
            for number in 1..=MEANWHILE {
                say(&mut sender, "general", &format!("meanwhile {number}")).await;
                if number % 20 == 0 {
                    follow(&mut sender, MISSED + number).await;
                }
            }
        };
        let reading = futures_util::future::join_all(readers.iter_mut().enumerate().map(async |(nth, reader)| {
            // In the midst of what is being said.
            tokio::time::sleep(std::time::Duration::from_millis(20 * nth as u64)).await;
            ask(reader, json!({ "type": "join", "room": "general", "since": 100 * nth })).await;
            entered(reader, "general").await;
            follow(reader, MISSED + MEANWHILE).await
        }));
        let ((), told) = tokio::join!(sending, reading);
        for (nth, told) in told.iter().enumerate() {
            assert_eq!(
                sequences(told),
                (100 * nth as i64 + 1..=MISSED + MEANWHILE).collect::<Vec<_>>(),
                "reader {nth}"
            );
        }
    }
}

/// Each comes in somewhere between what is stored and what is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_come_and_go_in_a_rush_hear_each_message_once() {
    const SENDERS: i64 = 3;
    const EACH: i64 = 700;
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let senders = (0..SENDERS).map(async |_| {
            let mut socket = comes(&server, &ann).await;
            join(&mut socket, "general").await;
            for number in 1..=EACH {
                say(&mut socket, "general", &format!("{number}")).await;
                if number % 10 == 0 {
                    hear_said(&mut socket).await;
                }
            }
            follow(&mut socket, SENDERS * EACH).await;
        });
        let readers = (0..6).map(async |_| {
            let (mut last, mut visits) = (0, 0);
            while last < SENDERS * EACH {
                let mut socket = comes(&server, &ben).await;
                ask(&mut socket, json!({ "type": "join", "room": "general", "since": last })).await;
                entered(&mut socket, "general").await;
                for number in sequences(&follow(&mut socket, (last + 30).min(SENDERS * EACH)).await) {
                    assert_eq!(number, last + 1, "on visit {visits}");
                    last = number;
                }
                visits += 1;
            }
            visits
        });
        let (_, visits) =
            tokio::join!(futures_util::future::join_all(senders), futures_util::future::join_all(readers));
        assert!(visits.iter().all(|visits| *visits > 3), "{visits:?}");
    }
}

#[tokio::test]
async fn numbers_have_no_holes_where_messages_were_deleted() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut socket = comes(&server, &ann).await;
        for room in ["general", "main-chat"] {
            join(&mut socket, room).await;
            let mut said = Vec::new();
            for content in ["one", "two", "three", "four"] {
                say(&mut socket, room, content).await;
                said.push(hear_said(&mut socket).await);
            }
            let mut elsewhere = ann.socket().await;
            elsewhere.succeed("delete-message", json!({ "messageId": said[1]["id"] })).await;
            elsewhere.succeed("delete-message", json!({ "messageId": said[3]["id"] })).await;
            elsewhere.succeed("edit-message", json!({ "messageId": said[2]["id"], "message": "3" })).await;
            let stands = history(&mut socket, room, 0).await;
            assert_eq!(sequences(&stands), [1, 2, 3, 4]);
            assert_eq!(column(&stands, "content"), ["one", "[Message deleted]", "3", "[Message deleted]"]);
            assert_eq!(column(&stands, "id"), column(&said, "id"));
            assert_eq!(column(&history(&mut socket, room, 3).await, "content"), ["[Message deleted]"]);
            // What comes next goes on from there.
            say(&mut socket, room, "five").await;
            assert_eq!(hear_said(&mut socket).await["sequence"], 5);
        }
    }
}

#[tokio::test]
async fn numbers_that_the_room_does_not_have_are_no_trouble() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let mut socket = comes(&server, &ann).await;
    join(&mut socket, "general").await;
    say(&mut socket, "general", "one").await;
    hear_said(&mut socket).await;
    for since in [i64::MAX, 2, 1] {
        assert_eq!(history(&mut socket, "general", since).await.len(), 0);
        let mut back = comes(&server, &ann).await;
        ask(&mut back, json!({ "type": "join", "room": "general", "since": since })).await;
        entered(&mut back, "general").await;
        back.hears_nothing_before(&json!({ "type": "presence", "room": "general" }), "presence").await;
    }
    for since in [-1, i64::MIN] {
        assert_eq!(history(&mut socket, "general", since).await.len(), 1);
    }
}

/// More to tell than one reader is waited for.
#[tokio::test]
async fn a_slow_reader_is_closed_and_misses_nothing() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let (mut sender, mut slow) = (comes(&server, &ann).await, comes(&server, &ben).await);
        for socket in [&mut sender, &mut slow] {
            join(socket, "general").await;
        }
        let (text, mut sent) = ("x".repeat(4000), 0);
        while !server.logged().contains("slow_reader") {
            assert!(sent < 5000, "it is never closed");
            for _ in 0..50 {
                sent += 1;
                say(&mut sender, "general", &format!("{sent} {text}")).await;
                assert_eq!(hear_said(&mut sender).await["sequence"], sent);
            }
        }
        let mut last = 0;
        let closed = loop {
            match slow.next().await {
                Ok(frame) if frame["type"] == "message" && frame["data"]["user"] != "system" => {
                    last += 1;
                    assert_eq!(frame["data"]["sequence"], last);
                }
                Ok(_) => {}
                Err(closed) => break closed,
            }
        };
        assert!(last < sent, "it was closed before everything had gone out");
        assert_eq!(closed.0, 1013, "{closed:?}");

        let mut back = comes(&server, &ben).await;
        ask(&mut back, json!({ "type": "join", "room": "general", "since": last })).await;
        entered(&mut back, "general").await;
        let told = follow(&mut back, sent).await;
        assert_eq!(sequences(&told), (last + 1..=sent).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn who_leaves_while_being_told_hears_no_more_and_comes_anew() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut socket = comes(&server, &ann).await;
        join(&mut socket, "general").await;
        for number in 1..=400 {
            say(&mut socket, "general", &format!("{number}")).await;
        }
        follow(&mut socket, 400).await;
        let mut hasty = comes(&server, &ann).await;
        let join = json!({ "type": "join", "room": "general", "since": 0 });
        for frame in [&join, &json!({ "type": "leave", "room": "general" }), &join] {
            ask(&mut hasty, frame.clone()).await;
        }
        entered(&mut hasty, "general").await;
        // The first telling had come some way, or not begun; the second is whole.
        let mut told = follow(&mut hasty, 400).await;
        if told.len() > 400 || sequences(&told)[0] != 1 {
            told = told.split_off(told.len() - 400);
        }
        assert_eq!(sequences(&told), (1..=400).collect::<Vec<_>>());
        say(&mut hasty, "general", "last").await;
        assert_eq!(hear_said(&mut hasty).await["sequence"], 401);
    }
}

#[tokio::test]
async fn a_retry_is_stored_once_and_comes_back_with_its_key() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let port = free_port();
        let server = program.serve_on(port).await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let (mut anns, mut bens) = (comes(&server, &ann).await, comes(&server, &ben).await);
        join(&mut anns, "general").await;
        join(&mut bens, "general").await;
        let said = json!({ "type": "message", "data": { "room": "general", "content": "Once", "id": "ann-1" } });
        ask(&mut anns, said.clone()).await;
        let first = hear_said(&mut anns).await;
        assert_eq!((&first["clientId"], &first["sequence"]), (&json!("ann-1"), &json!(1)));
        ask(&mut anns, said.clone()).await;
        assert_eq!(hear_said(&mut anns).await, first);
        assert_eq!(hear_said(&mut bens).await, first);
        bens.hears_nothing_before(&json!({ "type": "presence", "room": "general" }), "presence").await;
        server.kill();

        // It did not hear the answer, and sends it again behind its join.
        let server = program.serve_on(port).await;
        let (mut anns, mut others) = (comes(&server, &ann).await, comes(&server, &ben).await);
        join(&mut others, "general").await;
        ask(&mut anns, json!({ "type": "join", "room": "general", "since": 0 })).await;
        ask(&mut anns, said).await;
        entered(&mut anns, "general").await;
        assert_eq!(anns.next().await.unwrap()["data"]["messages"], json!([first]), "in its place first");
        assert_eq!(anns.hear("message").await["data"], first, "then to who asks");
        say(&mut anns, "general", "next").await;
        assert_eq!(hear_said(&mut others).await["content"], "next", "the others hear nothing of it");
    }
}
