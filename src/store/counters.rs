//! What a batch does to the counters that pages and figures are made of, in its own transaction.

use std::collections::HashMap;

use sea_orm::{DatabaseTransaction, Value};
use serde::Serialize;
use uuid::Uuid;

use super::ledger::Ledger;
use super::sql::{Sql, json, row, run};
use super::{Fault, Store};
use crate::model::RoomNumber;

pub(super) const UPDATE_ROOMS: Sql = Sql {
    postgres: "UPDATE chat_rooms SET last_seq = r.last_seq, last_rev = r.last_rev, last_at = r.last_at, visible = chat_rooms.visible + r.visible, members = r.members, version = r.version \
               FROM json_to_recordset(CAST($1 AS json)) AS r (number bigint, last_seq bigint, last_rev bigint, last_at bigint, visible bigint, members bigint, version bigint) WHERE chat_rooms.number = r.number",
    sqlite: "UPDATE chat_rooms SET last_seq = r.value ->> 'last_seq', last_rev = r.value ->> 'last_rev', last_at = r.value ->> 'last_at', visible = visible + (r.value ->> 'visible'), members = r.value ->> 'members', version = r.value ->> 'version' \
             FROM json_each($1) AS r WHERE chat_rooms.number = r.value ->> 'number'",
};

/// Whose first message of a day this is, `chat_authors` says, as it was before the batch: so this comes
/// before [`ADD_AUTHORS`]. What was counted once is never taken back.
pub(super) const ADD_DAILY: Sql = Sql {
    postgres: "INSERT INTO chat_daily (room, day, visible, authors) SELECT d.room, d.day, d.visible, COALESCE(f.authors, 0) \
               FROM json_to_recordset(CAST($1 AS json)) AS d (room bigint, day bigint, visible bigint) LEFT JOIN \
               (SELECT w.room, w.day, count(*) AS authors FROM json_to_recordset(CAST($2 AS json)) AS w (room bigint, author uuid, day bigint) \
               LEFT JOIN chat_authors a ON a.room = w.room AND a.user_id = w.author WHERE a.last_day IS NULL OR a.last_day < w.day GROUP BY w.room, w.day) AS f \
               ON f.room = d.room AND f.day = d.day \
               ON CONFLICT (room, day) DO UPDATE SET visible = chat_daily.visible + excluded.visible, authors = chat_daily.authors + excluded.authors",
    sqlite: "INSERT INTO chat_daily (room, day, visible, authors) SELECT d.value ->> 'room', d.value ->> 'day', d.value ->> 'visible', \
             (SELECT count(*) FROM json_each($2) AS w LEFT JOIN chat_authors a ON a.room = w.value ->> 'room' AND a.user_id = unhex(w.value ->> 'author', '-') \
             WHERE w.value ->> 'room' = d.value ->> 'room' AND w.value ->> 'day' = d.value ->> 'day' AND (a.last_day IS NULL OR a.last_day < w.value ->> 'day')) \
             FROM json_each($1) AS d WHERE true \
             ON CONFLICT (room, day) DO UPDATE SET visible = visible + excluded.visible, authors = authors + excluded.authors",
};

pub(super) const ADD_AUTHORS: Sql = Sql {
    postgres: "INSERT INTO chat_authors (room, user_id, visible, last_day) SELECT room, author, visible, last_day \
               FROM json_to_recordset(CAST($1 AS json)) AS a (room bigint, author uuid, visible bigint, last_day bigint) \
               ON CONFLICT (room, user_id) DO UPDATE SET visible = chat_authors.visible + excluded.visible, last_day = GREATEST(chat_authors.last_day, excluded.last_day)",
    sqlite: "INSERT INTO chat_authors (room, user_id, visible, last_day) \
             SELECT value ->> 'room', unhex(value ->> 'author', '-'), value ->> 'visible', value ->> 'last_day' FROM json_each($1) WHERE true \
             ON CONFLICT (room, user_id) DO UPDATE SET visible = visible + excluded.visible, last_day = max(last_day, excluded.last_day)",
};

/// Days and authors that were counted before there was a column for it. A look at the first says whether.
const UNCOUNTED: &str = "SELECT 1 AS found FROM chat_daily WHERE authors = 0 AND visible > 0 LIMIT 1";

const COUNT_ONCE: [&str; 2] = [
    "UPDATE chat_daily SET authors = counted.authors FROM (SELECT room, created_at / 86400000000 AS day, COUNT(DISTINCT user_id) AS authors \
     FROM chat_log GROUP BY 1, 2) AS counted WHERE chat_daily.room = counted.room AND chat_daily.day = counted.day AND chat_daily.authors = 0",
    "UPDATE chat_authors SET last_day = last.day FROM (SELECT room, user_id, MAX(created_at) / 86400000000 AS day FROM chat_log GROUP BY 1, 2) AS last \
     WHERE chat_authors.room = last.room AND chat_authors.user_id = last.user_id AND chat_authors.last_day = 0",
];

#[derive(Serialize)]
struct RoomRow {
    number: RoomNumber,
    last_seq: i64,
    last_rev: i64,
    last_at: i64,
    visible: i64,
    members: i64,
    version: i64,
}

#[derive(Serialize)]
struct DayRow {
    room: RoomNumber,
    day: i64,
    visible: i64,
}

#[derive(Serialize)]
struct AuthorRow {
    room: RoomNumber,
    author: Uuid,
    visible: i64,
    last_day: i64,
}

/// Somebody wrote on a day.
#[derive(Serialize)]
struct WroteRow {
    room: RoomNumber,
    author: Uuid,
    day: i64,
}

/// What a batch does to the counters, as parameters.
pub(super) struct Counters {
    pub rooms: Value,
    pub daily: Value,
    pub authors: Value,
    pub wrote: Value,
}

impl Counters {
    pub fn of(ledger: &Ledger) -> Counters {
        let rooms = ledger.rooms.iter().map(|(number, state)| RoomRow {
            number: *number,
            last_seq: state.last_seq,
            last_rev: state.last_rev,
            last_at: state.last_at,
            visible: state.visible,
            members: state.members,
            version: state.version,
        });
        let mut last_days: HashMap<(RoomNumber, Uuid), i64> = HashMap::new();
        for (room, author, day) in &ledger.wrote {
            let last = last_days.entry((*room, *author)).or_insert(*day);
            *last = (*last).max(*day);
        }
        let daily = ledger.daily.iter().map(|((room, day), by)| DayRow { room: *room, day: *day, visible: *by });
        let authors = ledger.authors.iter().map(|((room, author), by)| AuthorRow {
            room: *room,
            author: *author,
            visible: *by,
            last_day: last_days.get(&(*room, *author)).copied().unwrap_or(0),
        });
        let wrote = ledger.wrote.iter().map(|(room, author, day)| WroteRow { room: *room, author: *author, day: *day });
        Counters {
            rooms: json(&rooms.collect::<Vec<_>>()),
            daily: json(&daily.collect::<Vec<_>>()),
            authors: json(&authors.collect::<Vec<_>>()),
            wrote: json(&wrote.collect::<Vec<_>>()),
        }
    }
}

impl Store {
    pub(super) async fn write_counters(&self, db: &DatabaseTransaction, counters: Counters) -> Result<(), Fault> {
        let Counters { rooms, daily, authors, wrote } = counters;
        run(db, UPDATE_ROOMS.text(self.kind), [rooms]).await?;
        run(db, ADD_DAILY.text(self.kind), [daily, wrote]).await?;
        run(db, ADD_AUTHORS.text(self.kind), [authors]).await?;
        Ok(())
    }

    /// At start, before anything is written: who wrote on which day, where that was never counted.
    pub(super) async fn count_authors_once(&self) -> Result<(), Fault> {
        if row(&self.pool, UNCOUNTED, []).await?.is_none() {
            return Ok(());
        }
        let db = self.begin().await?;
        for statement in COUNT_ONCE {
            run(&db, statement, []).await?;
        }
        Ok(db.commit().await?)
    }
}
