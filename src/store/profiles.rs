//! What people say of themselves, beside Node's columns.

use std::collections::HashMap;

use super::sql::{Sql, json, rows};
use super::{Fault, Store};
use crate::model::{DirectFrom, Profile, UserId};

const PROFILES: Sql = Sql {
    postgres: "SELECT user_id, bio, avatar, direct_from FROM chat_profiles \
               WHERE user_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "SELECT user_id, bio, avatar, direct_from FROM chat_profiles \
             WHERE user_id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

impl Store {
    pub(super) async fn profiles(&self, ids: &[UserId]) -> Result<HashMap<UserId, Profile>, Fault> {
        let found = rows(&self.pool, PROFILES.text(self.kind), [json(ids)]).await?;
        let profile = |row: &sea_orm::QueryResult| -> Result<(UserId, Profile), Fault> {
            let direct_from = match row.try_get::<String>("", "direct_from")?.as_str() {
                "shared" => DirectFrom::Shared,
                "nobody" => DirectFrom::Nobody,
                _ => DirectFrom::Everyone,
            };
            let profile = Profile { bio: row.try_get("", "bio")?, avatar: row.try_get("", "avatar")?, direct_from };
            Ok((row.try_get("", "user_id")?, profile))
        };
        found.iter().map(profile).collect()
    }
}
