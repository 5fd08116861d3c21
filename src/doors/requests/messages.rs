//! A room's messages, in the words of REST. The namespace has events of its own for them.

use axum::http::Method;
use serde_json::{Value, json};

use super::fields::{KEY, LISTED};
use super::wire;
use super::{Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::{Caller, Pending, Refusal, Said, Settled, Text};
use crate::doors::refusals::{BudgetShape, Doing};
use crate::store::Seek;

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/rooms/{roomId}/messages", |requests, asker, fields| {
        Box::pin(list(requests, asker, fields))
    }),
    Route::new(Method::POST, "/api/rooms/{roomId}/messages", |requests, asker, fields| {
        Box::pin(send(requests, asker, fields))
    }),
    Route::new(Method::PATCH, "/api/messages/{messageId}", |requests, asker, fields| {
        Box::pin(edit(requests, asker, fields))
    }),
    Route::new(Method::DELETE, "/api/messages/{messageId}", |requests, asker, fields| {
        Box::pin(delete(requests, asker, fields))
    }),
];

/// A page longer than this is answered as this.
pub const MOST_MESSAGES: i64 = 1000;
/// Whole numbers end there in JavaScript.
const LAST_SEQ: i64 = 1 << 53;

async fn list(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let reader = asker.anybody()?;
    let reference = fields.room()?;
    let limit = i64::try_from(fields.limit_within(LISTED, MOST_MESSAGES.unsigned_abs())).unwrap_or(MOST_MESSAGES);
    let (before, after) = (fields.number("before", 0, LAST_SEQ), fields.number("after", 0, LAST_SEQ));
    if before.is_some() && after.is_some() {
        fields.fault("after", "after cannot be asked for together with before");
    }
    fields.check()?;
    let from = before.map(Seek::Before).or(after.map(Seek::After)).unwrap_or(Seek::Newest);
    let chat = requests.chat();
    let room = chat.readable(reader, Some(&reference)).await?;
    let stretch = chat.stretch(&room, from, limit).await?;
    let data: Vec<Value> = stretch.messages.iter().map(|posted| wire::message(chat, posted)).collect();
    Ok(Reply::Shown(json!({ "data": data, "next": stretch.next, "rev": stretch.rev, "epoch": chat.epoch() })))
}

impl Requests {
    /// Takes a message; it is stored and told when that settles.
    pub async fn post(&self, caller: &Caller, fields: &mut Fields) -> Result<Pending, Failure> {
        let reference = fields.room()?;
        let text = content(fields);
        let text = match fields.get("type").map(|kind| kind.as_str().unwrap_or_default()) {
            None | Some("text") => text,
            Some("emote") => text.map(Text::as_emote),
            Some(_) => return Err(Failure::Unreadable("type must be text or emote".into())),
        };
        let client_offset = client_offset(fields);
        let character = fields.number("characterId", i64::MIN, i64::MAX);
        fields.check()?;
        let said = Said { text: text?, client_offset, character, upload: None };
        Ok(self.chat().post(caller, Some(&reference), said, self.rules()).await?)
    }

    pub async fn edit(&self, caller: &Caller, fields: &mut Fields) -> Result<Pending, Failure> {
        let id = fields.id("messageId")?;
        let text = content(fields);
        fields.check()?;
        Ok(self.chat().edit(caller, id, text?, self.rules()).await?)
    }

    pub async fn delete(&self, caller: &Caller, fields: &mut Fields) -> Result<Pending, Failure> {
        let id = fields.id("messageId")?;
        let reason = fields.reason();
        fields.check()?;
        let own_words = |refusal| match refusal {
            Refusal::NotYours => Failure::While(Doing::Deleting, refusal),
            other => Failure::Refused(other),
        };
        self.chat().delete(caller, id, reason).await.map_err(own_words)
    }
}

async fn send(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let pending = requests.post(asker.caller()?, fields).await?;
    let Settled { posted, is_new, budget } = pending.settled().await?;
    let mut shown = wire::message(requests.chat(), &posted);
    if let Some(budget) = budget {
        shown["budget"] = json!(BudgetShape::of(budget));
    }
    Ok(if is_new { Reply::Made(shown) } else { Reply::Shown(shown) })
}

/// What is to be said.
fn content(fields: &mut Fields) -> Result<Text, Refusal> {
    match fields.get("content") {
        None => Err(Refusal::Empty),
        Some(Value::String(text)) => Text::new(text),
        Some(_) => {
            fields.fault("content", "content must be a text");
            Err(Refusal::Unreadable)
        }
    }
}

/// For a message the key of the request is its offset, which is good for ever.
fn client_offset(fields: &mut Fields) -> Option<String> {
    let name = ["clientOffset", KEY].into_iter().find(|name| fields.get(name).is_some())?;
    match fields.get(name) {
        Some(Value::String(offset)) if name != KEY || !offset.is_empty() => Some(offset.clone()),
        _ => {
            fields.fault(name, format!("{name} must be a text"));
            None
        }
    }
}

async fn edit(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let settled = requests.edit(asker.caller()?, fields).await?.settled().await?;
    Ok(Reply::Shown(wire::message(requests.chat(), &settled.posted)))
}

async fn delete(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let settled = requests.delete(asker.caller()?, fields).await?.settled().await?;
    Ok(Reply::Shown(wire::deleted(&settled.posted.message)))
}
