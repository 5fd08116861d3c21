//! The engine's handler: makes connections, hands them what arrives, notices when they end.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use engineioxide::config::EngineIoConfig;
use engineioxide::handler::EngineIoHandler;
use engineioxide::service::EngineIoService;
use engineioxide::sid::Sid;
use engineioxide::{DisconnectReason, ProtocolVersion, Socket, Str, TransportType};
use futures_util::future::join_all;
use moka::sync::Cache;
use tokio::time::timeout;

use super::{Connection, Namespace};
use crate::doors::connection::{Closing, Limits, Live, Turned};
use crate::doors::edge::client_ip::ClientIp;
use crate::doors::edge::line::Line;

/// What belongs to each engine socket.
#[derive(Default)]
pub struct Link {
    connection: OnceLock<Arc<Connection>>,
}

pub struct SocketServer {
    namespaces: Arc<HashMap<&'static str, Arc<dyn Namespace>>>,
    limits: Limits,
    /// From which addresses going over to WebSocket ended the session, and how often in a row.
    broken_upgrades: Cache<IpAddr, u32>,
    open: Mutex<HashMap<Sid, Weak<Connection>>>,
    /// In the order of their coming, until they have had their time to join.
    newcomers: Mutex<VecDeque<(Instant, Weak<Connection>)>>,
}

/// What a restart takes, and over what time the clients are spread that come back then: one in a
/// millisecond is no crowd.
const BACK_AGAIN: Duration = Duration::from_millis(1000);
const LEAST_SPREAD: Duration = Duration::from_secs(2);
const MOST_SPREAD: Duration = Duration::from_secs(30);
/// What is on its way to clients when everything else has stopped.
const LAST_WORDS: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const BROKEN_OFTEN: u32 = 2;
const UPGRADES_REST: Duration = Duration::from_secs(600);
/// A connection that joins no namespace in this time is closed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl SocketServer {
    pub fn new(namespaces: HashMap<&'static str, Arc<dyn Namespace>>, limits: Limits) -> Arc<SocketServer> {
        Arc::new(SocketServer {
            namespaces: Arc::new(namespaces),
            limits,
            broken_upgrades: Cache::builder().max_capacity(10_000).time_to_live(UPGRADES_REST).build(),
            open: Mutex::default(),
            newcomers: Mutex::default(),
        })
    }

    pub fn service(self: &Arc<Self>, config: EngineIoConfig) -> EngineIoService<SocketServer> {
        EngineIoService::with_config(self.clone(), config)
    }

    fn newcomers(&self) -> MutexGuard<'_, VecDeque<(Instant, Weak<Connection>)>> {
        self.newcomers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes connections that joined no namespace in time.
    pub fn tick(&self) {
        let mut newcomers = self.newcomers();
        while newcomers.front().is_some_and(|(since, _)| since.elapsed() >= CONNECT_TIMEOUT) {
            let idle = newcomers.pop_front().and_then(|(_, connection)| connection.upgrade());
            if let Some(connection) = idle.filter(|connection| !connection.joined_any()) {
                connection.close(Closing::NothingJoined);
            }
        }
    }

    pub fn is_stopping(&self) -> bool {
        self.limits.connections.is_stopping()
    }

    pub(super) fn admit(&self, address: Option<IpAddr>) -> Result<(), Turned> {
        self.limits.admit(address)
    }

    fn open(&self) -> Vec<Arc<Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().filter_map(Weak::upgrade).collect()
    }

    /// Something on the way there lets WebSockets begin and then breaks them, and the engine ends the
    /// session with them: who goes on polling is better off.
    pub(super) fn upgrades_break(&self, address: IpAddr) -> bool {
        self.broken_upgrades.get(&address).is_some_and(|times| times >= BROKEN_OFTEN)
    }

    /// A polling client goes over to this WebSocket.
    pub(super) fn note_upgrade(&self, sid: Sid, line: &Arc<Line>) {
        let connection = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&sid).and_then(Weak::upgrade);
        connection.inspect(|connection| connection.note_line(line));
    }

    /// How many connections are open, the events of clients that wait, and the bytes that wait for them.
    pub fn load(&self) -> (usize, usize, usize) {
        let open = self.open();
        let waiting = open.iter().map(|connection| connection.waiting());
        let (events, bytes) = waiting.fold((0, 0), |(events, bytes), (more, longer)| (events + more, bytes + longer));
        (open.len(), events, bytes)
    }

    /// Who is here is told when to come back: not all at once.
    pub fn announce_restart(&self) {
        let open = self.open();
        let spread = Duration::from_millis(open.len() as u64).clamp(LEAST_SPREAD, MOST_SPREAD);
        for (place, connection) in (0u32..).zip(&open) {
            let retry_in = BACK_AGAIN + spread * place / u32::try_from(open.len()).unwrap_or(u32::MAX);
            let payload = serde_json::json!({ "retryIn": u64::try_from(retry_in.as_millis()).unwrap_or(0) });
            connection.emit_everywhere("server-restart", &payload);
        }
    }

    /// What comes from now on is refused; waits until everything is answered that came before.
    pub async fn finish_work(&self) {
        self.limits.budgets.are_closed.store(true, Ordering::Relaxed);
        while self.open().iter().any(|connection| !connection.is_idle()) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Closes them all when they have taken what waits for them; who reads nothing is not waited for
    /// longer than `patience`.
    pub async fn close_all(&self, patience: Duration) {
        let open = self.open();
        let all_taken = join_all(open.iter().map(|connection| connection.has_taken_all()));
        timeout(patience, all_taken).await.ok();
        open.iter().for_each(|connection| connection.end_transport());
        let all_gone = async {
            while !self.open().is_empty() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        timeout(LAST_WORDS, all_gone).await.ok();
    }
}

impl std::fmt::Debug for SocketServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SocketServer")
    }
}

impl EngineIoHandler for SocketServer {
    type Data = Link;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Link>>) {
        let id = self.limits.connections.next();
        let address: Option<IpAddr> = socket.req_parts.extensions.get::<ClientIp>().map(|ip| ip.network());
        let connection = Connection::new(id, &socket, address, &self.limits, self.namespaces.clone());
        if let Some(address) = address {
            self.limits.connections.opened(address);
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(socket.id, Arc::downgrade(&connection));
        socket.data.connection.set(connection.clone()).ok();
        if socket.protocol == ProtocolVersion::V3 {
            // Clients of protocol 4 are in `/` without asking, and wait to hear so.
            connection.receive(Str::from("0"));
        }
        self.newcomers().push_back((Instant::now(), Arc::downgrade(&connection)));
    }

    fn on_disconnect(&self, socket: Arc<Socket<Link>>, reason: DisconnectReason) {
        let Some(connection) = socket.data.connection.get() else { return };
        tracing::debug!(connection = connection.id.0, ?reason, "disconnected");
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&socket.id);
        if let Some(address) = connection.address {
            self.limits.connections.closed(address);
            let is_polling = socket.transport_type() == TransportType::Polling;
            if is_polling && connection.is_upgrading() && reason == DisconnectReason::TransportError {
                let before = self.broken_upgrades.get(&address).unwrap_or(0);
                self.broken_upgrades.insert(address, before + 1);
            }
        }
        connection.ended();
    }

    fn on_message(self: &Arc<Self>, text: Str, socket: Arc<Socket<Link>>) {
        let Some(connection) = socket.data.connection.get() else { return };
        if connection.is_upgrading() && socket.transport_type() == TransportType::Websocket {
            connection.note_upgraded();
            connection.address.inspect(|address| self.broken_upgrades.invalidate(address));
        }
        connection.receive(text);
    }

    fn on_binary(self: &Arc<Self>, _: Bytes, socket: Arc<Socket<Link>>) {
        if let Some(connection) = socket.data.connection.get() {
            connection.receive_attachment();
        }
    }
}
