//! What clients call their requests, so that a repeat makes nothing new. Stored in the transaction that
//! makes the thing: a crash between the two cannot be.

use sea_orm::ConnectionTrait;

use super::sql::{row, run};
use super::{Fault, Store};
use crate::model::{Micros, UserId};

/// So long a repeat is known for one: a day.
const KEPT: i64 = 24 * 3600 * 1_000_000;
/// Forgotten at a time.
const BATCH: i64 = 1000;

/// One that is too old may be used anew.
const CLAIM: &str = "INSERT INTO chat_idempotency (user_id, key, request, result, created_at) VALUES ($1, $2, $3, '', $4) \
    ON CONFLICT (user_id, key) DO UPDATE SET request = excluded.request, result = '', created_at = excluded.created_at \
    WHERE chat_idempotency.created_at <= $5";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    pub owner: UserId,
    pub name: String,
    /// A hash of what is asked.
    pub request: String,
}

/// What a request made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made<T> {
    New(T),
    /// When it came first.
    Before(String),
    /// Nothing: its key was another request's.
    Other,
}

impl Store {
    pub async fn made_before(&self, key: &RequestKey, now: Micros) -> Result<Made<()>, Fault> {
        earlier(&self.pool, key, now).await
    }

    /// Takes a key for what this transaction makes. Who comes with it at the same time waits here.
    pub(super) async fn claim_key(
        &self,
        db: &impl ConnectionTrait,
        key: &RequestKey,
        now: Micros,
    ) -> Result<Made<()>, Fault> {
        let values = [
            key.owner.into(),
            key.name.as_str().into(),
            key.request.as_str().into(),
            now.0.into(),
            (now.0 - KEPT).into(),
        ];
        if run(db, CLAIM, values).await? == 1 { Ok(Made::New(())) } else { earlier(db, key, now).await }
    }

    pub(super) async fn note_made(&self, db: &impl ConnectionTrait, key: &RequestKey, made: &str) -> Result<(), Fault> {
        let noted = "UPDATE chat_idempotency SET result = $3 WHERE user_id = $1 AND key = $2";
        run(db, noted, [key.owner.into(), key.name.as_str().into(), made.into()]).await?;
        Ok(())
    }

    /// Forgets some that are too old; gives how many.
    pub async fn forget_old_keys(&self, now: Micros) -> Result<u64, Fault> {
        let forgotten = "DELETE FROM chat_idempotency WHERE (user_id, key) IN \
                         (SELECT user_id, key FROM chat_idempotency WHERE created_at <= $1 ORDER BY created_at LIMIT $2)";
        run(self.single()?, forgotten, [(now.0 - KEPT).into(), BATCH.into()]).await
    }
}

async fn earlier(db: &impl ConnectionTrait, key: &RequestKey, now: Micros) -> Result<Made<()>, Fault> {
    let question = "SELECT request, result FROM chat_idempotency WHERE user_id = $1 AND key = $2 AND created_at > $3";
    let values = [key.owner.into(), key.name.as_str().into(), (now.0 - KEPT).into()];
    let Some(known) = row(db, question, values).await? else { return Ok(Made::New(())) };
    if known.try_get::<String>("", "request")? != key.request {
        return Ok(Made::Other);
    }
    Ok(Made::Before(known.try_get("", "result")?))
}
