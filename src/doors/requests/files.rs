//! Links to files, and the end of a face. What carries bytes is in `uploads.rs` and `downloads.rs`.

use axum::http::Method;
use serde_json::json;

use super::wire;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/files/urls", |requests, asker, fields| Box::pin(links(requests, asker, fields))),
    Route::new(Method::DELETE, "/api/me/avatar", |requests, asker, _| Box::pin(remove_avatar(requests, asker)))
        .counts_as(Allowance::ProfileEdits),
];

const MOST_LINKS: usize = 100;

async fn links(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let actor = asker.anybody()?;
    let ids = fields.ids("ids", MOST_LINKS);
    let ids = fields.needed("ids", ids);
    fields.check()?;
    let links = requests.chat().links(actor, &ids).await?;
    Ok(Reply::Shown(json!({ "data": links.iter().map(wire::link).collect::<Vec<_>>() })))
}

async fn remove_avatar(requests: &Requests, asker: &Asker) -> Result<Reply, Failure> {
    requests.chat().remove_avatar(asker.account()?).await?;
    Ok(Reply::Nothing)
}
