//! Presence: who of a room is here, and telling those who watch.

use std::collections::HashMap;
use std::sync::Arc;

use super::attendance::{Key, Questions, Seat, Traffic, Watch};
use super::permissions::{Action, Member};
use super::{Caller, Chat, PATIENCE, Refusal, patiently};
use crate::model::{Actor, Attendee, Author, Event, Micros, Presence, RoomNumber, UserId};
use crate::store::{Fault, Seen};

/// Who of a room is here.
#[derive(Debug, Clone)]
pub struct Present {
    pub online: usize,
    /// A page of them, by name.
    pub people: Vec<Attendee>,
}

impl Chat {
    /// Somebody is here as long as the seat is kept. Who is nobody has none.
    pub fn came(&self, actor: Actor) -> Option<Seat> {
        self.inner.known.attendance.came(actor)
    }

    /// How many accounts and guests are here.
    pub fn attendance(&self) -> (usize, usize) {
        self.inner.known.attendance.count()
    }

    pub fn status(&self, person: UserId) -> Presence {
        self.inner.known.attendance.presence(person)
    }

    pub fn last_seen(&self, who: &Author) -> Option<Micros> {
        self.inner.known.attendance.last_seen(who)
    }

    /// The caller in a room whose people they may see. While the database is away, presence in the main
    /// room goes on.
    pub async fn member_who_sees(&self, caller: &Caller, reference: &str) -> Result<Member, Refusal> {
        let member = match self.member_who(caller, Some(reference), Action::Find).await {
            Err(refusal @ Refusal::DatabaseAway { .. }) => {
                let main = self.main_room().await?;
                if !main.is_called(reference) {
                    return Err(refusal);
                }
                Member::admit(caller, main, None, Action::Find, self.inner.clock.now())?
            }
            answer => answer?,
        };
        if !member.can(Action::Read) {
            return Err(Refusal::RoomNotFound);
        }
        member.may(Action::SeeMembers)?;
        Ok(member)
    }

    /// Whether somebody may go on watching a room. While the database is away nobody is put out.
    pub async fn may_watch(&self, actor: Actor, room: RoomNumber) -> bool {
        let sees = async {
            let caller = self.caller(actor).await?;
            self.member_who_sees(&caller, &room.0.to_string()).await
        };
        match sees.await {
            Ok(_) => true,
            Err(refusal) => !matches!(
                refusal,
                Refusal::RoomNotFound
                    | Refusal::NotAuthenticated
                    | Refusal::SessionEnded(_)
                    | Refusal::NotAllowed
                    | Refusal::Banned
            ),
        }
    }

    /// Who of a room is here, and what changes from then on, as long as the watch is kept.
    pub async fn watch(&self, member: &Member, limit: u64) -> Result<(Watch, Present), Refusal> {
        self.look_around(member.room.number).await?;
        let watch = self.inner.known.attendance.watch(member.room.clone());
        Ok((watch, self.those_here(member.room.number, None, limit)?))
    }

    /// Who of a room is here, by name, after the one named.
    pub async fn present(&self, member: &Member, after: Option<Key>, limit: u64) -> Result<Present, Refusal> {
        self.look_around(member.room.number).await?;
        self.those_here(member.room.number, after, limit)
    }

    fn those_here(&self, room: RoomNumber, after: Option<Key>, limit: u64) -> Result<Present, Refusal> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (online, people) = self.inner.known.attendance.page(room, after, limit).ok_or(Refusal::Failed)?;
        Ok(Present { online, people })
    }

    /// Afterwards it is known who of a room is here. While the database is away, those stand for it of
    /// whom it was known before.
    async fn look_around(&self, room: RoomNumber) -> Result<(), Refusal> {
        self.inner.known.attendance.follow(room);
        // In a task of its own: what was begun is settled, whoever goes meanwhile.
        let chat = self.clone();
        let read = tokio::spawn(async move { chat.get_acquainted().await }).await.unwrap_or(Err(Refusal::Failed));
        if self.inner.known.attendance.knows(room) { Ok(()) } else { read.and(Err(Refusal::Failed)) }
    }

    /// Reads who newcomers are and where they belong, for all of them together.
    async fn get_acquainted(&self) -> Result<(), Refusal> {
        let attendance = &self.inner.known.attendance;
        if !attendance.has_questions() {
            return Ok(());
        }
        let turn = tokio::time::timeout(PATIENCE, attendance.reader.acquire()).await;
        let _turn = turn.map_err(|_| Fault::TooSlow)?;
        let Some(asked) = attendance.questions() else { return Ok(()) };
        let newcomers = asked.newcomers.clone();
        self.answer(asked).await.inspect_err(|_| attendance.give_up(&newcomers))
    }

    async fn answer(&self, mut asked: Questions) -> Result<(), Refusal> {
        let (attendance, store) = (&self.inner.known.attendance, &self.inner.store);
        let (names, missing) = match self.authors(&asked.newcomers).await {
            Ok(names) => (names, Ok(())),
            Err(refusal) => {
                let names = self.inner.known.people.remembered(&asked.newcomers);
                asked.newcomers.retain(|id| names.contains_key(id));
                (names, Err(refusal))
            }
        };
        attendance.name(names);
        let mut members = Vec::new();
        for (people, rooms) in [(&asked.newcomers, &asked.rooms), (&asked.everybody, &asked.unknown)] {
            if !people.is_empty() && !rooms.is_empty() {
                members.extend(patiently(store.members_among(people, rooms)).await?);
            }
        }
        attendance.place(&asked, members);
        missing
    }

    /// Who came into rooms and went. Beside the tick, since their names may have to be read; what comes
    /// while this is done is told at a later tick.
    pub(super) fn tell_comings(&self) {
        let attendance = &self.inner.known.attendance;
        let Ok(turn) = attendance.teller.clone().try_acquire_owned() else { return };
        let due = attendance.comings_due();
        if due.is_empty() {
            return;
        }
        let chat = self.clone();
        tokio::spawn(async move {
            chat.tell_traffic(due).await;
            drop(turn);
        });
    }

    async fn tell_traffic(&self, due: HashMap<RoomNumber, Traffic>) {
        let ids: Vec<UserId> =
            due.values().flat_map(|traffic| traffic.came.iter().chain(&traffic.gone)).copied().collect();
        let names = match self.authors(&ids).await {
            Ok(names) => names,
            Err(_) => self.inner.known.people.remembered(&ids),
        };
        for (room, Traffic { came, gone }) in due {
            let named = |ids: Vec<UserId>| ids.iter().filter_map(|id| names.get(id).cloned()).collect();
            self.inner.bus.tell(Event::PeopleMoved { room, came: named(came), gone: named(gone) }).await;
        }
    }

    /// How many are inside of a room, by the connections that hear it, and some of them.
    pub async fn inside(&self, room: RoomNumber, most: usize) -> Result<(usize, Vec<Arc<Author>>), Refusal> {
        let (count, ids) = self.inner.known.attendance.inside(room, most);
        let mut names = self.authors(&ids).await?;
        Ok((count, ids.iter().filter_map(|id| names.remove(id)).collect()))
    }

    /// What changed in rooms that are watched; and beside it, what must be read and stored for it.
    pub(super) async fn tell_presence(&self) {
        let attendance = &self.inner.known.attendance;
        if attendance.should_read() {
            let chat = self.clone();
            tokio::spawn(async move { chat.get_acquainted().await.ok() });
        }
        if let Ok(turn) = attendance.saver.clone().try_acquire_owned() {
            let (chat, seen) = (self.clone(), attendance.to_save());
            if !seen.is_empty() {
                tokio::spawn(async move {
                    chat.save(seen).await;
                    drop(turn);
                });
            }
        }
        for changed in attendance.due() {
            self.inner.bus.tell(Event::PresenceChanged(Arc::new(changed))).await;
        }
    }

    /// At the end: everybody who is here goes, and nothing more is stored.
    pub async fn save_all_seen(&self) {
        let attendance = &self.inner.known.attendance;
        let Ok(_turn) = attendance.saver.acquire().await else { return };
        attendance.saver.close();
        self.save(attendance.all_seen()).await;
    }

    async fn save(&self, seen: Vec<Seen>) {
        if patiently(self.inner.store.note_seen(&seen)).await.is_err() {
            self.inner.known.attendance.could_not_save(seen);
        }
    }
}
