//! One Engine.IO connection, whatever namespaces it is in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use engineioxide::{DisconnectReason, ProtocolVersion, Socket, Str};
use serde::Serialize;

use super::desk::{Desk, Item};
use super::outbox::Outbox;
use super::packet::{self, Kind, Packet};
use super::server::Link;
use super::{Namespace, Refused};
use crate::doors::budgets::{Budget, EventBudgets};
use crate::doors::connection::{Closing, Inbox, Limits, Live, Put, REFUSALS_IN_A_ROW};
use crate::doors::edge::line::Line;
use crate::doors::shift;
use crate::doors::tally::TALLY;
use crate::model::{ConnectionId, UserId};

/// Of one event. More belong to nothing, and count as refusals.
const MOST_ATTACHMENTS: u32 = 16;
const TOO_MANY_EVENTS: &str = "Too many events, please slow down";
/// How long a closed connection may take to read what stands in front of its end.
const LAST_READING: Duration = Duration::from_secs(4);

pub struct Connection {
    pub id: ConnectionId,
    pub address: Option<IpAddr>,
    /// From the `Authorization` header of the handshake.
    pub bearer: Option<String>,
    pub(super) protocol: ProtocolVersion,
    pub(super) inbox: Inbox<Item>,
    pub(super) desk: Mutex<Option<Desk>>,
    engine: Weak<Socket<Link>>,
    outbox: Arc<Outbox>,
    budget: Budget,
    budgets: Arc<EventBudgets>,
    /// Whose budgets its events are taken from, too: one for each session of somebody.
    people: Mutex<Vec<UserId>>,
    /// The transport under it; a client that polls has none that lasts.
    line: Mutex<Weak<Line>>,
    refusals: AtomicU32,
    joined: Mutex<Vec<&'static str>>,
    closed: AtomicBool,
    gone: AtomicBool,
    upgrading: AtomicBool,
    /// Of binary events that were taken in, which are refused when it is their turn.
    attachments: AtomicU32,
    /// One request to reconsider is enough while it waits.
    pub(super) reconsidering: AtomicBool,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        engine: &Arc<Socket<Link>>,
        address: Option<IpAddr>,
        limits: &Limits,
        namespaces: Arc<HashMap<&'static str, Arc<dyn Namespace>>>,
    ) -> Arc<Connection> {
        let bearer = engine.req_parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        Arc::new(Connection {
            id,
            address,
            bearer: bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
            protocol: engine.protocol,
            inbox: Inbox::new(limits.inbox),
            desk: Mutex::new(Some(Desk::new(namespaces))),
            engine: Arc::downgrade(engine),
            outbox: Arc::new(Outbox::new(Arc::downgrade(engine), limits.slow_reader_bytes)),
            budget: Budget::new(limits.events_per_second, limits.events_burst),
            budgets: limits.budgets.clone(),
            people: Mutex::default(),
            line: Mutex::new(engine.req_parts.extensions.get().map(Arc::downgrade).unwrap_or_default()),
            refusals: AtomicU32::new(0),
            joined: Mutex::default(),
            closed: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            upgrading: AtomicBool::new(false),
            attachments: AtomicU32::new(0),
            reconsidering: AtomicBool::new(false),
        })
    }

    /// Called inline by the transport's reader: it must not wait, and it keeps the wire order.
    pub(super) fn receive(self: &Arc<Self>, text: Str) {
        if self.refusals.load(Ordering::Relaxed) >= REFUSALS_IN_A_ROW {
            return;
        }
        let Some(packet) = Packet::parse(&text) else { return self.refuse_silently() };
        if packet.kind == Kind::Event {
            TALLY.events.add(1);
        }
        self.attachments.store(packet.attachments.min(MOST_ATTACHMENTS), Ordering::Relaxed);
        if self.budgets.are_closed.load(Ordering::Relaxed) {
            return self.answer_refusal(&packet, "The server is restarting, please try again", "restarting", 1000);
        }
        // Costs nothing, and only once for each time that it joined.
        if packet.kind == Kind::Disconnect && self.note_left(packet.namespace) {
            let put = self.inbox.put_always(Item::Packet(text.clone()));
            return self.start_worker(put);
        }
        if let Err(retry_in) = self.spend() {
            return self.refuse(packet, TOO_MANY_EVENTS, "slow_down", retry_in);
        }
        // Its neighbours may have spent that: nobody is closed for what others do.
        if let Some(Err(retry_in)) = self.address.map(|address| self.budgets.of_address.spend(&address)) {
            return self.answer_refusal(&packet, TOO_MANY_EVENTS, "slow_down", retry_in);
        }
        match self.inbox.put(Item::Packet(text.clone()), text.len()) {
            Put::Full => self.refuse(packet, "Too many events are waiting, please slow down", "busy", 1000),
            put => {
                self.refusals.store(0, Ordering::Relaxed);
                self.start_worker(put);
            }
        }
    }

    /// What is its own, and what it shares with others of the same person. One who has sessions in two
    /// namespaces spends once.
    fn spend(&self) -> Result<(), u64> {
        self.budget.spend()?;
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let first_of = |at: usize| !people[..at].contains(&people[at]);
        (0..people.len()).filter(|at| first_of(*at)).try_for_each(|at| self.budgets.of_user.spend(&people[at]))
    }

    fn refuse(self: &Arc<Self>, packet: Packet<'_>, error: &str, code: &'static str, retry_in: u64) {
        self.answer_refusal(&packet, error, code, retry_in);
        self.refuse_silently();
    }

    fn answer_refusal(self: &Arc<Self>, packet: &Packet<'_>, error: &str, code: &'static str, retry_in: u64) {
        TALLY.refused(code);
        let refused = Refused { success: false, error, code, retry_in: Some(retry_in) };
        match (packet.kind, packet.ack) {
            (Kind::Connect, _) if self.protocol == ProtocolVersion::V3 => {
                self.send(packet::connect_error(packet.namespace, &error).into());
            }
            (Kind::Connect, _) => self.send(
                packet::connect_error(packet.namespace, &serde_json::json!({ "message": error, "data": refused }))
                    .into(),
            ),
            (_, Some(id)) => self.send(packet::ack(packet.namespace, id, &refused).into()),
            (_, None) => {}
        }
    }

    /// What cannot be answered at least counts.
    pub(super) fn refuse_silently(self: &Arc<Self>) {
        if self.refusals.fetch_add(1, Ordering::Relaxed) + 1 == REFUSALS_IN_A_ROW {
            // What was accepted before is still answered.
            let put = self.inbox.put_always(Item::Close(Closing::TooManyRefusals));
            self.start_worker(put);
        }
    }

    pub(super) fn joined_any(&self) -> bool {
        !self.joined.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn note_joined(&self, namespace: &'static str) {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner).push(namespace);
    }

    /// Whether it was there.
    pub(super) fn note_left(&self, namespace: &str) -> bool {
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let at = joined.iter().position(|joined| *joined == namespace);
        at.map(|at| joined.swap_remove(at)).is_some()
    }

    /// The WebSocket that a polling client went over to.
    pub(super) fn note_line(&self, line: &Arc<Line>) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(line);
        self.upgrading.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_upgrading(&self) -> bool {
        self.upgrading.load(Ordering::Relaxed)
    }

    /// Something came over the WebSocket.
    pub(super) fn note_upgraded(&self) {
        self.upgrading.store(false, Ordering::Relaxed);
    }

    /// Nobody hears an answer any more.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Attachments belong to an event that is refused as a whole; others belong to nothing.
    pub(super) fn receive_attachment(self: &Arc<Self>) {
        let announced = self.attachments.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if announced.is_err() {
            self.refuse_silently();
        }
    }

    pub(super) fn ended(self: &Arc<Self>) {
        self.gone.store(true, Ordering::Relaxed);
        let put = self.inbox.put_always(Item::Ended);
        self.start_worker(put);
    }

    pub(super) fn start_worker(self: &Arc<Self>, put: Put) {
        if put == Put::StartWorker {
            tokio::spawn(shift::work::<Desk>(self.clone()));
        }
    }

    pub fn send(self: &Arc<Self>, frame: Str) {
        self.send_all([&frame]);
    }

    /// Events of the client that wait, and bytes that wait for it.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.inbox.waiting(), self.outbox.waiting_bytes())
    }

    /// Nothing that it sent is waiting or being handled.
    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_idle()
    }

    /// Waits until the transport has taken everything; false when the connection ended first.
    pub(super) async fn has_taken_all(&self) -> bool {
        self.outbox.drained(|| false).await
    }

    pub fn emit(self: &Arc<Self>, namespace: &str, name: &str, payload: &impl Serialize) {
        self.send(packet::event(namespace, name, payload).into());
    }

    /// Tells it to every namespace that was joined.
    pub(super) fn emit_everywhere(self: &Arc<Self>, name: &str, payload: &impl Serialize) {
        let joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner).clone();
        joined.into_iter().for_each(|namespace| self.emit(namespace, name, payload));
    }

    /// After what was accepted before is answered, if that is read.
    pub(super) async fn close_when_read(self: &Arc<Self>, why: Closing) {
        tokio::time::timeout(LAST_READING, self.has_taken_all()).await.ok();
        self.close(why);
    }

    pub(super) fn end_transport(&self) {
        if let Some(engine) = self.engine.upgrade() {
            engine.close(DisconnectReason::TransportClose);
        }
    }

    async fn cut_if_it_hangs(&self) {
        let Some(engine) = self.engine.upgrade() else { return };
        if tokio::time::timeout(LAST_READING, engine.closed()).await.is_err() {
            let line = self.line.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
            line.inspect(|line| line.cut());
        }
    }
}

impl Live for Connection {
    type Text = Str;

    fn id(&self) -> ConnectionId {
        self.id
    }

    fn send_all<'a>(self: &Arc<Self>, frames: impl IntoIterator<Item = &'a Str>) {
        if self.outbox.push(frames).is_err() {
            self.close(Closing::SlowReader);
        }
    }

    fn is_too_far_behind(&self, bytes: usize) -> bool {
        self.outbox.is_over(bytes)
    }

    /// Ends the transport, not the namespace: clients come back by themselves then.
    fn close(self: &Arc<Self>, why: Closing) {
        if self.closed.swap(true, Ordering::Relaxed) {
            return;
        }
        // Anybody can be refused as often as they like; the log is not theirs to fill.
        if why == Closing::SlowReader {
            TALLY.slow_readers_closed.add(1);
            tracing::info!(connection = self.id.0, address = ?self.address, code = why.code(), "closed a connection");
        } else {
            tracing::debug!(connection = self.id.0, address = ?self.address, code = why.code(), "closed a connection");
        }
        let farewell = Farewell { code: why.code(), error: why.text(), retry_in: why.retry_in() };
        self.outbox.close();
        for namespace in self.joined.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let frame = packet::event(namespace, "connection-closed", &farewell);
            // Where there is room for it; who reads nothing would not read this.
            self.engine.upgrade().map(|engine| engine.emit(frame).ok());
        }
        self.end_transport();
        self.ended();
        let connection = self.clone();
        tokio::spawn(async move { connection.cut_if_it_hangs().await });
    }

    fn is_leaving(&self) -> bool {
        self.is_gone()
            || self.refusals.load(Ordering::Relaxed) >= REFUSALS_IN_A_ROW
            || self.budgets.are_closed.load(Ordering::Relaxed)
    }

    async fn is_ready_for_more(&self) -> bool {
        self.outbox.drained(|| self.is_leaving()).await
    }

    fn belongs_to(&self, before: Option<UserId>, person: Option<UserId>) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let at = people.iter().position(|other| Some(*other) == before);
        at.map(|at| people.swap_remove(at));
        people.extend(person);
    }

    fn reconsider(self: &Arc<Self>) {
        if !self.reconsidering.swap(true, Ordering::Relaxed) {
            let put = self.inbox.put_always(Item::Reconsider);
            self.start_worker(put);
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Farewell {
    code: &'static str,
    error: &'static str,
    retry_in: u64,
}

/// The right to answer one event, once. Dropped unused, it says that something went wrong: every
/// event that asks for an answer gets exactly one.
pub struct Ack {
    connection: Arc<Connection>,
    namespace: &'static str,
    id: Box<str>,
    open: bool,
}

impl Ack {
    pub(super) fn new(connection: &Arc<Connection>, namespace: &'static str, id: &str) -> Ack {
        Ack { connection: connection.clone(), namespace, id: id.into(), open: true }
    }

    pub fn send(mut self, body: &impl Serialize) {
        self.open = false;
        self.connection.send(packet::ack(self.namespace, &self.id, body).into());
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if self.open {
            let refused =
                Refused { success: false, error: "Something went wrong on the server", code: "failed", retry_in: None };
            self.connection.send(packet::ack(self.namespace, &self.id, &refused).into());
        }
    }
}
