//! How much there is of everything, without naming anything.

use super::sql::{Sql, row};
use super::{Fault, Store};
use crate::model::erasure::ERASED;

#[derive(Debug, Clone, Copy)]
pub struct DatabaseFigures {
    pub bytes: i64,
    pub accounts: i64,
    pub rooms: i64,
    /// Those that can be seen.
    pub messages: i64,
    pub file_bytes: i64,
    pub open_reports: i64,
}

const TOTALS: &str = "(SELECT COUNT(*) FROM \"Users\" WHERE id <> $1) AS accounts, \
    (SELECT COUNT(*) FROM chat_rooms WHERE deleted_at IS NULL) AS rooms, \
    (SELECT CAST(COALESCE(SUM(visible), 0) AS bigint) FROM chat_rooms WHERE deleted_at IS NULL) AS messages, \
    (SELECT CAST(COALESCE(SUM(bytes), 0) AS bigint) FROM chat_files WHERE gone_at IS NULL) AS file_bytes, \
    (SELECT COUNT(*) FROM chat_reports WHERE status = 'open') AS open_reports";

const BYTES: Sql = Sql {
    postgres: "pg_database_size(current_database())",
    sqlite: "(SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())",
};

impl Store {
    pub async fn figures(&self) -> Result<DatabaseFigures, Fault> {
        self.must_stand()?;
        let question = format!("SELECT {} AS bytes, {TOTALS}", BYTES.text(self.kind));
        let found = row(&self.pool, &question, [ERASED.into()]).await?;
        let found = found.ok_or_else(|| Fault::Broken(sea_orm::DbErr::RecordNotFound("figures".into())))?;
        let figure = |column| Ok::<i64, Fault>(found.try_get("", column)?);
        Ok(DatabaseFigures {
            bytes: figure("bytes")?,
            accounts: figure("accounts")?,
            rooms: figure("rooms")?,
            messages: figure("messages")?,
            file_bytes: figure("file_bytes")?,
            open_reports: figure("open_reports")?,
        })
    }
}
