//! Who a client is: by its handshake, and by `authenticate-user`.

use serde_json::Value;
use uuid::Uuid;

use super::incoming::CommunitySession;
use super::payload::{Fields, is_falsy};
use super::{Community, Trust};
use crate::auth::TokenRefusal;
use crate::chat::{Caller, Refusal};
use crate::doors::bearer::{turned_away, unauthorized};
use crate::doors::socketio::{ConnectRefusal, Payload};
use crate::model::Actor;

impl Community {
    /// Who a handshake is. A bad token is refused; without one the client may read and listen.
    pub(super) async fn identify(
        &self,
        token: Option<&str>,
        user_id: Option<&str>,
    ) -> Result<(Actor, Option<u64>), ConnectRefusal> {
        if let Some(token) = token {
            let refused = |(message, code): (&str, _)| ConnectRefusal { message: message.to_owned(), code };
            let (actor, ends) = self.verify(token).map_err(|refusal| refused(unauthorized(refusal)))?;
            let account = self.shared.chat.account(actor).await;
            // While the database is away a good token is believed; each action asks again.
            return account.err().and_then(turned_away).map_or(Ok((actor, Some(ends))), |why| Err(refused(why)));
        }
        let claimed = user_id.and_then(|id| Uuid::parse_str(id).ok()).filter(|_| self.shared.trust == Trust::UserId);
        Ok((claimed.map_or(Actor::Anonymous, Actor::Claimed), None))
    }

    /// Whom a token names, and when it ends.
    fn verify(&self, token: &str) -> Result<(Actor, u64), TokenRefusal> {
        self.shared.bearers.read(token.strip_prefix("Bearer ").unwrap_or(token))
    }
}

impl CommunitySession {
    pub(super) async fn become_somebody(&mut self, payload: Payload) -> Result<Caller, Refusal> {
        let fields = Fields::or_none(payload);
        let shared = self.door.shared.clone();
        if let Some(Value::String(token)) = fields.get("token").filter(|token| !is_falsy(Some(token))) {
            let (actor, ends) = self.door.verify(token).map_err(|refusal| match refusal {
                TokenRefusal::Expired => Refusal::TokenExpired,
                TokenRefusal::Missing | TokenRefusal::Invalid => Refusal::InvalidToken,
            })?;
            return self.take_identity(actor, Some(ends)).await;
        }
        let claimed = match fields.get("userId") {
            value if is_falsy(value) => return Err(Refusal::UserIdRequired),
            Some(Value::String(id)) => Uuid::parse_str(id).map_err(|_| Refusal::Unreadable)?,
            _ => return Err(Refusal::Unreadable),
        };
        match shared.trust {
            Trust::UserId => self.take_identity(Actor::Claimed(claimed), None).await,
            Trust::Token if self.visit.actor().user() == Some(claimed) => self.visit.caller().await,
            Trust::Token => Err(Refusal::NotAuthenticated),
        }
    }

    async fn take_identity(&mut self, actor: Actor, token_ends: Option<u64>) -> Result<Caller, Refusal> {
        let caller = self.door.shared.chat.account(actor).await?;
        self.become_this(actor, token_ends).await.map_err(|_| Refusal::TooManyConnections)?;
        Ok(caller)
    }
}
