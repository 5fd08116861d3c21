//! Who is typing: told as it comes, ended when it is not renewed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Caller, Chat, Refusal};
use crate::model::{Author, ConnectionId, Event, MemberChange, MemberChanged, Micros, RoomId, RoomNumber, UserId};

/// A flag that is not renewed ends after this.
const HOLDS_FOR: i64 = 10_000_000;
const ENDED: Micros = Micros(i64::MIN);

/// One connection may be two people's, each in a door of their own.
type Key = (ConnectionId, RoomNumber, UserId);

#[derive(Default)]
pub struct Typing {
    flags: Mutex<HashMap<Key, Flag>>,
}

struct Flag {
    until: Micros,
    room_id: RoomId,
    author: Arc<Author>,
}

impl Flag {
    fn ended(self, connection: ConnectionId, room: RoomNumber) -> Event {
        Event::TypingChanged { room, room_id: self.room_id, author: self.author, typing: false, connection }
    }
}

impl Typing {
    fn flags(&self) -> MutexGuard<'_, HashMap<Key, Flag>> {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever may type no more; the tick tells.
    pub fn member_changed(&self, changed: &MemberChanged) {
        let ends = match changed.change {
            Some(MemberChange::Left | MemberChange::Kicked | MemberChange::Muted | MemberChange::Banned) => true,
            Some(
                MemberChange::Joined
                | MemberChange::RoleChanged
                | MemberChange::Unmuted
                | MemberChange::Unbanned
                | MemberChange::Invited
                | MemberChange::InviteRenewed
                | MemberChange::InviteWithdrawn
                | MemberChange::Returned
                | MemberChange::MarkerMoved,
            )
            | None => false,
        };
        if ends {
            let mut flags = self.flags();
            let theirs = |(_, room, who): &Key| *room == changed.room.number && *who == changed.who.id;
            flags.iter_mut().filter(|(key, _)| theirs(key)).for_each(|(_, flag)| flag.until = ENDED);
        }
    }

    fn take_if(&self, ended: impl Fn(ConnectionId, &Flag) -> bool) -> Vec<Event> {
        let mut flags = self.flags();
        let keys: Vec<_> =
            flags.iter().filter(|((connection, ..), flag)| ended(*connection, flag)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|key| Some(flags.remove(&key)?.ended(key.0, key.1))).collect()
    }
}

impl Chat {
    pub async fn set_typing(
        &self,
        caller: &Caller,
        room: Option<&str>,
        connection: ConnectionId,
        typing: bool,
    ) -> Result<(), Refusal> {
        self.set_typing_for(caller, room, connection, typing.then_some(HOLDS_FOR)).await
    }

    /// For so many microseconds; none is no more.
    pub async fn set_typing_for(
        &self,
        caller: &Caller,
        room: Option<&str>,
        connection: ConnectionId,
        holds_for: Option<i64>,
    ) -> Result<(), Refusal> {
        let member = self.member_at_present(caller, room).await?;
        let (room, author) = (&member.room, caller.author());
        if let Some(holds_for) = holds_for {
            member.may_send(self.inner.clock.now())?;
            self.may_write_to_peer(caller, room).await?;
            let until = Micros(self.inner.clock.ticks().0 + holds_for);
            let flag = Flag { until, room_id: room.id, author: author.clone() };
            self.inner.known.typing.flags().insert((connection, room.number, author.id), flag);
        } else if self.inner.known.typing.flags().remove(&(connection, room.number, author.id)).is_none() {
            return Ok(());
        }
        let (room, room_id, typing) = (room.number, room.id, holds_for.is_some());
        self.inner.bus.tell(Event::TypingChanged { room, room_id, author, typing, connection }).await;
        Ok(())
    }

    /// Who goes types no more on this connection; somebody else may still be on it.
    pub async fn stop_typing(&self, connection: ConnectionId, person: UserId) {
        for event in self.inner.known.typing.take_if(|of, flag| of == connection && flag.author.id == person) {
            self.inner.bus.tell(event).await;
        }
    }

    pub(super) async fn end_stale_typing(&self) {
        let now = self.inner.clock.ticks();
        for event in self.inner.known.typing.take_if(|_, flag| flag.until <= now) {
            self.inner.bus.tell(event).await;
        }
    }
}
