//! Tells the dialect's listeners: each event is encoded once, the same bytes go to everybody.

use std::sync::Arc;

use super::{Channels, wire};
use crate::doors::hearing::Frame;
use crate::doors::websocket::Utf8Bytes;
use crate::model::{Event, UserId};

impl Channels {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let mut frames = Vec::new();
        for event in events {
            encode(event, &mut frames);
        }
        self.door.tell(events, frames).await;
    }
}

fn encode(event: &Event, frames: &mut Vec<Frame<Utf8Bytes>>) {
    let Some(room) = event.room() else { return };
    let mut tell = |text: String, not_to_user: Option<UserId>| {
        frames.push(Frame { rev: event.rev(), not_to_user, ..Frame::new(text, room) });
    };
    match event {
        Event::MessageCreated(posted) => tell(wire::new_message(posted), None),
        Event::MessageEdited(posted) => tell(wire::message_edited(posted), None),
        Event::MessageDeleted(posted) => tell(wire::message_deleted(posted), None),
        Event::TypingChanged { author, typing: true, .. } => tell(wire::user_typing(author), Some(author.id)),
        Event::PeopleMoved { came, gone, .. } => {
            came.iter().for_each(|who| tell(wire::user_joined(who), Some(who.id)));
            gone.iter().for_each(|who| tell(wire::user_left(who), Some(who.id)));
        }
        Event::TypingChanged { typing: false, .. }
        | Event::Joined { .. }
        | Event::Left { .. }
        | Event::HearingEnded { .. }
        | Event::Unsettled { .. }
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
