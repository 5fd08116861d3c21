use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Micros, UserId};

pub type RoomId = Uuid;

/// A room's short name inside this server, and its id in the dialects that need an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoomNumber(pub i64);

impl RoomNumber {
    /// The room that everybody is in, and the only one that Node knows.
    pub const MAIN: RoomNumber = RoomNumber(1);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    Main,
    Public,
    Private,
    Guild,
    Direct,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomRole {
    Member,
    Moderator,
    Owner,
}

/// A room without its counters, which change with every message.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    pub number: RoomNumber,
    pub id: RoomId,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub kind: RoomKind,
    pub created_by: Option<UserId>,
    pub created_at: Micros,
}
