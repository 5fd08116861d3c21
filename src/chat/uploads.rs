//! Files that are coming in: each becomes a message, or somebody's face.

use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use uuid::Uuid;

use super::messages::check_offset;
use super::permissions::Action;
use super::{Caller, Chat, Refusal, Rules, Said, Settled, Text, patiently};
use crate::files::{Content, ENOUGH_TO_RECOGNIZE, PictureFormat, Pictures, Put, clean_name, named_as, recognize};
use crate::model::{Actor, Author, Event, FileContent, FileKey, FilePurpose, MessageKind, UserId};
use crate::store::{FileDraft, Upload};

/// Each holds some memory, and whoever sends one can be slow.
const MOST_AT_ONCE: u32 = 4;
/// Of an image that is to become a face.
pub const MOST_OF_AN_AVATAR: u64 = 2 << 20;

/// One of the uploads that somebody may have under way.
pub struct UploadTurn {
    chat: Chat,
    user: UserId,
}

impl Drop for UploadTurn {
    fn drop(&mut self) {
        let mut under_way = self.chat.inner.files.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut turns) = under_way.entry(self.user) {
            *turns.get_mut() -= 1;
            if *turns.get() == 0 {
                turns.remove();
            }
        }
    }
}

/// A draft, which is given up unless it becomes a file.
struct Begun {
    chat: Chat,
    draft: FileDraft,
    is_kept: bool,
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        let (chat, draft) = (self.chat.clone(), self.draft.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Without an answer it is given up by time.
            runtime.spawn(async move {
                patiently(chat.inner.store.give_up_draft(draft.id, draft.owner, chat.now())).await.ok();
            });
        }
    }
}

/// A file that is coming in. Dropped before it is sent, it leaves nothing.
pub struct Incoming {
    chat: Chat,
    actor: Actor,
    room: String,
    begun: Begun,
    /// None: there is no place for it, but it may turn out to repeat what has one.
    put: Option<Put>,
    head: Vec<u8>,
    bytes: u64,
    /// What its sender may still store.
    left: Option<u64>,
    _turn: UploadTurn,
}

/// What a file was sent with.
#[derive(Debug, Clone, Default)]
pub struct Accompanied {
    pub name: String,
    pub caption: Option<Text>,
    pub client_offset: Option<String>,
    pub character: Option<i64>,
}

impl Chat {
    pub fn upload_turn(&self, caller: &Caller) -> Result<UploadTurn, Refusal> {
        let user = caller.account()?.id;
        let mut under_way = self.inner.files.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = under_way.entry(user).or_default();
        if *turns == MOST_AT_ONCE {
            return Err(Refusal::TooManyUploads { limit: MOST_AT_ONCE });
        }
        *turns += 1;
        Ok(UploadTurn { chat: self.clone(), user })
    }

    /// Begins to take in a file of a message, from somebody who may send it.
    pub async fn receive_file(&self, actor: Actor, room: &str) -> Result<Incoming, Refusal> {
        let caller = self.caller(actor).await?;
        let turn = self.upload_turn(&caller)?;
        self.speaker(&caller, Some(room), Action::Embellish).await?;
        let left = match self.inner.files.rules.quota {
            Some(quota) => {
                let used = patiently(self.inner.store.bytes_of_files(turn.user)).await?;
                Some(quota.saturating_sub(u64::try_from(used).unwrap_or(0)))
            }
            None => None,
        };
        let begun = self.begin_draft(turn.user, FilePurpose::Message).await?;
        Ok(Incoming {
            chat: self.clone(),
            actor,
            room: room.to_owned(),
            put: Some(self.inner.files.storage.put(&begun.draft.key)),
            begun,
            head: Vec::new(),
            bytes: 0,
            left,
            _turn: turn,
        })
    }

    async fn begin_draft(&self, owner: UserId, purpose: FilePurpose) -> Result<Begun, Refusal> {
        let (key, thumbnail) = (FileKey::random(), FileKey::random());
        let draft = FileDraft { id: Uuid::now_v7(), owner, purpose, key, thumbnail };
        patiently(self.inner.store.draft_file(&draft, self.now())).await?;
        Ok(Begun { chat: self.clone(), draft, is_kept: false })
    }

    /// Gives the caller another face, and the caller with it.
    pub async fn set_avatar(&self, caller: &Caller, sent: Bytes) -> Result<Arc<Author>, Refusal> {
        let user = caller.account()?.id;
        if sent.is_empty() {
            return Err(Refusal::FileEmpty);
        }
        let Content::Picture(format) = recognize(&sent[..sent.len().min(ENOUGH_TO_RECOGNIZE)]) else {
            return Err(Refusal::ImageUnreadable);
        };
        let files = &self.inner.files;
        let face = files.pictures.turn().await?.avatar(sent, format).await?;
        let mut begun = self.begin_draft(user, FilePurpose::Avatar).await?;
        let content = FileContent {
            name: named_as("avatar", face.format),
            media_type: face.format.media_type().to_owned(),
            bytes: face.bytes.len() as i64,
            size: None,
        };
        files.storage.put_whole(&begun.draft.key, face.bytes).await?;
        begun.is_kept = patiently(self.inner.store.keep_avatar(&begun.draft, &content, self.now())).await?;
        if !begun.is_kept {
            return Err(Refusal::NotAuthenticated);
        }
        self.tell_of_face(user).await;
        let user = self.inner.known.people.user(user).await?.ok_or(Refusal::NotAuthenticated)?;
        Ok(Arc::new(user.author()))
    }

    pub async fn remove_avatar(&self, caller: &Caller) -> Result<(), Refusal> {
        let user = caller.account()?.id;
        if patiently(self.inner.store.remove_avatar(user, self.now())).await? {
            self.tell_of_face(user).await;
        }
        Ok(())
    }

    async fn tell_of_face(&self, user: UserId) {
        // Here at once; elsewhere when they hear of it.
        self.inner.known.people.forget(user);
        self.inner.bus.tell(Event::UserEdited { user }).await;
    }
}

impl Incoming {
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), Refusal> {
        self.bytes += bytes.len() as u64;
        if let Some(limit) = self.chat.inner.files.rules.most_bytes.filter(|most| self.bytes > *most) {
            return Err(Refusal::FileTooLarge { limit });
        }
        let wanted = (ENOUGH_TO_RECOGNIZE - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..wanted]);
        if self.left.is_some_and(|left| self.bytes > left) {
            self.put = None;
        }
        match &mut self.put {
            Some(put) => Ok(put.push(bytes).await?),
            None => Ok(()),
        }
    }

    /// All has come: makes a message of it.
    pub async fn send(mut self, with: Accompanied, rules: Rules) -> Result<Settled, Refusal> {
        let Accompanied { name, caption, client_offset, character } = with;
        if self.bytes == 0 {
            return Err(Refusal::FileEmpty);
        }
        check_offset(client_offset.as_deref())?;
        // Much may have happened to them since the first byte.
        let caller = self.chat.caller(self.actor).await?;
        let name = clean_name(&name);
        let (chat, draft) = (self.chat.clone(), self.begun.draft.clone());
        let content = if chat.is_repeat(&caller, client_offset.as_deref()).await? {
            // The writer answers with the first, or refuses what has no draft.
            patiently(chat.inner.store.give_up_draft(draft.id, draft.owner, chat.now())).await?;
            FileContent { name, ..FileContent::default() }
        } else {
            let name = chat.inner.known.words.content().screen(name, rules.filter)?;
            self.content(name).await?
        };
        let kind = if content.size.is_some() { MessageKind::Image } else { MessageKind::File };
        let text = caption.unwrap_or_else(|| Text::of_name(&content.name));
        let quota = chat.inner.files.rules.quota.map(|quota| i64::try_from(quota).unwrap_or(i64::MAX));
        let upload = Arc::new(Upload { draft, content, quota });
        let said = Said { text, client_offset, character, upload: Some((kind, upload)) };
        let queued = chat.post(&caller, Some(&self.room), said, rules).await?;
        match queued.settled().await {
            Ok(sent) => {
                self.begun.is_kept = sent.is_new;
                Ok(sent)
            }
            Err(refusal) => {
                // It may be stored. If not, time gives it up.
                self.begun.is_kept = refusal == Refusal::OutcomeUnknown;
                Err(refusal)
            }
        }
    }

    /// What came, as it will be served.
    async fn content(&mut self, name: String) -> Result<FileContent, Refusal> {
        let Some(put) = self.put.take() else {
            return Err(Refusal::QuotaExceeded { limit: self.chat.inner.files.rules.quota.unwrap_or(0) });
        };
        let bytes = put.finish().await?;
        match recognize(&self.head) {
            Content::Picture(format) => self.picture(name, format).await,
            other @ (Content::Known(_) | Content::Other) => {
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                Ok(FileContent { name, media_type: other.media_type().to_owned(), bytes, size: None })
            }
        }
    }

    /// Encoded anew, in the place of what came.
    async fn picture(&mut self, name: String, format: PictureFormat) -> Result<FileContent, Refusal> {
        if self.bytes > Pictures::MOST_BYTES {
            return Err(Refusal::ImageTooLarge);
        }
        let (files, draft) = (&self.chat.inner.files, &self.begun.draft);
        let turn = files.pictures.turn().await?;
        let sent = files.storage.read_whole(&draft.key).await?.ok_or(Refusal::Failed)?;
        let picture = turn.prepare(sent, format).await?;
        let content = FileContent {
            name: named_as(&name, picture.full.format),
            media_type: picture.full.format.media_type().to_owned(),
            bytes: picture.full.bytes.len() as i64,
            size: Some((picture.width, picture.height)),
        };
        files.storage.put_whole(&draft.key, picture.full.bytes).await?;
        files.storage.put_whole(&draft.thumbnail, picture.thumbnail.bytes).await?;
        Ok(content)
    }
}
