use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::{Accounts, ClientIp, Refused, fields, role, text};
use crate::model::{NewAccount, UserRole};
use crate::store::{AddUserError, NewUser, UserGender};

struct Wanted {
    userid: String,
    name: String,
    email: String,
    password: String,
    dob: NaiveDate,
    gender: UserGender,
}

/// A `role` in the body is nobody's to claim: it is not read.
pub async fn sign_up(
    State(accounts): State<Accounts>,
    from: Option<Extension<ClientIp>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let wanted = read(&fields(&body)?)?;
    let _turn = accounts.take_turn(from)?;
    // Before the work of hashing; the database has the last word.
    accounts.store.check_free(&wanted.email, &wanted.userid).await.map_err(refused)?;
    let hash = accounts.passwords.hash(wanted.password).await;
    let password_hash = hash.map_err(|error| {
        tracing::error!("cannot hash a password: {error}");
        Refused::failed("create user")
    })?;
    let new = NewUser {
        userid: wanted.userid,
        name: wanted.name,
        email: wanted.email,
        password_hash,
        dob: wanted.dob,
        gender: wanted.gender,
        role: UserRole::User,
    };
    let user = accounts.store.add_user(new, accounts.clock.now()).await.map_err(refused)?;
    let shown = json!({ "id": user.id, "userid": user.userid, "name": user.name, "email": user.email, "role": role(user.role) });
    Ok((StatusCode::CREATED, Json(json!({ "user": shown, "message": "User created successfully" }))))
}

fn refused(error: AddUserError) -> Refused {
    match error {
        AddUserError::EmailTaken => Refused::new(StatusCode::BAD_REQUEST, "User already exists"),
        AddUserError::UseridTaken => Refused::new(StatusCode::BAD_REQUEST, "This username already exists"),
        AddUserError::Fault(fault) => Refused::fault(&fault, "create user"),
    }
}

fn read(fields: &Map<String, Value>) -> Result<Wanted, Refused> {
    let asked = NewAccount {
        userid: text(fields, "userid").unwrap_or_default(),
        name: text(fields, "name"),
        email: text(fields, "email").unwrap_or_default(),
        password: Some(fields.get("password").and_then(Value::as_str).unwrap_or_default()),
    };
    let mut errors = Map::new();
    let mut wrong = |field: &str, message: String| {
        errors.insert(field.to_owned(), message.into());
    };
    for (field, message) in asked.faults() {
        wrong(field, message);
    }
    let dob = match text(fields, "dob") {
        None => NaiveDate::default(),
        Some(dob) => dob.get(..10).and_then(|day| day.parse().ok()).unwrap_or_else(|| {
            wrong("dob", "dob must be a date like 1990-12-31".into());
            NaiveDate::default()
        }),
    };
    let gender = match text(fields, "gender") {
        Some("male") => UserGender::Male,
        Some("female") => UserGender::Female,
        None | Some("rather_not_say") => UserGender::RatherNotSay,
        Some(_) => {
            wrong("gender", "gender must be male, female or rather_not_say".into());
            UserGender::RatherNotSay
        }
    };
    if !errors.is_empty() {
        return Err(Refused::fields("Please correct the marked fields", errors));
    }
    let NewAccount { userid, name, email, password } = asked;
    Ok(Wanted {
        userid: userid.to_owned(),
        name: name.unwrap_or(userid).to_owned(),
        email: email.to_owned(),
        password: password.unwrap_or_default().to_owned(),
        dob,
        gender,
    })
}
