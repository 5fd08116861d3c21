//! Rooms by whatever reference a client uses, and their settings.

use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use super::permissions::{Action, Member};
use super::remembered::Remembered;
use super::{Caller, Chat, Refusal, patiently};
use crate::model::{Actor, Event, Membership, Room, RoomChange, RoomKind, RoomNumber, UserId};
use crate::store::{AuditRow, RoomCounts, RoomEdit};

/// Short, since another process may change them.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
const REMEMBERED: u64 = 100_000;

pub struct Rooms {
    /// As it was read last, for while the database is away.
    main: OnceLock<Arc<Room>>,
    by_reference: Remembered<String, Arc<Room>>,
    memberships: Remembered<(RoomNumber, UserId), Option<Membership>>,
    /// That an account may be in, direct ones not counted.
    most_of_one: Option<NonZeroU32>,
}

impl Rooms {
    pub fn new(most_of_one: Option<NonZeroU32>) -> Rooms {
        Rooms {
            main: OnceLock::new(),
            by_reference: Remembered::new(Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR * 12)),
            memberships: Remembered::new(Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR)),
            most_of_one,
        }
    }

    pub fn forget(&self, number: RoomNumber) {
        self.by_reference.forget_all(move |room| room.number == number);
    }

    pub fn forget_member(&self, number: RoomNumber, user: UserId) {
        self.memberships.forget(&(number, user));
    }
}

/// Longer is no reference to anything of ours.
const MAX_REFERENCE: usize = 100;

/// What somebody wants a room to be.
#[derive(Debug, Clone)]
pub struct WantedRoom {
    pub name: String,
    pub description: String,
    pub kind: RoomKind,
    /// Otherwise made of the name.
    pub slug: Option<String>,
}

/// What somebody wants another about a room.
#[derive(Debug, Clone, Default)]
pub struct WantedEdit {
    pub name: Option<String>,
    pub description: Option<String>,
    pub private: Option<bool>,
}

impl Chat {
    /// A room by UUID, number or slug, whoever may see it.
    pub(super) async fn room(&self, reference: &str) -> Result<Arc<Room>, Refusal> {
        if reference.is_empty() || reference.len() > MAX_REFERENCE || reference.contains('\0') {
            return Err(Refusal::RoomNotFound);
        }
        if reference == "1" || reference == "main-chat" {
            return self.main_room().await;
        }
        let known = &self.inner.known.rooms.by_reference;
        if let Some(room) = known.get(reference) {
            return Ok(room);
        }
        let asked = known.ask(reference.to_owned());
        let room = Arc::new(patiently(self.inner.store.room(reference)).await?.ok_or(Refusal::RoomNotFound)?);
        known.remember(asked, room.clone());
        Ok(room)
    }

    pub async fn main_room(&self) -> Result<Arc<Room>, Refusal> {
        let number = RoomNumber::MAIN.0.to_string();
        let known = &self.inner.known.rooms.by_reference;
        if let Some(room) = known.get(&number) {
            return Ok(room);
        }
        let asked = known.ask(number.clone());
        match patiently(self.inner.store.room(&number)).await {
            Ok(room) => {
                let room = Arc::new(room.ok_or(Refusal::RoomNotFound)?);
                known.remember(asked, room.clone());
                self.inner.known.rooms.main.get_or_init(|| room.clone());
                Ok(room)
            }
            // While the database is away, presence there goes on.
            Err(refusal) => self.inner.known.rooms.main.get().cloned().ok_or(refusal),
        }
    }

    pub(super) async fn membership(&self, room: &Room, user: UserId) -> Result<Option<Membership>, Refusal> {
        let key = (room.number, user);
        let known = &self.inner.known.rooms.memberships;
        match known.get(&key) {
            // In the main room everybody is without being a member. Elsewhere it may be news.
            Some(membership) if membership.is_some() || room.kind == RoomKind::Main => return Ok(membership),
            _ => {}
        }
        let asked = known.ask(key);
        let membership = patiently(self.inner.store.membership(room.number, user)).await?;
        known.remember(asked, membership);
        Ok(membership)
    }

    /// The caller and a room that they may at least find, or that they may read.
    pub(super) async fn member_who(
        &self,
        caller: &Caller,
        reference: Option<&str>,
        action: Action,
    ) -> Result<Member, Refusal> {
        let room = match reference {
            Some(reference) => self.room(reference).await?,
            None => self.main_room().await?,
        };
        let membership = self.membership(&room, caller.user().id).await?;
        Member::admit(caller, room, membership, action, self.inner.clock.now())
    }

    /// The caller in a room that they may read. Without a reference it is the main room.
    pub async fn member(&self, caller: &Caller, reference: Option<&str>) -> Result<Member, Refusal> {
        self.member_who(caller, reference, Action::Read).await
    }

    /// For what is told and never stored: while the database is away, presence in the main room goes on.
    pub async fn member_at_present(&self, caller: &Caller, reference: Option<&str>) -> Result<Member, Refusal> {
        match self.member(caller, reference).await {
            Err(refusal @ Refusal::DatabaseAway { .. }) => {
                let main = self.main_room().await?;
                if reference.is_some_and(|reference| !main.is_called(reference)) {
                    return Err(refusal);
                }
                Member::admit(caller, main, None, Action::Read, self.inner.clock.now())
            }
            answer => answer,
        }
    }

    /// A room that this actor may read: the main room for anybody, others for those who are in them.
    pub async fn readable(&self, actor: Actor, reference: Option<&str>) -> Result<Arc<Room>, Refusal> {
        let room = match reference {
            Some(reference) => self.room(reference).await?,
            None => self.main_room().await?,
        };
        if room.kind == RoomKind::Main {
            return Ok(room);
        }
        let caller = self.caller(actor).await.map_err(hide_from_nobody)?;
        Ok(self.member(&caller, reference).await?.room)
    }

    pub async fn counts(&self, room: &Room) -> Result<RoomCounts, Refusal> {
        patiently(self.inner.store.room_counts(room.number)).await?.ok_or(Refusal::RoomNotFound)
    }

    pub(super) async fn must_have_place_for_another(&self, user: UserId) -> Result<(), Refusal> {
        let Some(limit) = self.inner.known.rooms.most_of_one.map(NonZeroU32::get) else { return Ok(()) };
        let is_full = patiently(self.inner.store.rooms_of(user)).await? >= i64::from(limit);
        if is_full { Err(Refusal::TooManyMemberships { limit }) } else { Ok(()) }
    }

    pub async fn edit_room(&self, caller: &Caller, reference: &str, wanted: WantedEdit) -> Result<Arc<Room>, Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        let room = member.room.clone();
        member.may(Action::Edit)?;
        let is_hidden = room.kind != RoomKind::Public && room.kind != RoomKind::Main;
        let hides = wanted.private == Some(true) && !is_hidden;
        if hides {
            member.may(Action::Archive)?;
        }
        if wanted.private == Some(false) && is_hidden {
            return Err(Refusal::StaysPrivate);
        }
        let edit = RoomEdit {
            name: wanted.name.filter(|name| *name != room.name),
            description: wanted.description.filter(|description| *description != room.description),
            hidden_as: hides.then(|| hidden_slug("p")),
            ..RoomEdit::default()
        };
        if edit.name.is_none() && edit.description.is_none() && !hides {
            return Ok(room);
        }
        let before = serde_json::json!({ "name": room.name, "description": room.description });
        self.change_room(caller, &room, edit, ("room-edited", before), RoomChange::Edited).await
    }

    pub async fn set_slow_mode(&self, caller: &Caller, reference: &str, seconds: u32) -> Result<Arc<Room>, Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        member.may(Action::Mute)?;
        let room = member.room.clone();
        if room.slow_mode_seconds == seconds {
            return Ok(room);
        }
        let edit = RoomEdit { slow_mode_seconds: Some(seconds), ..RoomEdit::default() };
        let before = serde_json::json!({ "seconds": room.slow_mode_seconds });
        self.change_room(caller, &room, edit, ("slow-mode-changed", before), RoomChange::Edited).await
    }

    pub async fn set_archived(&self, caller: &Caller, reference: &str, archived: bool) -> Result<Arc<Room>, Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        member.may(Action::Archive)?;
        let room = member.room.clone();
        if room.is_archived() == archived {
            return Ok(room);
        }
        let at = archived.then(|| self.inner.clock.now());
        let edit = RoomEdit { archived_at: Some(at), ..RoomEdit::default() };
        let action = if archived { "room-archived" } else { "room-reopened" };
        self.change_room(caller, &room, edit, (action, serde_json::json!({})), RoomChange::Archived).await
    }

    async fn change_room(
        &self,
        caller: &Caller,
        room: &Room,
        edit: RoomEdit,
        (action, detail): (&'static str, serde_json::Value),
        change: RoomChange,
    ) -> Result<Arc<Room>, Refusal> {
        let now = self.inner.clock.now();
        let audit = AuditRow { room: Some(room.number), detail, ..AuditRow::new(action, Some(caller.user().id), now) };
        let changed = patiently(self.inner.store.edit_room(room.number, edit, &[audit], now)).await?;
        let (after, counts) = changed.ok_or(Refusal::RoomNotFound)?;
        let after = Arc::new(after);
        self.inner.known.rooms.forget(room.number);
        let listed = room.kind == RoomKind::Public;
        self.tell_of_room(after.clone(), change, Some(counts), listed).await;
        Ok(after)
    }

    pub async fn delete_room(&self, caller: &Caller, reference: &str, reason: Option<String>) -> Result<(), Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        member.may(Action::Archive)?;
        let (room, now) = (member.room.clone(), self.inner.clock.now());
        let audit = AuditRow {
            room: Some(room.number),
            reason,
            detail: serde_json::json!({ "name": room.name }),
            ..AuditRow::new("room-deleted", Some(caller.user().id), now)
        };
        if self.remove_room(&room, &[audit]).await? { Ok(()) } else { Err(Refusal::RoomNotFound) }
    }

    /// Whether it was there.
    pub(super) async fn remove_room(&self, room: &Arc<Room>, audit: &[AuditRow]) -> Result<bool, Refusal> {
        if !patiently(self.inner.store.delete_room(room, audit, self.inner.clock.now())).await? {
            return Ok(false);
        }
        self.inner.known.rooms.forget(room.number);
        self.tell_of_room(room.clone(), RoomChange::Deleted, None, room.kind == RoomKind::Public).await;
        Ok(true)
    }

    async fn tell_of_room(&self, room: Arc<Room>, change: RoomChange, counts: Option<RoomCounts>, listed: bool) {
        let (version, members) = counts.map_or((0, 0), |counts| (counts.version, counts.members));
        self.inner.bus.tell(Event::RoomChanged { room, change, version, members, listed }).await;
    }

    /// Whether somebody may still hear a room that they once came into. While the database is away
    /// nobody is put out. Whoever hears a deleted room is told so first: that it is gone is no reason here.
    pub async fn may_hear(&self, actor: Actor, number: RoomNumber) -> bool {
        let reference = number.0.to_string();
        let answer = self.readable(actor, Some(&reference)).await;
        match answer {
            Err(Refusal::RoomNotFound) => self.room(&reference).await.is_err(),
            answer => answer != Err(Refusal::NotAuthenticated),
        }
    }
}

/// Nobody can guess it, so that it tells of no room that one may not see.
pub(super) fn hidden_slug(prefix: &str) -> String {
    let letters = Uuid::new_v4().simple().to_string();
    let letters: String =
        letters.chars().take(16).map(|digit| (b'a' + digit.to_digit(16).unwrap_or(0) as u8) as char).collect();
    format!("{prefix}-{letters}")
}

/// A slug begins with a letter and has 2 to 50 letters, digits and dashes.
pub fn is_slug(slug: &str) -> bool {
    let words = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=50).contains(&slug.len())
        && slug.starts_with(|first: char| first.is_ascii_lowercase())
        && slug.bytes().all(words)
        && !["p-", "dm-", "deleted-"].iter().any(|kept| slug.starts_with(kept))
        && Uuid::parse_str(slug).is_err()
}

pub(super) fn slug_of(name: &str, attempt: u32) -> String {
    let plain: String =
        name.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let joined = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let joined: String = joined.chars().take(44).collect();
    let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
    let slug = format!("{}{suffix}", joined.trim_end_matches('-'));
    if is_slug(&slug) {
        slug
    } else {
        format!("room-{}{suffix}", joined.trim_end_matches('-')).trim_end_matches('-').to_owned()
    }
}

/// A room that is not for you is as one that is not there; other refusals stay what they are.
pub(super) fn hide_from_nobody(refusal: Refusal) -> Refusal {
    if refusal == Refusal::NotAuthenticated { Refusal::RoomNotFound } else { refusal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        for (name, attempt, slug) in [
            ("Garden", 1, "garden"),
            ("My  Garden! ", 2, "my-garden-2"),
            ("42", 1, "room-42"),
            ("p-x", 1, "room-p-x"),
            ("日本", 3, "room--3"),
        ] {
            let made = slug_of(name, attempt);
            assert!(is_slug(&made), "{made}");
            if slug != "room--3" {
                assert_eq!(made, slug);
            }
        }
        assert!(is_slug(&slug_of(&"long ".repeat(50), 19)));
        assert!(!is_slug("p-abc") && !is_slug("A") && !is_slug("0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e"));
    }
}
