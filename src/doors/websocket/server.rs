//! Upgrades, and the two halves of each WebSocket.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::future::join_all;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::Notify;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::{Connection, Dialect, Farewell, Session};
use crate::doors::connection::{Limits, Turned};
use crate::doors::edge::client_ip::ClientIp;
use crate::doors::edge::line::Line;
use crate::model::ConnectionId;

/// Kept for the life of each connection; larger frames are read in several turns.
const READ_BUFFER: usize = 1024;
/// Between two heartbeats, of dialects that have them.
const HEARTBEATS: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const LAST_WORDS: Duration = Duration::from_secs(1);

/// All plain WebSockets of all dialects.
pub struct WebSockets {
    limits: Limits,
    largest: usize,
    ping: Duration,
    /// For the answer to a ping, or anything else.
    patience: Duration,
    open: Mutex<HashMap<ConnectionId, Weak<Connection>>>,
}

/// Whoever asks for an upgrade.
pub struct Peer {
    pub address: Option<IpAddr>,
    line: Weak<Line>,
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Infallible> {
        let address = parts.extensions.get::<ClientIp>().map(|ip| ip.network());
        let line = parts.extensions.get::<Arc<Line>>().map(Arc::downgrade).unwrap_or_default();
        Ok(Peer { address, line })
    }
}

impl WebSockets {
    pub fn new(limits: Limits, largest: usize, ping: Duration, patience: Duration) -> Arc<WebSockets> {
        Arc::new(WebSockets { limits, largest, ping, patience, open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ConnectionId, Weak<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<Connection>> {
        self.open().values().filter_map(Weak::upgrade).collect()
    }

    /// Whether one more may come in: said before the upgrade.
    pub fn admit(&self, peer: &Peer) -> Result<(), Turned> {
        self.limits.admit(peer.address)
    }

    /// Goes over to the WebSocket; `begin` makes its session, or says why there is none.
    pub fn upgrade(
        self: &Arc<Self>,
        upgrade: WebSocketUpgrade,
        peer: Peer,
        dialect: Dialect,
        begin: impl FnOnce(&Arc<Connection>) -> Result<Box<dyn Session>, Farewell> + Send + 'static,
    ) -> Response {
        let sockets = self.clone();
        upgrade
            .max_message_size(self.largest)
            .max_frame_size(self.largest)
            .read_buffer_size(READ_BUFFER)
            .on_upgrade(async move |socket| sockets.run(socket, peer, dialect, begin).await)
    }

    async fn run(
        self: Arc<Self>,
        socket: WebSocket,
        peer: Peer,
        dialect: Dialect,
        begin: impl FnOnce(&Arc<Connection>) -> Result<Box<dyn Session>, Farewell> + Send,
    ) {
        let (id, address) = (self.limits.connections.next(), peer.address);
        let connection = Connection::new(id, address, peer.line, dialect, &self.limits);
        address.inspect(|address| self.limits.connections.opened(*address));
        self.open().insert(id, Arc::downgrade(&connection));
        match begin(&connection) {
            Ok(session) => connection.begin(session),
            Err(farewell) => connection.say_farewell(farewell),
        }
        let (sink, stream) = socket.split();
        let heard = Notify::new();
        // The reader waits for nobody; so a client that sends before it reads gets through.
        tokio::select! {
            () = read(stream, &connection, &heard) => {}
            () = self.write(sink, &connection, &heard, dialect.heartbeat) => {}
        }
        connection.outbox.is_no_more();
        connection.ended();
        self.open().remove(&id);
        address.inspect(|address| self.limits.connections.closed(*address));
    }

    async fn write(
        &self,
        mut sink: SplitSink<WebSocket, Message>,
        connection: &Arc<Connection>,
        heard: &Notify,
        heartbeat: Option<&'static str>,
    ) {
        let (mut pings, mut beats) = (every(self.ping), every(HEARTBEATS));
        let mut unanswered: Option<Instant> = None;
        loop {
            let silent_too_long = async {
                match unanswered {
                    Some(since) => tokio::time::sleep_until(since + self.patience).await,
                    None => std::future::pending().await,
                }
            };
            let written = tokio::select! {
                lot = connection.outbox.next() => {
                    let written = write_all(&mut sink, lot.frames, lot.end).await;
                    connection.outbox.written(lot.bytes);
                    if lot.end.is_some() {
                        // For the client's own farewell: closed under its hands, it might lose ours.
                        tokio::time::sleep(LAST_WORDS).await;
                        return;
                    }
                    written
                }
                _ = pings.tick() => {
                    unanswered.get_or_insert_with(Instant::now);
                    sink.send(Message::Ping(Vec::new().into())).await.map_err(drop)
                }
                _ = beats.tick(), if heartbeat.is_some() => {
                    heartbeat.into_iter().for_each(|heartbeat| connection.send(heartbeat));
                    Ok(())
                }
                () = heard.notified() => {
                    unanswered = None;
                    Ok(())
                }
                () = silent_too_long => Err(()),
            };
            if written.is_err() {
                return;
            }
        }
    }

    /// How many connections are open, the frames of clients that wait, and the bytes that wait for them.
    pub fn load(&self) -> (usize, usize, usize) {
        let all = self.all();
        let waiting = all.iter().map(|connection| connection.waiting());
        let (events, bytes) = waiting.fold((0, 0), |(events, bytes), (more, longer)| (events + more, bytes + longer));
        (all.len(), events, bytes)
    }

    /// What comes from now on is refused; waits until everything is handled that came before.
    pub async fn finish_work(&self) {
        self.limits.budgets.are_closed.store(true, Ordering::Relaxed);
        while self.all().iter().any(|connection| !connection.is_idle()) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Closes them all when they have taken what waits for them; who reads nothing is not waited for
    /// longer than `patience`.
    pub async fn close_all(&self, patience: Duration) {
        let all = self.all();
        timeout(patience, join_all(all.iter().map(|connection| connection.outbox.drained()))).await.ok();
        all.iter().for_each(|connection| connection.say_farewell(Farewell::RESTART));
        let all_gone = async {
            while !self.all().is_empty() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        timeout(LAST_WORDS, all_gone).await.ok();
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn read(mut stream: SplitStream<WebSocket>, connection: &Arc<Connection>, heard: &Notify) {
    while let Some(Ok(message)) = stream.next().await {
        heard.notify_one();
        match message {
            Message::Text(text) => connection.receive(Some(text)),
            Message::Binary(_) => connection.receive(None),
            // Reading on answers a farewell, and then ends: a client without an answer takes it for a fault.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
        }
    }
}

/// All that waits goes out in one writing.
async fn write_all(
    sink: &mut SplitSink<WebSocket, Message>,
    frames: impl IntoIterator<Item = axum::extract::ws::Utf8Bytes>,
    end: Option<Farewell>,
) -> Result<(), ()> {
    for frame in frames {
        sink.feed(Message::Text(frame)).await.map_err(drop)?;
    }
    if let Some(Farewell { code, reason }) = end {
        sink.feed(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await.map_err(drop)?;
    }
    sink.flush().await.map_err(drop)
}
