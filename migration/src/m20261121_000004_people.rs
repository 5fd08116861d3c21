use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

const ROOMS: &str = r#"
ALTER TABLE chat_rooms ADD COLUMN updated_at bigint NOT NULL DEFAULT 0;
ALTER TABLE chat_rooms ADD COLUMN archived_at bigint;
ALTER TABLE chat_rooms ADD COLUMN deleted_at bigint;
ALTER TABLE chat_rooms ADD COLUMN slow_mode_seconds integer NOT NULL DEFAULT 0;
ALTER TABLE chat_rooms ADD COLUMN members bigint NOT NULL DEFAULT 0;
ALTER TABLE chat_rooms ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE chat_rooms ADD COLUMN pair text;
CREATE UNIQUE INDEX chat_rooms_pair ON chat_rooms (pair);
CREATE INDEX chat_rooms_listed ON chat_rooms (number) WHERE kind IN ('main', 'public') AND archived_at IS NULL AND deleted_at IS NULL;
UPDATE chat_rooms SET updated_at = created_at, members = (SELECT count(*) FROM chat_members m WHERE m.room = chat_rooms.number AND NOT m.banned)
"#;

/// `state` says all that `banned` did: one column cannot contradict another.
const MEMBERS: &str = r#"
ALTER TABLE chat_members ADD COLUMN state text NOT NULL DEFAULT 'member' CHECK (state IN ('member', 'left', 'invited', 'banned'));
UPDATE chat_members SET state = 'banned' WHERE banned;
ALTER TABLE chat_members DROP COLUMN banned;
ALTER TABLE chat_members ADD COLUMN barred_until bigint;
ALTER TABLE chat_members ADD COLUMN set_by {uuid};
ALTER TABLE chat_members ADD COLUMN set_at bigint;
ALTER TABLE chat_members ADD COLUMN reason text;
ALTER TABLE chat_members ADD COLUMN expires_at bigint;
DROP INDEX chat_members_user;
CREATE INDEX chat_members_user ON chat_members (user_id, state, room);
CREATE INDEX chat_members_state ON chat_members (room, state, joined_at, user_id);
CREATE INDEX chat_members_muted ON chat_members (room, muted_until) WHERE muted_until IS NOT NULL
"#;

const LOG: &str = r#"
ALTER TABLE chat_log ADD COLUMN guest boolean NOT NULL DEFAULT false;
ALTER TABLE chat_log ADD COLUMN persona bigint;
ALTER TABLE chat_log ADD COLUMN file {uuid};
ALTER TABLE chat_daily ADD COLUMN authors bigint NOT NULL DEFAULT 0;
ALTER TABLE chat_authors ADD COLUMN last_day bigint NOT NULL DEFAULT 0
"#;

const PEOPLE: &str = r#"
CREATE TABLE chat_profiles (
    user_id {uuid} PRIMARY KEY,
    bio text NOT NULL DEFAULT '',
    avatar {uuid},
    direct_from text NOT NULL DEFAULT 'everyone' CHECK (direct_from IN ('everyone', 'shared', 'nobody')),
    locked_by {uuid},
    locked_reason text,
    locked_at bigint,
    updated_at bigint NOT NULL
);
CREATE TABLE chat_guests (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    folded text NOT NULL,
    created_at bigint NOT NULL,
    last_seen bigint NOT NULL
);
CREATE INDEX chat_guests_seen ON chat_guests (last_seen);
CREATE TABLE chat_characters (
    number {serial},
    user_id {uuid} NOT NULL,
    name text NOT NULL,
    folded text NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint
);
CREATE UNIQUE INDEX chat_characters_folded ON chat_characters (user_id, folded) WHERE deleted_at IS NULL;
CREATE INDEX chat_characters_user ON chat_characters (user_id, number);
CREATE TABLE chat_blocks (
    user_id {uuid} NOT NULL,
    blocked {uuid} NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, blocked)
);
CREATE INDEX chat_blocks_blocked ON chat_blocks (blocked)
"#;

const PEACE: &str = r#"
CREATE TABLE chat_reports (
    id {uuid} PRIMARY KEY,
    message_id {uuid} NOT NULL UNIQUE,
    room bigint NOT NULL,
    author {uuid} NOT NULL,
    text text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    outcome text CHECK (outcome IN ('dismissed', 'acted')),
    note text,
    voices bigint NOT NULL DEFAULT 0,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    closed_by {uuid},
    closed_at bigint
);
CREATE INDEX chat_reports_status ON chat_reports (status, id);
CREATE INDEX chat_reports_room ON chat_reports (room, status, id);
CREATE INDEX chat_reports_author ON chat_reports (author);
CREATE TABLE chat_reporters (
    report {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    reason text NOT NULL,
    note text NOT NULL DEFAULT '',
    created_at bigint NOT NULL,
    PRIMARY KEY (report, user_id)
);
CREATE INDEX chat_reporters_user ON chat_reporters (user_id, created_at);
CREATE TABLE chat_audit (
    id {uuid} PRIMARY KEY,
    at bigint NOT NULL,
    actor {uuid},
    action text NOT NULL,
    room bigint,
    target {uuid},
    message_id {uuid},
    reason text,
    detail text NOT NULL DEFAULT '{}'
);
CREATE INDEX chat_audit_room ON chat_audit (room, id);
CREATE INDEX chat_audit_target ON chat_audit (target, id);
CREATE INDEX chat_audit_actor ON chat_audit (actor, id);
CREATE TABLE chat_idempotency (
    user_id {uuid} NOT NULL,
    key text NOT NULL,
    request text NOT NULL,
    result text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX chat_idempotency_age ON chat_idempotency (created_at);
CREATE TABLE chat_erasures (
    user_id {uuid} PRIMARY KEY,
    mode text NOT NULL CHECK (mode IN ('anonymise', 'remove')),
    asked_at bigint NOT NULL,
    room bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    done_at bigint
)
"#;

/// On PostgreSQL it is there already, for what Node changes.
const FOREIGN: &str = r#"
CREATE TABLE chat_foreign (
    id {serial},
    source text NOT NULL,
    row_id {uuid} NOT NULL
)
"#;

const DOWN: &str = r#"
DROP TABLE chat_erasures;
DROP TABLE chat_idempotency;
DROP TABLE chat_audit;
DROP TABLE chat_reporters;
DROP TABLE chat_reports;
DROP TABLE chat_blocks;
DROP TABLE chat_characters;
DROP TABLE chat_guests;
DROP TABLE chat_profiles;
ALTER TABLE chat_authors DROP COLUMN last_day;
ALTER TABLE chat_daily DROP COLUMN authors;
ALTER TABLE chat_log DROP COLUMN file;
ALTER TABLE chat_log DROP COLUMN persona;
ALTER TABLE chat_log DROP COLUMN guest;
DROP INDEX chat_members_muted;
DROP INDEX chat_members_state;
DROP INDEX chat_members_user;
CREATE INDEX chat_members_user ON chat_members (user_id);
DELETE FROM chat_members WHERE state IN ('left', 'invited');
ALTER TABLE chat_members ADD COLUMN banned boolean NOT NULL DEFAULT false;
UPDATE chat_members SET banned = true WHERE state = 'banned';
ALTER TABLE chat_members DROP COLUMN expires_at;
ALTER TABLE chat_members DROP COLUMN reason;
ALTER TABLE chat_members DROP COLUMN set_at;
ALTER TABLE chat_members DROP COLUMN set_by;
ALTER TABLE chat_members DROP COLUMN barred_until;
ALTER TABLE chat_members DROP COLUMN state;
DROP INDEX chat_rooms_listed;
DROP INDEX chat_rooms_pair;
ALTER TABLE chat_rooms DROP COLUMN pair;
ALTER TABLE chat_rooms DROP COLUMN version;
ALTER TABLE chat_rooms DROP COLUMN members;
ALTER TABLE chat_rooms DROP COLUMN slow_mode_seconds;
ALTER TABLE chat_rooms DROP COLUMN deleted_at;
ALTER TABLE chat_rooms DROP COLUMN archived_at;
ALTER TABLE chat_rooms DROP COLUMN updated_at
"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for part in [ROOMS, MEMBERS, LOG, PEOPLE, PEACE] {
            run(manager, part).await?;
        }
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, FOREIGN).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, "DROP TABLE chat_foreign").await?;
        }
        run(manager, DOWN).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
