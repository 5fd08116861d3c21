//! A client that comes back is told what it missed.

use serde_json::Value;

use super::NAMESPACE;
use super::incoming::CommunitySession;
use super::payload::whole_number;
use super::wire::{FailureShape, MessageShape, Success, SyncShape};
use crate::chat::Refusal;
use crate::doors::refusals::{Doing, describe};
use crate::doors::socketio::Ack;
use crate::model::RoomNumber;

impl CommunitySession {
    /// A room of the handshake. One that cannot be resumed gets its `sync` too, which says so.
    pub(super) async fn resume(&mut self, room: &str, rev: &Value) -> Option<(RoomNumber, i64)> {
        match self.door.shared.chat.enter(self.actor, room).await {
            Ok(entered) => {
                self.listen(entered.number);
                self.catch_up(Some(room), whole_number(rev).unwrap_or(-1), self.epoch.clone(), None).await
            }
            Err(refusal) => {
                self.cannot_sync(room, refusal);
                None
            }
        }
    }

    /// Tells what was missed, while the ear holds back what happens meanwhile: so live delivery
    /// joins on without gap or repeat. Gives how far the room was told.
    pub(super) async fn catch_up(
        &self,
        room: Option<&str>,
        rev: i64,
        epoch: Option<String>,
        ack: Option<Ack>,
    ) -> Option<(RoomNumber, i64)> {
        let chat = &self.door.shared.chat;
        match chat.missed(self.actor, room, rev, epoch.as_deref()).await {
            Ok(missed) => {
                let messages = MessageShape::list(&missed.messages);
                let shape = SyncShape {
                    room_id: missed.room.id,
                    messages,
                    rev: missed.rev,
                    epoch: chat.epoch(),
                    complete: missed.complete,
                };
                match ack {
                    Some(ack) => ack.send(&Success::of(shape)),
                    None => self.connection.emit(NAMESPACE, "sync", &shape),
                }
                Some((missed.room.number, missed.rev))
            }
            Err(refusal) => {
                match ack {
                    Some(ack) => ack.send(&FailureShape::of(refusal, Doing::Syncing)),
                    None => self.cannot_sync(room.unwrap_or("main-chat"), refusal),
                }
                None
            }
        }
    }

    fn cannot_sync(&self, room: &str, refusal: Refusal) {
        let described = describe(refusal, Doing::Syncing);
        let (error, code) = (described.text, described.code);
        let shape =
            serde_json::json!({ "roomId": room, "messages": [], "complete": false, "error": error, "code": code });
        self.connection.emit(NAMESPACE, "sync", &shape);
    }
}
