//! Who is calling, for HTTP and sockets alike.

use serde::{Deserialize, Serialize};

use super::UserId;

/// One live connection, unique in this process and time. Never the transport's session id,
/// which whoever knows it can post with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Anonymous,
    User(UserId),
}

impl Actor {
    pub fn user(self) -> Option<UserId> {
        match self {
            Actor::Anonymous => None,
            Actor::User(id) => Some(id),
        }
    }
}
