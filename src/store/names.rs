//! The names of accounts as they are searched and compared. They stand beside Node's table, which other
//! programs change: what differs is found by comparing.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, QueryResult};
use serde::Serialize;

use super::sql::{Sql, json, row, rows, run};
use super::{Fault, Store};
use crate::model::text::folded;
use crate::model::{Event, UserId};

/// Of all accounts, so many at a time.
const BATCH: usize = 1000;
/// Longer is cut: they are keys in indexes.
const MOST_LOWER: usize = 255;

const DIFFERING: &str = r#"SELECT u.id, CAST(u.userid AS text) AS userid, CAST(u.name AS text) AS name, n.user_id IS NOT NULL AS known
    FROM "Users" u LEFT JOIN chat_names n ON n.user_id = u.id
    WHERE (n.user_id IS NULL OR n.userid <> u.userid OR n.name <> u.name)"#;

const AMONG: Sql = Sql {
    postgres: "AND u.id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "AND u.id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

const GONE: &str =
    r#"DELETE FROM chat_names WHERE NOT EXISTS (SELECT 1 FROM "Users" u WHERE u.id = chat_names.user_id)"#;

const AMONG_GONE: Sql = Sql {
    postgres: "AND user_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    sqlite: "AND user_id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

const PUT: Sql = Sql {
    postgres: "INSERT INTO chat_names (user_id, userid, name, userid_lower, name_lower, userid_folded, name_folded) \
        SELECT user_id, userid, name, userid_lower, name_lower, userid_folded, name_folded FROM json_to_recordset(CAST($1 AS json)) \
        AS n (user_id uuid, userid text, name text, userid_lower text, name_lower text, userid_folded text, name_folded text) \
        ON CONFLICT (user_id) DO UPDATE SET userid = excluded.userid, name = excluded.name, userid_lower = excluded.userid_lower, \
        name_lower = excluded.name_lower, userid_folded = excluded.userid_folded, name_folded = excluded.name_folded",
    sqlite: "INSERT INTO chat_names (user_id, userid, name, userid_lower, name_lower, userid_folded, name_folded) \
        SELECT unhex(value ->> 'user_id', '-'), value ->> 'userid', value ->> 'name', value ->> 'userid_lower', value ->> 'name_lower', \
        value ->> 'userid_folded', value ->> 'name_folded' FROM json_each($1) WHERE true \
        ON CONFLICT (user_id) DO UPDATE SET userid = excluded.userid, name = excluded.name, userid_lower = excluded.userid_lower, \
        name_lower = excluded.name_lower, userid_folded = excluded.userid_folded, name_folded = excluded.name_folded",
};

/// The start of a username or name. Not of accounts that an administrator locked, nor of erased ones.
const BEGINNING: &str = r#"SELECT n.user_id, n.userid_lower FROM chat_names n JOIN "Users" u ON u.id = n.user_id
    WHERE ((n.userid_lower >= $1 AND n.userid_lower < $2) OR (n.name_lower >= $1 AND n.name_lower < $2))
      AND (n.userid_lower, n.user_id) > ($3, $4) AND NOT (u.status = 'locked' AND u.failed_login_attempts < $6)
      AND NOT EXISTS (SELECT 1 FROM chat_erasures e WHERE e.user_id = n.user_id)
    ORDER BY n.userid_lower, n.user_id LIMIT $5"#;

#[derive(Serialize)]
struct Written {
    user_id: UserId,
    userid_lower: String,
    name_lower: String,
    userid_folded: String,
    name_folded: String,
    userid: String,
    name: String,
}

impl Written {
    fn of(row: &QueryResult) -> Result<Written, Fault> {
        let (userid, name): (String, String) = (row.try_get("", "userid")?, row.try_get("", "name")?);
        Ok(Written {
            user_id: row.try_get("", "id")?,
            userid_lower: lower(&userid),
            name_lower: lower(&name),
            userid_folded: folded(&userid),
            name_folded: folded(&name),
            userid,
            name,
        })
    }
}

/// Somebody in the order of a search.
#[derive(Debug, Clone)]
pub struct Found {
    pub user: UserId,
    pub key: String,
}

/// As a name is searched.
pub(super) fn lower(text: &str) -> String {
    text.to_lowercase().chars().take(MOST_LOWER).collect()
}

/// The names that begin so are from the first, and before the second.
pub(super) fn beginning_with(text: &str) -> (String, String) {
    let from = lower(text);
    // No text goes on with a larger character.
    let to = format!("{from}{}", char::MAX);
    (from, to)
}

impl Store {
    /// Accounts that another program may have changed; gives what is to be told of it.
    pub(super) async fn take_users(
        &self,
        db: &impl ConnectionTrait,
        users: &[UserId],
    ) -> Result<Vec<Arc<Event>>, Fault> {
        let renamed = self.note_names(db, users).await?;
        let changed = users.iter().map(|user| Event::UserChanged { user: *user });
        let edited = renamed.into_iter().map(|user| Event::UserEdited { user });
        Ok(changed.chain(edited).map(Arc::new).collect())
    }

    /// Takes in what these accounts are called now; gives who was called otherwise.
    pub(super) async fn note_names(&self, db: &impl ConnectionTrait, users: &[UserId]) -> Result<Vec<UserId>, Fault> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        run(db, &format!("{GONE} {}", AMONG_GONE.text(self.kind)), [json(users)]).await?;
        let differing = rows(db, &format!("{DIFFERING} {}", AMONG.text(self.kind)), [json(users)]).await?;
        self.write_names(db, &differing).await
    }

    /// The same of all accounts: at a first start none is known, and a change may have been missed. Gives
    /// who was called otherwise.
    pub async fn note_all_names(&self) -> Result<Vec<UserId>, Fault> {
        let mut renamed = Vec::new();
        run(self.single()?, GONE, []).await?;
        loop {
            let differing = rows(&self.pool, &format!("{DIFFERING} LIMIT {BATCH}"), []).await?;
            renamed.extend(self.write_names(self.single()?, &differing).await?);
            if differing.len() < BATCH {
                return Ok(renamed);
            }
        }
    }

    async fn write_names(&self, db: &impl ConnectionTrait, differing: &[QueryResult]) -> Result<Vec<UserId>, Fault> {
        let names = differing.iter().map(Written::of).collect::<Result<Vec<_>, _>>()?;
        if !names.is_empty() {
            run(db, PUT.text(self.kind), [json(&names)]).await?;
        }
        let mut renamed = Vec::new();
        for (row, names) in differing.iter().zip(names) {
            if row.try_get("", "known")? {
                renamed.push(names.user_id);
            }
        }
        Ok(renamed)
    }

    /// Whether an account has this userid, or one that looks alike.
    pub(super) async fn is_userid_borne(&self, userid: &str) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_names WHERE userid_folded = $1 LIMIT 1";
        Ok(row(&self.pool, question, [folded(userid).into()]).await?.is_some())
    }

    /// Whether another account is called so, or so that it looks alike.
    pub(super) async fn bears_name(
        &self,
        db: &impl ConnectionTrait,
        folded: &str,
        but: Option<UserId>,
    ) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_names WHERE (userid_folded = $1 OR name_folded = $1) AND user_id <> $2 LIMIT 1";
        Ok(row(db, question, [folded.into(), but.unwrap_or_default().into()]).await?.is_some())
    }

    /// Whose username or name begins so, by username; a page behind a place in that order.
    pub async fn users_beginning(
        &self,
        beginning: &str,
        after: Option<(String, UserId)>,
        limit: u64,
    ) -> Result<Vec<Found>, Fault> {
        let (from, to) = beginning_with(beginning);
        let (key, user) = after.unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let most = crate::model::user::WRONG_PASSWORDS_ALLOWED;
        let values = [from.into(), to.into(), key.into(), user.into(), limit.into(), most.into()];
        let found = rows(&self.pool, BEGINNING, values).await?;
        let found = found
            .iter()
            .map(|row| Ok(Found { user: row.try_get("", "user_id")?, key: row.try_get("", "userid_lower")? }));
        found.collect()
    }
}
