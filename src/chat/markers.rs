//! Read markers: of each person and room one a second is stored, however fast they move. What comes
//! sooner waits for the second to end, the newest of it, and counts already.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;

use super::permissions::Action;
use super::{Caller, Chat, Refusal};
use crate::model::{Author, Micros, Room, RoomNumber, UserId};
use crate::store::{Deed, MemberCommand};

const SECOND: i64 = 1_000_000;

#[derive(Default)]
pub struct Markers {
    newest: Mutex<HashMap<(RoomNumber, UserId), Marker>>,
    /// The server stops: nothing waits any more.
    is_closed: AtomicBool,
}

/// Where somebody has read to, from when they said so until it has been stored for a second.
struct Marker {
    seq: i64,
    until: Micros,
    /// Not stored yet.
    waiting: Option<Moved>,
}

#[derive(Clone)]
struct Moved {
    room: Arc<Room>,
    who: Arc<Author>,
    seq: i64,
}

impl Moved {
    fn key(&self) -> (RoomNumber, UserId) {
        (self.room.number, self.who.id)
    }
}

impl Markers {
    fn newest(&self) -> MutexGuard<'_, HashMap<(RoomNumber, UserId), Marker>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stands_at(&self, room: RoomNumber, user: UserId) -> i64 {
        self.newest().get(&(room, user)).map_or(0, |marker| marker.seq)
    }

    /// Gives back what is to be stored now.
    fn note(&self, moved: Moved, now: Micros) -> Option<Moved> {
        if self.is_closed.load(Ordering::SeqCst) {
            return Some(moved);
        }
        match self.newest().entry(moved.key()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Marker { seq: moved.seq, until: Micros(now.0 + SECOND), waiting: None });
                Some(moved)
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                if moved.seq > known.seq {
                    known.seq = moved.seq;
                    known.waiting = Some(moved);
                }
                None
            }
        }
    }

    /// What has waited until its second ended.
    fn due(&self, now: Micros) -> Vec<Moved> {
        let mut due = Vec::new();
        self.newest().retain(|_, marker| {
            if now < marker.until {
                return true;
            }
            marker.until = Micros(now.0 + SECOND);
            let before = due.len();
            due.extend(marker.waiting.take());
            due.len() > before
        });
        due
    }

    fn close(&self) -> Vec<Moved> {
        self.is_closed.store(true, Ordering::SeqCst);
        self.newest().drain().filter_map(|(_, marker)| marker.waiting).collect()
    }

    /// It could not be stored: what stands is what stood before, unless it is tried once more.
    fn could_not_store(&self, moved: Moved, again: bool) {
        if let Entry::Occupied(mut known) = self.newest().entry(moved.key()) {
            if again {
                known.get_mut().waiting.get_or_insert(moved);
            } else if known.get().waiting.is_none() {
                known.remove();
            }
        }
    }
}

impl Chat {
    /// Moves the caller's own read marker forward; gives where it stands.
    pub async fn move_marker(&self, caller: &Caller, reference: &str, seq: i64) -> Result<(Arc<Room>, i64), Refusal> {
        let member = self.member(caller, Some(reference)).await?;
        if !member.is_in() {
            return Err(Refusal::RoomNotFound);
        }
        member.may(Action::MoveMarker)?;
        let (markers, user) = (&self.inner.markers, caller.user().id);
        let room = member.room.clone();
        let stands = markers.stands_at(room.number, user).max(member.membership().last_read_seq);
        if seq <= stands {
            return Ok((room, stands));
        }
        // What comes after this has not been read.
        let seq = seq.min(self.counts(&room).await?.last_seq);
        if seq <= stands {
            return Ok((room, stands));
        }
        let moved = Moved { room: room.clone(), who: caller.author(), seq };
        match markers.note(moved, self.inner.clock.ticks()) {
            Some(moved) => match self.store_marker(moved.clone()).await {
                Ok(stands) => Ok((room, stands)),
                Err(refusal) => {
                    markers.could_not_store(moved, false);
                    Err(refusal)
                }
            },
            None => Ok((room.clone(), markers.stands_at(room.number, user).max(stands))),
        }
    }

    async fn store_marker(&self, moved: Moved) -> Result<i64, Refusal> {
        let command = MemberCommand {
            room: moved.room,
            by: Some(moved.who.id),
            who: moved.who,
            who_is_admin: false,
            over: None,
            deed: Deed::MoveMarker { seq: moved.seq },
            reason: None,
        };
        Ok(self.settle_member(command).await?.now.last_read_seq)
    }

    async fn store_waiting(&self, waiting: Vec<Moved>) {
        let store = async |moved: Moved| {
            // Of who was erased meanwhile nothing is to be left.
            let known = self.inner.known.people.user(moved.who.id).await;
            if matches!(&known, Ok(user) if user.as_ref().is_none_or(|user| user.is_barred())) {
                return self.inner.markers.could_not_store(moved, false);
            }
            if let Err(refusal) = self.store_marker(moved.clone()).await {
                let again = matches!(refusal, Refusal::DatabaseAway { .. } | Refusal::OutcomeUnknown);
                self.inner.markers.could_not_store(moved, again);
            }
        };
        join_all(waiting.into_iter().map(store)).await;
    }

    /// Beside the tick, which waits for nobody.
    pub(super) fn store_due_markers(&self) {
        let due = self.inner.markers.due(self.inner.clock.ticks());
        if !due.is_empty() {
            let chat = self.clone();
            tokio::spawn(async move { chat.store_waiting(due).await });
        }
    }

    /// Before the writer stops.
    pub async fn store_all_markers(&self) {
        self.store_waiting(self.inner.markers.close()).await;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::RoomKind;

    fn moved(seq: i64) -> Moved {
        let room = Room {
            number: RoomNumber(2),
            id: Uuid::nil(),
            slug: "garden".into(),
            name: "Garden".into(),
            description: String::new(),
            kind: RoomKind::Public,
            created_by: None,
            created_at: Micros(0),
            updated_at: Micros(0),
            archived_at: None,
            slow_mode_seconds: 0,
            pair: None,
        };
        Moved { room: Arc::new(room), who: Arc::new(Author::nameless(Uuid::nil())), seq }
    }

    #[test]
    fn the_newest_of_a_second_is_stored_once_and_counts_at_once() {
        let (markers, place) = (Markers::default(), (RoomNumber(2), Uuid::nil()));
        let seqs = |moved: Vec<Moved>| moved.into_iter().map(|moved| moved.seq).collect::<Vec<_>>();
        assert_eq!(markers.note(moved(3), Micros(0)).map(|moved| moved.seq), Some(3));
        for seq in [4, 9, 5] {
            assert!(markers.note(moved(seq), Micros(1)).is_none());
        }
        assert_eq!(markers.stands_at(place.0, place.1), 9, "never back");
        assert_eq!(seqs(markers.due(Micros(SECOND - 1))), [0; 0]);
        assert_eq!(seqs(markers.due(Micros(SECOND))), [9]);
        assert_eq!(markers.stands_at(place.0, place.1), 9, "while it is being stored");
        assert!(markers.note(moved(10), Micros(SECOND + 1)).is_none(), "the next second has begun");
        markers.could_not_store(moved(9), true);
        assert_eq!(seqs(markers.due(Micros(2 * SECOND))), [10]);
        markers.could_not_store(moved(10), true);
        assert_eq!(seqs(markers.due(Micros(3 * SECOND))), [10], "tried again");
        assert_eq!(seqs(markers.due(Micros(4 * SECOND))), [0; 0]);
        assert_eq!(markers.stands_at(place.0, place.1), 0, "forgotten");

        assert!(markers.note(moved(11), Micros(0)).is_some());
        markers.could_not_store(moved(11), false);
        assert_eq!(markers.stands_at(place.0, place.1), 0);
        markers.note(moved(12), Micros(0));
        markers.note(moved(13), Micros(0));
        assert_eq!(seqs(markers.close()), [13]);
        assert!(markers.note(moved(14), Micros(0)).is_some() && markers.note(moved(15), Micros(0)).is_some());
    }
}
