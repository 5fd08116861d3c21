//! Which rooms a connection hears.

use std::sync::Arc;

use super::incoming::{CommunitySession, answer};
use super::payload::room_of;
use super::wire::Success;
use crate::chat::Refusal;
use crate::doors::refusals::Doing;
use crate::doors::socketio::{Ack, Later, Payload};
use crate::model::{Room, RoomNumber};

/// Rooms that one connection may listen to.
const MOST_ROOMS: usize = 500;

impl CommunitySession {
    pub(super) fn listen(&mut self, room: RoomNumber) {
        if self.rooms.insert(room) {
            self.door.shared.audience.enter(room, self.ear.clone());
            self.seat.as_ref().inspect(|seat| seat.hears(room, true));
        }
    }

    pub(super) fn listen_no_more(&mut self, room: RoomNumber) {
        if self.rooms.remove(&room) {
            self.door.shared.audience.leave(room, self.connection.id);
            self.ear.forget(room);
            self.seat.as_ref().inspect(|seat| seat.hears(room, false));
        }
    }

    pub(super) fn has_place_for(&self, room: Arc<Room>) -> Result<Arc<Room>, Refusal> {
        let is_full = self.rooms.len() >= MOST_ROOMS && !self.rooms.contains(&room.number);
        if is_full { Err(Refusal::TooManyRooms { limit: MOST_ROOMS }) } else { Ok(room) }
    }

    pub(super) async fn join(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let entered = async { self.has_place_for(self.door.shared.chat.enter(self.actor, &room_of(payload)?).await?) };
        match entered.await {
            Ok(room) => {
                // Listening before counting: what comes after the count is heard.
                self.listen(room.number);
                let catching_up = self.catching_up();
                Later::Telling(Box::pin(async move {
                    answer(ack, catching_up.joined(&room).await.map(Success::of), Doing::Entering);
                }))
            }
            Err(refusal) => {
                answer::<Success<()>>(ack, Err(refusal), Doing::Entering);
                Later::Nothing
            }
        }
    }

    /// Listens no more; one stays a member, since clients leave a room whenever they show another.
    pub(super) async fn leave(&mut self, payload: Payload) -> Result<(), Refusal> {
        let room = self.door.shared.chat.readable(self.actor, Some(&room_of(payload)?)).await?;
        if room.number != RoomNumber::MAIN {
            self.listen_no_more(room.number);
        }
        self.watch_no_more(room.number);
        Ok(())
    }
}
