//! What happened. Messages carry their room's `rev`; the rest is of the moment and carries none.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Author, ConnectionId, EndReason, MemberChanged, Message, Micros, PresenceChanged, Room, RoomId, RoomKind,
    RoomNumber, SessionId, UserId,
};

/// A message and who wrote it, by the name borne at that moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    pub message: Message,
    pub author: Arc<Author>,
}

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Audience {
    /// Everybody with an identity.
    Everybody,
    Person(UserId),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    MessageCreated(Arc<Posted>),
    MessageEdited(Arc<Posted>),
    MessageDeleted(Arc<Posted>),
    TypingChanged {
        room: RoomNumber,
        room_id: RoomId,
        author: Arc<Author>,
        typing: bool,
        connection: ConnectionId,
    },
    /// Somebody came; merged when many come at once.
    Joined {
        room: RoomNumber,
        at: Micros,
    },
    Left {
        room: RoomNumber,
        at: Micros,
    },
    /// Somebody who need not be a member to hear a room left it.
    HearingEnded {
        room: RoomNumber,
        person: UserId,
    },
    /// Something may have been stored that nobody was told of: read what is missing.
    Unsettled {
        room: RoomNumber,
    },
    /// The account was changed, locked or removed: forget what is known of it.
    UserChanged {
        user: UserId,
    },
    /// Its tokens are good no more.
    SessionEnded {
        session: SessionId,
        user: UserId,
        reason: EndReason,
    },
    /// The operator's own list of words was replaced.
    WordsChanged {
        version: i64,
    },
    /// Bears another name or face than before.
    UserEdited {
        user: UserId,
    },
    MemberChanged(Arc<MemberChanged>),
    /// Came into the room through their first connection that hears it, or went with the last one.
    PeopleMoved {
        room: RoomNumber,
        came: Vec<Arc<Author>>,
        gone: Vec<Arc<Author>>,
    },
    /// For those who watch the room.
    PresenceChanged(Arc<PresenceChanged>),
    RoomCreated {
        room: Arc<Room>,
        members: i64,
        /// None: everybody may see it.
        to: Option<UserId>,
    },
    /// Somebody has a direct room in their lists, which they had not.
    DirectBegun {
        room: RoomNumber,
        to: UserId,
    },
    RoomChanged {
        room: Arc<Room>,
        change: RoomChange,
        version: i64,
        members: i64,
        /// Lists of those who are not in it are others now.
        listed: bool,
    },
    /// What concerns one person or few, in the words of the wire.
    Noticed {
        to: Audience,
        name: String,
        payload: serde_json::Value,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomChange {
    Edited,
    Archived,
    Deleted,
}

impl Event {
    pub fn room(&self) -> Option<RoomNumber> {
        match self {
            Event::MessageCreated(posted) | Event::MessageEdited(posted) | Event::MessageDeleted(posted) => {
                Some(posted.message.room)
            }
            Event::TypingChanged { room, .. }
            | Event::Joined { room, .. }
            | Event::Left { room, .. }
            | Event::PeopleMoved { room, .. }
            | Event::Unsettled { room } => Some(*room),
            Event::MemberChanged(change) => Some(change.room.number),
            Event::PresenceChanged(changed) => Some(changed.room),
            Event::RoomChanged { room, .. } => Some(room.number),
            Event::UserChanged { .. }
            | Event::SessionEnded { .. }
            | Event::UserEdited { .. }
            | Event::RoomCreated { .. }
            | Event::DirectBegun { .. }
            | Event::HearingEnded { .. }
            | Event::Noticed { .. }
            | Event::WordsChanged { .. } => None,
        }
    }

    /// A room that some of its listeners may not read any more: it was deleted, or is public no more.
    pub fn puts_out_of(&self) -> Option<RoomNumber> {
        let Event::RoomChanged { room, change, listed, .. } = self else { return None };
        let is_public_no_more = *listed && room.kind != RoomKind::Public;
        (*change == RoomChange::Deleted || is_public_no_more).then_some(room.number)
    }

    /// The place of this event in its room, for events that have one.
    pub fn rev(&self) -> Option<i64> {
        match self {
            Event::MessageCreated(posted) | Event::MessageEdited(posted) | Event::MessageDeleted(posted) => {
                Some(posted.message.rev)
            }
            Event::TypingChanged { .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::HearingEnded { .. }
            | Event::Unsettled { .. }
            | Event::PeopleMoved { .. }
            | Event::UserChanged { .. }
            | Event::SessionEnded { .. }
            | Event::UserEdited { .. }
            | Event::MemberChanged(_)
            | Event::PresenceChanged(_)
            | Event::RoomCreated { .. }
            | Event::DirectBegun { .. }
            | Event::RoomChanged { .. }
            | Event::Noticed { .. }
            | Event::WordsChanged { .. } => None,
        }
    }
}
