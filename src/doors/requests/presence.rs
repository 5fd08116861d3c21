//! Who of a room is here.

use axum::http::Method;
use serde_json::Value;

use super::fields::listed;
use super::wire;
use super::{Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::Chat;
use crate::chat::attendance::Key;
use crate::chat::watching::Present;
use crate::model::Attendee;

pub const ROUTES: &[Route] = &[Route::new(Method::GET, "/api/rooms/{roomId}/presence", |requests, asker, fields| {
    Box::pin(list(requests, asker, fields))
})];

async fn list(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.caller()?;
    let reference = fields.room()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<Key>()?;
    let chat = requests.chat();
    let member = chat.member_who_sees(caller, &reference).await?;
    Ok(Reply::Shown(page(chat, &chat.present(&member, after, limit + 1).await?, limit)))
}

/// A page of those who are here, and how many they are.
pub fn page(chat: &Chat, present: &Present, limit: u64) -> Value {
    let rows = present.people.iter().map(|Attendee { who, presence }| {
        ((&who.name, who.id), wire::attendee(chat, who, *presence, Some(chat.now())))
    });
    let mut page = listed(rows.collect(), limit);
    page["online"] = present.online.into();
    page
}
