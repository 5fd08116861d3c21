//! Who listens to which room through one door. The list is copied when it is told to after a
//! change, so that nobody holds a lock while frames go out.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{ConnectionId, RoomNumber};

/// So many listeners between two points where other tasks may run.
const CHUNK: usize = 256;

pub trait Listener: Send + Sync + 'static {
    type Frame: Sync;
    fn connection(&self) -> ConnectionId;
    fn hear(&self, frames: &[Self::Frame]);
}

pub struct Audience<L> {
    rooms: Mutex<HashMap<RoomNumber, Listeners<L>>>,
}

struct Listeners<L> {
    by_connection: HashMap<ConnectionId, Arc<L>>,
    copy: Option<Arc<[Arc<L>]>>,
}

impl<L> Default for Audience<L> {
    fn default() -> Self {
        Audience { rooms: Mutex::new(HashMap::new()) }
    }
}

impl<L: Listener> Audience<L> {
    pub fn enter(&self, room: RoomNumber, listener: Arc<L>) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let listeners = rooms.entry(room).or_insert_with(|| Listeners { by_connection: HashMap::new(), copy: None });
        listeners.by_connection.insert(listener.connection(), listener);
        listeners.copy = None;
    }

    pub fn leave(&self, room: RoomNumber, connection: ConnectionId) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(listeners) = rooms.get_mut(&room) else { return };
        listeners.by_connection.remove(&connection);
        listeners.copy = None;
        if listeners.by_connection.is_empty() {
            rooms.remove(&room);
        }
    }

    pub fn of(&self, room: RoomNumber) -> Option<Arc<[Arc<L>]>> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let listeners = rooms.get_mut(&room)?;
        let copy = listeners.copy.get_or_insert_with(|| listeners.by_connection.values().cloned().collect());
        Some(copy.clone())
    }

    pub fn connections(&self, room: RoomNumber) -> Vec<ConnectionId> {
        self.of(room).iter().flat_map(|listeners| listeners.iter()).map(|one| one.connection()).collect()
    }

    /// Whether a connection listens to any of these rooms.
    pub fn hears_any(&self, rooms: &BTreeSet<RoomNumber>, connection: ConnectionId) -> bool {
        let all = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.iter().any(|room| all.get(room).is_some_and(|room| room.by_connection.contains_key(&connection)))
    }

    /// Hands the same frames to everybody in the room.
    pub async fn tell(&self, room: RoomNumber, frames: &[L::Frame]) {
        let Some(listeners) = self.of(room) else { return };
        for chunk in listeners.chunks(CHUNK) {
            for listener in chunk {
                listener.hear(frames);
            }
            tokio::task::yield_now().await;
        }
    }
}
