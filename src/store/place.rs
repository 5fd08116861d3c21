//! Where the database is: in words that may be shown, and what must be there before it is opened.

use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use super::OpenError;
use crate::config::{Database, DatabaseKind, make_private_folder};

/// What becomes of an SQLite database that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    IsMade,
    IsRefused,
}

pub(super) enum Place {
    Sqlite {
        options: Box<SqliteConnectOptions>,
        /// None in memory.
        file: Option<PathBuf>,
    },
    Postgres(Box<PgConnectOptions>),
}

/// Device and inode.
pub(super) type Identity = (u64, u64);

impl Place {
    /// Which file stands there now; of PostgreSQL none.
    pub(super) fn identity(&self) -> Option<Identity> {
        let Place::Sqlite { file: Some(file), .. } = self else { return None };
        file.metadata().ok().map(|file| (file.dev(), file.ino()))
    }

    pub(super) fn of(database: &Database) -> Result<Place, OpenError> {
        let url = database.url.expose();
        let unreadable = |error: sqlx::Error| {
            let cause = match &error {
                sqlx::Error::Configuration(cause) => cause.to_string(),
                other => other.to_string(),
            };
            OpenError::Unreadable { url: database.shown_url(), cause }
        };
        match database.kind() {
            DatabaseKind::Sqlite => {
                let options: SqliteConnectOptions = url.parse().map_err(unreadable)?;
                let in_memory = url.ends_with(":memory:") || url.contains("mode=memory");
                let file = (!in_memory).then(|| options.get_filename().to_owned());
                Ok(Place::Sqlite { options: Box::new(options), file })
            }
            DatabaseKind::Postgres => {
                let options: PgConnectOptions = url.parse().map_err(unreadable)?;
                Ok(Place::Postgres(Box::new(options)))
            }
        }
    }

    /// On SQLite: makes the file where it may, and sees to it that it can be used.
    pub(super) fn make_ready(&self, database: &Database, missing: Missing) -> Result<(), OpenError> {
        let Place::Sqlite { file: Some(file), .. } = self else { return Ok(()) };
        let unusable = |cause: std::io::Error| OpenError::Unusable { file: file.clone(), cause };
        let mode = database.url.expose();
        match (file.try_exists().map_err(unusable)?, missing) {
            (true, Missing::IsMade) if !mode.contains("mode=ro") => {
                OpenOptions::new().write(true).open(file).map(|_| ()).map_err(unusable)
            }
            (true, _) => Ok(()),
            (false, Missing::IsMade) if mode.contains("mode=rwc") => {
                make_folder_of(file, &database.home)?;
                make_file(file).map_err(unusable)
            }
            (false, _) => Err(OpenError::Absent(file.clone())),
        }
    }
}

/// A slip in a path must not make a second, empty chat somewhere: only DATA_DIR is made.
fn make_folder_of(file: &Path, home: &Path) -> Result<(), OpenError> {
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    let is_home = std::path::absolute(folder).ok() == std::path::absolute(home).ok();
    if !is_home {
        return Err(OpenError::NoFolder { folder: folder.to_owned() });
    }
    make_private_folder(folder).map_err(|cause| OpenError::Unusable { file: folder.to_owned(), cause })
}

/// For nobody else to read. SQLite gives its other files the rights of this one.
fn make_file(file: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()),
    }
}

/// Never a password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Sqlite { file: Some(file), .. } => write!(f, "SQLite {}", file.display()),
            Place::Sqlite { file: None, .. } => f.write_str("SQLite in memory"),
            Place::Postgres(options) => {
                let name = options.get_database().unwrap_or(options.get_username());
                match options.get_socket() {
                    Some(socket) => write!(f, "PostgreSQL {}/{name}", socket.display()),
                    None => write!(f, "PostgreSQL {}:{}/{name}", options.get_host(), options.get_port()),
                }
            }
        }
    }
}

/// The options know the password.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
