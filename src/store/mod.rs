//! Remembers. SQLite or PostgreSQL; sea-orm is the seam between them, so there is no store trait.

mod absence;
mod adoption;
mod audit;
mod blocks;
mod characters;
mod claim;
mod commits;
mod connect;
mod counters;
mod deeds;
mod entities;
mod erasures;
mod exports;
mod fault;
mod figures;
mod files;
mod foreign;
mod governing;
mod guests;
mod keys;
mod last_seen;
mod ledger;
mod log_rows;
mod logins;
mod members;
mod messages;
mod names;
mod node_tables;
mod place;
mod profiles;
mod removals;
mod reports;
mod room_lists;
mod rooms;
mod sessions;
mod sql;
mod sqlite_history;
mod statistics;
mod transaction;
mod users;
mod words;
mod writer;

pub use adoption::AdoptionReport;
pub use audit::{AuditEntry, AuditFilter, AuditRow};
pub use blocks::Block;
pub use characters::{CharacterRefusal, OwnCharacter};
pub use claim::{Claim, Others};
pub use commits::{CommitTimes, Commits};
pub use connect::{MigrationStatus, OpenError};
pub use deeds::{Deed, MemberCommand, Rank};
pub use erasures::{Doomed, Erasure};
pub use exports::PARTS;
pub use fault::Fault;
pub use figures::DatabaseFigures;
pub use files::{FileDraft, FilesOf, GoneFile, Upload};
pub use foreign::ForeignChanges;
pub use governing::{AccountFilter, GovernRefusal, Governed, Governor, Locked};
pub use guests::NameBearer;
pub use keys::{Made, RequestKey};
pub use last_seen::Seen;
pub use ledger::{Command, CommandRefusal, Done, Draft, Moderation};
pub use logins::Proved;
pub use members::{MemberList, MemberRow};
pub use messages::{Page, PageSize, Seek, Since};
pub use names::Found as FoundUser;
pub use place::Missing;
pub use profiles::{ProfileEdit, Waiting, direct_from_name};
pub use reports::{ReportFilter, Reported, Ruling, Voices};
pub use room_lists::RoomFilter;
pub use rooms::{AddRoomError, NewRoom, RoomCounts, RoomEdit};
pub use sessions::{Rotation, SessionState, Sessions, ShownToken, Told};
pub use statistics::{DayCount, Statistics};
pub use users::{AddUserError, Credentials, NewPassword, NewUser, Personal, UserGender};
pub use writer::{Answer, WriteRefusal, Writer};

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use uuid::Uuid;

use crate::config::DatabaseKind;
use place::Place;

/// A cheap handle on the database.
#[derive(Debug, Clone)]
pub struct Store {
    /// Readers.
    pool: DatabaseConnection,
    /// Apart from the readers: the numbering of messages never waits for them.
    writer: DatabaseConnection,
    kind: DatabaseKind,
    place: Arc<Place>,
    /// The file that was opened, by what the system calls it.
    opened: Option<place::Identity>,
    /// Whether this Node database has `"CommunityChats".room_id`; it is filled then.
    chats_have_room_id: bool,
    made_by_node: bool,
    is_new: bool,
    /// The one statement that writes a batch of new messages on PostgreSQL.
    whole_batch: Arc<str>,
    epoch: Uuid,
}

impl Store {
    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// Which database this is, in words that may be shown.
    pub fn place(&self) -> String {
        self.place.to_string()
    }

    /// Whether Node's tables were here before us: what we write there, Node must be able to read.
    pub fn made_by_node(&self) -> bool {
        self.made_by_node
    }

    /// Whether its tables were made when it was opened.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// For changing single rows; several at once stand in [`Store::as_one`]. SQLite has one writer: there
    /// they queue for its connection, and do not fail because the file is locked. Not for a file that was
    /// moved away: what it took would be gone.
    fn single(&self) -> Result<&DatabaseConnection, Fault> {
        self.must_stand()?;
        Ok(match self.kind {
            DatabaseKind::Sqlite => &self.writer,
            DatabaseKind::Postgres => &self.pool,
        })
    }

    /// Names this database's history: new after a restore, so that a client's `rev` of another
    /// history is not taken for one of this.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }
}
