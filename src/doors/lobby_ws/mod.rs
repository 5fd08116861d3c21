//! The lobby dialect: pick a name, pick a room, talk. REST for rooms and what was said, a WebSocket a room.

mod incoming;
mod lists;
mod outgoing;
mod payload;
pub mod rest;
mod typists;
pub mod wire;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::doors::budgets::SharedBudget;
use crate::doors::requests::Requests;
use crate::doors::visit::Door;
use crate::doors::websocket::{Connection, Dialect, WebSockets};
use lists::Lists;
use typists::Typists;

const DIALECT: Dialect = Dialect { name: "lobby", refusal: wire::error, heartbeat: None, unauthorized: UNAUTHORIZED };
const UNAUTHORIZED: u16 = 4001;
/// Names in one list; a count says how many there are.
const MOST_NAMES: usize = 100;

const HOUR: Duration = Duration::from_secs(3600);

/// The door; shared by its routes and the feed.
#[derive(Clone)]
pub struct Lobby {
    door: Arc<Door<Connection>>,
    sockets: Arc<WebSockets>,
    requests: Requests,
    shared: Arc<Shared>,
}

struct Shared {
    /// Guests, and the rooms that they make, by address: there is nothing else to know them by.
    guests: Option<SharedBudget<IpAddr>>,
    rooms: Option<SharedBudget<IpAddr>>,
    typists: Typists,
    lists: Lists,
}

/// Of one address; none is no limit.
pub struct AnHour {
    pub guests: Option<NonZeroU32>,
    pub rooms: Option<NonZeroU32>,
}

impl Lobby {
    pub fn new(door: Arc<Door<Connection>>, sockets: Arc<WebSockets>, requests: Requests, an_hour: AnHour) -> Lobby {
        let budget = |limit: Option<NonZeroU32>| limit.map(|limit| SharedBudget::within(limit, HOUR));
        let shared = Shared {
            guests: budget(an_hour.guests),
            rooms: budget(an_hour.rooms),
            typists: Typists::default(),
            lists: Lists::default(),
        };
        Lobby { door, sockets, requests, shared: Arc::new(shared) }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.door.visitors.tick();
        self.shared.guests.iter().chain(&self.shared.rooms).for_each(SharedBudget::forget_idle);
        self.tell_lists();
    }
}

/// Takes one from an address's budget, or says in how many milliseconds there will be one.
fn spend(budget: Option<&SharedBudget<IpAddr>>, address: Option<IpAddr>) -> Result<(), u64> {
    let (Some(budget), Some(address)) = (budget, address) else { return Ok(()) };
    budget.spend(&address)
}
