//! Who calls, by the access token that they bear: for REST and sockets alike.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use crate::auth::{TokenRefusal, Tokens};
use crate::chat::Refusal;
use crate::model::{Actor, Clock};

#[derive(Clone)]
pub struct Bearers {
    tokens: Arc<Tokens>,
    clock: Clock,
}

impl Bearers {
    pub fn new(tokens: Arc<Tokens>, clock: Clock) -> Bearers {
        Bearers { tokens, clock }
    }

    /// Whom a token names, and when it ends in Unix seconds. Whether its account and its session are
    /// there, the core is to be asked.
    pub fn read(&self, token: &str) -> Result<(Actor, u64), TokenRefusal> {
        let now = u64::try_from(self.clock.now().seconds()).unwrap_or(0);
        let verified = self.tokens.verify(token, now)?;
        // Where both secrets are the same, a refresh token would open everything for days.
        if verified.is_refresh {
            return Err(TokenRefusal::Invalid);
        }
        let user = verified.user;
        if verified.is_guest {
            return Ok((Actor::Guest(user), verified.expires_at));
        }
        let actor = verified.session.map_or(Actor::User(user), |session| Actor::Session { user, session });
        Ok((actor, verified.expires_at))
    }

    /// Of a request.
    pub fn actor(&self, headers: &HeaderMap) -> Result<Actor, TokenRefusal> {
        let token = token_of(headers).ok_or(TokenRefusal::Missing)?;
        self.read(token).map(|(actor, _)| actor)
    }
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix("Bearer ").map(str::trim).filter(|token| !token.is_empty())
}

/// The text and the code of a token that is not good.
pub fn unauthorized(refusal: TokenRefusal) -> (&'static str, &'static str) {
    match refusal {
        TokenRefusal::Missing => ("Unauthorized - No token provided", "no_token"),
        TokenRefusal::Invalid => ("Unauthorized - Invalid token", "invalid_token"),
        TokenRefusal::Expired => ("Unauthorized - Token expired", "token_expired"),
    }
}

/// The same where the token was good, but its account or its session is not. None: another refusal.
pub fn turned_away(refusal: Refusal) -> Option<(&'static str, &'static str)> {
    if let Refusal::SessionEnded(_) = refusal {
        return Some(("Unauthorized - Invalid token", "session_ended"));
    }
    let is_nobody = matches!(refusal, Refusal::NotAuthenticated | Refusal::UserNotFound);
    is_nobody.then_some(("Unauthorized - User not found", "user_not_found"))
}
