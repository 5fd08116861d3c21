//! Refresh tokens: another pair for one, and the end of its session.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::AppendHeaders;
use serde_json::{Value, json};

use super::Accounts;
use super::asker::{Asker, Fields, SetCookies};
use super::refused::Refused;
use crate::auth::TokenRefusal;
use crate::chat::Refusal;
use crate::model::{Actor, EndReason};

pub async fn refresh(
    State(accounts): State<Arc<Accounts>>,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<(SetCookies, Json<Value>), Refused> {
    accounts.refreshes.spend(asker.address)?;
    let shown = asker.refresh_token(&fields)?.ok_or(TokenRefusal::Missing)?;
    let token = accounts.read_refresh_token(&shown.token)?;
    let refused = |refusal| Refused::of(refusal, "refresh the token");
    accounts.chat.caller(Actor::User(token.user)).await.map_err(refused)?;
    let granted = accounts.grant_again(&token, &asker).await.map_err(refused)?;
    let mut body = json!({
        "message": "Token refreshed successfully",
        "accessToken": granted.access,
        "expiresIn": granted.expires_in,
        "tokenExpiry": granted.expiry,
    });
    if shown.in_body {
        body["refreshToken"] = granted.refresh.as_str().into();
    }
    Ok((accounts.cookies(&asker, &granted), Json(body)))
}

/// Whatever proves a session is enough to end it. Who has nothing that is good is logged out already.
pub async fn log_out(
    State(accounts): State<Arc<Accounts>>,
    headers: HeaderMap,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<(SetCookies, Json<Value>), (SetCookies, Refused)> {
    let bearer = accounts.bearers.actor(&headers).ok().and_then(|actor| actor.user().zip(actor.session()));
    let shown = match asker.refresh_token(&fields) {
        Ok(shown) => shown,
        // Whatever else is wrong, the bearer's own session ends.
        Err(_) if bearer.is_some() => None,
        Err(refused) => return Err((AppendHeaders(Vec::new()), refused)),
    };
    let ended = async {
        if let Some(token) = shown.and_then(|shown| accounts.read_refresh_token(&shown.token).ok()) {
            accounts.chat.end_session_of(&token, EndReason::LoggedOut).await?;
        }
        if let Some((user, session)) = bearer {
            match accounts.chat.end_session(user, session, EndReason::LoggedOut).await {
                Ok(()) | Err(Refusal::SessionNotFound) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    };
    match ended.await {
        Ok(()) => Ok((asker.no_cookies(), Json(json!({ "message": "Logged out successfully" })))),
        Err(refusal) => Err((asker.no_cookies(), Refused::of(refusal, "log out"))),
    }
}
