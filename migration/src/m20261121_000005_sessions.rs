use sea_orm_migration::prelude::*;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Families of refresh tokens. Of a token its SHA-256 is kept and nothing else.
const UP: &str = r#"
CREATE TABLE chat_sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    ended_for text CHECK (ended_for IN ('password', 'ended', 'logged-out', 'reuse', 'locked')),
    user_agent text,
    address text
);
CREATE INDEX chat_sessions_user ON chat_sessions (user_id, id);
CREATE INDEX chat_sessions_expiry ON chat_sessions (expires_at);
CREATE TABLE chat_session_tokens (
    hash text NOT NULL PRIMARY KEY,
    session {uuid} NOT NULL,
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE INDEX chat_session_tokens_session ON chat_session_tokens (session);
CREATE INDEX chat_session_tokens_expiry ON chat_session_tokens (expires_at);
CREATE TABLE chat_session_resets (
    user_id {uuid} NOT NULL PRIMARY KEY,
    at bigint NOT NULL
)
"#;

const DOWN: &str = r#"
DROP TABLE chat_session_resets;
DROP TABLE chat_session_tokens;
DROP TABLE chat_sessions
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
