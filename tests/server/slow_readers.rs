//! Readers that cannot keep up: closed with a reason, gone for everybody else, back with everything; the
//! others do not notice. `BURST=full` runs the burst at its full size.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::follower::fresh_history;
use super::harness::program::NO_LIMITS;
use super::harness::{Follower, On, Program, Server, Socket, Transport, eventually};

/// Connections that the system holds for the server, read or not.
pub fn held_by(server: &Server) -> usize {
    const ESTABLISHED: &str = "01";
    let port: u16 = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let local = format!("0100007F:{port:04X}");
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let is_held = |line: &&str| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next() == Some(&local) && columns.nth(1) == Some(ESTABLISHED)
    };
    table.lines().filter(is_held).count()
}

pub fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

async fn flood(sender: &mut Socket, messages: usize, text: &str) {
    flood_at_the_pace_of(sender, messages, text, &[]).await;
}

/// Never further ahead of these readers than half of what may wait for one.
async fn flood_at_the_pace_of(sender: &mut Socket, messages: usize, text: &str, readers: &[Arc<AtomicUsize>]) {
    let mut received = 0;
    for batch in (0..messages).step_by(100) {
        for number in batch..batch + 100 {
            sender.feed("send-message", &json!({ "message": format!("{number} {text}") })).await;
        }
        sender.flush().await;
        while received < batch + 100 {
            let message = sender.hear("message-received").await;
            assert!(message["message"].as_str().unwrap().starts_with(&format!("{received} ")), "in order");
            received += 1;
        }
        while readers.iter().any(|reader| reader.load(Ordering::Relaxed) + 200 < received) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Reads as fast as it can, keeps nothing, and counts what comes in order.
async fn read_all(mut socket: Socket, messages: usize, count: Arc<AtomicUsize>) {
    for number in 0..messages {
        let frame = loop {
            let frame = socket.next_frame().await.expect("a fast reader was closed");
            if frame.contains("\"message-received\"") {
                break frame;
            }
        };
        let in_order =
            frame.contains(&format!("\"message\":\"{number} ")) && frame.contains(&format!("\"seq\":{},", number + 1));
        assert!(in_order, "not number {number}: {frame}");
        count.store(number + 1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_reaches_the_fast_at_once_and_the_slow_when_they_come_back() {
    let (messages, fast, slow, stuck) =
        if std::env::var("BURST").is_ok_and(|size| size == "full") { (20_000, 175, 20, 5) } else { (2_000, 20, 4, 2) };
    let program = Program::on(On::Postgres, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    let (url, token) = (&server.url, &ben.token);
    let follower = async |transport| {
        let mut follower = Follower::new(url, token, transport);
        assert!(follower.come_back().await);
        follower
    };
    let mut closed = Vec::new();
    for _ in 0..stuck {
        closed.push(follower(Transport::NarrowWebSocket).await);
    }
    let mut slow_ones = Vec::new();
    for _ in 0..slow {
        let mut reader = follower(Transport::NarrowWebSocket).await;
        slow_ones.push(tokio::spawn(async move {
            while let Some(frame) = reader.socket.as_mut().unwrap().next_frame().await {
                reader.take(frame);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            reader
        }));
    }
    let (mut fast_ones, mut counts) = (Vec::new(), Vec::new());
    for _ in 0..fast {
        let count = Arc::<AtomicUsize>::default();
        counts.push(count.clone());
        fast_ones.push(tokio::spawn(read_all(Socket::with_token(url, token).await, messages, count)));
    }
    let before = memory(&server);
    let mut most = before;
    let text = "x".repeat(2000);
    let watching = async {
        loop {
            most = most.max(memory(&server));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = flood_at_the_pace_of(&mut sender, messages, &text, &counts) => {}
        () = watching => unreachable!(),
    }
    let grown = most - before;
    println!(
        "{messages} messages, {fast} fast readers, {slow} slow, {stuck} stuck: the server grew by {} kB",
        grown / 1024
    );
    assert!(grown < 64_000_000 + (fast + slow + stuck) * 3_000_000, "the server grew from {before} to {most} bytes");
    for reader in fast_ones {
        reader.await.unwrap();
    }
    for reader in slow_ones {
        closed.push(reader.await.unwrap());
    }
    let log = server.logged();
    assert_eq!(log.matches("code=\"slow_reader\"").count() as u64, slow + stuck, "those and no others were closed");
    let (history, rev) = fresh_history(&mut sender).await;
    assert_eq!(history.len(), messages);
    for mut reader in closed {
        reader.socket = None;
        reader.transport = Transport::WebSocket;
        reader.follow_to(rev).await;
        assert!(reader.breaches.is_empty() && reader.visible() == history, "{:?}", reader.breaches);
    }
}

/// The peer keeps its end open and reads nothing.
#[tokio::test]
async fn a_ghost_has_left_for_everybody_soon_and_its_connection_is_cut() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    let auth = json!({ "token": ben.token });
    let mut ghost = Socket::try_connect(&server.url, Transport::NarrowWebSocket, &auth).await.unwrap();
    let mut observer = Socket::with_token(&server.url, &ann.token).await;
    ghost.succeed("typing", json!({ "isTyping": true })).await;
    let started = Instant::now();
    let observing = tokio::spawn(async move {
        observer.hear("user-left").await;
        observer
    });
    flood(&mut sender, 1500, &"x".repeat(2000)).await;
    let _observer = observing.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "after {:?}", started.elapsed());
    eventually("only two connections are held", async || held_by(&server) == 2).await;
    // By itself the system would give it up after 12 s.
    assert!(started.elapsed() < Duration::from_secs(10), "after {:?}", started.elapsed());
    assert!(server.logged().contains("slow_reader"));
}

/// Who reads on hears why, after what was on its way.
#[tokio::test]
async fn a_slow_reader_is_told_why_it_is_closed() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    let mut reader = Follower::new(&server.url, &ben.token, Transport::WebSocket);
    reader.come_back().await;
    flood(&mut sender, 1500, &"x".repeat(2000)).await;
    while let Some(frame) = reader.socket.as_mut().unwrap().frame().await {
        reader.take(frame);
    }
    assert_eq!((reader.closed_for.as_slice(), &reader.breaches), (&["slow_reader".to_owned()][..], &Vec::new()));
    assert!(reader.rev < 1500, "it was closed before everything had gone out");
}
