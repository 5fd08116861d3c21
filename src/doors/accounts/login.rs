use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::asker::{Asker, Fields, SetCookies};
use super::granted::{Granted, locked};
use super::refused::Refused;
use super::{Accounts, password, role, text};
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{User, UserStatus};
use crate::store::{Credentials, Proved};

const DOING: &str = "log in";

pub async fn log_in(
    State(accounts): State<Arc<Accounts>>,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<(SetCookies, Json<Value>), Refused> {
    let (identifier, password) = read(&fields)?;
    let _turn = accounts.take_turn(&asker)?;
    let guess = accounts.guesses.admit(asker.address, accounts.clock.ticks())?;
    match accounts.enter(&identifier, password, &asker).await {
        Ok((user, granted)) => {
            guess.forgive();
            Ok((accounts.cookies(&asker, &granted), Json(welcome(&user, &granted))))
        }
        Err(Unproved::Wrong(refused)) => Err(refused),
        Err(Unproved::NotJudged(refused)) => {
            guess.forgive();
            Err(refused)
        }
    }
}

/// Why nobody is let in.
pub(super) enum Unproved {
    Wrong(Refused),
    /// For a fault of ours.
    NotJudged(Refused),
}

impl Accounts {
    async fn enter(&self, identifier: &str, password: String, asker: &Asker) -> Result<(User, Granted), Unproved> {
        let fault = |fault| Unproved::NotJudged(Refused::fault(fault, DOING));
        let (known, near) = tokio::join!(
            self.patiently(self.store.credentials(identifier)),
            self.patiently(self.store.password_hash_near(identifier))
        );
        let (known, near) = (known.map_err(fault)?, near.map_err(fault)?);
        // An unknown name takes as long as a wrong password.
        let hash = known.as_ref().map_or_else(|| "!".to_owned(), |known| known.password_hash.clone());
        let fits = self.passwords.verify(password, hash, near).await;
        let bearer = known.as_ref().map(|known| known.user.id);
        if let Some(Credentials { user, password_hash }) = known.filter(|_| fits) {
            // Only who knows the password is told of a lock that is not the name's own.
            if user.status == UserStatus::Locked {
                return Err(Unproved::Wrong(locked()));
            }
            let proved = Proved { user: user.id, password_hash: &password_hash, identifier };
            let granted = self.grant_to(proved, asker).await;
            let granted = granted.map_err(|refusal| Unproved::NotJudged(Refused::of(refusal, DOING)))?;
            if let Some(granted) = granted {
                return Ok((user, granted));
            }
        }
        let counted = self.store.count_guess(identifier, bearer, self.clock.now()).await;
        Err(Unproved::Wrong(wrong(counted.map_err(fault)?)))
    }
}

fn welcome(user: &User, granted: &Granted) -> Value {
    let shown = json!({
        "id": user.id,
        "userid": user.userid,
        "name": user.name,
        "email": user.email,
        "role": role(user.role),
        "status": user.status,
        "accessToken": granted.access,
        "refreshToken": granted.refresh,
        "tokenExpiry": granted.expiry,
    });
    json!({
        "message": "Login successful",
        "user": shown,
        "accessToken": granted.access,
        "expiresIn": granted.expires_in,
    })
}

fn read(fields: &Map<String, Value>) -> Result<(String, String), Refused> {
    let identifier = ["identifier", "email", "userid", "username"].iter().find_map(|name| text(fields, name));
    // Neither database can hold it, so nobody is called so.
    let identifier = identifier.filter(|identifier| !identifier.contains('\0'));
    match (identifier, password(fields, "password")) {
        (Some(identifier), Some(password)) => Ok((identifier.to_owned(), password.to_owned())),
        (identifier, password) => {
            let mut errors = Map::new();
            if identifier.is_none() {
                errors.insert("identifier".into(), "Email or username is required".into());
            }
            if password.is_none() {
                errors.insert("password".into(), "Password is required".into());
            }
            Err(Refused::fields("Please fill in all fields", errors))
        }
    }
}

fn wrong(counted: i32) -> Refused {
    let left = WRONG_PASSWORDS_ALLOWED - counted;
    if left <= 0 {
        return locked();
    }
    let message = format!("Invalid email or password. {left} attempts remaining.");
    Refused::new(StatusCode::BAD_REQUEST, "wrong_password", message)
}
