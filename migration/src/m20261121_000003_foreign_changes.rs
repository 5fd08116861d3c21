use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::{notices, run};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What other programs change in Node's tables, noted by the triggers of [`notices`].
const UP: &str = r#"
CREATE TABLE chat_foreign (
    id {serial},
    source text NOT NULL,
    row_id uuid NOT NULL
)
"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, UP).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            notices::remove(manager.get_connection()).await?;
            run(manager, "DROP TABLE chat_foreign").await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
