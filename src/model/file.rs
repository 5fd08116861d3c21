//! Files: what a message carries, or an avatar.

use uuid::Uuid;

use super::{Attachment, MessageId, Micros, RoomNumber, UserId};

pub type FileId = Uuid;

/// Where bytes lie in the storage: random, so that nothing that a person sent is part of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileKey(String);

impl FileKey {
    pub fn random() -> Self {
        let key = Uuid::new_v4().simple().to_string();
        // Folders of some thousand files stay quick.
        Self(format!("{}/{key}", &key[..2]))
    }

    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePurpose {
    Message,
    Avatar,
}

#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub id: FileId,
    pub owner: UserId,
    pub purpose: FilePurpose,
    pub room: Option<RoomNumber>,
    pub message: Option<MessageId>,
    pub content: FileContent,
    pub key: FileKey,
    pub thumbnail: Option<FileKey>,
    pub created_at: Micros,
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileContent {
    pub name: String,
    pub media_type: String,
    /// As it is served, without its thumbnail.
    pub bytes: i64,
    /// Width and height of a picture.
    pub size: Option<(u32, u32)>,
}

impl FileContent {
    /// As a message shows it.
    pub fn attached(&self, id: FileId, has_thumbnail: bool) -> Attachment {
        let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        Attachment {
            id,
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            bytes: self.bytes,
            width: self.size.map(|(width, _)| side(width)),
            height: self.size.map(|(_, height)| side(height)),
            thumbnail: self.size.map(|_| has_thumbnail),
        }
    }
}
