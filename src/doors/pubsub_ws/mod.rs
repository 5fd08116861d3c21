//! The pub/sub dialect: rooms by name, one WebSocket for all of them, every message by its number.

mod catching_up;
mod identity;
mod incoming;
mod outgoing;
mod place;
pub mod rest;
pub mod wire;

use std::sync::Arc;

use crate::doors::guests::GuestBudgets;
use crate::doors::places::Places;
use crate::doors::requests::Requests;
use crate::doors::visit::Door;
use crate::doors::websocket::{Connection, Dialect, WebSockets};

const DIALECT: Dialect =
    Dialect { name: "pubsub", refusal: wire::error, heartbeat: Some(wire::HEARTBEAT), unauthorized: UNAUTHORIZED };
const UNAUTHORIZED: u16 = 4001;

/// The door; shared by its route and the feed.
#[derive(Clone)]
pub struct PubSub {
    door: Arc<Door<Connection>>,
    sockets: Arc<WebSockets>,
    requests: Requests,
    budgets: Arc<GuestBudgets>,
    places: Arc<Places<place::Place>>,
}

impl PubSub {
    pub fn new(
        door: Arc<Door<Connection>>,
        sockets: Arc<WebSockets>,
        requests: Requests,
        budgets: Arc<GuestBudgets>,
    ) -> PubSub {
        PubSub { door, sockets, requests, budgets, places: Arc::default() }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.door.visitors.tick();
        self.places.forget_empty();
    }
}
