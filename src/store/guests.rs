//! People without an account.

use super::sql::{Sql, json, rows};
use super::{Fault, Store};
use crate::model::{Author, Micros, UserId};

const GUESTS: Sql = Sql {
    postgres: "SELECT id, name, last_seen FROM chat_guests \
               WHERE id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "SELECT id, name, last_seen FROM chat_guests WHERE id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

impl Store {
    /// Those of them that there are, in no order.
    pub async fn guests(&self, ids: &[UserId]) -> Result<Vec<Author>, Fault> {
        let found = rows(&self.pool, GUESTS.text(self.kind), [json(ids)]).await?;
        let guest = |row: &sea_orm::QueryResult| -> Result<Author, Fault> {
            Ok(Author {
                name: row.try_get("", "name")?,
                guest: true,
                last_seen: Some(Micros(row.try_get("", "last_seen")?)),
                ..Author::nameless(row.try_get("", "id")?)
            })
        };
        found.iter().map(guest).collect()
    }
}
