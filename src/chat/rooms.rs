//! Rooms by whatever reference a client uses, and who is in them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use moka::sync::Cache;

use super::permissions::{Member, may_enter};
use super::{Caller, Chat, Refusal, patiently};
use crate::model::{Actor, Room, RoomKind, RoomNumber, RoomRole, UserId};
use crate::store::{Membership, RoomCounts};

/// Short, since another process may change them.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
const REMEMBERED: u64 = 100_000;

pub struct Rooms {
    /// It never changes, and is asked for at every message.
    main: OnceLock<Arc<Room>>,
    by_reference: Cache<String, Arc<Room>>,
    memberships: Cache<(RoomNumber, UserId), Option<Membership>>,
}

impl Default for Rooms {
    fn default() -> Self {
        Rooms {
            main: OnceLock::new(),
            by_reference: Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR * 12).build(),
            memberships: Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build(),
        }
    }
}

/// Longer is no reference to anything of ours.
const MAX_REFERENCE: usize = 100;

impl Chat {
    /// A room by UUID, number or slug, whoever may see it.
    async fn room(&self, reference: &str) -> Result<Arc<Room>, Refusal> {
        if reference.is_empty() || reference.len() > MAX_REFERENCE || reference.contains('\0') {
            return Err(Refusal::RoomNotFound);
        }
        if let Some(room) = self.inner.rooms.by_reference.get(reference) {
            return Ok(room);
        }
        let room = Arc::new(patiently(self.inner.store.room(reference)).await?.ok_or(Refusal::RoomNotFound)?);
        self.inner.rooms.by_reference.insert(reference.to_owned(), room.clone());
        Ok(room)
    }

    pub async fn main_room(&self) -> Result<Arc<Room>, Refusal> {
        if let Some(room) = self.inner.rooms.main.get() {
            return Ok(room.clone());
        }
        let room = self.room(&RoomNumber::MAIN.0.to_string()).await?;
        Ok(self.inner.rooms.main.get_or_init(|| room).clone())
    }

    async fn membership(&self, room: &Room, user: UserId) -> Result<Option<Membership>, Refusal> {
        let key = (room.number, user);
        match self.inner.rooms.memberships.get(&key) {
            // In the main room everybody is without being a member. Elsewhere it may be news.
            Some(known) if known.is_some() || room.kind == RoomKind::Main => return Ok(known),
            _ => {}
        }
        let membership = patiently(self.inner.store.membership(room.number, user)).await?;
        self.inner.rooms.memberships.insert(key, membership);
        Ok(membership)
    }

    /// The caller as a member of a room that they are in. Without a reference it is the main room.
    pub async fn member(&self, caller: &Caller, reference: Option<&str>) -> Result<Member, Refusal> {
        let room = match reference {
            Some(reference) => self.room(reference).await?,
            None => self.main_room().await?,
        };
        let membership = self.membership(&room, caller.user().id).await?;
        Member::admit(caller, room, membership)
    }

    /// For what is told and never stored: while the database is away, presence in the main room goes on.
    pub async fn member_at_present(&self, caller: &Caller, reference: Option<&str>) -> Result<Member, Refusal> {
        match (self.member(caller, reference).await, reference) {
            (Err(Refusal::DatabaseAway { .. }), None) => Member::admit(caller, self.main_room().await?, None),
            (answer, _) => answer,
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

    /// Comes into a room: makes an account a member.
    pub async fn enter(&self, actor: Actor, reference: &str) -> Result<Arc<Room>, Refusal> {
        let room = self.room(reference).await?;
        if room.kind != RoomKind::Main {
            let caller = self.caller(actor).await.map_err(hide_from_nobody)?;
            let user = caller.user();
            let membership = self.membership(&room, user.id).await?;
            if !may_enter(user, room.kind, membership) {
                return Err(Refusal::RoomNotFound);
            }
            if membership.is_none() {
                patiently(self.inner.store.add_member(room.number, user.id, RoomRole::Member, self.inner.clock.now()))
                    .await?;
            }
        }
        Ok(room)
    }

    pub async fn counts(&self, room: &Room) -> Result<RoomCounts, Refusal> {
        patiently(self.inner.store.room_counts(room.number)).await?.ok_or(Refusal::RoomNotFound)
    }
}

/// A room that is not for you is as one that is not there; other refusals stay what they are.
fn hide_from_nobody(refusal: Refusal) -> Refusal {
    if refusal == Refusal::NotAuthenticated { Refusal::RoomNotFound } else { refusal }
}
