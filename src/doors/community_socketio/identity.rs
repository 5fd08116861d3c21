//! Who a client is: by its handshake, and by `authenticate-user`.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::incoming::CommunitySession;
use super::payload::{Fields, is_falsy};
use super::{Community, Trust};
use crate::auth::TokenRefusal;
use crate::chat::{Caller, Refusal};
use crate::doors::socketio::{ConnectRefusal, Connection, Payload};
use crate::model::{Actor, UserId};

impl Community {
    /// Who a handshake is. A bad token is refused; without one the client may read and listen.
    pub(super) async fn identify(
        &self,
        token: Option<&str>,
        user_id: Option<&str>,
    ) -> Result<(Actor, Option<u64>), ConnectRefusal> {
        if let Some(token) = token {
            let verified = self.verify(token).map_err(|refusal| {
                let (message, code) = unauthorized(refusal);
                ConnectRefusal { message: message.to_owned(), code }
            })?;
            return match self.shared.chat.account(verified.0).await {
                Err(Refusal::UserNotFound) => {
                    Err(ConnectRefusal { message: "Unauthorized - User not found".into(), code: "user_not_found" })
                }
                // While the database is away a good token is believed; each action asks again.
                _ => Ok((Actor::User(verified.0), Some(verified.1))),
            };
        }
        let claimed = user_id.and_then(|id| Uuid::parse_str(id).ok()).filter(|_| self.shared.trust == Trust::UserId);
        Ok((claimed.map_or(Actor::Anonymous, Actor::Claimed), None))
    }

    /// The user that a token names, and when it ends.
    pub(super) fn verify(&self, token: &str) -> Result<(UserId, u64), TokenRefusal> {
        let now = u64::try_from(self.shared.clock.now().seconds()).unwrap_or(0);
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        self.shared.tokens.verify(token, now).map(|verified| (verified.user, verified.expires_at))
    }

    pub(super) fn note(
        &self,
        connection: &Arc<Connection>,
        actor: Actor,
        token_ends: Option<u64>,
    ) -> Result<(), ConnectRefusal> {
        let most = self.shared.connections_per_user;
        let (before, noted) = {
            let mut visitors = self.visitors();
            (visitors.person(connection.id), visitors.note(connection, actor, token_ends, most))
        };
        if noted {
            connection.belongs_to(actor.person());
            before.inspect(|person| self.shared.chat.went(*person, connection.id));
            actor.person().inspect(|person| self.shared.chat.came(*person, connection.id));
            return Ok(());
        }
        Err(ConnectRefusal {
            message: format!("Too many connections of this account: {most} are allowed"),
            code: "too_many_connections",
        })
    }
}

pub(super) fn unauthorized(refusal: TokenRefusal) -> (&'static str, &'static str) {
    match refusal {
        TokenRefusal::Missing => ("Unauthorized - No token provided", "no_token"),
        TokenRefusal::Invalid => ("Unauthorized - Invalid token", "invalid_token"),
        TokenRefusal::Expired => ("Unauthorized - Token expired", "token_expired"),
    }
}

impl CommunitySession {
    pub(super) async fn become_somebody(&mut self, payload: Payload) -> Result<Caller, Refusal> {
        let fields = Fields::or_none(payload);
        let shared = self.door.shared.clone();
        if let Some(Value::String(token)) = fields.get("token").filter(|token| !is_falsy(Some(token))) {
            let (user, ends) = self.door.verify(token).map_err(|refusal| match refusal {
                TokenRefusal::Expired => Refusal::TokenExpired,
                TokenRefusal::Missing | TokenRefusal::Invalid => Refusal::InvalidToken,
            })?;
            return self.take_identity(user, Some(ends)).await;
        }
        let claimed = match fields.get("userId") {
            value if is_falsy(value) => return Err(Refusal::UserIdRequired),
            Some(Value::String(id)) => Uuid::parse_str(id).map_err(|_| Refusal::Unreadable)?,
            _ => return Err(Refusal::Unreadable),
        };
        match shared.trust {
            Trust::UserId => self.take_identity(claimed, None).await,
            Trust::Token if self.actor == Actor::User(claimed) => self.caller().await,
            Trust::Token => Err(Refusal::NotAuthenticated),
        }
    }

    async fn take_identity(&mut self, user: UserId, token_ends: Option<u64>) -> Result<Caller, Refusal> {
        let caller = self.door.shared.chat.account(user).await?;
        let actor = if token_ends.is_some() { Actor::User(user) } else { Actor::Claimed(user) };
        self.door.note(&self.connection, actor, token_ends).map_err(|_| Refusal::TooManyConnections)?;
        if self.actor.person() != actor.person() {
            self.door.shared.chat.stop_typing(self.connection.id).await;
            self.leave_rooms();
        }
        self.become_this(actor);
        Ok(caller)
    }
}
