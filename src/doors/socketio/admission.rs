//! How many connections one address may hold, asked before there is one more.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Connections;
use crate::doors::edge::client_ip::ClientIp;

#[derive(Clone)]
pub struct Admission {
    pub connections: Arc<Connections>,
    pub most_per_address: Option<NonZeroU32>,
}

pub async fn admit(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let is_handshake = !request.uri().query().unwrap_or_default().split('&').any(|pair| pair.starts_with("sid="));
    let address = request.extensions().get::<ClientIp>().map(|ip| ip.0);
    if let (true, Some(address), Some(most)) = (is_handshake, address, admission.most_per_address)
        && admission.connections.of(address) >= most.get()
    {
        let message = format!("Too many connections from this address: {most} are allowed");
        return (StatusCode::TOO_MANY_REQUESTS, Json(json!({ "code": 4, "message": message }))).into_response();
    }
    next.run(request).await
}
