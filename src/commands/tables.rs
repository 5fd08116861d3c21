//! The subcommands that make our tables, fill them from Node's, and take them back.

use super::{Direction, found_in, open, open_unprepared, remark, say};
use crate::app::StartError;
use crate::config::{Config, DatabaseKind};
use crate::files::Storage;
use crate::model::{Clock, Micros};
use crate::store::{FilesOf, Missing, Store};

const FILES_AT_ONCE: u64 = 500;

pub async fn migrate(config: &Config, direction: Direction) -> Result<(), StartError> {
    let missing = if matches!(direction, Direction::Up) { Missing::IsMade } else { Missing::IsRefused };
    let store = open_unprepared(config, missing).await?;
    match direction {
        Direction::Up => {
            store.must_fit().await.map_err(StartError::new)?;
            let is_new = store.migrate_up().await.map_err(StartError::new)?;
            remark(&found_in(&store, is_new))?;
        }
        Direction::Down { steps, force } => take_back(config, &store, steps, force).await?,
        Direction::Status => {}
    }
    for step in store.migration_status().await.map_err(StartError::new)? {
        say(&format!("{} {}", if step.applied { "applied" } else { "pending" }, step.name))?;
    }
    Ok(())
}

async fn take_back(config: &Config, store: &Store, steps: Option<u32>, force: bool) -> Result<(), StartError> {
    // Kept meanwhile, so that a server that starts just now knows that it is not alone.
    let claim = store.claim().await.map_err(StartError::new)?;
    if claim.is_none() && !force {
        let place = store.place();
        return Err(StartError::new(format!("a server runs on {place}: stop it first, or use --force")));
    }
    for line in store.removals(steps).await.map_err(StartError::new)? {
        say(&format!("removes {line}"))?;
    }
    if store.removes_files(steps).await.map_err(StartError::new)? {
        match remove_files(config, store).await {
            Err(error) if !force => {
                return Err(StartError::new(format!("{error}: --force leaves what cannot be removed")));
            }
            Err(error) => say(&format!("left bytes of files: {error}"))?,
            Ok(()) => {}
        }
    }
    store.migrate_down(steps).await.map_err(StartError::new)
}

/// Once their table is gone, nobody knows where they lie. Each goes before its row, so that whatever breaks
/// off is swept by the next server.
async fn remove_files(config: &Config, store: &Store) -> Result<(), StartError> {
    store.mark_files_gone(FilesOf::Everybody, Clock::System.now()).await.map_err(StartError::new)?;
    let mut storage = None;
    loop {
        let gone = store.gone_files(Micros(i64::MAX), FILES_AT_ONCE).await.map_err(StartError::new)?;
        if gone.is_empty() {
            return Ok(());
        }
        let storage = match &mut storage {
            Some(storage) => storage,
            none => none.insert(Storage::open(&config.files.storage).map_err(StartError::new)?),
        };
        for key in gone.iter().flat_map(|file| &file.keys) {
            storage.remove(key).await.map_err(StartError::new)?;
        }
        let removed: Vec<_> = gone.iter().map(|file| file.id).collect();
        store.forget_files(&removed).await.map_err(StartError::new)?;
    }
}

pub async fn adopt(config: &Config, check: bool) -> Result<(), StartError> {
    if config.database.kind() == DatabaseKind::Sqlite {
        return Err(StartError::new(
            "no PostgreSQL was given: set DATABASE_URL, or the five DATABASE_* of the Node app (SQLite has nothing to take in)",
        ));
    }
    let unprepared = open_unprepared(config, Missing::IsRefused).await?;
    let report = unprepared.adoption_report().await.map_err(StartError::new)?;
    say(&format!(
        "accounts {}, messages {} (new {}, changed {}, removed {})",
        report.users, report.chats, report.new, report.changed, report.removed
    ))?;
    if report.room_id_column {
        say("\"CommunityChats\" has a column room_id: it will be filled")?;
    }
    for line in &report.remarks {
        say(line)?;
    }
    for line in &report.problems {
        say(&format!("PROBLEM: {line}"))?;
    }
    if !report.problems.is_empty() {
        return Err(StartError::new("this database cannot be taken in as it is"));
    }
    if check {
        return say("nothing was changed (--check)");
    }
    drop(unprepared);
    let store = open(config).await?;
    store.take_history(Clock::System.now()).await.map_err(StartError::new)?;
    say("taken in")
}
