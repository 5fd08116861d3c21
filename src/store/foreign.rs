//! Other programs write to Node's tables, while we run and while we are away. What they wrote is
//! numbered after what is there, in the order of `created_at`. PostgreSQL only: nobody else writes
//! to our SQLite file.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use migration::notices;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use tokio::sync::Notify;
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use super::ledger::Ledger;
use super::log_rows::NodeRows;
use super::sql::{json, row, rows};
use super::{DatabaseKind, Fault, Store, messages};
use crate::model::{Author, Event, Message, MessageId, Micros, Posted, RoomNumber};

/// Rows a transaction: the main room is locked meanwhile.
const BATCH: i64 = 5000;
/// A row that claims to be from further ahead than this would drag all later times with it.
const CLOCK_SKEW: i64 = 60_000_000;
/// Where notices are missed, or are not to be had.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How this process learns what others wrote.
pub struct ForeignChanges {
    notices: Option<Arc<Notify>>,
    tick: Interval,
    /// Without triggers: not before this, so that comparing a large history costs a twentieth at most.
    not_before: Instant,
    users_seen: Micros,
    postgres: bool,
    triggers: bool,
}

impl ForeignChanges {
    /// Installs the triggers where that is allowed, and listens.
    pub async fn watch(store: &Store) -> ForeignChanges {
        let mut tick = interval(LOOK_AGAIN);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let postgres = store.kind == DatabaseKind::Postgres;
        let mut watch = ForeignChanges {
            notices: None,
            tick,
            not_before: Instant::now(),
            users_seen: Micros(0),
            postgres,
            triggers: false,
        };
        if postgres {
            watch.triggers = store.install_notices().await;
            let notices = Arc::new(Notify::new());
            watch.notices = Some(notices.clone());
            if watch.triggers {
                tokio::spawn(listen(store.clone(), notices));
            } else {
                tracing::warn!(
                    "this database user may not make triggers on \"Users\" and \"CommunityChats\": what other programs write there is looked for every second"
                );
            }
        }
        watch
    }

    /// Waits until there may be something to take. Safe to cancel.
    pub async fn noticed(&mut self) {
        let Some(notices) = &self.notices else {
            return std::future::pending().await;
        };
        tokio::select! {
            () = notices.notified() => {}
            _ = self.tick.tick() => {}
        }
    }

    /// Takes in what others wrote, and gives what is to be announced.
    pub async fn take(&mut self, store: &Store, now: Micros) -> Result<Vec<Arc<Event>>, Fault> {
        if !self.postgres || Instant::now() < self.not_before {
            return Ok(Vec::new());
        }
        if self.triggers {
            return store.take_noted(now).await;
        }
        let started = Instant::now();
        let mut events = Vec::new();
        for user in store.users_changed_since(Micros(self.users_seen.0 - CLOCK_SKEW)).await? {
            events.push(Arc::new(Event::UserChanged { user }));
        }
        self.users_seen = now;
        events.extend(store.reconcile(now).await?);
        self.not_before = Instant::now() + started.elapsed() * 20;
        Ok(events)
    }
}

/// PgListener connects again by itself; a notice missed meanwhile is found by the tick.
async fn listen(store: Store, notices: Arc<Notify>) {
    loop {
        let listening = async {
            let mut listener = PgListener::connect_with(store.pool.get_postgres_connection_pool()).await?;
            listener.listen(notices::CHANNEL).await?;
            loop {
                listener.recv().await?;
                notices.notify_one();
            }
        };
        let ended: Result<(), sea_orm::sqlx::Error> = listening.await;
        if let Err(sea_orm::sqlx::Error::PoolClosed) = ended {
            return;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

pub(super) const NEW: &str =
    r#"SELECT c.id FROM "CommunityChats" c WHERE NOT EXISTS (SELECT 1 FROM chat_log l WHERE l.message_id = c.id)"#;
pub(super) const CHANGED: &str = r#"SELECT c.id FROM "CommunityChats" c JOIN chat_log l ON l.message_id = c.id WHERE l.room = 1 AND (l.deleted <> COALESCE(c.is_deleted, true)
    OR (NOT l.deleted AND l.updated_at <> CAST(extract(epoch FROM c.updated_at) * 1000000 AS bigint)))"#;
pub(super) const REMOVED: &str = r#"SELECT l.message_id AS id FROM chat_log l WHERE l.room = 1 AND NOT l.deleted AND NOT EXISTS (SELECT 1 FROM "CommunityChats" c WHERE c.id = l.message_id)"#;

impl Store {
    async fn install_notices(&self) -> bool {
        if notices::installed(&self.writer).await.unwrap_or(false) {
            return true;
        }
        let Ok(transaction) = self.begin().await else {
            return false;
        };
        notices::install(&transaction).await.is_ok() && transaction.commit().await.is_ok()
    }

    /// Compares the whole of Node's table with the log and takes in the difference: at start, and
    /// where no triggers tell. Gives what is to be announced.
    pub async fn reconcile(&self, now: Micros) -> Result<Vec<Arc<Event>>, Fault> {
        let mut events = Vec::new();
        if self.kind != DatabaseKind::Postgres {
            return Ok(events);
        }
        for difference in [format!("{NEW} ORDER BY c.created_at, c.id"), CHANGED.to_owned(), REMOVED.to_owned()] {
            let ids = rows(&self.pool, &difference, []).await?;
            let ids: Vec<MessageId> = ids.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
            for chunk in ids.chunks(usize::try_from(BATCH).unwrap_or(1)) {
                let db = self.begin().await?;
                let taken = self.settle_foreign(&db, chunk, now, Touched::Perhaps).await?;
                db.commit().await?;
                events.extend(taken);
            }
            if ids.len() > 10_000 {
                tracing::info!(messages = ids.len(), "took in messages of another program");
            }
        }
        Ok(events)
    }

    /// What the triggers noted. A note is removed in the transaction that takes its row in.
    async fn take_noted(&self, now: Micros) -> Result<Vec<Arc<Event>>, Fault> {
        let mut events = Vec::new();
        while row(&self.pool, "SELECT id FROM chat_foreign LIMIT 1", []).await?.is_some() {
            let db = self.begin().await?;
            let notes = rows(&db, "DELETE FROM chat_foreign WHERE id IN (SELECT id FROM chat_foreign ORDER BY id LIMIT $1) RETURNING source, row_id", [BATCH.into()]).await?;
            let (mut chats, mut users) = (BTreeSet::new(), BTreeSet::new());
            for note in &notes {
                let noted = if note.try_get::<String>("", "source")? == "Users" { &mut users } else { &mut chats };
                noted.insert(note.try_get::<Uuid>("", "row_id")?);
            }
            let chats: Vec<MessageId> = chats.into_iter().collect();
            let taken = self.settle_foreign(&db, &chats, now, Touched::Surely).await?;
            db.commit().await?;
            events.extend(users.into_iter().map(|user| Arc::new(Event::UserChanged { user })));
            events.extend(taken);
        }
        Ok(events)
    }

    async fn users_changed_since(&self, since: Micros) -> Result<Vec<Uuid>, Fault> {
        let changed =
            rows(&self.pool, "SELECT id FROM \"Users\" WHERE \"updatedAt\" > $1", [since.to_chrono().into()]).await?;
        changed.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }

    /// Brings the log up to what stands in Node's table for these rows.
    async fn settle_foreign(
        &self,
        db: &DatabaseTransaction,
        ids: &[MessageId],
        now: Micros,
        touched: Touched,
    ) -> Result<Vec<Arc<Event>>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rooms = self.lock_rooms(db, &[RoomNumber::MAIN]).await?;
        let stored = messages::by_ids(db, self.kind, ids).await?;
        // `by_ids` takes the text from Node's table, and with it a removal: the log's own word counts.
        let logged = self.logged_as_deleted(db, ids).await?;
        let stored = stored
            .into_iter()
            .map(|message| Message { deleted: logged.get(&message.id).copied().unwrap_or(message.deleted), ..message })
            .collect();
        let mut ledger = Ledger::new(now, rooms, stored);
        let mut events = Vec::new();
        for found in foreign_rows(db, ids).await? {
            events.extend(found.settle(&mut ledger, touched));
        }
        if !ledger.is_unchanged() {
            self.write_ledger(db, &ledger, NodeRows::StandAlready).await?;
        }
        Ok(events)
    }

    async fn logged_as_deleted(
        &self,
        db: &DatabaseTransaction,
        ids: &[MessageId],
    ) -> Result<HashMap<MessageId, bool>, Fault> {
        let states = "SELECT message_id, deleted FROM chat_log WHERE message_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))";
        let states = rows(db, states, [json(ids)]).await?;
        states.iter().map(|row| Ok((row.try_get("", "message_id")?, row.try_get("", "deleted")?))).collect()
    }
}

/// Whether somebody is known to have written a row: its text may be new even if no time says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Touched {
    Surely,
    Perhaps,
}

/// A row of Node's table as it stands; `chat` is none when it is gone.
struct ForeignRow {
    id: MessageId,
    author: Arc<Author>,
    chat: Option<Chat>,
}

struct Chat {
    text: String,
    visible: bool,
    created_at: Micros,
    updated_at: Micros,
    edited_at: Option<Micros>,
}

async fn foreign_rows(db: &impl ConnectionTrait, ids: &[MessageId]) -> Result<Vec<ForeignRow>, Fault> {
    let standing = r#"SELECT asked.id, COALESCE(c.user_id, l.user_id) AS author, u.userid, u.name, c.message, c.is_deleted,
            CAST(extract(epoch FROM c.created_at) * 1000000 AS bigint) AS created_at,
            CAST(extract(epoch FROM c.updated_at) * 1000000 AS bigint) AS updated_at,
            CAST(extract(epoch FROM c.edited_at) * 1000000 AS bigint) AS edited_at
        FROM (SELECT CAST(value AS uuid) AS id FROM json_array_elements_text(CAST($1 AS json))) AS asked
        LEFT JOIN "CommunityChats" c ON c.id = asked.id LEFT JOIN chat_log l ON l.message_id = asked.id
        LEFT JOIN "Users" u ON u.id = COALESCE(c.user_id, l.user_id) ORDER BY c.created_at, asked.id"#;
    let mut found = Vec::with_capacity(ids.len());
    for row in rows(db, standing, [json(ids)]).await? {
        // Neither here nor there: made and removed between two looks.
        if let Some(author) = row.try_get::<Option<Uuid>>("", "author")? {
            found.push(foreign_row(&row, author)?);
        }
    }
    Ok(found)
}

fn foreign_row(row: &QueryResult, author: Uuid) -> Result<ForeignRow, Fault> {
    let text: Option<String> = row.try_get("", "message")?;
    let chat = match text {
        None => None,
        Some(text) => Some(Chat {
            text,
            visible: row.try_get::<Option<bool>>("", "is_deleted")? == Some(false),
            created_at: Micros(row.try_get("", "created_at")?),
            updated_at: Micros(row.try_get("", "updated_at")?),
            edited_at: row.try_get::<Option<i64>>("", "edited_at")?.map(Micros),
        }),
    };
    let name = |column| Ok::<String, Fault>(row.try_get::<Option<String>>("", column)?.unwrap_or_default());
    Ok(ForeignRow {
        id: row.try_get("", "id")?,
        author: Arc::new(Author { id: author, userid: name("userid")?, name: name("name")? }),
        chat,
    })
}

impl ForeignRow {
    fn settle(self, ledger: &mut Ledger, touched: Touched) -> Option<Arc<Event>> {
        let known = ledger.messages.get(&self.id).cloned();
        match (self.chat, known) {
            (None, None) => None,
            (Some(chat), None) => insert(ledger, self.id, self.author, chat),
            (None, Some(known)) => (!known.deleted).then(|| hide(ledger, self.id, self.author)).flatten(),
            (Some(chat), Some(known)) if !chat.visible => {
                if known.deleted {
                    return None;
                }
                touch(ledger, self.id, &chat);
                hide(ledger, self.id, self.author)
            }
            (Some(chat), Some(known)) => {
                if touched == Touched::Perhaps && !known.deleted && known.updated_at == chat.updated_at {
                    return None;
                }
                touch(ledger, self.id, &chat);
                if known.deleted {
                    ledger.unhide(self.id);
                }
                let message = ledger.revise(self.id).ok()?;
                Some(Arc::new(Event::MessageEdited(Arc::new(Posted { message, author: self.author }))))
            }
        }
    }
}

fn insert(ledger: &mut Ledger, id: MessageId, author: Arc<Author>, chat: Chat) -> Option<Arc<Event>> {
    let state = ledger.rooms.get(&RoomNumber::MAIN)?;
    let claimed = if chat.created_at.0 > ledger.now.0 + CLOCK_SKEW { ledger.now.0 } else { chat.created_at.0 };
    let message = Message {
        id,
        room: RoomNumber::MAIN,
        room_id: state.id,
        seq: 0,
        rev: 0,
        user: author.id,
        text: if chat.visible { chat.text } else { crate::model::message::DELETED_TEXT.to_owned() },
        created_at: Micros(claimed.max(state.last_at + 1)),
        updated_at: chat.updated_at,
        edited_at: chat.edited_at,
        deleted: !chat.visible,
        client_offset: None,
    };
    let message = ledger.insert(message)?;
    let visible = !message.deleted;
    let posted = Arc::new(Posted { message, author });
    Some(Arc::new(if visible { Event::MessageCreated(posted) } else { Event::MessageDeleted(posted) }))
}

fn touch(ledger: &mut Ledger, id: MessageId, chat: &Chat) {
    if let Some(message) = ledger.messages.get_mut(&id) {
        message.text.clone_from(&chat.text);
        message.updated_at = chat.updated_at;
        message.edited_at = chat.edited_at;
    }
}

fn hide(ledger: &mut Ledger, id: MessageId, author: Arc<Author>) -> Option<Arc<Event>> {
    ledger.hide(id);
    let message = ledger.revise(id).ok()?;
    Some(Arc::new(Event::MessageDeleted(Arc::new(Posted { message, author }))))
}
