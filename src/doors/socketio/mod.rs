//! Socket.IO on top of engineioxide: sessions of namespaces, in order, each event answered once.
//! Why not socketioxide: `docs/decisions/0001-engineioxide.md`.

pub mod admission;
mod connection;
mod desk;
mod outbox;
pub mod packet;
mod server;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

pub use connection::{Ack, Connection};
pub use outbox::ENGINE_PACKETS;
pub use server::SocketServer;

use crate::doors::shift::{Later, Waits};

/// A namespace that clients connect to.
pub trait Namespace: Send + Sync + 'static {
    /// Decides about a client's CONNECT. What is to happen once the client has its answer belongs in
    /// [`Session::opened`].
    fn connect<'a>(&'a self, client: Client<'a>) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectRefusal>>;
}

/// Who asks to be let in.
pub struct Client<'a> {
    pub connection: &'a std::sync::Arc<Connection>,
    pub auth: Value,
}

/// The message of a `connect_error`, and beside it a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectRefusal {
    pub message: String,
    pub code: &'static str,
}

/// One client in one namespace. Its connection's worker owns it and calls it in wire order.
pub trait Session: Send {
    /// The client has its answer.
    fn opened(&mut self) -> BoxFuture<'_, Later>;

    fn event(&mut self, event: ClientEvent) -> BoxFuture<'_, Later>;

    fn waits(&self, name: &str) -> Waits;

    /// Whether an event changes nothing: for somebody who is gone it is not worked off.
    fn only_asks(&self, name: &str) -> bool;

    /// Something outside may have changed who this is.
    fn reconsider(&mut self) -> BoxFuture<'_, ()>;

    fn closed(self: Box<Self>) -> BoxFuture<'static, ()>;
}

pub struct ClientEvent {
    pub name: String,
    pub payload: Payload,
    pub ack: Option<Ack>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    Missing,
    Value(Value),
    /// No JSON that we can hold: a lone surrogate, nesting without end, binary data.
    Broken,
}

/// The envelope that answers what was not even looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused<'a> {
    pub success: bool,
    pub error: &'a str,
    pub code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in: Option<u64>,
}

/// `/`, which a Node server always has: it lets everybody in and says nothing.
pub struct Root;

struct RootSession;

impl Namespace for Root {
    fn connect<'a>(&'a self, _: Client<'a>) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectRefusal>> {
        Box::pin(async { Ok(Box::new(RootSession) as Box<dyn Session>) })
    }
}

impl Session for RootSession {
    fn opened(&mut self) -> BoxFuture<'_, Later> {
        Box::pin(async { Later::Nothing })
    }

    fn event(&mut self, event: ClientEvent) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            let error = format!("`{}` is not an event of this namespace", event.name);
            if let Some(ack) = event.ack {
                ack.send(&Refused { success: false, error: &error, code: "unknown_event", retry_in: None });
            }
            Later::Nothing
        })
    }

    fn waits(&self, _: &str) -> Waits {
        Waits::ForNothing
    }

    fn only_asks(&self, _: &str) -> bool {
        true
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn closed(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
