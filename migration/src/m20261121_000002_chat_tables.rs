use sea_orm_migration::prelude::*;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Times of ours are microseconds since 1970: they order and compare alike on both databases.
/// No foreign keys to Node's tables, since Node may drop and make rows as it likes.
const UP: &str = r#"
CREATE TABLE chat_rooms (
    number {serial},
    id {uuid} NOT NULL UNIQUE,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    kind text NOT NULL CHECK (kind IN ('main', 'public', 'private', 'guild', 'direct')),
    created_by {uuid},
    created_at bigint NOT NULL,
    last_seq bigint NOT NULL DEFAULT 0,
    last_rev bigint NOT NULL DEFAULT 0,
    last_at bigint NOT NULL DEFAULT 0,
    visible bigint NOT NULL DEFAULT 0
);
CREATE TABLE chat_members (
    room bigint NOT NULL,
    user_id {uuid} NOT NULL,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'moderator', 'member')),
    joined_at bigint NOT NULL,
    last_read_seq bigint NOT NULL DEFAULT 0,
    muted_until bigint,
    banned boolean NOT NULL DEFAULT false,
    PRIMARY KEY (room, user_id)
);
CREATE INDEX chat_members_user ON chat_members (user_id);
CREATE TABLE chat_log (
    message_id {uuid} NOT NULL UNIQUE,
    room bigint NOT NULL,
    seq bigint NOT NULL,
    rev bigint NOT NULL,
    user_id {uuid} NOT NULL,
    kind text NOT NULL DEFAULT 'text',
    body text,
    client_offset text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    edited_at bigint,
    deleted boolean NOT NULL DEFAULT false,
    PRIMARY KEY (room, seq)
);
CREATE UNIQUE INDEX chat_log_offset ON chat_log (user_id, client_offset) WHERE client_offset IS NOT NULL;
CREATE INDEX chat_log_rev ON chat_log (room, rev);
CREATE INDEX chat_log_user ON chat_log (user_id, room, seq);
CREATE TABLE chat_daily (
    room bigint NOT NULL,
    day bigint NOT NULL,
    visible bigint NOT NULL,
    PRIMARY KEY (room, day)
);
CREATE TABLE chat_authors (
    room bigint NOT NULL,
    user_id {uuid} NOT NULL,
    visible bigint NOT NULL,
    PRIMARY KEY (room, user_id)
)
"#;

const DOWN: &str = r#"
DROP TABLE chat_authors;
DROP TABLE chat_daily;
DROP TABLE chat_log;
DROP TABLE chat_members;
DROP TABLE chat_rooms
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
