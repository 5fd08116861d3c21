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

pub async fn log_in(
    State(accounts): State<Arc<Accounts>>,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<(SetCookies, Json<Value>), Refused> {
    let (identifier, password) = read(&fields)?;
    let _turn = accounts.take_turn(&asker)?;
    let guess = accounts.guesses.admit(asker.address, accounts.clock.ticks())?;
    match accounts.prove(&identifier, password).await {
        Ok(user) => {
            guess.forgive();
            let granted = accounts.grant(user.id, &asker).await.map_err(|refusal| Refused::of(refusal, "log in"))?;
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
    async fn prove(&self, identifier: &str, password: String) -> Result<User, Unproved> {
        let fault = |fault| Unproved::NotJudged(Refused::fault(fault, "log in"));
        let known = self.patiently(self.store.credentials(identifier)).await.map_err(fault)?;
        // An unknown name takes as long as a wrong password.
        let hash = known.as_ref().map_or_else(|| "!".to_owned(), |known| known.password_hash.clone());
        let fits = self.passwords.verify(password, hash).await;
        let Some(known) = known else {
            return Err(Unproved::Wrong(wrong(self.attempts.count(&identifier.to_lowercase()))));
        };
        let user = known.user;
        if user.status == UserStatus::Locked {
            return Err(Unproved::Wrong(locked()));
        }
        if !fits {
            let counted = self.store.count_wrong_password(user.id, self.clock.now());
            return Err(Unproved::Wrong(wrong(self.patiently(counted).await.map_err(fault)?)));
        }
        let noted = self.store.note_login(user.id, self.clock.now());
        if self.patiently(noted).await.map_err(fault)? { Ok(user) } else { Err(Unproved::Wrong(locked())) }
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
