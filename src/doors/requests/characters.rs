//! Whom one speaks as.

use axum::http::Method;
use serde_json::{Value, json};

use super::fields::listed;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::Refusal;
use crate::store::OwnCharacter;

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/me/characters", |requests, asker, fields| Box::pin(list(requests, asker, fields))),
    Route::new(Method::POST, "/api/me/characters", |requests, asker, fields| Box::pin(make(requests, asker, fields)))
        .counts_as(Allowance::ProfileEdits),
    Route::new(Method::PATCH, "/api/me/characters/{characterId}", |requests, asker, fields| {
        Box::pin(rename(requests, asker, fields))
    })
    .counts_as(Allowance::ProfileEdits),
    Route::new(Method::DELETE, "/api/me/characters/{characterId}", |requests, asker, fields| {
        Box::pin(delete(requests, asker, fields))
    })
    .counts_as(Allowance::ProfileEdits),
];

const MOST_NAME: usize = 100;

fn shape(own: &OwnCharacter) -> Value {
    json!({ "id": own.character.number, "name": own.character.name, "createdAt": own.created_at.to_iso_millis() })
}

async fn list(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64,)>()?.map_or(0, |(number,)| number);
    let found = requests.chat().characters(caller, after, limit + 1).await?;
    let rows = found.iter().map(|own| ((own.character.number,), shape(own)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn make(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let name = requests.name(fields, MOST_NAME);
    let name = fields.needed("name", name);
    let key = fields.key(caller.user().id);
    fields.check()?;
    let (made, is_new) = requests.chat().make_character(caller, &name, key).await?;
    Ok(if is_new { Reply::Made(shape(&made)) } else { Reply::Shown(shape(&made)) })
}

async fn rename(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let name = requests.name(fields, MOST_NAME);
    let name = fields.needed("name", name);
    fields.check()?;
    let renamed = requests.chat().rename_character(caller, number(fields)?, &name).await?;
    Ok(Reply::Shown(shape(&renamed)))
}

async fn delete(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    requests.chat().delete_character(asker.account()?, number(fields)?).await?;
    Ok(Reply::Nothing)
}

/// Of no other shape is there one.
fn number(fields: &Fields) -> Result<i64, Failure> {
    let number = fields.get("characterId").and_then(Value::as_str).and_then(|number| number.parse().ok());
    number.ok_or(Failure::Refused(Refusal::CharacterNotFound))
}
