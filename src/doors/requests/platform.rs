//! What support and administrators do beyond the rooms.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::listed;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use super::{audit, wire};
use crate::chat::platform::AccountRecord;
use crate::chat::{Chat, WordsRefusal};
use crate::model::{Lock, User, UserId, UserRole, UserStatus, WordLists};
use crate::store::{AccountFilter, AuditFilter};

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/moderation/users", |requests, asker, fields| {
        Box::pin(accounts(requests, asker, fields))
    }),
    Route::new(Method::PUT, "/api/moderation/locks/{userId}", |requests, asker, fields| {
        Box::pin(lock(requests, asker, fields))
    })
    .counts_as(Allowance::Moderation),
    Route::new(Method::DELETE, "/api/moderation/locks/{userId}", |requests, asker, fields| {
        Box::pin(unlock(requests, asker, fields))
    })
    .counts_as(Allowance::Moderation),
    Route::new(Method::PUT, "/api/moderation/roles/{userId}", |requests, asker, fields| {
        Box::pin(set_role(requests, asker, fields))
    })
    .counts_as(Allowance::Moderation),
    Route::new(Method::DELETE, "/api/moderation/sessions/{userId}", |requests, asker, fields| {
        Box::pin(end_sessions(requests, asker, fields))
    })
    .counts_as(Allowance::Moderation),
    Route::new(Method::GET, "/api/moderation/audit", |requests, asker, fields| {
        Box::pin(whole_audit(requests, asker, fields))
    }),
    Route::new(Method::GET, "/api/moderation/words", |requests, asker, fields| {
        Box::pin(words(requests, asker, fields))
    }),
    Route::new(Method::PUT, "/api/moderation/words", |requests, asker, fields| {
        Box::pin(set_words(requests, asker, fields))
    })
    .holds(MOST_BYTES_OF_WORDS),
];

const ROLES: &[(&str, UserRole)] =
    &[("user", UserRole::User), ("support", UserRole::Support), ("admin", UserRole::Admin)];
const STATUSES: &[(&str, UserStatus)] =
    &[("active", UserStatus::Active), ("inactive", UserStatus::Inactive), ("locked", UserStatus::Locked)];
/// Two lists of so many words as are allowed, in most scripts.
const MOST_BYTES_OF_WORDS: usize = 2 * 1024 * 1024;
const MOST_ACTION: usize = 50;

async fn accounts(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    let mut filter = AccountFilter {
        named: fields.text("q", 255).filter(|name| !name.is_empty()),
        status: fields.word("status", STATUSES),
        role: fields.word("role", ROLES),
        after: String::new(),
    };
    fields.check()?;
    filter.after = fields.after::<(String,)>()?.map(|(userid,)| userid).unwrap_or_default();
    let chat = requests.chat();
    let found = chat.all_accounts(caller, &filter, limit + 1).await?;
    let by: Vec<UserId> = found.iter().filter_map(|record| record.user.profile.lock.as_ref()?.by).collect();
    let people = chat.authors(&by).await?;
    let rows = found.iter().map(|record| {
        let AccountRecord { user, made_at, email } = record;
        let lock = user.profile.lock.as_ref().filter(|_| user.is_barred());
        let by = lock.and_then(|lock| people.get(&lock.by?)).map(|by| wire::person(chat, by));
        let shown = json!({
            "user": wire::person(chat, &user.author()),
            "email": email,
            "role": user.role,
            "status": user.status,
            "lock": lock.map(|lock| lock_shape(by, lock)),
            "createdAt": made_at.to_iso_millis(),
        });
        ((&user.userid,), shown)
    });
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

fn lock_shape(by: Option<Value>, lock: &Lock) -> Value {
    json!({ "by": by, "reason": lock.reason, "at": lock.at.to_iso_millis() })
}

async fn lock(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let user = fields.user()?;
    let reason = fields.reason();
    fields.check()?;
    let chat = requests.chat();
    let (user, lock) = chat.lock_account(caller, user, reason).await?;
    let by = chat.authors(lock.by.as_slice()).await?.into_values().next();
    let lock = lock_shape(by.map(|by| wire::person(chat, &by)), &lock);
    Ok(Reply::Shown(json!({ "user": shown(chat, &user), "lock": lock })))
}

fn shown(chat: &Chat, user: &User) -> Value {
    wire::person(chat, &user.author())
}

async fn unlock(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    requests.chat().unlock_account(asker.account()?, fields.user()?).await?;
    Ok(Reply::Nothing)
}

async fn set_role(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let user = fields.user()?;
    let role = fields.word("role", ROLES);
    let role = fields.chosen("role", role);
    fields.check()?;
    let chat = requests.chat();
    let user = chat.set_account_role(caller, user, role.unwrap_or(UserRole::User)).await?;
    Ok(Reply::Shown(json!({ "user": shown(chat, &user), "role": user.role })))
}

async fn end_sessions(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    requests.chat().end_all_sessions(asker.account()?, fields.user()?).await?;
    Ok(Reply::Nothing)
}

async fn whole_audit(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    let action = fields.text("action", MOST_ACTION).filter(|action| !action.is_empty());
    fields.check()?;
    let room = if fields.get("roomId").is_some() { Some(fields.room()?) } else { None };
    let filter = AuditFilter {
        room: None,
        target: fields.optional_id("userId")?,
        actor: fields.optional_id("by")?,
        action,
        before: fields.after::<(Uuid,)>()?.map(|(id,)| id),
    };
    let entries = requests.chat().audit(caller, room.as_deref(), filter, limit + 1).await?;
    Ok(Reply::Shown(audit::shown(requests, &entries, limit).await?))
}

impl From<WordsRefusal> for Failure {
    fn from(refusal: WordsRefusal) -> Self {
        match refusal {
            WordsRefusal::Refused(refusal) => Failure::Refused(refusal),
            WordsRefusal::Fields(faults) => Failure::Fields(faults),
        }
    }
}

async fn words(requests: &Requests, asker: &Asker, _: &mut Fields) -> Result<Reply, Failure> {
    Ok(Reply::Shown(lists(&requests.chat().words(asker.account()?).await?)))
}

async fn set_words(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (block, allow) = (fields.texts("block"), fields.texts("allow"));
    fields.check()?;
    Ok(Reply::Shown(lists(&requests.chat().set_words(caller, block, allow).await?)))
}

fn lists(words: &WordLists) -> Value {
    json!({ "block": words.block, "allow": words.allow, "version": words.version })
}
