//! The database goes away and comes back: nothing is acknowledged that is not stored, every refusal
//! comes soon and says so, and service returns by itself.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::{Postgres, Program, Server, Socket, eventually};

/// A client must not wait longer for its refusal.
const SOON: Duration = Duration::from_secs(6);

/// What is known of a client is old then, and asked for again before it goes on.
const BELIEVED_FOR: Duration = Duration::from_secs(31);

struct Talk {
    socket: Socket,
    acknowledged: Vec<Value>,
}

impl Talk {
    async fn send(&mut self, text: &str) -> Value {
        let asked = Instant::now();
        let answer = self.socket.ask("send-message", json!({ "message": text })).await;
        assert!(asked.elapsed() < SOON, "{text} was answered after {:?}", asked.elapsed());
        if answer["success"] == true {
            self.acknowledged.push(answer["data"].clone());
        }
        answer
    }

    async fn is_refused(&mut self, text: &str) {
        let answer = self.send(text).await;
        assert_eq!(answer["success"], false, "{answer}");
        let code = answer["code"].as_str().unwrap();
        assert!(["database_away", "outcome_unknown"].contains(&code), "{answer}");
        assert!(answer["retryIn"].is_u64());
    }

    async fn works_again(&mut self) {
        eventually("service returns", async || self.send("again").await["success"] == true).await;
    }
}

async fn readiness(server: &Server) -> u16 {
    reqwest::get(format!("{}/readyz", server.url)).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn sends_are_refused_soon_and_service_returns() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut talk = Talk { socket: Socket::with_token(&server.url, &ann.token).await, acknowledged: Vec::new() };
    talk.send("before").await;
    tokio::time::sleep(BELIEVED_FOR).await;

    postgres.crash();
    talk.is_refused("while it is gone").await;
    talk.is_refused("while it is still gone").await;
    assert_eq!(readiness(&server).await, 503);
    postgres.start();
    talk.works_again().await;
    // Those who read have connections of their own, which find out by themselves.
    eventually("it is ready", async || readiness(&server).await == 200).await;

    postgres.signal("STOP");
    talk.is_refused("while it does not answer").await;
    talk.is_refused("while it still does not answer").await;
    postgres.signal("CONT");
    talk.works_again().await;

    let history = talk.socket.succeed("load-messages", json!({ "limit": 1000 })).await;
    let stored = history["data"].as_array().unwrap();
    for message in &talk.acknowledged {
        assert_eq!(stored.iter().filter(|stored| *stored == message).count(), 1, "{message}");
    }
    let numbers: Vec<i64> = stored.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=stored.len() as i64).collect::<Vec<_>>(), "no gap");
}

/// A room that cannot be asked for is said so once the first one could not: the others would take as long.
#[tokio::test]
async fn a_handshake_with_many_rooms_is_not_held_up_by_each() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut before = Socket::with_token(&server.url, &ann.token).await;
    before.succeed("typing", json!({ "isTyping": false })).await;
    postgres.signal("STOP");
    let rooms: serde_json::Map<String, Value> = (0..10).map(|number| (format!("room-{number}"), json!(0))).collect();
    let mut socket = Socket::connect(&server.url, json!({ "token": ann.token, "resume": rooms })).await;
    let entered = Instant::now();
    for _ in 0..10 {
        let told = socket.hear("sync").await;
        assert_eq!((&told["code"], &told["complete"]), (&json!("database_away"), &json!(false)), "{told}");
        assert!(told["retryIn"].is_u64());
    }
    assert!(entered.elapsed() < SOON, "10 rooms took {:?}", entered.elapsed());
    before.succeed("typing", json!({ "isTyping": true })).await;
    assert_eq!(socket.hear("user-typing").await["isTyping"], true, "presence goes on");
    postgres.signal("CONT");
}

/// Who they are must be read for telling that they came; all else that time brings about goes on meanwhile.
#[tokio::test]
async fn newcomers_of_whom_nothing_is_known_hold_up_nobody() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let people = ["ann", "ben"].map(|userid| program.account(userid));
    let strangers: Vec<_> = (0..8).map(|number| program.account(&format!("stranger-{number}"))).collect();
    let server = program.serve().await;
    let [mut ann, mut ben] =
        futures_util::future::join_all(people.iter().map(|person| Socket::with_token(&server.url, &person.token)))
            .await
            .try_into()
            .unwrap_or_else(|_| panic!("two"));
    for socket in [&mut ann, &mut ben] {
        socket.succeed("typing", json!({ "isTyping": false })).await;
    }
    postgres.signal("STOP");
    let mut kept = Vec::new();
    ann.succeed("typing", json!({ "isTyping": true })).await;
    assert_eq!(ben.hear("user-typing").await["isTyping"], true);
    let began = Instant::now();
    let url = server.url.clone();
    let coming = tokio::spawn(async move {
        for stranger in strangers {
            kept.push(Socket::with_token(&url, &stranger.token).await);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        kept
    });
    assert_eq!(ben.hear("user-typing").await["isTyping"], false);
    assert!(began.elapsed() < Duration::from_secs(12), "it ended after {:?}", began.elapsed());
    postgres.signal("CONT");
    drop(coming.await);
}

/// Whoever reads the log sees when it went and when it was back, and hardly more.
#[tokio::test]
async fn an_absence_is_told_once_and_now_and_then() {
    const AWAY: Duration = Duration::from_secs(21);
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut talk = Talk { socket: Socket::with_token(&server.url, &ann.token).await, acknowledged: Vec::new() };
    let mut read = 0;
    let mut news = || {
        let lines: Vec<String> = server.logged().lines().skip(read).map(str::to_owned).collect();
        read += lines.len();
        lines
    };
    talk.send("before").await;
    news();
    for (goes, comes) in [("QUIT", None), ("STOP", Some("CONT"))] {
        let went = Instant::now();
        if comes.is_some() {
            postgres.signal(goes)
        } else {
            postgres.crash()
        }
        while went.elapsed() < AWAY {
            assert_eq!(talk.socket.ask("send-message", json!({ "message": "lost" })).await["success"], false);
            readiness(&server).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let lines = news();
        assert!((1..=3).contains(&lines.len()), "{goes}: {lines:#?}");
        assert!(lines[0].contains("the database "), "{lines:#?}");
        comes.map_or_else(|| postgres.start(), |signal| postgres.signal(signal));
        talk.works_again().await;
        let mut lines = Vec::new();
        eventually("its return is told", async || {
            lines.extend(news());
            lines.last().is_some_and(|line| line.contains("the database is back, after 2"))
        })
        .await;
        assert!(lines.len() <= 2, "{goes}: {lines:#?}");
        // Another one that is told at once.
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(news(), [""; 0]);
    }
}
