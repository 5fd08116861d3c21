//! The community dialect: what existing frontends were written against.

mod catching_up;
mod history;
mod identity;
mod incoming;
mod listening;
mod notices;
mod outgoing;
mod payload;
mod presence;
mod reconsidering;
pub mod rest;
pub mod wire;

use std::ops::Deref;
use std::sync::Arc;

use crate::chat::Rules;
use crate::doors::audience::Audience;
use crate::doors::bearer::Bearers;
use crate::doors::hearing::Ear;
use crate::doors::requests::Requests;
use crate::doors::socketio::Connection;
use crate::doors::visit::Door;
use crate::doors::visitors::Crowd;
use crate::model::Clock;

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
    door: Arc<Door<Connection>>,
    clock: Clock,
    trust: Trust,
    /// Who watches the people of which room.
    watchers: Audience<Ear<Connection>>,
    requests: Requests,
    news: notices::News,
}

impl Community {
    pub fn new(
        requests: Requests,
        bearers: Bearers,
        clock: Clock,
        trust: Trust,
        rules: Rules,
        crowd: Arc<Crowd>,
    ) -> Community {
        let shared = Shared {
            door: Door::new(requests.chat().clone(), bearers, rules, crowd, clock.clone()),
            clock,
            trust,
            watchers: Audience::default(),
            requests,
            news: notices::News::default(),
        };
        Community { shared: Arc::new(shared) }
    }

    /// What time alone brings about.
    pub async fn tick(&self) {
        self.tell_news().await;
        self.shared.visitors.tick();
    }
}

impl Deref for Shared {
    type Target = Door<Connection>;

    fn deref(&self) -> &Door<Connection> {
        &self.door
    }
}
