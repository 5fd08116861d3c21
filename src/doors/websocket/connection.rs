//! One plain WebSocket and its worker.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;

use super::outbox::Outbox;
use super::{Dialect, Farewell, Session};
use crate::doors::budgets::{Budget, EventBudgets};
use crate::doors::connection::{Closing, Inbox, Limits, Live, Put, REFUSALS_IN_A_ROW};
use crate::doors::edge::line::Line;
use crate::doors::shift::{self, Unsettled};
use crate::doors::tally::TALLY;
use crate::model::{ConnectionId, UserId};

/// How long a closed connection may take to read what stands in front of its end.
const LAST_READING: Duration = Duration::from_secs(4);

pub struct Connection {
    pub id: ConnectionId,
    pub address: Option<IpAddr>,
    dialect: Dialect,
    inbox: Inbox<Item>,
    desk: Mutex<Option<Desk>>,
    pub(super) outbox: Outbox,
    budget: Budget,
    budgets: Arc<EventBudgets>,
    user: Mutex<Option<UserId>>,
    line: Weak<Line>,
    refusals: AtomicU32,
    gone: AtomicBool,
    closing: AtomicBool,
    reconsidering: AtomicBool,
}

pub enum Item {
    Begin(Box<dyn Session>),
    Frame(Utf8Bytes),
    Reconsider,
    /// Ends the connection when everything before it is answered.
    Close(Closing),
    Ended,
}

pub struct Desk {
    dialect: &'static str,
    session: Option<Box<dyn Session>>,
    unsettled: Unsettled,
    ended: bool,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        address: Option<IpAddr>,
        line: Weak<Line>,
        dialect: Dialect,
        limits: &Limits,
    ) -> Arc<Connection> {
        let desk = Desk { dialect: dialect.name, session: None, unsettled: Unsettled::default(), ended: false };
        Arc::new(Connection {
            id,
            address,
            dialect,
            inbox: Inbox::new(limits.inbox),
            desk: Mutex::new(Some(desk)),
            outbox: Outbox::new(limits.slow_reader_bytes),
            budget: Budget::new(limits.events_per_second, limits.events_burst),
            budgets: limits.budgets.clone(),
            user: Mutex::default(),
            line,
            refusals: AtomicU32::new(0),
            gone: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            reconsidering: AtomicBool::new(false),
        })
    }

    pub(super) fn begin(self: &Arc<Self>, session: Box<dyn Session>) {
        let put = self.inbox.put_always(Item::Begin(session));
        self.start_worker(put);
    }

    /// Called by the transport's reader: it must not wait, and it keeps the wire order.
    /// None: a frame that is no text.
    pub(super) fn receive(self: &Arc<Self>, text: Option<Utf8Bytes>) {
        if self.refusals.load(Ordering::Relaxed) >= REFUSALS_IN_A_ROW {
            return;
        }
        TALLY.events.add(1);
        if self.budgets.are_closed.load(Ordering::Relaxed) {
            return self.say_no("The server is restarting, please try again", "restarting");
        }
        if self.spend().is_err() {
            return self.refuse("Too many events, please slow down", "slow_down");
        }
        // Its neighbours may have spent that: nobody is closed for what others do.
        if self.address.is_some_and(|address| self.budgets.of_address.spend(&address).is_err()) {
            return self.say_no("Too many events, please slow down", "slow_down");
        }
        let Some(text) = text else { return self.say_no("Frames must be text", "unreadable") };
        let bytes = text.len();
        match self.inbox.put(Item::Frame(text), bytes) {
            Put::Full => self.refuse("Too many events are waiting, please slow down", "busy"),
            put => {
                self.refusals.store(0, Ordering::Relaxed);
                self.start_worker(put);
            }
        }
    }

    fn spend(&self) -> Result<(), u64> {
        self.budget.spend()?;
        let user = *self.user.lock().unwrap_or_else(PoisonError::into_inner);
        user.map_or(Ok(()), |user| self.budgets.of_user.spend(&user))
    }

    /// A limit says no: who overruns it again and again is not listening.
    fn refuse(self: &Arc<Self>, text: &str, code: &'static str) {
        self.say_no(text, code);
        if self.refusals.fetch_add(1, Ordering::Relaxed) + 1 == REFUSALS_IN_A_ROW {
            // What was accepted before is still answered.
            let put = self.inbox.put_always(Item::Close(Closing::TooManyRefusals));
            self.start_worker(put);
        }
    }

    pub fn say_no(self: &Arc<Self>, text: &str, code: &'static str) {
        TALLY.refused(code);
        self.send((self.dialect.refusal)(text));
    }

    pub fn send(self: &Arc<Self>, text: impl Into<Utf8Bytes>) {
        self.send_all([&text.into()]);
    }

    /// After what was said before is read.
    pub fn say_farewell(self: &Arc<Self>, farewell: Farewell) {
        self.end(farewell, false);
    }

    /// Its token ended, or its account is no more.
    pub fn end_unauthorized(self: &Arc<Self>) {
        self.say_farewell(Farewell { code: self.dialect.unauthorized, reason: "Unauthorized" });
    }

    fn end(self: &Arc<Self>, farewell: Farewell, at_once: bool) {
        if self.closing.swap(true, Ordering::Relaxed) {
            return;
        }
        self.outbox.end(farewell, at_once);
        self.ended();
        let connection = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LAST_READING).await;
            connection.line.upgrade().inspect(|line| line.cut());
        });
    }

    /// For the others it has left.
    pub(super) fn ended(self: &Arc<Self>) {
        if !self.gone.swap(true, Ordering::Relaxed) {
            let put = self.inbox.put_always(Item::Ended);
            self.start_worker(put);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_idle()
    }

    /// Frames of the client that wait, and bytes that wait for it.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.inbox.waiting(), self.outbox.waiting_bytes())
    }

    fn start_worker(self: &Arc<Self>, put: Put) {
        if put == Put::StartWorker {
            tokio::spawn(shift::work::<Desk>(self.clone()));
        }
    }
}

impl Live for Connection {
    type Text = Utf8Bytes;

    fn id(&self) -> ConnectionId {
        self.id
    }

    fn send_all<'a>(self: &Arc<Self>, frames: impl IntoIterator<Item = &'a Utf8Bytes>) {
        if self.outbox.push(frames).is_err() {
            self.close(Closing::SlowReader);
        }
    }

    fn is_too_far_behind(&self, bytes: usize) -> bool {
        self.outbox.is_over(bytes)
    }

    fn close(self: &Arc<Self>, why: Closing) {
        let code = match why {
            Closing::SlowReader => {
                TALLY.slow_readers_closed.add(1);
                tracing::info!(connection = self.id.0, address = ?self.address, code = why.code(), "closed a connection");
                1013
            }
            Closing::TooManyRefusals | Closing::NothingJoined => 1008,
        };
        self.end(Farewell { code, reason: why.text() }, why == Closing::SlowReader);
    }

    fn is_leaving(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
            || self.refusals.load(Ordering::Relaxed) >= REFUSALS_IN_A_ROW
            || self.budgets.are_closed.load(Ordering::Relaxed)
    }

    async fn is_ready_for_more(&self) -> bool {
        !self.is_leaving() && self.outbox.drained().await && !self.is_leaving()
    }

    fn belongs_to(&self, _: Option<UserId>, person: Option<UserId>) {
        *self.user.lock().unwrap_or_else(PoisonError::into_inner) = person;
    }

    fn reconsider(self: &Arc<Self>) {
        if !self.reconsidering.swap(true, Ordering::Relaxed) {
            let put = self.inbox.put_always(Item::Reconsider);
            self.start_worker(put);
        }
    }
}

impl shift::Desk for Desk {
    type Connection = Connection;
    type Item = Item;

    fn inbox(connection: &Connection) -> &Inbox<Item> {
        &connection.inbox
    }

    fn place(connection: &Connection) -> &Mutex<Option<Desk>> {
        &connection.desk
    }

    fn unsettled(&mut self) -> &mut Unsettled {
        &mut self.unsettled
    }

    async fn handle(&mut self, connection: &Arc<Connection>, item: Item) {
        match item {
            Item::Begin(session) => {
                let later = self.session.insert(session).opened().await;
                self.unsettled.go_on(self.dialect, later);
            }
            Item::Frame(text) if !self.ended => {
                if self.unsettled.is_full() {
                    self.unsettled.all_settled().await;
                }
                if let Some(session) = &mut self.session {
                    let later = session.frame(text).await;
                    self.unsettled.go_on(self.dialect, later);
                }
            }
            Item::Frame(_) => {}
            Item::Reconsider => {
                connection.reconsidering.store(false, Ordering::Relaxed);
                if let Some(session) = &mut self.session {
                    session.reconsider().await;
                }
            }
            Item::Close(why) => {
                self.unsettled.all_settled().await;
                connection.close(why);
            }
            Item::Ended => {
                self.ended = true;
                self.unsettled.tell_no_more(None);
                self.unsettled.all_settled().await;
                if let Some(session) = self.session.take() {
                    session.closed().await;
                }
            }
        }
    }
}
