//! Answers of the dialects whose errors are `{ "detail": text }`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::bearer::{turned_away, unauthorized};
use super::connection::{Live, Turned};
use super::refusals::{Described, Doing, describe};
use super::requests::{self, is_name};
use super::visit::Door;
use crate::chat::{Caller, Refusal};
use crate::model::Actor;
use crate::model::text::trim_like_javascript;

/// Why there is no other answer.
#[derive(Debug)]
pub struct Failure {
    pub status: StatusCode,
    pub detail: String,
    /// Milliseconds.
    pub retry_in: Option<u64>,
}

impl Failure {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Failure {
        Failure { status, detail: detail.into(), retry_in: None }
    }

    pub fn bad(detail: &str) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, detail)
    }

    fn of(described: Described) -> Failure {
        let status = StatusCode::from_u16(described.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Failure { retry_in: described.retry_in, ..Failure::new(status, described.text) }
    }

    /// A field is not what it should be.
    pub fn wrong(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::of(describe(refusal, Doing::Asking))
    }
}

impl From<requests::Failure> for Failure {
    fn from(failure: requests::Failure) -> Self {
        Failure::of(failure.described())
    }
}

impl From<Turned> for Failure {
    fn from(turned: Turned) -> Self {
        let status = match turned {
            Turned::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Turned::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        Failure::new(status, turned.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "detail": self.detail }))).into_response();
        if let Some(retry_in) = self.retry_in {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_in.div_ceil(1000)));
        }
        response
    }
}

/// What stands behind the question mark.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asked<T>, Failure> {
        let query = Query::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Asked(asked))
            .map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()))
    }
}

/// Whoever bears the token of a request.
pub async fn caller_of<L: Live>(door: &Door<L>, headers: &HeaderMap) -> Result<(Actor, Caller), Failure> {
    let actor = door.bearers.actor(headers).map_err(|refusal| {
        let (text, _) = unauthorized(refusal);
        Failure::new(StatusCode::UNAUTHORIZED, text)
    })?;
    match door.chat.caller(actor).await {
        Ok(caller) => Ok((actor, caller)),
        Err(refusal) => Err(match turned_away(refusal) {
            Some((text, _)) => Failure::new(StatusCode::UNAUTHORIZED, text),
            None => refusal.into(),
        }),
    }
}

/// A body that is an object.
pub fn object(body: Result<Json<Value>, JsonRejection>) -> Result<Value, Failure> {
    match body {
        Ok(Json(body)) if body.is_object() => Ok(body),
        Ok(_) => Err(Failure::wrong("The body must be a JSON object")),
        Err(rejection) => Err(Failure::new(rejection.status(), rejection.body_text())),
    }
}

/// A name that a body gives.
pub fn name(body: &Value, most: usize) -> Result<String, Failure> {
    let name = body.get("name").and_then(Value::as_str).map(trim_like_javascript);
    let name = name.filter(|name| is_name(name, most)).map(str::to_owned);
    name.ok_or_else(|| Failure::wrong(format!("name must be one line of 1 to {most} characters")))
}
