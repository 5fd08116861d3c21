//! One client in one door, in whatever dialect: who it is, and which rooms it hears.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::audience::Audience;
use super::bearer::Bearers;
use super::connection::Live;
use super::hearing::{Ear, Frame};
use super::visitors::{Crowd, TooMany, Visitors};
use crate::chat::attendance::Seat;
use crate::chat::{Caller, Chat, Refusal, Rules};
use crate::model::{Actor, Clock, EndReason, Event, MemberState, Room, RoomChange, RoomKind, RoomNumber};

/// Rooms that one connection may listen to.
pub const MOST_ROOMS: usize = 500;

/// What every door has.
pub struct Door<L: Live> {
    pub chat: Chat,
    pub bearers: Bearers,
    pub rules: Rules,
    pub audience: Audience<Ear<L>>,
    pub visitors: Visitors<L>,
}

pub struct Visit<L: Live> {
    door: Arc<Door<L>>,
    pub connection: Arc<L>,
    pub ear: Arc<Ear<L>>,
    actor: Actor,
    /// None: nobody, who is not here.
    seat: Option<Seat>,
    rooms: HashSet<RoomNumber>,
}

/// A reference that is a number, and no slug or UUID.
pub fn numbered(reference: &str) -> Result<&str, Refusal> {
    let is_number = !reference.is_empty() && reference.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Ok(reference) } else { Err(Refusal::RoomNotFound) }
}

/// Who somebody turns out to be when they are looked at anew.
pub struct Anew {
    pub standing: Result<Caller, Refusal>,
    pub token_ended: bool,
}

impl Anew {
    pub fn ended_session(&self) -> Option<EndReason> {
        match self.standing {
            Err(Refusal::SessionEnded(reason)) => Some(reason),
            _ => None,
        }
    }

    /// The account is gone or locked.
    pub fn is_barred(&self) -> bool {
        matches!(self.standing, Err(Refusal::NotAuthenticated))
    }

    /// Whoever it was, it is that no more.
    pub fn is_over(&self) -> bool {
        self.token_ended || self.ended_session().is_some() || self.is_barred()
    }
}

impl<L: Live> Door<L> {
    pub fn new(chat: Chat, bearers: Bearers, rules: Rules, crowd: Arc<Crowd>, clock: Clock) -> Arc<Door<L>> {
        let visitors = Visitors::new(crowd, clock);
        Arc::new(Door { chat, bearers, rules, audience: Audience::default(), visitors })
    }

    /// Comes into a room of a dialect whose rooms are numbers, and which has no direct ones.
    pub async fn enter_numbered(&self, actor: Actor, number: &str) -> Result<Arc<Room>, Refusal> {
        let room = self.chat.enter(actor, numbered(number)?).await?;
        if room.kind == RoomKind::Direct { Err(Refusal::RoomNotFound) } else { Ok(room) }
    }

    /// Hands to each room what happened there, in this order. Whoever is put out by it has heard why.
    pub async fn tell(&self, events: &[Arc<Event>], frames: impl IntoIterator<Item = Frame<L::Text>>) {
        let mut rooms: BTreeMap<RoomNumber, Vec<Frame<L::Text>>> = BTreeMap::new();
        for frame in frames {
            rooms.entry(frame.room).or_default().push(frame);
        }
        for (room, frames) in rooms {
            self.audience.tell(room, &frames).await;
        }
        events.iter().for_each(|event| self.heed(event));
    }

    /// Has those look anew whom an event concerns.
    fn heed(&self, event: &Event) {
        match event {
            Event::UserChanged { user } | Event::SessionEnded { user, .. } => self.visitors.reconsider(*user),
            Event::MemberChanged(changed) => {
                if changed.now.state != MemberState::Member {
                    self.visitors.reconsider(changed.who.id);
                }
            }
            Event::HearingEnded { room, person } => self.visitors.end_hearing_of(*person, *room),
            Event::RoomChanged { change, .. } => {
                let Some(room) = event.puts_out_of() else { return };
                let listeners = self.audience.connections(room);
                if *change == RoomChange::Deleted {
                    self.visitors.end_hearing(&listeners, room);
                } else {
                    self.visitors.reconsider_all(&listeners);
                }
            }
            Event::MessageCreated(_)
            | Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::TypingChanged { .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::Unsettled { .. }
            | Event::WordsChanged { .. }
            | Event::UserEdited { .. }
            | Event::PeopleMoved { .. }
            | Event::PresenceChanged(_)
            | Event::RoomCreated { .. }
            | Event::DirectBegun { .. }
            | Event::Noticed { .. } => {}
        }
    }
}

impl<L: Live> Visit<L> {
    /// A connection comes in as this.
    pub fn begin(
        door: Arc<Door<L>>,
        connection: Arc<L>,
        actor: Actor,
        token_ends: Option<u64>,
    ) -> Result<Visit<L>, TooMany> {
        door.visitors.note(&connection, actor, token_ends)?;
        let ear = Arc::new(Ear::new(connection.clone(), actor.person()));
        let seat = door.chat.came(actor);
        Ok(Visit { door, connection, ear, actor, seat, rooms: HashSet::new() })
    }

    pub fn actor(&self) -> Actor {
        self.actor
    }

    pub fn seat(&self) -> Option<&Seat> {
        self.seat.as_ref()
    }

    pub fn rooms(&self) -> &HashSet<RoomNumber> {
        &self.rooms
    }

    /// Whoever acts on this connection.
    pub async fn caller(&self) -> Result<Caller, Refusal> {
        let standing = self.door.chat.caller(self.actor).await;
        // Nobody has told this connection yet.
        if matches!(standing, Err(Refusal::SessionEnded(_))) {
            self.connection.reconsider();
        }
        standing.map(|caller| caller.on(self.connection.id()))
    }

    pub fn has_place_for(&self, room: RoomNumber) -> Result<(), Refusal> {
        if self.rooms.contains(&room) { Ok(()) } else { self.has_place_for_another() }
    }

    pub fn has_place_for_another(&self) -> Result<(), Refusal> {
        if self.rooms.len() < MOST_ROOMS { Ok(()) } else { Err(Refusal::TooManyRooms { limit: MOST_ROOMS }) }
    }

    /// Whether it did not before.
    pub fn listen(&mut self, room: RoomNumber) -> bool {
        self.door.visitors.came_back(self.connection.id(), room);
        let is_new = self.rooms.insert(room);
        if is_new {
            self.door.audience.enter(room, self.ear.clone());
            self.seat.as_ref().inspect(|seat| seat.hears(room, true));
        }
        is_new
    }

    /// Whether it did before.
    pub fn listen_no_more(&mut self, room: RoomNumber) -> bool {
        let was_there = self.rooms.remove(&room);
        if was_there {
            self.door.audience.leave(room, self.connection.id());
            self.ear.forget(room);
            self.seat.as_ref().inspect(|seat| seat.hears(room, false));
        }
        was_there
    }

    pub async fn look_anew(&self) -> Anew {
        let token_ended = self.door.visitors.token_ended(self.connection.id());
        Anew { standing: self.door.chat.caller(self.actor).await, token_ended }
    }

    /// Goes on as this. Somebody else leaves the rooms; there are never too many of nobody.
    pub async fn become_this(&mut self, actor: Actor, token_ends: Option<u64>) -> Result<(), TooMany> {
        self.door.visitors.note(&self.connection, actor, token_ends)?;
        if self.actor.person() != actor.person() {
            self.leave_rooms();
            self.stop_typing().await;
            self.seat_hears(false);
            self.seat = self.door.chat.came(actor);
            self.seat_hears(true);
        }
        self.actor = actor;
        self.ear.belongs_to(actor.person());
        Ok(())
    }

    async fn stop_typing(&self) {
        if let Some(person) = self.actor.person() {
            self.door.chat.stop_typing(self.connection.id(), person).await;
        }
    }

    fn seat_hears(&self, begins: bool) {
        let Some(seat) = &self.seat else { return };
        self.rooms.iter().for_each(|room| seat.hears(*room, begins));
    }

    /// Somebody may have left or been put out, or a room be gone. Gives the rooms that are heard no more.
    pub async fn leave_forbidden_rooms(&mut self) -> Vec<RoomNumber> {
        let mut left = self.door.visitors.take_left(self.connection.id());
        for room in &left {
            self.listen_no_more(*room);
        }
        for room in self.rooms.clone() {
            if room != RoomNumber::MAIN && !self.door.chat.may_hear(self.actor, room).await {
                self.listen_no_more(room);
                left.push(room);
            }
        }
        left
    }

    /// Only the main room is for everybody, and that to hear.
    pub fn leave_rooms(&mut self) {
        for room in self.rooms.clone() {
            if room != RoomNumber::MAIN {
                self.listen_no_more(room);
            }
        }
    }

    pub async fn end(&mut self) {
        for room in self.rooms.clone() {
            self.listen_no_more(room);
        }
        self.door.visitors.remove(self.connection.id());
        self.stop_typing().await;
        self.door.chat.forget_sent(self.connection.id());
    }
}
