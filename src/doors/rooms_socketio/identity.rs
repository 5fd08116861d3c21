//! Who a client is: by the token of its handshake, for as long as that is good, and by nothing else.

use serde_json::{Value, json};

use super::incoming::RoomsSession;
use super::{NAMESPACE, Rooms, wire};
use crate::chat::Refusal;
use crate::doors::bearer::{turned_away, unauthorized};
use crate::doors::requests::{Failure, Fields};
use crate::doors::socketio::ConnectRefusal;
use crate::model::{Actor, RoomNumber, UserId};

const UNAUTHORIZED: &str = "Unauthorized";

pub(super) fn no_identity() -> Failure {
    Failure::Unauthorized("not_authenticated", UNAUTHORIZED)
}

fn refused(code: &'static str) -> ConnectRefusal {
    ConnectRefusal { message: UNAUTHORIZED.to_owned(), code }
}

/// A payload may name its sender, and nobody else.
pub(super) fn must_be_own(fields: &mut Fields, own: UserId) -> Result<(), Failure> {
    if fields.get("userId").is_some() && fields.user().ok() != Some(own) {
        fields.fault("userId", "userId must be your own, or left out");
    }
    fields.check()
}

impl Rooms {
    /// None: nobody. Old clients come here without a word before they go elsewhere.
    pub(super) async fn identify(&self, auth: &Value) -> Result<Option<(Actor, u64)>, ConnectRefusal> {
        let token = match &auth["token"] {
            Value::Null => return Ok(None),
            Value::String(token) if token.is_empty() => return Ok(None),
            Value::String(token) => token.strip_prefix("Bearer ").unwrap_or(token),
            _ => return Err(refused("invalid_token")),
        };
        let (actor, ends) = self.door.bearers.read(token).map_err(|refusal| refused(unauthorized(refusal).1))?;
        if actor.user().is_none() {
            return Err(refused("account_needed"));
        }
        // While the database is away a good token is believed; each action asks again.
        match self.chat().account(actor).await.err().and_then(turned_away) {
            Some((_, code)) => Err(refused(code)),
            None => Ok(Some((actor, ends))),
        }
    }
}

impl RoomsSession {
    /// Something outside may have changed who this is, or what it may hear.
    pub(super) async fn look_anew(&mut self) {
        let Some(visit) = &mut self.visit else { return };
        let (actor, anew) = (visit.actor(), visit.look_anew().await);
        if !anew.is_over() {
            let left = visit.leave_forbidden_rooms().await;
            return self.are_left(actor, &left);
        }
        let lock = if anew.is_barred() { self.door.chat().lock_on(actor).await } else { None };
        let code = match &lock {
            Some(_) => "account_locked",
            None if anew.ended_session().is_some() => "session_ended",
            None if anew.token_ended => "token_expired",
            None => "user_not_found",
        };
        let mut told = json!({ "message": UNAUTHORIZED, "code": code });
        if let Some(reason) = lock.and_then(|lock| lock.reason) {
            told["reason"] = reason.into();
        }
        self.connection.emit(NAMESPACE, "unauthorized", &told);
        self.become_nobody().await;
    }

    /// Rooms that it was put out of, or that are no more. Whose they were hears of it by the word for leaving.
    fn are_left(&mut self, actor: Actor, rooms: &[RoomNumber]) {
        for room in rooms {
            if let (Some(joined), Some(user)) = (self.joined.remove(room), actor.user()) {
                self.connection.emit(NAMESPACE, "user-left", &wire::left(user, *joined.place));
            }
        }
    }

    pub(super) async fn become_nobody(&mut self) {
        self.joined.clear();
        if let Some(mut visit) = self.visit.take() {
            visit.end().await;
        }
    }
}

/// Who acts without being anybody is told so in the words of the dialect.
pub(super) fn in_words(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::NotAuthenticated | Refusal::SessionEnded(_) => no_identity(),
        other => Failure::Refused(other),
    }
}
