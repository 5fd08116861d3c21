//! Who has an account.

use axum::http::Method;
use serde_json::Value;

use super::fields::listed;
use super::wire;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use crate::model::UserId;
use crate::model::text::javascript_length;

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/users", |requests, asker, fields| Box::pin(list(requests, asker, fields))),
    Route::new(Method::GET, "/api/users/{userId}", |requests, asker, fields| Box::pin(show(requests, asker, fields))),
];

const MOST_IDS: usize = 100;
const LEAST_SEARCHED: usize = 2;
const MOST_SEARCHED: usize = 100;
const PAGE: u64 = 20;

async fn list(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    asker.account()?;
    let ids = fields.ids("ids", MOST_IDS);
    let username = fields.text("username", MOST_SEARCHED);
    let beginning = fields.text("q", MOST_SEARCHED);
    if beginning.as_ref().is_some_and(|beginning| javascript_length(beginning) < LEAST_SEARCHED) {
        fields.fault("q", format!("q must have at least {LEAST_SEARCHED} characters"));
    }
    if ids.is_none() && username.is_none() {
        fields.needed("q", beginning.clone());
    }
    let limit = fields.limit_or(PAGE);
    fields.check()?;
    let chat = requests.chat();
    if let Some(ids) = ids {
        return Ok(Reply::Shown(listed(by_username(requests, &ids).await?, MOST_IDS as u64)));
    }
    if let Some(username) = username {
        let found = chat.user_with_userid(&username).await?;
        let rows = found.iter().map(|user| (user.id, wire::person(chat, &user.author())));
        return Ok(Reply::Shown(listed(rows.collect(), limit)));
    }
    requests.spend(Allowance::Searches, asker)?;
    let after = fields.after::<(String, UserId)>()?;
    let found = chat.users_beginning(&beginning.unwrap_or_default(), after, limit + 1).await?;
    let people = chat.authors(&found.iter().map(|found| found.user).collect::<Vec<_>>()).await?;
    let shape = |id: UserId| people.get(&id).map(|who| wire::person(chat, who));
    let rows = found.into_iter().filter_map(|found| Some((shape(found.user)?, found)));
    Ok(Reply::Shown(listed(rows.map(|(shape, found)| ((found.key, found.user), shape)).collect(), limit)))
}

/// Those of them that there are.
async fn by_username(requests: &Requests, ids: &[UserId]) -> Result<Vec<(UserId, Value)>, Failure> {
    let chat = requests.chat();
    let mut people: Vec<_> = chat.accounts(ids).await?;
    people.sort_by_cached_key(|who| (who.userid.to_lowercase(), who.id));
    Ok(people.iter().map(|who| (who.id, wire::person(chat, who))).collect())
}

async fn show(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    asker.caller()?;
    let chat = requests.chat();
    let user = chat.user(fields.user()?).await?;
    let mut shape = wire::person(chat, &user.author());
    if let Some(shape) = shape.as_object_mut() {
        shape.insert("bio".into(), user.profile.bio.clone().into());
    }
    Ok(Reply::Shown(shape))
}
