use sea_orm_migration::prelude::*;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The names of accounts as they are searched and compared: Node's table is not ours to alter, and a
/// database does not know which letters look alike.
const UP: &str = r#"
CREATE TABLE chat_names (
    user_id {uuid} PRIMARY KEY,
    userid text NOT NULL,
    name text NOT NULL,
    userid_lower {bytewise} NOT NULL,
    name_lower {bytewise} NOT NULL,
    userid_folded {bytewise} NOT NULL,
    name_folded {bytewise} NOT NULL
);
CREATE INDEX chat_names_userid ON chat_names (userid_lower, user_id);
CREATE INDEX chat_names_name ON chat_names (name_lower);
CREATE INDEX chat_names_userid_folded ON chat_names (userid_folded);
CREATE INDEX chat_names_name_folded ON chat_names (name_folded);
CREATE INDEX chat_guests_folded ON chat_guests (folded)
"#;

const DOWN: &str = r#"
DROP INDEX chat_guests_folded;
DROP TABLE chat_names
"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
