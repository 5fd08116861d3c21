//! Who did what to whom, and why.

use axum::http::Method;
use uuid::Uuid;

use super::fields::listed;
use super::wire;
use super::{Asker, Failure, Fields, Reply, Requests, Route};
use crate::model::{Author, UserId};
use crate::store::{AuditEntry, AuditFilter};

pub const ROUTES: &[Route] = &[Route::new(Method::GET, "/api/rooms/{roomId}/audit", |requests, asker, fields| {
    Box::pin(of_room(requests, asker, fields))
})];

async fn of_room(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let reference = fields.room()?;
    let limit = fields.limit();
    fields.check()?;
    let filter = AuditFilter {
        target: fields.optional_id("userId")?,
        before: fields.after::<(Uuid,)>()?.map(|(id,)| id),
        ..AuditFilter::default()
    };
    let entries = requests.chat().room_audit(caller, &reference, filter, limit + 1).await?;
    Ok(Reply::Shown(shown(requests, &entries, limit).await?))
}

/// A page of entries, with the names.
pub async fn shown(requests: &Requests, entries: &[AuditEntry], limit: u64) -> Result<serde_json::Value, Failure> {
    let chat = requests.chat();
    let ids: Vec<UserId> = entries.iter().flat_map(|entry| [entry.actor, entry.target]).flatten().collect();
    let people = chat.authors(&ids).await?;
    let named = |id: UserId| match people.get(&id) {
        Some(who) => wire::person(chat, who),
        None => wire::person(chat, &Author::nameless(id)),
    };
    let rows = entries.iter().map(|entry| ((entry.id,), wire::audit(entry, named)));
    Ok(listed(rows.collect(), limit))
}
