//! What taking a Node database in would do, and what is missing for it: `community-chat adopt --check`.

use super::foreign::{CHANGED, NEW, REMOVED};
use super::sql::row;
use super::{Fault, Store};

/// What taking a Node database in would do.
#[derive(Debug, Default)]
pub struct AdoptionReport {
    pub users: i64,
    pub chats: i64,
    pub new: i64,
    pub changed: i64,
    pub removed: i64,
    pub room_id_column: bool,
    /// In words, one a line: what is missing to work on this database.
    pub problems: Vec<String>,
    /// Not needed, but worth knowing.
    pub remarks: Vec<String>,
}

impl Store {
    /// What [`Store::take_history`] would find, and what it needs. PostgreSQL only.
    pub async fn adoption_report(&self) -> Result<AdoptionReport, Fault> {
        let tables = self.node_tables().await?;
        let mut report = AdoptionReport {
            problems: self.obstacles(&tables).await?,
            remarks: tables.remarks(),
            ..AdoptionReport::default()
        };
        if tables.users.is_some_and(|users| users.may("SELECT")) {
            report.users = self.count("SELECT COUNT(*) AS n FROM \"Users\"").await?;
        }
        let Some(chats) = tables.chats.filter(|chats| chats.may("SELECT")) else { return Ok(report) };
        report.chats = self.count("SELECT COUNT(*) AS n FROM \"CommunityChats\"").await?;
        report.room_id_column = chats.has("room_id");
        report.new = report.chats;
        if report.problems.is_empty() && self.table_has_column("chat_log", "message_id").await? {
            let found = async |found: &str| self.count(&format!("SELECT COUNT(*) AS n FROM ({found}) AS found")).await;
            report.new = found(NEW).await?;
            report.changed = found(CHANGED).await?;
            report.removed = found(REMOVED).await?;
        }
        Ok(report)
    }

    pub(super) async fn count(&self, question: &str) -> Result<i64, Fault> {
        let answer = row(&self.writer, question, []).await?;
        Ok(answer.map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0))
    }
}
