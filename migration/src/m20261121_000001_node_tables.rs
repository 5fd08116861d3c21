use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use crate::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The enum types that Sequelize makes on PostgreSQL. There is no `CREATE TYPE IF NOT EXISTS`.
const ENUMS: [(&str, &str); 3] = [
    ("enum_Users_gender", "'male', 'female', 'rather_not_say'"),
    ("enum_Users_role", "'user', 'admin', 'support'"),
    ("enum_Users_status", "'active', 'inactive', 'locked'"),
];

const TABLES: &str = r#"
CREATE TABLE chat_meta (
    name text PRIMARY KEY,
    value text NOT NULL
);
CREATE TABLE IF NOT EXISTS "Users" (
    id {uuid} NOT NULL,
    userid {text255} NOT NULL,
    name {text255} NOT NULL,
    dob date NOT NULL,
    gender {gender} NOT NULL,
    email {text255} NOT NULL,
    password {text255} NOT NULL,
    role {role} DEFAULT 'user',
    status {status} DEFAULT 'active' NOT NULL,
    failed_login_attempts integer DEFAULT 0 NOT NULL,
    last_seen {time},
    community_rating integer DEFAULT 0 NOT NULL,
    "createdAt" {time} NOT NULL,
    "updatedAt" {time} NOT NULL,
    CONSTRAINT "Users_pkey" PRIMARY KEY (id),
    CONSTRAINT "Users_userid_key" UNIQUE (userid),
    CONSTRAINT "Users_email_key" UNIQUE (email)
);
CREATE TABLE IF NOT EXISTS "CommunityChats" (
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    message text NOT NULL,
    edited_at {time},
    is_deleted boolean DEFAULT false,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    CONSTRAINT "CommunityChats_pkey" PRIMARY KEY (id),
    CONSTRAINT "CommunityChats_user_id_fkey" FOREIGN KEY (user_id) REFERENCES "Users" (id) ON UPDATE CASCADE ON DELETE CASCADE
);
"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        let mut tables = TABLES.to_owned();
        for (column, (name, values)) in ["{gender}", "{role}", "{status}"].iter().zip(ENUMS) {
            let kind = if postgres { format!("\"{name}\"") } else { "varchar(255)".into() };
            tables = tables.replace(column, &kind);
            if postgres && !type_exists(manager, name).await? {
                run(manager, &format!("CREATE TYPE \"{name}\" AS ENUM ({values})")).await?;
            }
        }
        let made_by = if table_exists(manager, "Users").await? { "node" } else { "us" };
        run(manager, &tables).await?;
        run(manager, &format!("INSERT INTO chat_meta (name, value) VALUES ('tables', '{made_by}')")).await
    }

    /// Tables that Node made, or that hold anybody's data, are not ours to drop.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let made_by_us = found(manager, "SELECT 1 FROM chat_meta WHERE name = 'tables' AND value = 'us'").await?;
        run(manager, "DROP TABLE chat_meta").await?;
        if !made_by_us {
            return Ok(());
        }
        for table in ["CommunityChats", "Users"] {
            if is_idle(manager, table).await? {
                run(manager, &format!("DROP TABLE \"{table}\"")).await?;
            }
        }
        if manager.get_database_backend() == DbBackend::Postgres && !table_exists(manager, "Users").await? {
            for (name, _) in ENUMS {
                run(manager, &format!("DROP TYPE \"{name}\"")).await?;
            }
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn type_exists(manager: &SchemaManager<'_>, name: &str) -> Result<bool, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         WHERE t.typname = $1 AND n.nspname = current_schema()",
        [name.into()],
    );
    Ok(manager.get_connection().query_one_raw(statement).await?.is_some())
}

/// Also one that this database user has no rights on, which `has_table` does not see.
async fn table_exists(manager: &SchemaManager<'_>, table: &str) -> Result<bool, DbErr> {
    match manager.get_database_backend() {
        DbBackend::Postgres => {
            let relation = format!(
                "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relname = '{table}'"
            );
            found(manager, &relation).await
        }
        _ => manager.has_table(table).await,
    }
}

/// There, empty, and nothing stands on it.
async fn is_idle(manager: &SchemaManager<'_>, table: &str) -> Result<bool, DbErr> {
    if !table_exists(manager, table).await? || found(manager, &format!("SELECT 1 FROM \"{table}\" LIMIT 1")).await? {
        return Ok(false);
    }
    let referred =
        format!("SELECT 1 FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid = '\"{table}\"'::regclass");
    Ok(manager.get_database_backend() != DbBackend::Postgres || !found(manager, &referred).await?)
}

async fn found(manager: &SchemaManager<'_>, question: &str) -> Result<bool, DbErr> {
    let statement = Statement::from_string(manager.get_database_backend(), question);
    Ok(manager.get_connection().query_one_raw(statement).await?.is_some())
}
