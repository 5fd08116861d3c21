//! Logging in by a password, and guessing at one.

use sea_orm::ColumnTrait;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};

use super::entities::user::{Column, Entity};
use super::sessions::{insert_session, insert_token};
use super::sql::{Sql, row, run};
use super::{Fault, Store};
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{Device, KeptToken, Micros, SessionId, UserId};

/// Somebody whose password was compared with this hash.
#[derive(Debug, Clone, Copy)]
pub struct Proved<'a> {
    pub user: UserId,
    pub password_hash: &'a str,
    /// What they call themselves by.
    pub identifier: &'a str,
}

/// Names of guesses that are remembered, the newest.
const REMEMBERED: i64 = 100_000;

/// Not of an account that an administrator locked: how many were wrong tells that lock from this one.
const COUNT_WRONG_PASSWORD: Sql = Sql {
    postgres: r#"UPDATE "Users" SET failed_login_attempts = failed_login_attempts + 1, "updatedAt" = $2,
        status = CASE WHEN failed_login_attempts + 1 >= $3 THEN CAST('locked' AS "enum_Users_status") ELSE status END
        WHERE id = $1 AND failed_login_attempts < $3 AND status <> 'locked' RETURNING failed_login_attempts"#,
    sqlite: r#"UPDATE "Users" SET failed_login_attempts = failed_login_attempts + 1, "updatedAt" = $2,
        status = CASE WHEN failed_login_attempts + 1 >= $3 THEN 'locked' ELSE status END
        WHERE id = $1 AND failed_login_attempts < $3 AND status <> 'locked' RETURNING failed_login_attempts"#,
};

/// One more than before, and never more than the account that bears the name has.
const COUNT_GUESS: &str = "INSERT INTO chat_guesses (name, wrong, at) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE \
    SET wrong = CASE WHEN chat_guesses.wrong < $3 THEN chat_guesses.wrong + 1 ELSE $3 END, at = excluded.at RETURNING wrong";

/// Marked as our own: nobody need forget an account because its owner came.
const NOTE_LOGIN: Sql = Sql {
    postgres: r#"UPDATE "Users" SET failed_login_attempts = 0, last_seen = $2
        FROM (SELECT set_config('community_chat.own_writer', 'on', true)) AS marked
        WHERE id = $1 AND password = $3 AND status <> 'locked'"#,
    sqlite: r#"UPDATE "Users" SET failed_login_attempts = 0, last_seen = $2
        WHERE id = $1 AND password = $3 AND status <> 'locked'"#,
};

const FORGET_OLDEST: &str =
    "DELETE FROM chat_guesses WHERE at < (SELECT at FROM chat_guesses ORDER BY at DESC LIMIT 1 OFFSET $1)";

/// By which guesses at a name are known: the name itself may be somebody's password, typed into the wrong
/// field. Userids count as they are written, addresses whatever their case, as they are looked up.
fn key(identifier: &str) -> String {
    let name = if identifier.contains('@') { identifier.to_lowercase() } else { identifier.to_owned() };
    Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    /// Begins a session of somebody who proved a password. None: it is another one by now, or the account
    /// was locked while it was checked.
    pub async fn log_in(
        &self,
        proved: Proved<'_>,
        token: &KeptToken,
        device: &Device,
        now: Micros,
    ) -> Result<Option<SessionId>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let values = [proved.user.into(), now.to_chrono().into(), proved.password_hash.into()];
            if run(&db, NOTE_LOGIN.text(self.kind), values).await? == 0 {
                return Ok(None);
            }
            forget_guesses(&db, proved.identifier).await?;
            let session = insert_session(&db, proved.user, device, token.expires_at, now).await?;
            insert_token(&db, session, token, now, None).await?;
            db.commit().await?;
            Ok(Some(session))
        })
        .await
    }

    /// Counts a wrong password against the name that was typed, and against the account that bears it; the
    /// last allowed one locks. Gives what may be told: as much of a name that nobody bears, and nothing of
    /// what was guessed by another name of the same account.
    pub async fn count_guess(&self, identifier: &str, bearer: Option<UserId>, now: Micros) -> Result<i32, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let counted = match bearer {
                Some(user) => self.count_wrong(&db, user, now).await?,
                None => WRONG_PASSWORDS_ALLOWED,
            };
            let told = row(&db, COUNT_GUESS, [key(identifier).into(), now.0.into(), counted.into()]).await?;
            let told = told.map(|row| row.try_get("", "wrong")).transpose()?.unwrap_or(counted);
            db.commit().await?;
            Ok(told)
        })
        .await
    }

    /// Counts a wrong password of somebody who is known by other means. Gives how many have been counted.
    pub async fn count_wrong_password(&self, user: UserId, now: Micros) -> Result<i32, Fault> {
        self.count_wrong(self.single()?, user, now).await
    }

    async fn count_wrong(&self, db: &impl sea_orm::ConnectionTrait, user: UserId, now: Micros) -> Result<i32, Fault> {
        let values = [user.into(), now.to_chrono().into(), WRONG_PASSWORDS_ALLOWED.into()];
        let counted = row(db, COUNT_WRONG_PASSWORD.text(self.kind), values).await?;
        Ok(counted.map(|row| row.try_get("", "failed_login_attempts")).transpose()?.unwrap_or(WRONG_PASSWORDS_ALLOWED))
    }

    /// The hash of some account near a name, so that comparing with it takes as long as with those that are
    /// stored here, whoever made them.
    pub async fn password_hash_near(&self, identifier: &str) -> Result<Option<String>, Fault> {
        let hashes = || Entity::find().select_only().column(Column::Password).filter(Column::Password.ne("!"));
        let behind = hashes().filter(Column::Userid.gte(identifier)).order_by_asc(Column::Userid).limit(1);
        if let Some(found) = behind.into_tuple().one(&self.pool).await? {
            return Ok(Some(found));
        }
        Ok(hashes().order_by_asc(Column::Userid).limit(1).into_tuple().one(&self.pool).await?)
    }

    /// At any name of an account.
    pub(super) async fn forget_guesses_of(
        &self,
        db: &impl sea_orm::ConnectionTrait,
        user: UserId,
    ) -> Result<(), Fault> {
        if let Some(known) = Entity::find_by_id(user).one(db).await? {
            for name in [&known.userid, &known.email] {
                forget_guesses(db, name).await?;
            }
        }
        Ok(())
    }

    /// Of many names the oldest: there is no end of names to guess at.
    pub async fn forget_oldest_guesses(&self) -> Result<u64, Fault> {
        run(self.single()?, FORGET_OLDEST, [REMEMBERED.into()]).await
    }
}

pub(super) async fn forget_guesses(db: &impl sea_orm::ConnectionTrait, identifier: &str) -> Result<(), Fault> {
    run(db, "DELETE FROM chat_guesses WHERE name = $1", [key(identifier).into()]).await.map(drop)
}
