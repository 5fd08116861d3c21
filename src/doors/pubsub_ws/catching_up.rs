//! Who joins a room is told what was said there, page by page, before what is said from then on.

use std::sync::{Arc, Weak};

use super::incoming::{Joined, Talking};
use super::{PubSub, wire};
use crate::chat::{Begin, Refusal, Replay};
use crate::doors::connection::Live;
use crate::doors::hearing::Ear;
use crate::doors::refusals::{Doing, describe};
use crate::doors::websocket::Connection;
use crate::model::{Actor, Room};

/// What telling takes of a session; the session goes on meanwhile.
pub(super) struct CatchingUp {
    door: PubSub,
    connection: Arc<Connection>,
    ear: Arc<Ear<Connection>>,
}

impl Talking {
    pub(super) fn catching_up(&self) -> CatchingUp {
        CatchingUp { door: self.door.clone(), connection: self.visit.connection.clone(), ear: self.visit.ear.clone() }
    }
}

impl CatchingUp {
    /// The ear holds back what happens in the room meanwhile, so that live delivery joins on without gap or
    /// repeat. Ends when the room is left, or joined anew.
    pub(super) async fn tell(self, joined: Weak<Joined>, mut begin: Begin) {
        loop {
            // Each page goes out when the one before has.
            let is_ready = self.connection.is_ready_for_more().await;
            let Some(Joined { room, place }) = joined.upgrade().filter(|_| is_ready).as_deref().cloned() else {
                return;
            };
            self.ear.hold(room.number);
            let missed = self.read(&room, begin).await;
            if joined.strong_count() == 0 {
                return;
            }
            let missed = match missed {
                Ok(missed) => missed,
                Err(refusal) => {
                    self.connection.send(wire::refusal(&describe(refusal, Doing::Loading)));
                    return self.ear.go_on_anyway(room.number);
                }
            };
            if !missed.messages.is_empty() {
                self.connection.send(wire::history(&place.name, &missed.messages));
            }
            if !missed.more && self.ear.go_on(room.number, missed.rev) {
                return;
            }
            begin = Begin::After(missed.up_to);
        }
    }

    /// One page, for who asked for it.
    pub(super) async fn answer(self, room: Arc<Room>, name: String, since: i64) {
        if !self.connection.is_ready_for_more().await {
            return;
        }
        let answer = match self.read(&room, Begin::After(since)).await {
            Ok(page) => wire::history(&name, &page.messages),
            Err(refusal) => wire::refusal(&describe(refusal, Doing::Loading)),
        };
        self.connection.send(answer);
    }

    /// It may take a while, and who was let in may have been put out again.
    async fn read(&self, room: &Room, begin: Begin) -> Result<Replay, Refusal> {
        let chat = &self.door.door.chat;
        chat.readable(self.actor_now(), Some(&room.number.0.to_string())).await?;
        chat.replay(room, begin).await
    }

    fn actor_now(&self) -> Actor {
        self.door.door.visitors.actor(self.connection.id)
    }
}
