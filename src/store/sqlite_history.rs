//! On SQLite nobody else writes. But messages may stand in Node's table that the log does not know:
//! after `migrate down` and `up`.

use super::sql::run;
use super::{Fault, Store};

/// Our own encoding of time there: ISO 8601 with six decimals.
const TAKE_IN: &str = r#"INSERT INTO chat_log (message_id, room, seq, rev, user_id, created_at, updated_at, edited_at, deleted)
    SELECT c.id, 1, main.last_seq + row_number() OVER oldest_first, main.last_rev + row_number() OVER oldest_first, c.user_id,
        unixepoch(c.created_at) * 1000000 + CAST(substr(c.created_at, 21, 6) AS integer),
        unixepoch(c.updated_at) * 1000000 + CAST(substr(c.updated_at, 21, 6) AS integer),
        unixepoch(c.edited_at) * 1000000 + CAST(substr(c.edited_at, 21, 6) AS integer),
        COALESCE(c.is_deleted, true)
    FROM "CommunityChats" c JOIN chat_rooms main ON main.number = 1
    WHERE NOT EXISTS (SELECT 1 FROM chat_log l WHERE l.message_id = c.id)
    WINDOW oldest_first AS (ORDER BY c.created_at, c.id)"#;

const COUNT_ANEW: [&str; 5] = [
    "DELETE FROM chat_daily WHERE room = 1",
    "INSERT INTO chat_daily (room, day, visible, authors) SELECT 1, created_at / 86400000000, COUNT(*) FILTER (WHERE NOT deleted), \
     COUNT(DISTINCT user_id) FROM chat_log WHERE room = 1 GROUP BY 2",
    "DELETE FROM chat_authors WHERE room = 1",
    "INSERT INTO chat_authors (room, user_id, visible, last_day) SELECT 1, user_id, COUNT(*) FILTER (WHERE NOT deleted), \
     MAX(created_at) / 86400000000 FROM chat_log WHERE room = 1 GROUP BY 2",
    "UPDATE chat_rooms SET (last_seq, last_rev, last_at, visible) = \
     (SELECT MAX(seq), MAX(rev), MAX(created_at), COUNT(*) FILTER (WHERE NOT deleted) FROM chat_log WHERE room = 1) WHERE number = 1",
];

impl Store {
    pub(super) async fn take_own_history(&self) -> Result<(), Fault> {
        let db = self.begin().await?;
        let taken = run(&db, TAKE_IN, []).await?;
        if taken > 0 {
            for statement in COUNT_ANEW {
                run(&db, statement, []).await?;
            }
            tracing::info!("took in {taken} messages that stood in the table already");
        }
        Ok(db.commit().await?)
    }
}
