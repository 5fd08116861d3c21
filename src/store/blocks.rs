//! Who wants to hear nothing of whom, and what two people share.

use super::sql::{row, rows, run};
use super::{Fault, Store};
use crate::model::{Micros, Room, UserId};

/// Somebody whom another has blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub blocked: UserId,
    pub at: Micros,
}

impl Store {
    /// Whether one of the two has blocked the other.
    pub async fn is_blocked(&self, one: UserId, other: UserId) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_blocks \
                        WHERE (user_id = $1 AND blocked = $2) OR (user_id = $2 AND blocked = $1) LIMIT 1";
        Ok(row(&self.pool, question, [one.into(), other.into()]).await?.is_some())
    }

    /// Gives since when, and whether that is new.
    pub async fn block(&self, user: UserId, blocked: UserId, now: Micros) -> Result<(Block, bool), Fault> {
        let noted = "INSERT INTO chat_blocks (user_id, blocked, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let is_new = run(self.single()?, noted, [user.into(), blocked.into(), now.0.into()]).await? == 1;
        let question = "SELECT created_at FROM chat_blocks WHERE user_id = $1 AND blocked = $2";
        let since = row(self.single()?, question, [user.into(), blocked.into()]).await?;
        let at = since.map(|row| row.try_get("", "created_at")).transpose()?.map_or(now, Micros);
        Ok((Block { blocked, at }, is_new))
    }

    /// Whether there was a block.
    pub async fn unblock(&self, user: UserId, blocked: UserId) -> Result<bool, Fault> {
        let lifted = "DELETE FROM chat_blocks WHERE user_id = $1 AND blocked = $2";
        Ok(run(self.single()?, lifted, [user.into(), blocked.into()]).await? == 1)
    }

    /// Whom somebody has blocked, oldest first.
    pub async fn blocks_of(&self, user: UserId, after: Option<(i64, UserId)>, limit: u64) -> Result<Vec<Block>, Fault> {
        let question = "SELECT blocked, created_at FROM chat_blocks WHERE user_id = $1 AND (created_at, blocked) > ($2, $3) \
                        ORDER BY created_at, blocked LIMIT $4";
        let (at, blocked) = after.unwrap_or((i64::MIN, UserId::nil()));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = rows(&self.pool, question, [user.into(), at.into(), blocked.into(), limit.into()]).await?;
        let block = |row: &sea_orm::QueryResult| {
            Ok(Block { blocked: row.try_get("", "blocked")?, at: Micros(row.try_get("", "created_at")?) })
        };
        found.iter().map(block).collect()
    }

    /// Whether both are in some room beyond the main room.
    pub async fn share_a_room(&self, one: UserId, other: UserId) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_members a JOIN chat_members b ON b.room = a.room AND b.user_id = $2 \
                        AND b.state = 'member' JOIN chat_rooms r ON r.number = a.room AND r.deleted_at IS NULL \
                        AND r.kind NOT IN ('main', 'direct') WHERE a.user_id = $1 AND a.state = 'member' LIMIT 1";
        Ok(row(&self.pool, question, [one.into(), other.into()]).await?.is_some())
    }

    pub async fn direct_room(&self, pair: (UserId, UserId)) -> Result<Option<Room>, Fault> {
        self.room_of_pair(&format!("{}:{}", pair.0, pair.1)).await
    }
}
