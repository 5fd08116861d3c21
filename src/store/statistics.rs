//! Figures from counters that are kept in the transaction of each message, never from counting.

use super::sql::{row, rows};
use super::{Fault, Store};
use crate::model::{Micros, RoomNumber};

pub struct Statistics {
    pub messages: i64,
    pub authors: i64,
    /// Newest first.
    pub days: Vec<DayCount>,
}

pub struct DayCount {
    pub day: Micros,
    pub count: i64,
    /// Who wrote that day, deleted messages or not.
    pub authors: i64,
}

impl Store {
    pub async fn statistics(&self, room: RoomNumber, days: i64) -> Result<Statistics, Fault> {
        let messages = self.room_counts(room).await?.map_or(0, |counts| counts.visible);
        let counted = row(
            &self.pool,
            "SELECT COUNT(*) AS authors FROM chat_authors WHERE room = $1 AND visible > 0",
            [room.0.into()],
        )
        .await?;
        let authors = counted.map(|row| row.try_get("", "authors")).transpose()?.unwrap_or(0);
        let newest =
            "SELECT day, visible, authors FROM chat_daily WHERE room = $1 AND visible > 0 ORDER BY day DESC LIMIT $2";
        let days = rows(&self.pool, newest, [room.0.into(), days.into()]).await?;
        let days = days.iter().map(|row| {
            Ok(DayCount {
                day: Micros::of_day(row.try_get("", "day")?),
                count: row.try_get("", "visible")?,
                authors: row.try_get("", "authors")?,
            })
        });
        Ok(Statistics { messages, authors, days: days.collect::<Result<_, Fault>>()? })
    }
}
