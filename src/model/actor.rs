//! Who is calling, for HTTP and sockets alike.

use serde::{Deserialize, Serialize};

use super::{SessionId, UserId};

/// One live connection, unique in this process and time. Never the transport's session id,
/// which whoever knows it can post with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Anonymous,
    /// Named itself without proof, where the settings trust that.
    Claimed(UserId),
    /// Without a session that could be ended: a token of Node's or of the command line.
    User(UserId),
    Session {
        user: UserId,
        session: SessionId,
    },
    Guest(UserId),
}

impl Actor {
    pub fn user(self) -> Option<UserId> {
        match self {
            Actor::Anonymous | Actor::Guest(_) => None,
            Actor::Claimed(id) | Actor::User(id) | Actor::Session { user: id, .. } => Some(id),
        }
    }

    /// Whoever it is, guests too.
    pub fn person(self) -> Option<UserId> {
        match self {
            Actor::Anonymous => None,
            Actor::Claimed(id) | Actor::User(id) | Actor::Session { user: id, .. } | Actor::Guest(id) => Some(id),
        }
    }

    pub fn session(self) -> Option<SessionId> {
        match self {
            Actor::Anonymous | Actor::Claimed(_) | Actor::User(_) | Actor::Guest(_) => None,
            Actor::Session { session, .. } => Some(session),
        }
    }
}

/// What somebody is on this server, whatever the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Nobody,
    Guest,
    User,
    Support,
    Admin,
}
