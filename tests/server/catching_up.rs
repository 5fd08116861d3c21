//! Coming back after a while: exactly what was missed, in pages, joined to what goes on.

use serde_json::{Value, json};

use super::harness::follower::fresh_history;
use super::harness::program::NO_LIMITS;
use super::harness::socket::{NAMESPACE, as_ack, as_event};
use super::harness::{BOTH, Follower, Program, Socket, Transport};

async fn say(socket: &mut Socket, texts: impl Iterator<Item = String>) -> Vec<Value> {
    let mut sent = Vec::new();
    for text in texts {
        sent.push(socket.succeed("send-message", json!({ "message": text })).await["data"].clone());
    }
    sent
}

#[tokio::test]
async fn a_long_absence_is_told_page_by_page_while_others_go_on_talking() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        let mut sender = Socket::with_token(&server.url, &ann.token).await;
        let mut early = Follower::new(&server.url, &ben.token, Transport::WebSocket);
        early.come_back().await;
        let text = "x".repeat(1000);
        let sent = say(&mut sender, (0..1500).map(|number| format!("{number} {text}"))).await;
        for message in sent.iter().step_by(7) {
            sender.succeed("edit-message", json!({ "messageId": message["id"], "message": "edited" })).await;
        }
        for message in sent.iter().step_by(10) {
            sender.succeed("delete-message", json!({ "messageId": message["id"] })).await;
        }
        let talk = tokio::spawn(async move {
            say(&mut sender, (0..300).map(|number| format!("meanwhile {number}"))).await;
            sender
        });
        let mut late: Vec<Follower> = [Transport::WebSocket, Transport::NarrowWebSocket, Transport::Polling]
            .into_iter()
            .map(|transport| Follower::new(&server.url, &ben.token, transport))
            .collect();
        for follower in &mut late {
            assert!(follower.come_back().await);
            follower.follow_to(1500).await;
        }
        let (history, rev) = fresh_history(&mut talk.await.unwrap()).await;
        assert_eq!(history.len(), 1500 - 150 + 300);
        for follower in late.iter_mut().chain([&mut early]) {
            follower.follow_to(rev).await;
            assert!(follower.breaches.is_empty(), "{:?}: {:?}", follower.transport, follower.breaches);
            assert!(follower.visible() == history, "{:?} shows something else than the history", follower.transport);
        }
    }
}

#[tokio::test]
async fn what_one_asks_is_not_held_up_by_what_one_missed() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let text = "x".repeat(4000);
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    say(&mut sender, (0..400).map(|number| format!("{number} {text}"))).await;
    let mut late = Follower::new(&server.url, &ben.token, Transport::NarrowWebSocket);
    late.come_back().await;
    let socket = late.socket.as_mut().unwrap();
    let mut asked = Vec::new();
    for (event, payload) in [
        ("send-message", json!({ "message": "I am back" })),
        ("load-messages", json!({ "limit": 1 })),
        // Pages of one room do not mix, so these wait; what comes after them does not.
        ("join-room", json!({ "roomId": "main-chat" })),
        ("sync", json!({ "rev": 400 })),
        ("typing", json!({ "isTyping": true })),
        ("leave-room", json!({ "roomId": "main-chat" })),
    ] {
        asked.push(socket.feed(event, &payload).await);
    }
    socket.flush().await;
    let mut answers = std::collections::HashMap::new();
    while answers.len() < asked.len() {
        let frame = late.socket.as_mut().unwrap().frame().await.unwrap();
        if let Some((id, answer)) = late.take(frame).as_deref().and_then(as_ack) {
            assert_eq!(answer["success"], true, "{answer}");
            answers.insert(id, (late.rev, late.is_caught_up(), answer));
        }
    }
    let [sent, loaded, joined, synced, typed, left] = [0, 1, 2, 3, 4, 5].map(|at: usize| &answers[&asked[at]]);
    for (rev, _, answer) in [sent, loaded, typed] {
        assert!(*rev < 400, "answered when everything was read: {answer}");
    }
    for (_, caught_up, answer) in [joined, synced, left] {
        assert!(caught_up, "answered before everything was read: {answer}");
    }
    assert_eq!(
        (&loaded.2["rev"], &joined.2["data"]["rev"]),
        (&json!(401), &json!(401)),
        "they see what was sent before"
    );
    assert_eq!(synced.2["data"]["messages"], json!([sent.2["data"]]));
    late.follow_to(401).await;
    assert_eq!((late.breaches.as_slice(), &late.everything()[&401]), (&[] as &[String], &sent.2["data"]));
}

#[tokio::test]
async fn who_asks_gets_a_page_and_asks_for_the_next() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let sent = say(&mut socket, (0..1200).map(|number| format!("number {number}"))).await;
    let (mut rev, mut pages, mut told) = (0, 0, Vec::new());
    loop {
        let page = socket.succeed("sync", json!({ "rev": rev })).await["data"].clone();
        assert_eq!(page["complete"], true);
        told.extend(page["messages"].as_array().unwrap().iter().cloned());
        rev = page["rev"].as_i64().unwrap();
        pages += 1;
        if page["more"] == false {
            break;
        }
        assert_eq!(told.last().unwrap()["rev"], rev);
    }
    assert_eq!((told, pages), (sent, 3));
    let another = uuid::Uuid::nil();
    let lost = socket.succeed("sync", json!({ "rev": rev, "epoch": another })).await["data"].clone();
    assert_eq!((&lost["complete"], &lost["more"], &lost["messages"]), (&json!(false), &json!(false), &json!([])));
}

/// Across a restart too, and with what others did meanwhile.
#[tokio::test]
async fn after_a_restart_exactly_what_was_missed() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let port = super::harness::free_port();
        let server = program.serve_on(port).await;
        let mut sender = Socket::with_token(&server.url, &ann.token).await;
        let mut follower = Follower::new(&server.url, &ben.token, Transport::WebSocket);
        follower.come_back().await;
        let sent = say(&mut sender, (0..5).map(|number| format!("before {number}"))).await;
        follower.follow_to(5).await;
        follower.socket = None;
        sender.succeed("edit-message", json!({ "messageId": sent[0]["id"], "message": "edited" })).await;
        sender.succeed("delete-message", json!({ "messageId": sent[1]["id"] })).await;
        server.kill();
        let server = program.serve_on(port).await;
        let mut sender = Socket::with_token(&server.url, &ann.token).await;
        say(&mut sender, ["after".to_owned()].into_iter()).await;
        let (history, rev) = fresh_history(&mut sender).await;
        follower.follow_to(rev).await;
        assert_eq!(follower.breaches, Vec::<String>::new());
        assert_eq!(follower.visible(), history);
    }
}

/// Who may not see a room is told nothing of it, whatever rev they name.
#[tokio::test]
async fn only_what_one_may_see() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let ann = program.account("ann");
    program.say(&["room", "add", "--slug", "cellar", "--name", "The cellar", "--private"]);
    let server = program.serve().await;
    let auth = json!({ "token": ann.token, "resume": { "cellar": 0, "no-such-room": 0 } });
    let mut socket = Socket::connect(&server.url, auth).await;
    for _ in 0..2 {
        let told = socket.hear("sync").await;
        assert_eq!((&told["code"], &told["complete"]), (&json!("room_not_found"), &json!(false)), "{told}");
    }
    let answer = socket.ask("sync", json!({ "roomId": "cellar", "rev": 0 })).await;
    assert_eq!(answer["error"], "Room not found");
}

/// Far more than is on its way to somebody who reads nothing.
async fn much_to_tell(sender: &mut Socket, room: &str) {
    let text = "x".repeat(4000);
    for number in 0..400 {
        sender.succeed("send-message", json!({ "message": format!("{number} {text}"), "roomId": room })).await;
    }
}

#[tokio::test]
async fn a_token_that_ends_ends_the_telling_of_a_room() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let ann = program.account("ann");
    program.account("ben");
    program.say(&["room", "add", "--slug", "garden", "--name", "The garden"]);
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    sender.succeed("join-room", json!("garden")).await;
    much_to_tell(&mut sender, "garden").await;
    let token = program.say(&["token", "--user", "ben", "--ttl", "3"]);
    let auth = json!({ "token": token, "resume": { "garden": 0 } });
    let mut late = Socket::try_connect(&server.url, Transport::NarrowWebSocket, &auth).await.unwrap();
    Socket::with_token(&server.url, &token).await.hear("token-expired").await;
    let mut told = 0;
    let last = loop {
        let page = late.hear("sync").await;
        told += page["messages"].as_array().unwrap().len();
        if page["more"] == false {
            break page;
        }
    };
    assert_eq!((&last["code"], told < 400), (&json!("room_not_found"), true), "{told} were told");
}

#[tokio::test]
async fn who_leaves_is_not_told_the_rest() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    much_to_tell(&mut Socket::with_token(&server.url, &ann.token).await, "main-chat").await;
    let auth = json!({ "token": ben.token, "serverOffset": 0 });
    let mut late = Socket::try_connect(&server.url, Transport::NarrowWebSocket, &auth).await.unwrap();
    late.send(format!("41{NAMESPACE},")).await;
    late.send(format!("40{NAMESPACE},{}", json!({ "token": ben.token }))).await;
    let mut told = 0;
    loop {
        let frame = late.frame().await.unwrap();
        if frame.starts_with("40") {
            break;
        }
        told += as_event(&frame).map_or(0, |(_, page)| page["messages"].as_array().unwrap().len());
    }
    assert!(told < 400, "it was told everything before it had left");
}

/// Typing stands in no page: what comes of it between two pages is told when they are.
#[tokio::test]
async fn a_typing_flag_that_ends_while_much_is_told_ends_for_the_late_one_too() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    much_to_tell(&mut sender, "main-chat").await;
    let mut late = Follower::new(&server.url, &ben.token, Transport::NarrowWebSocket);
    late.come_back().await;
    let mut witness = Socket::with_token(&server.url, &ben.token).await;
    for is_typing in [true, false] {
        sender.succeed("typing", json!({ "isTyping": is_typing })).await;
        assert_eq!(witness.hear("user-typing").await["isTyping"], is_typing);
    }
    let (mut heard, mut asked) = (Vec::new(), None);
    loop {
        let frame = late.socket.as_mut().unwrap().frame().await.unwrap();
        let Some(frame) = late.take(frame) else {
            if late.is_caught_up() && asked.is_none() {
                let socket = late.socket.as_mut().unwrap();
                asked = Some(socket.feed("load-messages", &json!({ "limit": 1 })).await);
                socket.flush().await;
            }
            continue;
        };
        heard.extend(
            as_event(&frame).filter(|(name, _)| name == "user-typing").map(|(_, flag)| flag["isTyping"].clone()),
        );
        if as_ack(&frame).is_some_and(|(id, _)| Some(id) == asked) {
            break;
        }
    }
    assert_eq!(heard, [true, false]);
    assert!(late.breaches.is_empty(), "{:?}", late.breaches);
}

/// What waits until all is told does not hold up the end of a token: who reads slowly would go on hearing
/// a room that is not theirs any more.
#[tokio::test]
async fn a_token_ends_in_time_for_who_reads_as_slowly_as_they_can() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let ann = program.account("ann");
    program.account("ben");
    program.say(&["room", "add", "--slug", "garden", "--name", "The garden"]);
    let server = program.serve().await;
    let mut sender = Socket::with_token(&server.url, &ann.token).await;
    sender.succeed("join-room", json!("garden")).await;
    much_to_tell(&mut sender, "main-chat").await;
    let token = program.say(&["token", "--user", "ben", "--ttl", "3"]);
    let auth = json!({ "token": token, "serverOffset": 0 });
    let mut late = Socket::try_connect(&server.url, Transport::NarrowWebSocket, &auth).await.unwrap();
    late.feed("join-room", &json!("garden")).await;
    let left = late.feed("leave-room", &json!("main-chat")).await;
    late.flush().await;
    let mut witness = Socket::with_token(&server.url, &token).await;
    witness.succeed("join-room", json!("garden")).await;
    sender.succeed("send-message", json!({ "message": "for members", "roomId": "garden" })).await;
    assert_eq!(witness.hear("message-received").await["message"], "for members");
    witness.hear("token-expired").await;
    // Both are looked at in the same tick, one after the other.
    sender.succeed("load-messages", json!({ "limit": 1 })).await;
    sender.succeed("send-message", json!({ "message": "not for him", "roomId": "garden" })).await;
    let mut heard = Vec::new();
    loop {
        let frame = late.frame().await.unwrap();
        heard.extend(
            as_event(&frame).map(
                |(name, payload)| if name == "message-received" { payload["message"].clone() } else { json!(name) },
            ),
        );
        if as_ack(&frame).is_some_and(|(id, _)| id == left) {
            break;
        }
    }
    assert!(heard.contains(&json!("for members")) && heard.contains(&json!("token-expired")), "{heard:?}");
    assert!(!heard.contains(&json!("not for him")), "{heard:?}");
}
