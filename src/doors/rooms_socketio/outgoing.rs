//! Tells the dialect's listeners: each event is encoded once, the same bytes go to everybody.

use std::sync::Arc;

use engineioxide::Str;
use serde_json::Value;

use super::{NAMESPACE, Rooms, wire};
use crate::doors::hearing;
use crate::doors::socketio::packet;
use crate::model::{Author, Event, RoomNumber};

type Frame = hearing::Frame<Str>;

impl Rooms {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let mut frames = Vec::new();
        for event in events {
            if let Event::PresenceChanged(changed) = &**event {
                self.tell_presence(changed).await;
            }
            self.encode(event, &mut frames);
        }
        self.door.tell(events, frames).await;
    }

    fn encode(&self, event: &Event, frames: &mut Vec<Frame>) {
        let Some(room) = event.room() else { return };
        // Nobody here hears it.
        let Some(id) = self.places.get(room) else { return };
        let chat = self.chat();
        let told = |name: &str, payload: &Value| Frame {
            rev: event.rev(),
            ..Frame::new(packet::event(NAMESPACE, name, payload), room)
        };
        match event {
            Event::MessageCreated(posted) => frames.push(told("message-received", &wire::posted(chat, posted))),
            Event::MessageEdited(posted) => frames.push(told("message-edited", &wire::posted(chat, posted))),
            Event::MessageDeleted(posted) => frames.push(told("message-deleted", &wire::deleted(&posted.message))),
            Event::TypingChanged { room_id, author, typing, connection, .. } => {
                let frame = told("typing-indicator", &wire::typing(author.id, *room_id, *typing));
                frames.push(Frame { not_to: Some(*connection), ..frame });
            }
            Event::PeopleMoved { came, gone, .. } => {
                let moved = |name: &str, who: &Author, payload: &Value| not_to_themselves(name, who, payload, room);
                frames.extend(came.iter().map(|who| moved("user-joined", who, &wire::joined(chat, who, *id))));
                frames.extend(gone.iter().map(|who| moved("user-left", who, &wire::left(who.id, *id))));
            }
            Event::Joined { .. }
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
}

/// They know it by the answer to what they did.
fn not_to_themselves(name: &str, who: &Author, payload: &Value, room: RoomNumber) -> Frame {
    Frame { not_to_user: Some(who.id), ..Frame::new(packet::event(NAMESPACE, name, payload), room) }
}
