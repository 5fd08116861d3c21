//! One's own sessions.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Accounts;
use super::asker::Known;
use super::refused::{Plainly, Refused};
use crate::chat::Refusal;
use crate::model::{EndReason, LoginSession, SessionId};
use crate::store::Sessions;

const USUAL: u64 = 50;
const MOST: u64 = 100;

type Asked = Result<Known, Refused>;

pub async fn list(
    State(accounts): State<Arc<Accounts>>,
    known: Asked,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Plainly> {
    let known = known?;
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let limit = value("limit").map_or(Ok(USUAL), limit)?;
    let after = value("after").map(cursor).transpose()?;
    // One more tells whether there are more.
    let user = known.caller.user().id;
    let mut sessions = accounts.chat.sessions_of(user, after, limit + 1).await.map_err(failed)?;
    let is_last = sessions.len() as u64 <= limit;
    sessions.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = sessions.last().filter(|_| !is_last).map(|last| URL_SAFE_NO_PAD.encode(json!([last.id]).to_string()));
    let data: Vec<Value> = sessions.iter().map(|session| shown(session, known.actor.session())).collect();
    Ok(Json(json!({ "data": data, "next": next })))
}

pub async fn end(
    State(accounts): State<Arc<Accounts>>,
    known: Asked,
    Path(id): Path<String>,
) -> Result<StatusCode, Plainly> {
    let known = known?;
    let unreadable = |_| Refused::unreadable("The request cannot be read: the id of a session is a UUID");
    let session = Uuid::parse_str(&id).map_err(unreadable)?;
    let ended = accounts.chat.end_session(known.caller.user().id, session, EndReason::Ended).await;
    ended.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// All but the one that asks.
pub async fn end_others(State(accounts): State<Arc<Accounts>>, known: Asked) -> Result<StatusCode, Plainly> {
    let known = known?;
    let others = known.actor.session().map_or(Sessions::All, Sessions::AllBut);
    accounts.chat.end_sessions(known.caller.user().id, others, EndReason::Ended).await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

fn failed(refusal: Refusal) -> Refused {
    Refused::of(refusal, "do this with sessions")
}

fn limit(text: &str) -> Result<u64, Refused> {
    let number = text.parse::<u64>().ok().filter(|number| *number > 0);
    number.map(|number| number.min(MOST)).ok_or_else(|| Refused::field("limit", "limit must be a whole number from 1"))
}

fn cursor(text: &str) -> Result<SessionId, Refused> {
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice::<[Uuid; 1]>(&json).ok());
    let bad = || Refused::new(StatusCode::BAD_REQUEST, "bad_cursor", "This cursor is not one of this list");
    read.map(|[id]| id).ok_or_else(bad)
}

fn shown(session: &LoginSession, current: Option<SessionId>) -> Value {
    json!({
        "id": session.id,
        "createdAt": session.created_at.to_iso_millis(),
        "lastUsedAt": session.last_used_at.to_iso_millis(),
        "expiresAt": session.expires_at.to_iso_millis(),
        "userAgent": session.device.user_agent,
        "address": session.device.address,
        "current": current == Some(session.id),
    })
}
