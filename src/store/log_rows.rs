//! Puts a settled batch into the tables: few statements, each for the whole batch; on PostgreSQL one
//! for all that new messages need.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};
use serde::Serialize;
use uuid::Uuid;

use super::counters::{ADD_AUTHORS, ADD_DAILY, Counters, UPDATE_ROOMS};
use super::files::{self, FilesOf};
use super::ledger::{Ledger, RoomState};
use super::rooms::pair_of;
use super::sql::{Sql, json, rows, run};
use super::{Fault, Store};
use crate::config::DatabaseKind;
use crate::model::{Message, Micros, RoomNumber};

/// Locks the rooms in sorted order, so that two nodes never wait for each other, and marks the
/// transaction as our own for the triggers on Node's tables.
const LOCK: Sql = Sql {
    postgres: "SELECT number, id, kind, archived_at, last_seq, last_rev, last_at, members, version, pair, set_config('community_chat.own_writer', 'on', true) FROM chat_rooms \
               WHERE number IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST($1 AS json))) AND deleted_at IS NULL ORDER BY number FOR UPDATE",
    sqlite: "SELECT number, id, kind, archived_at, last_seq, last_rev, last_at, members, version, pair FROM chat_rooms WHERE number IN (SELECT value FROM json_each($1)) AND deleted_at IS NULL ORDER BY number",
};

const INSERT_LOG: Sql = Sql {
    postgres: "INSERT INTO chat_log (message_id, room, seq, rev, user_id, guest, kind, persona, file, body, client_offset, created_at, updated_at, edited_at, deleted) \
               SELECT id, room, seq, rev, author, guest, kind, persona, file, CASE WHEN room <> 1 OR guest THEN body END, client_offset, at, updated_at, edited_at, deleted \
               FROM json_to_recordset(CAST($1 AS json)) AS fresh (id uuid, room bigint, seq bigint, rev bigint, author uuid, guest boolean, kind text, persona bigint, file uuid, body text, client_offset text, at bigint, updated_at bigint, edited_at bigint, deleted boolean)",
    sqlite: "INSERT INTO chat_log (message_id, room, seq, rev, user_id, guest, kind, persona, file, body, client_offset, created_at, updated_at, edited_at, deleted) \
             SELECT unhex(value ->> 'id', '-'), value ->> 'room', value ->> 'seq', value ->> 'rev', unhex(value ->> 'author', '-'), \
             value ->> 'guest', value ->> 'kind', value ->> 'persona', unhex(value ->> 'file', '-'), \
             CASE WHEN value ->> 'room' <> 1 OR value ->> 'guest' THEN value ->> 'body' END, value ->> 'client_offset', value ->> 'at', value ->> 'updated_at', value ->> 'edited_at', value ->> 'deleted' \
             FROM json_each($1)",
};

const INSERT_CHATS: Sql = Sql {
    postgres: r#"INSERT INTO "CommunityChats" (id, user_id, message, is_deleted, created_at, updated_at)
        SELECT id, author, body, false, timestamptz 'epoch' + at * interval '1 microsecond', timestamptz 'epoch' + at * interval '1 microsecond'
        FROM json_to_recordset(CAST($1 AS json)) AS fresh (id uuid, room bigint, author uuid, guest boolean, body text, at bigint) WHERE room = 1 AND NOT guest"#,
    sqlite: r#"INSERT INTO "CommunityChats" (id, user_id, message, is_deleted, created_at, updated_at)
        SELECT unhex(value ->> 'id', '-'), unhex(value ->> 'author', '-'), value ->> 'body', false, value ->> 'iso', value ->> 'iso'
        FROM json_each($1) WHERE value ->> 'room' = 1 AND NOT value ->> 'guest'"#,
};

/// For a database whose Node app is of the version with a column `room_id`.
const INSERT_CHATS_WITH_ROOM: &str = r#"INSERT INTO "CommunityChats" (id, user_id, room_id, message, is_deleted, created_at, updated_at)
    SELECT id, author, room_id, body, false, timestamptz 'epoch' + at * interval '1 microsecond', timestamptz 'epoch' + at * interval '1 microsecond'
    FROM json_to_recordset(CAST($1 AS json)) AS fresh (id uuid, room bigint, room_id uuid, author uuid, guest boolean, body text, at bigint) WHERE room = 1 AND NOT guest"#;

const UPDATE_LOG: Sql = Sql {
    postgres: "UPDATE chat_log SET rev = c.rev, kind = c.kind, user_id = c.author, client_offset = c.client_offset, body = CASE WHEN c.room <> 1 OR c.guest THEN c.body END, persona = c.persona, file = c.file, updated_at = c.updated_at, edited_at = c.edited_at, deleted = c.deleted \
               FROM json_to_recordset(CAST($1 AS json)) AS c (id uuid, room bigint, rev bigint, author uuid, client_offset text, guest boolean, kind text, persona bigint, file uuid, body text, updated_at bigint, edited_at bigint, deleted boolean) \
               WHERE chat_log.message_id = c.id",
    sqlite: "UPDATE chat_log SET rev = c.value ->> 'rev', kind = c.value ->> 'kind', user_id = unhex(c.value ->> 'author', '-'), client_offset = c.value ->> 'client_offset', body = CASE WHEN c.value ->> 'room' <> 1 OR c.value ->> 'guest' THEN c.value ->> 'body' END, \
             persona = c.value ->> 'persona', file = unhex(c.value ->> 'file', '-'), \
             updated_at = c.value ->> 'updated_at', edited_at = c.value ->> 'edited_at', deleted = c.value ->> 'deleted' \
             FROM json_each($1) AS c WHERE chat_log.message_id = unhex(c.value ->> 'id', '-')",
};

const UPDATE_CHATS: Sql = Sql {
    postgres: r#"UPDATE "CommunityChats" SET user_id = c.author, message = c.body, updated_at = timestamptz 'epoch' + c.updated_at * interval '1 microsecond',
        edited_at = timestamptz 'epoch' + c.edited_at * interval '1 microsecond',
        is_deleted = c.deleted OR COALESCE("CommunityChats".is_deleted, true)
        FROM json_to_recordset(CAST($1 AS json)) AS c (id uuid, room bigint, author uuid, guest boolean, body text, updated_at bigint, edited_at bigint, deleted boolean)
        WHERE "CommunityChats".id = c.id AND c.room = 1 AND NOT c.guest"#,
    sqlite: r#"UPDATE "CommunityChats" SET user_id = unhex(c.value ->> 'author', '-'), message = c.value ->> 'body', updated_at = c.value ->> 'updated_iso', edited_at = c.value ->> 'edited_iso', is_deleted = c.value ->> 'deleted'
        FROM json_each($1) AS c WHERE "CommunityChats".id = unhex(c.value ->> 'id', '-') AND c.value ->> 'room' = 1 AND NOT c.value ->> 'guest'"#,
};

/// All of that in one statement, where the database can do so: each journey to it and back takes
/// longer than the work.
pub(super) fn whole_batch(chats_have_room_id: bool) -> String {
    let chats = if chats_have_room_id { INSERT_CHATS_WITH_ROOM } else { INSERT_CHATS.postgres };
    // From the last on: a number that was put in must not be taken for one to be replaced.
    let with_own_parameters = |sql: &Sql, numbers: &[u8]| {
        numbers.iter().enumerate().rev().fold(sql.postgres.to_owned(), |text, (at, number)| {
            text.replace(&format!("${}", at + 1), &format!("${number}"))
        })
    };
    format!(
        "WITH logged AS ({}), shown AS ({chats}), counted AS ({}), by_day AS ({}) {}",
        INSERT_LOG.postgres,
        with_own_parameters(&UPDATE_ROOMS, &[2]),
        with_own_parameters(&ADD_DAILY, &[3, 5]),
        with_own_parameters(&ADD_AUTHORS, &[4]),
    )
}

#[derive(Serialize)]
struct MessageRow<'a> {
    id: Uuid,
    room: RoomNumber,
    room_id: Uuid,
    seq: i64,
    rev: i64,
    author: Uuid,
    guest: bool,
    kind: &'static str,
    persona: Option<i64>,
    file: Option<Uuid>,
    body: &'a str,
    client_offset: Option<&'a str>,
    at: Micros,
    updated_at: Micros,
    edited_at: Option<Micros>,
    deleted: bool,
    #[serde(flatten)]
    iso: Option<IsoTimes>,
}

impl<'a> MessageRow<'a> {
    fn of(message: &'a Message, kind: DatabaseKind) -> Self {
        MessageRow {
            id: message.id,
            room: message.room,
            room_id: message.room_id,
            seq: message.seq,
            rev: message.rev,
            author: message.user,
            guest: message.guest,
            kind: message.kind.name(),
            persona: message.character.as_ref().map(|character| character.number),
            file: message.attachment.as_ref().map(|attachment| attachment.id),
            body: &message.text,
            client_offset: message.client_offset.as_deref(),
            at: message.created_at,
            updated_at: message.updated_at,
            edited_at: message.edited_at,
            deleted: message.deleted,
            iso: (kind == DatabaseKind::Sqlite).then(|| IsoTimes::of(message)),
        }
    }
}

/// SQLite has no type of time: our encoding of it there.
#[derive(Serialize)]
struct IsoTimes {
    iso: String,
    updated_iso: String,
    edited_iso: Option<String>,
}

impl IsoTimes {
    fn of(message: &Message) -> IsoTimes {
        let iso = |time: Micros| time.to_chrono().to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
        IsoTimes {
            iso: iso(message.created_at),
            updated_iso: iso(message.updated_at),
            edited_iso: message.edited_at.map(iso),
        }
    }
}

/// Whether the texts of new `main-chat` messages are to be put into Node's table, or stand there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeRows {
    Write,
    StandAlready,
}

impl Store {
    pub(super) async fn lock_rooms(
        &self,
        db: &DatabaseTransaction,
        numbers: &[RoomNumber],
    ) -> Result<BTreeMap<RoomNumber, RoomState>, Fault> {
        let locked = rows(db, LOCK.text(self.kind), [json(numbers)]).await?;
        let state = |row: &sea_orm::QueryResult| -> Result<(RoomNumber, RoomState), Fault> {
            let state = RoomState {
                id: row.try_get("", "id")?,
                last_seq: row.try_get("", "last_seq")?,
                last_rev: row.try_get("", "last_rev")?,
                last_at: row.try_get("", "last_at")?,
                visible: 0,
                members: row.try_get("", "members")?,
                version: row.try_get("", "version")?,
                pair: pair_of(row.try_get::<Option<String>>("", "pair")?.as_deref()),
                is_open: matches!(row.try_get::<String>("", "kind")?.as_str(), "main" | "public"),
                is_archived: row.try_get::<Option<i64>>("", "archived_at")?.is_some(),
            };
            Ok((RoomNumber(row.try_get("", "number")?), state))
        };
        locked.iter().map(state).collect()
    }

    pub(super) async fn write_ledger(
        &self,
        db: &DatabaseTransaction,
        ledger: &Ledger,
        node_rows: NodeRows,
    ) -> Result<(), Fault> {
        let of = |ids: &mut dyn Iterator<Item = &Uuid>| -> Vec<MessageRow<'_>> {
            ids.filter_map(|id| ledger.messages.get(id)).map(|message| MessageRow::of(message, self.kind)).collect()
        };
        let touched = ledger.touched.iter().map(|(place, touched)| (*place, touched.clone()));
        self.write_touched(db, touched).await?;
        self.write_audit(db, &ledger.audit).await?;
        for (upload, room, message) in &ledger.kept {
            files::keep(db, &upload.draft, &upload.content, Some((*room, *message)), ledger.now).await?;
        }
        for message in &ledger.without_files {
            files::mark_gone(db, FilesOf::Message(*message), ledger.now).await?;
        }
        let created = of(&mut ledger.created.iter());
        let changed = of(&mut ledger.changed.iter());
        let counters = Counters::of(ledger);
        if !changed.is_empty() {
            let batch = json(&changed);
            self.put(db, &UPDATE_LOG, batch.clone()).await?;
            if node_rows == NodeRows::Write && changed.iter().any(|row| row.room == RoomNumber::MAIN) {
                self.put(db, &UPDATE_CHATS, batch).await?;
            }
        }
        if created.is_empty() {
            return self.write_counters(db, counters).await;
        }
        let batch = json(&created);
        if self.kind == DatabaseKind::Postgres && node_rows == NodeRows::Write {
            let Counters { rooms, daily, authors, wrote } = counters;
            run(db, &self.whole_batch, [batch, rooms, daily, authors, wrote]).await?;
            return Ok(());
        }
        self.put(db, &INSERT_LOG, batch.clone()).await?;
        if node_rows == NodeRows::Write {
            self.put(db, &INSERT_CHATS, batch).await?;
        }
        self.write_counters(db, counters).await
    }

    async fn put(&self, db: &impl ConnectionTrait, sql: &Sql, batch: Value) -> Result<(), Fault> {
        run(db, sql.text(self.kind), [batch]).await.map(|_| ())
    }
}
