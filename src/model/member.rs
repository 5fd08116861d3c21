//! What somebody is in a room.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Author, Micros, Room, RoomRole, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    Member,
    /// Was, or never was and is only muted.
    Left,
    Invited,
    Banned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub state: MemberState,
    pub role: RoomRole,
    pub joined_at: Micros,
    pub last_read_seq: i64,
    /// Outlasts leaving and coming back.
    pub muted_until: Option<Micros>,
    /// After a kick: not back before.
    pub barred_until: Option<Micros>,
    /// Of an invitation.
    pub expires_at: Option<Micros>,
    /// By whom and when they were muted, banned or invited, the newest of these.
    pub set_by: Option<UserId>,
    pub set_at: Option<Micros>,
}

impl Membership {
    /// Of whom nothing is stored.
    pub const NONE: Membership = Membership {
        state: MemberState::Left,
        role: RoomRole::Member,
        joined_at: Micros(0),
        last_read_seq: 0,
        muted_until: None,
        barred_until: None,
        expires_at: None,
        set_by: None,
        set_at: None,
    };

    pub fn is_muted(&self, now: Micros) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }

    pub fn is_invited(&self, now: Micros) -> bool {
        self.state == MemberState::Invited && self.expires_at.is_none_or(|end| end > now)
    }
}

/// What happened to somebody in a room, and the room as it is since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberChanged {
    pub room: Arc<Room>,
    pub who: Arc<Author>,
    pub by: Option<UserId>,
    /// None: it was so already, and nobody is told.
    pub change: Option<MemberChange>,
    /// For the person alone.
    pub reason: Option<String>,
    pub now: Membership,
    /// The room's, after this.
    pub version: i64,
    pub members: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberChange {
    Joined,
    Left,
    Kicked,
    RoleChanged,
    Muted,
    Unmuted,
    Banned,
    Unbanned,
    Invited,
    /// Told to nobody.
    InviteRenewed,
    InviteWithdrawn,
    /// To a direct room; told to nobody.
    Returned,
    MarkerMoved,
}
