//! Whether somebody is here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Author, RoomId, RoomNumber};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    Online,
    Away,
    Offline,
}

/// Somebody, and how they are here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attendee {
    pub who: Arc<Author>,
    pub presence: Presence,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresenceChange {
    pub who: Arc<Author>,
    /// None: some were told of what was between.
    pub before: Option<Presence>,
    pub now: Presence,
}

/// What changed among the people of a room since it was last told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresenceChanged {
    pub room: RoomNumber,
    pub room_id: RoomId,
    /// How many are here now.
    pub online: usize,
    /// Who is no longer in the room counts as gone.
    pub changes: Vec<PresenceChange>,
    /// False: more changed than are named.
    pub complete: bool,
}
