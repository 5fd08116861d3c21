//! The pub/sub dialect, as its own clients see it; on both databases.

mod across;
mod document;
mod ends;
mod refusals;
mod replay;

use serde_json::{Value, json};

use super::harness::plain::Plain;
use super::harness::program::NO_LIMITS;
use super::harness::{On, Person, Program, Server};

const NO_BODY: Value = Value::Null;

fn open_house(database: On) -> Program {
    let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("ALLOW_GUESTS", "true")]).collect();
    Program::on(database, &settings)
}

fn path_of(person: &Person) -> String {
    format!("/ws?token={}", person.account.token)
}

/// Somebody with an account.
async fn comes(server: &Server, person: &Person) -> Plain {
    let mut socket = Plain::open(server, &path_of(person)).await;
    assert_eq!(socket.hear("connected").await["data"]["user"], person.account.userid);
    socket
}

/// Somebody without, and the name that they got.
async fn guest(server: &Server) -> (Plain, String) {
    let mut socket = Plain::open(server, "/ws").await;
    let connected = socket.hear("connected").await["data"].clone();
    let (id, user) = (connected["clientId"].as_str().unwrap(), connected["user"].as_str().unwrap());
    assert_eq!(user, format!("user_{}", &id[..8]));
    (socket, user.to_owned())
}

async fn ask(socket: &mut Plain, frame: Value) {
    socket.send(&frame).await;
}

/// Joins, and gives the names of who is there. What was said before is read, so all that comes now is live.
async fn join(socket: &mut Plain, room: &str) -> Vec<Value> {
    ask(socket, json!({ "type": "join", "room": room })).await;
    let names = entered(socket, room).await;
    // Answered behind the history of the join.
    ask(socket, json!({ "type": "history", "room": room, "since": i64::MAX })).await;
    while socket.hear("history").await["data"]["messages"] != json!([]) {}
    names
}

/// The first two answers to a join, which nothing comes between.
async fn entered(socket: &mut Plain, room: &str) -> Vec<Value> {
    let mut presence = socket.next().await.unwrap();
    while presence["data"]["room"] != room {
        presence = socket.next().await.unwrap();
    }
    assert_eq!((&presence["type"], &presence["data"]["room"]), (&json!("presence"), &json!(room)), "{presence}");
    let announced = socket.next().await.unwrap();
    let said = announced["data"]["content"].as_str().unwrap_or_default();
    assert!(said.ends_with(" joined the room") && announced["data"]["user"] == "system", "{announced}");
    let users = presence["data"]["users"].as_array().unwrap();
    assert!(users.iter().all(|user| user["lastSeen"].as_i64().unwrap() > 1_700_000_000_000), "{presence}");
    users.iter().map(|user| user["user"].clone()).collect()
}

/// Two in one room, the first of whom has heard that the other came.
async fn join_both(server: &Server, people: [&Person; 2], room: &str) -> [Plain; 2] {
    let [mut first, mut second] = [comes(server, people[0]).await, comes(server, people[1]).await];
    join(&mut first, room).await;
    join(&mut second, room).await;
    let came = format!("{} joined the room", people[1].account.userid);
    assert_eq!(hear_announced(&mut first).await["content"], came);
    [first, second]
}

async fn say(socket: &mut Plain, room: &str, content: &str) {
    ask(socket, json!({ "type": "message", "data": { "room": room, "content": content } })).await;
}

/// What somebody said next; announcements are passed over.
async fn hear_said(socket: &mut Plain) -> Value {
    loop {
        let message = socket.hear("message").await["data"].clone();
        if message["user"] != "system" {
            return message;
        }
    }
}

/// What the server announces next.
async fn hear_announced(socket: &mut Plain) -> Value {
    loop {
        let message = socket.hear("message").await["data"].clone();
        if message["user"] == "system" {
            return message;
        }
    }
}

async fn hear_error(socket: &mut Plain) -> String {
    socket.hear("error").await["data"]["message"].as_str().unwrap().to_owned()
}

/// One page of what stands there after a number.
async fn history(socket: &mut Plain, room: &str, since: i64) -> Vec<Value> {
    ask(socket, json!({ "type": "history", "room": room, "since": since })).await;
    let frame = socket.hear("history").await;
    assert_eq!(frame["data"]["room"], room);
    frame["data"]["messages"].as_array().unwrap().clone()
}

fn column(messages: &[Value], name: &str) -> Vec<Value> {
    messages.iter().map(|message| message[name].clone()).collect()
}

fn sequences(messages: &[Value]) -> Vec<i64> {
    messages.iter().map(|message| message["sequence"].as_i64().unwrap()).collect()
}
