//! Who is here: the connections of each person, and what they come to; and of the rooms that somebody
//! wants to know about, who of their people is here. Nothing of it is stored but when somebody was last
//! seen.

mod comings;
mod followed;
mod here;
mod sign;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moka::sync::Cache;
use tokio::sync::Semaphore;

pub(super) use comings::Traffic;
pub use followed::Key;
pub(super) use here::Questions;

use crate::model::{
    Actor, Attendee, Author, Clock, MemberChanged, MemberState, Micros, Presence, PresenceChanged, Room, RoomNumber,
    UserId,
};
use crate::store::Seen;
use comings::Comings;
use here::Here;
use sign::Sign;

const SECOND: i64 = 1_000_000;
/// Between two looks at who fell silent.
const LOOK_AGAIN: i64 = 5 * SECOND;
/// Who came and went is stored together, and all who are here now and then.
const SAVE_SOME: i64 = SECOND;
const SAVE_ALL: i64 = 600 * SECOND;
const REMEMBERED: u64 = 100_000;

pub struct Attendance {
    clock: Clock,
    here: Mutex<Here>,
    comings: Mutex<Comings>,
    /// When people went. What caches know of their accounts was read before.
    gone: Cache<UserId, Micros>,
    looking: Round,
    saving_some: Round,
    saving_all: Round,
    /// After reading failed, not before this.
    read_again: AtomicI64,
    /// One at a time reads who newcomers are, one stores who was seen, and one tells who came and went.
    pub(super) reader: Arc<Semaphore>,
    pub(super) saver: Arc<Semaphore>,
    pub(super) teller: Arc<Semaphore>,
}

/// One connection of somebody, who is here while they have one.
pub struct Seat {
    attendance: Arc<Attendance>,
    person: UserId,
    sign: Arc<Sign>,
}

/// One connection's wish to hear what changes in a room.
pub struct Watch {
    attendance: Arc<Attendance>,
    pub room: Arc<Room>,
}

impl Attendance {
    pub fn new(clock: Clock) -> Arc<Attendance> {
        let now = clock.ticks();
        Arc::new(Attendance {
            here: Mutex::new(Here::new(now)),
            comings: Mutex::default(),
            gone: Cache::builder().max_capacity(REMEMBERED).build(),
            looking: Round::new(LOOK_AGAIN, now),
            saving_some: Round::new(SAVE_SOME, now),
            saving_all: Round::new(SAVE_ALL, now),
            read_again: AtomicI64::new(now.0),
            reader: Arc::new(Semaphore::new(1)),
            saver: Arc::new(Semaphore::new(1)),
            teller: Arc::new(Semaphore::new(1)),
            clock,
        })
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn comings(&self) -> MutexGuard<'_, Comings> {
        self.comings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are inside of a room on this node, and some of them.
    pub fn inside(&self, room: RoomNumber, most: usize) -> (usize, Vec<UserId>) {
        self.comings().inside(room, most)
    }

    pub(super) fn comings_due(&self) -> HashMap<RoomNumber, Traffic> {
        self.comings().due()
    }

    /// Who is nobody is not here.
    pub fn came(self: &Arc<Self>, actor: Actor) -> Option<Seat> {
        let person = actor.person()?;
        let now = self.clock.ticks();
        let sign = Arc::new(Sign::new(now));
        let seen = Seen { id: person, at: self.clock.now(), is_guest: matches!(actor, Actor::Guest(_)) };
        self.here().came(seen, sign.clone(), now);
        Some(Seat { attendance: self.clone(), person, sign })
    }

    /// How many accounts and guests are here.
    pub fn count(&self) -> (usize, usize) {
        self.here().count()
    }

    pub fn presence(&self, person: UserId) -> Presence {
        self.here().presence(person)
    }

    pub fn last_seen(&self, who: &Author) -> Option<Micros> {
        match self.presence(who.id) {
            Presence::Online | Presence::Away => Some(self.clock.now()),
            Presence::Offline => who.last_seen.max(self.gone.get(&who.id)),
        }
    }

    /// Whether somebody was here and went, as far as this node remembers.
    pub fn has_gone(&self, person: UserId) -> bool {
        self.presence(person) == Presence::Offline && self.gone.contains_key(&person)
    }

    pub fn watch(self: &Arc<Self>, room: Arc<Room>) -> Watch {
        self.here().watch(room.number, room.id, self.clock.ticks());
        Watch { attendance: self.clone(), room }
    }

    /// From now on it is known who of a room is here, as soon as that has been read.
    pub fn follow(&self, room: RoomNumber) {
        self.here().follow(room, self.clock.ticks());
    }

    pub fn knows(&self, room: RoomNumber) -> bool {
        self.here().knows(room)
    }

    pub fn member_changed(&self, changed: &MemberChanged) {
        self.belongs(changed.room.number, changed.who.id, changed.now.state == MemberState::Member);
    }

    pub fn belongs(&self, room: RoomNumber, person: UserId, is_in: bool) {
        // In the main room everybody is without being a member.
        if room != RoomNumber::MAIN {
            self.here().belongs(room, person, is_in, self.clock.ticks());
        }
    }

    pub fn renamed(&self, person: UserId) {
        self.here().renamed(person);
    }

    /// How many of a room are here, and some of them; none while it has not been read.
    pub fn page(&self, room: RoomNumber, after: Option<Key>, limit: usize) -> Option<(usize, Vec<Attendee>)> {
        self.here().page(room, after, limit)
    }

    /// What is to be told by now.
    pub fn due(&self) -> Vec<PresenceChanged> {
        let now = self.clock.ticks();
        let mut here = self.here();
        if self.looking.comes_round(now) {
            here.look_at_all(now);
            here.forget_unwanted(now);
        }
        let mut due = here.due(now);
        drop(here);
        for attendee in due.iter_mut().flat_map(|changed| &mut changed.changes) {
            let last_seen = self.last_seen(&attendee.who);
            Arc::make_mut(&mut attendee.who).last_seen = last_seen;
        }
        due
    }

    pub(super) fn has_questions(&self) -> bool {
        self.here().has_questions()
    }

    pub(super) fn should_read(&self) -> bool {
        let may = self.clock.ticks().0 >= self.read_again.load(Ordering::Relaxed);
        may && self.reader.available_permits() > 0 && self.has_questions()
    }

    pub(super) fn questions(&self) -> Option<Questions> {
        self.here().questions()
    }

    pub(super) fn name(&self, names: HashMap<UserId, Arc<Author>>) {
        self.here().name(names, self.clock.ticks());
    }

    pub(super) fn place(&self, asked: &Questions, members: Vec<(RoomNumber, UserId)>) {
        self.here().place(asked, members, self.clock.ticks());
    }

    /// These could not be read.
    pub(super) fn give_up(&self, newcomers: &[UserId]) {
        self.read_again.store(self.clock.ticks().0 + SECOND, Ordering::Relaxed);
        self.here().give_up(newcomers);
    }

    /// Who is to be stored as seen by now.
    pub(super) fn to_save(&self) -> Vec<Seen> {
        let now = self.clock.ticks();
        match (self.saving_some.comes_round(now), self.saving_all.comes_round(now)) {
            (_, true) => self.all_seen(),
            (true, false) => self.here().take_unsaved(),
            (false, false) => Vec::new(),
        }
    }

    /// Everybody who is here, and who has gone since it was stored.
    pub(super) fn all_seen(&self) -> Vec<Seen> {
        self.here().all_seen(self.clock.now())
    }

    pub(super) fn could_not_save(&self, seen: Vec<Seen>) {
        self.here().put_back(seen);
    }
}

impl Seat {
    /// An event came. Who said that they are away is back by speaking, who fell silent by any.
    pub fn noticed(&self, speaks: bool) {
        if self.sign.noticed(speaks, self.attendance.clock.ticks()) {
            self.look_again();
        }
    }

    /// Gives what the person is by it.
    pub fn says(&self, presence: Presence) -> Presence {
        self.sign.says(presence == Presence::Away);
        self.look_again();
        self.attendance.presence(self.person)
    }

    fn look_again(&self) {
        self.attendance.here().look_again(self.person, self.attendance.clock.ticks());
    }

    /// It hears a room, or no more: so guests are in it, and everybody is inside.
    pub fn hears(&self, room: RoomNumber, begins: bool) {
        self.attendance.here().hears(room, self.person, begins, self.attendance.clock.ticks());
        self.attendance.comings().hears(room, self.person, begins);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Attendance { clock, gone, .. } = &*self.attendance;
        let time = clock.now();
        if self.attendance.here().went(self.person, &self.sign, clock.ticks(), time) {
            gone.insert(self.person, time);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.attendance.here().unwatch(self.room.number, self.attendance.clock.ticks());
    }
}

/// Comes round every so often.
struct Round {
    every: i64,
    next: AtomicI64,
}

impl Round {
    fn new(every: i64, now: Micros) -> Round {
        Round { every, next: AtomicI64::new(now.0 + every) }
    }

    fn comes_round(&self, now: Micros) -> bool {
        let next = |next| (now.0 >= next).then_some(now.0 + self.every);
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}
