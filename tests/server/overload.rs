//! Limits on everything that a stranger can send: a clear refusal, then a close, and nobody else feels it.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::socket::{NAMESPACE, as_ack, as_event};
use super::harness::{On, Postgres, Program, Server, Socket, Transport};

/// Sends events without waiting; gives their answers, and why the connection was closed if it was.
async fn pour(socket: &mut Socket, events: u64) -> (Vec<Value>, Option<Value>) {
    for _ in 0..events {
        socket.try_feed("typing", &json!({ "isTyping": false })).await;
    }
    socket.try_flush().await;
    let (mut answers, mut closed) = (Vec::new(), None);
    while let Some(frame) = socket.frame().await {
        answers.extend(as_ack(&frame).map(|(_, answer)| answer));
        closed = closed.or(as_event(&frame).filter(|(name, _)| name == "connection-closed").map(|(_, why)| why));
        if answers.len() as u64 == events {
            break;
        }
    }
    (answers, closed)
}

fn counts(answers: &[Value]) -> (usize, usize) {
    let refused = answers.iter().filter(|answer| answer["code"] == "slow_down" && answer["retryIn"].is_u64()).count();
    (answers.iter().filter(|answer| answer["success"] == true).count(), refused)
}

/// What somebody else does meanwhile works at once.
async fn bystander_talks(server: &Server, token: &str) {
    let asked = Instant::now();
    let mut bystander = Socket::with_token(&server.url, token).await;
    bystander.succeed("send-message", json!({ "message": "not disturbed" })).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "disturbed for {:?}", asked.elapsed());
}

#[tokio::test]
async fn events_of_a_connection_then_it_is_closed() {
    let settings = [("RATE_LIMIT_EVENTS_PER_SECOND", "1"), ("RATE_LIMIT_EVENTS_BURST", "11")];
    let program = Program::on(On::Sqlite, &unlimited(&settings));
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    // The eleventh is its CONNECT.
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    assert_eq!(counts(&pour(&mut socket, 15).await.0), (10, 5));
    bystander_talks(&server, &ben.token).await;
    let (answers, closed) = pour(&mut socket, 40).await;
    assert!((15..=16).contains(&counts(&answers).1), "20 in a row and no more: {answers:?}");
    assert_eq!(closed.unwrap()["code"], "too_many_refusals");
    assert_eq!(socket.frame().await, None);
}

#[tokio::test]
async fn events_of_all_connections_of_an_account_and_of_an_address() {
    for name in ["RATE_LIMIT_EVENTS_PER_SECOND_PER_USER", "RATE_LIMIT_EVENTS_PER_SECOND_PER_IP"] {
        let program = Program::on(On::Sqlite, &unlimited(&[(name, "2")]));
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        let mut first = Socket::with_token(&server.url, &ann.token).await;
        let mut second = Socket::with_token(&server.url, &ann.token).await;
        let (fine, _) = counts(&pour(&mut first, 8).await.0);
        let (answers, _) = pour(&mut second, 8).await;
        let (more, refused) = counts(&answers);
        // Five seconds' worth, and what comes back meanwhile; an address pays for each CONNECT too.
        assert!((8..=13).contains(&(fine + more)) && refused >= 3, "{name}: {answers:?}");
        if name.ends_with("USER") {
            bystander_talks(&server, &ben.token).await;
        }
    }
}

#[tokio::test]
async fn connections_of_an_account_and_of_an_address() {
    let settings = [("MAX_CONNECTIONS_PER_USER", "2"), ("MAX_CONNECTIONS_PER_IP", "4")];
    let program = Program::on(On::Sqlite, &unlimited(&settings));
    let ann = program.account("ann");
    let server = program.serve().await;
    let _kept = [Socket::with_token(&server.url, &ann.token).await, Socket::with_token(&server.url, &ann.token).await];
    let mut third = Socket::open(&server.url).await;
    third.send(format!("40{NAMESPACE},{}", json!({ "token": ann.token }))).await;
    let refused = third.frame().await.unwrap();
    assert!(refused.starts_with("44") && refused.contains("2 are allowed"), "{refused}");
    let _fourth = Socket::open(&server.url).await;
    assert!(Socket::try_open(&server.url, Transport::WebSocket).await.is_none());
    let handshake = format!("{}/socket.io/?EIO=4&transport=polling", server.url);
    let answer = reqwest::get(&handshake).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["message"],
        "Too many connections from this address: 4 are allowed"
    );
    // Those who say nothing at all are counted as well.
    let address = server.url.strip_prefix("http://").unwrap();
    let mut silent = Vec::new();
    let refusal = loop {
        assert!(silent.len() < 20, "nobody counts them");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut said = String::new();
        let reading = tokio::time::timeout(Duration::from_millis(200), stream.read_to_string(&mut said));
        if reading.await.is_ok() {
            break said;
        }
        silent.push(stream);
    };
    assert!(refusal.starts_with("HTTP/1.1 429 ") && refusal.contains("too_many_connections"), "{refusal}");
    drop(silent);
    super::harness::eventually("the address may come back", async || reqwest::get(&server.url).await.is_ok()).await;
}

#[tokio::test]
async fn rooms_of_a_connection() {
    let program = Program::on(On::Postgres, NO_LIMITS);
    let ann = program.account("ann");
    let rooms = "INSERT INTO chat_rooms (id, slug, name, kind, created_at)
                 SELECT gen_random_uuid(), 'room-n' || n, 'Room', 'public', 0 FROM generate_series(1, 505) n";
    Postgres::shared().query(&program.database_url, rooms);
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    for number in 1..500 {
        socket.succeed("join-room", json!(format!("room-n{number}"))).await;
    }
    let refused = socket.ask("join-room", json!("room-n500")).await;
    assert_eq!((&refused["code"], &refused["success"]), (&json!("too_many_rooms"), &json!(false)));
    socket.succeed("leave-room", json!("room-n7")).await;
    socket.succeed("join-room", json!("room-n500")).await;
}

#[tokio::test]
async fn a_packet_that_is_too_large_ends_its_connection_only() {
    let program = Program::on(On::Sqlite, &unlimited(&[("MAX_HTTP_BUFFER_SIZE", "20000")]));
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let text = "x".repeat(30_000);
    for transport in [Transport::WebSocket, Transport::Polling] {
        let auth = json!({ "token": ann.token });
        let mut socket = Socket::try_connect(&server.url, transport, &auth).await.unwrap();
        socket.try_feed("send-message", &json!({ "message": text })).await;
        let sent = socket.try_flush().await;
        // Until its end, which does not come where the packet is taken.
        while sent.is_some()
            && let Some(frame) = socket.frame().await
        {
            assert!(as_ack(&frame).is_none(), "{transport:?}: {frame}");
        }
        bystander_talks(&server, &ben.token).await;
    }
}

#[tokio::test]
async fn thousands_of_events_in_one_post() {
    let program = Program::on(On::Sqlite, &[]);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let auth = json!({ "token": ann.token });
    let mut socket = Socket::try_connect(&server.url, Transport::Polling, &auth).await.unwrap();
    let (answers, closed) = pour(&mut socket, 9000).await;
    let (fine, refused) = counts(&answers);
    assert!((499..700).contains(&fine), "{fine} were taken");
    // Each that is taken in between, since time has passed, begins the row anew.
    assert!((15..=20 * (fine - 498)).contains(&refused), "{fine} were taken, {refused} refused");
    assert_eq!(closed.unwrap()["code"], "too_many_refusals");
    bystander_talks(&server, &ben.token).await;
}

#[tokio::test]
async fn connects_in_vain() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    let mut socket = Socket::open(&server.url).await;
    for _ in 0..10 {
        socket.send(format!("40{NAMESPACE},{}", json!({ "token": "forged" }))).await;
        let refusal = socket.frame().await.unwrap();
        assert!(refusal.contains("Unauthorized - Invalid token"), "{refusal}");
    }
    assert_eq!(socket.frame().await, None);
}

/// A message that was stored is answered, whatever the pace.
#[tokio::test]
async fn a_repeat_is_never_too_much() {
    let program = Program::on(On::Sqlite, &unlimited(&[("RATE_LIMIT_MESSAGES_PER_MINUTE", "2")]));
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let first = socket.succeed("send-message", json!({ "message": "one", "clientOffset": "1" })).await;
    socket.succeed("send-message", json!({ "message": "two", "clientOffset": "2" })).await;
    assert_eq!(
        socket.ask("send-message", json!({ "message": "three", "clientOffset": "3" })).await["code"],
        "slow_down"
    );
    let again = socket.succeed("send-message", json!({ "message": "one", "clientOffset": "1" })).await;
    assert_eq!(again["data"], first["data"]);
}

/// What only asks is not worked off for somebody who is gone.
#[tokio::test]
async fn who_asks_and_goes_costs_no_more() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    let text = "x".repeat(4000);
    for number in 0..500 {
        sender.succeed("send-message", json!({ "message": format!("{number} {text}") })).await;
    }
    for _ in 0..5 {
        let mut asker = Socket::with_token(&server.url, &ben.token).await;
        for _ in 0..300 {
            asker.feed("load-messages", &json!({ "limit": 1000 })).await;
        }
        asker.feed("send-message", &json!({ "message": "my last words" })).await;
        asker.flush().await;
    }
    let gone = Instant::now();
    super::harness::eventually("their last words are stored", async || {
        sender.succeed("load-messages", json!({ "limit": 1 })).await["pagination"]["total"] == 505
    })
    .await;
    assert!(gone.elapsed() < Duration::from_secs(8), "1500 lists took {:?}", gone.elapsed());
}

/// All of it, in its order, and as whom it was sent.
#[tokio::test]
async fn what_is_to_be_done_is_done_for_who_is_gone() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut watcher = Socket::with_token(&server.url, &ann.token).await;
    let text = "x".repeat(4000);
    for number in 0..300 {
        watcher.succeed("send-message", json!({ "message": format!("{number} {text}") })).await;
    }
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    for _ in 0..100 {
        socket.feed("load-messages", &json!({ "limit": 1000 })).await;
    }
    socket.feed("create-room", &json!({ "name": "The cellar", "slug": "cellar" })).await;
    socket.feed("authenticate-user", &json!({ "token": ben.token })).await;
    socket.feed("send-message", &json!({ "message": "from ben" })).await;
    socket.flush().await;
    drop(socket);
    let last = loop {
        let message = watcher.hear("message-received").await;
        if message["message"] == "from ben" {
            break message;
        }
    };
    assert_eq!(last["User"]["userid"], "ben");
    assert!(program.say(&["room", "list"]).contains("cellar"));
}

/// A head, a body, a CONNECT that never comes.
#[tokio::test]
async fn who_takes_for_ever_is_not_waited_for() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    let address = server.url.strip_prefix("http://").unwrap();
    let until_closed = async |bytes: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let started = Instant::now();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.ok();
        (started.elapsed().as_secs(), said)
    };
    let joins_nothing = async {
        let mut socket = Socket::open(&server.url).await;
        let started = Instant::now();
        assert_eq!(socket.frame().await, None);
        started.elapsed().as_secs()
    };
    let body =
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    let (head, body, silent) =
        tokio::join!(until_closed("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "), until_closed(body), joins_nothing);
    assert!((9..15).contains(&head.0), "a head: {head:?}");
    assert!((28..36).contains(&body.0) && body.1.starts_with("HTTP/1.1 408"), "a body: {body:?}");
    assert!((9..15).contains(&silent), "joining nothing: {silent} s");
}

#[tokio::test]
async fn upgrades_of_pages_of_other_origins() {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let program = Program::on(On::Sqlite, &[("CORS_ORIGIN", "https://chat.example")]);
    let server = program.serve().await;
    let upgrade = async |origin: &str| {
        let address = format!("{}/socket.io/?EIO=4&transport=websocket", server.url.replace("http", "ws"));
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        tokio_tungstenite::connect_async(request).await
    };
    assert!(upgrade("https://chat.example").await.is_ok());
    assert!(upgrade("https://evil.example").await.unwrap_err().to_string().contains("403"));
}

/// Who shares an address shares its budget; they are asked to wait, and not sent away for what others do.
#[tokio::test]
async fn neighbours_of_a_flood_are_not_closed_for_it() {
    let program = Program::on(On::Sqlite, &unlimited(&[("RATE_LIMIT_EVENTS_PER_SECOND_PER_IP", "2")]));
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut neighbour = Socket::with_token(&server.url, &ben.token).await;
    let mut flood = Socket::with_token(&server.url, &ann.token).await;
    assert!(counts(&pour(&mut flood, 15).await.0).1 > 0);
    let (answers, closed) = pour(&mut neighbour, 40).await;
    assert_eq!((answers.len(), closed), (40, None));
    assert!(counts(&answers).1 > 20, "{answers:?}");
    super::harness::eventually("there is a budget again", async || {
        neighbour.ask("typing", json!({ "isTyping": false })).await["success"] == true
    })
    .await;
}

#[tokio::test]
async fn who_has_spent_everything_may_still_leave() {
    let settings = [("RATE_LIMIT_EVENTS_PER_SECOND", "1"), ("RATE_LIMIT_EVENTS_BURST", "3")];
    let program = Program::on(On::Sqlite, &unlimited(&settings));
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut observer = Socket::with_token(&server.url, &ann.token).await;
    let mut socket = Socket::with_token(&server.url, &ben.token).await;
    assert!(counts(&pour(&mut socket, 6).await.0).1 > 0);
    socket.send(format!("41{NAMESPACE},")).await;
    observer.hear("user-left").await;
    // Only from where one is.
    for _ in 0..30 {
        socket.try_send(format!("41{NAMESPACE},")).await;
    }
    while let Some(frame) = socket.frame().await {
        assert!(as_ack(&frame).is_none(), "{frame}");
    }
}

#[tokio::test]
async fn attachments_without_end() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let event = json!(["send-message", { "_placeholder": true, "num": 0 }]);
    for (announced, closed) in [(1, false), (16, false), (30, false), (u32::MAX, true)] {
        socket.send(format!("45{announced}-{NAMESPACE},7{event}")).await;
        for _ in 0..announced.min(100) {
            socket.try_send_bytes(vec![0; 10]).await;
        }
        socket.try_feed("typing", &json!({ "isTyping": false })).await;
        socket.try_flush().await;
        let mut answers = Vec::new();
        while answers.len() < 2
            && let Some(frame) = socket.frame().await
        {
            answers.extend(as_ack(&frame).map(|(_, answer)| answer["success"].clone()));
        }
        let expected = if closed { vec![json!(false)] } else { vec![json!(false), json!(true)] };
        assert_eq!(answers, expected, "{announced} were announced");
    }
}

/// Socket.IO 2 has a text where later ones have an object.
#[tokio::test]
async fn an_old_client_is_refused_in_its_own_words() {
    let settings = [("RATE_LIMIT_EVENTS_PER_SECOND", "1"), ("RATE_LIMIT_EVENTS_BURST", "1"), ("ALLOW_EIO3", "true")];
    let program = Program::on(On::Sqlite, &unlimited(&settings));
    let server = program.serve().await;
    let address = format!("{}/socket.io/?EIO=3&transport=websocket", server.url.replace("http", "ws"));
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    // It is in `/` without asking, which spends what there is.
    socket.send(Message::text(format!("40{NAMESPACE},"))).await.unwrap();
    let refusal = loop {
        let frame = socket.next().await.unwrap().unwrap().into_text().unwrap().to_string();
        if frame.starts_with("44") {
            break frame;
        }
    };
    assert_eq!(refusal, format!("44{NAMESPACE},\"Too many events, please slow down\""));
}
