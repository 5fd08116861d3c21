//! Who is here, told once to whoever shares a room with them, however many rooms they share.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use moka::sync::Cache;

use super::{NAMESPACE, Rooms, wire};
use crate::doors::audience::Listener;
use crate::doors::hearing::Frame;
use crate::doors::socketio::packet;
use crate::model::{Attendee, ConnectionId, Presence, PresenceChanged, RoomNumber, UserId};

const REMEMBERED: u64 = 100_000;
/// Rooms tell of one coming within some seconds. Whoever is told again after this loses nothing.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// What was told last of somebody, and in which rooms.
pub(super) struct Told(Cache<UserId, (bool, BTreeSet<RoomNumber>)>);

impl Default for Told {
    fn default() -> Self {
        Told(Cache::builder().max_capacity(REMEMBERED).time_to_idle(REMEMBERED_FOR).build())
    }
}

impl Told {
    /// Notes what a room is told of somebody; gives the rooms that have heard it already. None: this one has.
    fn note(&self, person: UserId, is_online: bool, room: RoomNumber) -> Option<BTreeSet<RoomNumber>> {
        let known = self.0.get(&person).filter(|(told, _)| *told == is_online);
        let before = known.map(|(_, rooms)| rooms).unwrap_or_default();
        let mut rooms = before.clone();
        let is_news = rooms.insert(room);
        self.0.insert(person, (is_online, rooms));
        is_news.then_some(before)
    }

    /// The room may hear it anew.
    fn forget(&self, person: UserId, room: RoomNumber) {
        if let Some((is_online, mut rooms)) = self.0.get(&person) {
            rooms.remove(&room);
            self.0.insert(person, (is_online, rooms));
        }
    }
}

impl Rooms {
    pub(super) async fn tell_presence(&self, changed: &PresenceChanged) {
        let (mut for_all, mut for_some) = (Vec::new(), Vec::new());
        if self.door.audience.of(changed.room).is_none() {
            return;
        }
        for Attendee { who, presence } in &changed.changes {
            let is_online = *presence != Presence::Offline;
            // Who is in the room no more counts as gone there, and may be here all the same.
            if !is_online && self.chat().status(who.id) != Presence::Offline {
                self.told.forget(who.id, changed.room);
                continue;
            }
            let Some(informed) = self.told.note(who.id, is_online, changed.room) else { continue };
            let text = if is_online {
                packet::event(NAMESPACE, "user-online", &wire::online(who.id))
            } else {
                let last_seen = who.last_seen.unwrap_or_else(|| self.chat().now());
                packet::event(NAMESPACE, "user-offline", &wire::offline(who.id, last_seen))
            };
            let frame = Frame::new(text, changed.room).for_members(Some(who.id));
            if informed.is_empty() { for_all.push(frame) } else { for_some.push((frame, informed)) }
        }
        if !for_all.is_empty() {
            self.door.audience.tell(changed.room, &for_all).await;
        }
        for (frame, informed) in for_some {
            let informed: HashSet<ConnectionId> = informed.into_iter().flat_map(|room| self.listening(room)).collect();
            let Some(listeners) = self.door.audience.of(changed.room) else { return };
            let others = listeners.iter().filter(|ear| !informed.contains(&ear.connection()));
            others.for_each(|ear| ear.hear(std::slice::from_ref(&frame)));
            tokio::task::yield_now().await;
        }
    }

    fn listening(&self, room: RoomNumber) -> Vec<ConnectionId> {
        let listeners = self.door.audience.of(room);
        listeners.iter().flat_map(|listeners| listeners.iter()).map(|ear| ear.connection()).collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_room_hears_it_once_and_knows_who_heard_it_before() {
        let (told, ann, (one, other)) = (Told::default(), Uuid::from_u128(1), (RoomNumber(7), RoomNumber(8)));
        assert_eq!(told.note(ann, true, one), Some(BTreeSet::new()));
        assert_eq!(told.note(ann, true, one), None);
        assert_eq!(told.note(ann, true, other), Some(BTreeSet::from([one])));
        assert_eq!(told.note(ann, false, other), Some(BTreeSet::new()));
        assert_eq!(told.note(ann, false, one), Some(BTreeSet::from([other])));
        told.forget(ann, one);
        assert_eq!(told.note(ann, false, one), Some(BTreeSet::from([other])));
    }
}
