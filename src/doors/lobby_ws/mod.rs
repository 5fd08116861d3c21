//! The lobby dialect: pick a name, pick a room, talk. REST for rooms and what was said, a WebSocket a room.

mod incoming;
mod lists;
mod outgoing;
mod payload;
pub mod rest;
mod typists;
pub mod wire;

use std::sync::Arc;

use crate::doors::guests::GuestBudgets;
use crate::doors::requests::Requests;
use crate::doors::visit::Door;
use crate::doors::websocket::{Connection, Dialect, WebSockets};
use lists::Lists;
use typists::Typists;

const DIALECT: Dialect = Dialect { name: "lobby", refusal: wire::error, heartbeat: None, unauthorized: UNAUTHORIZED };
const UNAUTHORIZED: u16 = 4001;
/// Names in one list; a count says how many there are.
const MOST_NAMES: usize = 100;

/// The door; shared by its routes and the feed.
#[derive(Clone)]
pub struct Lobby {
    door: Arc<Door<Connection>>,
    sockets: Arc<WebSockets>,
    requests: Requests,
    shared: Arc<Shared>,
}

struct Shared {
    budgets: Arc<GuestBudgets>,
    typists: Typists,
    lists: Lists,
}

impl Lobby {
    pub fn new(
        door: Arc<Door<Connection>>,
        sockets: Arc<WebSockets>,
        requests: Requests,
        budgets: Arc<GuestBudgets>,
    ) -> Lobby {
        let shared = Shared { budgets, typists: Typists::default(), lists: Lists::default() };
        Lobby { door, sockets, requests, shared: Arc::new(shared) }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.door.visitors.tick();
        self.tell_lists();
    }
}
