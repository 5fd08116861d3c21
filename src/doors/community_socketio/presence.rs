//! What belongs to one connection: how it is here, and which rooms' people it watches.

use serde_json::{Value, json};

use super::Community;
use super::incoming::CommunitySession;
use super::notices::for_members;
use super::payload::Fields;
use crate::chat::Refusal;
use crate::doors::requests::{self, Asker, Failure, Reply, presence, wire};
use crate::doors::socketio::{Ack, Payload};
use crate::model::{Presence, PresenceChange, PresenceChanged, RoomNumber};

/// Rooms that one connection may watch.
const MOST_WATCHED: usize = 20;
/// People in the answer to a wish to watch; lists go on from there.
const MOST_SHOWN: u64 = 100;

impl CommunitySession {
    pub(super) async fn presence(&mut self, name: &str, payload: Payload, ack: Option<Ack>) {
        let asker = self.door.shared.requests.asker(self.visit.actor()).await;
        let mut fields = Fields::or_none(payload).for_request();
        let answered = match name {
            "watch-presence" => self.watch(&asker, &fields).await,
            "unwatch-presence" => self.unwatch(&fields),
            _ => self.set_presence(&asker, &mut fields),
        };
        self.reply(ack, answered);
    }

    fn set_presence(&mut self, asker: &Asker, fields: &mut requests::Fields) -> Result<Reply, Failure> {
        asker.caller()?;
        let said = fields.word("status", &[("online", Presence::Online), ("away", Presence::Away)]);
        if said.is_none() {
            fields.needed("status", None::<String>);
        }
        fields.check()?;
        let (Some(said), Some(seat)) = (said, self.visit.seat()) else { return Err(Refusal::NotAuthenticated.into()) };
        Ok(Reply::Shown(json!({ "status": seat.says(said) })))
    }

    async fn watch(&mut self, asker: &Asker, fields: &requests::Fields) -> Result<Reply, Failure> {
        let shared = self.door.shared.clone();
        let chat = &shared.chat;
        let member = chat.member_who_sees(asker.caller()?, &fields.room()?).await?;
        let room = member.room.clone();
        let present = if self.watches.contains_key(&room.number) {
            chat.present(&member, None, MOST_SHOWN + 1).await?
        } else if self.watches.len() < MOST_WATCHED {
            let (watch, present) = chat.watch(&member, MOST_SHOWN + 1).await?;
            self.watches.insert(room.number, watch);
            shared.watchers.enter(room.number, self.visit.ear.clone());
            present
        } else {
            return Err(Refusal::TooManyRooms { limit: MOST_WATCHED }.into());
        };
        let mut page = presence::page(chat, &present, MOST_SHOWN);
        let (users, next) = (page["data"].take(), page["next"].take());
        Ok(Reply::Shown(json!({ "roomId": room.id, "online": page["online"], "users": users, "next": next })))
    }

    /// Asks nothing of the room, and so says nothing of it.
    fn unwatch(&mut self, fields: &requests::Fields) -> Result<Reply, Failure> {
        let reference = fields.room()?;
        let watched = self.watches.values().find(|watch| watch.room.is_called(&reference));
        if let Some(room) = watched.map(|watch| watch.room.number) {
            self.watch_no_more(room);
        }
        Ok(Reply::Nothing)
    }

    pub(super) fn watch_no_more(&mut self, room: RoomNumber) {
        if self.watches.remove(&room).is_some() {
            self.door.shared.watchers.leave(room, self.visit.connection.id);
        }
    }

    pub(super) fn watch_nothing(&mut self) {
        for (room, _) in self.watches.drain() {
            self.door.shared.watchers.leave(room, self.visit.connection.id);
        }
    }

    pub(super) async fn leave_forbidden_watches(&mut self) {
        let watched: Vec<RoomNumber> = self.watches.keys().copied().collect();
        for room in watched {
            if !self.door.shared.chat.may_watch(self.visit.actor(), room).await {
                self.watch_no_more(room);
            }
        }
    }
}

impl Community {
    pub(super) async fn tell_watchers(&self, changed: &PresenceChanged) {
        let chat = &self.shared.chat;
        let shape = |PresenceChange { who, now, .. }: &PresenceChange| wire::attendee(chat, who, *now, who.last_seen);
        let payload = json!({
            "roomId": changed.room_id,
            "online": changed.online,
            "changes": changed.changes.iter().map(shape).collect::<Vec<Value>>(),
            "complete": changed.complete,
        });
        let frame = for_members("presence-changed", &payload, changed.room, None);
        self.shared.watchers.tell(changed.room, &[frame]).await;
    }
}
