use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asker::Known;
use super::refused::Refused;
use super::{Accounts, role};
use crate::chat::Refusal;
use crate::doors::requests::wire::account;
use crate::model::Micros;
use crate::store::{Personal, UserGender};

const DOING: &str = "read the profile";

pub async fn profile(State(accounts): State<Arc<Accounts>>, known: Known) -> Result<Json<Value>, Refused> {
    let Personal { user, dob, gender } = accounts.profile_of(&known).await?;
    let gender = match gender {
        UserGender::Male => "male",
        UserGender::Female => "female",
        UserGender::RatherNotSay => "rather_not_say",
    };
    Ok(Json(json!({ "user": {
        "id": user.id,
        "userid": user.userid,
        "name": user.name,
        "email": user.email,
        "dob": dob.to_string(),
        "gender": gender,
        "role": role(user.role),
        "status": user.status,
        "last_seen": user.last_seen.map(Micros::to_iso_millis),
        "community_rating": user.community_rating,
    } })))
}

pub async fn me(State(accounts): State<Arc<Accounts>>, known: Known) -> Result<Json<Value>, Refused> {
    Ok(Json(account(&accounts.chat, &accounts.profile_of(&known).await?.user).into()))
}

impl Accounts {
    async fn profile_of(&self, known: &Known) -> Result<Personal, Refused> {
        let profile = self.patiently(self.store.personal(known.caller.user().id)).await;
        let gone = || Refused::of(Refusal::NotAuthenticated, DOING);
        profile.map_err(|fault| Refused::fault(fault, DOING))?.ok_or_else(gone)
    }
}
