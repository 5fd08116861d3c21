//! Tells the dialect's listeners: each event is encoded once, the same bytes go to everybody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use engineioxide::Str;

use super::wire::{DeletedShape, MessageShape, NoticeShape, TypingShape, UserShape};
use super::{Community, NAMESPACE};
use crate::doors::audience::Listener;
use crate::doors::socketio::{Connection, packet};
use crate::model::{ConnectionId, Event, RoomNumber};

/// An encoded event.
pub struct Frame {
    text: Str,
    room: RoomNumber,
    rev: Option<i64>,
    /// The connection that it comes from and that does not hear it.
    not_to: Option<ConnectionId>,
}

/// A connection that listens to a room.
pub struct Ear {
    connection: Arc<Connection>,
    /// While a reader is told what it missed, what happens meanwhile waits here.
    held: Mutex<Option<Vec<Held>>>,
}

struct Held {
    room: RoomNumber,
    rev: Option<i64>,
    text: Str,
}

impl Ear {
    pub fn new(connection: Arc<Connection>) -> Ear {
        Ear { connection, held: Mutex::new(None) }
    }

    pub fn hold(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    /// Lets go on: what is not newer than what was told of its room was part of it.
    pub fn go_on(&self, told: &[(RoomNumber, i64)]) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = held.take().unwrap_or_default();
        let was_told =
            |frame: &Held| told.iter().any(|(room, rev)| *room == frame.room && frame.rev.is_some_and(|of| of <= *rev));
        self.connection.send_all(waiting.iter().filter(|frame| !was_told(frame)).map(|frame| &frame.text));
    }
}

impl Listener for Ear {
    type Frame = Frame;

    fn connection(&self) -> ConnectionId {
        self.connection.id
    }

    fn hear(&self, frames: &[Frame]) {
        let for_me = frames.iter().filter(|frame| frame.not_to != Some(self.connection.id));
        // Held while sending: what comes after must not overtake.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(waiting) => {
                waiting.extend(for_me.map(|frame| Held { room: frame.room, rev: frame.rev, text: frame.text.clone() }))
            }
            None => self.connection.send_all(for_me.map(|frame| &frame.text)),
        }
    }
}

impl Community {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let mut rooms: BTreeMap<RoomNumber, Vec<Frame>> = BTreeMap::new();
        for event in events {
            if let Event::UserChanged { user } = **event {
                self.reconsider(|presence| presence.user == Some(user));
            }
            if let Some(frame) = encode(event) {
                rooms.entry(frame.room).or_default().push(frame);
            }
        }
        for (room, frames) in rooms {
            self.shared.audience.tell(room, &frames).await;
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
            let shape =
                TypingShape { user_id: author.id, is_typing: *typing, user: UserShape::of(author), room_id: *room_id };
            packet::event(NAMESPACE, "user-typing", &shape)
        }
        Event::Joined { at, .. } => packet::event(NAMESPACE, "user-joined", &NoticeShape::joined(*at)),
        Event::Left { at, .. } => packet::event(NAMESPACE, "user-left", &NoticeShape::left(*at)),
        Event::Unsettled { .. } | Event::UserChanged { .. } => return None,
    };
    Some(Frame { text: text.into(), room: event.room()?, rev: event.rev(), not_to })
}
