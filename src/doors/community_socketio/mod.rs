//! The community dialect: what existing frontends were written against.

mod catching_up;
mod identity;
mod incoming;
mod outgoing;
mod payload;
pub mod rest;
pub mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::Tokens;
use crate::chat::{Chat, Rules};
use crate::doors::audience::Audience;
use crate::doors::socketio::Connection;
use crate::model::{Clock, ConnectionId, UserId};

pub const NAMESPACE: &str = "/api/community/chat";

/// How a client may say who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    Token,
    /// As Node had it: whoever names an account is taken for it.
    UserId,
}

/// The door; shared by its namespace, its REST routes and the feed.
#[derive(Clone)]
pub struct Community {
    shared: Arc<Shared>,
}

struct Shared {
    chat: Chat,
    tokens: Arc<Tokens>,
    clock: Clock,
    trust: Trust,
    rules: Rules,
    connections_per_user: u32,
    audience: Audience<outgoing::Ear>,
    present: Mutex<Present>,
}

/// Who is connected, for what must reach a live connection from outside.
#[derive(Default)]
struct Present {
    connections: HashMap<ConnectionId, Presence>,
    of_user: HashMap<UserId, u32>,
}

struct Presence {
    connection: Arc<Connection>,
    user: Option<UserId>,
    /// Seconds since 1970.
    token_ends: Option<u64>,
}

impl Community {
    pub fn new(
        chat: Chat,
        tokens: Arc<Tokens>,
        clock: Clock,
        trust: Trust,
        rules: Rules,
        connections_per_user: u32,
    ) -> Community {
        let shared = Shared {
            chat,
            tokens,
            clock,
            trust,
            rules,
            connections_per_user,
            audience: Audience::default(),
            present: Mutex::default(),
        };
        Community { shared: Arc::new(shared) }
    }

    /// Looks for tokens that ended on live connections.
    pub fn tick(&self) {
        let now = u64::try_from(self.shared.clock.now().seconds()).unwrap_or(0);
        self.reconsider(|presence| presence.token_ends.is_some_and(|end| end <= now));
    }

    fn reconsider(&self, concerned: impl Fn(&Presence) -> bool) {
        let connections: Vec<_> = {
            let present = self.shared.present.lock().unwrap_or_else(PoisonError::into_inner);
            present
                .connections
                .values()
                .filter(|presence| concerned(presence))
                .map(|presence| presence.connection.clone())
                .collect()
        };
        for connection in connections {
            connection.reconsider(NAMESPACE);
        }
    }
}

impl Present {
    /// Notes who a connection is now; false when that account has too many already.
    fn note(&mut self, connection: &Arc<Connection>, user: Option<UserId>, token_ends: Option<u64>, most: u32) -> bool {
        let before = self.connections.get(&connection.id).and_then(|presence| presence.user);
        if before != user {
            if let Some(user) = user
                && most != 0
                && self.of_user.get(&user).is_some_and(|count| *count >= most)
            {
                return false;
            }
            self.count_out(before);
            if let Some(user) = user {
                *self.of_user.entry(user).or_default() += 1;
            }
        }
        self.connections.insert(connection.id, Presence { connection: connection.clone(), user, token_ends });
        true
    }

    fn remove(&mut self, connection: ConnectionId) {
        let before = self.connections.remove(&connection).and_then(|presence| presence.user);
        self.count_out(before);
    }

    fn count_out(&mut self, user: Option<UserId>) {
        let Some(user) = user else { return };
        if let Some(count) = self.of_user.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                self.of_user.remove(&user);
            }
        }
    }
}
