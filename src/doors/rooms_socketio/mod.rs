//! The rooms dialect: accounts and rooms by REST, one Socket.IO namespace for what happens in them.

mod identity;
mod incoming;
mod joining;
mod outgoing;
mod presence;
pub mod wire;

use std::sync::Arc;

use crate::chat::Chat;
use crate::doors::places::Places;
use crate::doors::requests::Requests;
use crate::doors::socketio::Connection;
use crate::doors::visit::Door;
use crate::model::RoomId;

pub const NAMESPACE: &str = "/";

/// The door; shared by its namespace and the feed.
#[derive(Clone)]
pub struct Rooms {
    door: Arc<Door<Connection>>,
    requests: Requests,
    /// Rooms that somebody hears, which the bus names by number and clients by id.
    places: Arc<Places<RoomId>>,
    told: Arc<presence::Told>,
}

impl Rooms {
    pub fn new(door: Arc<Door<Connection>>, requests: Requests) -> Rooms {
        Rooms { door, requests, places: Arc::default(), told: Arc::default() }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.door.visitors.tick();
        self.places.forget_empty();
    }

    fn chat(&self) -> &Chat {
        &self.door.chat
    }
}
