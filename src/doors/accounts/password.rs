use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::asker::{Asker, Fields, Known};
use super::granted::locked;
use super::login::Unproved;
use super::refused::{CORRECT, Refused};
use super::{Accounts, password};
use crate::model::new_account::password_fault;
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{UserId, UserStatus};
use crate::store::NewPassword;

const DOING: &str = "update password";

pub async fn update(
    State(accounts): State<Arc<Accounts>>,
    known: Known,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<Json<Value>, Refused> {
    let (current, new) = read(&fields)?;
    let _turn = accounts.take_turn(&asker)?;
    let guess = accounts.guesses.admit(asker.address, accounts.clock.ticks())?;
    let user = known.caller.user().id;
    let was = match accounts.check_current(user, current).await {
        Ok(was) => was,
        Err(Unproved::Wrong(refused)) => return Err(refused),
        Err(Unproved::NotJudged(refused)) => {
            guess.forgive();
            return Err(refused);
        }
    };
    guess.forgive();
    let hash = accounts.hash(new, DOING).await?;
    let new = NewPassword { hash, was: Some(was) };
    let changed = accounts.chat.change_password(known.actor, user, &new).await;
    // Somebody else changed it meanwhile: what was given is the current one no more.
    if !changed.map_err(|refusal| Refused::of(refusal, DOING))? {
        return Err(wrong());
    }
    Ok(Json(json!({ "message": "Password updated successfully" })))
}

impl Accounts {
    /// The hash that the current password fits. A wrong one counts as a wrong log-in, and a lock holds
    /// here too: a token alone must not be enough to guess for ever.
    pub(super) async fn check_current(&self, user: UserId, current: String) -> Result<String, Unproved> {
        let fault = |fault| Unproved::NotJudged(Refused::fault(fault, DOING));
        let known = self.patiently(self.store.credentials_of(user)).await.map_err(fault)?;
        let Some(known) = known else { return Err(Unproved::Wrong(wrong())) };
        let fits = self.passwords.verify(current, known.password_hash.clone(), None).await;
        if known.user.status == UserStatus::Locked {
            return Err(Unproved::Wrong(locked()));
        }
        if fits {
            return Ok(known.password_hash);
        }
        let counted = self.patiently(self.store.count_wrong_password(user, self.clock.now())).await.map_err(fault)?;
        Err(Unproved::Wrong(if counted < WRONG_PASSWORDS_ALLOWED { wrong() } else { locked() }))
    }

    pub(super) async fn hash(&self, password: String, doing: &str) -> Result<String, Refused> {
        self.passwords.hash(password).await.map_err(|error| {
            tracing::error!("cannot hash a password: {error}");
            Refused::failed(doing)
        })
    }
}

fn wrong() -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "wrong_password", "Current password is incorrect")
}

fn read(fields: &Map<String, Value>) -> Result<(String, String), Refused> {
    let (current, new) = (password(fields, "currentPassword"), password(fields, "newPassword"));
    let mut errors = Map::new();
    if current.is_none() {
        errors.insert("currentPassword".into(), "currentPassword is required".into());
    }
    if let Some(fault) = password_fault("newPassword", new.unwrap_or_default()) {
        errors.insert("newPassword".into(), fault.into());
    }
    match (current, new) {
        (Some(current), Some(new)) if errors.is_empty() => Ok((current.to_owned(), new.to_owned())),
        _ => Err(Refused::fields(CORRECT, errors)),
    }
}
