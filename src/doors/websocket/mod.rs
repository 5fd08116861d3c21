//! Plain WebSockets: frames of text, in order, without the packets and answers of Socket.IO.

mod connection;
mod outbox;
mod server;

use futures_util::future::BoxFuture;

pub use axum::extract::ws::Utf8Bytes;
pub use connection::Connection;
pub use server::{Peer, WebSockets};

use crate::doors::shift::Later;

/// What all connections of one dialect have in common.
#[derive(Clone, Copy)]
pub struct Dialect {
    pub name: &'static str,
    /// How it says that something was refused.
    pub refusal: fn(&str) -> String,
    /// Sent now and then, for clients that cannot see pings.
    pub heartbeat: Option<&'static str>,
    /// Where a connection ends whose token does, or whose account is locked.
    pub unauthorized: u16,
}

/// One client. Its connection's worker owns it and calls it in the order of the frames.
pub trait Session: Send {
    /// The connection is there.
    fn opened(&mut self) -> BoxFuture<'_, Later>;

    fn frame(&mut self, text: Utf8Bytes) -> BoxFuture<'_, Later>;

    /// Something outside may have changed who this is, or what it may.
    fn reconsider(&mut self) -> BoxFuture<'_, ()>;

    fn closed(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// How a connection ends, as its client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Farewell {
    pub code: u16,
    pub reason: &'static str,
}

impl Farewell {
    pub const NORMAL: Farewell = Farewell { code: 1000, reason: "" };
    pub const CROWDED: Farewell = Farewell { code: 1013, reason: "Too many connections of this account" };
    /// Clients come back by themselves.
    pub const RESTART: Farewell = Farewell { code: 1012, reason: "The server is restarting" };
}
