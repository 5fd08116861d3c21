//! People without an account.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::sql::{Sql, json, row, rows, run};
use super::{Fault, Store};
use crate::model::new_account::is_free_to_guests;
use crate::model::text::folded;
use crate::model::{Author, Micros, UserId};

const GUESTS: Sql = Sql {
    postgres: "SELECT id, name, last_seen FROM chat_guests \
               WHERE id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "SELECT id, name, last_seen FROM chat_guests WHERE id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

/// Names of accounts, and of guests who came since then.
const BORNE: Sql = Sql {
    postgres: "WITH asked AS (SELECT value AS folded FROM json_array_elements_text(CAST($1 AS json))) \
        SELECT userid_folded AS folded, CAST(NULL AS uuid) AS guest, CAST(0 AS bigint) AS created_at, CAST(0 AS bigint) AS last_seen FROM chat_names WHERE userid_folded IN (SELECT folded FROM asked) \
        UNION ALL SELECT name_folded, NULL, 0, 0 FROM chat_names WHERE name_folded IN (SELECT folded FROM asked) \
        UNION ALL SELECT folded, id, created_at, last_seen FROM chat_guests WHERE folded IN (SELECT folded FROM asked) AND last_seen > $2",
    sqlite: "WITH asked AS (SELECT value AS folded FROM json_each($1)) \
        SELECT userid_folded AS folded, NULL AS guest, 0 AS created_at, 0 AS last_seen FROM chat_names WHERE userid_folded IN (SELECT folded FROM asked) \
        UNION ALL SELECT name_folded, NULL, 0, 0 FROM chat_names WHERE name_folded IN (SELECT folded FROM asked) \
        UNION ALL SELECT folded, id, created_at, last_seen FROM chat_guests WHERE folded IN (SELECT folded FROM asked) AND last_seen > $2",
};

const MEMBERSHIPS: Sql = Sql {
    postgres: "DELETE FROM chat_members WHERE user_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "DELETE FROM chat_members WHERE user_id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

const FORGOTTEN: &str = "DELETE FROM chat_guests WHERE id IN (SELECT g.id FROM chat_guests g WHERE g.last_seen < $1 \
    AND NOT EXISTS (SELECT 1 FROM chat_log l WHERE l.user_id = g.id) LIMIT 500) RETURNING id";

/// No token is good for longer: who came before is not present.
const TOKEN: i64 = 24 * 3600 * 1_000_000;
/// Names that are looked for together, and how often.
const TOGETHER: usize = 100;
const TRIES: usize = 10;

/// A guest whose name somebody else wants.
pub struct NameBearer {
    pub id: UserId,
    pub came_at: Micros,
    pub last_seen: Micros,
}

fn guest(row: &QueryResult) -> Result<Author, Fault> {
    Ok(Author {
        name: row.try_get("", "name")?,
        guest: true,
        last_seen: Some(Micros(row.try_get("", "last_seen")?)),
        ..Author::nameless(row.try_get("", "id")?)
    })
}

impl Store {
    /// Those of them that there are, in no order.
    pub async fn guests(&self, ids: &[UserId]) -> Result<Vec<Author>, Fault> {
        rows(&self.pool, GUESTS.text(self.kind), [json(ids)]).await?.iter().map(guest).collect()
    }

    /// Somebody new, by the name that they want or, where it is borne, by that and a number.
    pub async fn add_guest(
        &self,
        wanted: &str,
        keeps_name: &(dyn Fn(&NameBearer) -> bool + Sync),
        now: Micros,
    ) -> Result<Author, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            self.one_at_a_time(&db, &folded(wanted)).await?;
            let name = self.free_name(&db, wanted, keeps_name, now).await?;
            let id = Uuid::now_v7();
            let added = "INSERT INTO chat_guests (id, name, folded, created_at, last_seen) VALUES ($1, $2, $3, $4, $4)";
            run(&db, added, [id.into(), name.as_str().into(), folded(&name).into(), now.0.into()]).await?;
            db.commit().await?;
            Ok(Author { name, guest: true, last_seen: Some(now), ..Author::nameless(id) })
        })
        .await
    }

    async fn free_name(
        &self,
        db: &impl ConnectionTrait,
        wanted: &str,
        keeps_name: &(dyn Fn(&NameBearer) -> bool + Sync),
        now: Micros,
    ) -> Result<String, Fault> {
        for attempt in 0..TRIES {
            let numbers = attempt * TOGETHER + 1..=(attempt + 1) * TOGETHER;
            let names = numbers.map(|n| if n == 1 { wanted.to_owned() } else { format!("{wanted} ({n})") });
            let names: Vec<(String, String)> = names.map(|name| (folded(&name), name)).collect();
            let asked: Vec<&str> = names.iter().map(|(folded, _)| folded.as_str()).collect();
            let mut borne = HashSet::new();
            for row in rows(db, BORNE.text(self.kind), [json(&asked), (now.0 - TOKEN).into()]).await? {
                let (came_at, last_seen) =
                    (Micros(row.try_get("", "created_at")?), Micros(row.try_get("", "last_seen")?));
                let guest: Option<Uuid> = row.try_get("", "guest")?;
                if guest.is_none_or(|id| keeps_name(&NameBearer { id, came_at, last_seen })) {
                    borne.insert(row.try_get::<String>("", "folded")?);
                }
            }
            let free = names.into_iter().find(|(folded, name)| !borne.contains(folded) && is_free_to_guests(name));
            if let Some((_, name)) = free {
                return Ok(name);
            }
        }
        // Of hundreds of the same name: one that nobody thinks of.
        Ok(format!("{wanted} ({})", Uuid::new_v4().simple()))
    }

    /// Notes that a guest came again; none when there is no such guest.
    pub async fn renew_guest(&self, id: UserId, now: Micros) -> Result<Option<Author>, Fault> {
        let renewed = "UPDATE chat_guests SET last_seen = $2 WHERE id = $1 RETURNING id, name, last_seen";
        row(self.single()?, renewed, [id.into(), now.0.into()]).await?.as_ref().map(guest).transpose()
    }

    /// Forgets some who came before then and left nothing; gives how many.
    pub async fn forget_guests(&self, before: Micros) -> Result<usize, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let gone = rows(&db, FORGOTTEN, [before.0.into()]).await?;
            let ids: Vec<Uuid> = gone.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
            run(&db, MEMBERSHIPS.text(self.kind), [json(&ids)]).await?;
            db.commit().await?;
            Ok(ids.len())
        })
        .await
    }
}
