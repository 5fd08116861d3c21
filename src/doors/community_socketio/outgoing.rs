//! Tells the dialect's listeners: each event is encoded once, the same bytes go to everybody.

use std::sync::Arc;

use engineioxide::Str;

use super::wire::{DeletedShape, MessageShape, NoticeShape, TypingShape, UserShape};
use super::{Community, NAMESPACE};
use crate::doors::hearing;
use crate::doors::socketio::packet;
use crate::model::Event;

pub(super) type Frame = hearing::Frame<Str>;

impl Community {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let mut frames = Vec::new();
        for event in events {
            if let Event::PresenceChanged(changed) = &**event {
                self.tell_watchers(changed).await;
            }
            frames.extend(encode(event).or_else(|| self.notice(event)));
        }
        self.shared.tell(events, frames).await;
        for room in events.iter().filter_map(|event| event.puts_out_of()) {
            self.shared.visitors.reconsider_all(&self.shared.watchers.connections(room));
        }
    }
}

fn encode(event: &Event) -> Option<Frame> {
    let mut not_to = None;
    let text = match event {
        Event::MessageCreated(posted) => packet::event(NAMESPACE, "message-received", &MessageShape::of(posted)),
        Event::MessageEdited(posted) => packet::event(NAMESPACE, "message-edited", &MessageShape::of(posted)),
        Event::MessageDeleted(posted) => {
            packet::event(NAMESPACE, "message-deleted", &DeletedShape::of(&posted.message))
        }
        Event::TypingChanged { room_id, author, typing, connection, .. } => {
            not_to = Some(*connection);
            let user_id = (!author.guest).then_some(author.id);
            let shape = TypingShape { user_id, is_typing: *typing, user: UserShape::of(author), room_id: *room_id };
            packet::event(NAMESPACE, "user-typing", &shape)
        }
        Event::Joined { at, .. } => packet::event(NAMESPACE, "user-joined", &NoticeShape::joined(*at)),
        Event::Left { at, .. } => packet::event(NAMESPACE, "user-left", &NoticeShape::left(*at)),
        Event::Unsettled { .. }
        | Event::HearingEnded { .. }
        | Event::UserChanged { .. }
        | Event::SessionEnded { .. }
        | Event::UserEdited { .. }
        | Event::MemberChanged(_)
        | Event::PeopleMoved { .. }
        | Event::PresenceChanged(_)
        | Event::RoomCreated { .. }
        | Event::DirectBegun { .. }
        | Event::RoomChanged { .. }
        | Event::Noticed { .. }
        | Event::WordsChanged { .. } => return None,
    };
    Some(Frame { rev: event.rev(), not_to, ..Frame::new(text, event.room()?) })
}
