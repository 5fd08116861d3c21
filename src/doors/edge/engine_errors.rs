//! Refusals of Engine.IO in the words of the Node package engine.io 6. The engine's own carry the
//! code as a text, and are empty or late in some cases; what this knows of Node was measured there.

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Enough for any refusal of the engine; they are constants of about 60 bytes.
const REFUSAL_BYTES: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    UnknownTransport = 0,
    UnknownSession = 1,
    BadHandshakeMethod = 2,
    BadRequest = 3,
    UnsupportedProtocol = 5,
}

impl Refusal {
    fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::UnsupportedProtocol => "Unsupported protocol version",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "0" => Self::UnknownTransport,
            "1" => Self::UnknownSession,
            "2" => Self::BadHandshakeMethod,
            "3" => Self::BadRequest,
            "5" => Self::UnsupportedProtocol,
            _ => return None,
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "code": self as u8, "message": self.message() });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct EngineErrors {
    pub allow_eio3: bool,
}

/// For `axum::middleware::from_fn_with_state(EngineErrors { .. }, translate)` directly around the
/// Engine.IO service.
pub async fn translate(State(engine): State<EngineErrors>, mut request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    if let Some(refusal) = asked.refusal(engine.allow_eio3) {
        return uncached(refusal.into_response());
    }
    // Node refuses a binary body in protocol 4 and ends the session, as it does for any body that
    // it cannot read: hand the engine one.
    let ends_session = asked.is_binary_post;
    if ends_session {
        *request.body_mut() = Body::from("?");
        request.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let answer = next.run(request).await;
    let answer = match answer.status() {
        StatusCode::SWITCHING_PROTOCOLS => return answer,
        StatusCode::BAD_REQUEST => reworded(answer, &asked).await,
        _ => answer,
    };
    uncached(answer)
}

async fn reworded(answer: Response, asked: &Asked) -> Response {
    let Ok(body) = to_bytes(answer.into_body(), REFUSAL_BYTES).await else {
        return Refusal::BadRequest.into_response();
    };
    if !body.is_empty() {
        let code = serde_json::from_slice::<Value>(&body).ok();
        let code = code.as_ref().and_then(|refusal| refusal["code"].as_str());
        let refusal = code.and_then(Refusal::from_code);
        return refusal.unwrap_or(Refusal::BadRequest).into_response();
    }
    match (&asked.method, asked.is_polling) {
        // A second poll while one is waiting: Node, too, ends the session with an empty 400.
        (&Method::GET, true) => StatusCode::BAD_REQUEST.into_response(),
        (&Method::POST, true) if asked.is_binary_post => StatusCode::BAD_REQUEST.into_response(),
        // A body that cannot be read ends the session; Node says so to the poll, and ok here.
        (&Method::POST, true) => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html"))];
            (kind, "ok").into_response()
        }
        _ => Refusal::BadRequest.into_response(),
    }
}

fn uncached(mut answer: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
    answer
}

/// What a request wants of the engine; the first of repeated parameters counts, as there.
struct Asked {
    method: Method,
    is_polling: bool,
    is_websocket: bool,
    has_session: bool,
    protocol: Option<u8>,
    is_binary_post: bool,
    can_upgrade: bool,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let transport = value("transport").unwrap_or_default();
        let protocol = value("EIO").and_then(|version| version.parse().ok());
        let method = request.method().clone();
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_binary = kind.is_some_and(|kind| kind == "application/octet-stream");
        Self {
            is_polling: transport == "polling",
            is_websocket: transport == "websocket",
            has_session: value("sid").is_some(),
            protocol,
            is_binary_post: method == Method::POST && protocol == Some(4) && is_binary,
            can_upgrade: can_upgrade(request.headers()),
            method,
        }
    }

    /// What Node refuses before it looks for the session, in Node's order.
    fn refusal(&self, allow_eio3: bool) -> Option<Refusal> {
        let is_spoken = self.protocol == Some(4) || (allow_eio3 && self.protocol == Some(3));
        if !self.is_polling && !self.is_websocket {
            return Some(Refusal::UnknownTransport);
        }
        if self.has_session && !is_spoken {
            // Without protocol 3 no session can be of it.
            return Some(Refusal::UnknownSession);
        }
        if !self.has_session && self.method != Method::GET {
            return Some(Refusal::BadHandshakeMethod);
        }
        // The engine looks at the key alone, and would answer 101 to a plain request.
        if self.is_websocket && !self.can_upgrade {
            return Some(Refusal::BadRequest);
        }
        (!is_spoken).then_some(Refusal::UnsupportedProtocol)
    }
}

fn can_upgrade(headers: &HeaderMap) -> bool {
    let is = |name, expected: &[&str]| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        value.is_some_and(|value| expected.iter().any(|e| value.eq_ignore_ascii_case(e)))
    };
    is(header::UPGRADE, &["websocket"])
        && is(header::SEC_WEBSOCKET_VERSION, &["13", "8"])
        && headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

#[cfg(test)]
mod tests;
