//! The operator's own list of words, in two rows of `chat_meta`.

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::audit::AuditRow;
use super::sql::{row, run};
use super::{Fault, Store};
use crate::config::DatabaseKind;
use crate::model::WordLists;

/// The row `words`.
#[derive(Serialize, Deserialize, Default, PartialEq)]
struct Stored {
    block: Vec<String>,
    allow: Vec<String>,
}

const BOTH_ROWS: &str = "SELECT v.value AS version, w.value AS words FROM chat_meta v \
    LEFT JOIN chat_meta w ON w.name = 'words' WHERE v.name = 'words_version'";

impl Store {
    /// None were set: none, version 0.
    pub async fn words(&self) -> Result<WordLists, Fault> {
        self.must_stand()?;
        read(&self.pool, BOTH_ROWS).await
    }

    /// Cheaper than the words.
    pub async fn words_version(&self) -> Result<i64, Fault> {
        self.must_stand()?;
        let found = row(&self.pool, "SELECT value FROM chat_meta WHERE name = 'words_version'", []).await?;
        let version: Option<String> = found.map(|row| row.try_get("", "value")).transpose()?;
        Ok(version.and_then(|version| version.parse().ok()).unwrap_or(0))
    }

    /// Puts these in the place of all that were there. The same again leaves the version as it is.
    pub async fn replace_words(
        &self,
        block: Vec<String>,
        allow: Vec<String>,
        audit: AuditRow,
    ) -> Result<WordLists, Fault> {
        self.must_stand()?;
        let replaced = self.try_to_replace_words(Stored { block, allow }, audit).await;
        if replaced.is_err() {
            self.renew_writing_connection().await;
        }
        replaced
    }

    async fn try_to_replace_words(&self, words: Stored, audit: AuditRow) -> Result<WordLists, Fault> {
        let db = self.begin().await?;
        run(&db, "INSERT INTO chat_meta (name, value) VALUES ('words_version', '0') ON CONFLICT DO NOTHING", [])
            .await?;
        let locked = match self.kind {
            DatabaseKind::Postgres => format!("{BOTH_ROWS} FOR UPDATE OF v"),
            DatabaseKind::Sqlite => BOTH_ROWS.to_owned(),
        };
        let before = read(&db, &locked).await?;
        let is_same = before.version > 0 && (&before.block, &before.allow) == (&words.block, &words.allow);
        if is_same {
            db.rollback().await?;
            return Ok(before);
        }
        let version = before.version + 1;
        let text = serde_json::to_string(&words).unwrap_or_default();
        let put = "INSERT INTO chat_meta (name, value) VALUES ('words', $1), ('words_version', $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        run(&db, put, [text.into(), version.to_string().into()]).await?;
        let detail = json!({ "block": before.block.len(), "allow": before.allow.len() });
        self.write_audit(&db, &[AuditRow { detail, ..audit }]).await?;
        db.commit().await?;
        Ok(WordLists { block: words.block, allow: words.allow, version })
    }
}

async fn read(db: &impl ConnectionTrait, question: &str) -> Result<WordLists, Fault> {
    let Some(found) = row(db, question, []).await? else { return Ok(WordLists::default()) };
    let (version, words): (String, Option<String>) = (found.try_get("", "version")?, found.try_get("", "words")?);
    let Stored { block, allow } = words.map(|words| understood(&words)).unwrap_or_default();
    Ok(WordLists { block, allow, version: version.parse().unwrap_or(0) })
}

/// A row that somebody spoiled by hand must not keep the server from starting.
fn understood(words: &str) -> Stored {
    serde_json::from_str(words).unwrap_or_else(|error| {
        tracing::error!("the row `words` of chat_meta cannot be read, and counts as empty: {error}");
        Stored::default()
    })
}
