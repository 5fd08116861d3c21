//! Whoever has no account comes as a guest, where guests are allowed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::Accounts;
use super::asker::{Asker, Fields};
use super::refused::Refused;
use crate::auth::{GUEST_TOKEN_TTL, TokenRefusal};
use crate::doors::requests::{is_name, wire};
use crate::model::Actor;
use crate::model::text::trim_like_javascript;

const DOING: &str = "come as a guest";
const MOST_NAME: usize = 50;
const NAMELESS: &str = "Anonymous";

/// With a guest's own token the guest goes on, by the name that they have.
pub async fn come(
    State(accounts): State<Arc<Accounts>>,
    asker: Asker,
    headers: HeaderMap,
    Fields(fields): Fields,
) -> Result<(StatusCode, Json<Value>), Refused> {
    accounts.signups.spend(asker.address)?;
    let guest = match accounts.bearers.actor(&headers) {
        Ok(Actor::Guest(id)) => accounts.chat.renew_guest(id).await,
        Ok(Actor::Anonymous | Actor::Claimed(_) | Actor::User(_) | Actor::Session { .. })
        | Err(TokenRefusal::Missing) => accounts.chat.welcome_guest(&accounts.guest_name(&fields)?).await,
        Err(refusal @ (TokenRefusal::Invalid | TokenRefusal::Expired)) => return Err(refusal.into()),
    };
    let guest = guest.map_err(|refusal| Refused::of(refusal, DOING))?;
    let body = json!({
        "user": wire::person(&accounts.chat, &guest),
        "accessToken": accounts.access.issue_guest(guest.id, accounts.seconds()),
        "expiresIn": GUEST_TOKEN_TTL.as_secs(),
    });
    Ok((StatusCode::CREATED, Json(body)))
}

impl Accounts {
    fn guest_name(&self, fields: &Map<String, Value>) -> Result<String, Refused> {
        let given = match fields.get("name") {
            None | Some(Value::Null) => Some(""),
            Some(Value::String(name)) => Some(trim_like_javascript(name)),
            Some(_) => None,
        };
        let name = given.map(|name| if name.is_empty() { NAMELESS } else { name });
        let Some(name) = name.filter(|name| is_name(name, MOST_NAME)) else {
            return Err(Refused::field("name", &format!("name must be one line of 1 to {MOST_NAME} characters")));
        };
        self.must_be_decent("name", name)?;
        Ok(name.to_owned())
    }
}
