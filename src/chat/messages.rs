//! Sending, changing and reading messages.

use std::sync::Arc;

use uuid::Uuid;

use super::limits::MAX_CLIENT_OFFSET;
use super::pending::{Pending, Taken};
use super::permissions::{Action, Member};
use super::{Caller, Chat, Inner, Refusal, Rules, patiently};
use crate::model::message::EMOTE;
use crate::model::text::{javascript_length, trim_like_javascript};
use crate::model::{Character, MessageId, MessageKind, Micros, Posted, Room, RoomNumber, Standing, UserId};
use crate::store::{Command, Draft, Moderation, PageSize, RoomCounts, Seek, Statistics, Upload};

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

    /// The same, as what its author does.
    pub fn as_emote(mut self) -> Text {
        if !self.trimmed.starts_with(EMOTE) {
            self.trimmed.insert_str(0, EMOTE);
            self.length += EMOTE.len();
        }
        self
    }

    fn within(&self, rules: Rules) -> Result<(), Refusal> {
        let limit = rules.max_message_chars;
        if limit != 0 && self.length > limit { Err(Refusal::TooLong { limit }) } else { Ok(()) }
    }
}

/// What somebody wants to say.
#[derive(Debug, Clone)]
pub struct Said {
    pub text: Text,
    pub client_offset: Option<String>,
    /// The number of one of their characters.
    pub character: Option<i64>,
    /// Made ready, with the kind of message that it makes.
    pub upload: Option<(MessageKind, Arc<Upload>)>,
}

impl Said {
    fn action(&self) -> Action {
        if self.character.is_some() || self.upload.is_some() { Action::Embellish } else { Action::Send }
    }
}

/// A listing by page and limit.
pub struct Listing {
    pub messages: Vec<Posted>,
    pub total: i64,
}

/// A page by `seq`, oldest first.
pub struct Stretch {
    pub messages: Vec<Posted>,
    /// From where the next page goes on; none at the end.
    pub next: Option<i64>,
    /// Catching up from here passes nothing over.
    pub rev: i64,
}

/// A page of what somebody who was away is told.
pub struct Missed {
    pub messages: Vec<Posted>,
    pub rev: i64,
    pub complete: bool,
    pub more: bool,
}

/// A page of a room's messages by `seq`, deleted ones too.
pub struct Replay {
    pub messages: Vec<Posted>,
    /// The page ends here, and the next one goes on.
    pub up_to: i64,
    pub more: bool,
    pub last_seq: i64,
    /// Where the room stood: what was posted up to here is in this page or in the next ones.
    pub rev: i64,
}

/// Where a replay begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    After(i64),
    WithNewest(i64),
}

/// What a client that goes by numbers is told at once.
const PAGE_OF_REPLAY: PageSize = PageSize { messages: 100, bytes: 96 * 1024 };

/// Encoded it stays below what one poll may carry, whatever must be escaped in the texts; names and
/// client offsets, which are bounded, are not counted.
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
        said: Said,
        rules: Rules,
    ) -> Result<Pending, Refusal> {
        let action = said.action();
        let Said { text, client_offset, character, upload } = said;
        text.within(rules)?;
        check_offset(client_offset.as_deref())?;
        let member = self.speaker(caller, room, action).await?;
        let character = match character {
            Some(number) => self.spoken_as_or_repeated(&member, number, client_offset.as_deref()).await?,
            None => None,
        };
        let (kind, upload) = upload.map_or((MessageKind::Text, None), |(kind, upload)| (kind, Some(upload)));
        let text = match self.inner.known.words.content().screen(text.trimmed.clone(), rules.filter) {
            Ok(text) => text,
            Err(refusal) if !self.is_repeat(caller, client_offset.as_deref()).await? => return Err(refusal),
            Err(_) => text.trimmed,
        };
        let taken = self.take(&member, caller, client_offset.as_deref(), rules).await?;
        self.note_sent(caller, taken.id);
        let draft = Draft {
            id: taken.id,
            room: member.room.number,
            author: caller.author(),
            kind: kind.with_text(&text),
            text,
            client_offset,
            character,
            upload,
            unsilenced: caller.standing() == Standing::Admin,
        };
        match self.inner.writer.append(Command::Create(draft)).await {
            Ok(answer) => Ok(Pending { answer, taken: Some(taken) }),
            Err(refusal) => {
                taken.give_back();
                Err(refusal.into())
            }
        }
    }

    /// Somebody who may send to a room, or do there what takes sending.
    pub(super) async fn speaker(&self, caller: &Caller, room: Option<&str>, action: Action) -> Result<Member, Refusal> {
        let member = self.member(caller, room).await?;
        member.may(action)?;
        member.may_send(self.inner.clock.now())?;
        self.may_write_to_peer(caller, &member.room).await?;
        Ok(member)
    }

    /// Takes what a message costs of its author's pace. A repeat costs nothing.
    async fn take(
        &self,
        member: &Member,
        caller: &Caller,
        client_offset: Option<&str>,
        rules: Rules,
    ) -> Result<Taken, Refusal> {
        let Inner { pace, clock, .. } = &*self.inner;
        let author = caller.user().id;
        let mut taken = Taken {
            chat: self.clone(),
            caller: caller.clone(),
            room: member.room.number,
            id: Uuid::now_v7(),
            author,
            step: None,
            spent: None,
            budget: None,
        };
        let seconds = if member.is_slowed() { member.room.slow_mode_seconds } else { 0 };
        let limit = rules.messages_per_minute.of(caller.standing());
        if seconds == 0 && limit == 0 {
            return Ok(taken);
        }
        if self.is_repeat(caller, client_offset).await? {
            taken.budget = (limit != 0).then(|| pace.budget(author, limit, clock.ticks()));
            return Ok(taken);
        }
        if seconds != 0 {
            self.step(member.room.number, author, seconds).await?;
            taken.step = Some(member.room.number);
        }
        if limit != 0 {
            let (spent, budget) = pace.admit(author, limit, clock.ticks()).inspect_err(|_| taken.give_back())?;
            (taken.spent, taken.budget) = (Some(spent), Some(budget));
        }
        Ok(taken)
    }

    /// Slow mode: one message in so many seconds.
    async fn step(&self, room: RoomNumber, author: UserId, seconds: u32) -> Result<(), Refusal> {
        let mut last = self.inner.pace.last_in(room, author);
        if last.is_none() {
            last = patiently(self.inner.store.last_message_at(room, author)).await?;
        }
        self.inner.pace.take_step(room, author, seconds, last, self.inner.clock.now())
    }

    /// A repeat may have been spoken as somebody who is no more.
    async fn spoken_as_or_repeated(
        &self,
        member: &Member,
        number: i64,
        client_offset: Option<&str>,
    ) -> Result<Option<Arc<Character>>, Refusal> {
        match self.spoken_as(member, number).await {
            Err(Refusal::CharacterNotFound) if self.is_repeat(member.caller(), client_offset).await? => Ok(None),
            answer => answer.map(Some),
        }
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
        self.must_have_sent(caller, &posted.message)?;
        self.may_write_to_peer(caller, &member.room).await?;
        text.within(rules)?;
        let text = self.inner.known.words.content().screen(text.trimmed, rules.filter)?;
        let (room, moderation) = (posted.message.room, moderation(caller, &posted, None));
        self.queue(Command::Edit { id, room, author: posted.author, text, moderation }).await
    }

    pub async fn delete(&self, caller: &Caller, id: MessageId, reason: Option<String>) -> Result<Pending, Refusal> {
        let posted = match self.to_delete(caller, id).await {
            Ok(posted) => posted,
            Err(refusal) => self.reported(caller, id).await?.ok_or(refusal)?,
        };
        let (room, moderation) = (posted.message.room, moderation(caller, &posted, reason));
        self.queue(Command::Delete { id, room, author: posted.author, moderation }).await
    }

    async fn to_delete(&self, caller: &Caller, id: MessageId) -> Result<Posted, Refusal> {
        let (member, posted) = self.of_mine(caller, id).await?;
        member.may_delete(posted.message.user)?;
        self.must_have_sent(caller, &posted.message)?;
        Ok(posted)
    }

    /// A message in a room that the caller is in. Elsewhere there is no such message.
    pub(super) async fn of_mine(&self, caller: &Caller, id: MessageId) -> Result<(Member, Posted), Refusal> {
        let message = patiently(self.inner.store.message(id)).await?.ok_or(Refusal::MessageNotFound)?;
        let room = message.room.0.to_string();
        let member = self.member(caller, Some(&room)).await.map_err(|refusal| match refusal {
            Refusal::RoomNotFound => Refusal::MessageNotFound,
            other => other,
        })?;
        let posted =
            patiently(self.inner.known.people.beside(vec![message])).await?.pop().ok_or(Refusal::MessageNotFound)?;
        Ok((member, posted))
    }

    async fn queue(&self, command: Command) -> Result<Pending, Refusal> {
        Ok(Pending { answer: self.inner.writer.append(command).await?, taken: None })
    }

    pub async fn page(&self, room: &Room, page: i64, limit: i64) -> Result<Listing, Refusal> {
        let page = patiently(self.inner.store.page(room.number, page, limit)).await?;
        Ok(Listing { messages: patiently(self.inner.known.people.beside(page.messages)).await?, total: page.total })
    }

    pub async fn page_of_author(&self, room: &Room, author: UserId, page: i64, limit: i64) -> Result<Listing, Refusal> {
        let page = patiently(self.inner.store.page_of_author(room.number, author, page, limit)).await?;
        Ok(Listing { messages: patiently(self.inner.known.people.beside(page.messages)).await?, total: page.total })
    }

    pub async fn recent(&self, room: &Room, limit: i64) -> Result<Vec<Posted>, Refusal> {
        let messages = patiently(self.inner.store.stretch(room.number, Seek::Newest, limit)).await?;
        patiently(self.inner.known.people.beside(messages)).await
    }

    pub async fn stretch(&self, room: &Room, from: Seek, limit: i64) -> Result<Stretch, Refusal> {
        // Before the messages: what comes after it is caught up with.
        let rev = self.counts(room).await?.last_rev;
        let mut messages = patiently(self.inner.store.stretch(room.number, from, limit + 1)).await?;
        let more = i64::try_from(messages.len()).is_ok_and(|count| count > limit);
        let edge = match from {
            _ if !more => None,
            Seek::After(_) => {
                messages.pop();
                messages.last()
            }
            Seek::Newest | Seek::Before(_) => {
                messages.remove(0);
                messages.first()
            }
        };
        let next = edge.map(|message| message.seq);
        Ok(Stretch { messages: patiently(self.inner.known.people.beside(messages)).await?, next, rev })
    }

    /// The newest, as long as a page of what was missed at most.
    pub async fn newest(&self, room: &Room, limit: i64) -> Result<Stretch, Refusal> {
        let mut newest = self.stretch(room, Seek::Newest, limit).await?;
        let mut bytes = 0;
        let fitting = newest.messages.iter().rev().take_while(|posted| {
            bytes += posted.message.text.len();
            bytes <= PAGE_OF_MISSED.bytes
        });
        let rest = newest.messages.len() - fitting.count().max(1).min(newest.messages.len());
        if rest > 0 {
            newest.messages.drain(..rest);
            newest.next = newest.messages.first().map(|posted| posted.message.seq);
        }
        Ok(newest)
    }

    /// The newest before a time, oldest first.
    pub async fn before(&self, room: &Room, time: Option<Micros>, limit: i64) -> Result<Vec<Posted>, Refusal> {
        let from = match time {
            None => Seek::Newest,
            Some(time) => Seek::Before(patiently(self.inner.store.first_since(room.number, time)).await?),
        };
        let messages = patiently(self.inner.store.stretch(room.number, from, limit)).await?;
        patiently(self.inner.known.people.beside(messages)).await
    }

    pub async fn statistics(&self) -> Result<Statistics, Refusal> {
        patiently(self.inner.store.statistics(RoomNumber::MAIN, DAYS)).await
    }

    /// What changed in a room after `rev`: the first page. A rev of another history settles nothing.
    pub async fn missed(&self, room: &Room, rev: i64, epoch: Option<&str>) -> Result<Missed, Refusal> {
        let of_this_history = epoch.is_none_or(|epoch| epoch.parse() == Ok(self.epoch()));
        let rev = if of_this_history { rev } else { -1 };
        let since = patiently(self.inner.store.since(room.number, rev, PAGE_OF_MISSED)).await?;
        let messages = patiently(self.inner.known.people.beside(since.messages)).await?;
        Ok(Missed { messages, rev: since.rev, complete: since.complete, more: since.more })
    }

    /// What was posted behind a number, in its present state: one page of it. Of a number that the room has
    /// not come to yet, nothing.
    pub async fn replay(&self, room: &Room, begin: Begin) -> Result<Replay, Refusal> {
        // Before the messages: what comes after it is told as it happens.
        let RoomCounts { last_seq, last_rev: rev, .. } = self.counts(room).await?;
        let after = match begin {
            Begin::After(seq) => seq.clamp(0, last_seq),
            Begin::WithNewest(count) => (last_seq - count).max(0),
        };
        let reading = self.inner.store.numbered(room.number, (after, last_seq), PAGE_OF_REPLAY);
        let (messages, more) = patiently(reading).await?;
        let up_to = messages.last().filter(|_| more).map_or(last_seq, |last| last.seq);
        Ok(Replay { messages: patiently(self.inner.known.people.beside(messages)).await?, up_to, more, last_seq, rev })
    }
}
