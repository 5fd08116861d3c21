//! Refusals are values; faults are accidents and become `DatabaseAway` or `Failed` where they happen.

use crate::files::{StorageFault, Unfit};
use crate::model::{EndReason, Micros};
use crate::store::{CommandRefusal, Fault, WriteRefusal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request cannot be read as what it should be.
    Unreadable,
    NotAuthenticated,
    InvalidToken,
    TokenExpired,
    /// The session of this token was ended.
    SessionEnded(EndReason),
    SessionNotFound,
    UserIdRequired,
    UserNotFound,
    Empty,
    TooLong {
        limit: usize,
    },
    OffsetTooLong {
        limit: usize,
    },
    MessageNotFound,
    NotYours,
    /// The filter has it that nobody says so.
    Inappropriate,
    RoomNotFound,
    /// The room is one's to see, the right is not.
    NotAllowed,
    Outranked,
    Yourself,
    MainRoom,
    DirectRoom,
    Archived,
    StaysPrivate,
    SlugTaken,
    NameTaken,
    CharacterNotFound,
    TooManyCharacters {
        limit: usize,
    },
    /// An idempotency key that was another request's.
    KeyReused,
    MemberNotFound,
    ReportNotFound,
    LastOwner,
    LastAdmin,
    Banned,
    /// Somebody else is.
    IsBanned,
    NotAccepting,
    AccountNeeded,
    GuestsOff,
    SlowMode {
        seconds: u32,
        retry_in: u64,
    },
    Kicked {
        retry_in: u64,
    },
    TooManyConnections,
    /// Of one connection.
    TooManyRooms {
        limit: usize,
    },
    /// Of one account.
    TooManyMemberships {
        limit: u32,
    },
    Muted {
        retry_in: u64,
    },
    SlowDown {
        per_minute: u32,
        retry_in: u64,
    },
    FileMissing,
    FileEmpty,
    FileNotFound,
    FileTooLarge {
        limit: u64,
    },
    QuotaExceeded {
        limit: u64,
    },
    ImageUnreadable,
    ImageTooLarge,
    /// Forged, too.
    LinkEnded,
    TooManyUploads {
        limit: u32,
    },
    /// Where files lie.
    StorageAway {
        retry_in: u64,
    },
    DatabaseAway {
        retry_in: u64,
    },
    /// It may have been stored or not; the same client offset settles it.
    OutcomeUnknown,
    Stopping {
        retry_in: u64,
    },
    /// An accident of ours, logged where it happened.
    Failed,
}

/// When to come back while the database is away, in milliseconds.
const DATABASE_RETRY: u64 = 1000;
const STORAGE_RETRY: u64 = 10_000;

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        fault.log("cannot answer");
        if fault.is_away() { Refusal::DatabaseAway { retry_in: DATABASE_RETRY } } else { Refusal::Failed }
    }
}

impl From<StorageFault> for Refusal {
    fn from(fault: StorageFault) -> Self {
        tracing::error!("{fault}");
        Refusal::StorageAway { retry_in: STORAGE_RETRY }
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unreadable => Refusal::ImageUnreadable,
            Unfit::TooLarge => Refusal::ImageTooLarge,
        }
    }
}

impl From<WriteRefusal> for Refusal {
    fn from(refusal: WriteRefusal) -> Self {
        match refusal {
            WriteRefusal::Refused(refusal, now) => of_command(refusal, now),
            WriteRefusal::AuthorGone => Refusal::NotAuthenticated,
            WriteRefusal::DatabaseAway => Refusal::DatabaseAway { retry_in: DATABASE_RETRY },
            WriteRefusal::Failed => Refusal::Failed,
            WriteRefusal::OutcomeUnknown => Refusal::OutcomeUnknown,
            WriteRefusal::Stopping => Refusal::Stopping { retry_in: DATABASE_RETRY },
        }
    }
}

fn of_command(refusal: CommandRefusal, now: Micros) -> Refusal {
    let left = |until: Micros| u64::try_from((until.0 - now.0) / 1000).unwrap_or(0).max(1);
    match refusal {
        CommandRefusal::MessageNotFound => Refusal::MessageNotFound,
        CommandRefusal::RoomNotFound => Refusal::RoomNotFound,
        CommandRefusal::MemberNotFound => Refusal::MemberNotFound,
        CommandRefusal::Banned => Refusal::Banned,
        CommandRefusal::IsBanned => Refusal::IsBanned,
        CommandRefusal::Archived => Refusal::Archived,
        CommandRefusal::Muted { until } => Refusal::Muted { retry_in: left(until) },
        CommandRefusal::Barred { until } => Refusal::Kicked { retry_in: left(until) },
        CommandRefusal::Outranked => Refusal::Outranked,
        CommandRefusal::LastOwner => Refusal::LastOwner,
        CommandRefusal::UploadGone => Refusal::NotAuthenticated,
        CommandRefusal::QuotaExceeded { limit } => {
            Refusal::QuotaExceeded { limit: u64::try_from(limit).unwrap_or_default() }
        }
    }
}
