//! Who is connected here.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::Chat;
use crate::model::{ConnectionId, UserId};

#[derive(Default)]
pub struct Attendance {
    connections: Mutex<HashMap<UserId, HashSet<ConnectionId>>>,
}

impl Chat {
    pub fn came(&self, person: UserId, connection: ConnectionId) {
        let mut connections = self.inner.attendance.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.entry(person).or_default().insert(connection);
    }

    pub fn went(&self, person: UserId, connection: ConnectionId) {
        let mut connections = self.inner.attendance.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = connections.get_mut(&person) {
            theirs.remove(&connection);
            if theirs.is_empty() {
                connections.remove(&person);
            }
        }
    }

    pub fn is_online(&self, person: UserId) -> bool {
        self.inner.attendance.connections.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&person)
    }
}
