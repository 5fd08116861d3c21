use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Micros, RoomId, RoomNumber, UserId};

pub type MessageId = Uuid;

/// The text of a message that was deleted.
pub const DELETED_TEXT: &str = "[Message deleted]";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    #[default]
    Text,
    Image,
    File,
    Emote,
    System,
}

/// How a text begins that tells what its author does.
pub const EMOTE: &str = "/me ";

impl MessageKind {
    /// What a message of this kind is with this text.
    pub fn with_text(self, text: &str) -> MessageKind {
        match self {
            MessageKind::Text | MessageKind::Emote if text.starts_with(EMOTE) => MessageKind::Emote,
            MessageKind::Text | MessageKind::Emote => MessageKind::Text,
            MessageKind::Image | MessageKind::File | MessageKind::System => self,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            MessageKind::Text => "text",
            MessageKind::Image => "image",
            MessageKind::File => "file",
            MessageKind::Emote => "emote",
            MessageKind::System => "system",
        }
    }
}

/// Whom a message was spoken as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Character {
    pub number: i64,
    pub name: String,
}

/// The file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub bytes: i64,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub thumbnail: Option<bool>,
}

/// A stored message. `seq` is its place in the room and never changes; `rev` is the room's count of
/// creates, edits and deletes at the last change of this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub room: RoomNumber,
    pub room_id: RoomId,
    pub seq: i64,
    pub rev: i64,
    pub user: UserId,
    /// Whether that is a guest.
    pub guest: bool,
    pub kind: MessageKind,
    pub text: String,
    pub character: Option<Arc<Character>>,
    pub attachment: Option<Arc<Attachment>>,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub edited_at: Option<Micros>,
    pub deleted: bool,
    pub client_offset: Option<String>,
}

impl Message {
    /// Has another text from now on.
    pub fn say(&mut self, text: String) {
        self.kind = self.kind.with_text(&text);
        self.text = text;
    }
}
