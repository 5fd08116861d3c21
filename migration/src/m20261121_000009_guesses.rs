use sea_orm_migration::prelude::*;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Wrong passwords by the name that was typed, whether or not somebody bears it. Of the name its SHA-256.
const UP: &str = r#"
CREATE TABLE chat_guesses (
    name text NOT NULL PRIMARY KEY,
    wrong integer NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX chat_guesses_age ON chat_guesses (at)
"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "DROP TABLE chat_guesses").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
