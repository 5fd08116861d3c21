//! Lists of rooms, with what stands beside each for one reader.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value};
use serde::Serialize;

use super::entities::room::{Column, Entity};
use super::names::beginning_with;
use super::sql::{Sql, json, rows};
use super::{Fault, RoomCounts, Store};
use crate::model::{Membership, Room, RoomKind, RoomNumber, UserId};

/// Which rooms somebody asks for.
#[derive(Debug, Clone, Default)]
pub struct RoomFilter {
    /// The beginning of the name, whatever the case.
    pub named: Option<String>,
    pub kind: Option<RoomKind>,
    pub after: i64,
    pub newest_first: bool,
}

/// What everybody finds, and what the reader is in: each with an index of its own. `{by}` is the order.
const LISTED: &str = "SELECT number FROM (\
    SELECT * FROM (SELECT r.number FROM chat_rooms r WHERE r.kind IN ('main', 'public') AND r.archived_at IS NULL \
        AND r.deleted_at IS NULL AND r.number > $1 AND (r.kind = 'main' OR NOT EXISTS (SELECT 1 FROM chat_members b \
        WHERE b.room = r.number AND b.user_id = $2 AND b.state = 'banned')){asked} ORDER BY r.number{by} LIMIT $3) AS listed \
    UNION SELECT * FROM (SELECT r.number FROM chat_members m JOIN chat_rooms r ON r.number = m.room AND r.deleted_at IS NULL \
        WHERE m.user_id = $2 AND m.state = 'member' AND m.room > $1{asked} ORDER BY m.room{by} LIMIT $3) AS mine\
    ) AS found ORDER BY number{by} LIMIT $3";

/// Counted up to a hundred: exact, and bounded.
const UNREAD: Sql = Sql {
    postgres: "SELECT asked.room, (SELECT count(*) FROM (SELECT 1 FROM chat_log l WHERE l.room = asked.room AND l.seq > asked.seq \
          AND NOT l.deleted AND l.user_id <> $2 AND NOT EXISTS (SELECT 1 FROM chat_blocks b WHERE b.user_id = $2 AND b.blocked = l.user_id) LIMIT 100) AS few) AS unread \
        FROM json_to_recordset(CAST($1 AS json)) AS asked (room bigint, seq bigint)",
    sqlite: "SELECT asked.value ->> 'room' AS room, (SELECT count(*) FROM (SELECT 1 FROM chat_log l WHERE l.room = asked.value ->> 'room' AND l.seq > asked.value ->> 'seq' \
          AND NOT l.deleted AND l.user_id <> $2 AND NOT EXISTS (SELECT 1 FROM chat_blocks b WHERE b.user_id = $2 AND b.blocked = l.user_id) LIMIT 100)) AS unread \
        FROM json_each($1) AS asked",
};

#[derive(Serialize)]
struct Marker {
    room: i64,
    seq: i64,
}

fn kind_name(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Main => "main",
        RoomKind::Public => "public",
        RoomKind::Private => "private",
        RoomKind::Guild => "guild",
        RoomKind::Direct => "direct",
    }
}

impl Store {
    /// Public rooms that are not archived, and all that somebody is in; oldest first, unless asked otherwise.
    pub async fn listed_rooms(
        &self,
        reader: UserId,
        filter: &RoomFilter,
        limit: u64,
    ) -> Result<Vec<(Room, RoomCounts)>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut values: Vec<Value> = vec![filter.after.into(), reader.into(), limit.into()];
        let mut asked = String::new();
        if let Some(name) = &filter.named {
            let (from, to) = beginning_with(name);
            values.extend([from.into(), to.into()]);
            asked += " AND r.name_lower >= $4 AND r.name_lower < $5";
        }
        if let Some(kind) = filter.kind {
            values.push(kind_name(kind).into());
            asked += &format!(" AND r.kind = ${}", values.len());
        }
        let by = if filter.newest_first { " DESC" } else { "" };
        let found = rows(&self.pool, &LISTED.replace("{asked}", &asked).replace("{by}", by), values).await?;
        let numbers = found.iter().map(|row| Ok(RoomNumber(row.try_get("", "number")?)));
        let mut listed = self.rooms_numbered(&numbers.collect::<Result<Vec<_>, Fault>>()?).await?;
        if filter.newest_first {
            listed.reverse();
        }
        Ok(listed)
    }

    /// Those of them that there are, by number.
    pub async fn rooms_numbered(&self, numbers: &[RoomNumber]) -> Result<Vec<(Room, RoomCounts)>, Fault> {
        let found = Entity::find()
            .filter(Column::Number.is_in(numbers.iter().map(|number| number.0)))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Number);
        Ok(found
            .all(&self.pool)
            .await?
            .into_iter()
            .map(|row| (RoomCounts::of(&row), row))
            .map(|(c, r)| (r.into(), c))
            .collect())
    }

    /// Those of them that there ever were.
    pub async fn rooms_even_deleted(&self, numbers: &[RoomNumber]) -> Result<Vec<Room>, Fault> {
        let found = Entity::find().filter(Column::Number.is_in(numbers.iter().map(|number| number.0)));
        Ok(found.all(&self.pool).await?.into_iter().map(Room::from).collect())
    }

    /// What somebody is in some rooms.
    pub async fn memberships_of(
        &self,
        user: UserId,
        rooms: &[RoomNumber],
    ) -> Result<HashMap<RoomNumber, Membership>, Fault> {
        let places: Vec<_> = rooms.iter().map(|room| (*room, user)).collect();
        let found = self.memberships(&self.pool, &places).await?;
        Ok(found.into_iter().map(|((room, _), membership)| (room, membership)).collect())
    }

    /// Visible messages of others behind each marker, not of people whom one has blocked.
    pub async fn unread(&self, user: UserId, markers: &[(RoomNumber, i64)]) -> Result<HashMap<RoomNumber, i64>, Fault> {
        let markers: Vec<Marker> = markers.iter().map(|(room, seq)| Marker { room: room.0, seq: *seq }).collect();
        let found = rows(&self.pool, UNREAD.text(self.kind), [json(&markers), user.into()]).await?;
        let counted =
            |row: &sea_orm::QueryResult| Ok((RoomNumber(row.try_get("", "room")?), row.try_get("", "unread")?));
        found.iter().map(counted).collect()
    }
}
