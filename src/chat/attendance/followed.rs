//! The people of one room who are here, and what changed among them since those who watch were told.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::SECOND;
use crate::model::{Author, Micros, Presence, PresenceChange, PresenceChanged, RoomId, RoomNumber, UserId};

/// Who watches is told of so many by name.
pub const MOST_NAMED: usize = 100;
/// For every so many who watch they are told a second later.
const WATCHERS_A_SECOND: i64 = 1000;
/// Somebody may ask for the next page of a list.
const FOLLOWED_FOR: i64 = 60 * SECOND;

/// The order of lists.
pub type Key = (String, UserId);

pub fn key(who: &Author) -> Key {
    (who.name.clone(), who.id)
}

pub struct Followed {
    pub here: BTreeSet<Key>,
    /// Whether it has been read who of those who are here belongs to the room.
    pub is_known: bool,
    asked_at: Micros,
    watched: Option<Watched>,
}

struct Watched {
    room: RoomId,
    watchers: i64,
    /// When the first of the changes happened.
    since: Option<Micros>,
    changes: HashMap<UserId, PresenceChange>,
    /// More changed than are kept: so the work and the memory of a rush have a bound.
    too_many: bool,
}

impl Followed {
    pub fn new(is_known: bool, now: Micros) -> Followed {
        Followed { here: BTreeSet::new(), is_known, asked_at: now, watched: None }
    }

    pub fn asked(&mut self, now: Micros) {
        self.asked_at = now;
    }

    pub fn is_wanted(&self, now: Micros) -> bool {
        self.watched.is_some() || now.0 - self.asked_at.0 < FOLLOWED_FOR
    }

    pub fn watch(&mut self, room: RoomId) {
        let new = || Watched { room, watchers: 0, since: None, changes: HashMap::new(), too_many: false };
        self.watched.get_or_insert_with(new).watchers += 1;
    }

    pub fn unwatch(&mut self, now: Micros) {
        self.asked_at = now;
        if let Some(watched) = &mut self.watched {
            watched.watchers -= 1;
        }
        self.watched.take_if(|watched| watched.watchers == 0);
    }

    pub fn note(&mut self, who: &Arc<Author>, before: Presence, after: Presence, now: Micros) {
        // Whoever waits for the first list is told of nobody who stands in it.
        let Some(watched) = self.watched.as_mut().filter(|_| self.is_known) else { return };
        watched.since.get_or_insert(now);
        if let Some(change) = watched.changes.get_mut(&who.id) {
            (change.who, change.now) = (who.clone(), after);
        } else if watched.changes.len() < MOST_NAMED {
            watched.changes.insert(who.id, PresenceChange { who: who.clone(), before: Some(before), now: after });
        } else {
            watched.too_many = true;
        }
    }

    /// What is to be told now. Who came and went meanwhile, or came back, changed nothing.
    pub fn due(&mut self, room: RoomNumber, now: Micros) -> Option<PresenceChanged> {
        let watched = self.watched.as_mut()?;
        let wait = SECOND * (1 + watched.watchers / WATCHERS_A_SECOND);
        watched.since.take_if(|since| now.0 - since.0 >= wait)?;
        let complete = !std::mem::take(&mut watched.too_many);
        let changed = std::mem::take(&mut watched.changes).into_values();
        let changed = changed.filter(|change| change.before != Some(change.now));
        let mut changes: Vec<PresenceChange> = changed.collect();
        changes.sort_by(|one, other| (&one.who.name, one.who.id).cmp(&(&other.who.name, other.who.id)));
        let is_news = !changes.is_empty() || !complete;
        is_news.then_some(PresenceChanged { room, room_id: watched.room, online: self.here.len(), changes, complete })
    }

    pub fn page(&mut self, after: Option<Key>, limit: usize) -> impl Iterator<Item = UserId> {
        let pending = self.watched.iter_mut().flat_map(|watched| watched.changes.values_mut());
        // Whoever is shown what is between must hear what came of it.
        pending.for_each(|change| change.before = None);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.here.range((from, Bound::Unbounded)).take(limit).map(|(_, id)| *id)
    }
}
