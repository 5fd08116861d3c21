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

/// A room without its counters of messages, which change with every one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    pub number: RoomNumber,
    pub id: RoomId,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub kind: RoomKind,
    pub created_by: Option<UserId>,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub archived_at: Option<Micros>,
    /// 0 is off.
    pub slow_mode_seconds: u32,
    /// Of a direct room: its two, lower id first.
    pub pair: Option<(UserId, UserId)>,
}

impl Room {
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// Whether a client means this room.
    pub fn is_called(&self, reference: &str) -> bool {
        reference == self.slug
            || reference == self.number.0.to_string()
            || Uuid::parse_str(reference).is_ok_and(|id| id == self.id)
    }

    /// The other one of a direct room.
    pub fn peer_of(&self, user: UserId) -> Option<UserId> {
        let (one, other) = self.pair?;
        Some(if one == user { other } else { one })
    }
}
