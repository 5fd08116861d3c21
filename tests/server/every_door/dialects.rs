//! The dialects, and what happens in a room, whatever they call it.

use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Community,
    Rooms,
    Channels,
    Lobby,
    PubSub,
}

use Dialect::{Channels, Community, Lobby, PubSub, Rooms};

pub const EVERY: [Dialect; 5] = [Community, Rooms, Channels, Lobby, PubSub];

impl Dialect {
    pub fn name(self) -> &'static str {
        match self {
            Community => "community",
            Rooms => "rooms",
            Channels => "channels",
            Lobby => "lobby",
            PubSub => "pubsub",
        }
    }

    /// Whether it has a word for that somebody changed what they said.
    pub fn tells_changes(self) -> bool {
        matches!(self, Community | Rooms | Channels)
    }

    pub fn tells_typing(self) -> bool {
        self != PubSub
    }

    /// Who falls silent is only told in words of these.
    pub fn tells_end_of_typing(self) -> bool {
        matches!(self, Community | Rooms | Lobby)
    }

    /// Community tells of connections without names, and of memberships.
    pub fn tells_who_comes(self) -> bool {
        self != Community
    }
}

/// A room, as the dialects refer to it, and who they all are by their ids.
pub struct Place {
    pub id: String,
    pub slug: String,
    pub number: i64,
    pub people: HashMap<String, String>,
}

/// A message as everybody must see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub seq: i64,
    pub author: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Said(Line),
    Edited(Line),
    Deleted(i64),
    Typing,
    Came(String),
    Went(String),
    Refused(String),
}
