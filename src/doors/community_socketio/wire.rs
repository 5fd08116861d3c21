//! The dialect's shapes, field by field in the order that Node printed.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::chat::{Caller, Refusal};
use crate::doors::refusals::{BudgetShape, Doing, describe};
use crate::model::{Attachment, Author, EndReason, Message, MessageKind, Micros, Posted, SessionId};
use crate::store::Statistics;

#[derive(Serialize)]
pub struct MessageShape<'a> {
    id: Uuid,
    user_id: Option<Uuid>,
    message: &'a str,
    edited_at: Option<String>,
    is_deleted: bool,
    created_at: String,
    updated_at: String,
    #[serde(rename = "User")]
    user: UserShape<'a>,
    room_id: Uuid,
    seq: i64,
    rev: i64,
    #[serde(rename = "clientOffset")]
    client_offset: Option<&'a str>,
    /// Left out of a plain text, which stays what it was byte for byte.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    character: Option<CharacterShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<&'a Attachment>,
}

#[derive(Serialize)]
pub struct CharacterShape<'a> {
    id: i64,
    name: &'a str,
}

#[derive(Serialize)]
pub struct UserShape<'a> {
    id: Option<Uuid>,
    userid: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<bool>,
    #[serde(rename = "guestId", skip_serializing_if = "Option::is_none")]
    guest_id: Option<Uuid>,
}

impl<'a> UserShape<'a> {
    pub fn of(author: &'a Author) -> Self {
        let guest_id = author.guest.then_some(author.id);
        let id = (!author.guest).then_some(author.id);
        UserShape { id, userid: &author.userid, name: &author.name, guest: guest_id.map(|_| true), guest_id }
    }
}

impl<'a> MessageShape<'a> {
    pub fn of(posted: &'a Posted) -> Self {
        let Message {
            id,
            room_id,
            seq,
            rev,
            user,
            guest,
            kind,
            ref text,
            ref character,
            ref attachment,
            created_at,
            updated_at,
            edited_at,
            deleted,
            ref client_offset,
            ..
        } = posted.message;
        MessageShape {
            id,
            user_id: (!guest).then_some(user),
            message: text,
            edited_at: edited_at.map(Micros::to_iso_millis),
            is_deleted: deleted,
            created_at: created_at.to_iso_millis(),
            updated_at: updated_at.to_iso_millis(),
            user: UserShape::of(&posted.author),
            room_id,
            seq,
            rev,
            client_offset: client_offset.as_deref(),
            kind: (kind != MessageKind::Text).then(|| kind.name()),
            character: character.as_ref().map(|spoken| CharacterShape { id: spoken.number, name: &spoken.name }),
            attachment: attachment.as_deref(),
        }
    }

    pub fn list(posted: &'a [Posted]) -> Vec<Self> {
        posted.iter().map(MessageShape::of).collect()
    }
}

#[derive(Serialize)]
pub struct DeletedShape {
    id: Uuid,
    is_deleted: bool,
    room_id: Uuid,
    rev: i64,
}

impl DeletedShape {
    pub fn of(message: &Message) -> Self {
        DeletedShape { id: message.id, is_deleted: true, room_id: message.room_id, rev: message.rev }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypingShape<'a> {
    pub user_id: Option<Uuid>,
    pub is_typing: bool,
    pub user: UserShape<'a>,
    pub room_id: Uuid,
}

#[derive(Serialize)]
pub struct NoticeShape {
    message: &'static str,
    timestamp: String,
}

impl NoticeShape {
    pub fn joined(at: Micros) -> Self {
        NoticeShape { message: "A user has joined the chat", timestamp: at.to_iso_millis() }
    }

    pub fn left(at: Micros) -> Self {
        NoticeShape { message: "A user has left the chat", timestamp: at.to_iso_millis() }
    }
}

#[derive(Serialize)]
pub struct ProfileShape<'a> {
    id: Option<Uuid>,
    userid: &'a str,
    name: &'a str,
    email: Option<&'a str>,
    community_rating: i32,
}

impl<'a> ProfileShape<'a> {
    pub fn of(caller: &'a Caller) -> Self {
        let (user, has_account) = (caller.user(), caller.account().is_ok());
        ProfileShape {
            id: has_account.then_some(user.id),
            userid: &user.userid,
            name: &user.name,
            email: has_account.then_some(&user.email),
            community_rating: user.community_rating,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaginationShape {
    total: i64,
    page: i64,
    limit: i64,
    total_pages: i64,
}

impl PaginationShape {
    pub fn of(total: i64, page: i64, limit: i64) -> Self {
        PaginationShape { total, page, limit, total_pages: if limit > 0 { (total + limit - 1) / limit } else { 0 } }
    }
}

/// An answer that says yes.
#[derive(Serialize)]
pub struct Success<T> {
    pub success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetShape>,
}

pub const DONE: Success<()> = Success { success: true, data: None, message: None, budget: None };

impl<T> Success<T> {
    pub fn of(data: T) -> Self {
        Success { success: true, data: Some(data), message: None, budget: None }
    }

    pub fn saying(data: T, message: &'static str) -> Self {
        Success { success: true, data: Some(data), message: Some(message), budget: None }
    }
}

/// A page of history; `rev` and `epoch` say where catching up may begin.
#[derive(Serialize)]
pub struct HistoryShape<'a> {
    pub success: bool,
    pub data: Vec<MessageShape<'a>>,
    pub pagination: PaginationShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Uuid>,
}

/// A page by `seq`.
#[derive(Serialize)]
pub struct StretchShape<'a> {
    pub success: bool,
    pub data: Vec<MessageShape<'a>>,
    pub next: Option<i64>,
    pub rev: i64,
    pub epoch: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinedShape {
    pub room_id: Uuid,
    pub name: String,
    pub rev: i64,
    pub epoch: Uuid,
    #[serde(flatten)]
    pub seen: SeenShape,
}

/// A room as its reader sees it, and what they are in it: null for nobody.
#[derive(Serialize)]
pub struct SeenShape {
    pub room: Value,
    pub me: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEndShape {
    pub session_id: SessionId,
    pub reason: EndReason,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncShape<'a> {
    pub room_id: Uuid,
    pub messages: Vec<MessageShape<'a>>,
    pub rev: i64,
    pub epoch: Uuid,
    pub complete: bool,
    pub more: bool,
    /// With the first page.
    #[serde(flatten)]
    pub seen: Option<SeenShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatisticsShape {
    total_messages: i64,
    total_users: i64,
    messages_per_day: Vec<DayShape>,
}

#[derive(Serialize)]
struct DayShape {
    date: String,
    count: i64,
}

impl StatisticsShape {
    pub fn of(statistics: &Statistics) -> Self {
        let day = |day: Micros| day.to_chrono().format("%Y-%m-%d").to_string();
        let days = statistics.days.iter().map(|counted| DayShape { date: day(counted.day), count: counted.count });
        StatisticsShape {
            total_messages: statistics.messages,
            total_users: statistics.authors,
            messages_per_day: days.collect(),
        }
    }
}

/// An answer that says no.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureShape {
    success: bool,
    error: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<BudgetShape>,
}

impl FailureShape {
    pub fn of(refusal: Refusal, doing: Doing) -> Self {
        let described = describe(refusal, doing);
        FailureShape {
            success: false,
            error: described.text,
            code: described.code,
            retry_in: described.retry_in,
            budget: described.budget,
        }
    }
}
