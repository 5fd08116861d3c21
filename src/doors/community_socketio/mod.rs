//! The community dialect: what existing frontends were written against.

mod catching_up;
mod hearing;
mod history;
mod identity;
mod incoming;
mod notices;
mod outgoing;
mod payload;
mod presence;
mod reconsidering;
pub mod rest;
pub mod wire;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chat::{Chat, Rules};
use crate::doors::audience::{Audience, Listener};
use crate::doors::bearer::Bearers;
use crate::doors::requests::Requests;
use crate::doors::socketio::Connection;
use crate::model::{Actor, Clock, ConnectionId, RoomNumber, UserId};

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
    bearers: Bearers,
    clock: Clock,
    trust: Trust,
    rules: Rules,
    connections_per_user: u32,
    audience: Audience<outgoing::Ear>,
    /// Who watches the people of which room.
    watchers: Audience<outgoing::Ear>,
    visitors: Mutex<Visitors>,
    requests: Requests,
    news: notices::News,
}

/// Who is connected, for what must reach a live connection from outside.
#[derive(Default)]
struct Visitors {
    by_connection: HashMap<ConnectionId, Visitor>,
    of_user: HashMap<UserId, HashSet<ConnectionId>>,
}

struct Visitor {
    connection: Arc<Connection>,
    actor: Actor,
    /// Seconds since 1970.
    token_ends: Option<u64>,
}

impl Community {
    pub fn new(
        requests: Requests,
        bearers: Bearers,
        clock: Clock,
        trust: Trust,
        rules: Rules,
        connections_per_user: u32,
    ) -> Community {
        let shared = Shared {
            chat: requests.chat().clone(),
            bearers,
            clock,
            trust,
            rules,
            connections_per_user,
            audience: Audience::default(),
            watchers: Audience::default(),
            visitors: Mutex::default(),
            requests,
            news: notices::News::default(),
        };
        Community { shared: Arc::new(shared) }
    }

    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.shared.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for tokens that ended on live connections.
    pub async fn tick(&self) {
        self.tell_news().await;
        let now = u64::try_from(self.shared.clock.now().seconds()).unwrap_or(0);
        let visitors = self.visitors();
        let ended = visitors.by_connection.values().filter(|visitor| visitor.token_ends.is_some_and(|end| end <= now));
        ended.for_each(|visitor| visitor.connection.reconsider(NAMESPACE));
    }

    /// How many accounts and guests are connected.
    pub fn attendance(&self) -> (usize, usize) {
        let visitors = self.visitors();
        let of_guest = |connections: &HashSet<ConnectionId>| {
            let visitor = connections.iter().next().and_then(|connection| visitors.by_connection.get(connection));
            visitor.is_some_and(|visitor| matches!(visitor.actor, Actor::Guest(_)))
        };
        let guests = visitors.of_user.values().filter(|connections| of_guest(connections)).count();
        (visitors.of_user.len() - guests, guests)
    }

    /// Whoever hears a room, or watches it, may not be allowed to any more.
    fn reconsider_readers(&self, room: RoomNumber) {
        let (listeners, watchers) = (self.shared.audience.of(room), self.shared.watchers.of(room));
        let visitors = self.visitors();
        for listener in listeners.iter().chain(&watchers).flat_map(|listeners| listeners.iter()) {
            if let Some(visitor) = visitors.by_connection.get(&listener.connection()) {
                visitor.connection.reconsider(NAMESPACE);
            }
        }
    }

    /// An account was changed, locked or removed, or one of its sessions ended.
    fn reconsider(&self, user: UserId) {
        let visitors = self.visitors();
        let concerned = visitors.of_user.get(&user).into_iter().flatten();
        let concerned = concerned.filter_map(|connection| visitors.by_connection.get(connection));
        concerned.for_each(|visitor| visitor.connection.reconsider(NAMESPACE));
    }
}

impl Visitors {
    /// Notes who a connection is now; false when that account has too many already.
    fn note(&mut self, connection: &Arc<Connection>, actor: Actor, token_ends: Option<u64>, most: u32) -> bool {
        let (before, person) = (self.person(connection.id), actor.person());
        if let Some(person) = person.filter(|person| before != Some(*person)) {
            let connections = self.of_user.entry(person).or_default();
            if most != 0 && connections.len() >= most as usize {
                return false;
            }
            connections.insert(connection.id);
        }
        if before != person {
            self.take_from(before, connection.id);
        }
        self.by_connection.insert(connection.id, Visitor { connection: connection.clone(), actor, token_ends });
        true
    }

    fn remove(&mut self, connection: ConnectionId) {
        let before = self.person(connection);
        self.by_connection.remove(&connection);
        self.take_from(before, connection);
    }

    fn person(&self, connection: ConnectionId) -> Option<UserId> {
        self.by_connection.get(&connection).and_then(|visitor| visitor.actor.person())
    }

    fn token_ended(&self, connection: ConnectionId, now: u64) -> bool {
        let ends = self.by_connection.get(&connection).and_then(|visitor| visitor.token_ends);
        ends.is_some_and(|end| end <= now)
    }

    /// Nobody, from the moment when its token ends.
    fn actor(&self, connection: ConnectionId, now: u64) -> Actor {
        let visitor = self.by_connection.get(&connection).filter(|_| !self.token_ended(connection, now));
        visitor.map_or(Actor::Anonymous, |visitor| visitor.actor)
    }

    fn take_from(&mut self, user: Option<UserId>, connection: ConnectionId) {
        let Some(user) = user else { return };
        if let Some(connections) = self.of_user.get_mut(&user) {
            connections.remove(&connection);
            if connections.is_empty() {
                self.of_user.remove(&user);
            }
        }
    }
}
