//! Ends that were asked for and ends that were not.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::follower::fresh_history;
use super::harness::program::NO_LIMITS;
use super::harness::socket::{as_ack, as_event};
use super::harness::{BOTH, On, Program, Socket, Transport, eventually};

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let mut acknowledged = Vec::new();
        for number in 0..50 {
            let sent = socket.succeed("send-message", json!({ "message": format!("number {number}") })).await;
            acknowledged.push(sent["data"].clone());
        }
        server.kill();
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let history = socket.succeed("load-messages", json!({ "limit": 100 })).await;
        assert_eq!(history["data"], json!(acknowledged));
    }
}

#[tokio::test]
async fn it_stops_soon_and_answers_what_it_took_in() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        for number in 0..200 {
            socket.feed("send-message", &json!({ "message": format!("number {number}") })).await;
        }
        socket.flush().await;
        let reader = tokio::spawn(async move {
            let mut answers = 0;
            while let Some(frame) = socket.frame().await {
                answers += u32::from(frame.contains("\"success\":"));
            }
            answers
        });
        assert!(server.stop().await.as_secs() < 15);
        assert_eq!(reader.await.unwrap(), 200, "every event was answered before the end");
    }
}

/// Everybody hears of it, and when to come back; fifty who read nothing hold nobody up; what was
/// acknowledged in the last moment is stored.
#[tokio::test]
async fn a_stop_under_load_with_stuck_readers() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        let auth = json!({ "token": ben.token });
        let mut stuck = Vec::new();
        for _ in 0..50 {
            stuck.push(Socket::try_connect(&server.url, Transport::NarrowWebSocket, &auth).await.unwrap());
        }
        let mut listeners = Vec::new();
        for transport in [Transport::WebSocket, Transport::WebSocket, Transport::Polling, Transport::Polling] {
            let mut socket = Socket::try_connect(&server.url, transport, &auth).await.unwrap();
            listeners.push(tokio::spawn(async move {
                let mut delays = Vec::new();
                while let Some(frame) = socket.frame().await {
                    let restart = as_event(&frame).filter(|(name, _)| name == "server-restart");
                    delays.extend(restart.map(|(_, restart)| restart["retryIn"].as_u64().unwrap()));
                }
                delays
            }));
        }
        let mut sender = Socket::with_token(&server.url, &ann.token).await;
        let sending = tokio::spawn(async move {
            let text = "x".repeat(1000);
            let (mut answers, mut sent) = (Vec::new(), 0);
            while sender.try_flush().await.is_some() {
                for _ in 0..20 {
                    let payload = json!({ "message": format!("{sent} {text}"), "clientOffset": sent.to_string() });
                    if sender.try_feed("send-message", &payload).await.is_some() {
                        sent += 1;
                    }
                }
                sender.try_flush().await;
                while answers.len() < sent {
                    let Some(frame) = sender.frame().await else { return answers };
                    answers.extend(as_ack(&frame).map(|(_, answer)| answer));
                }
            }
            answers
        });
        // When so much has been stored, the stuck ones have more waiting for them than they take.
        let mut witness = Socket::with_token(&server.url, &ann.token).await;
        eventually("much is said", async || {
            witness.succeed("load-messages", json!({ "limit": 1 })).await["pagination"]["total"].as_i64().unwrap() > 100
        })
        .await;
        drop(witness);
        let took = server.stop().await;
        assert!(took < Duration::from_secs(15), "it took {took:?}");
        let mut delays = BTreeSet::new();
        for listener in listeners {
            let told = listener.await.unwrap();
            assert_eq!(told.len(), 1, "told once: {told:?}");
            delays.extend(told);
        }
        assert_eq!(delays.len(), 4, "they do not all come back at once: {delays:?}");
        let answers = sending.await.unwrap();
        let (stored, refused): (Vec<Value>, Vec<Value>) =
            answers.into_iter().partition(|answer| answer["success"] == true);
        assert!(stored.len() > 20 && refused.iter().all(|answer| answer["code"] == "restarting"), "{refused:?}");
        let server = program.serve().await;
        let (history, _) = fresh_history(&mut Socket::with_token(&server.url, &ann.token).await).await;
        let acknowledged: Vec<Value> = stored.into_iter().map(|answer| answer["data"].clone()).collect();
        assert_eq!(history[..acknowledged.len()], acknowledged);
    }
}

#[tokio::test]
async fn nobody_new_comes_in_at_the_end() {
    let postgres = super::harness::Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let http = reqwest::Client::new();
    let ask = async |path: &str| http.get(format!("{}{path}", server.url)).send().await;
    assert_eq!(ask("/readyz").await.unwrap().status(), 200);
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    // A send that the database keeps waiting, so that the end takes a while.
    postgres.signal("STOP");
    socket.feed("send-message", &json!({ "message": "is it stored?" })).await;
    socket.flush().await;
    // It has been taken in, and waits for the database, when what was sent behind it has been answered.
    assert_eq!(socket.ask("leave-room", json!({ "roomId": "" })).await["success"], false);
    server.signal("TERM");
    assert!(socket.hear("server-restart").await["retryIn"].is_u64());
    // On the connection that was kept from before; there are no new ones.
    let handshake = ask("/socket.io/?EIO=4&transport=polling").await.unwrap();
    assert_eq!(handshake.status(), 503);
    assert!(handshake.text().await.unwrap().contains("restarting"));
    assert!(Socket::try_open(&server.url, Transport::WebSocket).await.is_none());
    let refused = socket.ask("send-message", json!({ "message": "too late" })).await;
    assert!(["restarting", "database_away"].contains(&refused["code"].as_str().unwrap()), "{refused}");
    assert!(server.stop().await < Duration::from_secs(15));
    postgres.signal("CONT");
}

#[tokio::test]
async fn a_client_that_goes_is_told_to_the_others_and_types_no_more() {
    let program = Program::on(On::Sqlite, &[]);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut a = Socket::with_token(&server.url, &ann.token).await;
    let mut b = Socket::with_token(&server.url, &ben.token).await;
    b.succeed("typing", json!({ "isTyping": true })).await;
    assert_eq!(a.hear("user-typing").await["isTyping"], true);
    drop(b);
    let ended = a.hear("user-typing").await;
    assert_eq!((&ended["isTyping"], &ended["userId"]), (&json!(false), &json!(ben.id)));
    assert_eq!(a.hear("user-left").await["message"], "A user has left the chat");
}

/// What was missed is told when they are back: the end does not wait for it.
#[tokio::test]
async fn a_stop_does_not_wait_until_a_slow_one_has_caught_up() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    let text = "x".repeat(4000);
    for number in 0..400 {
        sender.succeed("send-message", json!({ "message": format!("{number} {text}") })).await;
    }
    let auth = json!({ "token": ben.token, "serverOffset": 0 });
    let _late = Socket::try_connect(&server.url, Transport::NarrowWebSocket, &auth).await.unwrap();
    let took = server.stop().await;
    assert!(took < Duration::from_secs(7), "it took {took:?}");
}
