//! Who wants to hear nothing of whom, and what two people share.

use super::sql::row;
use super::{Fault, Store};
use crate::model::{Room, UserId};

impl Store {
    /// Whether one of the two has blocked the other.
    pub async fn is_blocked(&self, one: UserId, other: UserId) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_blocks \
                        WHERE (user_id = $1 AND blocked = $2) OR (user_id = $2 AND blocked = $1) LIMIT 1";
        Ok(row(&self.pool, question, [one.into(), other.into()]).await?.is_some())
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
