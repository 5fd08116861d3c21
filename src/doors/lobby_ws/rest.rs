//! The dialect's REST, and the way into its WebSocket. Without a token one is a guest who passes by.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{self, MessageShape};
use super::{DIALECT, Lobby};
use crate::auth::TokenRefusal;
use crate::chat::{Caller, Refusal};
use crate::doors::bearer::unauthorized;
use crate::doors::details::{Asked, Failure, caller_of, name, object};
use crate::doors::visit::numbered;
use crate::doors::websocket::Peer;
use crate::model::text::{javascript_length, trim_like_javascript};
use crate::model::{Actor, Room, RoomKind};
use crate::store::RoomFilter;

const MOST_ROOMS: u64 = 500;
const LISTED: i64 = 100;
const MOST_MESSAGES: i64 = 200;
const MOST_NAME: usize = 100;
const MOST_DESCRIPTION: usize = 1000;

pub fn router(lobby: Lobby) -> Router {
    Router::new()
        .route("/api/chat/rooms", get(list).post(create))
        .route("/api/chat/rooms/{room}", delete(end))
        .route("/api/chat/rooms/{room}/messages", get(history))
        .route("/ws/chat/{room}", get(connect))
        .with_state(lobby)
}

/// Who asks; without an actor somebody who passes by.
struct Asker {
    actor: Option<Actor>,
    caller: Caller,
}

impl Lobby {
    async fn asker(&self, headers: &HeaderMap) -> Result<Asker, Failure> {
        if self.door.bearers.actor(headers) != Err(TokenRefusal::Missing) {
            let (actor, caller) = caller_of(&self.door, headers).await?;
            return Ok(Asker { actor: Some(actor), caller });
        }
        let nobody = |_| Failure::new(StatusCode::UNAUTHORIZED, unauthorized(TokenRefusal::Missing).0);
        Ok(Asker { actor: None, caller: self.door.chat.passer_by().map_err(nobody)? })
    }

    async fn open(&self, asker: &Asker, room: &str) -> Result<Arc<Room>, Refusal> {
        match asker.actor {
            Some(actor) => self.door.enter_numbered(actor, room).await,
            None => Ok(self.door.chat.look_in(numbered(room)?).await?.room),
        }
    }

    /// An account's rooms count by the account, others by the address that they come from.
    fn count_room(&self, asker: &Asker, peer: &Peer) -> Result<(), Failure> {
        if let Ok(account) = asker.caller.account() {
            return Ok(self.requests.count_room(account.id)?);
        }
        let too_many = |retry_in| Failure {
            retry_in: Some(retry_in),
            ..Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too many rooms from this address, please try again later")
        };
        self.shared.budgets.count_room(peer.address).map_err(too_many)
    }
}

async fn list(State(lobby): State<Lobby>, headers: HeaderMap) -> Result<Json<Vec<Value>>, Failure> {
    let asker = lobby.asker(&headers).await?;
    let newest = RoomFilter { newest_first: true, ..RoomFilter::default() };
    let rooms = lobby.door.chat.seen_rooms(&asker.caller, &newest, MOST_ROOMS).await?;
    Ok(Json(rooms.iter().filter(|room| room.kind != RoomKind::Direct).map(wire::room).collect()))
}

async fn create(
    State(lobby): State<Lobby>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Json<Value>, Failure> {
    let asker = lobby.asker(&headers).await?;
    let body = object(body)?;
    let (name, description) = (name(&body, MOST_NAME)?, description(&body)?);
    let chat = &lobby.door.chat;
    chat.check_name(&name).map_err(|_| Failure::bad("name contains inappropriate content"))?;
    chat.check_description(&description).map_err(|_| Failure::bad("description contains inappropriate content"))?;
    lobby.count_room(&asker, &peer)?;
    let room = chat.open_room(&asker.caller, name, description).await.map_err(|refusal| match refusal {
        Refusal::NameTaken => Failure::bad("Room name already exists"),
        other => other.into(),
    })?;
    Ok(Json(wire::room(&room)))
}

fn description(body: &Value) -> Result<String, Failure> {
    let is_good = |text: &&str| javascript_length(text) <= MOST_DESCRIPTION && !text.contains('\0');
    match body.get("description") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(given) => given.as_str().map(trim_like_javascript).filter(is_good).map(str::to_owned).ok_or_else(|| {
            Failure::wrong(format!("description must be a text of at most {MOST_DESCRIPTION} characters"))
        }),
    }
}

async fn end(State(lobby): State<Lobby>, Path(room): Path<String>, headers: HeaderMap) -> Result<Json<Value>, Failure> {
    let (_, caller) = caller_of(&lobby.door, &headers).await?;
    lobby.door.chat.delete_room(&caller, numbered(&room)?, None).await?;
    Ok(Json(json!({ "message": "Room deleted successfully" })))
}

#[derive(Deserialize)]
struct Page {
    limit: Option<String>,
}

async fn history(
    State(lobby): State<Lobby>,
    Path(room): Path<String>,
    Asked(page): Asked<Page>,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    let asker = lobby.asker(&headers).await?;
    let limit = match page.limit.as_deref().map(str::parse) {
        None => LISTED,
        Some(Ok(limit)) if limit >= 1 => MOST_MESSAGES.min(limit),
        Some(_) => return Err(Failure::wrong("limit must be a number from 1")),
    };
    let room = lobby.open(&asker, &room).await?;
    let messages = lobby.door.chat.recent(&room, limit).await?;
    let shown: Vec<MessageShape> = messages.iter().map(MessageShape::of).collect();
    Ok(Json(json!(shown)))
}

/// Who comes in, and whether the room is open to them, its first frame decides.
async fn connect(
    State(lobby): State<Lobby>,
    Path(room): Path<String>,
    peer: Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let upgrade = upgrade.map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()))?;
    lobby.sockets.admit(&peer)?;
    let sockets = lobby.sockets.clone();
    Ok(sockets.upgrade(upgrade, peer, DIALECT, move |connection| Ok(lobby.listen(connection, room))))
}
