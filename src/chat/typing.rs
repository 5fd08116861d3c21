//! Who is typing: told as it comes, ended when it is not renewed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Caller, Chat, Refusal};
use crate::model::{Author, ConnectionId, Event, Micros, RoomId, RoomNumber};

/// A flag that is not renewed ends after this.
const HOLDS_FOR: i64 = 10_000_000;

#[derive(Default)]
pub struct Typing {
    flags: Mutex<HashMap<(ConnectionId, RoomNumber), Flag>>,
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
    fn take_if(&self, ended: impl Fn(ConnectionId, &Flag) -> bool) -> Vec<Event> {
        let mut flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<_> =
            flags.iter().filter(|((connection, _), flag)| ended(*connection, flag)).map(|(key, _)| *key).collect();
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
        let member = self.member_at_present(caller, room).await?;
        if typing {
            member.may_send(self.inner.clock.now())?;
        }
        let (room, author) = (&member.room, caller.author());
        {
            let mut flags = self.inner.typing.flags.lock().unwrap_or_else(PoisonError::into_inner);
            if typing {
                let until = Micros(self.inner.clock.ticks().0 + HOLDS_FOR);
                flags.insert((connection, room.number), Flag { until, room_id: room.id, author: author.clone() });
            } else {
                flags.remove(&(connection, room.number));
            }
        }
        self.inner
            .bus
            .tell(Event::TypingChanged { room: room.number, room_id: room.id, author, typing, connection })
            .await;
        Ok(())
    }

    /// A connection that ends types no more.
    pub async fn stop_typing(&self, connection: ConnectionId) {
        for event in self.inner.typing.take_if(|of, _| of == connection) {
            self.inner.bus.tell(event).await;
        }
    }

    pub(super) async fn end_stale_typing(&self) {
        let now = self.inner.clock.ticks();
        for event in self.inner.typing.take_if(|_, flag| flag.until <= now) {
            self.inner.bus.tell(event).await;
        }
    }
}
