//! When people were last seen: many in one statement, marked as our own, so that nobody need forget an
//! account because its owner came.

use sea_orm::Value;
use serde::Serialize;

use super::sql::{Sql, json, run};
use super::{Fault, Store};
use crate::model::{Micros, UserId};

/// Somebody was here at that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub id: UserId,
    pub at: Micros,
    pub is_guest: bool,
}

/// Whoever holds a row is not waited for longer than this takes: it keeps a connection from readers.
const ACCOUNTS: Sql = Sql {
    postgres: r#"UPDATE "Users" SET last_seen = seen.time
        FROM (SELECT set_config('community_chat.own_writer', 'on', true), set_config('lock_timeout', '1s', true)) AS marked,
        (SELECT id, timestamptz 'epoch' + at * interval '1 microsecond' AS time FROM json_to_recordset(CAST($1 AS json)) AS s (id uuid, at bigint)) AS seen
        WHERE "Users".id = seen.id AND ("Users".last_seen IS NULL OR "Users".last_seen < seen.time)
        AND NOT EXISTS (SELECT 1 FROM chat_erasures e WHERE e.user_id = "Users".id)"#,
    sqlite: r#"UPDATE "Users" SET last_seen = seen.value ->> 'iso' FROM json_each($1) AS seen
        WHERE "Users".id = unhex(seen.value ->> 'id', '-') AND ("Users".last_seen IS NULL OR "Users".last_seen < seen.value ->> 'iso')
        AND NOT EXISTS (SELECT 1 FROM chat_erasures e WHERE e.user_id = "Users".id)"#,
};

const GUESTS: Sql = Sql {
    postgres: "UPDATE chat_guests SET last_seen = seen.at FROM json_to_recordset(CAST($1 AS json)) AS seen (id uuid, at bigint) \
               WHERE chat_guests.id = seen.id AND chat_guests.last_seen < seen.at",
    sqlite: "UPDATE chat_guests SET last_seen = seen.value ->> 'at' FROM json_each($1) AS seen \
             WHERE chat_guests.id = unhex(seen.value ->> 'id', '-') AND chat_guests.last_seen < seen.value ->> 'at'",
};

#[derive(Serialize)]
struct Row {
    id: UserId,
    at: i64,
    /// SQLite has no type of time: our encoding of it there.
    iso: String,
}

fn batch(seen: &[Seen], guests: bool) -> Option<Value> {
    let iso = |at: Micros| at.to_chrono().to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
    let chosen = seen.iter().filter(|seen| seen.is_guest == guests);
    let rows: Vec<_> = chosen.map(|seen| Row { id: seen.id, at: seen.at.0, iso: iso(seen.at) }).collect();
    (!rows.is_empty()).then(|| json(&rows))
}

impl Store {
    /// Never earlier than what stands there already.
    pub async fn note_seen(&self, seen: &[Seen]) -> Result<(), Fault> {
        if let Some(accounts) = batch(seen, false) {
            run(self.single()?, ACCOUNTS.text(self.kind), [accounts]).await?;
        }
        if let Some(guests) = batch(seen, true) {
            run(self.single()?, GUESTS.text(self.kind), [guests]).await?;
        }
        Ok(())
    }
}
