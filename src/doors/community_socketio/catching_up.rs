//! A client that comes back is told what it missed, page by page.

use std::sync::Arc;

use serde_json::Value;

use super::incoming::CommunitySession;
use super::payload::whole_number;
use super::wire::{FailureShape, JoinedShape, MessageShape, SeenShape, Success, SyncShape};
use super::{Community, NAMESPACE};
use crate::chat::Refusal;
use crate::doors::connection::Live;
use crate::doors::hearing::Ear;
use crate::doors::refusals::{Doing, describe};
use crate::doors::requests::wire as shapes;
use crate::doors::socketio::{Ack, Connection};
use crate::model::{Actor, Room};

/// What telling takes of a session; the session goes on meanwhile.
pub(super) struct CatchingUp {
    door: Community,
    connection: Arc<Connection>,
    ear: Arc<Ear<Connection>>,
}

impl CommunitySession {
    pub(super) fn catching_up(&self) -> CatchingUp {
        CatchingUp { door: self.door.clone(), connection: self.visit.connection.clone(), ear: self.visit.ear.clone() }
    }

    /// Comes into the rooms of the handshake, and hears nothing of them until it is told what it missed.
    /// One that cannot be resumed gets its `sync` too, which says so.
    pub(super) async fn resume_all(&mut self) -> Vec<(Arc<Room>, i64)> {
        let mut missed: Vec<(Arc<Room>, i64)> = Vec::new();
        let mut away = None;
        for (reference, rev) in std::mem::take(&mut self.resume) {
            // The others would take as long, one after another.
            let resumed = match away {
                Some(refusal) => Err(refusal),
                None => self.resume(&reference).await,
            };
            match resumed {
                // One room may be named in several ways.
                Ok(room) if missed.iter().any(|(other, _)| other.number == room.number) => {}
                Ok(room) => missed.push((room, whole_number(&rev).unwrap_or(-1))),
                Err(refusal) => {
                    away = away.or(matches!(refusal, Refusal::DatabaseAway { .. }).then_some(refusal));
                    self.catching_up().cannot_tell(&reference, refusal);
                }
            }
        }
        missed
    }

    async fn resume(&mut self, reference: &str) -> Result<Arc<Room>, Refusal> {
        let room = self.door.shared.chat.come_back(self.visit.actor(), reference).await?;
        self.visit.has_place_for(room.number)?;
        self.visit.ear.hold(room.number);
        self.visit.listen(room.number);
        Ok(room)
    }
}

impl CatchingUp {
    /// Answers in the order of what is told: a client that is being told what it missed of the room has
    /// read that when it hears how far the room is.
    pub(super) async fn joined(&self, room: &Room) -> Result<JoinedShape, Refusal> {
        let chat = &self.door.shared.chat;
        let (rev, seen) = (chat.counts(room).await?.last_rev, self.seen(room).await?);
        let name = seen.room["name"].as_str().unwrap_or(&room.name).to_owned();
        Ok(JoinedShape { room_id: room.id, name, rev, epoch: chat.epoch(), seen })
    }

    async fn seen(&self, room: &Room) -> Result<SeenShape, Refusal> {
        let chat = &self.door.shared.chat;
        let Ok(caller) = chat.caller(self.actor_now()).await else {
            let counts = chat.counts(room).await?;
            return Ok(SeenShape { room: shapes::room(room, counts.members, counts.version), me: Value::Null });
        };
        let mut record = shapes::record(chat, &chat.record(&caller, &room.number.0.to_string()).await?);
        let me = record["me"].clone();
        Ok(SeenShape { room: record.take(), me })
    }

    /// Tells what was missed while the ear holds back what happens meanwhile, so that live delivery
    /// joins on without gap or repeat. Who asks with an `ack` gets one page, and asks for the next;
    /// otherwise each page goes out when the one before has.
    pub(super) async fn tell(&self, room: &Room, mut rev: i64, epoch: Option<&str>, mut ack: Option<Ack>) {
        let chat = &self.door.shared.chat;
        let mut is_first = true;
        loop {
            // Held back to the end: who heard a later rev would never ask for the pages before it.
            if self.connection.is_gone() || ack.is_none() && self.connection.is_leaving() {
                return;
            }
            self.ear.hold(room.number);
            let missed = async {
                // It may take a while, and who was let in may have been put out again.
                chat.readable(self.actor_now(), Some(&room.id.to_string())).await?;
                let seen = if is_first { Some(self.seen(room).await?) } else { None };
                Ok((chat.missed(room, rev, epoch).await?, seen))
            };
            let (missed, seen) = match missed.await {
                Ok(missed) => missed,
                Err(refusal) => {
                    match ack {
                        Some(ack) => ack.send(&FailureShape::of(refusal, Doing::Syncing)),
                        None => self.cannot_tell(&room.id.to_string(), refusal),
                    }
                    return self.ear.go_on_anyway(room.number);
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
                seen,
            };
            is_first = false;
            match ack.take() {
                Some(ack) => ack.send(&Success::of(shape)),
                None => self.connection.emit(NAMESPACE, "sync", &shape),
            }
            if is_last && self.ear.go_on(room.number, missed.rev) {
                return;
            }
            rev = missed.rev;
            if !self.connection.is_ready_for_more().await {
                return;
            }
        }
    }

    fn actor_now(&self) -> Actor {
        self.door.shared.visitors.actor(self.connection.id)
    }

    fn cannot_tell(&self, room: &str, refusal: Refusal) {
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
