//! Hears the bus, puts each room's events in the order of `rev`, reads what is missing, and hands
//! them to the doors. One task; nothing is told twice and nothing is passed over.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::{Known, PATIENCE};
use crate::bus::Announcement;
use crate::model::{Event, Message, Posted, RoomNumber};
use crate::store::{Fault, RoomCounts, Store};

/// Announcements taken together: their frames share system calls.
const TOGETHER: usize = 64;
/// Between two tries to read what is missing while the database is away.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// Messages in one reading of what is missing.
const READ_AT_ONCE: usize = 1000;

pub struct Feed {
    store: Store,
    known: Known,
    rooms: HashMap<RoomNumber, Progress>,
    /// Rooms of which something must be read.
    behind: BTreeSet<RoomNumber>,
}

/// How far a room has been told.
#[derive(Default)]
struct Progress {
    rev: i64,
    seq: i64,
    /// Came before its turn.
    early: BTreeMap<i64, Arc<Event>>,
}

impl Feed {
    /// Begins where the rooms stand now.
    pub async fn new(store: Store, known: Known) -> Result<Feed, Fault> {
        let counts = store.all_room_counts().await?.into_iter();
        let begun = |counts: RoomCounts| Progress { rev: counts.last_rev, seq: counts.last_seq, ..Progress::default() };
        let rooms = counts.map(|(number, counts)| (number, begun(counts))).collect();
        Ok(Feed { store, known, rooms, behind: BTreeSet::new() })
    }

    /// Runs until every writer of the bus is gone. `tell` hands events to the doors.
    pub async fn run(mut self, mut bus: mpsc::Receiver<Announcement>, mut tell: impl AsyncFnMut(&[Arc<Event>])) {
        let mut announcements = Vec::new();
        loop {
            let taken = tokio::select! {
                taken = bus.recv_many(&mut announcements, TOGETHER) => taken,
                () = sleep(TRY_AGAIN), if !self.behind.is_empty() => usize::MAX,
            };
            if taken == 0 {
                return;
            }
            let mut told = Vec::new();
            let mut acknowledgements = Vec::new();
            for announcement in announcements.drain(..) {
                for event in announcement.events {
                    self.put_in_order(event, &mut told);
                }
                acknowledgements.extend(announcement.then);
            }
            // What is ready does not wait for what must be read.
            tell(&told).await;
            told.clear();
            self.read_what_is_missing(&mut told).await;
            tell(&told).await;
            for acknowledge in acknowledgements {
                acknowledge();
            }
        }
    }

    fn put_in_order(&mut self, event: Arc<Event>, told: &mut Vec<Arc<Event>>) {
        match &*event {
            Event::UserChanged { user } | Event::UserEdited { user } => {
                self.known.people.forget(*user);
                self.known.attendance.renamed(*user);
            }
            Event::MemberChanged(changed) => {
                self.known.rooms.forget_member(changed.room.number, changed.who.id);
                self.known.attendance.member_changed(changed);
                self.known.typing.member_changed(changed);
            }
            // A direct room is hidden by leaving it.
            Event::DirectBegun { room, to } => {
                self.known.rooms.forget_member(*room, *to);
                self.known.attendance.belongs(*room, *to, true);
            }
            Event::RoomChanged { room, .. } => self.known.rooms.forget(room.number),
            Event::SessionEnded { session, user, reason } => self.known.sessions.note_end(*session, *user, *reason),
            Event::WordsChanged { version } => self.known.words.changed(*version),
            Event::MessageCreated(_)
            | Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::TypingChanged { .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::HearingEnded { .. }
            | Event::Unsettled { .. }
            | Event::RoomCreated { .. }
            | Event::PeopleMoved { .. }
            | Event::PresenceChanged(_)
            | Event::Noticed { .. } => {}
        }
        let (Some(room), rev) = (event.room(), event.rev()) else {
            return told.push(event);
        };
        let progress = self.rooms.entry(room).or_default();
        if matches!(&*event, Event::Unsettled { .. }) {
            self.behind.insert(room);
        } else if let Some(rev) = rev {
            if rev > progress.rev {
                progress.early.insert(rev, event);
                progress.tell_in_turn(told);
                if !progress.early.is_empty() {
                    self.behind.insert(room);
                }
            }
        } else {
            told.push(event);
        }
    }

    async fn read_what_is_missing(&mut self, told: &mut Vec<Arc<Event>>) {
        while let Some(room) = self.behind.first().copied() {
            let progress = self.rooms.entry(room).or_default();
            let read = async {
                let changes = self.store.changes(room, progress.rev, READ_AT_ONCE).await?;
                self.known.people.beside(changes).await
            };
            let changes = match timeout(PATIENCE, read).await.unwrap_or(Err(Fault::TooSlow)) {
                Ok(changes) => changes,
                Err(fault) => return fault.log("cannot read what is missing"),
            };
            let is_last = changes.len() < READ_AT_ONCE;
            progress.tell_changes(changes, told);
            if is_last {
                self.behind.remove(&room);
            }
            if is_last && !progress.early.is_empty() {
                // What comes before them is not committed yet: later.
                self.behind.insert(room);
                return;
            }
        }
    }
}

impl Progress {
    fn tell_in_turn(&mut self, told: &mut Vec<Arc<Event>>) {
        while let Some(event) = self.early.remove(&(self.rev + 1)) {
            self.rev += 1;
            if let Event::MessageCreated(posted) = &*event {
                self.seq = self.seq.max(posted.message.seq);
            }
            told.push(event);
        }
    }

    /// One page of what was missing. Numbers between two changes are settled by the later one.
    fn tell_changes(&mut self, changes: Vec<Posted>, told: &mut Vec<Arc<Event>>) {
        for posted in changes {
            self.rev = posted.message.rev;
            told.push(Arc::new(self.event_for(Arc::new(posted))));
        }
        self.early = self.early.split_off(&(self.rev + 1));
        self.tell_in_turn(told);
    }

    /// What a message of this state must have come from, for readers who saw it last at `self`.
    fn event_for(&mut self, posted: Arc<Posted>) -> Event {
        let Message { seq, deleted, .. } = posted.message;
        let is_new = seq > self.seq;
        self.seq = self.seq.max(seq);
        match (deleted, is_new) {
            (true, _) => Event::MessageDeleted(posted),
            (false, true) => Event::MessageCreated(posted),
            (false, false) => Event::MessageEdited(posted),
        }
    }
}
