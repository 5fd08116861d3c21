//! Other programs write to Node's tables, while we run and while we are away. What they wrote is
//! numbered after what is there, in the order of `created_at`. PostgreSQL only: to our SQLite file
//! nobody else writes but our own command line, which leaves notes on both.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use migration::notices;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::ledger::Ledger;
use super::log_rows::NodeRows;
use super::sql::{json, row, rows, run};
use super::{Fault, Store, messages, sessions};
use crate::config::DatabaseKind;
use crate::model::{Author, Event, Message, MessageId, MessageKind, Micros, Posted, RoomNumber, UserId};

/// Rows a transaction: the main room is locked meanwhile.
const BATCH: usize = 2000;
/// Differences found by one comparison of the whole history.
const LOOKED_UP: usize = 50_000;
/// A row that claims to be from further ahead than this would drag all later times with it.
const CLOCK_SKEW: i64 = 60_000_000;
/// Where notices are missed, or are not to be had.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How this process learns what others wrote. A task of its own looks, so that the writer is not
/// held up by a database that does not answer; the writer takes in what was found.
pub struct ForeignChanges {
    found: mpsc::Receiver<Found>,
}

/// What there is to take in.
pub enum Found {
    /// The triggers noted something.
    Noted,
    /// Rows that differ from the log.
    Differing(Vec<MessageId>),
    Users(Vec<UserId>),
}

impl ForeignChanges {
    /// Installs the triggers where that is allowed, and begins to look.
    pub async fn watch(store: &Store) -> ForeignChanges {
        let (finder, found) = mpsc::channel(1);
        if store.kind != DatabaseKind::Postgres {
            tokio::spawn(look(store.clone(), finder));
        } else if store.install_notices().await {
            tokio::spawn(listen(store.clone(), finder));
        } else {
            tracing::warn!(
                "this database user may not make triggers on \"Users\" and \"CommunityChats\": \
                 what other programs write there is looked for every second"
            );
            tokio::spawn(look(store.clone(), finder.clone()));
            tokio::spawn(compare(store.clone(), finder));
        }
        ForeignChanges { found }
    }

    /// Of who leaves that to another process.
    pub fn of_nobody() -> ForeignChanges {
        let (finder, found) = mpsc::channel(1);
        // Waits for ever: a dropped sender would be an answer.
        tokio::spawn(async move { finder.closed().await });
        ForeignChanges { found }
    }

    /// Waits until there is something to take in. Safe to cancel.
    pub async fn next(&mut self) -> Option<Found> {
        self.found.recv().await
    }
}

/// PgListener connects again by itself; a notice missed meanwhile is found by looking.
async fn listen(store: Store, finder: mpsc::Sender<Found>) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listener_of(&store).await.ok();
        }
        let heard = async {
            match &mut listener {
                Some(listening) => listening.recv().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        if timeout(LOOK_AGAIN, heard).await == Ok(false) {
            listener = None;
            sleep(LOOK_AGAIN).await;
        }
        if report_notes(&store, &finder).await.is_none() {
            return;
        }
    }
}

/// Where nothing gives notice of a note.
async fn look(store: Store, finder: mpsc::Sender<Found>) {
    while report_notes(&store, &finder).await.is_some() {
        sleep(LOOK_AGAIN / 2).await;
    }
}

/// Until all are taken in; none when nobody takes them any more.
async fn report_notes(store: &Store, finder: &mpsc::Sender<Found>) -> Option<()> {
    let mut last = None;
    while let Ok(Ok(Some(first))) = timeout(LOOK_AGAIN * 3, store.first_note()).await {
        // The same again: it is being taken in, or cannot be.
        if last.replace(first) == Some(first) {
            sleep(LOOK_AGAIN / 10).await;
        }
        finder.send(Found::Noted).await.ok()?;
    }
    Some(())
}

async fn listener_of(store: &Store) -> Result<PgListener, sea_orm::sqlx::Error> {
    let mut listener = PgListener::connect_with(store.pool.get_postgres_connection_pool()).await?;
    listener.listen(notices::CHANNEL).await?;
    Ok(listener)
}

/// Without triggers the whole history is compared. That takes a twentieth of the time at most,
/// however large it is.
async fn compare(store: Store, finder: mpsc::Sender<Found>) {
    let mut users_seen = Micros::from_chrono(chrono::Utc::now());
    loop {
        let started = Instant::now();
        let now = Micros::from_chrono(chrono::Utc::now());
        if let Ok(users) = store.users_changed_since(Micros(users_seen.0 - CLOCK_SKEW)).await {
            users_seen = now;
            if !users.is_empty() && finder.send(Found::Users(users)).await.is_err() {
                return;
            }
        }
        for difference in differences() {
            let Ok(ids) = store.differing(&difference).await else { break };
            for chunk in ids.chunks(BATCH) {
                if finder.send(Found::Differing(chunk.to_vec())).await.is_err() {
                    return;
                }
            }
        }
        sleep(LOOK_AGAIN.max(started.elapsed() * 20)).await;
    }
}

/// In the order in which they are to be taken in.
fn differences() -> [String; 3] {
    [format!("{NEW} ORDER BY c.created_at, c.id"), CHANGED.to_owned(), REMOVED.to_owned()]
}

pub(super) const NEW: &str =
    r#"SELECT c.id FROM "CommunityChats" c WHERE NOT EXISTS (SELECT 1 FROM chat_log l WHERE l.message_id = c.id)"#;
pub(super) const CHANGED: &str = r#"SELECT c.id FROM "CommunityChats" c JOIN chat_log l ON l.message_id = c.id WHERE l.room = 1 AND NOT l.guest AND (l.deleted <> COALESCE(c.is_deleted, true)
    OR (NOT l.deleted AND isfinite(c.updated_at) AND l.updated_at <> CAST(extract(epoch FROM LEAST(GREATEST(c.updated_at, '0001-01-01 00:00+00'), '9999-12-31 00:00+00')) * 1000000 AS bigint)))"#;
pub(super) const REMOVED: &str = r#"SELECT l.message_id AS id FROM chat_log l WHERE l.room = 1 AND NOT l.guest AND NOT l.deleted AND NOT EXISTS (SELECT 1 FROM "CommunityChats" c WHERE c.id = l.message_id)"#;

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

    /// At start, before anybody is connected: takes in what others wrote while we were away.
    pub async fn take_history(&self, now: Micros) -> Result<(), Fault> {
        self.count_authors_once().await?;
        if self.kind != DatabaseKind::Postgres {
            return self.take_own_history().await;
        }
        while self.first_note().await?.is_some() {
            self.take_noted(now).await?;
        }
        for difference in differences() {
            let mut taken = 0;
            loop {
                let before = taken;
                let ids = self.differing(&difference).await?;
                for chunk in ids.chunks(BATCH) {
                    taken += self.take_differing(chunk, now).await?.len();
                }
                if ids.len() < LOOKED_UP || taken == before {
                    break;
                }
                tracing::info!("took in {taken} messages of another program, more to come");
            }
        }
        Ok(())
    }

    /// Takes in what was found, and gives what is to be announced.
    pub(super) async fn take(&self, found: &Found, now: Micros) -> Result<Vec<Arc<Event>>, Fault> {
        match found {
            Found::Noted => self.take_noted(now).await,
            Found::Differing(ids) => self.take_differing(ids, now).await,
            Found::Users(users) => self.take_users(&self.writer, users).await,
        }
    }

    async fn differing(&self, difference: &str) -> Result<Vec<MessageId>, Fault> {
        let found = rows(&self.pool, &format!("{difference} LIMIT {LOOKED_UP}"), []).await?;
        found.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }

    async fn take_differing(&self, ids: &[MessageId], now: Micros) -> Result<Vec<Arc<Event>>, Fault> {
        let db = self.begin().await?;
        let taken = self.settle_foreign(&db, ids, now, Touched::Perhaps).await?;
        db.commit().await?;
        Ok(taken)
    }

    /// Some of what the triggers noted. A note is removed in the transaction that takes its row in.
    async fn take_noted(&self, now: Micros) -> Result<Vec<Arc<Event>>, Fault> {
        let db = self.begin().await?;
        let taken = "DELETE FROM chat_foreign WHERE id IN (SELECT id FROM chat_foreign ORDER BY id LIMIT $1) \
                     RETURNING source, row_id";
        let notes = rows(&db, taken, [(BATCH as i64).into()]).await?;
        let (mut chats, mut users, mut ended) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for note in &notes {
            let noted = match note.try_get::<String>("", "source")?.as_str() {
                "Users" => &mut users,
                sessions::NOTED => &mut ended,
                _ => &mut chats,
            };
            noted.insert(note.try_get::<Uuid>("", "row_id")?);
        }
        let chats: Vec<MessageId> = chats.into_iter().collect();
        let settled = self.settle_foreign(&db, &chats, now, Touched::Surely).await?;
        let mut events = self.take_users(&db, &users.into_iter().collect::<Vec<_>>()).await?;
        events.extend(
            sessions::ended_events(&db, &ended.into_iter().collect::<Vec<_>>()).await?.into_iter().map(Arc::new),
        );
        db.commit().await?;
        events.extend(settled);
        Ok(events)
    }

    /// Wakes the server that runs, when the transaction is committed.
    pub(super) async fn notify(&self, db: &DatabaseTransaction) -> Result<(), Fault> {
        if self.kind == DatabaseKind::Postgres {
            run(db, &format!("NOTIFY {}", notices::CHANNEL), []).await?;
        }
        Ok(())
    }

    async fn first_note(&self) -> Result<Option<i64>, Fault> {
        let first = row(&self.pool, "SELECT id FROM chat_foreign ORDER BY id LIMIT 1", []).await?;
        Ok(first.map(|row| row.try_get("", "id")).transpose()?)
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
            CASE WHEN isfinite(c.created_at) THEN CAST(extract(epoch FROM LEAST(GREATEST(c.created_at, '0001-01-01 00:00+00'), '9999-12-31 00:00+00')) * 1000000 AS bigint) END AS created_at,
            CASE WHEN isfinite(c.updated_at) THEN CAST(extract(epoch FROM LEAST(GREATEST(c.updated_at, '0001-01-01 00:00+00'), '9999-12-31 00:00+00')) * 1000000 AS bigint) END AS updated_at,
            CASE WHEN isfinite(c.edited_at) THEN CAST(extract(epoch FROM LEAST(GREATEST(c.edited_at, '0001-01-01 00:00+00'), '9999-12-31 00:00+00')) * 1000000 AS bigint) END AS edited_at
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
            // Infinite times are possible there and nowhere else: they become the beginning of time.
            created_at: Micros(row.try_get::<Option<i64>>("", "created_at")?.unwrap_or_default()),
            updated_at: Micros(row.try_get::<Option<i64>>("", "updated_at")?.unwrap_or_default()),
            edited_at: row.try_get::<Option<i64>>("", "edited_at")?.map(Micros),
        }),
    };
    let name = |column| Ok::<String, Fault>(row.try_get::<Option<String>>("", column)?.unwrap_or_default());
    Ok(ForeignRow {
        id: row.try_get("", "id")?,
        author: Arc::new(Author { userid: name("userid")?, name: name("name")?, ..Author::nameless(author) }),
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
        guest: false,
        kind: MessageKind::Text.with_text(&chat.text),
        character: None,
        attachment: None,
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
        message.say(chat.text.clone());
        message.updated_at = chat.updated_at;
        message.edited_at = chat.edited_at;
    }
}

fn hide(ledger: &mut Ledger, id: MessageId, author: Arc<Author>) -> Option<Arc<Event>> {
    ledger.hide(id);
    let message = ledger.revise(id).ok()?;
    Some(Arc::new(Event::MessageDeleted(Arc::new(Posted { message, author }))))
}
