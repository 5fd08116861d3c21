//! Statements that differ by database, and whole batches as one JSON parameter: the statement stays
//! the same whatever the size of the batch, so that it is prepared once.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde::Serialize;

use super::Fault;
use crate::config::DatabaseKind;

pub struct Sql {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

impl Sql {
    pub fn text(&self, kind: DatabaseKind) -> &'static str {
        match kind {
            DatabaseKind::Postgres => self.postgres,
            DatabaseKind::Sqlite => self.sqlite,
        }
    }
}

pub async fn run(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64, Fault> {
    Ok(db.execute_raw(statement(db, sql, values)).await?.rows_affected())
}

pub async fn rows(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, Fault> {
    Ok(db.query_all_raw(statement(db, sql, values)).await?)
}

pub async fn row(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<QueryResult>, Fault> {
    Ok(db.query_one_raw(statement(db, sql, values)).await?)
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// A batch as JSON text. Our row types always serialize.
pub fn json<T: Serialize + ?Sized>(batch: &T) -> Value {
    serde_json::to_string(batch).unwrap_or_default().into()
}
