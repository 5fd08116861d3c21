//! Remembers. SQLite or PostgreSQL; sea-orm is the seam between them, so there is no store trait.

mod adoption;
mod connect;
mod entities;
mod fault;
mod foreign;
mod ledger;
mod log_rows;
mod messages;
mod rooms;
mod sql;
mod sqlite_history;
mod statistics;
mod users;
mod writer;

pub use adoption::AdoptionReport;
pub use connect::{DatabaseKind, MigrationStatus, OpenError};
pub use fault::Fault;
pub use foreign::ForeignChanges;
pub use ledger::{Command, CommandRefusal};
pub use messages::{Page, Since};
pub use rooms::{AddRoomError, Membership, NewRoom, RoomCounts};
pub use statistics::{DayCount, Statistics};
pub use users::{AddUserError, Credentials, NewUser, UserGender};
pub use writer::{Answer, WriteRefusal, Writer};

use sea_orm::DatabaseConnection;
use uuid::Uuid;

/// A cheap handle on the database.
#[derive(Debug, Clone)]
pub struct Store {
    /// Readers, and single-row writes on PostgreSQL.
    pool: DatabaseConnection,
    /// One connection: the numbering of messages never waits for a free one.
    writer: DatabaseConnection,
    kind: DatabaseKind,
    /// Whether this Node database has `"CommunityChats".room_id`; it is filled then.
    chats_have_room_id: bool,
    epoch: Uuid,
}

impl Store {
    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// Names this database's history: new after a restore, so that a client's `rev` of another
    /// history is not taken for one of this.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }
}
