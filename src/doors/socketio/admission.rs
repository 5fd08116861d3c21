//! Who may open one more connection: not at the end, and not too many from one address.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::SocketServer;
use crate::doors::connection::Turned;
use crate::doors::edge::client_ip::ClientIp;
use crate::doors::edge::line::Line;

pub async fn admit(State(sockets): State<Arc<SocketServer>>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientIp>().map(|ip| ip.network());
    if let Some(sid) = value_in(&request, "sid=") {
        let is_upgrade =
            value_in(&request, "transport=") == Some("websocket") && request.headers().contains_key(header::UPGRADE);
        if let (true, Ok(sid), Some(line)) = (is_upgrade, sid.parse(), request.extensions().get::<Arc<Line>>()) {
            if address.is_some_and(|address| sockets.upgrades_break(address)) {
                return refuse(StatusCode::BAD_REQUEST, "WebSockets break on the way to this address: go on polling");
            }
            sockets.note_upgrade(sid, line);
        }
        return next.run(request).await;
    }
    match sockets.admit(address) {
        Err(turned @ Turned::Stopping) => refuse(StatusCode::SERVICE_UNAVAILABLE, &turned.to_string()),
        Err(turned @ Turned::TooMany(_)) => refuse(StatusCode::TOO_MANY_REQUESTS, &turned.to_string()),
        Ok(()) => next.run(request).await,
    }
}

fn value_in<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.uri().query()?.split('&').find_map(|pair| pair.strip_prefix(name))
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "code": 4, "message": message }))).into_response()
}
