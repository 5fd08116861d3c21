//! What is answered instead: in the words of the Node app, `{ message, errors }`, and beside them in
//! those of all newer routes, `{ error: { code, message, fields, retryIn } }`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::auth::TokenRefusal;
use crate::chat::Refusal;
use crate::doors::bearer::{turned_away, unauthorized};
use crate::doors::refusals::{Doing, in_words};
use crate::doors::tally::TALLY;
use crate::store::Fault;

#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
    fields: Box<Map<String, Value>>,
    /// Milliseconds.
    retry_in: Option<u64>,
}

/// The same on routes that the Node app never had.
pub struct Plainly(Refused);

impl Refused {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refused {
        Refused { status, code, message: message.into(), fields: Box::default(), retry_in: None }
    }

    pub fn is_wrong_password(&self) -> bool {
        self.code == "wrong_password"
    }

    pub fn unreadable(message: impl Into<String>) -> Refused {
        Refused::new(StatusCode::BAD_REQUEST, "unreadable", message)
    }

    pub fn fields(message: &str, fields: Map<String, Value>) -> Refused {
        Refused { fields: Box::new(fields), ..Refused::new(StatusCode::BAD_REQUEST, "invalid_fields", message) }
    }

    pub fn field(name: &str, message: &str) -> Refused {
        Refused::fields(CORRECT, Map::from_iter([(name.to_owned(), message.into())]))
    }

    pub fn later(code: &'static str, message: impl Into<String>, retry_in: u64) -> Refused {
        Refused { retry_in: Some(retry_in), ..Refused::new(StatusCode::TOO_MANY_REQUESTS, code, message) }
    }

    pub fn failed(doing: &str) -> Refused {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", format!("Failed to {doing}"))
    }

    pub fn fault(fault: Fault, doing: &str) -> Refused {
        Refused::of(Refusal::from(fault), doing)
    }

    pub fn of(refusal: Refusal, doing: &str) -> Refused {
        if let Some((message, code)) = turned_away(refusal) {
            return Refused::new(StatusCode::UNAUTHORIZED, code, message);
        }
        if refusal == Refusal::Failed {
            return Refused::failed(doing);
        }
        let described = in_words(refusal, Doing::Authenticating);
        let status = StatusCode::from_u16(described.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Refused { retry_in: described.retry_in, ..Refused::new(status, described.code, described.text) }
    }

    fn error(&self) -> Value {
        let mut error = Map::from_iter([("code".into(), self.code.into()), ("message".into(), json!(self.message))]);
        if !self.fields.is_empty() {
            error.insert("fields".into(), json!(self.fields));
        }
        if let Some(retry_in) = self.retry_in {
            error.insert("retryIn".into(), retry_in.into());
        }
        Value::Object(error)
    }

    fn answer(&self, body: Map<String, Value>) -> Response {
        TALLY.refused(self.code);
        let mut answer = (self.status, Json(body)).into_response();
        if let Some(retry_in) = self.retry_in {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_in.div_ceil(1000)));
        }
        answer
    }
}

/// Beside fields that are wrong.
pub const CORRECT: &str = "Please correct the marked fields";

impl From<TokenRefusal> for Refused {
    fn from(refusal: TokenRefusal) -> Self {
        let (message, code) = unauthorized(refusal);
        Refused::new(StatusCode::UNAUTHORIZED, code, message)
    }
}

impl From<Refused> for Plainly {
    fn from(refused: Refused) -> Self {
        Plainly(refused)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut body = Map::from_iter([("message".to_owned(), json!(self.message))]);
        if !self.fields.is_empty() {
            body.insert("errors".into(), json!(self.fields));
        }
        body.insert("error".into(), self.error());
        self.answer(body)
    }
}

impl IntoResponse for Plainly {
    fn into_response(self) -> Response {
        self.0.answer(Map::from_iter([("error".to_owned(), self.0.error())]))
    }
}
