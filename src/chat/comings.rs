//! Comings and goings. The notices carry no name, so in a rush they are merged.

use super::Chat;
use super::merging::Merging;
use crate::model::{Event, RoomNumber};

const NOTICES_A_SECOND: u32 = 20;

pub struct Comings {
    joined: Merging<RoomNumber, Event>,
    left: Merging<RoomNumber, Event>,
}

impl Default for Comings {
    fn default() -> Self {
        Comings { joined: Merging::new(NOTICES_A_SECOND), left: Merging::new(NOTICES_A_SECOND) }
    }
}

impl Chat {
    pub async fn joined(&self, room: RoomNumber) {
        let event = Event::Joined { room, at: self.inner.clock.now() };
        if let Some(event) = self.inner.comings.joined.admit(room, event, self.inner.clock.ticks()) {
            self.inner.bus.tell(event).await;
        }
    }

    pub async fn left(&self, room: RoomNumber) {
        let event = Event::Left { room, at: self.inner.clock.now() };
        if let Some(event) = self.inner.comings.left.admit(room, event, self.inner.clock.ticks()) {
            self.inner.bus.tell(event).await;
        }
    }

    pub(super) async fn tell_merged_notices(&self) {
        let now = self.inner.clock.ticks();
        for (_, event) in self.inner.comings.joined.due(now).into_iter().chain(self.inner.comings.left.due(now)) {
            self.inner.bus.tell(event).await;
        }
    }
}
