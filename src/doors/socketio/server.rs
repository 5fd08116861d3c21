//! The engine's handler: makes connections, hands them what arrives, notices when they end.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use engineioxide::config::EngineIoConfig;
use engineioxide::handler::EngineIoHandler;
use engineioxide::service::EngineIoService;
use engineioxide::{DisconnectReason, ProtocolVersion, Socket, Str};

use super::{Connection, Connections, Namespace};
use crate::doors::connection::InboxLimit;
use crate::doors::edge::client_ip::ClientIp;
use crate::model::ConnectionId;

/// What belongs to each engine socket.
#[derive(Default)]
pub struct Link {
    connection: OnceLock<Arc<Connection>>,
}

#[derive(Debug, Clone)]
pub struct Limits {
    pub inbox: Option<InboxLimit>,
    pub slow_reader_bytes: Option<NonZeroU32>,
    pub events_per_second: Option<NonZeroU32>,
    pub events_burst: Option<NonZeroU32>,
}

pub struct SocketServer {
    namespaces: Arc<HashMap<&'static str, Arc<dyn Namespace>>>,
    limits: Limits,
    next: AtomicU64,
    pub connections: Arc<Connections>,
    open: Mutex<HashMap<ConnectionId, Weak<Connection>>>,
    /// In the order of their coming, until they have had their time to join.
    newcomers: Mutex<VecDeque<(Instant, Weak<Connection>)>>,
}

/// A connection that joins no namespace in this time is closed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl SocketServer {
    pub fn new(namespaces: HashMap<&'static str, Arc<dyn Namespace>>, limits: Limits) -> Arc<SocketServer> {
        Arc::new(SocketServer {
            namespaces: Arc::new(namespaces),
            limits,
            next: AtomicU64::new(1),
            connections: Arc::default(),
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
                connection.close("it joined no namespace");
            }
        }
    }

    /// At the end: the queues have been drained, and clients may go to another server.
    pub fn close_all(&self) {
        let open: Vec<_> =
            self.open.lock().unwrap_or_else(PoisonError::into_inner).values().filter_map(Weak::upgrade).collect();
        for connection in open {
            connection.close_quietly();
        }
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
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        let address: Option<IpAddr> = socket.req_parts.extensions.get::<ClientIp>().map(|ip| ip.0);
        let connection = Connection::new(id, &socket, address, &self.limits, self.namespaces.clone());
        if let Some(address) = address {
            self.connections.opened(address);
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::downgrade(&connection));
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
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection.id);
        if let Some(address) = connection.address {
            self.connections.closed(address);
        }
        connection.ended();
    }

    fn on_message(self: &Arc<Self>, text: Str, socket: Arc<Socket<Link>>) {
        if let Some(connection) = socket.data.connection.get() {
            connection.receive(text);
        }
    }

    /// Attachments belong to events that were refused when their head came.
    fn on_binary(self: &Arc<Self>, _: Bytes, socket: Arc<Socket<Link>>) {
        if let Some(connection) = socket.data.connection.get() {
            connection.refuse_silently();
        }
    }
}
