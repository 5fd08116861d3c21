//! One Engine.IO connection, whatever namespaces it is in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use engineioxide::{DisconnectReason, ProtocolVersion, Socket, Str};
use serde::Serialize;

use super::desk::{Desk, Item};
use super::outbox::Outbox;
use super::packet::{self, Kind, Packet};
use super::server::{Limits, Link};
use super::{Namespace, Refused};
use crate::doors::connection::{Budget, Inbox, Put};
use crate::model::ConnectionId;

/// So many refusals in a row, and the connection is closed: it is not listening.
const REFUSALS_IN_A_ROW: u32 = 20;

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
    refusals: AtomicU32,
    joined: AtomicBool,
    /// One request to reconsider is enough while it waits.
    pub(super) reconsidering: AtomicBool,
}

/// How many connections there are from each address.
#[derive(Default)]
pub struct Connections {
    by_address: Mutex<HashMap<IpAddr, u32>>,
}

impl Connections {
    pub fn of(&self, address: IpAddr) -> u32 {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied().unwrap_or(0)
    }

    pub fn total(&self) -> u64 {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner).values().copied().map(u64::from).sum()
    }

    pub(super) fn opened(&self, address: IpAddr) {
        *self.by_address.lock().unwrap_or_else(PoisonError::into_inner).entry(address).or_default() += 1;
    }

    pub(super) fn closed(&self, address: IpAddr) {
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
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
            refusals: AtomicU32::new(0),
            joined: AtomicBool::new(false),
            reconsidering: AtomicBool::new(false),
        })
    }

    /// Called inline by the transport's reader: it must not wait, and it keeps the wire order.
    pub(super) fn receive(self: &Arc<Self>, text: Str) {
        if self.refusals.load(Ordering::Relaxed) >= REFUSALS_IN_A_ROW {
            return;
        }
        let Some(packet) = Packet::parse(&text) else { return self.refuse_silently() };
        let counts = matches!(packet.kind, Kind::Event | Kind::BinaryEvent | Kind::Connect);
        if counts && let Err(retry_in) = self.budget.spend() {
            return self.refuse(packet, "Too many events, please slow down", "slow_down", retry_in.max(1));
        }
        match self.inbox.put(Item::Packet(text.clone()), text.len()) {
            Put::Full => self.refuse(packet, "Too many events are waiting, please slow down", "busy", 1000),
            put => {
                self.refusals.store(0, Ordering::Relaxed);
                self.start_worker(put);
            }
        }
    }

    fn refuse(self: &Arc<Self>, packet: Packet<'_>, error: &str, code: &str, retry_in: u64) {
        let refused = Refused { success: false, error, code, retry_in: Some(retry_in) };
        match (packet.kind, packet.ack) {
            (Kind::Connect, _) => self.send(
                packet::connect_error(packet.namespace, &serde_json::json!({ "message": error, "data": refused }))
                    .into(),
            ),
            (_, Some(id)) => self.send(packet::ack(packet.namespace, id, &refused).into()),
            (_, None) => {}
        }
        self.refuse_silently();
    }

    /// What cannot be answered at least counts.
    pub(super) fn refuse_silently(self: &Arc<Self>) {
        if self.refusals.fetch_add(1, Ordering::Relaxed) + 1 == REFUSALS_IN_A_ROW {
            // What was accepted before is still answered.
            let put = self.inbox.put_always(Item::Close("too many refusals in a row"));
            self.start_worker(put);
        }
    }

    pub(super) fn joined_any(&self) -> bool {
        self.joined.load(Ordering::Relaxed)
    }

    pub(super) fn note_joined(&self) {
        self.joined.store(true, Ordering::Relaxed);
    }

    pub(super) fn ended(self: &Arc<Self>) {
        let put = self.inbox.put_always(Item::Ended);
        self.start_worker(put);
    }

    /// Asks the session of a namespace to look anew at who it is.
    pub fn reconsider(self: &Arc<Self>, namespace: &'static str) {
        if !self.reconsidering.swap(true, Ordering::Relaxed) {
            let put = self.inbox.put_always(Item::Reconsider(namespace));
            self.start_worker(put);
        }
    }

    pub(super) fn start_worker(self: &Arc<Self>, put: Put) {
        if put == Put::StartWorker {
            tokio::spawn(Desk::work(self.clone()));
        }
    }

    pub fn send(&self, frame: Str) {
        self.send_all([&frame]);
    }

    pub fn send_all<'a>(&self, frames: impl IntoIterator<Item = &'a Str>) {
        if self.outbox.push(frames).is_err() {
            self.close("it does not read what it is sent");
        }
    }

    /// More than may wait for a reader.
    pub fn is_too_far_behind(&self, bytes: usize) -> bool {
        self.outbox.is_over(bytes)
    }

    pub fn emit(&self, namespace: &str, name: &str, payload: &impl Serialize) {
        self.send(packet::event(namespace, name, payload).into());
    }

    /// Ends the transport, not the namespace: clients come back by themselves then.
    pub fn close(&self, reason: &'static str) {
        tracing::info!(connection = self.id.0, address = ?self.address, reason, "closed a connection");
        self.close_quietly();
    }

    pub(super) fn close_quietly(&self) {
        if let Some(engine) = self.engine.upgrade() {
            engine.close(DisconnectReason::TransportClose);
        }
    }
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
