//! Who serves a database. Several nodes come later: until then a second server hears nothing of what
//! the first one's people say, and must say so.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::{self, Connection, PgConnection};
use sea_orm::{DbErr, RuntimeErr};
use tokio::time::{sleep, timeout};

use super::place::Place;
use super::{Fault, Store};

/// Held as long as a server serves, and let go by the system however the process ends.
pub enum Claim {
    /// A lock on a file beside the database.
    File(File),
    /// A connection with a lock of its session.
    Session(Box<PgConnection>),
    /// In memory, or where no file can be made beside the database: nobody can tell.
    Untold,
}

/// Whether another server serves this database.
#[derive(Clone, Debug, Default)]
pub struct Others(Arc<AtomicBool>);

const WARNING: &str = "another server runs on this database: what people say at one is told late or not at all at the \
                       other. Stop one of them";

/// The last server may be on its way out: its lock goes when PostgreSQL notices.
const TRIES: u32 = 4;
const SOON: Duration = Duration::from_millis(300);
const LATER: Duration = Duration::from_secs(3);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// A server that is gone without a word must not hold its lock for hours.
const KEEPALIVE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
/// One lock for each schema: that is where the tables stand.
const LOCK: &str = "SELECT pg_try_advisory_lock(1668246893, hashtext(COALESCE(current_schema(), '')))";

impl Others {
    pub fn warning(&self) -> Option<&'static str> {
        self.0.load(Ordering::Relaxed).then_some(WARNING)
    }
}

impl Store {
    /// Claims the database for a server. `None`: another one has it.
    pub async fn claim(&self) -> Result<Option<Claim>, Fault> {
        for _ in 1..TRIES {
            if let Some(claim) = self.try_to_claim().await? {
                return Ok(Some(claim));
            }
            sleep(SOON).await;
        }
        self.try_to_claim().await
    }

    async fn try_to_claim(&self) -> Result<Option<Claim>, Fault> {
        match &*self.place {
            Place::Sqlite { file: None, .. } => Ok(Some(Claim::Untold)),
            Place::Sqlite { file: Some(file), .. } => {
                let mut beside = file.clone().into_os_string();
                beside.push(".lock");
                let opened = File::options().create(true).truncate(false).write(true).mode(0o600).open(beside);
                Ok(opened.map_or(Some(Claim::Untold), |file| match file.try_lock() {
                    Err(TryLockError::WouldBlock) => None,
                    _ => Some(Claim::File(file)),
                }))
            }
            Place::Postgres(options) => {
                let claimed = async {
                    let options = (**options).clone().application_name("community-chat claim");
                    let mut session = PgConnection::connect_with(&options).await?;
                    sqlx::raw_sql(KEEPALIVE).execute(&mut session).await?;
                    let is_ours: bool = sqlx::query_scalar(LOCK).fetch_one(&mut session).await?;
                    Ok::<_, sqlx::Error>(is_ours.then(|| Claim::Session(Box::new(session))))
                };
                match timeout(ANSWER_TIMEOUT, claimed).await {
                    Ok(claimed) => claimed.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()),
                    Err(_) => Err(Fault::TooSlow),
                }
            }
        }
    }

    /// Claims the database as soon as nobody else serves it, and keeps it.
    pub fn watch_for_others(&self) -> Others {
        let others = Others::default();
        tokio::spawn(keep(self.clone(), others.clone()));
        others
    }
}

async fn keep(store: Store, others: Others) {
    loop {
        match store.claim().await {
            Ok(Some(claim)) => {
                if others.0.swap(false, Ordering::Relaxed) {
                    tracing::info!("no other server runs on this database any more");
                }
                claim.lost().await;
            }
            Ok(None) => {
                if !others.0.swap(true, Ordering::Relaxed) {
                    tracing::warn!("{WARNING}");
                }
            }
            // Whoever asks the database for more notices that it is away, and says so.
            Err(_) => {}
        }
        sleep(LATER).await;
    }
}

impl Claim {
    async fn lost(self) {
        match self {
            Claim::Session(mut session) => {
                while timeout(ANSWER_TIMEOUT, session.ping()).await.is_ok_and(|answer| answer.is_ok()) {
                    sleep(LATER).await;
                }
            }
            Claim::File(_file) => std::future::pending().await,
            Claim::Untold => std::future::pending().await,
        }
    }
}
