//! Many at once. The limits are off; what is asserted is behaviour, never a time.

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::socket::{NAMESPACE, as_ack};
use super::harness::{BOTH, Program, Socket};

#[tokio::test]
async fn twenty_thousand_sends_without_waiting_are_stored_in_order_and_each_answered() {
    const SENDS: u64 = 20_000;
    // This client writes more than it reads for a while, as one that emits in a loop does.
    let no_limits = unlimited(&[("SLOW_READER_BYTES", "0")]);
    for database in BOTH {
        let program = Program::on(database, &no_limits);
        let ann = program.account("ann");
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let mut answered = HashMap::new();
        let mut received = 0;
        let mut sent = 0;
        while answered.len() < SENDS as usize || received < SENDS {
            if sent < SENDS {
                for _ in 0..1000 {
                    socket.feed("send-message", &json!({ "message": format!("number {sent}") })).await;
                    sent += 1;
                }
                socket.flush().await;
            }
            // As many as a reader that is also writing would take.
            for _ in 0..500 {
                if answered.len() == SENDS as usize && received == SENDS {
                    break;
                }
                let frame = socket.frame().await.expect("closed");
                if let Some((id, answer)) = as_ack(&frame) {
                    assert_eq!(answer["success"], true, "{answer}");
                    assert_eq!(answer["data"]["message"], format!("number {id}"));
                    assert_eq!(answer["data"]["seq"], id + 1, "stored in the order of sending");
                    assert!(answered.insert(id, ()).is_none(), "answered twice: {id}");
                } else if frame.contains("\"message-received\"") {
                    assert!(frame.contains(&format!("\"message\":\"number {received}\"")), "{received}: {frame}");
                    received += 1;
                }
            }
        }
        let last = socket.succeed("load-messages", json!({ "page": SENDS, "limit": 1 })).await;
        assert_eq!(
            (&last["data"][0]["message"], &last["pagination"]["total"]),
            (&json!(format!("number {}", SENDS - 1)), &json!(SENDS))
        );
    }
}

/// Each says who it is, joins and sends in one go, without waiting for the answer to its CONNECT.
#[tokio::test]
async fn ten_thousand_sockets_that_send_right_after_connect_are_all_answered() {
    const SOCKETS: usize = 10_000;
    const AT_ONCE: usize = 200;
    let program = Program::on(super::harness::On::Postgres, NO_LIMITS);
    let ann = program.account("ann");
    let server = program.serve().await;
    let one = async |number: usize| {
        let mut socket = Socket::open(&server.url).await;
        socket.send(format!("40{NAMESPACE},{}", json!({ "token": ann.token }))).await;
        let event = json!(["send-message", { "message": format!("socket {number}") }]);
        socket.send(format!("42{NAMESPACE},{number}{event}")).await;
        loop {
            let frame = socket.frame().await.expect("closed");
            if let Some((id, answer)) = as_ack(&frame) {
                assert_eq!((id, &answer["success"]), (number as u64, &json!(true)), "{answer}");
                return answer["data"]["seq"].as_u64().unwrap();
            }
        }
    };
    let mut running = FuturesUnordered::new();
    let mut numbers = Vec::with_capacity(SOCKETS);
    for number in 0..SOCKETS {
        if running.len() == AT_ONCE {
            numbers.extend(running.next().await);
        }
        running.push(one(number));
    }
    while let Some(number) = running.next().await {
        numbers.push(number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=SOCKETS as u64).collect::<Vec<_>>());
}
