//! The way into the dialect's WebSocket.

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::{DIALECT, PubSub, wire};
use crate::doors::connection::Turned;
use crate::doors::websocket::{Farewell, Peer, Session};

pub fn router(pubsub: PubSub) -> Router {
    Router::new().route("/ws", get(connect)).with_state(pubsub)
}

#[derive(Deserialize)]
struct Ticket {
    token: Option<String>,
}

/// Who they are is told on the WebSocket: a browser sees no status of an upgrade.
async fn connect(
    State(pubsub): State<PubSub>,
    Query(ticket): Query<Ticket>,
    peer: Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let refused = |status: StatusCode, text: &str| (status, wire::error(text)).into_response();
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return refused(rejection.status(), &rejection.body_text()),
    };
    match pubsub.sockets.admit(&peer) {
        Ok(()) => {}
        Err(turned @ Turned::Stopping) => return refused(StatusCode::SERVICE_UNAVAILABLE, &turned.to_string()),
        Err(turned @ Turned::TooMany(_)) => return refused(StatusCode::TOO_MANY_REQUESTS, &turned.to_string()),
    }
    let sockets = pubsub.sockets.clone();
    sockets.upgrade(upgrade, peer, DIALECT, move |connection| {
        let talking = pubsub.talk(connection, ticket.token).ok_or(Farewell::CROWDED)?;
        Ok(Box::new(talking) as Box<dyn Session>)
    })
}
