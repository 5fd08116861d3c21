//! Which rooms a connection hears.

use super::incoming::{CommunitySession, answer};
use super::payload::room_of;
use super::wire::Success;
use crate::chat::Refusal;
use crate::doors::refusals::Doing;
use crate::doors::shift::Later;
use crate::doors::socketio::{Ack, Payload};
use crate::model::RoomNumber;

impl CommunitySession {
    pub(super) async fn join(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let entered = async {
            let room = self.door.shared.chat.enter(self.visit.actor(), &room_of(payload)?).await?;
            self.visit.has_place_for(room.number).map(|()| room)
        };
        match entered.await {
            Ok(room) => {
                // Listening before counting: what comes after the count is heard.
                self.visit.listen(room.number);
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
        let room = self.door.shared.chat.readable(self.visit.actor(), Some(&room_of(payload)?)).await?;
        if room.number != RoomNumber::MAIN {
            self.visit.listen_no_more(room.number);
        }
        self.watch_no_more(room.number);
        Ok(())
    }
}
