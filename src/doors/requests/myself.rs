//! What one says of oneself, and whom one has blocked.

use axum::http::Method;
use serde_json::{Value, json};

use super::fields::listed;
use super::wire;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::myself::Blocked;
use crate::model::{DirectFrom, UserId};
use crate::store::{ProfileEdit, direct_from_name};

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/me", |requests, asker, fields| Box::pin(show(requests, asker, fields))),
    Route::new(Method::PATCH, "/api/me", |requests, asker, fields| Box::pin(edit(requests, asker, fields)))
        .counts_as(Allowance::ProfileEdits),
    Route::new(Method::GET, "/api/me/blocks", |requests, asker, fields| Box::pin(blocks(requests, asker, fields))),
    Route::new(Method::PUT, "/api/me/blocks/{userId}", |requests, asker, fields| {
        Box::pin(block(requests, asker, fields))
    })
    .event("block-user"),
    Route::new(Method::DELETE, "/api/me/blocks/{userId}", |requests, asker, fields| {
        Box::pin(unblock(requests, asker, fields))
    })
    .event("unblock-user"),
];

const MOST_NAME: usize = 100;
const MOST_BIO: usize = 500;

async fn show(requests: &Requests, asker: &Asker, _: &mut Fields) -> Result<Reply, Failure> {
    let chat = requests.chat();
    let (user, waiting) = chat.myself(asker.account()?).await?;
    Ok(Reply::Shown(json!({
        "user": wire::person(chat, &user.author()),
        "email": user.email,
        "role": wire::user_role_name(user.role),
        "bio": user.profile.bio,
        "directFrom": direct_from_name(user.profile.direct_from),
        "invites": waiting.invites,
        "reports": waiting.reports,
        "epoch": chat.epoch(),
    })))
}

async fn edit(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let everybody = [DirectFrom::Everyone, DirectFrom::Shared, DirectFrom::Nobody];
    let wanted = ProfileEdit {
        name: requests.name(fields, MOST_NAME),
        bio: requests.description(fields, "bio", MOST_BIO),
        direct_from: fields.word("directFrom", &everybody.map(|from| (direct_from_name(from), from))),
    };
    fields.check()?;
    requests.chat().edit_myself(caller, wanted).await?;
    show(requests, asker, fields).await
}

async fn blocks(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64, UserId)>()?;
    let chat = requests.chat();
    let found = chat.blocks(caller, after, limit + 1).await?;
    let rows = found.iter().map(|blocked| ((blocked.at.0, blocked.who.id), shape(requests, blocked)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

fn shape(requests: &Requests, blocked: &Blocked) -> Value {
    json!({ "user": wire::person(requests.chat(), &blocked.who), "blockedAt": blocked.at.to_iso_millis() })
}

async fn block(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let blocked = requests.chat().block(asker.account()?, fields.user()?).await?;
    Ok(Reply::Shown(shape(requests, &blocked)))
}

async fn unblock(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    requests.chat().unblock(asker.account()?, fields.user()?).await?;
    Ok(Reply::Nothing)
}
