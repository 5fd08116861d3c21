//! Forgetting a person: at once all that says who they are, then message by message what they wrote, and
//! at the end once more all that came in between.

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};
use uuid::Uuid;

use super::audit::AuditRow;
use super::governing::{GovernRefusal, Governed, Governor};
use super::sql::{Sql, json, row, rows, run};
use super::{Fault, Store};
use crate::config::DatabaseKind;
use crate::model::erasure::{ERASED, ERASED_NAME, ERASED_USERID, Remains};
use crate::model::{MessageId, Micros, RoomNumber, UserId, UserRole};

/// An erasure that is under way.
#[derive(Debug, Clone, Copy)]
pub struct Erasure {
    pub user: UserId,
    pub remains: Remains,
    pub asked_at: Micros,
}

/// A message whose author is to be forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Doomed {
    pub id: MessageId,
    pub room: RoomNumber,
    /// The room was deleted: nobody is to be told.
    pub is_unseen: bool,
}

/// Everything about a person that is neither a message nor a membership; `$1` is the person.
const FORGET: &[&str] = &[
    "UPDATE chat_members SET set_by = NULL, reason = NULL WHERE set_by = $1",
    "DELETE FROM chat_profiles WHERE user_id = $1",
    "UPDATE chat_profiles SET locked_by = NULL WHERE locked_by = $1",
    "DELETE FROM chat_blocks WHERE user_id = $1 OR blocked = $1",
    "DELETE FROM chat_idempotency WHERE user_id = $1",
    "UPDATE chat_reports SET voices = voices - 1 WHERE id IN (SELECT report FROM chat_reporters WHERE user_id = $1)",
    "DELETE FROM chat_reporters WHERE user_id = $1",
    "UPDATE chat_reporters SET note = '' WHERE report IN (SELECT id FROM chat_reports WHERE author = $1)",
    "UPDATE chat_reports SET text = '', note = NULL WHERE author = $1",
    "UPDATE chat_reports SET closed_by = NULL WHERE closed_by = $1",
    "UPDATE chat_audit SET target = NULL, reason = NULL, detail = '{}' WHERE target = $1",
    "UPDATE chat_audit SET actor = $2, reason = NULL, detail = '{}' WHERE actor = $1",
    "UPDATE chat_rooms SET created_by = NULL WHERE created_by = $1",
    "DELETE FROM chat_session_tokens WHERE session IN (SELECT id FROM chat_sessions WHERE user_id = $1)",
    "DELETE FROM chat_sessions WHERE user_id = $1",
    "DELETE FROM chat_session_resets WHERE user_id = $1",
];

/// What must stand until their rooms have other owners and their messages another author.
const FORGET_AT_LAST: &[&str] = &[
    "UPDATE chat_rooms SET members = members - 1, version = version + 1 WHERE kind <> 'main' AND deleted_at IS NULL \
     AND number IN (SELECT room FROM chat_members WHERE user_id = $1 AND state = 'member')",
    "DELETE FROM chat_members WHERE user_id = $1",
    "UPDATE chat_reports SET author = $2 WHERE author = $1",
    "DELETE FROM chat_authors WHERE user_id = $1",
    "DELETE FROM chat_characters WHERE user_id = $1",
    // They are gone, and their bytes follow.
    "UPDATE chat_files SET user_id = $2 WHERE user_id = $1",
];

const LEAVE_ALONE: &str = "UPDATE chat_rooms SET pair = NULL WHERE kind = 'direct' \
    AND number IN (SELECT room FROM chat_members WHERE user_id = $1) RETURNING number";

/// By a name that nobody can have taken before.
const OVERWRITE: Sql = Sql {
    postgres: r#"UPDATE "Users" SET userid = $4, name = $2, email = $5,
        password = '!', dob = DATE '1970-01-01', gender = 'rather_not_say', role = 'user', status = 'locked', failed_login_attempts = 0,
        last_seen = NULL, community_rating = 0, "updatedAt" = $3 WHERE id = $1"#,
    sqlite: r#"UPDATE "Users" SET userid = $4, name = $2, email = $5,
        password = '!', dob = '1970-01-01', gender = 'rather_not_say', role = 'user', status = 'locked', failed_login_attempts = 0,
        last_seen = NULL, community_rating = 0, "updatedAt" = $3 WHERE id = $1"#,
};

/// No conflict matters: there it is, or somebody else bears the name, and it gets another.
const MAKE_ERASED: &str = r#"INSERT INTO "Users" (id, userid, name, dob, gender, email, password, role, status, failed_login_attempts, community_rating, "createdAt", "updatedAt")
    VALUES ($1, $4, $2, '1970-01-01', 'rather_not_say', $5, '!', 'user', 'locked', 0, 0, $3, $3) ON CONFLICT DO NOTHING"#;

const UNSEEN: Sql = Sql {
    postgres: "UPDATE chat_log SET user_id = $2, client_offset = NULL, persona = NULL, file = NULL, body = NULL, deleted = true WHERE user_id = $1 \
        AND message_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($3 AS json)))",
    sqlite: "UPDATE chat_log SET user_id = $2, client_offset = NULL, persona = NULL, file = NULL, body = NULL, deleted = true WHERE user_id = $1 \
        AND message_id IN (SELECT unhex(value, '-') FROM json_each($3))",
};

impl Store {
    /// Takes away at once all that says who somebody is, and notes that the rest is to go. False: that was
    /// begun before. Of two wishes for what remains, the stricter counts.
    pub async fn begin_erasure(&self, user: UserId, remains: Remains, governor: Governor) -> Governed<bool> {
        self.as_one(|| async move {
            let db = self.begin_to_govern().await?;
            if self.is_erased(&db, user).await? {
                if remains == Remains::Remove {
                    run(&db, "UPDATE chat_erasures SET mode = 'remove' WHERE user_id = $1", [user.into()]).await?;
                    db.commit().await?;
                }
                return Ok(Ok(false));
            }
            let Some(held) = self.hold(&db, user).await? else { return Ok(Err(GovernRefusal::UserNotFound)) };
            if held.role == UserRole::Admin && held.other_admins == 0 {
                return Ok(Err(GovernRefusal::LastAdmin));
            }
            let now = governor.now;
            self.forget_guesses_of(&db, user).await?;
            for name in [ERASED_USERID.to_owned(), nameless()] {
                run(&db, MAKE_ERASED, account(ERASED, name, now)).await?;
            }
            self.overwrite(&db, user, now).await?;
            forget(&db, FORGET, user).await?;
            self.note_names(&db, &[user, ERASED]).await?;
            super::files::mark_gone(&db, super::FilesOf::Owner(user), now).await?;
            self.write_audit(&db, &[AuditRow::new("user-erased", governor.by, now)]).await?;
            let mode = match remains {
                Remains::Anonymise => "anonymise",
                Remains::Remove => "remove",
            };
            let noted = "INSERT INTO chat_erasures (user_id, mode, asked_at) VALUES ($1, $2, $3)";
            run(&db, noted, [user.into(), mode.into(), now.0.into()]).await?;
            self.note_governed(&db, user, &[], governor.told).await?;
            db.commit().await?;
            Ok(Ok(true))
        })
        .await
    }

    /// Our own transactions are passed over by the triggers on Node's tables.
    pub(super) async fn mark_as_own(&self, db: &impl ConnectionTrait) -> Result<(), Fault> {
        if self.kind == DatabaseKind::Postgres {
            row(db, "SELECT set_config('community_chat.own_writer', 'on', true)", []).await?;
        }
        Ok(())
    }

    /// Whether somebody was erased, or is to be.
    pub(super) async fn is_erased(&self, db: &impl ConnectionTrait, user: UserId) -> Result<bool, Fault> {
        let asked = "SELECT 1 AS found FROM chat_erasures WHERE user_id = $1";
        Ok(row(db, asked, [user.into()]).await?.is_some())
    }

    async fn overwrite(&self, db: &DatabaseTransaction, user: UserId, now: Micros) -> Result<(), Fault> {
        run(db, OVERWRITE.text(self.kind), account(user, nameless(), now)).await.map(drop)
    }

    pub async fn next_erasure(&self) -> Result<Option<Erasure>, Fault> {
        let question =
            "SELECT user_id, mode, asked_at FROM chat_erasures WHERE done_at IS NULL ORDER BY asked_at LIMIT 1";
        let erasure = |row: QueryResult| -> Result<Erasure, Fault> {
            let remains = match row.try_get::<String>("", "mode")?.as_str() {
                "remove" => Remains::Remove,
                _ => Remains::Anonymise,
            };
            Ok(Erasure { user: row.try_get("", "user_id")?, remains, asked_at: Micros(row.try_get("", "asked_at")?) })
        };
        row(&self.pool, question, []).await?.map(erasure).transpose()
    }

    /// The next messages of somebody, room by room.
    pub async fn messages_to_erase(&self, user: UserId, limit: i64) -> Result<Vec<Doomed>, Fault> {
        let question = "SELECT l.message_id, l.room, r.deleted_at IS NOT NULL AS is_unseen FROM chat_log l \
                        JOIN chat_rooms r ON r.number = l.room WHERE l.user_id = $1 ORDER BY l.room, l.seq LIMIT $2";
        let doomed = |row: &QueryResult| {
            Ok(Doomed {
                id: row.try_get("", "message_id")?,
                room: RoomNumber(row.try_get("", "room")?),
                is_unseen: row.try_get("", "is_unseen")?,
            })
        };
        rows(&self.pool, question, [user.into(), limit.into()]).await?.iter().map(doomed).collect()
    }

    /// Of messages in rooms that were deleted.
    pub async fn erase_unseen(&self, user: UserId, messages: &[MessageId]) -> Result<(), Fault> {
        run(self.single()?, UNSEEN.text(self.kind), [user.into(), ERASED.into(), json(messages)]).await.map(drop)
    }

    /// Nothing points to the person any more. On a database of our own the account goes too; in Node's
    /// others may point to it. Gives the direct rooms that somebody else is left alone in; none while there
    /// are messages left.
    pub async fn end_erasure(&self, user: UserId, now: Micros) -> Result<Option<Vec<RoomNumber>>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            self.mark_as_own(&db).await?;
            self.overwrite(&db, user, now).await?;
            let left = "SELECT 1 AS found FROM chat_log WHERE user_id = $1 LIMIT 1";
            if row(&db, left, [user.into()]).await?.is_some() {
                return Ok(None);
            }
            super::files::mark_gone(&db, super::FilesOf::Owner(user), now).await?;
            forget(&db, FORGET, user).await?;
            let directs = rows(&db, LEAVE_ALONE, [user.into()]).await?;
            forget(&db, FORGET_AT_LAST, user).await?;
            if !self.made_by_node {
                run(&db, r#"DELETE FROM "Users" WHERE id = $1"#, [user.into()]).await?;
            }
            self.note_names(&db, &[user]).await?;
            run(&db, "UPDATE chat_erasures SET done_at = $2 WHERE user_id = $1", [user.into(), now.0.into()]).await?;
            db.commit().await?;
            Ok(Some(
                directs.iter().map(|row| Ok(RoomNumber(row.try_get("", "number")?))).collect::<Result<_, Fault>>()?,
            ))
        })
        .await
    }

    /// What another program, or somebody who took very long, wrote in the name of who was erased before.
    pub async fn reopen_erasures(&self) -> Result<u64, Fault> {
        let reopen = "UPDATE chat_erasures SET done_at = NULL WHERE done_at IS NOT NULL \
                      AND EXISTS (SELECT 1 FROM chat_log l WHERE l.user_id = chat_erasures.user_id)";
        run(self.single()?, reopen, []).await
    }

    /// Who takes over a room: the longest-serving moderator, else the oldest member. In the main room
    /// everybody is a member, and nobody inherits it by that.
    pub async fn heir_of(&self, room: RoomNumber, owner: UserId) -> Result<Option<UserId>, Fault> {
        let question = "SELECT user_id FROM chat_members WHERE room = $1 AND user_id <> $2 AND state = 'member' \
                        AND (room <> 1 OR role <> 'member') ORDER BY CASE role WHEN 'owner' THEN 0 WHEN 'moderator' THEN 1 ELSE 2 END, joined_at, user_id LIMIT 1";
        let found = row(&self.pool, question, [room.0.into(), owner.into()]).await?;
        Ok(found.map(|row| row.try_get("", "user_id")).transpose()?)
    }

    /// On SQLite what was overwritten still lies in free pages until now; elsewhere the database does
    /// this by itself.
    pub async fn vacuum(&self) -> Result<(), Fault> {
        if self.kind == DatabaseKind::Sqlite {
            self.writer.execute_unprepared("VACUUM").await?;
            self.writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }
}

/// The userid of somebody who has none any more. Nobody can know it before and stand in the way.
fn nameless() -> String {
    format!("{ERASED_USERID}-{}", Uuid::new_v4())
}

/// As [`OVERWRITE`] and [`MAKE_ERASED`] take it.
fn account(user: UserId, userid: String, now: Micros) -> [Value; 5] {
    let email = format!("{userid}@invalid");
    [user.into(), ERASED_NAME.into(), now.to_chrono().into(), userid.into(), email.into()]
}

async fn forget(db: &DatabaseTransaction, statements: &[&str], user: UserId) -> Result<(), Fault> {
    for statement in statements {
        let values = if statement.contains("$2") { vec![user.into(), ERASED.into()] } else { vec![user.into()] };
        run(db, statement, values).await?;
    }
    Ok(())
}
