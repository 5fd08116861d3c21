//! The shapes of the dialect.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Author, Micros, Posted, Room, RoomNumber};

#[derive(Serialize)]
pub struct MessageShape<'a> {
    id: i64,
    room_id: RoomNumber,
    username: &'a str,
    content: &'a str,
    timestamp: String,
    /// Of a guest's: anybody may come by such a name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    guest: bool,
}

impl<'a> MessageShape<'a> {
    pub fn of(posted: &'a Posted) -> MessageShape<'a> {
        let message = &posted.message;
        MessageShape {
            id: message.seq,
            room_id: message.room,
            username: posted.author.handle(),
            content: &message.text,
            timestamp: message.created_at.to_iso_micros(),
            guest: message.guest,
        }
    }
}

/// A frame of a type.
#[derive(Serialize)]
struct Typed<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    rest: &'a T,
}

pub fn room(room: &Room) -> Value {
    json!({
        "id": room.number,
        "name": room.name,
        "description": room.description,
        "created_at": room.created_at.to_iso_micros(),
    })
}

pub fn error(content: &str) -> String {
    json!({ "type": "error", "content": content }).to_string()
}

pub const ROOM_DELETED: &str = r#"{"type":"room_deleted","message":"This room has been deleted"}"#;

pub fn connected(who: &Author, room: RoomNumber) -> String {
    json!({ "type": "connected", "username": who.handle(), "room_id": room }).to_string()
}

pub fn message(posted: &Posted) -> String {
    let typed = Typed { kind: "message", rest: &MessageShape::of(posted) };
    serde_json::to_string(&typed).unwrap_or_default()
}

pub fn joined(who: &Author, at: Micros) -> String {
    system(&format!("{} joined the room", who.handle()), at)
}

pub fn left(who: &Author, at: Micros) -> String {
    system(&format!("{} left the room", who.handle()), at)
}

fn system(content: &str, at: Micros) -> String {
    json!({ "type": "system", "content": content, "timestamp": at.to_iso_micros() }).to_string()
}

pub fn users_list(users: &[&str], count: usize) -> String {
    json!({ "type": "users_list", "users": users, "count": count }).to_string()
}

pub fn typing(users: &[String]) -> String {
    json!({ "type": "typing", "users": users }).to_string()
}
