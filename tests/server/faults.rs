//! What goes wrong under a server: each send is stored once and said to be so, or refused in words that
//! say what to do; and service returns by itself.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::faults::{Breaks, Machine, Road};
use super::harness::follower::fresh_history;
use super::harness::person::{log_in, serve_to};
use super::harness::program::NO_LIMITS;
use super::harness::socket::as_ack;
use super::harness::{BOTH, Follower, On, Postgres, Program, Server, Socket, Transport, eventually};

/// A client must not wait longer for its refusal.
const SOON: Duration = Duration::from_secs(5);

async fn send(socket: &mut Socket, text: &str) -> Value {
    send_as(socket, text, text).await
}

async fn send_as(socket: &mut Socket, offset: &str, text: &str) -> Value {
    let asked = Instant::now();
    let answer = socket.ask("send-message", json!({ "message": text, "clientOffset": offset })).await;
    assert!(asked.elapsed() < SOON, "{offset} was answered after {:?}", asked.elapsed());
    answer
}

fn must_be_refused(answer: &Value) {
    let code = answer["code"].as_str().unwrap_or_default();
    assert!(["database_away", "outcome_unknown"].contains(&code) && answer["retryIn"].is_u64(), "{answer}");
}

async fn is_refused(socket: &mut Socket, text: &str) {
    must_be_refused(&send(socket, text).await);
}

async fn works_again(socket: &mut Socket, text: &str) {
    let began = Instant::now();
    eventually("service returns", async || send(socket, text).await["success"] == true).await;
    assert!(began.elapsed() < SOON, "back after {:?}", began.elapsed());
}

/// Somebody new without the command line, which would not be in the server's own mounts.
async fn signed_up(server: &Server, userid: &str) -> String {
    let http = reqwest::Client::new();
    let email = format!("{userid}@example.com");
    let body = json!({ "name": userid, "userid": userid, "email": email, "password": "correct horse" });
    let made = http.post(format!("{}/api/auth/signup", server.url)).json(&body).send().await.unwrap();
    assert_eq!(made.status(), 201);
    log_in(server, userid, "correct horse").await.1["accessToken"].as_str().unwrap().to_owned()
}

fn texts(history: &[Value]) -> Vec<&str> {
    history.iter().map(|message| message["message"].as_str().unwrap()).collect()
}

// The command line, which is waited for, goes over the road as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_is_said_and_a_retry_settles_it() {
    let database = Postgres::shared().database();
    let road = Road::to(&database).await;
    let program = Program::on_url(tempfile::tempdir().unwrap(), road.url.clone(), &[]);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let mut follower = Follower::new(&server.url, &ben.token, Transport::WebSocket);
    follower.come_back().await;
    send(&mut socket, "before").await;
    for (breaks, stored) in [(Breaks::AfterTheCommit, 2), (Breaks::BeforeTheCommit, 3)] {
        let text = format!("{breaks:?}");
        road.break_at_the_next_commit(breaks);
        let answer = send(&mut socket, &text).await;
        assert_eq!(answer["code"], "outcome_unknown", "{breaks:?}: {answer}");
        assert_eq!(answer["error"], "It is not known whether this was stored: try again with the same clientOffset");
        let again = send(&mut socket, &text).await;
        assert_eq!((&again["success"], &again["data"]["seq"]), (&json!(true), &json!(stored)), "{breaks:?}: {again}");
        assert_eq!(send(&mut socket, &text).await, again, "and any number of times");
    }
    let (history, rev) = fresh_history(&mut socket).await;
    follower.follow_to(rev).await;
    assert_eq!(texts(&history), ["before", "AfterTheCommit", "BeforeTheCommit"]);
    assert_eq!((follower.breaches.as_slice(), follower.visible()), (&[] as &[String], history));
}

/// The same client offset, at once from many connections, makes one message that is told once.
#[tokio::test]
async fn a_repeat_at_the_same_moment_is_answered_with_the_first() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        let mut follower = Follower::new(&server.url, &ben.token, Transport::WebSocket);
        follower.come_back().await;
        let sends = (0..20).map(|_| async {
            let mut socket = Socket::with_token(&server.url, &ann.token).await;
            send(&mut socket, "once").await
        });
        let answers = futures_util::future::join_all(sends).await;
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer["success"] == true), "{answers:?}");
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let last = send(&mut socket, "last").await;
        follower.follow_to(last["data"]["rev"].as_i64().unwrap()).await;
        assert_eq!((follower.breaches.as_slice(), follower.everything().len()), (&[] as &[String], 2));
    }
}

#[tokio::test]
async fn on_sqlite_an_answer_waits_for_the_disk() {
    let mut program = Program::on(On::Sqlite, &[]);
    let ann = program.account("ann");
    let machine = Machine::under(&mut program);
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    send(&mut socket, "at once").await;
    machine.set("sync-takes-ms", 700);
    let asked = Instant::now();
    send(&mut socket, "when it is on the disk").await;
    assert!(asked.elapsed() >= Duration::from_millis(700), "acknowledged after {:?}", asked.elapsed());
    machine.set("sync-takes-ms", 0);
    machine.set("sync-fails", 1);
    is_refused(&mut socket, "is it on the disk?").await;
    machine.set("sync-fails", 0);
    works_again(&mut socket, "is it on the disk?").await;
    let (history, _) = fresh_history(&mut socket).await;
    assert_eq!(texts(&history), ["at once", "when it is on the disk", "is it on the disk?"]);
}

#[tokio::test]
async fn the_clock_may_jump() {
    for database in BOTH {
        let mut program = Program::on(database, &[]);
        program.account("ann");
        let token = program.say(&["token", "--user", "ann", "--ttl", "604800"]);
        let machine = Machine::under(&mut program);
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &token).await;
        let mut follower = Follower::new(&server.url, &token, Transport::WebSocket);
        follower.come_back().await;
        let mut times = Vec::new();
        for (number, ahead) in [0, -3600, -3600, 86_400, 0, 0].into_iter().enumerate() {
            machine.set("clock-ahead-s", ahead);
            let sent = send(&mut socket, &format!("message {number}")).await;
            assert_eq!((&sent["success"], &sent["data"]["seq"]), (&json!(true), &json!(number + 1)), "{sent}");
            times.push(sent["data"]["created_at"].as_str().unwrap().to_owned());
        }
        assert!(times.is_sorted(), "{times:?}");
        let (history, rev) = fresh_history(&mut socket).await;
        follower.follow_to(rev).await;
        assert_eq!((follower.breaches.as_slice(), follower.visible()), (&[] as &[String], history));
    }
}

/// Fills what is left of a small disk that only a process of its own mounts sees.
struct Filler {
    path: String,
}

impl Filler {
    fn on(process: u32, path: &str) -> Filler {
        let path = format!("/proc/{process}/root{path}/filler");
        for block in [1 << 16, 1 << 10, 1] {
            let mut file = std::fs::File::options().create(true).append(true).open(&path).unwrap();
            while std::io::Write::write_all(&mut file, &vec![b'x'; block]).is_ok() {}
        }
        Filler { path }
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

async fn fills_up(server: &Server, token: &str, fill: impl Fn() -> Filler) {
    let mut socket = Socket::with_token(&server.url, token).await;
    let mut follower = Follower::new(&server.url, token, Transport::WebSocket);
    follower.come_back().await;
    assert_eq!(send(&mut socket, "while there is room").await["success"], true);
    let filler = fill();
    let (mut sent, mut refused, mut acknowledged) = (0, 0, Vec::new());
    // What was there before the disk was full may still be used up, also what PostgreSQL gives back meanwhile.
    while refused < 2 {
        let answer = send_as(&mut socket, &sent.to_string(), &format!("{sent} {}", "x".repeat(4000))).await;
        sent += 1;
        if answer["success"] == true {
            acknowledged.push(answer["data"].clone());
        } else {
            must_be_refused(&answer);
            refused += 1;
        }
        assert!(sent < 20_000, "the disk does not fill up");
    }
    let taken = acknowledged.len();
    drop(filler);
    works_again(&mut socket, "when there is room again").await;
    let (history, rev) = fresh_history(&mut socket).await;
    assert!((taken..=taken + 4).contains(&(history.len() - 2)), "{} of {taken}", history.len());
    assert!(acknowledged.iter().all(|message| history.contains(message)), "an acknowledged message is gone");
    follower.follow_to(rev).await;
    assert!(follower.breaches.is_empty() && follower.visible() == history, "{:?}", follower.breaches);
}

#[tokio::test]
async fn a_full_disk_under_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk").display().to_string();
    std::fs::create_dir(&disk).unwrap();
    let program = Program::on_url(folder, format!("sqlite://{disk}/chat.db?mode=rwc"), &[])
        .in_its_own_mounts(&format!(r#"mount -t tmpfs -o size=4m none "{disk}"; exec "$@""#));
    let server = program.serve().await;
    let token = signed_up(&server, "ann").await;
    fills_up(&server, &token, || Filler::on(server.pid(), &disk)).await;
}

#[tokio::test]
async fn a_full_disk_under_postgresql() {
    let postgres = Postgres::on_a_small_disk();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    fills_up(&server, &ann.token, || Filler::on(postgres.process(), &postgres.disk())).await;
}

#[test]
fn a_folder_that_cannot_be_written_to_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let (port, url) = (super::harness::free_port().to_string(), format!("sqlite://{data}/chat.db?mode=rwc"));
    let program = Program::on_url(tempfile::tempdir().unwrap(), url, &[("PORT", &port)]).in_its_own_mounts(&format!(
        r#"mount -o bind "{data}" "{data}"; mount -o remount,bind,ro "{data}"; exec "$@""#
    ));
    let output = program.try_to_serve();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    let reason = said.lines().last().unwrap();
    assert!(reason.starts_with("community-chat: ") && reason.contains(&data), "{said}");
}

/// It could still be written to, and would be gone with the process.
#[tokio::test]
async fn a_database_file_that_is_moved_away_is_missed() {
    let program = Program::on(On::Sqlite, &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    send(&mut socket, "before").await;
    let (file, elsewhere) = (program.folder.path().join("chat.db"), program.folder.path().join("elsewhere.db"));
    std::fs::rename(&file, &elsewhere).unwrap();
    is_refused(&mut socket, "while it is away").await;
    assert_eq!(reqwest::get(format!("{}/readyz", server.url)).await.unwrap().status(), 503);
    std::fs::rename(&elsewhere, &file).unwrap();
    works_again(&mut socket, "back again").await;
}

/// The feed of a quiet room hears of it, however busy the others are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_doubt_is_told_while_others_talk() {
    let road = Road::to(&Postgres::shared().database()).await;
    let program = Program::on_url(tempfile::tempdir().unwrap(), road.url.clone(), NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    program.say(&["room", "add", "--slug", "garden", "--name", "The garden"]);
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let mut listener = Socket::with_token(&server.url, &ben.token).await;
    for socket in [&mut socket, &mut listener] {
        socket.succeed("join-room", json!("garden")).await;
    }
    road.break_at_the_next_commit(Breaks::AfterTheCommit);
    let answer = socket.ask("send-message", json!({ "message": "is it told?", "roomId": "garden" })).await;
    assert_eq!(answer["code"], "outcome_unknown", "{answer}");
    let told = async { while listener.hear("message-received").await["message"] != "is it told?" {} };
    let others_talk = async {
        loop {
            send(&mut socket, &uuid::Uuid::new_v4().to_string()).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = told => {}
        () = others_talk => {}
        () = tokio::time::sleep(SOON) => panic!("it was not told while others talked"),
    }
}

/// Of a batch that fails, each is looked at alone: one author was removed, one row is refused by the
/// database, and the third is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_the_database_refuses_is_refused_alone() {
    let program = Program::on(On::Postgres, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let query = |sql: &str| Postgres::shared().query(&program.database_url, sql);
    query(
        "CREATE FUNCTION refuse_boom() RETURNS trigger LANGUAGE plpgsql AS \
            $$ BEGIN IF NEW.message = 'boom' THEN RAISE 'boom'; END IF; RETURN NULL; END $$; \
         CREATE TRIGGER zz_refuse_boom AFTER INSERT ON \"CommunityChats\" \
            FOR EACH ROW EXECUTE FUNCTION refuse_boom()",
    );
    let mut removed = Socket::with_token(&server.url, &ann.token).await;
    let mut socket = Socket::with_token(&server.url, &ben.token).await;
    let (postgres, url) = (Postgres::shared(), &program.database_url);
    let held_up = postgres.hold(url, "SELECT 1 FROM chat_rooms WHERE number = 1 FOR UPDATE").await;
    let first = socket.feed("send-message", &json!({ "message": "first" })).await;
    socket.flush().await;
    eventually("the first waits for it", async || postgres.is_waited_for(url)).await;
    let gone = removed.feed("send-message", &json!({ "message": "from nobody" })).await;
    // Answered when the one before stands in the queue.
    removed.succeed("typing", json!({ "isTyping": false })).await;
    query(&format!("DELETE FROM \"Users\" WHERE id = '{}'", ann.id));
    let boom = socket.feed("send-message", &json!({ "message": "boom" })).await;
    let fine = socket.feed("send-message", &json!({ "message": "fine" })).await;
    socket.flush().await;
    let mut answers = std::collections::HashMap::new();
    while answers.len() < 3 {
        answers.extend(as_ack(&socket.frame().await.unwrap()));
    }
    assert_eq!(answers[&first]["success"], true);
    assert_eq!((&answers[&boom]["success"], &answers[&boom]["code"]), (&json!(false), &json!("failed")), "{answers:?}");
    assert_eq!(answers[&fine]["data"]["seq"], 2, "{answers:?}");
    let (id, refused) = loop {
        if let Some(answer) = as_ack(&removed.frame().await.unwrap()) {
            break answer;
        }
    };
    assert_eq!(
        (id, &refused["success"], &refused["code"]),
        (gone, &json!(false), &json!("not_authenticated")),
        "{refused}"
    );
    assert!(server.logged().contains("cannot store a message: boom"), "{}", server.logged());
    held_up.join().unwrap();
}

/// The same offset at once in two rooms is one message, in the first. Whoever was put out of that one meanwhile
/// is not shown it, and the second send costs nothing: nothing was stored for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offset_that_is_refused_costs_nothing() {
    let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("RATE_LIMIT_MESSAGES_PER_MINUTE", "9")]).collect();
    let (program, _server, [ann, ben]) = serve_to(On::Postgres, &settings, ["ann", "ben"]).await;
    let garden = ann.make_room("Garden", false).await["id"].as_str().unwrap().to_owned();
    let mut socket = ben.socket().await;
    socket.succeed("join-room", json!(garden)).await;
    let (postgres, url) = (Postgres::shared(), &program.database_url);
    let held_up = postgres.hold(url, "SELECT 1 FROM chat_rooms FOR UPDATE").await;
    let in_garden = json!({ "message": "once", "clientOffset": "same", "roomId": garden });
    let first = socket.feed("send-message", &in_garden).await;
    let second = socket.feed("send-message", &json!({ "message": "once", "clientOffset": "same" })).await;
    // Answered when those before stand in the queue.
    let queued = socket.feed("typing", &json!({ "isTyping": false })).await;
    socket.flush().await;
    let mut answers = std::collections::HashMap::new();
    while !answers.contains_key(&queued) {
        answers.extend(as_ack(&socket.frame().await.unwrap()));
    }
    eventually("the first waits for its room", async || postgres.is_waited_for(url)).await;
    ann.rest("PUT", &format!("/api/rooms/{garden}/bans/{}", ben.id()), json!({})).await;
    while answers.len() < 3 {
        answers.extend(as_ack(&socket.frame().await.unwrap()));
    }
    held_up.join().unwrap();
    assert_eq!(answers[&first]["data"]["message"], "once", "{answers:?}");
    assert_eq!(answers[&second]["success"], false, "put out before it was answered: {answers:?}");
    let third = socket.succeed("send-message", json!({ "message": "twice" })).await;
    assert_eq!((&third["data"]["seq"], &third["budget"]["left"]), (&json!(1), &json!(7)), "{third}");
}
