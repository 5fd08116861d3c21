//! Why there is no other answer, for both ways of asking.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::chat::Refusal;
use crate::doors::refusals::{Described, Doing, in_words};
use crate::doors::tally::TALLY;

#[derive(Debug)]
pub enum Failure {
    Refused(Refusal),
    /// While doing something that has words of its own for it.
    While(Doing, Refusal),
    /// Fields that are wrong, each with what is.
    Fields(Vec<(&'static str, String)>),
    Unreadable(String),
    /// Of a handshake or header: code and text.
    Unauthorized(&'static str, &'static str),
    NoSuchCursor,
    NoSuchEvent(String),
    TooManyRequests {
        limit: u32,
        an: &'static str,
        retry_in: u64,
    },
    TooLarge {
        kibibytes: u64,
    },
    /// What was sent did not come.
    TooSlow,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal)
    }
}

impl Failure {
    /// For an answer, which is counted.
    pub fn described(&self) -> Described {
        let described = self.in_words();
        TALLY.refused(described.code);
        described
    }

    fn in_words(&self) -> Described {
        let described = |code, status, text: String| Described { code, status, text, retry_in: None, budget: None };
        match self {
            Failure::Refused(refusal) => in_words(*refusal, Doing::Asking),
            Failure::While(doing, refusal) => in_words(*refusal, *doing),
            Failure::Fields(_) => described("invalid_fields", 400, "Please correct the marked fields".into()),
            Failure::Unreadable(why) => described("unreadable", 400, format!("The request cannot be read: {why}")),
            Failure::Unauthorized(code, text) => described(code, 401, (*text).into()),
            Failure::NoSuchCursor => described("bad_cursor", 400, "This cursor is not one of this list".into()),
            Failure::NoSuchEvent(name) => {
                described("unknown_event", 404, format!("`{name:.100}` is not an event of this namespace"))
            }
            Failure::TooManyRequests { limit, an, retry_in } => Described {
                retry_in: Some(*retry_in),
                ..described("slow_down", 429, format!("Too many requests of this kind: {limit} {an} are allowed"))
            },
            Failure::TooSlow => described("too_slow", 408, "What was sent did not come in time".into()),
            Failure::TooLarge { kibibytes } => {
                described("body_too_large", 413, format!("The body is too large (max {kibibytes} KiB)"))
            }
        }
    }

    fn details(&self, described: &Described) -> Map<String, Value> {
        let mut details = Map::new();
        if let Failure::Fields(faults) = self {
            let faults: Map<String, Value> =
                faults.iter().map(|(field, fault)| ((*field).to_owned(), fault.clone().into())).collect();
            details.insert("fields".into(), faults.into());
        }
        if let Some(retry_in) = described.retry_in {
            details.insert("retryIn".into(), retry_in.into());
        }
        if let Some(budget) = described.budget {
            details.insert("budget".into(), json!(budget));
        }
        details
    }

    /// As an event's answer.
    pub fn ack(&self) -> Value {
        let described = self.described();
        let mut body = json!({ "success": false, "error": described.text, "code": described.code });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.details(&described));
        }
        body
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let described = self.described();
        let mut error = json!({ "code": described.code, "message": described.text });
        if let Some(error) = error.as_object_mut() {
            error.extend(self.details(&described));
        }
        let status = StatusCode::from_u16(described.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(json!({ "error": error }))).into_response();
        let says_when = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if let Some(retry_in) = described.retry_in.filter(|_| says_when) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_in.div_ceil(1000)));
        }
        response
    }
}
