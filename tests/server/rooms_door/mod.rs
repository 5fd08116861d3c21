//! The rooms dialect, Socket.IO at `/`, as its own clients see it; on both databases.

mod across;
mod ends;
mod identity;
mod rest;
mod talk;

use serde_json::{Value, json};

use super::harness::socket::ROOT;
use super::harness::{Person, Server, Socket, Transport};

const NO_BODY: Value = Value::Null;

/// Somebody who is let in.
async fn comes(person: &Person) -> Socket {
    let mut socket = Socket::open(&person.url).await;
    let answer = socket.enter(ROOT, &json!({ "token": person.account.token })).await.unwrap();
    assert!(answer.starts_with("40{\"sid\":\""), "{answer}");
    socket
}

/// Somebody without a token, who is let in as well.
async fn nobody(server: &Server) -> Socket {
    let mut socket = Socket::try_open(&server.url, Transport::WebSocket).await.unwrap();
    let answer = socket.enter(ROOT, &json!({})).await.unwrap();
    assert!(answer.starts_with("40{\"sid\":\""), "{answer}");
    socket
}

/// Joins a room; gives what the answer shows.
async fn join(socket: &mut Socket, person: &Person, room: &str) -> Value {
    let answer = socket.succeed("join-room", json!({ "roomId": room, "userId": person.id() })).await;
    answer["data"].clone()
}

/// A new room of somebody's, and its id.
async fn room_of(person: &Person, name: &str) -> String {
    person.make_room(name, false).await["id"].as_str().unwrap().to_owned()
}

async fn say(socket: &mut Socket, room: &str, content: &str) -> Value {
    let answer = socket.succeed("send-message", json!({ "roomId": room, "content": content })).await;
    answer["data"].clone()
}

/// Nothing of these names has come when the next answer does, and in the time in which all is told that was begun.
async fn hears_none_of(socket: &mut Socket, names: &[&str]) {
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    socket.ask("leave-room", json!({ "roomId": "no-such-room" })).await;
    let heard: Vec<_> = socket.heard.iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    assert!(heard.is_empty(), "{heard:?}");
}

/// What refuses an event: code and text.
async fn refused(socket: &mut Socket, event: &str, payload: Value) -> (String, String) {
    let answer = socket.ask(event, payload).await;
    assert_eq!(answer["success"], false, "{event}: {answer}");
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("error"))
}

/// The same message of the same person. When they were last seen is now, at each telling.
fn assert_same(heard: &Value, said: &Value) {
    let timeless = |pair: &Value| {
        let mut pair = pair.clone();
        pair["user"]["lastSeen"] = Value::Null;
        pair
    };
    assert!(heard["user"]["lastSeen"].is_string(), "{heard}");
    assert_eq!(timeless(heard), timeless(said));
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
