//! Files that messages carry, and faces of people: links to them, who may read them, and their end.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::{Chat, Refusal, patiently};
use crate::files::{LinkEnded, Links, Pictures, Reader, Storage, StorageFault};
use crate::model::{Actor, File, FileId, FileKey, FilePurpose, Micros, RoomNumber, UserId};

const SECOND: i64 = 1_000_000;
const SWEPT_AT_ONCE: u64 = 200;
/// Bytes that cannot be removed now are looked at again after this.
const TRY_AGAIN: i64 = 600 * SECOND;

/// What files stand on.
pub struct Files {
    pub(super) storage: Storage,
    pub(super) pictures: Pictures,
    pub(super) rules: FileRules,
    links: Links,
    /// How many each account is sending.
    pub(super) under_way: Mutex<HashMap<UserId, u32>>,
}

/// `None` is no limit.
#[derive(Debug, Clone, Copy)]
pub struct FileRules {
    pub most_bytes: Option<u64>,
    pub quota: Option<u64>,
    pub link_seconds: i64,
}

impl Files {
    pub fn new(storage: Storage, pictures: Pictures, links: Links, rules: FileRules) -> Files {
        Files { storage, pictures, links, rules, under_way: Mutex::default() }
    }
}

/// Who asks for a file.
#[derive(Debug, Clone, Copy)]
pub enum FileReader {
    Caller(Actor),
    /// Whoever holds a link that was made for this reader.
    Holder(Reader),
}

/// Where a file can be fetched.
#[derive(Debug, Clone)]
pub struct Link {
    pub file: FileId,
    pub url: String,
    pub thumbnail: Option<String>,
    pub ends: Micros,
}

pub type FileBytes = BoxStream<'static, Result<Bytes, StorageFault>>;

impl Chat {
    pub fn file_rules(&self) -> FileRules {
        self.inner.files.rules
    }

    /// The same for an hour, and for everybody, since broadcasts carry it.
    pub fn avatar_url(&self, file: FileId) -> String {
        let end = Links::end_of_next_hour(self.now());
        format!("/api/files/{file}?{}", self.inner.files.links.sign(file, end, Reader::Anybody))
    }

    /// Links to those of these files that the actor may read, in the order that was asked for.
    pub async fn links(&self, actor: Actor, ids: &[FileId]) -> Result<Vec<Link>, Refusal> {
        let mut found: HashMap<FileId, File> =
            patiently(self.inner.store.files(ids)).await?.into_iter().map(|file| (file.id, file)).collect();
        let rooms: HashSet<RoomNumber> = found.values().filter_map(|file| file.room).collect();
        let mut closed = HashSet::new();
        for room in rooms {
            match self.readable(actor, Some(&room.0.to_string())).await {
                Ok(_) => {}
                Err(Refusal::RoomNotFound) => drop(closed.insert(room)),
                Err(refusal) => return Err(refusal),
            }
        }
        found.retain(|_, file| match file.purpose {
            FilePurpose::Message => file.room.is_some_and(|room| !closed.contains(&room)),
            FilePurpose::Avatar => actor.person().is_some(),
        });
        Ok(ids.iter().filter_map(|id| found.remove(id)).map(|file| self.link(actor, &file)).collect())
    }

    fn link(&self, actor: Actor, file: &File) -> Link {
        let (now, files) = (self.now(), &self.inner.files);
        let (reader, end) = match file.purpose {
            FilePurpose::Message => {
                (actor.person().map_or(Reader::Anybody, Reader::Person), now.seconds() + files.rules.link_seconds)
            }
            FilePurpose::Avatar => (Reader::Anybody, Links::end_of_next_hour(now)),
        };
        let (id, query) = (file.id, files.links.sign(file.id, end, reader));
        Link {
            file: id,
            thumbnail: file.thumbnail.as_ref().map(|_| format!("/api/files/{id}?thumbnail=1&{query}")),
            url: format!("/api/files/{id}?{query}"),
            ends: Micros(end * SECOND),
        }
    }

    /// For whom a link was made, from the parts of its query. Says nothing of whether there is a file.
    pub fn holder(&self, file: FileId, parts: [&str; 3]) -> Result<FileReader, Refusal> {
        match self.inner.files.links.open(file, parts, self.now()) {
            Ok(reader) => Ok(FileReader::Holder(reader)),
            Err(LinkEnded) => Err(Refusal::LinkEnded),
        }
    }

    /// A file that this reader may have now, whatever they might when they got a link.
    pub async fn file(&self, reader: FileReader, id: FileId) -> Result<File, Refusal> {
        let file = patiently(self.inner.store.file(id)).await?.ok_or(Refusal::FileNotFound)?;
        let actor = match reader {
            FileReader::Caller(actor) => actor,
            FileReader::Holder(Reader::Anybody) if file.purpose == FilePurpose::Avatar => return Ok(file),
            FileReader::Holder(Reader::Anybody) => Actor::Anonymous,
            FileReader::Holder(Reader::Person(id)) => match self.inner.known.people.user(id).await? {
                Some(_) => Actor::User(id),
                None => Actor::Guest(id),
            },
        };
        let answer = match (file.purpose, file.room) {
            (FilePurpose::Message, Some(room)) => self.readable(actor, Some(&room.0.to_string())).await.map(drop),
            (FilePurpose::Message, None) => Err(Refusal::FileNotFound),
            (FilePurpose::Avatar, _) => self.caller(actor).await.map(drop),
        };
        match answer {
            Ok(()) => Ok(file),
            Err(Refusal::RoomNotFound | Refusal::NotAuthenticated) => Err(Refusal::FileNotFound),
            Err(refusal) => Err(refusal),
        }
    }

    /// The bytes of a file, or some of them; the range must be within it.
    pub async fn bytes_of(&self, file: &File, range: Option<Range<u64>>) -> Result<FileBytes, Refusal> {
        let found = self.inner.files.storage.read(&file.key, range).await?;
        found.ok_or_else(|| missing(&file.key))
    }

    pub async fn thumbnail_of(&self, file: &File) -> Result<Bytes, Refusal> {
        let key = file.thumbnail.as_ref().ok_or(Refusal::FileNotFound)?;
        self.inner.files.storage.read_whole(key).await?.ok_or_else(|| missing(key))
    }

    /// Removes the bytes of some files that are gone, and the texts of rooms that were deleted. Gives
    /// whether there is more to remove.
    pub async fn sweep(&self) -> bool {
        let Ok(more_files) = self.sweep_files().await else { return false };
        more_files | patiently(self.inner.store.empty_deleted_rooms(self.now())).await.unwrap_or(false)
    }

    async fn sweep_files(&self) -> Result<bool, Refusal> {
        let (now, store) = (self.now(), &self.inner.store);
        let gone = patiently(store.gone_files(now, SWEPT_AT_ONCE)).await?;
        let (mut swept, mut removed) = (0, Vec::with_capacity(gone.len()));
        for file in &gone {
            if let Err(fault) = self.remove_bytes(&file.keys).await {
                tracing::warn!("a file that was deleted cannot be removed: {fault}");
                patiently(store.forget_file_later(file.id, Micros(now.0 + TRY_AGAIN))).await?;
                // The next one would wait as long for a storage that is away.
                break;
            }
            swept += 1;
            match file.settled_at.filter(|settled| *settled > now) {
                // An upload that goes on lays its bytes down behind us.
                Some(settled) => patiently(store.forget_file_later(file.id, settled)).await?,
                None => removed.push(file.id),
            }
        }
        patiently(store.forget_files(&removed)).await?;
        Ok(swept == SWEPT_AT_ONCE)
    }

    async fn remove_bytes(&self, keys: &[FileKey]) -> Result<(), StorageFault> {
        for key in keys {
            self.inner.files.storage.remove(key).await?;
        }
        Ok(())
    }
}

fn missing(key: &FileKey) -> Refusal {
    tracing::error!(key = key.as_str(), "a file does not lie in the storage");
    Refusal::FileNotFound
}
