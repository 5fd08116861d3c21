//! A room that somebody hears through this door: what it is called, and how far it has come.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::model::Room;

/// Its name stays what it was when the first came who hears it, since each goes by it.
pub struct Place {
    pub name: String,
    sequence: AtomicI64,
}

impl Place {
    pub fn of(room: &Room) -> Place {
        Place { name: room.slug.clone(), sequence: AtomicI64::new(0) }
    }

    /// The highest number that is known of.
    pub fn sequence(&self) -> i64 {
        self.sequence.load(Ordering::Relaxed)
    }

    pub fn reached(&self, sequence: i64) {
        self.sequence.fetch_max(sequence, Ordering::Relaxed);
    }
}
