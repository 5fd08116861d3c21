//! Who did what to whom, and why. Written in the transaction of the deed, and never changed.

use sea_orm::{ConnectionTrait, QueryResult};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::sql::{Sql, json, rows, run};
use super::{Fault, Store};
use crate::model::{MessageId, Micros, RoomNumber, UserId};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditRow {
    pub id: Uuid,
    pub at: Micros,
    /// None: the command line.
    pub actor: Option<UserId>,
    pub action: &'static str,
    pub room: Option<RoomNumber>,
    pub target: Option<UserId>,
    pub message_id: Option<MessageId>,
    pub reason: Option<String>,
    /// What was before, as JSON.
    pub detail: Value,
}

impl AuditRow {
    pub fn new(action: &'static str, actor: Option<UserId>, at: Micros) -> AuditRow {
        AuditRow {
            id: Uuid::now_v7(),
            at,
            actor,
            action,
            room: None,
            target: None,
            message_id: None,
            reason: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }
}

const INSERT: Sql = Sql {
    postgres: "INSERT INTO chat_audit (id, at, actor, action, room, target, message_id, reason, detail) \
        SELECT id, at, actor, action, room, target, message_id, reason, CAST(detail AS text) FROM json_to_recordset(CAST($1 AS json)) \
        AS fresh (id uuid, at bigint, actor uuid, action text, room bigint, target uuid, message_id uuid, reason text, detail json)",
    sqlite: "INSERT INTO chat_audit (id, at, actor, action, room, target, message_id, reason, detail) \
        SELECT unhex(value ->> 'id', '-'), value ->> 'at', unhex(value ->> 'actor', '-'), value ->> 'action', value ->> 'room', \
        unhex(value ->> 'target', '-'), unhex(value ->> 'message_id', '-'), value ->> 'reason', value -> 'detail' FROM json_each($1)",
};

const COLUMNS: &str = "SELECT a.id, a.at, a.actor, a.action, r.id AS room_id, a.target, a.message_id, a.reason, a.detail \
    FROM chat_audit a LEFT JOIN chat_rooms r ON r.number = a.room";

/// Which entries of the audit somebody asks for; newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub room: Option<RoomNumber>,
    pub target: Option<UserId>,
    pub actor: Option<UserId>,
    pub action: Option<String>,
    /// Older than this entry.
    pub before: Option<Uuid>,
}

/// An entry as it is read.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub id: Uuid,
    pub at: Micros,
    pub actor: Option<UserId>,
    pub action: String,
    pub room_id: Option<Uuid>,
    pub target: Option<UserId>,
    pub message_id: Option<MessageId>,
    pub reason: Option<String>,
    pub detail: Value,
}

impl Store {
    pub(super) async fn write_audit(&self, db: &impl ConnectionTrait, entries: &[AuditRow]) -> Result<(), Fault> {
        if !entries.is_empty() {
            run(db, INSERT.text(self.kind), [json(entries)]).await?;
        }
        Ok(())
    }

    /// For deeds that are no command of the writer.
    pub async fn note_audit(&self, entries: &[AuditRow]) -> Result<(), Fault> {
        self.write_audit(self.single()?, entries).await
    }

    pub async fn audit(&self, filter: &AuditFilter, limit: u64) -> Result<Vec<AuditEntry>, Fault> {
        let mut question = COLUMNS.to_owned();
        let mut values: Vec<sea_orm::Value> = vec![i64::try_from(limit).unwrap_or(i64::MAX).into()];
        let mut only = |condition: &str, value: Option<sea_orm::Value>| {
            if let Some(value) = value {
                values.push(value);
                let and = if values.len() == 2 { "WHERE" } else { "AND" };
                question += &format!(" {and} {condition} ${}", values.len());
            }
        };
        only("a.room =", filter.room.map(|room| room.0.into()));
        only("a.target =", filter.target.map(Into::into));
        only("a.actor =", filter.actor.map(Into::into));
        only("a.action =", filter.action.clone().map(Into::into));
        only("a.id <", filter.before.map(Into::into));
        question += " ORDER BY a.id DESC LIMIT $1";
        rows(&self.pool, &question, values).await?.iter().map(entry).collect()
    }
}

fn entry(row: &QueryResult) -> Result<AuditEntry, Fault> {
    Ok(AuditEntry {
        id: row.try_get("", "id")?,
        at: Micros(row.try_get("", "at")?),
        actor: row.try_get("", "actor")?,
        action: row.try_get("", "action")?,
        room_id: row.try_get("", "room_id")?,
        target: row.try_get("", "target")?,
        message_id: row.try_get("", "message_id")?,
        reason: row.try_get("", "reason")?,
        detail: serde_json::from_str(&row.try_get::<String>("", "detail")?).unwrap_or_default(),
    })
}
