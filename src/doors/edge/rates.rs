//! Requests a minute from one address. Live connections have a budget of their own.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde_json::json;

use super::client_ip::ClientIp;
use crate::doors::tally::TALLY;

#[derive(Clone)]
pub struct Rates {
    limiter: Option<Arc<DefaultKeyedRateLimiter<std::net::IpAddr>>>,
    per_minute: u32,
}

impl Rates {
    pub fn new(per_minute: Option<NonZeroU32>) -> Rates {
        let limiter = per_minute.map(|rate| Arc::new(RateLimiter::keyed(Quota::per_minute(rate))));
        Rates { limiter, per_minute: per_minute.map_or(0, NonZeroU32::get) }
    }

    /// Addresses that have not asked for a while are forgotten.
    pub fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

pub async fn limit(State(rates): State<Rates>, request: Request, next: Next) -> Response {
    TALLY.requests.add(1);
    let address = request.extensions().get::<ClientIp>().map(|ip| ip.network());
    if let (Some(limiter), Some(address)) = (&rates.limiter, address)
        && let Err(wait) = limiter.check_key(&address)
    {
        return refusal(request.uri().path(), rates.per_minute, wait.wait_time_from(DefaultClock::default().now()));
    }
    next.run(request).await
}

fn refusal(path: &str, per_minute: u32, wait: std::time::Duration) -> Response {
    TALLY.refused("slow_down");
    let message = format!("Too many requests: {per_minute} a minute are allowed");
    let retry_in = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    let error = json!({ "code": "slow_down", "message": message, "retryIn": retry_in });
    let body = if path.starts_with("/api/community/") {
        // The dialect's envelope, as its clients read it.
        json!({ "message": message, "error": message, "code": "slow_down", "retryIn": retry_in })
    } else if path.starts_with("/api/auth/") {
        json!({ "message": message, "error": error })
    } else if path.starts_with("/api/chat/") {
        json!({ "detail": message, "error": error })
    } else {
        json!({ "error": error })
    };
    let mut answer = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_in.div_ceil(1000)));
    answer
}
