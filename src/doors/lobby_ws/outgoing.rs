//! Tells the dialect's listeners: each event is encoded once, the same bytes go to everybody.

use std::sync::Arc;

use super::{Lobby, wire};
use crate::doors::hearing::Frame;
use crate::doors::websocket::Utf8Bytes;
use crate::model::{Event, RoomChange, UserId};

impl Lobby {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let mut frames = Vec::new();
        events.iter().for_each(|event| self.encode(event, &mut frames));
        self.door.tell(events, frames).await;
        self.tell_lists();
    }

    fn encode(&self, event: &Event, frames: &mut Vec<Frame<Utf8Bytes>>) {
        let Some(room) = event.room() else { return };
        let mut tell = |text: String, not_to_user: Option<UserId>| {
            frames.push(Frame { rev: event.rev(), not_to_user, ..Frame::new(text, room) });
        };
        match event {
            Event::MessageCreated(posted) => tell(wire::message(posted), None),
            Event::TypingChanged { author, connection, typing, .. } => {
                let names = self.shared.typists.note(room, author, *connection, *typing);
                names.iter().for_each(|names| tell(wire::typing(names), None));
            }
            Event::PeopleMoved { came, gone, .. } => {
                let at = self.door.chat.now();
                came.iter().for_each(|who| tell(wire::joined(who, at), Some(who.id)));
                gone.iter().for_each(|who| tell(wire::left(who, at), Some(who.id)));
                self.shared.lists.note_change(room);
            }
            Event::RoomChanged { change: RoomChange::Deleted, .. } => tell(wire::ROOM_DELETED.into(), None),
            // The dialect has no word for them; its history shows what is so now.
            Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::RoomChanged { change: RoomChange::Edited | RoomChange::Archived, .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::Unsettled { .. }
            | Event::UserChanged { .. }
            | Event::SessionEnded { .. }
            | Event::WordsChanged { .. }
            | Event::UserEdited { .. }
            | Event::MemberChanged(_)
            | Event::PresenceChanged(_)
            | Event::RoomCreated { .. }
            | Event::DirectBegun { .. }
            | Event::HearingEnded { .. }
            | Event::Noticed { .. } => {}
        }
    }
}
