use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::AppendHeaders;
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use super::{Accounts, ClientIp, Refused, fields, role, seconds, text};
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{User, UserStatus};

type Cookies = AppendHeaders<[(HeaderName, String); 2]>;

pub async fn log_in(
    State(accounts): State<Accounts>,
    from: Option<Extension<ClientIp>>,
    body: Bytes,
) -> Result<(Cookies, Json<Value>), Refused> {
    let (identifier, password) = read(&fields(&body)?)?;
    let _turn = accounts.take_turn(from)?;
    let fault = |fault| Refused::fault(&fault, "log in");
    let known = accounts.patiently(accounts.store.credentials(&identifier)).await.map_err(fault)?;
    // An unknown name takes as long as a wrong password.
    let hash = known.as_ref().map_or_else(|| "!".to_owned(), |known| known.password_hash.clone());
    let fits = accounts.passwords.verify(password, hash).await;
    let Some(known) = known else { return Err(wrong(accounts.attempts.count(&identifier.to_lowercase()))) };
    let user = known.user;
    if user.status == UserStatus::Locked {
        return Err(locked());
    }
    if !fits {
        let counted = accounts.store.count_wrong_password(user.id, accounts.clock.now());
        return Err(wrong(accounts.patiently(counted).await.map_err(fault)?));
    }
    let noted = accounts.store.note_login(user.id, accounts.clock.now());
    if !accounts.patiently(noted).await.map_err(fault)? {
        return Err(locked());
    }
    Ok(accounts.welcome(&user))
}

impl Accounts {
    fn welcome(&self, user: &User) -> (Cookies, Json<Value>) {
        let now = self.seconds();
        let access = self.access.issue(user.id, now);
        let refresh = self.refresh.issue(user.id, now);
        let cookie = |name: &str, token: &str, age: u64| {
            (header::SET_COOKIE, format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict"))
        };
        let cookies = [
            cookie("accessToken", &access, seconds(self.access.ttl())),
            cookie("refreshToken", &refresh, seconds(self.refresh.ttl())),
        ];
        let shown = json!({
            "id": user.id,
            "userid": user.userid,
            "name": user.name,
            "email": user.email,
            "role": role(user.role),
            "status": user.status,
            "accessToken": access,
            "refreshToken": refresh,
            "tokenExpiry": (now + seconds(self.access.ttl())) * 1000,
        });
        (AppendHeaders(cookies), Json(json!({ "message": "Login successful", "user": shown })))
    }
}

fn read(fields: &Map<String, Value>) -> Result<(String, String), Refused> {
    let identifier = ["identifier", "email", "userid"].iter().find_map(|name| text(fields, name));
    // Neither database can hold it, so nobody is called so.
    let identifier = identifier.filter(|identifier| !identifier.contains('\0'));
    let password = fields.get("password").and_then(Value::as_str).filter(|password| !password.is_empty());
    match (identifier, password) {
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
    Refused::new(StatusCode::BAD_REQUEST, format!("Invalid email or password. {left} attempts remaining."))
}

fn locked() -> Refused {
    Refused::new(StatusCode::FORBIDDEN, "Account locked due to too many failed login attempts. Please contact support.")
}
