//! The shapes of the dialect: those of REST, but that each message and each person has a name and an id,
//! also of those who have no account.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::chat::Chat;
use crate::doors::refusals::BudgetShape;
use crate::doors::requests::{Failure, wire};
use crate::model::{Author, Message, Micros, Posted, RoomId, UserId};

/// `user`. A guest has an id of their own and no userid.
pub fn user(chat: &Chat, who: &Author) -> Value {
    let mut shape = wire::person(chat, who);
    shape["id"] = json!(who.id);
    shape["username"] = json!(who.handle());
    shape
}

/// `{ message, user }`.
pub fn posted(chat: &Chat, posted: &Posted) -> Value {
    let mut message = wire::message(chat, posted);
    message["userId"] = json!(posted.author.id);
    message.as_object_mut().and_then(|message| message.shift_remove("user"));
    json!({ "message": message, "user": user(chat, &posted.author) })
}

pub fn deleted(message: &Message) -> Value {
    wire::deleted(message)
}

pub fn joined(chat: &Chat, who: &Author, room: RoomId) -> Value {
    json!({ "user": user(chat, who), "roomId": room })
}

pub fn left(who: UserId, room: RoomId) -> Value {
    json!({ "userId": who, "roomId": room })
}

pub fn typing(who: UserId, room: RoomId, is_typing: bool) -> Value {
    json!({ "userId": who, "roomId": room, "isTyping": is_typing })
}

pub fn online(who: UserId) -> Value {
    json!({ "userId": who })
}

pub fn offline(who: UserId, last_seen: Micros) -> Value {
    json!({ "userId": who, "lastSeen": last_seen.to_iso_millis() })
}

/// What a client needs to show a room, and to go on from there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinedShape {
    pub room_id: RoomId,
    pub room: Value,
    pub messages: Vec<Value>,
    pub seq: i64,
    pub rev: i64,
    pub epoch: Uuid,
    /// Whether the messages go on from the `rev` that was asked from; else they stand for themselves.
    pub complete: bool,
    /// There are more behind them: to be asked for from this `rev`.
    pub more: bool,
    /// There are older ones: before this `seq`.
    pub next: Option<i64>,
    pub online: usize,
    pub users: Vec<Value>,
}

/// An answer that says yes.
#[derive(Serialize)]
pub struct Success {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<BudgetShape>,
}

impl Success {
    pub fn of(data: Option<Value>, budget: Option<BudgetShape>) -> Success {
        Success { success: true, data, budget }
    }
}

/// For an event without an ack: what its ack would have said, and which event it was.
pub fn refused(event: &str, failure: &Failure) -> Value {
    let shape = failure.ack();
    let mut named = json!({ "event": format!("{event:.100}") });
    if let (Some(named), Value::Object(shape)) = (named.as_object_mut(), shape) {
        named.extend(shape.into_iter().filter(|(field, _)| field != "success"));
    }
    named
}
