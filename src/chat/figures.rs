//! What the core can say of itself to who watches over the server.

use super::{Chat, Refusal, patiently};
use crate::config::DatabaseKind;
use crate::model::Room;
use crate::store::{CommitTimes, DatabaseFigures, Statistics};

pub struct CoreFigures {
    /// Commands that wait for the writer.
    pub queue: usize,
    pub commits: Option<CommitTimes>,
    pub kind: DatabaseKind,
    /// None while the database is away.
    pub database: Option<DatabaseFigures>,
}

impl Chat {
    pub async fn figures(&self) -> Result<CoreFigures, Refusal> {
        let database = match patiently(self.inner.store.figures()).await {
            Ok(figures) => Some(figures),
            Err(Refusal::DatabaseAway { .. }) => None,
            Err(refusal) => return Err(refusal),
        };
        let writer = &self.inner.writer;
        let (queue, commits) = (writer.waiting(), writer.commits().times());
        Ok(CoreFigures { queue, commits, kind: self.inner.store.kind(), database })
    }

    /// New messages that were stored here since the start.
    pub fn stored_messages(&self) -> u64 {
        self.inner.writer.commits().messages()
    }

    /// Figures of a room that its reader may read.
    pub async fn room_statistics(&self, room: &Room, days: i64) -> Result<Statistics, Refusal> {
        patiently(self.inner.store.statistics(room.number, days)).await
    }
}
