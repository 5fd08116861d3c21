//! The shapes of the dialect.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Author, MessageKind, Posted, Room, RoomKind, UserId};

#[derive(Serialize)]
pub struct MessageShape<'a> {
    message_id: i64,
    user_id: UserId,
    username: &'a str,
    character_name: Option<&'a str>,
    character_id: Option<i64>,
    content: &'a str,
    message_type: &'static str,
    timestamp: String,
    channel_id: i64,
}

impl<'a> MessageShape<'a> {
    pub fn of(posted: &'a Posted) -> MessageShape<'a> {
        let message = &posted.message;
        let character = message.character.as_deref();
        MessageShape {
            message_id: message.seq,
            user_id: message.user,
            username: posted.author.handle(),
            character_name: character.map(|character| character.name.as_str()),
            character_id: character.map(|character| character.number),
            content: &message.text,
            message_type: kind(message.kind),
            timestamp: message.created_at.to_iso_micros(),
            channel_id: message.room.0,
        }
    }
}

/// The dialect knows of no files: what is said with one is a text.
fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Emote => MessageKind::Emote.name(),
        MessageKind::System => MessageKind::System.name(),
        MessageKind::Text | MessageKind::Image | MessageKind::File => MessageKind::Text.name(),
    }
}

pub fn channel(room: &Room) -> Value {
    let channel_type = match room.kind {
        RoomKind::Main | RoomKind::Public => "public",
        RoomKind::Private | RoomKind::Direct => "private",
        RoomKind::Guild => "guild",
    };
    json!({
        "id": room.number,
        "name": room.slug,
        "display_name": room.name,
        "description": room.description,
        "channel_type": channel_type,
    })
}

pub fn error(detail: &str) -> String {
    json!({ "type": "error", "detail": detail }).to_string()
}

pub const PONG: &str = r#"{"type":"pong"}"#;

pub fn new_message(posted: &Posted) -> String {
    json!({ "type": "new_message", "data": MessageShape::of(posted) }).to_string()
}

pub fn message_edited(posted: &Posted) -> String {
    json!({ "type": "message_edited", "data": MessageShape::of(posted) }).to_string()
}

pub fn message_deleted(posted: &Posted) -> String {
    let data = json!({ "message_id": posted.message.seq, "channel_id": posted.message.room });
    json!({ "type": "message_deleted", "data": data }).to_string()
}

pub fn user_joined(who: &Author) -> String {
    json!({ "type": "user_joined", "user_id": who.id }).to_string()
}

pub fn user_left(who: &Author) -> String {
    json!({ "type": "user_left", "user_id": who.id }).to_string()
}

pub fn user_typing(who: &Author) -> String {
    json!({ "type": "user_typing", "user_id": who.id, "username": who.handle() }).to_string()
}
