use sea_orm_migration::prelude::*;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A row is there before its bytes are. Until its message or avatar is stored it has the time at which
/// it is given up in `gone_at`, so that whatever a crash leaves over is found here, and nobody has to
/// look through the storage for what does not belong there.
const UP: &str = r#"
CREATE TABLE chat_files (
    id {uuid} NOT NULL PRIMARY KEY,
    room bigint,
    message_id {uuid},
    user_id {uuid} NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('message', 'avatar')),
    name text NOT NULL DEFAULT '',
    media_type text NOT NULL DEFAULT '',
    bytes bigint NOT NULL DEFAULT 0,
    width bigint,
    height bigint,
    storage_key text NOT NULL,
    thumbnail_key text,
    created_at bigint NOT NULL,
    gone_at bigint
);
CREATE INDEX chat_files_user ON chat_files (user_id, id);
CREATE INDEX chat_files_message ON chat_files (message_id);
CREATE INDEX chat_files_room ON chat_files (room);
CREATE INDEX chat_files_gone ON chat_files (gone_at) WHERE gone_at IS NOT NULL
"#;

const DOWN: &str = "DROP TABLE chat_files";

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
