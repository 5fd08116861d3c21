//! `/healthz`: the process lives. `/readyz`: it can serve; load balancers ask this one.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::doors::socketio::SocketServer;
use crate::store::{Others, Store};

#[derive(Clone)]
pub struct Health {
    pub store: Store,
    pub sockets: Arc<SocketServer>,
    /// What an operator should know each time they look.
    pub warnings: Arc<[String]>,
    pub others: Others,
}

pub fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/readyz", get(ready))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let problem = if health.sockets.is_stopping() {
        Some("the server is stopping".to_owned())
    } else {
        health.store.ping().await.err().map(|_| "the database cannot be reached".to_owned())
    };
    let warnings: Vec<&str> = health.warnings.iter().map(String::as_str).chain(health.others.warning()).collect();
    let body = |status: &str| json!({ "status": status, "problem": problem, "warnings": warnings });
    match &problem {
        None => (StatusCode::OK, Json(body("ready"))),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(body("not ready"))),
    }
}
