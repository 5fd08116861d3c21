//! Rooms: lists, making, settings, the end of one; their messages.

use axum::http::Method;
use serde_json::Value;

use super::fields::listed;
use super::wire;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::Refusal;
use crate::chat::rooms::{WantedEdit, WantedRoom, is_slug};
use crate::model::RoomKind;
use crate::store::RoomFilter;

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/rooms", |requests, asker, fields| Box::pin(list(requests, asker, fields))),
    Route::new(Method::POST, "/api/rooms", |requests, asker, fields| Box::pin(create(requests, asker, fields)))
        .event("create-room")
        .counts_as(Allowance::Rooms),
    Route::new(Method::GET, "/api/rooms/{roomId}", |requests, asker, fields| Box::pin(show(requests, asker, fields))),
    Route::new(Method::PATCH, "/api/rooms/{roomId}", |requests, asker, fields| Box::pin(edit(requests, asker, fields)))
        .event("edit-room"),
    Route::new(Method::DELETE, "/api/rooms/{roomId}", |requests, asker, fields| {
        Box::pin(delete(requests, asker, fields))
    })
    .event("delete-room"),
    Route::new(Method::PUT, "/api/rooms/{roomId}/slow-mode", |requests, asker, fields| {
        Box::pin(set_slow_mode(requests, asker, fields))
    })
    .event("set-slow-mode")
    .counts_as(Allowance::Moderation),
    Route::new(Method::PUT, "/api/rooms/{roomId}/archive", |requests, asker, fields| {
        Box::pin(set_archived(requests, asker, fields, true))
    })
    .event("archive-room"),
    Route::new(Method::DELETE, "/api/rooms/{roomId}/archive", |requests, asker, fields| {
        Box::pin(set_archived(requests, asker, fields, false))
    })
    .event("reopen-room"),
    Route::new(Method::PUT, "/api/me/directs/{userId}", |requests, asker, fields| {
        Box::pin(open_direct(requests, asker, fields))
    })
    .event("open-direct"),
];

const MOST_NAME: usize = 100;
const MOST_DESCRIPTION: usize = 1000;
const LONGEST_SLOW_MODE: i64 = 6 * 3600;

async fn list(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.caller()?;
    let limit = fields.limit();
    let named = fields.text("q", MOST_NAME).filter(|name| !name.is_empty());
    let kind = fields.word(
        "kind",
        &[
            ("main", RoomKind::Main),
            ("public", RoomKind::Public),
            ("private", RoomKind::Private),
            ("guild", RoomKind::Guild),
            ("direct", RoomKind::Direct),
        ],
    );
    fields.check()?;
    let after = fields.after::<(i64,)>()?.map_or(0, |(number,)| number);
    if named.is_some() {
        requests.spend(Allowance::Searches, asker)?;
    }
    let chat = requests.chat();
    let records =
        chat.list_rooms(caller, &RoomFilter { named, kind, after, ..RoomFilter::default() }, limit + 1).await?;
    let rows = records.iter().map(|record| ((record.room.number.0,), wire::record(chat, record)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn create(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let name = requests.name(fields, MOST_NAME);
    let name = fields.needed("name", name);
    let description = requests.description(fields, "description", MOST_DESCRIPTION).unwrap_or_default();
    let private = fields.flag("isPrivate");
    let kind = fields
        .word("kind", &[("public", RoomKind::Public), ("private", RoomKind::Private), ("guild", RoomKind::Guild)]);
    if private.zip(kind).is_some_and(|(private, kind)| private == (kind == RoomKind::Public)) {
        fields.fault("isPrivate", "isPrivate and kind contradict each other");
    }
    let slug = fields.text("slug", 50).filter(|slug| !slug.is_empty());
    if slug.as_ref().is_some_and(|slug| !is_slug(slug)) {
        fields.fault("slug", "slug must be 2 to 50 lower-case letters, digits and dashes, beginning with a letter");
    } else if slug.as_ref().is_some_and(|slug| requests.chat().check_name(slug).is_err()) {
        fields.fault("slug", "slug contains inappropriate content");
    }
    let key = fields.key(caller.user().id);
    fields.check()?;
    let kind = kind.unwrap_or(if private == Some(true) { RoomKind::Private } else { RoomKind::Public });
    let chat = requests.chat();
    let (room, is_new) = chat.create_room(caller, WantedRoom { name, description, kind, slug }, key).await?;
    let shown = shown(requests, asker, &room).await?;
    Ok(if is_new { Reply::Made(shown) } else { Reply::Shown(shown) })
}

async fn show(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    Ok(Reply::Shown(shown(requests, asker, &fields.room()?).await?))
}

/// `R`, as the asker sees it now.
pub async fn shown(requests: &Requests, asker: &Asker, reference: &str) -> Result<Value, Failure> {
    let chat = requests.chat();
    Ok(wire::record(chat, &chat.record(asker.caller()?, reference).await?))
}

async fn edit(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let reference = fields.room()?;
    let wanted = WantedEdit {
        name: requests.name(fields, MOST_NAME),
        description: requests.description(fields, "description", MOST_DESCRIPTION),
        private: fields.flag("isPrivate"),
    };
    fields.check()?;
    let room = requests.chat().edit_room(caller, &reference, wanted).await?;
    Ok(Reply::Shown(shown(requests, asker, &room.id.to_string()).await?))
}

async fn set_slow_mode(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let reference = fields.room()?;
    let seconds = fields.number("seconds", 0, LONGEST_SLOW_MODE);
    let seconds = fields.needed("seconds", seconds);
    fields.check()?;
    let seconds = u32::try_from(seconds).map_err(|_| Failure::Refused(Refusal::Unreadable))?;
    let room = requests.chat().set_slow_mode(caller, &reference, seconds).await?;
    Ok(Reply::Shown(shown(requests, asker, &room.id.to_string()).await?))
}

async fn set_archived(
    requests: &Requests,
    asker: &Asker,
    fields: &mut Fields,
    archived: bool,
) -> Result<Reply, Failure> {
    let room = requests.chat().set_archived(asker.account()?, &fields.room()?, archived).await?;
    Ok(Reply::Shown(shown(requests, asker, &room.id.to_string()).await?))
}

async fn delete(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let reference = fields.room()?;
    let reason = fields.reason();
    fields.check()?;
    requests.chat().delete_room(caller, &reference, reason).await?;
    Ok(Reply::Nothing)
}

async fn open_direct(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (chat, other) = (requests.chat(), fields.user()?);
    let (room, is_new) = match chat.direct_with(caller, other).await? {
        Some(room) => (room, false),
        None => {
            requests.spend(Allowance::Contacts, asker)?;
            chat.begin_direct(caller, other).await?
        }
    };
    let shown = shown(requests, asker, &room.id.to_string()).await?;
    Ok(if is_new { Reply::Made(shown) } else { Reply::Shown(shown) })
}
