//! What people say of themselves: their names in Node's table, the rest beside it.

use std::collections::HashMap;

use super::governing::lock;
use super::sql::{Sql, json, row, rows, run};
use super::{Fault, Store};
use crate::model::{DirectFrom, Micros, Profile, UserId};

const PROFILES: Sql = Sql {
    postgres: "SELECT user_id, bio, avatar, direct_from, locked_by, locked_reason, locked_at FROM chat_profiles \
               WHERE user_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "SELECT user_id, bio, avatar, direct_from, locked_by, locked_reason, locked_at FROM chat_profiles \
             WHERE user_id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

const RENAME: &str = r#"UPDATE "Users" SET name = $2, "updatedAt" = $3 WHERE id = $1 AND name <> $2"#;

const DESCRIBE: &str = "INSERT INTO chat_profiles (user_id, bio, direct_from, updated_at) \
    VALUES ($1, COALESCE(CAST($2 AS text), ''), COALESCE(CAST($3 AS text), 'everyone'), $4) \
    ON CONFLICT (user_id) DO UPDATE SET bio = COALESCE(CAST($2 AS text), chat_profiles.bio), \
    direct_from = COALESCE(CAST($3 AS text), chat_profiles.direct_from), updated_at = $4";

const WAITING: &str = "SELECT \
    (SELECT count(*) FROM chat_members m JOIN chat_rooms r ON r.number = m.room AND r.deleted_at IS NULL \
      WHERE m.user_id = $1 AND m.state = 'invited' AND (m.expires_at IS NULL OR m.expires_at > $2)) AS invites, \
    (SELECT count(*) FROM chat_reports q WHERE q.status = 'open' AND ($3 OR (q.author <> $1 AND EXISTS \
      (SELECT 1 FROM chat_members m WHERE m.room = q.room AND m.user_id = $1 AND m.state = 'member' \
        AND m.role IN ('owner', 'moderator'))))) AS reports";

/// What somebody wants another about themselves; nothing where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct ProfileEdit {
    pub name: Option<String>,
    pub bio: Option<String>,
    pub direct_from: Option<DirectFrom>,
}

/// What waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub invites: i64,
    pub reports: i64,
}

pub fn direct_from_name(from: DirectFrom) -> &'static str {
    match from {
        DirectFrom::Everyone => "everyone",
        DirectFrom::Shared => "shared",
        DirectFrom::Nobody => "nobody",
    }
}

impl Store {
    /// Gives whether the name is another than before.
    pub async fn edit_profile(&self, user: UserId, edit: &ProfileEdit, now: Micros) -> Result<bool, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            if self.is_erased(&db, user).await? {
                return Ok(false);
            }
            let mut is_renamed = false;
            if let Some(name) = &edit.name {
                // What is to be told of it, we tell.
                self.mark_as_own(&db).await?;
                let values = [user.into(), name.as_str().into(), now.to_chrono().into()];
                is_renamed = run(&db, RENAME, values).await? == 1;
                self.note_names(&db, &[user]).await?;
            }
            if edit.bio.is_some() || edit.direct_from.is_some() {
                let from = edit.direct_from.map(direct_from_name);
                run(&db, DESCRIBE, [user.into(), edit.bio.clone().into(), from.into(), now.0.into()]).await?;
            }
            db.commit().await?;
            Ok(is_renamed)
        })
        .await
    }

    /// Invitations, and reports that somebody may see.
    pub async fn waiting_for(&self, user: UserId, sees_all_reports: bool, now: Micros) -> Result<Waiting, Fault> {
        let counted = row(&self.pool, WAITING, [user.into(), now.0.into(), sees_all_reports.into()]).await?;
        let Some(counted) = counted else { return Ok(Waiting { invites: 0, reports: 0 }) };
        Ok(Waiting { invites: counted.try_get("", "invites")?, reports: counted.try_get("", "reports")? })
    }

    pub(super) async fn profiles(&self, ids: &[UserId]) -> Result<HashMap<UserId, Profile>, Fault> {
        let found = rows(&self.pool, PROFILES.text(self.kind), [json(ids)]).await?;
        let profile = |row: &sea_orm::QueryResult| -> Result<(UserId, Profile), Fault> {
            let direct_from = match row.try_get::<String>("", "direct_from")?.as_str() {
                "shared" => DirectFrom::Shared,
                "nobody" => DirectFrom::Nobody,
                _ => DirectFrom::Everyone,
            };
            let (bio, avatar) = (row.try_get("", "bio")?, row.try_get("", "avatar")?);
            let profile = Profile { bio, avatar, direct_from, lock: lock(row)? };
            Ok((row.try_get("", "user_id")?, profile))
        };
        found.iter().map(profile).collect()
    }
}
