//! What can go wrong between us and the database.

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Not there, not answering, or refusing everybody: it may be back in a moment.
    #[error("{}", why_away(.0))]
    Away(DbErr),
    /// It took too long to answer; what was asked may or may not have happened.
    #[error("the database did not answer in time")]
    TooSlow,
    #[error("{}", words(.0))]
    Broken(DbErr),
}

impl Fault {
    pub fn is_away(&self) -> bool {
        matches!(self, Fault::Away(_) | Fault::TooSlow)
    }

    /// PostgreSQL chose this transaction to give way: the same again succeeds.
    pub fn is_deadlock(&self) -> bool {
        let Fault::Broken(error) = self else { return false };
        database_answer(error).and_then(|answer| answer.code()).is_some_and(|code| code.starts_with("40"))
    }

    /// One of the rows contradicts what is stored (a repeat, or an author who is gone).
    pub fn is_conflict(&self) -> bool {
        let Fault::Broken(error) = self else {
            return false;
        };
        matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_) | SqlErr::ForeignKeyConstraintViolation(_)))
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        let away = match &error {
            DbErr::ConnectionAcquire(_) => true,
            other => sqlx_cause(other).is_some_and(is_away),
        };
        if away { Fault::Away(error) } else { Fault::Broken(error) }
    }
}

const BUSY: i32 = 5;
const READ_ONLY: i32 = 8;

/// What SQLite answered, without its details.
fn sqlite_answer(error: &DbErr) -> Option<i32> {
    let code = database_answer(error)?.code()?;
    code.parse::<i32>().ok().filter(|_| code.len() < 5).map(|number| number & 0xff)
}

/// SQLite: another process has the file, or all was too slow.
pub(super) fn is_held(error: &DbErr) -> bool {
    sqlite_answer(error) == Some(BUSY) || matches!(sqlx_cause(error), Some(sqlx::Error::PoolTimedOut))
}

fn why_away(error: &DbErr) -> String {
    if sqlite_answer(error) == Some(READ_ONLY) {
        return "the file of the database, or its folder, cannot be written by this user".to_owned();
    }
    format!("the database cannot be reached: {}", words(error))
}

fn database_answer(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    sqlx_cause(error)?.as_database_error()
}

fn sqlx_cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

/// Without what only a maintainer of the driver or of PostgreSQL wants to know.
pub(super) fn words(error: &DbErr) -> String {
    sqlx_cause(error).map_or_else(|| error.to_string(), cause_in_words)
}

pub(super) fn cause_in_words(cause: &sqlx::Error) -> String {
    match cause {
        // Its own words add the line of PostgreSQL's source.
        sqlx::Error::Database(answer) => answer.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// PostgreSQL's classes for "not now": connection exceptions, no resources (disk full, too many
/// connections), operator's hand (shutdown, crash, timeout), read-only; SQLite's: busy, locked, I/O, full, read-only, cannot open.
fn is_away(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(answer) => answer.code().is_some_and(|code| {
            let of_postgres =
                ["08", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class)) || code == "25006";
            let of_sqlite = code
                .parse::<i32>()
                .is_ok_and(|number| code.len() < 5 && matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14));
            of_postgres || of_sqlite
        }),
        _ => false,
    }
}
