//! Everything of one person, table by table, for their export.

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Fault, Store};
use crate::model::{Micros, UserId};

/// A part of an export: its name, and how its rows are read. `$1` is the person; columns are called
/// what the export calls them. Ids end in `id`, `Id` or `by`, times in `At` or `Until`.
pub const PARTS: &[(&str, &str)] = &[
    (
        "rooms",
        r#"SELECT r.id AS "roomId", r.slug, r.name, r.kind, m.state, m.role, m.joined_at AS "joinedAt", m.last_read_seq AS "lastReadSeq",
           m.muted_until AS "mutedUntil" FROM chat_members m JOIN chat_rooms r ON r.number = m.room AND r.deleted_at IS NULL
           WHERE m.user_id = $1 ORDER BY m.room"#,
    ),
    (
        "files",
        r#"SELECT id, name, media_type AS "mediaType", bytes, purpose, created_at AS "createdAt" FROM chat_files
           WHERE user_id = $1 AND gone_at IS NULL ORDER BY id"#,
    ),
    (
        "characters",
        r#"SELECT number AS "id", name, created_at AS "createdAt", deleted_at AS "deletedAt" FROM chat_characters WHERE user_id = $1 ORDER BY number"#,
    ),
    (
        "blocks",
        r#"SELECT blocked AS "userId", created_at AS "blockedAt" FROM chat_blocks WHERE user_id = $1 ORDER BY created_at"#,
    ),
    (
        "sessions",
        r#"SELECT id, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt", user_agent AS "userAgent", address
           FROM chat_sessions WHERE user_id = $1 ORDER BY id"#,
    ),
    (
        "reports",
        r#"SELECT r.message_id AS "messageId", v.reason, v.note, r.status, v.created_at AS "reportedAt" FROM chat_reporters v
           JOIN chat_reports r ON r.id = v.report WHERE v.user_id = $1 ORDER BY v.created_at"#,
    ),
    (
        "audit",
        r#"SELECT a.id, a.at AS "doneAt", a.action, r.id AS "roomId", a.message_id AS "messageId", a.reason FROM chat_audit a
           LEFT JOIN chat_rooms r ON r.number = a.room WHERE a.target = $1 ORDER BY a.id"#,
    ),
];

impl Store {
    /// One part of a person's export, as JSON objects.
    pub async fn exported(&self, person: UserId, question: &str) -> Result<Vec<Value>, Fault> {
        let statement = Statement::from_sql_and_values(self.pool.get_database_backend(), question, [person.into()]);
        self.pool.query_all_raw(statement).await?.iter().map(|row| self.shown(row)).collect()
    }

    fn shown(&self, row: &sea_orm::QueryResult) -> Result<Value, Fault> {
        let mut shape = Map::new();
        for column in row.column_names() {
            let is_time = column.ends_with("At") || column.ends_with("Until");
            let value = if is_time {
                row.try_get::<Option<i64>>("", &column)?.map_or(Value::Null, |at| Micros(at).to_iso_millis().into())
            } else if let Ok(number) = row.try_get::<Option<i64>>("", &column) {
                json!(number)
            } else if let (true, Ok(id)) = (names_an_id(&column), row.try_get::<Option<Uuid>>("", &column)) {
                json!(id)
            } else {
                json!(row.try_get::<Option<String>>("", &column)?)
            };
            shape.insert(column, value);
        }
        Ok(Value::Object(shape))
    }

    /// What stands in `"Users"` of somebody, without the password.
    pub async fn account_for_export(&self, person: UserId) -> Result<Option<Value>, Fault> {
        use super::entities::user::Entity;
        use sea_orm::EntityTrait;
        let Some(row) = Entity::find_by_id(person).one(&self.pool).await? else { return Ok(None) };
        let time = |time: chrono::DateTime<chrono::Utc>| Micros::from_chrono(time).to_iso_millis();
        Ok(Some(json!({
            "id": row.id,
            "userid": row.userid,
            "name": row.name,
            "email": row.email,
            "dob": row.dob.to_string(),
            "gender": match row.gender {
                super::entities::user::Gender::Male => "male",
                super::entities::user::Gender::Female => "female",
                super::entities::user::Gender::RatherNotSay => "rather_not_say",
            },
            "lastSeen": row.last_seen.map(time),
            "communityRating": row.community_rating,
            "createdAt": time(row.created_at),
            "updatedAt": time(row.updated_at),
        })))
    }

    /// A page of what somebody wrote, room by room.
    pub async fn messages_of(
        &self,
        person: UserId,
        after: (i64, i64),
        limit: i64,
    ) -> Result<Vec<crate::model::Message>, Fault> {
        let condition =
            "WHERE l.user_id = $1 AND (l.room, l.seq) > ($2, $3) AND NOT l.deleted ORDER BY l.room, l.seq LIMIT $4";
        let values = [person.into(), after.0.into(), after.1.into(), limit.into()];
        super::messages::read(&self.pool, condition, values).await
    }
}

fn names_an_id(column: &str) -> bool {
    column == "id" || column.ends_with("Id")
}
