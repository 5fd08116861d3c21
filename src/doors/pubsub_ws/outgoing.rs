//! Tells the dialect's listeners: each event is encoded once, the same bytes go to everybody.

use std::sync::Arc;

use super::place::Place;
use super::{PubSub, wire};
use crate::doors::hearing::Frame;
use crate::doors::websocket::Utf8Bytes;
use crate::model::{Event, Micros};

impl PubSub {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let (mut frames, now) = (Vec::new(), self.door.chat.now());
        for event in events {
            if let Some(place) = event.room().and_then(|room| self.places.get(room)) {
                encode(event, &place, now, &mut frames);
            }
        }
        self.door.tell(events, frames).await;
    }
}

/// The dialect has no word for typing, nor for a message that is another now: history shows it as it is.
fn encode(event: &Event, place: &Place, now: Micros, frames: &mut Vec<Frame<Utf8Bytes>>) {
    let Some(room) = event.room() else { return };
    match event {
        Event::MessageCreated(posted) => {
            place.reached(posted.message.seq);
            let text = wire::message(posted, &place.name);
            frames.push(Frame { rev: event.rev(), ..Frame::new(text, room) });
        }
        Event::PeopleMoved { came, gone, .. } => {
            let came = came.iter().map(|who| (who, wire::joined(who.handle())));
            let gone = gone.iter().map(|who| (who, wire::left(who.handle())));
            // Whoever comes is told by their own session, before anything else of the room.
            frames.extend(came.chain(gone).map(|(who, said)| {
                let text = wire::announcement(&place.name, &said, place.sequence(), now);
                Frame { not_to_user: Some(who.id), ..Frame::new(text, room) }
            }));
        }
        Event::MessageEdited(_)
        | Event::MessageDeleted(_)
        | Event::TypingChanged { .. }
        | Event::Joined { .. }
        | Event::Left { .. }
        | Event::Unsettled { .. }
        | Event::HearingEnded { .. }
        | Event::UserChanged { .. }
        | Event::SessionEnded { .. }
        | Event::WordsChanged { .. }
        | Event::UserEdited { .. }
        | Event::MemberChanged(_)
        | Event::PresenceChanged(_)
        | Event::RoomCreated { .. }
        | Event::DirectBegun { .. }
        | Event::RoomChanged { .. }
        | Event::Noticed { .. } => {}
    }
}
