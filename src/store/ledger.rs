//! What a batch of commands comes to: numbers, times, counters. Pure; the writer reads before it and
//! writes after it, in one transaction that holds the rooms' row locks.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::audit::AuditRow;
use super::deeds::MemberCommand;
use super::files::{Upload, Uploads};
use super::members::{MemberKey, Touched};
use crate::model::erasure::{ERASED, Remains, erased_author};
use crate::model::message::DELETED_TEXT;
use crate::model::{
    Author, Character, Event, MemberChanged, Membership, Message, MessageId, MessageKind, Micros, Posted, RoomId,
    RoomNumber, UserId,
};

/// A message to be.
#[derive(Debug, Clone)]
pub struct Draft {
    pub id: MessageId,
    pub room: RoomNumber,
    pub author: Arc<Author>,
    pub kind: MessageKind,
    pub text: String,
    pub client_offset: Option<String>,
    pub character: Option<Arc<Character>>,
    pub upload: Option<Arc<Upload>>,
    /// Administrators are silenced by nobody.
    pub unsilenced: bool,
}

/// Who changes what is not their own, and why.
#[derive(Debug, Clone)]
pub struct Moderation {
    pub by: UserId,
    pub reason: Option<String>,
}

#[derive(Debug, Clone)]
pub enum Command {
    Create(Draft),
    /// `author` wrote the message, whoever edits it.
    Edit {
        id: MessageId,
        room: RoomNumber,
        author: Arc<Author>,
        text: String,
        moderation: Option<Moderation>,
    },
    Delete {
        id: MessageId,
        room: RoomNumber,
        author: Arc<Author>,
        moderation: Option<Moderation>,
    },
    Member(MemberCommand),
    /// The author is erased.
    Erase {
        id: MessageId,
        room: RoomNumber,
        remains: Remains,
    },
}

/// What a command came to.
#[derive(Debug, Clone)]
pub enum Done {
    Message(Arc<Posted>),
    Member(Arc<MemberChanged>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandRefusal {
    MessageNotFound,
    RoomNotFound,
    MemberNotFound,
    Banned,
    IsBanned,
    Archived,
    Muted {
        until: Micros,
    },
    /// After a kick.
    Barred {
        until: Micros,
    },
    Outranked,
    LastOwner,
    /// What lies in the storage became nobody's meanwhile: the account's files were removed.
    UploadGone,
    QuotaExceeded {
        limit: i64,
    },
}

impl Command {
    pub fn room(&self) -> RoomNumber {
        match self {
            Command::Create(draft) => draft.room,
            Command::Edit { room, .. } | Command::Delete { room, .. } | Command::Erase { room, .. } => *room,
            Command::Member(command) => command.room.number,
        }
    }

    /// The stored message that this changes.
    pub fn target(&self) -> Option<MessageId> {
        match self {
            Command::Create(_) | Command::Member(_) => None,
            Command::Edit { id, .. } | Command::Delete { id, .. } | Command::Erase { id, .. } => Some(*id),
        }
    }

    pub fn offset(&self) -> Option<(UserId, &str)> {
        match self {
            Command::Create(draft) => draft.client_offset.as_deref().map(|offset| (draft.author.id, offset)),
            Command::Edit { .. } | Command::Delete { .. } | Command::Member(_) | Command::Erase { .. } => None,
        }
    }

    pub(super) fn upload(&self) -> Option<&Upload> {
        match self {
            Command::Create(draft) => draft.upload.as_deref(),
            Command::Edit { .. } | Command::Delete { .. } | Command::Erase { .. } | Command::Member(_) => None,
        }
    }

    /// The room of which it must be known how many own it.
    pub(super) fn asks_for_owners(&self) -> Option<RoomNumber> {
        match self {
            Command::Member(command) if command.deed.may_leave_no_owner() => Some(command.room.number),
            Command::Member(_)
            | Command::Create(_)
            | Command::Edit { .. }
            | Command::Delete { .. }
            | Command::Erase { .. } => None,
        }
    }

    /// The membership that this changes.
    pub(super) fn place(&self) -> Option<MemberKey> {
        match self {
            Command::Member(command) => Some(command.place()),
            Command::Create(_) | Command::Edit { .. } | Command::Delete { .. } | Command::Erase { .. } => None,
        }
    }
}

/// A locked room: its counters as they will be.
#[derive(Debug, Clone)]
pub(super) struct RoomState {
    pub id: RoomId,
    pub last_seq: i64,
    pub last_rev: i64,
    pub last_at: i64,
    /// By how much more are visible.
    pub visible: i64,
    pub members: i64,
    pub version: i64,
    /// Of a direct room.
    pub pair: Option<(UserId, UserId)>,
    /// To guests, and to whom nobody invited.
    pub is_open: bool,
    pub is_archived: bool,
}

#[derive(Default)]
pub(super) struct Ledger {
    pub now: Micros,
    pub rooms: BTreeMap<RoomNumber, RoomState>,
    /// Every message that this batch knows, in its newest state.
    pub messages: HashMap<MessageId, Message>,
    pub created: Vec<MessageId>,
    /// Changed ones that stood before this batch.
    pub changed: HashSet<MessageId>,
    /// Changes of the counters.
    pub daily: HashMap<(RoomNumber, i64), i64>,
    pub authors: HashMap<(RoomNumber, UserId), i64>,
    /// Who wrote on which day, whatever became of it.
    pub wrote: HashSet<(RoomNumber, UserId, i64)>,
    /// Memberships that this batch or one shortly before it changed.
    pub members: HashMap<MemberKey, Membership>,
    pub touched: BTreeMap<MemberKey, Touched>,
    pub owners: HashMap<RoomNumber, i64>,
    pub audit: Vec<AuditRow>,
    pub uploads: Uploads,
    /// Uploads that become files of new messages.
    pub kept: Vec<(Arc<Upload>, RoomNumber, MessageId)>,
    /// Messages whose files are gone.
    pub without_files: Vec<MessageId>,
    /// Told beside what the commands came to.
    pub also: Vec<Arc<Event>>,
    offsets: HashMap<(UserId, String), MessageId>,
    fresh: HashSet<MessageId>,
}

/// What became of one command, and what is to be announced of it: nothing when it was a repeat.
pub(super) type Outcome = Result<(Done, Option<Arc<Event>>), CommandRefusal>;

impl Ledger {
    pub fn new(now: Micros, rooms: BTreeMap<RoomNumber, RoomState>, stored: Vec<Message>) -> Ledger {
        let offset = |message: &Message| Some(((message.user, message.client_offset.clone()?), message.id));
        let offsets = stored.iter().filter_map(offset).collect();
        let messages = stored.into_iter().map(|message| (message.id, message)).collect();
        Ledger { now, rooms, messages, offsets, ..Ledger::default() }
    }

    pub fn is_unchanged(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.touched.is_empty()
    }

    pub fn settle(&mut self, command: Command) -> Outcome {
        match command {
            Command::Create(draft) => self.create(draft),
            Command::Edit { id, author, text, moderation, .. } => self.edit(id, author, text, moderation),
            Command::Delete { id, author, moderation, .. } => self.delete(id, author, moderation),
            Command::Member(command) => self.change_member(&command),
            Command::Erase { id, remains, .. } => self.erase(id, remains),
        }
    }

    fn create(&mut self, draft: Draft) -> Outcome {
        let Draft { id, room, author, kind, text, client_offset, character, upload, unsilenced } = draft;
        if let Some(offset) = &client_offset {
            let key = (author.id, offset.clone());
            if let Some(first) = self.offsets.get(&key).and_then(|id| self.messages.get(id)) {
                return Ok((Done::Message(Arc::new(Posted { message: first.clone(), author })), None));
            }
        }
        self.may_still_speak((room, author.id), author.guest, unsilenced)?;
        let state = self.rooms.get(&room).ok_or(CommandRefusal::RoomNotFound)?;
        let (room_id, at) = (state.id, Micros(self.now.0.max(state.last_at + 1)));
        let attachment = upload.as_ref().map(|upload| Arc::new(upload.attachment()));
        if let Some(upload) = upload {
            self.keep(upload, room, id)?;
        }
        if let Some(offset) = &client_offset {
            self.offsets.insert((author.id, offset.clone()), id);
        }
        let fresh = Message {
            id,
            room,
            room_id,
            seq: 0,
            rev: 0,
            user: author.id,
            guest: author.guest,
            kind,
            text,
            character,
            attachment,
            created_at: at,
            updated_at: at,
            edited_at: None,
            deleted: false,
            client_offset,
        };
        let message = self.insert(fresh).ok_or(CommandRefusal::RoomNotFound)?;
        self.show_direct(room, message.seq, message.user);
        let posted = Arc::new(Posted { message, author });
        Ok((Done::Message(posted.clone()), Some(Arc::new(Event::MessageCreated(posted)))))
    }

    fn keep(&mut self, upload: Arc<Upload>, room: RoomNumber, message: MessageId) -> Result<(), CommandRefusal> {
        if !self.uploads.standing.remove(&upload.draft.id) {
            return Err(CommandRefusal::UploadGone);
        }
        if let Some(limit) = upload.quota {
            let bytes = self.uploads.bytes.entry(upload.draft.owner).or_default();
            if *bytes + upload.content.bytes > limit {
                return Err(CommandRefusal::QuotaExceeded { limit });
            }
            *bytes += upload.content.bytes;
        }
        self.kept.push((upload, room, message));
        Ok(())
    }

    fn edit(&mut self, id: MessageId, author: Arc<Author>, text: String, moderation: Option<Moderation>) -> Outcome {
        let message =
            self.messages.get(&id).filter(|message| !message.deleted).ok_or(CommandRefusal::MessageNotFound)?;
        let others = moderation.is_some();
        self.may_still_speak((message.room, message.user), message.guest && !others, others)?;
        self.note_moderation("message-edited", id, moderation);
        let message = self.messages.get_mut(&id).ok_or(CommandRefusal::MessageNotFound)?;
        // The clock may have been set back meanwhile.
        let now = self.now.max(message.created_at);
        message.say(text);
        message.edited_at = Some(now);
        message.updated_at = now;
        let message = self.revise(id)?;
        let posted = Arc::new(Posted { message, author });
        Ok((Done::Message(posted.clone()), Some(Arc::new(Event::MessageEdited(posted)))))
    }

    fn delete(&mut self, id: MessageId, author: Arc<Author>, moderation: Option<Moderation>) -> Outcome {
        let now = self.now;
        let message = self.messages.get_mut(&id).ok_or(CommandRefusal::MessageNotFound)?;
        if message.deleted {
            return Ok((Done::Message(Arc::new(Posted { message: message.clone(), author })), None));
        }
        message.updated_at = now;
        self.hide(id);
        self.note_moderation("message-deleted", id, moderation);
        let message = self.revise(id)?;
        let posted = Arc::new(Posted { message, author });
        Ok((Done::Message(posted.clone()), Some(Arc::new(Event::MessageDeleted(posted)))))
    }

    /// Leaves nothing that says who wrote it; everybody who keeps a copy is told.
    fn erase(&mut self, id: MessageId, remains: Remains) -> Outcome {
        let mut message = self.messages.get(&id).cloned().ok_or(CommandRefusal::MessageNotFound)?;
        let author = Arc::new(erased_author());
        if message.user == ERASED {
            return Ok((Done::Message(Arc::new(Posted { message, author })), None));
        }
        if !message.deleted {
            self.count(&message, -1);
        }
        message.user = ERASED;
        message.client_offset = None;
        message.character = None;
        message.attachment = None;
        message.updated_at = self.now.max(message.updated_at);
        if remains == Remains::Remove || message.deleted {
            message.deleted = true;
            message.text = DELETED_TEXT.to_owned();
        } else {
            self.count(&message, 1);
        }
        self.messages.insert(id, message);
        let message = self.revise(id)?;
        let posted = Arc::new(Posted { message, author });
        let event = match posted.message.deleted {
            true => Event::MessageDeleted(posted.clone()),
            false => Event::MessageEdited(posted.clone()),
        };
        Ok((Done::Message(posted), Some(Arc::new(event))))
    }

    fn note_moderation(&mut self, action: &'static str, id: MessageId, moderation: Option<Moderation>) {
        let (Some(Moderation { by, reason }), Some(message)) = (moderation, self.messages.get(&id)) else { return };
        self.audit.push(AuditRow {
            room: Some(message.room),
            target: Some(message.user),
            message_id: Some(id),
            reason,
            ..AuditRow::new(action, Some(by), self.now)
        });
    }

    /// Numbers a message that was not here before.
    pub fn insert(&mut self, mut message: Message) -> Option<Message> {
        let state = self.rooms.get_mut(&message.room)?;
        state.last_seq += 1;
        state.last_rev += 1;
        state.last_at = message.created_at.0;
        message.seq = state.last_seq;
        message.rev = state.last_rev;
        self.created.push(message.id);
        self.fresh.insert(message.id);
        self.messages.insert(message.id, message.clone());
        self.wrote.insert((message.room, message.user, message.created_at.day()));
        self.count(&message, i64::from(!message.deleted));
        Some(message)
    }

    /// Takes a message out of sight.
    pub fn hide(&mut self, id: MessageId) {
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        message.deleted = true;
        message.text = DELETED_TEXT.to_owned();
        message.character = None;
        message.attachment = None;
        let message = message.clone();
        if matches!(message.kind, MessageKind::Image | MessageKind::File) {
            self.without_files.push(id);
        }
        self.count(&message, -1);
    }

    /// Puts a message in sight again, which only another program can do.
    pub fn unhide(&mut self, id: MessageId) {
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        message.deleted = false;
        let message = message.clone();
        self.count(&message, 1);
    }

    /// Gives a changed message the room's next rev.
    pub fn revise(&mut self, id: MessageId) -> Result<Message, CommandRefusal> {
        let message = self.messages.get_mut(&id).ok_or(CommandRefusal::MessageNotFound)?;
        let state = self.rooms.get_mut(&message.room).ok_or(CommandRefusal::RoomNotFound)?;
        state.last_rev += 1;
        message.rev = state.last_rev;
        if !self.fresh.contains(&id) {
            self.changed.insert(id);
        }
        Ok(message.clone())
    }

    fn count(&mut self, message: &Message, by: i64) {
        if let Some(state) = self.rooms.get_mut(&message.room) {
            state.visible += by;
        }
        *self.daily.entry((message.room, message.created_at.day())).or_default() += by;
        *self.authors.entry((message.room, message.user)).or_default() += by;
    }
}
