//! Several rows at once, apart from the writer's batches.

use std::time::Duration;

use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::time::timeout;

use super::sql::run;
use super::{Fault, Store};
use crate::config::DatabaseKind;

/// Together with waiting for a connection less than the 5 s in which a refusal is due.
const PATIENCE: Duration = Duration::from_secs(4);

impl Store {
    /// Immediate on SQLite: a deferred transaction that turns to writing fails at once when another
    /// process wrote meanwhile.
    pub(super) fn transaction_options() -> TransactionOptions {
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
    }

    /// For work that begins with this, ends with its commit, and stands in [`Store::as_one`].
    pub(super) async fn begin_apart(&self) -> Result<DatabaseTransaction, Fault> {
        Ok(self.single()?.begin_with_options(Store::transaction_options()).await?)
    }

    /// Of those who come with the same word, one at a time until its commit. On SQLite there is one writer.
    pub(super) async fn one_at_a_time(&self, db: &DatabaseTransaction, word: &str) -> Result<(), Fault> {
        if self.kind == DatabaseKind::Postgres {
            run(db, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [word.into()]).await?;
        }
        Ok(())
    }

    /// Does this work, and once more when another one came between. The numbering of messages does not
    /// wait for it on PostgreSQL; on SQLite there is one writer.
    pub(super) async fn as_one<T, Work: Future<Output = Result<T, Fault>>>(
        &self,
        work: impl Fn() -> Work,
    ) -> Result<T, Fault> {
        match self.attempt(work()).await {
            Err(fault) if fault.is_deadlock() || fault.is_conflict() => self.attempt(work()).await,
            settled => settled,
        }
    }

    async fn attempt<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let outcome = timeout(PATIENCE, work).await.unwrap_or(Err(Fault::TooSlow));
        if outcome.is_err() {
            self.renew_writing_connection().await;
        }
        outcome
    }
}
