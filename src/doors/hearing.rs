//! What a connection hears of the rooms that it listens to; and what waits while it catches up.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::audience::Listener;
use super::connection::{Closing, Live};
use crate::model::{ConnectionId, RoomNumber, UserId};

/// An encoded event.
pub struct Frame<Text> {
    pub text: Text,
    pub room: RoomNumber,
    pub rev: Option<i64>,
    /// The connection that it comes from and that does not hear it.
    pub not_to: Option<ConnectionId>,
    /// Somebody who has heard it already.
    pub not_to_user: Option<UserId>,
    /// Only for those who have an identity.
    pub identified: bool,
}

impl<Text> Frame<Text> {
    pub fn new(text: impl Into<Text>, room: RoomNumber) -> Frame<Text> {
        Frame { text: text.into(), room, rev: None, not_to: None, not_to_user: None, identified: false }
    }

    /// For those with an identity, but for somebody who has heard it already.
    pub fn for_members(mut self, not_to: Option<UserId>) -> Frame<Text> {
        self.identified = true;
        self.not_to_user = not_to;
        self
    }

    fn is_for(&self, connection: ConnectionId, person: Option<UserId>) -> bool {
        self.not_to != Some(connection)
            && (person.is_some() || !self.identified)
            && (self.not_to_user.is_none() || self.not_to_user != person)
    }
}

/// A connection that listens to rooms.
pub struct Ear<L: Live> {
    connection: Arc<L>,
    state: Mutex<Hearing<L::Text>>,
}

struct Hearing<Text> {
    person: Option<UserId>,
    held: Vec<Held<Text>>,
    told: Told,
}

/// How far rooms were told by catching up. What was stored by then may still be on its way here and
/// must not be heard again.
#[derive(Default)]
struct Told(Vec<(RoomNumber, i64)>);

/// While a reader is told what it missed of a room, what happens there meanwhile waits here.
struct Held<Text> {
    room: RoomNumber,
    frames: Vec<(Option<i64>, Text)>,
    bytes: usize,
    /// More came than may wait. It must be read like what came before.
    too_much: bool,
}

impl<Text: Deref<Target = str>> Held<Text> {
    /// Typing, comings and goings stand in no page.
    fn keep_what_has_no_rev(&mut self) {
        self.frames.retain(|(rev, _)| rev.is_none());
        self.bytes = self.frames.iter().map(|(_, text)| text.len()).sum();
    }
}

impl<Text: Clone + Deref<Target = str>> Hearing<Text> {
    /// Whether the frame waits with its room.
    fn keep(&mut self, frame: &Frame<Text>, connection: &impl Live) -> bool {
        let bytes = self.held.iter().map(|held| held.bytes).sum::<usize>() + frame.text.len();
        let Some(held) = self.held.iter_mut().find(|held| held.room == frame.room) else { return false };
        held.too_much |= connection.is_too_far_behind(bytes);
        if held.too_much {
            (held.frames, held.bytes) = (Vec::new(), 0);
        } else {
            held.frames.push((frame.rev, frame.text.clone()));
            held.bytes += frame.text.len();
        }
        true
    }

    fn release(&mut self, room: RoomNumber) -> Option<Held<Text>> {
        let at = self.held.iter().position(|held| held.room == room)?;
        Some(self.held.swap_remove(at))
    }
}

impl Told {
    fn note(&mut self, room: RoomNumber, rev: i64) {
        self.0.retain(|(other, _)| *other != room);
        self.0.push((room, rev));
    }

    /// Whether this is news; a room that has gone beyond what was told needs no more looking.
    fn is_news(&mut self, room: RoomNumber, rev: Option<i64>) -> bool {
        let Some(rev) = rev else { return true };
        let Some(at) = self.0.iter().position(|(told, _)| *told == room) else { return true };
        let is_news = rev > self.0[at].1;
        if is_news {
            self.0.swap_remove(at);
        }
        is_news
    }
}

impl<L: Live> Ear<L> {
    pub fn new(connection: Arc<L>, person: Option<UserId>) -> Ear<L> {
        Ear { connection, state: Mutex::new(Hearing { person, held: Vec::new(), told: Told::default() }) }
    }

    pub fn belongs_to(&self, person: Option<UserId>) {
        self.hearing().person = person;
    }

    fn hearing(&self) -> MutexGuard<'_, Hearing<L::Text>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what happens in the room waits; what waited stands in what is read next.
    pub fn hold(&self, room: RoomNumber) {
        let mut hearing = self.hearing();
        let mut held = hearing.release(room).unwrap_or(Held { room, frames: Vec::new(), bytes: 0, too_much: false });
        held.keep_what_has_no_rev();
        held.too_much = false;
        hearing.held.push(held);
    }

    /// Lets go on after what was told of the room; false when more came meanwhile than may wait, and
    /// must be read.
    pub fn go_on(&self, room: RoomNumber, told: i64) -> bool {
        let mut hearing = self.hearing();
        let Some(held) = hearing.release(room) else { return true };
        if held.too_much {
            return false;
        }
        hearing.told.note(room, told);
        let news = held.frames.iter().filter(|(rev, _)| hearing.told.is_news(room, *rev));
        self.connection.send_all(news.map(|(_, text)| text));
        true
    }

    /// Lets go on after nothing could be told. Who missed something sees it by the next rev.
    pub fn go_on_anyway(&self, room: RoomNumber) {
        let mut hearing = self.hearing();
        let Some(held) = hearing.release(room) else { return };
        if held.too_much {
            self.connection.close(Closing::SlowReader);
        }
        self.connection.send_all(held.frames.iter().map(|(_, text)| text));
    }

    /// The room was left. What waits and is no message may say why, such as that the room is gone: it is
    /// still told, after what is being read.
    pub fn forget(&self, room: RoomNumber) {
        let mut hearing = self.hearing();
        if let Some(held) = hearing.held.iter_mut().find(|held| held.room == room) {
            held.keep_what_has_no_rev();
        }
        hearing.told.0.retain(|(told, _)| *told != room);
    }
}

impl<L: Live> Listener for Ear<L> {
    type Frame = Frame<L::Text>;

    fn connection(&self) -> ConnectionId {
        self.connection.id()
    }

    fn hear(&self, frames: &[Frame<L::Text>]) {
        // Kept locked while sending: what comes after must not overtake.
        let mut hearing = self.hearing();
        let person = hearing.person;
        let for_me = frames.iter().filter(|frame| frame.is_for(self.connection.id(), person));
        if hearing.held.is_empty() && hearing.told.0.is_empty() {
            return self.connection.send_all(for_me.map(|frame| &frame.text));
        }
        let news: Vec<&L::Text> = for_me
            .filter(|frame| !hearing.keep(frame, &*self.connection) && hearing.told.is_news(frame.room, frame.rev))
            .map(|frame| &frame.text)
            .collect();
        self.connection.send_all(news);
    }
}
