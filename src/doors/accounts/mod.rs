//! REST about accounts, that several dialects share.

mod asker;
mod erasure;
mod granted;
mod guesses;
mod guest;
mod login;
mod password;
mod profile;
mod quota;
mod refresh;
mod refused;
mod sessions;
mod signup;
mod turns;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use serde_json::{Map, Value};

use crate::auth::{Passwords, Tokens};
use crate::chat::Chat;
use crate::doors::bearer::Bearers;
use crate::doors::edge::client_ip::ClientIp;
use crate::doors::edge::cors::Cors;
use crate::model::{Clock, UserRole};
use crate::store::{Fault, Store};
use asker::Asker;
use refused::Refused;

/// What these routes stand on.
pub struct Parts {
    pub chat: Chat,
    pub store: Store,
    pub passwords: Passwords,
    pub access: Arc<Tokens>,
    pub refresh: Arc<Tokens>,
    pub clock: Clock,
    pub cors: Cors,
    pub signups_per_hour: Option<NonZeroU32>,
    pub refreshes_per_minute: Option<NonZeroU32>,
}

pub struct Accounts {
    chat: Chat,
    store: Store,
    passwords: Passwords,
    bearers: Bearers,
    access: Arc<Tokens>,
    refresh: Arc<Tokens>,
    clock: Clock,
    cors: Cors,
    guesses: guesses::Guesses,
    turns: turns::Turns,
    signups: quota::Quota,
    refreshes: quota::Quota,
}

const PATIENCE: Duration = Duration::from_secs(4);
/// No account needs more, and every byte of a password is hashed.
const MOST_BYTES: usize = 16 * 1024;
/// When to come back where an address asks for too much at once, in milliseconds.
const BUSY_RETRY: u64 = 1000;

impl Accounts {
    pub fn new(parts: Parts) -> Arc<Accounts> {
        let Parts { chat, store, passwords, access, refresh, clock, cors, signups_per_hour, refreshes_per_minute } =
            parts;
        Arc::new(Accounts {
            chat,
            store,
            passwords,
            bearers: Bearers::new(access.clone(), clock.clone()),
            access,
            refresh,
            clock,
            cors,
            guesses: guesses::Guesses::default(),
            turns: turns::Turns::default(),
            signups: quota::Quota::an_hour(signups_per_hour),
            refreshes: quota::Quota::a_minute(refreshes_per_minute),
        })
    }

    /// What was counted of addresses that have been quiet.
    pub fn forget_idle(&self) {
        self.guesses.forget_idle(self.clock.ticks());
        self.signups.forget_idle();
        self.refreshes.forget_idle();
    }

    /// Reading for somebody takes so long at most.
    async fn patiently<T>(&self, reading: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(Err(Fault::TooSlow))
    }

    /// The filter of bad words, for what somebody wants to be called.
    fn must_be_decent(&self, field: &str, name: &str) -> Result<(), Refused> {
        let refused = |_| Refused::field(field, &format!("{field} contains inappropriate content"));
        self.chat.check_name(name).map_err(refused)
    }

    fn take_turn(&self, asker: &Asker) -> Result<turns::Turn, Refused> {
        self.turns.take(asker.address.map(ClientIp::network)).ok_or_else(|| {
            Refused::later("slow_down", "Too many at once from this address, please try again", BUSY_RETRY)
        })
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().seconds()).unwrap_or(0)
    }
}

pub fn router(accounts: Arc<Accounts>) -> Router {
    Router::new()
        .route("/api/auth/signup", post(signup::sign_up))
        .route("/api/auth/register", post(signup::register))
        .route("/api/auth/login", post(login::log_in))
        .route("/api/auth/guest", post(guest::come))
        .route("/api/auth/refresh-token", post(refresh::refresh))
        .route("/api/auth/refresh", post(refresh::refresh))
        .route("/api/auth/logout", post(refresh::log_out))
        .route("/api/auth/profile", get(profile::profile))
        .route("/api/auth/me", get(profile::me))
        .route("/api/auth/update-password", put(password::update))
        .route("/api/me/sessions", get(sessions::list).delete(sessions::end_others))
        .route("/api/me/sessions/{id}", delete(sessions::end))
        .route("/api/me/erasure", put(erasure::erase))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(accounts)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// As it is: spaces may be part of it.
fn password<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).filter(|password| !password.is_empty())
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
