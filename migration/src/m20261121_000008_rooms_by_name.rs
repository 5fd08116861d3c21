use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Statement;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The names of rooms as they are searched, since SQLite knows no letters beyond A to Z; which deleted
/// rooms are empty; and indexes for owners and heirs, and for what is to be erased.
const UP: &str = r#"
ALTER TABLE chat_rooms ADD COLUMN name_lower {bytewise} NOT NULL DEFAULT '';
ALTER TABLE chat_rooms ADD COLUMN emptied_at bigint;
CREATE INDEX chat_rooms_named ON chat_rooms (name_lower, number) WHERE kind IN ('main', 'public') AND archived_at IS NULL AND deleted_at IS NULL;
CREATE INDEX chat_rooms_full ON chat_rooms (number) WHERE deleted_at IS NOT NULL AND emptied_at IS NULL;
CREATE INDEX chat_members_role ON chat_members (room, role, joined_at, user_id);
CREATE INDEX chat_erasures_open ON chat_erasures (asked_at) WHERE done_at IS NULL
"#;

const DOWN: &str = r#"
DROP INDEX chat_erasures_open;
DROP INDEX chat_members_role;
DROP INDEX chat_rooms_full;
DROP INDEX chat_rooms_named;
ALTER TABLE chat_rooms DROP COLUMN emptied_at;
ALTER TABLE chat_rooms DROP COLUMN name_lower
"#;

/// Longer is cut: it is a key in an index.
const MOST_LOWER: usize = 255;

async fn fill_names(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (db, backend) = (manager.get_connection(), manager.get_database_backend());
    let named = Statement::from_string(backend, "SELECT number, name FROM chat_rooms WHERE name <> ''");
    for row in db.query_all_raw(named).await? {
        let (number, name): (i64, String) = (row.try_get("", "number")?, row.try_get("", "name")?);
        let lower: String = name.to_lowercase().chars().take(MOST_LOWER).collect();
        let fill = "UPDATE chat_rooms SET name_lower = $1 WHERE number = $2";
        db.execute_raw(Statement::from_sql_and_values(backend, fill, [lower.into(), number.into()])).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await?;
        fill_names(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
