//! Being forgotten.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::asker::{Asker, Fields, Known};
use super::login::Unproved;
use super::refused::{CORRECT, Plainly, Refused};
use super::{Accounts, password};
use crate::model::erasure::Remains;

const DOING: &str = "erase the account";

/// It cannot be taken back, so a token alone is not enough.
pub async fn erase(
    State(accounts): State<Arc<Accounts>>,
    known: Result<Known, Refused>,
    asker: Asker,
    fields: Result<Fields, Refused>,
) -> Result<(StatusCode, Json<Value>), Plainly> {
    let (known, Fields(fields)) = (known?, fields?);
    let (password, remains) = read(&fields)?;
    let _turn = accounts.take_turn(&asker)?;
    let guess = accounts.guesses.admit(asker.address, accounts.clock.ticks())?;
    let user = known.caller.user().id;
    match accounts.check_current(user, password).await {
        Ok(_) => guess.forgive(),
        Err(Unproved::Wrong(refused)) if refused.is_wrong_password() => {
            return Err(Refused::new(StatusCode::FORBIDDEN, "wrong_password", "The password is wrong").into());
        }
        Err(Unproved::Wrong(refused)) => return Err(refused.into()),
        Err(Unproved::NotJudged(refused)) => {
            guess.forgive();
            return Err(refused.into());
        }
    }
    let erased = accounts.chat.erase(Some(user), user, remains).await;
    erased.map_err(|refusal| Refused::of(refusal, DOING))?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "erasing": true }))))
}

fn read(fields: &Map<String, Value>) -> Result<(String, Remains), Refused> {
    let remains = match fields.get("messages").and_then(Value::as_str) {
        Some("anonymise") => Some(Remains::Anonymise),
        Some("remove") => Some(Remains::Remove),
        _ => None,
    };
    let mut errors = Map::new();
    if remains.is_none() {
        errors.insert("messages".into(), "messages must be one of: anonymise, remove".into());
    }
    match (password(fields, "password"), remains) {
        (Some(password), Some(remains)) => Ok((password.to_owned(), remains)),
        (given, _) => {
            if given.is_none() {
                errors.insert("password".into(), "password is required".into());
            }
            Err(Refused::fields(CORRECT, errors))
        }
    }
}
