//! What a door remembers of the rooms that somebody hears through it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::model::RoomNumber;

/// Each is kept by those who hear the room.
pub struct Places<P>(Mutex<HashMap<RoomNumber, Weak<P>>>);

impl<P> Default for Places<P> {
    fn default() -> Self {
        Places(Mutex::default())
    }
}

impl<P> Places<P> {
    fn all(&self) -> MutexGuard<'_, HashMap<RoomNumber, Weak<P>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For somebody who comes; the first makes it.
    pub fn enter(&self, room: RoomNumber, make: impl FnOnce() -> P) -> Arc<P> {
        let mut all = self.all();
        if let Some(place) = all.get(&room).and_then(Weak::upgrade) {
            return place;
        }
        let place = Arc::new(make());
        all.insert(room, Arc::downgrade(&place));
        place
    }

    /// None: nobody is there.
    pub fn get(&self, room: RoomNumber) -> Option<Arc<P>> {
        self.all().get(&room).and_then(Weak::upgrade)
    }

    pub fn forget_empty(&self) {
        self.all().retain(|_, place| place.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_there_while_somebody_keeps_it() {
        let (places, room) = (Places::default(), RoomNumber(7));
        let (one, other) = (places.enter(room, || "tavern"), places.enter(room, || "another"));
        assert_eq!((*one, *other), ("tavern", "tavern"));
        drop((one, other));
        assert!(places.get(room).is_none());
        places.forget_empty();
        assert!(places.all().is_empty());
    }
}
