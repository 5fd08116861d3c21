//! Sending, changing and reading messages.

use std::sync::Arc;

use uuid::Uuid;

use super::limits::MAX_CLIENT_OFFSET;
use super::permissions::{Action, Member};
use super::{Caller, Chat, Refusal, Rules, patiently};
use crate::model::text::{javascript_length, trim_like_javascript};
use crate::model::{Character, MessageId, MessageKind, Micros, Posted, Room, RoomNumber, Standing, UserId};
use crate::store::{Answer, Command, Done, Draft, Moderation, PageSize, Statistics, Upload};

/// A text that is one: not blank, and storable on both databases.
#[derive(Debug, Clone)]
pub struct Text {
    trimmed: String,
    /// Of the untrimmed text, as Node counts.
    length: usize,
}

impl Text {
    pub fn new(text: &str) -> Result<Text, Refusal> {
        let trimmed = trim_like_javascript(text);
        if trimmed.is_empty() {
            return Err(Refusal::Empty);
        }
        if trimmed.contains('\0') {
            return Err(Refusal::Unreadable);
        }
        Ok(Text { trimmed: trimmed.to_owned(), length: javascript_length(text) })
    }

    /// Of a file without a caption. Names are short, whatever the limit on texts.
    pub(super) fn of_name(name: &str) -> Text {
        Text { trimmed: name.to_owned(), length: 0 }
    }

    fn within(&self, rules: Rules) -> Result<(), Refusal> {
        let limit = rules.max_message_chars;
        if limit != 0 && self.length > limit { Err(Refusal::TooLong { limit }) } else { Ok(()) }
    }
}

/// What a message is beside its text.
#[derive(Debug, Clone, Default)]
pub struct Embellishment {
    pub kind: MessageKind,
    pub character: Option<Arc<Character>>,
    pub upload: Option<Arc<Upload>>,
}

impl Embellishment {
    fn action(&self) -> Action {
        if self.character.is_some() || self.upload.is_some() { Action::Embellish } else { Action::Send }
    }
}

/// A change that is queued in its place; settled when it is stored and told to everybody.
pub struct Pending {
    answer: Answer,
}

impl Pending {
    pub async fn settled(self) -> Result<Arc<Posted>, Refusal> {
        match self.answer.await {
            Ok(Ok(Done::Message(posted))) => Ok(posted),
            Ok(Ok(Done::Member(_))) => Err(Refusal::Failed),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(_) => Err(Refusal::OutcomeUnknown),
        }
    }
}

/// A listing by page and limit.
pub struct Listing {
    pub messages: Vec<Posted>,
    pub total: i64,
}

/// A page of what somebody who was away is told.
pub struct Missed {
    pub messages: Vec<Posted>,
    pub rev: i64,
    pub complete: bool,
    pub more: bool,
}

/// Encoded it stays below what one poll may carry, whatever must be escaped in it.
const PAGE_OF_MISSED: PageSize = PageSize { messages: 500, bytes: 96 * 1024 };

/// Days that the statistics show.
const DAYS: i64 = 30;

/// What is done to others' messages is written down.
fn moderation(caller: &Caller, posted: &Posted, reason: Option<String>) -> Option<Moderation> {
    let by = caller.user().id;
    (by != posted.message.user).then_some(Moderation { by, reason })
}

pub(super) fn check_offset(offset: Option<&str>) -> Result<(), Refusal> {
    let is_good = |offset: &str| javascript_length(offset) <= MAX_CLIENT_OFFSET && !offset.contains('\0');
    if offset.is_none_or(is_good) { Ok(()) } else { Err(Refusal::OffsetTooLong { limit: MAX_CLIENT_OFFSET }) }
}

impl Chat {
    /// Takes a message. Returns as soon as it stands in the queue, so that one connection can send
    /// without waiting for each answer and its messages still keep their order.
    pub async fn post(
        &self,
        caller: &Caller,
        room: Option<&str>,
        text: Text,
        client_offset: Option<String>,
        with: Embellishment,
        rules: Rules,
    ) -> Result<Pending, Refusal> {
        text.within(rules)?;
        check_offset(client_offset.as_deref())?;
        let member = self.speaker(caller, room, with.action()).await?;
        let now = self.inner.clock.now();
        self.in_step(&member, caller, now, client_offset.as_deref()).await?;
        let admitted = self.inner.pace.admit(caller.user().id, rules.messages_per_minute, self.inner.clock.ticks());
        if let Err(refusal) = admitted
            && !self.is_repeat(caller, client_offset.as_deref()).await?
        {
            return Err(refusal);
        }
        let draft = Draft {
            id: Uuid::now_v7(),
            room: member.room.number,
            author: caller.author(),
            kind: with.kind,
            text: text.trimmed,
            client_offset,
            character: with.character,
            upload: with.upload,
            unsilenced: caller.standing() == Standing::Admin,
        };
        self.queue(Command::Create(draft)).await
    }

    /// Somebody who may send to a room, or do there what takes sending.
    pub(super) async fn speaker(&self, caller: &Caller, room: Option<&str>, action: Action) -> Result<Member, Refusal> {
        let member = self.member(caller, room).await?;
        member.may(action)?;
        member.may_send(self.inner.clock.now())?;
        self.may_write_to_peer(caller, &member.room).await?;
        Ok(member)
    }

    /// Slow mode: one message in so many seconds.
    async fn in_step(
        &self,
        member: &Member,
        caller: &Caller,
        now: Micros,
        client_offset: Option<&str>,
    ) -> Result<(), Refusal> {
        let seconds = member.room.slow_mode_seconds;
        if seconds == 0 || !member.is_slowed() || self.is_repeat(caller, client_offset).await? {
            return Ok(());
        }
        let (room, user) = (member.room.number, caller.user().id);
        let mut last = self.inner.pace.last_in(room, user);
        if last.is_none() {
            last = patiently(self.inner.store.last_message_at(room, user)).await?;
        }
        self.inner.pace.take_step(room, user, seconds, last, now)
    }

    /// What was sent before is answered, not stored: it is never too much.
    pub(super) async fn is_repeat(&self, caller: &Caller, client_offset: Option<&str>) -> Result<bool, Refusal> {
        let Some(offset) = client_offset else { return Ok(false) };
        patiently(self.inner.store.has_offset(caller.user().id, offset)).await
    }

    pub async fn edit(&self, caller: &Caller, id: MessageId, text: Text, rules: Rules) -> Result<Pending, Refusal> {
        let (member, posted) = self.of_mine(caller, id).await?;
        if posted.message.deleted {
            return Err(Refusal::MessageNotFound);
        }
        member.may_edit(posted.message.user, self.inner.clock.now())?;
        text.within(rules)?;
        let (room, moderation) = (posted.message.room, moderation(caller, &posted, None));
        self.queue(Command::Edit { id, room, author: posted.author, text: text.trimmed, moderation }).await
    }

    pub async fn delete(&self, caller: &Caller, id: MessageId, reason: Option<String>) -> Result<Pending, Refusal> {
        let (member, posted) = self.of_mine(caller, id).await?;
        member.may_delete(posted.message.user)?;
        let (room, moderation) = (posted.message.room, moderation(caller, &posted, reason));
        self.queue(Command::Delete { id, room, author: posted.author, moderation }).await
    }

    /// A message in a room that the caller is in. Elsewhere there is no such message.
    async fn of_mine(&self, caller: &Caller, id: MessageId) -> Result<(Member, Posted), Refusal> {
        let message = patiently(self.inner.store.message(id)).await?.ok_or(Refusal::MessageNotFound)?;
        let room = message.room.0.to_string();
        let member = self.member(caller, Some(&room)).await.map_err(|refusal| match refusal {
            Refusal::RoomNotFound => Refusal::MessageNotFound,
            other => other,
        })?;
        let posted = patiently(self.inner.people.beside(vec![message])).await?.pop().ok_or(Refusal::MessageNotFound)?;
        Ok((member, posted))
    }

    async fn queue(&self, command: Command) -> Result<Pending, Refusal> {
        Ok(Pending { answer: self.inner.writer.append(command).await? })
    }

    pub async fn page(&self, room: &Room, page: i64, limit: i64) -> Result<Listing, Refusal> {
        let page = patiently(self.inner.store.page(room.number, page, limit)).await?;
        Ok(Listing { messages: patiently(self.inner.people.beside(page.messages)).await?, total: page.total })
    }

    pub async fn page_of_author(&self, room: &Room, author: UserId, page: i64, limit: i64) -> Result<Listing, Refusal> {
        let page = patiently(self.inner.store.page_of_author(room.number, author, page, limit)).await?;
        Ok(Listing { messages: patiently(self.inner.people.beside(page.messages)).await?, total: page.total })
    }

    pub async fn recent(&self, room: &Room, limit: i64) -> Result<Vec<Posted>, Refusal> {
        let messages = patiently(self.inner.store.recent(room.number, limit)).await?;
        patiently(self.inner.people.beside(messages)).await
    }

    pub async fn statistics(&self) -> Result<Statistics, Refusal> {
        patiently(self.inner.store.statistics(RoomNumber::MAIN, DAYS)).await
    }

    /// What changed in a room after `rev`: the first page. A rev of another history settles nothing.
    pub async fn missed(&self, room: &Room, rev: i64, epoch: Option<&str>) -> Result<Missed, Refusal> {
        let of_this_history = epoch.is_none_or(|epoch| epoch.parse() == Ok(self.epoch()));
        let rev = if of_this_history { rev } else { -1 };
        let since = patiently(self.inner.store.since(room.number, rev, PAGE_OF_MISSED)).await?;
        let messages = patiently(self.inner.people.beside(since.messages)).await?;
        Ok(Missed { messages, rev: since.rev, complete: since.complete, more: since.more })
    }
}
