use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::asker::{Asker, Fields, SetCookies};
use super::refused::{CORRECT, Refused};
use super::{Accounts, role, text};
use crate::doors::requests::wire::account;
use crate::model::{NewAccount, User, UserRole};
use crate::store::{AddUserError, NewUser, UserGender};

const DOING: &str = "create user";
/// Of a username, where dialects have less place for it than Node.
const LONGEST_USERNAME: usize = 50;

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
    State(accounts): State<Arc<Accounts>>,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<(StatusCode, Json<Value>), Refused> {
    accounts.signups.spend(asker.address)?;
    let wanted = read(&fields)?;
    accounts.must_be_decent("userid", &wanted.userid)?;
    accounts.must_be_decent("name", &wanted.name)?;
    let user = accounts.add(wanted, &asker, StatusCode::BAD_REQUEST).await?;
    let shown = json!({ "id": user.id, "userid": user.userid, "name": user.name, "email": user.email, "role": role(user.role) });
    Ok((StatusCode::CREATED, Json(json!({ "user": shown, "message": "User created successfully" }))))
}

/// The same in other words, and whoever signs up is in.
pub async fn register(
    State(accounts): State<Arc<Accounts>>,
    asker: Asker,
    Fields(fields): Fields,
) -> Result<(StatusCode, SetCookies, Json<Value>), Refused> {
    accounts.signups.spend(asker.address)?;
    let wanted = read_registration(&fields)?;
    accounts.must_be_decent("username", &wanted.userid)?;
    let user = accounts.add(wanted, &asker, StatusCode::CONFLICT).await?;
    let granted = accounts.grant(user.id, &asker).await.map_err(|refusal| Refused::of(refusal, DOING))?;
    let body = json!({
        "user": account(&accounts.chat, &user),
        "accessToken": granted.access,
        "expiresIn": granted.expires_in,
    });
    Ok((StatusCode::CREATED, accounts.cookies(&asker, &granted), Json(body)))
}

impl Accounts {
    async fn add(&self, wanted: Wanted, asker: &Asker, if_taken: StatusCode) -> Result<User, Refused> {
        let refused = |error| match error {
            AddUserError::EmailTaken => Refused::new(if_taken, "email_taken", "User already exists"),
            AddUserError::UseridTaken => Refused::new(if_taken, "username_taken", "This username already exists"),
            AddUserError::Fault(fault) => Refused::fault(fault, DOING),
        };
        let _turn = self.take_turn(asker)?;
        // Before the work of hashing; the database has the last word.
        self.store.check_free(&wanted.email, &wanted.userid).await.map_err(refused)?;
        let new = NewUser {
            userid: wanted.userid,
            name: wanted.name,
            email: wanted.email,
            password_hash: self.hash(wanted.password, DOING).await?,
            dob: wanted.dob,
            gender: wanted.gender,
            role: UserRole::User,
        };
        self.store.add_user(new, self.clock.now()).await.map_err(refused)
    }
}

fn read(fields: &Map<String, Value>) -> Result<Wanted, Refused> {
    let asked = asked(fields, "userid");
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
        return Err(Refused::fields(CORRECT, errors));
    }
    Ok(Wanted { dob, gender, ..Wanted::from(asked) })
}

fn read_registration(fields: &Map<String, Value>) -> Result<Wanted, Refused> {
    let asked = NewAccount { name: None, ..asked(fields, "username") };
    let mut errors = Map::new();
    for (field, message) in asked.faults() {
        let (field, message) = match (field, message.strip_prefix("userid")) {
            ("userid", Some(rest)) => ("username", format!("username{rest}")),
            _ => (field, message),
        };
        errors.insert(field.to_owned(), message.into());
    }
    if errors.is_empty() && asked.userid.chars().count() > LONGEST_USERNAME {
        errors.insert("username".into(), format!("username must have at most {LONGEST_USERNAME} characters").into());
    }
    if errors.is_empty() { Ok(asked.into()) } else { Err(Refused::fields(CORRECT, errors)) }
}

fn asked<'a>(fields: &'a Map<String, Value>, userid: &str) -> NewAccount<'a> {
    NewAccount {
        userid: text(fields, userid).unwrap_or_default(),
        name: text(fields, "name"),
        email: text(fields, "email").unwrap_or_default(),
        password: Some(fields.get("password").and_then(Value::as_str).unwrap_or_default()),
    }
}

impl From<NewAccount<'_>> for Wanted {
    fn from(asked: NewAccount) -> Self {
        let NewAccount { userid, name, email, password } = asked;
        Wanted {
            userid: userid.to_owned(),
            name: name.unwrap_or(userid).to_owned(),
            email: email.to_owned(),
            password: password.unwrap_or_default().to_owned(),
            dob: NaiveDate::default(),
            gender: UserGender::RatherNotSay,
        }
    }
}
