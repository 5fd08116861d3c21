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

/// A connection that listens to rooms.
pub struct Ear {
    connection: Arc<Connection>,
    state: Mutex<Hearing>,
}

#[derive(Default)]
struct Hearing {
    /// While a reader is told what it missed, what happens meanwhile waits here.
    held: Option<Vec<Held>>,
    held_bytes: usize,
    /// How far rooms were told by catching up. What was stored by then may still be on its way here
    /// and must not be heard again.
    told: Vec<(RoomNumber, i64)>,
}

struct Held {
    room: RoomNumber,
    rev: Option<i64>,
    text: Str,
}

impl Hearing {
    /// Whether this is news; a room that has gone beyond what was told needs no more looking.
    fn is_news(&mut self, room: RoomNumber, rev: Option<i64>) -> bool {
        let Some(rev) = rev else { return true };
        let Some(at) = self.told.iter().position(|(told, _)| *told == room) else { return true };
        let is_news = rev > self.told[at].1;
        if is_news {
            self.told.swap_remove(at);
        }
        is_news
    }
}

impl Ear {
    pub fn new(connection: Arc<Connection>) -> Ear {
        Ear { connection, state: Mutex::default() }
    }

    pub fn hold(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).held.get_or_insert_default();
    }

    /// Lets go on after what was told of each room.
    pub fn go_on(&self, told: &[(RoomNumber, i64)]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (room, rev) in told {
            state.told.retain(|(other, _)| other != room);
            state.told.push((*room, *rev));
        }
        let held = state.held.take().unwrap_or_default();
        state.held_bytes = 0;
        let news: Vec<Held> = held.into_iter().filter(|frame| state.is_news(frame.room, frame.rev)).collect();
        self.connection.send_all(news.iter().map(|frame| &frame.text));
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held.is_some() {
            for frame in for_me {
                state.held_bytes += frame.text.len();
                let held = Held { room: frame.room, rev: frame.rev, text: frame.text.clone() };
                state.held.get_or_insert_default().push(held);
            }
            if self.connection.is_too_far_behind(state.held_bytes) {
                state.held = Some(Vec::new());
                self.connection.close("it fell behind while it was catching up");
            }
        } else if state.told.is_empty() {
            self.connection.send_all(for_me.map(|frame| &frame.text));
        } else {
            let news: Vec<&Str> =
                for_me.filter(|frame| state.is_news(frame.room, frame.rev)).map(|frame| &frame.text).collect();
            self.connection.send_all(news);
        }
    }
}

impl Community {
    pub async fn tell(&self, events: &[Arc<Event>]) {
        let mut rooms: BTreeMap<RoomNumber, Vec<Frame>> = BTreeMap::new();
        for event in events {
            if let Event::UserChanged { user } = **event {
                self.reconsider(user);
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
