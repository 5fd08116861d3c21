//! Who is here, told once to whoever shares a room with them, however many rooms they share.

use std::collections::BTreeSet;
use std::time::Duration;

use moka::sync::Cache;

use super::{NAMESPACE, Rooms, wire};
use crate::doors::audience::Listener;
use crate::doors::hearing::Frame;
use crate::doors::socketio::packet;
use crate::model::{Presence, PresenceChange, PresenceChanged, RoomNumber, UserId};

const REMEMBERED: u64 = 100_000;
/// Rooms tell of one coming within some seconds.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

/// Which rooms have heard of somebody's last coming or going. Those that hear of it later pass over who is
/// in one of these.
pub(super) struct Told(Cache<UserId, (bool, BTreeSet<RoomNumber>)>);

impl Default for Told {
    fn default() -> Self {
        Told(Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build())
    }
}

impl Told {
    /// Notes what a room is told of somebody; gives the rooms that have heard of the same coming or going. A
    /// room that has heard it already hears of another.
    fn note(&self, person: UserId, is_online: bool, room: RoomNumber) -> BTreeSet<RoomNumber> {
        let known = self.0.get(&person).filter(|(told, rooms)| *told == is_online && !rooms.contains(&room));
        let before = known.map(|(_, rooms)| rooms).unwrap_or_default();
        let mut rooms = before.clone();
        rooms.insert(room);
        self.0.insert(person, (is_online, rooms));
        before
    }
}

/// Away is here.
fn came_or_went(change: &PresenceChange) -> bool {
    change.before.is_none_or(|before| (before == Presence::Offline) != (change.now == Presence::Offline))
}

impl Rooms {
    pub(super) async fn tell_presence(&self, changed: &PresenceChanged) {
        let (mut for_all, mut for_some) = (Vec::new(), Vec::new());
        let Some(listeners) = self.door.audience.of(changed.room) else { return };
        for change in changed.changes.iter().filter(|change| came_or_went(change)) {
            let (who, is_online) = (&change.who, change.now != Presence::Offline);
            // Who is in the room no more counts as gone there, and may be here all the same.
            if !is_online && self.chat().status(who.id) != Presence::Offline {
                continue;
            }
            let informed = self.told.note(who.id, is_online, changed.room);
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
            let others = listeners.iter().filter(|ear| !self.door.audience.hears_any(&informed, ear.connection()));
            others.for_each(|ear| ear.hear(std::slice::from_ref(&frame)));
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_room_hears_it_once_and_knows_who_heard_it_before() {
        let (told, ann, (one, other)) = (Told::default(), Uuid::from_u128(1), (RoomNumber(7), RoomNumber(8)));
        assert_eq!(told.note(ann, true, one), BTreeSet::new());
        assert_eq!(told.note(ann, true, other), BTreeSet::from([one]));
        assert_eq!(told.note(ann, true, one), BTreeSet::new(), "she went and came, and nobody was there to hear it");
        assert_eq!(told.note(ann, true, other), BTreeSet::from([one]));
        assert_eq!(told.note(ann, false, other), BTreeSet::new());
        assert_eq!(told.note(ann, false, one), BTreeSet::from([other]));
    }
}
