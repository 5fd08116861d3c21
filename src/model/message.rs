use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Micros, RoomId, RoomNumber, UserId};

pub type MessageId = Uuid;

/// The text of a message that was deleted.
pub const DELETED_TEXT: &str = "[Message deleted]";

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
    pub text: String,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub edited_at: Option<Micros>,
    pub deleted: bool,
    pub client_offset: Option<String>,
}
