//! Frames as nobody would write them, from fixed seeds: no panic, no memory lost, and two people who talk
//! meanwhile notice nothing. `FUZZ_FRAMES` says how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::harness::program::NO_LIMITS;
use super::harness::{Follower, On, Person, Program, Socket, Transport, events_of_the_tables};
use super::slow_readers::memory;

const WORKERS: u64 = 8;
/// Of one connection, unless it is closed before.
const FRAMES_EACH: u64 = 200;
const PACKETS_OF_A_POST: u64 = 20;

const CHAT: &str = "/api/community/chat,";
/// With fields that mean something; every other event that there is comes with all fields, see [`events`].
const EVENTS: [&str; 12] = [
    r#"["send-message",{"message":"hello"}]"#,
    r#"["send-message",{"message":"hello","clientOffset":"one","roomId":"main-chat"}]"#,
    r#"["edit-message",{"messageId":"0190a0a0-0000-7000-8000-000000000000","message":"x"}]"#,
    r#"["delete-message",{"messageId":"0190a0a0-0000-7000-8000-000000000000"}]"#,
    r#"["load-messages",{"page":1,"limit":50}]"#,
    r#"["load-messages"]"#,
    r#"["typing",{"isTyping":true,"roomId":1}]"#,
    r#"["authenticate-user",{"userId":"0190a0a0-0000-7000-8000-000000000000"}]"#,
    r#"["join-room",{"roomId":"main-chat"}]"#,
    r#"["leave-room","main-chat"]"#,
    r#"["sync",{"rev":0,"epoch":"0190a0a0-0000-7000-8000-000000000000"}]"#,
    r#"["upload",{"_placeholder":true,"num":0}]"#,
];
/// Every event of docs/wire/own.md, with all that any of them takes.
fn events(room: &str, user: &str) -> Vec<String> {
    let fields = json!({
        "roomId": room, "userId": user, "messageId": "0190a0a0-0000-7000-8000-000000000000", "name": "Fuzz",
        "description": "x", "kind": "guild", "isPrivate": true, "idempotencyKey": "one", "seconds": 60, "seq": 3,
        "role": "moderator", "reason": "spam", "note": "x", "status": "away", "rev": 0, "page": 1, "limit": 5,
        "before": 9, "isTyping": true, "message": "/me hello", "characterId": 1, "clientOffset": "two",
    });
    let named = events_of_the_tables();
    assert!(named.len() >= 28, "{named:?}");
    let whole = |event: &String| {
        let mut fields = fields.clone();
        if event == "delete-room" {
            // The room is there for the others.
            fields["roomId"] = json!("no-such-room");
        }
        json!([event, fields]).to_string()
    };
    named.iter().map(whole).chain(EVENTS.map(str::to_owned)).collect()
}

const PIECES: [&str; 24] = [
    "\"",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "null",
    "-1",
    "1e999",
    "18446744073709551616",
    "\\ud800",
    "\\u0000",
    "\u{0}",
    "\u{1e}",
    "\u{feff}",
    "🦀",
    "[[[[[[[[",
    "{\"a\":",
    "42",
    "/",
    "?",
    "\u{202e}",
];

struct Fuzzer {
    rng: Rng,
    token: Arc<str>,
    events: Arc<[String]>,
}

impl Fuzzer {
    fn valid(&mut self) -> String {
        let event = &self.events[self.rng.usize(..self.events.len())];
        match self.rng.u8(0..16) {
            0 => format!("40{CHAT}{}", json!({ "token": *self.token })),
            1 => format!(
                "40{CHAT}{}",
                json!({ "token": "x", "resume": { "main-chat": 0, "1": -1 }, "serverOffset": 1.5 })
            ),
            2 => format!("41{CHAT}"),
            3 => format!("43{CHAT}7[{{}}]"),
            4 => format!("451-{CHAT}3{event}"),
            5 => ["2", "2probe", "3", "3probe", "5", "6", "40", "44{}", "1"][self.rng.usize(..9)].to_owned(),
            6 => format!("42{CHAT}{}{event}", self.rng.u64(..)),
            7 => format!("42{event}"),
            _ => format!("42{CHAT}{}{event}", self.rng.u8(..)),
        }
    }

    fn mutated(&mut self) -> Vec<u8> {
        let mut frame = self.valid().into_bytes();
        for _ in 0..self.rng.u8(0..4) {
            let at = self.rng.usize(..=frame.len());
            let end = self.rng.usize(at..=frame.len());
            match self.rng.u8(0..8) {
                0 => frame.truncate(at),
                1 => drop(frame.drain(at..end)),
                2 if at < frame.len() => frame[at] = self.rng.u8(..),
                3 if at < frame.len() => frame[at] ^= 1 << self.rng.u8(0..8),
                4 => {
                    let copy = frame[at..end].repeat(self.rng.usize(1..40));
                    frame.splice(at..at, copy);
                }
                5 => {
                    let other = self.valid().into_bytes();
                    frame.splice(at.., other);
                }
                _ => {
                    let piece = PIECES[self.rng.usize(..PIECES.len())];
                    frame.splice(at..at, piece.bytes());
                }
            }
        }
        frame
    }

    async fn by_websocket(&mut self, url: &str) -> u64 {
        let address = format!("{}/socket.io/?EIO=4&transport=websocket", url.replace("http", "ws"));
        let (stream, _) = connect_async(address).await.unwrap();
        let (mut send, mut receive) = stream.split();
        let reading = tokio::spawn(async move { while let Some(Ok(_)) = receive.next().await {} });
        if self.rng.u8(0..8) != 0 {
            let joining = format!("40{CHAT}{}", json!({ "token": *self.token }));
            send.send(Message::text(joining)).await.ok();
        }
        let mut sent = 0;
        while sent < FRAMES_EACH {
            let frame = self.mutated();
            let message = match String::from_utf8(frame) {
                Ok(text) if self.rng.u8(0..50) != 0 => Message::text(text),
                Ok(text) => Message::binary(text.into_bytes()),
                Err(bytes) if self.rng.u8(0..20) == 0 => Message::binary(bytes.into_bytes()),
                Err(bytes) => Message::text(String::from_utf8_lossy(bytes.as_bytes()).into_owned()),
            };
            sent += 1;
            // What is sent after the server closed it would prove nothing.
            tokio::task::yield_now().await;
            if send.send(message).await.is_err() || reading.is_finished() {
                break;
            }
        }
        send.close().await.ok();
        drop(send);
        reading.await.unwrap();
        sent
    }

    async fn by_posts(&mut self, url: &str, http: &reqwest::Client) -> u64 {
        let url = format!("{url}/socket.io/?EIO=4&transport=polling");
        let open = http.get(&url).send().await.unwrap().text().await.unwrap();
        let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
        let url = format!("{url}&sid={}", open["sid"].as_str().unwrap());
        let joining = format!("40{CHAT}{}", json!({ "token": *self.token }));
        http.post(&url).body(joining).send().await.unwrap();
        let mut sent = 0;
        while sent < FRAMES_EACH {
            let packets: Vec<Vec<u8>> = (0..PACKETS_OF_A_POST).map(|_| self.mutated()).collect();
            sent += PACKETS_OF_A_POST;
            let answer = http.post(&url).body(packets.join(&0x1e)).send().await.unwrap();
            assert!(!answer.status().is_server_error(), "{}", answer.status());
            if !answer.status().is_success() {
                break;
            }
        }
        // What came for it is read, and it goes.
        http.get(&url).timeout(Duration::from_millis(300)).send().await.ok();
        http.post(&url).body("1").send().await.ok();
        sent
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_as_nobody_would_write_them() {
    let frames: u64 = std::env::var("FUZZ_FRAMES").map_or(1_000_000, |frames| frames.parse().unwrap());
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let [ann, ben, fuzz] = ["ann", "ben", "fuzz"].map(|userid| program.account(userid));
    let token: Arc<str> = program.say(&["token", "--user", &fuzz.userid, "--ttl", "86400"]).into();
    let server = program.serve().await;
    let mut maker = Person::nobody(&server);
    maker.account = fuzz.clone();
    maker.account.token = token.to_string();
    let room = maker.make_room("Fuzz", false).await;
    let events: Arc<[String]> = events(room["id"].as_str().unwrap(), &ben.id).into();

    let done = Arc::new(AtomicBool::new(false));
    let talking = {
        let (mut a, mut b) =
            (Socket::with_token(&server.url, &ann.token).await, Socket::with_token(&server.url, &ben.token).await);
        let done = done.clone();
        tokio::spawn(async move {
            let mut slowest = Duration::ZERO;
            for number in 0.. {
                let text = format!("undisturbed {number}");
                let asked = Instant::now();
                let (_, ()) = tokio::join!(a.succeed("send-message", json!({ "message": text })), async {
                    while b.hear("message-received").await["message"] != text {}
                });
                a.heard.clear();
                slowest = slowest.max(asked.elapsed());
                if done.load(Ordering::Relaxed) {
                    return (number, slowest);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            unreachable!()
        })
    };

    // The server ends what is idle; a request that just then begins on it would fail.
    let http = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(1)).build().unwrap();
    let count = AtomicU64::new(0);
    // What one look sees swings by 20 MB, as the allocator gives back what it has; what was lost is never given back.
    let lowest = async || {
        let mut lowest = u64::MAX;
        for _ in 0..30 {
            lowest = lowest.min(memory(&server));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        lowest
    };
    let batch = async |round: u64, frames: u64| {
        let goal = count.load(Ordering::Relaxed) + frames;
        join_all((0..WORKERS).map(async |worker| {
            let mut fuzzer =
                Fuzzer { rng: Rng::with_seed(round * WORKERS + worker), token: token.clone(), events: events.clone() };
            while count.load(Ordering::Relaxed) < goal {
                let sent = if worker % 4 == 3 {
                    fuzzer.by_posts(&server.url, &http).await
                } else {
                    fuzzer.by_websocket(&server.url).await
                };
                count.fetch_add(sent, Ordering::Relaxed);
            }
        }))
        .await;
    };
    // Caches and buffers have their sizes after the first.
    batch(0, frames / 4).await;
    let (_, before) = tokio::join!(batch(1, frames / 8), lowest());
    batch(2, frames / 2).await;
    let (_, after) = tokio::join!(batch(3, frames / 8), lowest());
    done.store(true, Ordering::Relaxed);
    let (said, slowest) = talking.await.expect("the bystanders were disturbed");
    println!(
        "{} frames; memory {} kB, then {} kB; bystanders said {said}, the slowest took {slowest:?}",
        count.load(Ordering::Relaxed),
        before / 1024,
        after / 1024
    );
    assert!(after < before + 20_000_000, "memory grew from {before} to {after}");
    assert!(slowest < Duration::from_secs(3), "a bystander waited for {slowest:?}");
    let mut all = Follower::new(&server.url, &ann.token, Transport::WebSocket);
    all.come_back().await;
    all.follow_to(said).await;
    assert_eq!(all.breaches, Vec::<String>::new());
}
