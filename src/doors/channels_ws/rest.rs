//! The dialect's REST, and the way into its WebSocket.

use axum::extract::rejection::JsonRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use chrono::{DateTime, NaiveDateTime};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{self, MessageShape};
use super::{Channels, DIALECT};
use crate::chat::{Refusal, Said, Text};
use crate::doors::bearer::turned_away;
use crate::doors::details::{Asked, Failure, caller_of, name, object};
use crate::doors::websocket::Peer;
use crate::model::{Micros, RoomKind};
use crate::store::RoomFilter;

const MOST_CHANNELS: u64 = 500;
const MOST_CHARACTERS: u64 = 100;
const LISTED: i64 = 50;
const MOST_MESSAGES: i64 = 200;
const MAX_CHARACTER_NAME: usize = 100;

const NO_PERMISSION: &str = "You don't have permission to post in this channel.";
const NO_CHANNEL: &str = "Channel not found";

pub fn router(channels: Channels) -> Router {
    Router::new()
        .route("/api/chat/channels", get(list))
        .route("/api/chat/channels/{channel}/messages", get(history).post(post))
        .route("/api/chat/characters", get(characters).post(make_character))
        .route("/api/chat/characters/{character}", delete(delete_character))
        .route("/api/chat/ws/{channel}", get(connect))
        .with_state(channels)
}

/// A channel that is not there is as one that is not for you.
fn hidden(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::RoomNotFound | Refusal::Banned | Refusal::NotAllowed => {
            Failure::new(StatusCode::NOT_FOUND, NO_CHANNEL)
        }
        other => other.into(),
    }
}

/// The dialect's client shows what stands in a 400.
fn unposted(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::RoomNotFound | Refusal::Banned | Refusal::NotAllowed | Refusal::Archived => {
            Failure::bad(NO_PERMISSION)
        }
        Refusal::SlowDown { retry_in, .. } => {
            Failure { retry_in: Some(retry_in), ..Failure::bad("Rate limit exceeded. Please slow down.") }
        }
        other => {
            let failure = Failure::from(other);
            let is_theirs = matches!(
                failure.status,
                StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS
            );
            Failure { status: if is_theirs { StatusCode::BAD_REQUEST } else { failure.status }, ..failure }
        }
    }
}

async fn list(State(channels): State<Channels>, headers: HeaderMap) -> Result<Json<Vec<Value>>, Failure> {
    let (_, caller) = caller_of(&channels.door, &headers).await?;
    let records = channels.door.chat.list_rooms(&caller, &RoomFilter::default(), MOST_CHANNELS).await?;
    let shown = records.iter().filter(|record| record.room.kind != RoomKind::Direct);
    Ok(Json(shown.map(|record| wire::channel(&record.room)).collect()))
}

#[derive(Deserialize)]
struct Page {
    limit: Option<String>,
    before: Option<String>,
}

async fn history(
    State(channels): State<Channels>,
    Path(channel): Path<String>,
    Asked(page): Asked<Page>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (actor, _) = caller_of(&channels.door, &headers).await?;
    let limit = match page.limit.as_deref().map(str::parse) {
        None => LISTED,
        Some(Ok(limit)) if limit >= 1 => MOST_MESSAGES.min(limit),
        Some(_) => return Err(Failure::bad("Invalid limit")),
    };
    let before = match page.before.as_deref() {
        None | Some("") => None,
        Some(text) => Some(time(text).ok_or_else(|| Failure::bad("Invalid timestamp format"))?),
    };
    let room = channels.door.enter_numbered(actor, &channel).await.map_err(hidden)?;
    let messages = channels.door.chat.before(&room, before, limit).await?;
    let shown: Vec<MessageShape> = messages.iter().map(MessageShape::of).collect();
    Ok(Json(shown).into_response())
}

/// Without an offset it is UTC. A plus sign may have become a blank on the way.
fn time(text: &str) -> Option<Micros> {
    let text = text.trim().replace(' ', "+");
    let text = text.as_str();
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let without = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc());
    with_offset.or_else(|_| without()).ok().map(Micros::from_chrono)
}

async fn post(
    State(channels): State<Channels>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Failure> {
    let (actor, caller) = caller_of(&channels.door, &headers).await?;
    let body = object(body)?;
    let content = match body.get("content") {
        Some(Value::String(content)) => content.as_str(),
        None | Some(Value::Null) => "",
        Some(_) => return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "content must be a text")),
    };
    let character = number(body.get("character_id"))?;
    let text = Text::new(content).map_err(unposted)?;
    channels.door.enter_numbered(actor, &channel).await.map_err(unposted)?;
    let said = Said { text, client_offset: None, character, upload: None };
    let door = &channels.door;
    let pending = door.chat.post(&caller, Some(&channel), said, door.rules).await.map_err(unposted)?;
    let settled = pending.settled().await.map_err(unposted)?;
    Ok(Json(MessageShape::of(&settled.posted)).into_response())
}

/// A select's value is a text.
fn number(value: Option<&Value>) -> Result<Option<i64>, Failure> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
    };
    let number = number.ok_or_else(|| Failure::bad("character_id must be a number"))?;
    Ok(Some(number))
}

async fn characters(State(channels): State<Channels>, headers: HeaderMap) -> Result<Json<Vec<Value>>, Failure> {
    let (_, caller) = caller_of(&channels.door, &headers).await?;
    let own = channels.door.chat.characters(&caller, 0, MOST_CHARACTERS).await?;
    let shape = |number: i64, name: &str| json!({ "id": number, "name": name });
    Ok(Json(own.iter().map(|own| shape(own.character.number, &own.character.name)).collect()))
}

async fn make_character(
    State(channels): State<Channels>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Failure> {
    let (_, caller) = caller_of(&channels.door, &headers).await?;
    let body = object(body)?;
    let name = name(&body, MAX_CHARACTER_NAME)?;
    let chat = &channels.door.chat;
    chat.check_name(&name).map_err(|_| Failure::bad("name contains inappropriate content"))?;
    let (made, _) = chat.make_character(&caller, &name, None).await?;
    let shape = json!({ "id": made.character.number, "name": made.character.name });
    Ok((StatusCode::CREATED, Json(shape)).into_response())
}

async fn delete_character(
    State(channels): State<Channels>,
    Path(character): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    let (_, caller) = caller_of(&channels.door, &headers).await?;
    let number = character.parse().map_err(|_| Failure::from(Refusal::CharacterNotFound))?;
    channels.door.chat.delete_character(&caller, number).await?;
    Ok(Json(json!({ "message": "Character deleted successfully" })))
}

#[derive(Deserialize)]
struct Ticket {
    token: Option<String>,
}

/// Any refusal comes before the upgrade: this client takes an upgrade for success, and would come back
/// without end.
async fn connect(
    State(channels): State<Channels>,
    Path(channel): Path<String>,
    Asked(ticket): Asked<Ticket>,
    peer: Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let upgrade = upgrade.map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()))?;
    channels.sockets.admit(&peer)?;
    let forbidden = || Failure::new(StatusCode::FORBIDDEN, "Unauthorized");
    let read = channels.door.bearers.read(ticket.token.as_deref().unwrap_or_default());
    let (actor, token_ends) = read.map_err(|_| forbidden())?;
    match channels.door.chat.caller(actor).await {
        Ok(_) => {}
        Err(refusal) if turned_away(refusal).is_some() => return Err(forbidden()),
        Err(refusal) => return Err(refusal.into()),
    }
    channels.door.visitors.has_place_for(actor).map_err(|_| Failure::from(Refusal::TooManyConnections))?;
    let room = channels.door.enter_numbered(actor, &channel).await.map_err(hidden)?;
    let (sockets, number) = (channels.sockets.clone(), room.number);
    let begin = move |connection: &_| channels.listen(connection, (actor, token_ends), number);
    Ok(sockets.upgrade(upgrade, peer, DIALECT, begin))
}
