//! A client that comes back is told what it missed, page by page.

use serde_json::Value;

use super::NAMESPACE;
use super::incoming::CommunitySession;
use super::payload::whole_number;
use super::wire::{FailureShape, MessageShape, Success, SyncShape};
use crate::chat::Refusal;
use crate::doors::refusals::{Doing, describe};
use crate::doors::socketio::Ack;
use crate::model::Room;

impl CommunitySession {
    /// A room of the handshake. One that cannot be resumed gets its `sync` too, which says so.
    pub(super) async fn resume(&mut self, reference: &str, rev: &Value) {
        match self.door.shared.chat.enter(self.actor, reference).await.and_then(|room| self.has_place_for(room)) {
            Ok(room) => {
                self.ear.hold(room.number);
                self.listen(room.number);
                self.tell_missed(&room, whole_number(rev).unwrap_or(-1), self.epoch.clone(), None).await;
            }
            Err(refusal) => self.cannot_sync(reference, refusal),
        }
    }

    /// Tells what was missed while the ear holds back what happens meanwhile, so that live delivery
    /// joins on without gap or repeat. Who asks with an `ack` gets one page, and asks for the next;
    /// otherwise each page goes out when the one before has.
    pub(super) async fn tell_missed(&self, room: &Room, rev: i64, epoch: Option<String>, mut ack: Option<Ack>) {
        let chat = &self.door.shared.chat;
        let mut rev = rev;
        loop {
            self.ear.hold(room.number);
            let missed = match chat.missed(room, rev, epoch.as_deref()).await {
                Ok(missed) => missed,
                Err(refusal) => {
                    match ack {
                        Some(ack) => ack.send(&FailureShape::of(refusal, Doing::Syncing)),
                        None => self.cannot_sync(&room.id.to_string(), refusal),
                    }
                    return self.ear.go_on_anyway();
                }
            };
            let is_last = !missed.more || ack.is_some();
            let shape = SyncShape {
                room_id: room.id,
                messages: MessageShape::list(&missed.messages),
                rev: missed.rev,
                epoch: chat.epoch(),
                complete: missed.complete,
                more: missed.more,
            };
            match ack.take() {
                Some(ack) => ack.send(&Success::of(shape)),
                None => self.connection.emit(NAMESPACE, "sync", &shape),
            }
            if is_last && self.ear.go_on(missed.rev) {
                return;
            }
            rev = missed.rev;
            if !self.connection.has_taken_all().await {
                return;
            }
        }
    }

    fn cannot_sync(&self, room: &str, refusal: Refusal) {
        let described = describe(refusal, Doing::Syncing);
        let mut shape = serde_json::json!({
            "roomId": room,
            "messages": [],
            "complete": false,
            "more": false,
            "error": described.text,
            "code": described.code,
        });
        if let Some(retry_in) = described.retry_in {
            shape["retryIn"] = retry_in.into();
        }
        self.connection.emit(NAMESPACE, "sync", &shape);
    }
}
