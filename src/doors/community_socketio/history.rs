//! `load-messages`: pages of a room's history, by number as the contract has them or by `seq`.

use super::incoming::CommunitySession;
use super::payload::Fields;
use super::wire::{FailureShape, HistoryShape, MessageShape, PaginationShape, StretchShape};
use crate::chat::Refusal;
use crate::chat::messages::{Listing, Stretch};
use crate::doors::refusals::Doing;
use crate::doors::requests::MOST_MESSAGES;
use crate::doors::socketio::{Ack, Payload};
use crate::store::Seek;

impl CommunitySession {
    pub(super) async fn load(&mut self, payload: Payload, ack: Option<Ack>) {
        let Some(ack) = ack else { return };
        let fields = Fields::or_none(payload);
        match fields.seek() {
            Ok(None) => self.load_page(&fields, ack).await,
            Ok(Some(from)) => self.load_stretch(&fields, from, ack).await,
            Err(refusal) => ack.send(&FailureShape::of(refusal, Doing::Loading)),
        }
    }

    async fn load_page(&self, fields: &Fields, ack: Ack) {
        match self.page(fields).await {
            Ok((listing, page, limit, rev)) => ack.send(&HistoryShape {
                success: true,
                data: MessageShape::list(&listing.messages),
                pagination: PaginationShape::of(listing.total, page, limit),
                rev: Some(rev),
                epoch: Some(self.door.shared.chat.epoch()),
            }),
            Err(refusal) => ack.send(&FailureShape::of(refusal, Doing::Loading)),
        }
    }

    async fn page(&self, fields: &Fields) -> Result<(Listing, i64, i64, i64), Refusal> {
        let (page, limit) = (fields.count("page", 1)?, fields.count("limit", 50)?);
        if page < 1 || limit < 0 {
            return Err(Refusal::Unreadable);
        }
        let limit = limit.min(MOST_MESSAGES);
        let chat = &self.door.shared.chat;
        let room = chat.readable(self.visit.actor(), fields.room()?.as_deref()).await?;
        // Before the messages, so that catching up from here passes nothing over.
        let rev = chat.counts(&room).await?.last_rev;
        Ok((chat.page(&room, page, limit).await?, page, limit, rev))
    }

    async fn load_stretch(&self, fields: &Fields, from: Seek, ack: Ack) {
        match self.stretch(fields, from).await {
            Ok(stretch) => ack.send(&StretchShape {
                success: true,
                data: MessageShape::list(&stretch.messages),
                next: stretch.next,
                rev: stretch.rev,
                epoch: self.door.shared.chat.epoch(),
            }),
            Err(refusal) => ack.send(&FailureShape::of(refusal, Doing::Loading)),
        }
    }

    async fn stretch(&self, fields: &Fields, from: Seek) -> Result<Stretch, Refusal> {
        let limit = fields.count("limit", 50)?;
        if limit < 1 {
            return Err(Refusal::Unreadable);
        }
        let chat = &self.door.shared.chat;
        let room = chat.readable(self.visit.actor(), fields.room()?.as_deref()).await?;
        chat.stretch(&room, from, limit.min(MOST_MESSAGES)).await
    }
}
