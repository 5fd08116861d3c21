//! Everything of one person, table by table, for their export.

use sea_orm::{EntityTrait, QueryResult, Value};
use serde_json::{Map, Value as JsonValue, json};
use uuid::Uuid;

use super::entities::user::{Entity, Gender, Role, Status};
use super::sql::rows;
use super::{Fault, Store};
use crate::model::{Micros, UserId};

/// A part of an export, read page by page.
pub struct Part {
    pub name: &'static str,
    key: Key,
    /// `$1` is the person, `$2` the key behind which the page begins, `$3` how many rows it has, `$4` the
    /// time. Columns are called what the export calls them, and the first one is the key. Ids are called `id`
    /// or end in `Id`, times end in `At` or `Until`.
    question: &'static str,
}

/// What the rows of a part are sorted by.
#[derive(Clone, Copy)]
enum Key {
    Id,
    Number,
}

/// The last row that was read.
#[derive(Clone)]
pub struct Place(Value);

pub const PARTS: &[Part] = &[
    Part {
        name: "rooms",
        key: Key::Number,
        // What a room is called now is told those who may see it.
        question: r#"SELECT m.room AS key, r.id AS "roomId", seen.slug, seen.name, r.kind, m.state, m.role, m.joined_at AS "joinedAt",
           m.last_read_seq AS "lastReadSeq", m.muted_until AS "mutedUntil"
           FROM chat_members m JOIN chat_rooms r ON r.number = m.room AND r.deleted_at IS NULL
           LEFT JOIN chat_rooms seen ON seen.number = m.room
             AND (m.state = 'member' OR (m.state = 'invited' AND (m.expires_at IS NULL OR m.expires_at > $4)))
           WHERE m.user_id = $1 AND m.room > $2 ORDER BY m.room LIMIT $3"#,
    },
    Part {
        name: "files",
        key: Key::Id,
        question: r#"SELECT id AS key, id, name, media_type AS "mediaType", bytes, purpose, created_at AS "createdAt" FROM chat_files
           WHERE user_id = $1 AND id > $2 AND gone_at IS NULL ORDER BY id LIMIT $3"#,
    },
    Part {
        name: "characters",
        key: Key::Number,
        question: r#"SELECT number AS key, number AS "id", name, created_at AS "createdAt", deleted_at AS "deletedAt" FROM chat_characters
           WHERE user_id = $1 AND number > $2 ORDER BY number LIMIT $3"#,
    },
    Part {
        name: "blocks",
        key: Key::Id,
        question: r#"SELECT blocked AS key, blocked AS "userId", created_at AS "blockedAt" FROM chat_blocks
           WHERE user_id = $1 AND blocked > $2 ORDER BY blocked LIMIT $3"#,
    },
    Part {
        name: "sessions",
        key: Key::Id,
        question: r#"SELECT id AS key, id, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt", user_agent AS "userAgent", address
           FROM chat_sessions WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3"#,
    },
    Part {
        name: "reports",
        key: Key::Id,
        question: r#"SELECT v.report AS key, r.message_id AS "messageId", v.reason, v.note, r.status, v.created_at AS "reportedAt" FROM chat_reporters v
           JOIN chat_reports r ON r.id = v.report WHERE v.user_id = $1 AND v.report > $2 ORDER BY v.report LIMIT $3"#,
    },
    Part {
        name: "audit",
        key: Key::Id,
        question: r#"SELECT a.id AS key, a.id, a.at AS "doneAt", a.action, r.id AS "roomId", a.message_id AS "messageId", a.reason FROM chat_audit a
           LEFT JOIN chat_rooms r ON r.number = a.room WHERE a.target = $1 AND a.id > $2 ORDER BY a.id LIMIT $3"#,
    },
];

impl Key {
    fn first(self) -> Value {
        match self {
            Key::Id => Uuid::nil().into(),
            Key::Number => 0_i64.into(),
        }
    }

    fn of(self, row: &QueryResult) -> Result<Value, Fault> {
        Ok(match self {
            Key::Id => row.try_get::<Uuid>("", "key")?.into(),
            Key::Number => row.try_get::<i64>("", "key")?.into(),
        })
    }
}

impl Store {
    /// The next rows of a part of a person's export, as JSON objects, and the last of them.
    pub async fn exported(
        &self,
        person: UserId,
        part: &Part,
        after: Option<Place>,
        limit: i64,
        now: Micros,
    ) -> Result<(Vec<JsonValue>, Option<Place>), Fault> {
        let after = after.map_or_else(|| part.key.first(), |Place(key)| key);
        let mut values = vec![person.into(), after, limit.into()];
        if part.question.contains("$4") {
            values.push(now.0.into());
        }
        let found = rows(&self.pool, part.question, values).await?;
        let last = found.last().map(|row| part.key.of(row)).transpose()?.map(Place);
        Ok((found.iter().map(shown).collect::<Result<_, _>>()?, last))
    }

    /// What stands in `"Users"` of somebody, without the password.
    pub async fn account_for_export(&self, person: UserId) -> Result<Option<JsonValue>, Fault> {
        let Some(row) = Entity::find_by_id(person).one(&self.pool).await? else { return Ok(None) };
        let time = |time: chrono::DateTime<chrono::Utc>| Micros::from_chrono(time).to_iso_millis();
        Ok(Some(json!({
            "id": row.id,
            "userid": row.userid,
            "name": row.name,
            "email": row.email,
            "dob": row.dob.to_string(),
            "gender": match row.gender {
                Gender::Male => "male",
                Gender::Female => "female",
                Gender::RatherNotSay => "rather_not_say",
            },
            "role": match row.role {
                Some(Role::Admin) => "admin",
                Some(Role::Support) => "support",
                Some(Role::User) | None => "user",
            },
            "status": match row.status {
                Status::Active => "active",
                Status::Inactive => "inactive",
                Status::Locked => "locked",
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

fn shown(row: &QueryResult) -> Result<JsonValue, Fault> {
    let mut shape = Map::new();
    for column in row.column_names().into_iter().filter(|column| column != "key") {
        let is_time = column.ends_with("At") || column.ends_with("Until");
        let value = if is_time {
            row.try_get::<Option<i64>>("", &column)?.map_or(JsonValue::Null, |at| Micros(at).to_iso_millis().into())
        } else if let Ok(number) = row.try_get::<Option<i64>>("", &column) {
            json!(number)
        } else if let (true, Ok(id)) = (names_an_id(&column), row.try_get::<Option<Uuid>>("", &column)) {
            json!(id)
        } else {
            json!(row.try_get::<Option<String>>("", &column)?)
        };
        shape.insert(column, value);
    }
    Ok(JsonValue::Object(shape))
}

fn names_an_id(column: &str) -> bool {
    column == "id" || column.ends_with("Id")
}
