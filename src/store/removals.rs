//! Taking our tables back, and what goes with them.

use migration::{Migrator, MigratorTrait};

use super::{Fault, Store};
use crate::config::DatabaseKind;

impl Store {
    pub async fn migrate_down(&self, steps: Option<u32>) -> Result<(), Fault> {
        let transaction = self.migration_transaction().await?;
        Migrator::down(&transaction, steps).await?;
        Ok(transaction.commit().await?)
    }

    /// What `migrate_down` takes away, in words, one a line.
    pub async fn removals(&self, steps: Option<u32>) -> Result<Vec<String>, Fault> {
        let mut said = Vec::new();
        for step in self.steps_down(steps).await? {
            match step.as_str() {
                "m20261121_000009_guesses" => said.push("wrong passwords by names that nobody bears".to_owned()),
                "m20261121_000007_people_search" => {
                    said.push("the names by which people are found: the next start makes them anew".to_owned());
                }
                "m20261121_000006_files" => {
                    said.push(format!("{} files and faces, with their bytes", self.how_many("chat_files").await?));
                }
                "m20261121_000005_sessions" => said.push("all sessions: everybody logs in again".to_owned()),
                "m20261121_000004_people" => said.extend(self.of_people().await?),
                "m20261121_000003_foreign_changes" if self.kind == DatabaseKind::Postgres => {
                    said.push("the triggers on \"Users\" and \"CommunityChats\"".to_owned());
                }
                "m20261121_000002_chat_tables" => said.extend(self.of_messages().await?),
                "m20261121_000001_node_tables" => {
                    said.push(
                        "\"Users\" and \"CommunityChats\" if this program made them and they are empty".to_owned(),
                    );
                }
                _ => {}
            }
        }
        Ok(said)
    }

    /// Whether files are among what `migrate_down` takes away.
    pub async fn removes_files(&self, steps: Option<u32>) -> Result<bool, Fault> {
        Ok(self.steps_down(steps).await?.iter().any(|step| step == "m20261121_000006_files"))
    }

    /// The newest first.
    async fn steps_down(&self, steps: Option<u32>) -> Result<Vec<String>, Fault> {
        let applied = self.migration_status().await?.into_iter().rev().filter(|step| step.applied);
        Ok(applied.take(steps.map_or(usize::MAX, |steps| steps as usize)).map(|step| step.name).collect())
    }

    async fn of_people(&self) -> Result<Vec<String>, Fault> {
        let mut said = vec![
            format!(
                "{} profiles, {} characters and {} blocks",
                self.how_many("chat_profiles").await?,
                self.how_many("chat_characters").await?,
                self.how_many("chat_blocks").await?
            ),
            format!(
                "{} reports and {} entries of the audit",
                self.how_many("chat_reports").await?,
                self.how_many("chat_audit").await?
            ),
            format!(
                "who {} guests are, who was invited or muted and why, and between whom direct rooms are",
                self.how_many("chat_guests").await?
            ),
        ];
        let unfinished = self.how_many("chat_erasures WHERE done_at IS NULL").await?;
        if unfinished > 0 {
            said.push(format!("what is left to do of {unfinished} erasures: those messages keep their author"));
        }
        Ok(said)
    }

    async fn of_messages(&self) -> Result<Vec<String>, Fault> {
        let elsewhere = self.how_many("chat_log WHERE room <> 1").await?;
        let mut said =
            vec![format!("the numbers of all messages, and all rooms but main-chat with {elsewhere} messages")];
        if self.table_has_column("chat_log", "guest").await? {
            let of_guests = self.how_many("chat_log WHERE room = 1 AND guest").await?;
            said.push(format!("{of_guests} messages of guests in main-chat"));
        }
        Ok(said)
    }

    async fn how_many(&self, rows: &str) -> Result<i64, Fault> {
        self.count(&format!("SELECT COUNT(*) AS n FROM {rows}")).await
    }
}
