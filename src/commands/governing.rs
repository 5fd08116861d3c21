//! `community-chat user role`, `lock` and `unlock`. A server that runs learns of it within a second.

use super::say;
use super::users::{counted, named};
use crate::app::StartError;
use crate::model::{Clock, UserRole};
use crate::store::{GovernRefusal, Governor, Store, Told};

/// As much as REST takes.
const MOST_REASON: usize = 500;

pub(super) fn governor() -> Governor {
    Governor { by: None, told: Told::ByNote, now: Clock::System.now() }
}

pub(super) fn refused(refusal: GovernRefusal) -> StartError {
    StartError::new(match refusal {
        GovernRefusal::UserNotFound => "the account is gone",
        GovernRefusal::LastAdmin => "there must be an administrator: make somebody else one first",
        GovernRefusal::Outranked => "this account ranks too high",
    })
}

pub(super) async fn set_role(store: &Store, user: &str, role: UserRole) -> Result<(), StartError> {
    let user = named(store, user).await?;
    let changed = store.set_account_role(user.id, role, governor()).await.map_err(StartError::new)?.map_err(refused)?;
    let word = super::word(role);
    let (is, already) = if changed { ("is now", "") } else { ("is", " already") };
    say(&format!("{} {is} {word}{already}", user.userid))
}

pub(super) async fn lock(store: &Store, user: &str, reason: Option<String>) -> Result<(), StartError> {
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > MOST_REASON || reason.contains('\0')) {
        return Err(StartError::new(format!("--reason must have at most {MOST_REASON} characters")));
    }
    let user = named(store, user).await?;
    let locked = store.lock_account(user.id, reason.as_deref(), governor()).await.map_err(StartError::new)?;
    match locked.map_err(refused)? {
        Some(locked) => say(&format!("locked {}, ended {}", user.userid, counted(locked.ended.len()))),
        None => say(&format!("{} is locked already", user.userid)),
    }
}

pub(super) async fn unlock(store: &Store, user: &str) -> Result<(), StartError> {
    let user = named(store, user).await?;
    let unlocked = store.unlock_account(user.id, false, governor()).await.map_err(StartError::new)?;
    let was_locked = unlocked.map_err(refused)?;
    say(&format!("{} {}", if was_locked { "unlocked" } else { "not locked:" }, user.userid))
}
