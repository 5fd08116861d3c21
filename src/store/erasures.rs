//! Forgetting a person: at once all that says who they are, then message by message what they wrote.

use sea_orm::{ConnectionTrait, QueryResult, TransactionTrait};

use super::audit::AuditRow;
use super::sql::{Sql, row, rows, run};
use super::{Fault, Store};
use crate::config::DatabaseKind;
use crate::model::erasure::{ERASED, ERASED_NAME, ERASED_USERID, Remains};
use crate::model::{MessageId, Micros, RoomNumber, UserId};

/// An erasure that is under way: everything up to this message is done.
#[derive(Debug, Clone, Copy)]
pub struct Erasure {
    pub user: UserId,
    pub remains: Remains,
    pub room: RoomNumber,
    pub seq: i64,
}

/// Everything about a person that is no message; `$1` is the person.
const FORGET: &[&str] = &[
    "UPDATE chat_rooms SET members = members - 1, version = version + 1 WHERE kind <> 'main' \
     AND number IN (SELECT room FROM chat_members WHERE user_id = $1 AND state = 'member')",
    "DELETE FROM chat_members WHERE user_id = $1",
    "UPDATE chat_members SET set_by = NULL WHERE set_by = $1",
    "DELETE FROM chat_profiles WHERE user_id = $1",
    "UPDATE chat_profiles SET locked_by = NULL WHERE locked_by = $1",
    "DELETE FROM chat_blocks WHERE user_id = $1 OR blocked = $1",
    "DELETE FROM chat_idempotency WHERE user_id = $1",
    "UPDATE chat_reports SET voices = voices - 1 WHERE id IN (SELECT report FROM chat_reporters WHERE user_id = $1)",
    "DELETE FROM chat_reporters WHERE user_id = $1",
    "UPDATE chat_reports SET text = '', author = $2 WHERE author = $1",
    "UPDATE chat_reports SET closed_by = NULL WHERE closed_by = $1",
    "UPDATE chat_audit SET target = NULL, reason = NULL, detail = '{}' WHERE target = $1",
    "UPDATE chat_audit SET actor = $2 WHERE actor = $1",
    "UPDATE chat_rooms SET created_by = NULL WHERE created_by = $1",
    "DELETE FROM chat_session_tokens WHERE session IN (SELECT id FROM chat_sessions WHERE user_id = $1)",
    "DELETE FROM chat_sessions WHERE user_id = $1",
];

const OVERWRITE: Sql = Sql {
    postgres: r#"UPDATE "Users" SET userid = 'erased-' || CAST(id AS text), name = $2, email = 'erased-' || CAST(id AS text) || '@invalid',
        password = '!', dob = DATE '1970-01-01', gender = 'rather_not_say', role = 'user', status = 'locked', failed_login_attempts = 0,
        last_seen = NULL, community_rating = 0, "updatedAt" = $3 WHERE id = $1"#,
    sqlite: r#"UPDATE "Users" SET userid = 'erased-' || lower(hex(id)), name = $2, email = 'erased-' || lower(hex(id)) || '@invalid',
        password = '!', dob = '1970-01-01', gender = 'rather_not_say', role = 'user', status = 'locked', failed_login_attempts = 0,
        last_seen = NULL, community_rating = 0, "updatedAt" = $3 WHERE id = $1"#,
};

const MAKE_ERASED: &str = r#"INSERT INTO "Users" (id, userid, name, dob, gender, email, password, role, status, failed_login_attempts, community_rating, "createdAt", "updatedAt")
    VALUES ($1, $2, $3, '1970-01-01', 'rather_not_say', 'erased@invalid', '!', 'user', 'locked', 0, 0, $4, $4) ON CONFLICT (id) DO NOTHING"#;

impl Store {
    /// Takes away at once all that says who somebody is, and notes that their messages are to go.
    /// False when there is no such account.
    pub async fn begin_erasure(
        &self,
        user: UserId,
        remains: Remains,
        audit: &[AuditRow],
        now: Micros,
    ) -> Result<bool, Fault> {
        let db = self.single().begin().await?;
        self.mark_as_own(&db).await?;
        let time = now.to_chrono();
        run(&db, MAKE_ERASED, [ERASED.into(), ERASED_USERID.into(), ERASED_NAME.into(), time.into()]).await?;
        let overwritten = run(&db, OVERWRITE.text(self.kind), [user.into(), ERASED_NAME.into(), time.into()]).await?;
        if overwritten == 0 {
            return Ok(false);
        }
        for statement in FORGET {
            let values = if statement.contains("$2") { vec![user.into(), ERASED.into()] } else { vec![user.into()] };
            run(&db, statement, values).await?;
        }
        self.note_names(&db, &[user, ERASED]).await?;
        super::files::mark_gone(&db, super::FilesOf::Owner(user), now).await?;
        self.write_audit(&db, audit).await?;
        let mode = match remains {
            Remains::Anonymise => "anonymise",
            Remains::Remove => "remove",
        };
        let noted =
            "INSERT INTO chat_erasures (user_id, mode, asked_at) VALUES ($1, $2, $3) ON CONFLICT (user_id) DO NOTHING";
        run(&db, noted, [user.into(), mode.into(), now.0.into()]).await?;
        db.commit().await?;
        Ok(true)
    }

    /// Our own transactions are passed over by the triggers on Node's tables.
    pub(super) async fn mark_as_own(&self, db: &impl ConnectionTrait) -> Result<(), Fault> {
        if self.kind == DatabaseKind::Postgres {
            row(db, "SELECT set_config('community_chat.own_writer', 'on', true)", []).await?;
        }
        Ok(())
    }

    /// For a server that runs: it looks for notes each second.
    pub async fn note_changed_user(&self, user: UserId) -> Result<(), Fault> {
        let db = self.single().begin().await?;
        run(&db, "INSERT INTO chat_foreign (source, row_id) VALUES ('Users', $1)", [user.into()]).await?;
        self.notify(&db).await?;
        db.commit().await?;
        Ok(())
    }

    pub async fn next_erasure(&self) -> Result<Option<Erasure>, Fault> {
        let question =
            "SELECT user_id, mode, room, seq FROM chat_erasures WHERE done_at IS NULL ORDER BY asked_at LIMIT 1";
        let erasure = |row: QueryResult| -> Result<Erasure, Fault> {
            let remains = match row.try_get::<String>("", "mode")?.as_str() {
                "remove" => Remains::Remove,
                _ => Remains::Anonymise,
            };
            let (room, seq) = (RoomNumber(row.try_get("", "room")?), row.try_get("", "seq")?);
            Ok(Erasure { user: row.try_get("", "user_id")?, remains, room, seq })
        };
        row(&self.pool, question, []).await?.map(erasure).transpose()
    }

    /// The next messages of somebody, room by room.
    pub async fn messages_to_erase(
        &self,
        erasure: &Erasure,
        limit: i64,
    ) -> Result<Vec<(RoomNumber, i64, MessageId)>, Fault> {
        let question = "SELECT room, seq, message_id FROM chat_log WHERE user_id = $1 AND (room, seq) > ($2, $3) \
                        ORDER BY room, seq LIMIT $4";
        let values = [erasure.user.into(), erasure.room.0.into(), erasure.seq.into(), limit.into()];
        let place = |row: &QueryResult| {
            Ok((RoomNumber(row.try_get("", "room")?), row.try_get("", "seq")?, row.try_get("", "message_id")?))
        };
        rows(&self.pool, question, values).await?.iter().map(place).collect()
    }

    pub async fn note_erased(&self, user: UserId, room: RoomNumber, seq: i64) -> Result<(), Fault> {
        let noted = "UPDATE chat_erasures SET room = $2, seq = $3 WHERE user_id = $1";
        run(self.single(), noted, [user.into(), room.0.into(), seq.into()]).await.map(|_| ())
    }

    /// Nothing points to the person any more. On a database of our own the account goes too; in Node's
    /// others may point to it.
    pub async fn end_erasure(&self, user: UserId, now: Micros) -> Result<(), Fault> {
        let db = self.single().begin().await?;
        self.mark_as_own(&db).await?;
        // What was still coming in at the beginning.
        super::files::mark_gone(&db, super::FilesOf::Owner(user), now).await?;
        run(&db, "DELETE FROM chat_members WHERE user_id = $1", [user.into()]).await?;
        run(&db, "DELETE FROM chat_authors WHERE user_id = $1", [user.into()]).await?;
        run(&db, "DELETE FROM chat_characters WHERE user_id = $1", [user.into()]).await?;
        if !self.made_by_node {
            run(&db, r#"DELETE FROM "Users" WHERE id = $1"#, [user.into()]).await?;
            self.note_names(&db, &[user]).await?;
        }
        run(&db, "UPDATE chat_erasures SET done_at = $2 WHERE user_id = $1", [user.into(), now.0.into()]).await?;
        db.commit().await?;
        Ok(())
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
