//! The shapes of the dialect.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doors::refusals::Described;
use crate::model::{MessageId, Micros, Posted, Presence};

/// What a client may send.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Asked {
    Auth {
        token: String,
    },
    Join {
        room: String,
        since: Option<i64>,
    },
    Leave {
        room: String,
    },
    Message {
        data: Content,
    },
    /// Asks of a room, or tells of oneself.
    Presence {
        room: Option<String>,
        status: Option<Status>,
    },
    History {
        room: String,
        since: Option<i64>,
    },
}

#[derive(Debug, PartialEq, Deserialize)]
pub struct Content {
    pub room: String,
    pub content: String,
    pub id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Online,
    Away,
}

/// Of a stranger's input no more is said back.
const MOST_QUOTED: usize = 200;

impl Asked {
    /// Or what is wrong with it.
    pub fn read(frame: &str) -> Result<Asked, String> {
        serde_json::from_str(frame)
            .map_err(|error| format!("This frame cannot be read: {error}").chars().take(MOST_QUOTED).collect())
    }
}

impl From<Status> for Presence {
    fn from(status: Status) -> Self {
        match status {
            Status::Online => Presence::Online,
            Status::Away => Presence::Away,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageShape<'a> {
    id: MessageId,
    room: &'a str,
    user: &'a str,
    content: &'a str,
    sequence: i64,
    timestamp: i64,
    /// The sender's own key.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    /// Only of those who have no account.
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl<'a> MessageShape<'a> {
    pub fn of(posted: &'a Posted, room: &'a str) -> MessageShape<'a> {
        let message = &posted.message;
        MessageShape {
            id: message.id,
            room,
            user: posted.author.handle(),
            content: &message.text,
            sequence: message.seq,
            timestamp: milliseconds(message.created_at),
            client_id: message.client_offset.as_deref(),
            guest: posted.author.guest,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserShape<'a> {
    pub user: &'a str,
    pub status: Presence,
    pub last_seen: i64,
    #[serde(skip_serializing_if = "is_false")]
    pub guest: bool,
}

pub fn milliseconds(time: Micros) -> i64 {
    time.0.div_euclid(1000)
}

/// Nobody's name.
const SYSTEM: &str = "system";

pub const HEARTBEAT: &str = r#"{"type":"heartbeat"}"#;

fn frame(kind: &str, data: impl Serialize) -> String {
    #[derive(Serialize)]
    struct Frame<'a, T> {
        r#type: &'a str,
        data: T,
    }
    serde_json::to_string(&Frame { r#type: kind, data }).unwrap_or_default()
}

pub fn connected(client_id: Uuid, user: &str) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Connected<'a> {
        client_id: Uuid,
        user: &'a str,
    }
    frame("connected", Connected { client_id, user })
}

pub fn message(posted: &Posted, room: &str) -> String {
    frame("message", MessageShape::of(posted, room))
}

/// Not stored, and without a number of its own.
pub fn announcement(room: &str, content: &str, sequence: i64, at: Micros) -> String {
    let (id, timestamp) = (Uuid::new_v4(), milliseconds(at));
    let shape = MessageShape { id, room, user: SYSTEM, content, sequence, timestamp, client_id: None, guest: false };
    frame("message", shape)
}

pub fn joined(user: &str) -> String {
    format!("{user} joined the room")
}

pub fn left(user: &str) -> String {
    format!("{user} left the room")
}

pub fn presence(room: &str, users: &[UserShape<'_>]) -> String {
    #[derive(Serialize)]
    struct Here<'a> {
        room: &'a str,
        users: &'a [UserShape<'a>],
    }
    frame("presence", Here { room, users })
}

pub fn history(room: &str, messages: &[Posted]) -> String {
    #[derive(Serialize)]
    struct History<'a> {
        room: &'a str,
        messages: Vec<MessageShape<'a>>,
    }
    let messages = messages.iter().map(|posted| MessageShape::of(posted, room)).collect();
    frame("history", History { room, messages })
}

pub fn error(message: &str) -> String {
    frame("error", json!({ "message": message }))
}

/// With when to come back, where that is known.
pub fn refusal(refused: &Described) -> String {
    let mut data = json!({ "message": refused.text });
    if let Some(retry_in) = refused.retry_in {
        data["retryIn"] = Value::from(retry_in);
    }
    frame("error", data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_and_what_is_wrong_is_named() {
        let join = Asked::Join { room: "general".into(), since: None };
        assert_eq!(Asked::read(r#"{"type":"join","room":"general","more":1}"#), Ok(join));
        let tells = Asked::Presence { room: None, status: Some(Status::Away) };
        assert_eq!(Asked::read(r#"{"type":"presence","status":"away"}"#), Ok(tells));
        for (frame, named) in [
            ("no json", "line 1 column"),
            ("7", "expected"),
            ("{}", "missing field `type`"),
            (r#"{"type":"dance"}"#, "unknown variant `dance`"),
            (r#"{"type":"join"}"#, "missing field `room`"),
            (r#"{"type":"join","room":7}"#, "expected a string"),
            (r#"{"type":"join","room":"a","since":"b"}"#, "expected i64"),
            (r#"{"type":"message","data":{"room":"a"}}"#, "missing field `content`"),
            (r#"{"type":"presence","status":"asleep"}"#, "unknown variant `asleep`"),
        ] {
            let wrong = Asked::read(frame).unwrap_err();
            assert!(wrong.contains(named), "{frame}: {wrong}");
        }
        let long = format!(r#"{{"type":"{}"}}"#, "x".repeat(10_000));
        assert_eq!(Asked::read(&long).unwrap_err().chars().count(), MOST_QUOTED);
    }
}
