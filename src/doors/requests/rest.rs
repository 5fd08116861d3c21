//! The commands as routes.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use serde_json::{Map, Value};

use super::fields::KEY;
use super::own_data::document;
use super::{Asker, Failure, Fields, Reply, Requests, Route, downloads, routes};
use crate::auth::TokenRefusal;
use crate::chat::Refusal;
use crate::doors::bearer;
use crate::model::Actor;

/// What is a little too large is read all the same: who is cut off while still sending may not see why.
const READ_TO_REFUSE: usize = 1024 * 1024;

pub fn router(requests: Requests) -> Router {
    let router = routes().fold(Router::new(), |router, route| {
        let answer = move |State(requests): State<Requests>,
                           Path(path): Path<Vec<(String, String)>>,
                           Query(query): Query<Vec<(String, String)>>,
                           headers: HeaderMap,
                           body: Result<Bytes, axum::extract::rejection::BytesRejection>| async move {
            match asked(&requests, route, &headers, path, query, body).await {
                Ok(reply) => reply.into_response(),
                Err(failure) => failure.into_response(),
            }
        };
        let limit = DefaultBodyLimit::max(route.most_bytes + READ_TO_REFUSE);
        router.route(route.path, on(filter(&route.method), answer).layer(limit))
    });
    router.merge(downloads::router()).with_state(requests)
}

fn filter(method: &Method) -> MethodFilter {
    match method.as_str() {
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Reply::Shown(value) => Json(value).into_response(),
            Reply::Made(value) => (StatusCode::CREATED, Json(value)).into_response(),
            Reply::Nothing => StatusCode::NO_CONTENT.into_response(),
            Reply::Document(pieces) => document(pieces),
        }
    }
}

async fn asked(
    requests: &Requests,
    route: &Route,
    headers: &HeaderMap,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Reply, Failure> {
    let asker = requests.bearer(headers).await?;
    let body = body.ok().filter(|body| body.len() <= route.most_bytes);
    let body = body.ok_or(Failure::TooLarge { kibibytes: route.most_bytes as u64 / 1024 })?;
    let mut values = fields(&body)?;
    let outside = query.into_iter().chain(path).map(|(name, value)| (name, Value::String(value)));
    // What stands in the path counts, whatever the body says.
    values.extend(outside);
    if let Some(key) = headers.get("idempotency-key") {
        // One that cannot be read is none that fits, and must not be passed over.
        values.insert(KEY.into(), std::str::from_utf8(key.as_bytes()).unwrap_or_default().into());
    }
    let answer = requests.carry_out(route, &asker, Fields::new(values)).await;
    answer.map_err(|failure| in_words_of_rest(failure, asker.actor))
}

/// Who is nobody is told why.
pub(super) fn in_words_of_rest(failure: Failure, actor: Actor) -> Failure {
    if !matches!(failure, Failure::Refused(Refusal::NotAuthenticated)) {
        return failure;
    }
    match actor {
        Actor::Anonymous => Failure::Unauthorized("no_token", "Unauthorized - No token provided"),
        Actor::Claimed(_) | Actor::User(_) | Actor::Session { .. } | Actor::Guest(_) => {
            Failure::Unauthorized("user_not_found", "Unauthorized - User not found")
        }
    }
}

fn fields(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Failure::Unreadable("the body must be a JSON object".into())),
        Err(error) => Err(Failure::Unreadable(format!("the body is not JSON: {error}"))),
    }
}

impl Requests {
    /// Who a request's token says that it is from.
    pub(super) async fn bearer(&self, headers: &HeaderMap) -> Result<Asker, Failure> {
        match self.shared.bearers.actor(headers) {
            Ok(actor) => Ok(self.asker(actor).await),
            Err(TokenRefusal::Missing) => Ok(self.asker(Actor::Anonymous).await),
            Err(refusal) => {
                let (text, code) = bearer::unauthorized(refusal);
                Err(Failure::Unauthorized(code, text))
            }
        }
    }
}
