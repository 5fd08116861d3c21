//! The channels dialect: REST for what is said, a WebSocket a channel for what is heard.

mod incoming;
mod outgoing;
pub mod rest;
pub mod wire;

use std::sync::Arc;

use crate::doors::visit::Door;
use crate::doors::websocket::{Connection, Dialect, WebSockets};

const DIALECT: Dialect =
    Dialect { name: "channels", refusal: wire::error, heartbeat: None, unauthorized: UNAUTHORIZED };
const UNAUTHORIZED: u16 = 4001;

/// The door; shared by its routes and the feed.
#[derive(Clone)]
pub struct Channels {
    door: Arc<Door<Connection>>,
    sockets: Arc<WebSockets>,
}

impl Channels {
    pub fn new(door: Arc<Door<Connection>>, sockets: Arc<WebSockets>) -> Channels {
        Channels { door, sockets }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.door.visitors.tick();
    }
}
