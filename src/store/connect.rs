//! Opening a database: pools, migrations, and the rows that must be there.

use std::path::PathBuf;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection, PgConnection};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, TransactionTrait,
};
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use super::log_rows::whole_batch;
use super::place::{Missing, Place};
use super::sql::{self, row, run};
use super::{Fault, Store, fault};
use crate::config::{Database, DatabaseKind};
use crate::model::{Micros, RoomNumber};

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the database's URL {url} cannot be read ({cause}): special characters of a user name, password or \
         database name must be percent-encoded there (# is %23)"
    )]
    Unreadable { url: String, cause: String },
    #[error("cannot open the database {place}: {cause}")]
    Unreachable { place: String, cause: String },
    #[error("there is no database {} yet: the first start makes it, or `community-chat user add`", .0.display())]
    Absent(PathBuf),
    #[error("there are no tables in {0} yet: the first start makes them, or `community-chat migrate up`")]
    Empty(String),
    #[error("there is no folder {} for the database: make it first (only DATA_DIR is made by itself)", folder.display())]
    NoFolder { folder: PathBuf },
    #[error("{} cannot be written by this user ({cause})", file.display())]
    Unusable { file: PathBuf, cause: std::io::Error },
    #[error("the database has changes that are not applied yet: run `community-chat migrate up`")]
    NotMigrated,
    #[error("this database cannot be taken in as it is (`community-chat adopt --check` lists it): {0}")]
    Unfit(String),
    #[error("{place}: {fault}")]
    Fault { place: String, fault: Fault },
}

pub struct MigrationStatus {
    pub name: String,
    pub applied: bool,
}

/// Shorter than the 5 s in which a refused send must be answered.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// One of them listens for notices.
const LEAST_READERS: u32 = 3;
/// One is used. The others stand by for when that one hangs in a connection whose other end is gone.
const WRITERS: u32 = 4;
const IDLE: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(100);
/// Until another process that holds the file has done what it does.
const START_PATIENCE: Duration = Duration::from_secs(15);

/// Any number, the same in every process of ours: two that start at once migrate once.
const MIGRATION_LOCK: i64 = 0x0063_6f6d_6d75_6e69;

impl Store {
    pub async fn open(database: &Database, missing: Missing, migrate: bool) -> Result<Store, OpenError> {
        let mut store = Store::open_unprepared(database, missing).await?;
        let readers = database.pool_connections;
        store.pool = match &*store.place {
            Place::Sqlite { .. } => connect(&store.place, database, readers).await?,
            Place::Postgres(_) => connect(&store.place, database, readers.max(LEAST_READERS)).await?,
        };
        store.must_fit().await?;
        let failed = |fault| OpenError::Fault { place: store.place(), fault };
        if migrate {
            store.is_new = store.migrate_up().await.map_err(failed)?;
        } else if store.migration_status().await.map_err(failed)?.iter().any(|step| !step.applied) {
            return Err(OpenError::NotMigrated);
        }
        let place = store.place();
        store.found().await.map_err(|fault| OpenError::Fault { place, fault })?;
        Ok(store)
    }

    /// To read one table: nothing is made, neither a file nor tables.
    pub async fn open_to_read(database: &Database, table: &str) -> Result<Store, OpenError> {
        let store = Store::open_unprepared(database, Missing::IsRefused).await?;
        match store.table_has_column(table, "id").await {
            Ok(true) => Ok(store),
            Ok(false) => Err(OpenError::Empty(store.place())),
            Err(fault) => Err(OpenError::Fault { place: store.place(), fault }),
        }
    }

    /// Nothing is applied and nothing read.
    pub async fn open_unprepared(database: &Database, missing: Missing) -> Result<Store, OpenError> {
        let place = Place::of(database)?;
        place.make_ready(database, missing)?;
        let connections = match &place {
            Place::Sqlite { .. } => 1,
            Place::Postgres(options) => {
                answers(&place, options, database.lacks_user).await?;
                WRITERS
            }
        };
        let writer = connect(&place, database, connections).await?;
        Ok(Store {
            pool: writer.clone(),
            opened: place.identity(),
            writer,
            kind: database.kind(),
            place: place.into(),
            chats_have_room_id: false,
            made_by_node: false,
            is_new: false,
            whole_batch: "".into(),
            epoch: Uuid::nil(),
        })
    }

    /// Gives whether there was none of our tables before.
    pub async fn migrate_up(&self) -> Result<bool, Fault> {
        let transaction = self.migration_transaction().await?;
        let pending = Migrator::get_pending_migrations_read_only(&transaction).await?.len();
        if pending == 0 {
            return Ok(false);
        }
        Migrator::up(&transaction, None).await?;
        transaction.commit().await?;
        tracing::info!("brought the tables up to date: {pending} migrations");
        Ok(pending == Migrator::migrations().len())
    }

    pub async fn migration_status(&self) -> Result<Vec<MigrationStatus>, Fault> {
        let known = Migrator::get_pending_migrations_read_only(&self.writer).await;
        let pending: Vec<String> = match known {
            Ok(pending) => pending.iter().map(|step| step.name().to_owned()).collect(),
            Err(error) => return Err(error.into()),
        };
        let all = Migrator::migrations();
        Ok(all
            .iter()
            .map(|step| MigrationStatus {
                name: step.name().to_owned(),
                applied: !pending.iter().any(|name| name == step.name()),
            })
            .collect())
    }

    pub(super) async fn migration_transaction(&self) -> Result<DatabaseTransaction, Fault> {
        let transaction =
            once_free(async || self.writer.begin_with_options(Store::transaction_options()).await).await?;
        if self.kind == DatabaseKind::Postgres {
            run(&transaction, "SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK.into()]).await?;
        }
        Ok(transaction)
    }

    /// A transaction on the writer's connection.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, Fault> {
        Ok(self.writer.begin_with_options(Store::transaction_options()).await?)
    }

    /// After a transaction failed: SQLite may have rolled it back by itself or left it open, and the
    /// driver does not ask which. What came next could stand in a transaction that is never committed.
    pub(super) async fn renew_writing_connection(&self) {
        if self.kind == DatabaseKind::Sqlite {
            match self.writer.get_sqlite_connection_pool().acquire().await {
                Ok(connection) => connection.close().await.unwrap_or_else(|error| tracing::warn!("{error}")),
                Err(error) => tracing::warn!("{error}"),
            }
        }
    }

    /// The main room and the epoch: made once, by whoever starts first.
    async fn found(&mut self) -> Result<(), Fault> {
        let now = Micros::from_chrono(chrono::Utc::now());
        let number = RoomNumber::MAIN.0;
        run(
            &self.writer,
            "INSERT INTO chat_meta (name, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING",
            [Uuid::new_v4().to_string().into()],
        )
        .await?;
        let room = "INSERT INTO chat_rooms (number, id, slug, name, name_lower, kind, created_at) VALUES ($1, $2, 'main-chat', 'main-chat', 'main-chat', 'main', $3) ON CONFLICT DO NOTHING";
        let made = run(&self.writer, room, [number.into(), Uuid::now_v7().into(), now.0.into()]).await?;
        if made == 1 && self.kind == DatabaseKind::Postgres {
            run(&self.writer, "SELECT setval(pg_get_serial_sequence('chat_rooms', 'number'), $1)", [number.into()])
                .await?;
        }
        let epoch = row(&self.writer, "SELECT value FROM chat_meta WHERE name = 'epoch'", []).await?;
        let epoch: String = epoch.map(|row| row.try_get("", "value")).transpose()?.unwrap_or_default();
        self.epoch = epoch.parse().unwrap_or_default();
        self.made_by_node =
            row(&self.writer, "SELECT value FROM chat_meta WHERE name = 'tables' AND value = 'node'", [])
                .await?
                .is_some();
        self.chats_have_room_id = self.table_has_column("CommunityChats", "room_id").await?;
        self.whole_batch = whole_batch(self.chats_have_room_id).into();
        Ok(())
    }

    pub(super) async fn table_has_column(&self, table: &str, column: &str) -> Result<bool, Fault> {
        let question = sql::Sql {
            // Not information_schema, which hides what one has no rights on.
            postgres: "SELECT 1 AS found FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                WHERE n.nspname = current_schema() AND CAST(c.relname AS text) = $1 AND CAST(a.attname AS text) = $2 \
                AND a.attnum > 0 AND NOT a.attisdropped",
            sqlite: "SELECT 1 AS found FROM pragma_table_info($1) WHERE name = $2",
        };
        Ok(row(&self.writer, question.text(self.kind), [table.into(), column.into()]).await?.is_some())
    }

    /// A file that was removed or replaced can be written to, and nobody will ever read it.
    pub(super) fn must_stand(&self) -> Result<(), Fault> {
        if self.opened == self.place.identity() {
            return Ok(());
        }
        Err(Fault::Away(DbErr::Custom(format!("{} was removed or replaced", self.place))))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.must_stand()?;
        match tokio::time::timeout(ACQUIRE_TIMEOUT, self.pool.execute_unprepared("SELECT 1")).await {
            Ok(answer) => answer.map(|_| ()).map_err(Fault::from),
            Err(_) => Err(Fault::TooSlow),
        }
    }

    pub async fn close(self) -> Result<(), DbErr> {
        self.pool.close().await?;
        self.writer.close().await
    }
}

async fn connect(place: &Place, database: &Database, connections: u32) -> Result<DatabaseConnection, OpenError> {
    let connected = match place {
        // In a file that was moved away nobody's connection must begin an empty one.
        Place::Sqlite { options, file: Some(_) } => {
            sqlite((**options).clone().create_if_missing(false), connections).await
        }
        Place::Sqlite { options, file: None } => sqlite((**options).clone(), connections).await,
        Place::Postgres(_) => postgres(database.url.expose(), connections).await,
    };
    connected.map_err(|error| {
        let is_held = matches!(place, Place::Sqlite { .. }) && fault::is_held(&error);
        let patience = START_PATIENCE.as_secs();
        let cause = if is_held {
            format!("held by another program, or its disk hangs, for {patience} s")
        } else {
            fault::words(&error)
        };
        OpenError::Unreachable { place: place.to_string(), cause }
    })
}

/// WAL lets readers go on while the writer commits; FULL syncs at each commit, before the ack.
async fn sqlite(options: SqliteConnectOptions, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(ACQUIRE_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None);
    let options = sqlx::ConnectOptions::disable_statement_logging(options);
    let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    let connected = once_free(async || pool.clone().connect_with(options.clone()).await.map_err(failed)).await?;
    Ok(connected.into())
}

/// Two that start at once hold each other up on SQLite, which says so after its `busy_timeout`, and where it
/// turns a new file to WAL at once.
async fn once_free<T>(begin: impl AsyncFn() -> Result<T, DbErr>) -> Result<T, DbErr> {
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        match begin().await {
            Err(error) if fault::is_held(&error) && Instant::now() < deadline => sleep(AGAIN).await,
            begun => return begun,
        }
    }
}

async fn postgres(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        // Not at every message, but before one meets a connection that died with the last stop.
        .test_before_acquire_if_idle_for(IDLE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_application_name("community-chat");
    sea_orm::Database::connect(options).await
}

/// A pool only says that its time was up. One plain connection says why; it waits for a server that is
/// starting, as a pool does.
async fn answers(place: &Place, options: &PgConnectOptions, lacks_user: Option<&'static str>) -> Result<(), OpenError> {
    let unreachable = |cause: String| OpenError::Unreachable { place: place.to_string(), cause };
    let deadline = Instant::now() + ACQUIRE_TIMEOUT;
    loop {
        match timeout_at(deadline, PgConnection::connect_with(options)).await {
            Ok(Ok(connection)) => {
                connection.close().await.ok();
                return Ok(());
            }
            Ok(Err(error)) if is_starting(&error) && Instant::now() + AGAIN < deadline => sleep(AGAIN).await,
            Ok(Err(error)) => {
                let hint = lacks_user.filter(|_| is_about_the_user(&error)).map(|lacks| format!(" ({lacks})"));
                return Err(unreachable(fault::cause_in_words(&error) + &hint.unwrap_or_default()));
            }
            Err(_) => return Err(unreachable(format!("no answer within {} s", ACQUIRE_TIMEOUT.as_secs()))),
        }
    }
}

/// PostgreSQL's class of who may not come in.
fn is_about_the_user(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|answer| answer.code()).is_some_and(|code| code.starts_with("28"))
}

fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(answer) => answer.code().as_deref() == Some("57P03"),
        _ => false,
    }
}
