//! What taking a Node database in would do, and what is missing for it: `community-chat adopt --check`.

use super::foreign::{CHANGED, NEW, REMOVED};
use super::sql::row;
use super::{Fault, Store};
use crate::config::DatabaseKind;

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
    /// What [`Store::take_history`] would find, and what it needs.
    pub async fn adoption_report(&self) -> Result<AdoptionReport, Fault> {
        let mut report = AdoptionReport::default();
        if self.kind != DatabaseKind::Postgres {
            report.remarks.push("SQLite has no other writers: nothing to take in".into());
            return Ok(report);
        }
        let adopted_before = self.table_has_column("chat_log", "message_id").await?;
        let node_tables =
            self.table_has_column("CommunityChats", "id").await? && self.table_has_column("Users", "id").await?;
        if node_tables {
            report.users = self.count("SELECT COUNT(*) AS n FROM \"Users\"").await?;
            report.chats = self.count("SELECT COUNT(*) AS n FROM \"CommunityChats\"").await?;
            report.room_id_column = self.table_has_column("CommunityChats", "room_id").await?;
            report.problems = self.missing_columns().await?;
        } else {
            report.remarks.push("there are no tables of a Node app here: they will be made".into());
        }
        report.new = if adopted_before && node_tables {
            self.count(&format!("SELECT COUNT(*) AS n FROM ({NEW}) AS found")).await?
        } else {
            report.chats
        };
        if adopted_before && node_tables {
            report.changed = self.count(&format!("SELECT COUNT(*) AS n FROM ({CHANGED}) AS found")).await?;
            report.removed = self.count(&format!("SELECT COUNT(*) AS n FROM ({REMOVED}) AS found")).await?;
        }
        self.report_privileges(&mut report, node_tables).await?;
        Ok(report)
    }

    async fn report_privileges(&self, report: &mut AdoptionReport, node_tables: bool) -> Result<(), Fault> {
        let allowed = |question: &'static str| async move {
            let answer = row(&self.writer, &format!("SELECT COALESCE({question}, false) AS allowed"), []).await?;
            Ok::<bool, Fault>(answer.map(|row| row.try_get("", "allowed")).transpose()?.unwrap_or(false))
        };
        if !allowed("has_schema_privilege(current_schema(), 'CREATE')").await? {
            report.problems.push("this database user may not make tables: GRANT CREATE ON SCHEMA is needed".into());
        }
        if node_tables {
            for (question, needed) in [
                (
                    "has_table_privilege('\"CommunityChats\"', 'SELECT') AND has_table_privilege('\"CommunityChats\"', 'INSERT') AND has_table_privilege('\"CommunityChats\"', 'UPDATE')",
                    "GRANT SELECT, INSERT, UPDATE ON \"CommunityChats\"",
                ),
                ("has_table_privilege('\"Users\"', 'SELECT')", "GRANT SELECT ON \"Users\""),
            ] {
                if !allowed(question).await? {
                    report.problems.push(format!("not permitted: {needed} is needed"));
                }
            }
            if !allowed("has_table_privilege('\"Users\"', 'INSERT') AND has_table_privilege('\"Users\"', 'UPDATE')")
                .await?
            {
                let remark = "no right to write \"Users\": sign-up and log-in at this server will not work";
                report.remarks.push(remark.into());
            }
            if !allowed(
                "has_table_privilege('\"CommunityChats\"', 'TRIGGER') AND has_table_privilege('\"Users\"', 'TRIGGER')",
            )
            .await?
            {
                report
                    .remarks
                    .push("no right to make triggers: what Node writes will be looked for every second instead".into());
            }
        }
        Ok(())
    }

    async fn missing_columns(&self) -> Result<Vec<String>, Fault> {
        let needed: [(&str, &[&str]); 2] = [
            (
                "Users",
                &[
                    "id",
                    "userid",
                    "name",
                    "email",
                    "password",
                    "role",
                    "status",
                    "failed_login_attempts",
                    "community_rating",
                    "createdAt",
                    "updatedAt",
                ],
            ),
            ("CommunityChats", &["id", "user_id", "message", "edited_at", "is_deleted", "created_at", "updated_at"]),
        ];
        let mut missing = Vec::new();
        for (table, columns) in needed {
            for column in columns {
                if !self.table_has_column(table, column).await? {
                    missing.push(format!("the table \"{table}\" has no column \"{column}\""));
                }
            }
        }
        Ok(missing)
    }

    async fn count(&self, question: &str) -> Result<i64, Fault> {
        let answer = row(&self.writer, question, []).await?;
        Ok(answer.map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0))
    }
}
