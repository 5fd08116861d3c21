//! Reading messages. The text of `main-chat` stands in Node's table, of all other rooms in the log.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::sql::{json, row, rows};
use super::{Fault, Store};
use crate::config::DatabaseKind;
use crate::model::message::DELETED_TEXT;
use crate::model::{Attachment, Character, FileContent, Message, MessageId, MessageKind, Micros, RoomNumber, UserId};

/// One page of a listing by page and limit, oldest first, and how many messages there are in all.
pub struct Page {
    pub messages: Vec<Message>,
    pub total: i64,
}

/// From where on a page goes, by `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    Newest,
    Before(i64),
    After(i64),
}

/// A page of what a reader missed.
pub struct Since {
    pub messages: Vec<Message>,
    /// Everything up to here is settled by the messages above.
    pub rev: i64,
    /// False when the rev that was asked for is not of this history.
    pub complete: bool,
    /// Another page follows.
    pub more: bool,
}

const COLUMNS: &str = r#"SELECT l.message_id, l.room, r.id AS room_id, l.seq, l.rev, l.user_id, l.client_offset,
    COALESCE(l.body, c.message) AS text, l.created_at, l.updated_at, l.edited_at, l.deleted, l.guest, l.kind,
    p.number AS persona, p.name AS persona_name,
    f.id AS file, f.name AS file_name, f.media_type, f.bytes, f.width, f.height, f.thumbnail_key IS NOT NULL AS has_thumbnail,
    l.room = 1 AND NOT l.guest AND COALESCE(c.is_deleted, true) AS deleted_by_node
  FROM chat_log l JOIN chat_rooms r ON r.number = l.room LEFT JOIN "CommunityChats" c ON c.id = l.message_id AND l.room = 1
  LEFT JOIN chat_characters p ON p.number = l.persona LEFT JOIN chat_files f ON f.id = l.file AND f.gone_at IS NULL"#;

pub(super) fn message(row: &QueryResult) -> Result<Message, Fault> {
    let text: Option<String> = row.try_get("", "text")?;
    let deleted = row.try_get::<bool>("", "deleted")? || text.is_none();
    Ok(Message {
        id: row.try_get("", "message_id")?,
        room: RoomNumber(row.try_get("", "room")?),
        room_id: row.try_get("", "room_id")?,
        seq: row.try_get("", "seq")?,
        rev: row.try_get("", "rev")?,
        user: row.try_get("", "user_id")?,
        guest: row.try_get("", "guest")?,
        kind: kind(&row.try_get::<String>("", "kind")?),
        character: character(row)?.filter(|_| !deleted),
        attachment: attachment(row)?.filter(|_| !deleted),
        text: text.filter(|_| !deleted).unwrap_or_else(|| DELETED_TEXT.to_owned()),
        created_at: Micros(row.try_get("", "created_at")?),
        updated_at: Micros(row.try_get("", "updated_at")?),
        edited_at: row.try_get::<Option<i64>>("", "edited_at")?.map(Micros),
        deleted,
        client_offset: row.try_get("", "client_offset")?,
    })
}

fn kind(name: &str) -> MessageKind {
    [MessageKind::Image, MessageKind::File, MessageKind::Emote, MessageKind::System]
        .into_iter()
        .find(|kind| kind.name() == name)
        .unwrap_or_default()
}

fn character(row: &QueryResult) -> Result<Option<Arc<Character>>, Fault> {
    let Some(number) = row.try_get("", "persona")? else { return Ok(None) };
    Ok(Some(Arc::new(Character { number, name: row.try_get("", "persona_name")? })))
}

fn attachment(row: &QueryResult) -> Result<Option<Arc<Attachment>>, Fault> {
    let Some(id) = row.try_get("", "file")? else { return Ok(None) };
    let side = |column| Ok::<_, Fault>(row.try_get::<Option<i64>>("", column)?.and_then(|side| side.try_into().ok()));
    let content = FileContent {
        name: row.try_get("", "file_name")?,
        media_type: row.try_get("", "media_type")?,
        bytes: row.try_get("", "bytes")?,
        size: side("width")?.zip(side("height")?),
    };
    Ok(Some(Arc::new(content.attached(id, row.try_get("", "has_thumbnail")?))))
}

pub(super) async fn read(
    db: &impl ConnectionTrait,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<Message>, Fault> {
    rows(db, &format!("{COLUMNS} {condition}"), values).await?.iter().map(message).collect()
}

pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    kind: DatabaseKind,
    ids: &[MessageId],
) -> Result<Vec<Message>, Fault> {
    let chosen = match kind {
        DatabaseKind::Postgres => {
            "WHERE l.message_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))"
        }
        DatabaseKind::Sqlite => "WHERE l.message_id IN (SELECT unhex(value, '-') FROM json_each($1))",
    };
    let found = rows(db, &format!("{COLUMNS} {chosen}"), [json(ids)]).await?;
    let with_nodes_word = |row: &QueryResult| {
        let message = message(row)?;
        // Node may have deleted what we have not heard of yet: nothing is to bring it back.
        let deleted = message.deleted || row.try_get::<bool>("", "deleted_by_node")?;
        Ok(Message { deleted, ..message })
    };
    found.iter().map(with_nodes_word).collect()
}

/// The messages that these users' client offsets stand for already.
pub(super) async fn by_offsets(
    db: &impl ConnectionTrait,
    kind: DatabaseKind,
    offsets: &[(UserId, &str)],
) -> Result<Vec<Message>, Fault> {
    let chosen = match kind {
        DatabaseKind::Postgres => {
            "JOIN json_array_elements(CAST($1 AS json)) AS asked ON l.user_id = CAST(asked ->> 0 AS uuid) AND l.client_offset = asked ->> 1"
        }
        DatabaseKind::Sqlite => {
            "JOIN json_each($1) AS asked ON l.user_id = unhex(asked.value ->> 0, '-') AND l.client_offset = asked.value ->> 1"
        }
    };
    read(db, chosen, [json(offsets)]).await
}

impl Store {
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, Fault> {
        Ok(read(&self.pool, "WHERE l.message_id = $1", [id.into()]).await?.pop())
    }

    /// Visible messages by page, page 1 the oldest, walked from the nearer end: the last page costs
    /// what the first does. What comes after the counting belongs to no page.
    pub async fn page(&self, room: RoomNumber, page: i64, limit: i64) -> Result<Page, Fault> {
        let Some(counts) = self.room_counts(room).await? else { return Ok(Page { messages: Vec::new(), total: 0 }) };
        let span = Span::of(page, limit, counts.visible);
        let condition = format!(
            "WHERE l.room = $1 AND NOT l.deleted AND l.seq <= $4 ORDER BY l.seq {} LIMIT $2 OFFSET $3",
            span.direction()
        );
        let values = [room.0.into(), span.take.into(), span.skip.into(), counts.last_seq.into()];
        let messages = read(&self.pool, &condition, values).await?;
        Ok(Page { messages: span.oldest_first(messages), total: counts.visible })
    }

    /// The same of one author.
    pub async fn page_of_author(&self, room: RoomNumber, author: UserId, page: i64, limit: i64) -> Result<Page, Fault> {
        let counted = "SELECT COALESCE(a.visible, 0) AS total, r.last_seq FROM chat_rooms r \
                       LEFT JOIN chat_authors a ON a.room = r.number AND a.user_id = $2 WHERE r.number = $1";
        let counted = row(&self.pool, counted, [room.0.into(), author.into()]).await?;
        let Some(counted) = counted else { return Ok(Page { messages: Vec::new(), total: 0 }) };
        let (total, last_seq): (i64, i64) = (counted.try_get("", "total")?, counted.try_get("", "last_seq")?);
        let span = Span::of(page, limit, total);
        let condition = format!(
            "WHERE l.user_id = $5 AND l.room = $1 AND NOT l.deleted AND l.seq <= $4 ORDER BY l.seq {} LIMIT $2 OFFSET $3",
            span.direction()
        );
        let values = [room.0.into(), span.take.into(), span.skip.into(), last_seq.into(), author.into()];
        let messages = read(&self.pool, &condition, values).await?;
        Ok(Page { messages: span.oldest_first(messages), total })
    }

    /// Visible messages from there on, printed oldest first. It costs the same wherever that is.
    pub async fn stretch(&self, room: RoomNumber, from: Seek, limit: i64) -> Result<Vec<Message>, Fault> {
        let (chosen, edge) = match from {
            Seek::Newest => ("l.seq <= $3 ORDER BY l.seq DESC", i64::MAX),
            Seek::Before(seq) => ("l.seq < $3 ORDER BY l.seq DESC", seq),
            Seek::After(seq) => ("l.seq > $3 ORDER BY l.seq", seq),
        };
        let condition = format!("WHERE l.room = $1 AND NOT l.deleted AND {chosen} LIMIT $2");
        let mut messages = read(&self.pool, &condition, [room.0.into(), limit.into(), edge.into()]).await?;
        if !matches!(from, Seek::After(_)) {
            messages.reverse();
        }
        Ok(messages)
    }

    /// A page of the messages behind one number and up to another, deleted ones too: no number is missing.
    /// Whether another page follows.
    pub async fn numbered(
        &self,
        room: RoomNumber,
        (after, up_to): (i64, i64),
        page: PageSize,
    ) -> Result<(Vec<Message>, bool), Fault> {
        let most = i64::try_from(page.messages + 1).unwrap_or(i64::MAX);
        let chosen = "WHERE l.room = $1 AND l.seq > $2 AND l.seq <= $3 ORDER BY l.seq LIMIT $4";
        let values = [room.0.into(), after.into(), up_to.into(), most.into()];
        let mut messages = read(&self.pool, chosen, values).await?;
        let fitting = page.fitting(&messages);
        let more = fitting < messages.len();
        messages.truncate(fitting);
        Ok((messages, more))
    }

    /// The `seq` of a room's first message since a time, or the next one: they rise together.
    pub async fn first_since(&self, room: RoomNumber, time: Micros) -> Result<i64, Fault> {
        let (mut low, mut high) = (1, self.room_counts(room).await?.map_or(0, |counts| counts.last_seq) + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let stored = "SELECT created_at FROM chat_log WHERE room = $1 AND seq = $2";
            let stored = row(&self.pool, stored, [room.0.into(), middle.into()]).await?;
            let is_before = match stored {
                Some(stored) => stored.try_get::<i64>("", "created_at")? < time.0,
                None => false,
            };
            (low, high) = if is_before { (middle + 1, high) } else { (low, middle) };
        }
        Ok(low)
    }

    /// What changed after `rev`, in the order of rev, in its present state: one page of it. A rev that
    /// this history does not have yet settles nothing.
    pub async fn since(&self, room: RoomNumber, rev: i64, page: PageSize) -> Result<Since, Fault> {
        // Read before the messages: what is committed in between stands in them as well, and their
        // last rev then says so.
        let last_rev = self.room_counts(room).await?.map_or(0, |counts| counts.last_rev);
        if rev > last_rev || rev < 0 {
            return Ok(Since { messages: Vec::new(), rev: last_rev, complete: false, more: false });
        }
        let mut messages = self.changes(room, rev, page.messages + 1).await?;
        let fitting = page.fitting(&messages);
        let more = fitting < messages.len();
        messages.truncate(fitting);
        let rev = match messages.last() {
            Some(last) if more => last.rev,
            last => last.map_or(last_rev, |last| last.rev.max(last_rev)),
        };
        Ok(Since { messages, rev, complete: true, more })
    }

    /// When somebody last spoke in a room.
    pub async fn last_message_at(&self, room: RoomNumber, user: UserId) -> Result<Option<Micros>, Fault> {
        let question = "SELECT created_at FROM chat_log WHERE user_id = $1 AND room = $2 ORDER BY seq DESC LIMIT 1";
        let found = row(&self.pool, question, [user.into(), room.0.into()]).await?;
        Ok(found.map(|row| row.try_get("", "created_at")).transpose()?.map(Micros))
    }

    pub async fn has_offset(&self, user: UserId, offset: &str) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_log WHERE user_id = $1 AND client_offset = $2";
        Ok(row(&self.pool, question, [user.into(), offset.into()]).await?.is_some())
    }

    /// The first changes after `rev`, in its order.
    pub async fn changes(&self, room: RoomNumber, rev: i64, limit: usize) -> Result<Vec<Message>, Fault> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let after = "WHERE l.room = $1 AND l.rev > $2 ORDER BY l.rev LIMIT $3";
        read(&self.pool, after, [room.0.into(), rev.into(), most.into()]).await
    }
}

/// So many messages, of so many bytes of text; one at least.
#[derive(Debug, Clone, Copy)]
pub struct PageSize {
    pub messages: usize,
    pub bytes: usize,
}

impl PageSize {
    fn fitting(self, messages: &[Message]) -> usize {
        let mut bytes = 0;
        let beyond = messages.iter().position(|message| {
            bytes += message.text.len();
            bytes > self.bytes
        });
        beyond.unwrap_or(messages.len()).max(1).min(self.messages).min(messages.len())
    }
}

/// Which part of a listing a page is, seen from the end that is nearer.
struct Span {
    skip: i64,
    take: i64,
    from_the_end: bool,
}

impl Span {
    fn of(page: i64, limit: i64, total: i64) -> Span {
        let skip = page.saturating_sub(1).saturating_mul(limit).min(total);
        let take = limit.min(total - skip);
        let behind = total - skip - take;
        if behind < skip {
            Span { skip: behind, take, from_the_end: true }
        } else {
            Span { skip, take, from_the_end: false }
        }
    }

    fn direction(&self) -> &'static str {
        if self.from_the_end { "DESC" } else { "ASC" }
    }

    fn oldest_first(&self, mut messages: Vec<Message>) -> Vec<Message> {
        if self.from_the_end {
            messages.reverse();
        }
        messages
    }
}
