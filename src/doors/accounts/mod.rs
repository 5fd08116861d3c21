//! REST about accounts, that several dialects share.

mod attempts;
mod login;
mod signup;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use axum::{Json, extract::DefaultBodyLimit};
use serde_json::{Map, Value, json};

use crate::auth::{Passwords, Tokens};
use crate::doors::edge::client_ip::ClientIp;
use crate::model::{Clock, UserRole};
use crate::store::{Fault, Store};

/// What these routes stand on.
#[derive(Clone)]
pub struct Accounts {
    pub store: Store,
    pub passwords: Passwords,
    pub access: Arc<Tokens>,
    pub refresh: Arc<Tokens>,
    pub clock: Clock,
    attempts: Arc<attempts::Attempts>,
    turns: turns::Turns,
}

const PATIENCE: Duration = Duration::from_secs(4);
/// No account needs more, and every byte of a password is hashed.
const MOST_BYTES: usize = 16 * 1024;

impl Accounts {
    pub fn new(
        store: Store,
        passwords: Passwords,
        access: Arc<Tokens>,
        refresh: Arc<Tokens>,
        clock: Clock,
    ) -> Accounts {
        Accounts { store, passwords, access, refresh, clock, attempts: Arc::default(), turns: turns::Turns::default() }
    }

    /// Reading for somebody takes so long at most.
    async fn patiently<T>(&self, reading: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(Err(Fault::TooSlow))
    }

    fn take_turn(&self, from: Option<Extension<ClientIp>>) -> Result<turns::Turn, Refused> {
        self.turns.take(from.map(|Extension(ip)| ip.0)).ok_or_else(|| {
            Refused::new(StatusCode::TOO_MANY_REQUESTS, "Too many at once from this address, please try again")
        })
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().seconds()).unwrap_or(0)
    }
}

pub fn router(accounts: Accounts) -> Router {
    Router::new()
        .route("/api/auth/signup", post(signup::sign_up))
        .route("/api/auth/login", post(login::log_in))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(accounts)
}

/// A refusal in the words of the Node app: `{ message }`, and which fields are wrong.
struct Refused {
    status: StatusCode,
    message: String,
    errors: Map<String, Value>,
}

impl Refused {
    fn new(status: StatusCode, message: impl Into<String>) -> Refused {
        Refused { status, message: message.into(), errors: Map::new() }
    }

    fn fields(message: &str, errors: Map<String, Value>) -> Refused {
        Refused { status: StatusCode::BAD_REQUEST, message: message.to_owned(), errors }
    }

    fn failed(doing: &str) -> Refused {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, format!("Failed to {doing}"))
    }

    fn fault(fault: &Fault, doing: &str) -> Refused {
        tracing::error!("cannot {doing}: {fault}");
        if fault.is_away() {
            return Refused::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database cannot be reached at the moment, please try again",
            );
        }
        Refused::failed(doing)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.message });
        if let (false, Some(body)) = (self.errors.is_empty(), body.as_object_mut()) {
            body.insert("errors".into(), Value::Object(self.errors));
        }
        (self.status, Json(body)).into_response()
    }
}

/// The fields of a JSON body; anything else than an object is said so.
fn fields(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refused::new(StatusCode::BAD_REQUEST, "The body must be a JSON object")),
        Err(error) => Err(Refused::new(StatusCode::BAD_REQUEST, format!("The body is not JSON: {error}"))),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn role(role: UserRole) -> &'static str {
    match role {
        UserRole::User => "user",
        UserRole::Support => "support",
        UserRole::Admin => "admin",
    }
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}
