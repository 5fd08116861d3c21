//! The rooms that somebody hears through this door: what they are called, and how far each has come.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::model::{Room, RoomNumber};

#[derive(Default)]
pub struct Places(Mutex<HashMap<RoomNumber, Weak<Place>>>);

/// Kept by those who hear the room. Its name stays what it was when the first of them came, since each goes
/// by it.
pub struct Place {
    pub name: String,
    sequence: AtomicI64,
}

impl Place {
    /// The highest number that is known of.
    pub fn sequence(&self) -> i64 {
        self.sequence.load(Ordering::Relaxed)
    }

    pub fn reached(&self, sequence: i64) {
        self.sequence.fetch_max(sequence, Ordering::Relaxed);
    }
}

impl Places {
    fn all(&self) -> MutexGuard<'_, HashMap<RoomNumber, Weak<Place>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For somebody who comes.
    pub fn enter(&self, room: &Room) -> Arc<Place> {
        let mut all = self.all();
        if let Some(place) = all.get(&room.number).and_then(Weak::upgrade) {
            return place;
        }
        let place = Arc::new(Place { name: room.slug.clone(), sequence: AtomicI64::new(0) });
        all.insert(room.number, Arc::downgrade(&place));
        place
    }

    /// None: nobody is there.
    pub fn get(&self, room: RoomNumber) -> Option<Arc<Place>> {
        self.all().get(&room).and_then(Weak::upgrade)
    }

    pub fn forget_empty(&self) {
        self.all().retain(|_, place| place.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{Micros, RoomKind};

    #[test]
    fn a_place_is_there_while_somebody_keeps_it() {
        let room = Room {
            number: RoomNumber(7),
            id: Uuid::nil(),
            slug: "tavern".into(),
            name: "The tavern".into(),
            description: String::new(),
            kind: RoomKind::Public,
            created_by: None,
            created_at: Micros(0),
            updated_at: Micros(0),
            archived_at: None,
            slow_mode_seconds: 0,
            pair: None,
        };
        let places = Places::default();
        let (one, other) = (places.enter(&room), places.enter(&Room { slug: "p-hidden".into(), ..room.clone() }));
        one.reached(5);
        other.reached(3);
        assert_eq!((other.name.as_str(), other.sequence()), ("tavern", 5));
        drop((one, other));
        assert!(places.get(room.number).is_none());
        places.forget_empty();
        assert!(places.all().is_empty());
    }
}
