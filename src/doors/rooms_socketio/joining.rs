//! Which rooms a connection hears, and what it is shown of one that it comes into.

use std::sync::Arc;

use serde_json::{Value, json};

use super::incoming::RoomsSession;
use super::wire::{self, JoinedShape};
use crate::chat::attendance::Watch;
use crate::chat::watching::Present;
use crate::chat::{Caller, Refusal};
use crate::doors::connection::{Closing, Live};
use crate::doors::requests::{self, Failure, Fields};
use crate::model::{Posted, Room, RoomId, RoomNumber};

/// Who joins without a `rev` is shown so many.
const NEWEST: i64 = 50;
/// People of the room who are here, in one answer.
const MOST_SHOWN: u64 = 100;
const MOST_EPOCH: usize = 36;
/// Whole numbers end there in JavaScript.
const LAST_REV: i64 = 1 << 53;

/// A room that this connection hears.
pub(super) struct Joined {
    pub place: Arc<RoomId>,
    /// Hears who of its people come and go.
    watch: Watch,
}

/// Which room, and from where on.
pub(super) struct Asked {
    room: String,
    rev: Option<i64>,
    epoch: Option<String>,
}

impl Asked {
    pub(super) fn read(fields: &mut Fields) -> Result<Asked, Failure> {
        let (rev, epoch) = (fields.number("rev", 0, LAST_REV), fields.text("epoch", MOST_EPOCH));
        fields.check()?;
        Ok(Asked { room: fields.room()?, rev, epoch })
    }
}

/// The page that a client is shown.
struct Page {
    messages: Vec<Posted>,
    rev: i64,
    complete: bool,
    more: bool,
    next: Option<i64>,
}

impl RoomsSession {
    /// Whoever wants no answer reads by REST what was said before.
    pub(super) async fn join(&mut self, caller: &Caller, asked: &Asked) -> Result<(), Failure> {
        let (room, _) = self.enter(caller, asked).await?;
        self.visit.iter_mut().for_each(|visit| {
            visit.listen(room);
        });
        Ok(())
    }

    async fn enter(&mut self, caller: &Caller, asked: &Asked) -> Result<(RoomNumber, Present), Failure> {
        let Some(visit) = &self.visit else { return Err(Refusal::NotAuthenticated.into()) };
        let chat = self.door.chat();
        if self.heard(&asked.room).is_none() {
            visit.has_place_for_another()?;
        }
        let room = chat.enter(visit.actor(), &asked.room).await?;
        let member = chat.member_who_sees(caller, &room.number.0.to_string()).await?;
        let (watch, present) = chat.watch(&member, MOST_SHOWN).await?;
        let (number, place) = (room.number, self.door.places.enter(room.number, || room.id));
        self.joined.insert(number, Joined { place, watch });
        Ok((number, present))
    }

    /// Gives the room, its answer, and the `rev` that it shows. What happens meanwhile waits behind it.
    pub(super) async fn join_and_show(
        &mut self,
        caller: &Caller,
        asked: &Asked,
    ) -> Result<(RoomNumber, Value, i64), Failure> {
        let (room, present) = self.enter(caller, asked).await?;
        let is_new = self.visit.as_mut().is_some_and(|visit| {
            // Held before it is heard: nothing comes before the answer.
            visit.ear.hold(room);
            visit.listen(room)
        });
        match self.shown(caller, room, asked, &present).await {
            Ok((shape, told)) => Ok((room, json!(shape), told)),
            Err(refusal) if is_new => {
                self.forget(room);
                Err(refusal.into())
            }
            // It goes on being heard, as before it was asked for again.
            Err(refusal) => {
                self.visit.iter().for_each(|visit| visit.ear.go_on_anyway(room));
                Err(refusal.into())
            }
        }
    }

    fn heard(&self, reference: &str) -> Option<RoomNumber> {
        let heard = self.joined.values().find(|joined| joined.watch.room.is_called(reference));
        heard.map(|joined| joined.watch.room.number)
    }

    /// Lets go on what waited while the room was shown.
    pub(super) fn go_on_behind(&self, room: RoomNumber, told: i64) {
        let Some(visit) = &self.visit else { return };
        if !visit.ear.go_on(room, told) {
            // More came than may wait for a reader: it comes back, and is shown that.
            self.connection.close(Closing::SlowReader);
        }
    }

    async fn shown(
        &self,
        caller: &Caller,
        room: RoomNumber,
        asked: &Asked,
        present: &Present,
    ) -> Result<(JoinedShape, i64), Refusal> {
        let chat = self.door.chat();
        let record = chat.record(caller, &room.0.to_string()).await?;
        let page = self.page(&record.room, asked).await?;
        let seq = page.messages.iter().map(|posted| posted.message.seq).max().unwrap_or(0);
        let shape = JoinedShape {
            room_id: record.room.id,
            room: requests::wire::record(chat, &record),
            messages: page.messages.iter().map(|posted| wire::posted(chat, posted)).collect(),
            seq: seq.max(record.counts.last_seq),
            rev: page.rev,
            epoch: chat.epoch(),
            complete: page.complete,
            more: page.more,
            next: page.next,
            online: present.online,
            users: present.people.iter().map(|attendee| wire::user(chat, &attendee.who)).collect(),
        };
        Ok((shape, page.rev))
    }

    /// What was missed since a `rev`; or the newest, where none is said or it is none of this history.
    async fn page(&self, room: &Room, asked: &Asked) -> Result<Page, Refusal> {
        let chat = self.door.chat();
        if let Some(rev) = asked.rev {
            let missed = chat.missed(room, rev, asked.epoch.as_deref()).await?;
            if missed.complete {
                let (messages, rev, more) = (missed.messages, missed.rev, missed.more);
                return Ok(Page { messages, rev, complete: true, more, next: None });
            }
        }
        let newest = chat.newest(room, NEWEST).await?;
        // Whoever reads a change reads all before it: what waits is news from the last one on.
        let last = newest.messages.iter().map(|posted| posted.message.rev).max().unwrap_or(0);
        let (messages, next) = (newest.messages, newest.next);
        Ok(Page { messages, rev: last.max(newest.rev), complete: false, more: false, next })
    }

    /// Hears no more; one stays a member, since clients leave a room whenever they show another.
    pub(super) async fn leave(&mut self, fields: &Fields) -> Result<(), Failure> {
        let reference = fields.room()?;
        let Some(visit) = &self.visit else { return Err(Refusal::NotAuthenticated.into()) };
        let room = match self.heard(&reference) {
            Some(room) => room,
            // It may be called otherwise than when it was joined.
            None => self.door.chat().readable(visit.actor(), Some(&reference)).await?.number,
        };
        self.forget(room);
        Ok(())
    }

    fn forget(&mut self, room: RoomNumber) {
        self.joined.remove(&room);
        self.visit.iter_mut().for_each(|visit| {
            visit.listen_no_more(room);
        });
    }
}
