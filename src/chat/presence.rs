//! Comings and goings. The notices carry no name, so in a rush they are merged: a thousand clients
//! that reconnect at once must not cost a million frames.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Chat;
use crate::model::{Event, Micros, RoomNumber};

const NOTICES_A_SECOND: u32 = 20;
const SECOND: i64 = 1_000_000;

#[derive(Default)]
pub struct Presence {
    rooms: Mutex<HashMap<RoomNumber, Rush>>,
}

#[derive(Default)]
struct Rush {
    since: Micros,
    told: u32,
    joined: bool,
    left: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Notice {
    Joined,
    Left,
}

impl Presence {
    /// Whether to tell now; otherwise it is told, merged, when the second is over.
    fn admit(&self, room: RoomNumber, notice: Notice, now: Micros) -> bool {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let rush = rooms.entry(room).or_default();
        if now.0 - rush.since.0 >= SECOND {
            rush.since = now;
            rush.told = 0;
        }
        if rush.told < NOTICES_A_SECOND {
            rush.told += 1;
            return true;
        }
        match notice {
            Notice::Joined => rush.joined = true,
            Notice::Left => rush.left = true,
        }
        false
    }

    fn merged(&self, now: Micros, at: Micros) -> Vec<Event> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = Vec::new();
        rooms.retain(|room, rush| {
            if now.0 - rush.since.0 < SECOND {
                return true;
            }
            if rush.joined {
                events.push(Event::Joined { room: *room, at });
            }
            if rush.left {
                events.push(Event::Left { room: *room, at });
            }
            false
        });
        events
    }
}

impl Chat {
    pub async fn joined(&self, room: RoomNumber) {
        let at = self.inner.clock.now();
        if self.inner.presence.admit(room, Notice::Joined, self.inner.clock.ticks()) {
            self.inner.bus.tell(Event::Joined { room, at }).await;
        }
    }

    pub async fn left(&self, room: RoomNumber) {
        let at = self.inner.clock.now();
        if self.inner.presence.admit(room, Notice::Left, self.inner.clock.ticks()) {
            self.inner.bus.tell(Event::Left { room, at }).await;
        }
    }

    pub(super) async fn tell_merged_notices(&self) {
        for event in self.inner.presence.merged(self.inner.clock.ticks(), self.inner.clock.now()) {
            self.inner.bus.tell(event).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rush_is_told_twenty_times_and_once_more() {
        let presence = Presence::default();
        let told = (0..1000).filter(|_| presence.admit(RoomNumber::MAIN, Notice::Joined, Micros(SECOND))).count();
        assert_eq!(told, 20);
        assert!(presence.merged(Micros(SECOND + 1), Micros(0)).is_empty());
        assert_eq!(presence.merged(Micros(2 * SECOND), Micros(0)).len(), 1);
        assert!(presence.merged(Micros(3 * SECOND), Micros(0)).is_empty());
    }
}
