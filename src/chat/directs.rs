//! Direct rooms: one for each pair, whatever the race.

use std::sync::Arc;

use super::rooms::hidden_slug;
use super::{Caller, Chat, Refusal, patiently};
use crate::model::{DirectFrom, Event, MemberState, Room, RoomKind, Standing, UserId};
use crate::store::{AddRoomError, Deed, NewRoom};

fn pair(one: UserId, other: UserId) -> (UserId, UserId) {
    if one < other { (one, other) } else { (other, one) }
}

impl Chat {
    /// The direct room that there is with somebody.
    pub async fn direct_with(&self, caller: &Caller, other: UserId) -> Result<Option<Arc<Room>>, Refusal> {
        let mine = caller.account()?.id;
        if mine == other {
            return Err(Refusal::Yourself);
        }
        if self.inner.known.people.user(other).await?.is_none_or(|user| user.is_barred()) {
            return Err(Refusal::UserNotFound);
        }
        match patiently(self.inner.store.direct_room(pair(mine, other))).await? {
            Some(room) => Ok(Some(self.return_to(caller, room).await?)),
            None => Ok(None),
        }
    }

    /// Makes the direct room with somebody with whom there was none; false: somebody was faster.
    pub async fn begin_direct(&self, caller: &Caller, other: UserId) -> Result<(Arc<Room>, bool), Refusal> {
        let mine = caller.account()?.id;
        if !self.accepts(caller, other).await? {
            return Err(Refusal::NotAccepting);
        }
        let new = NewRoom {
            slug: hidden_slug("dm"),
            name: String::new(),
            description: String::new(),
            kind: RoomKind::Direct,
            created_by: Some(mine),
            pair: Some(pair(mine, other)),
        };
        match self.inner.store.add_room(&new, self.inner.clock.now()).await {
            Ok(room) => {
                let room = Arc::new(room);
                self.inner.bus.tell(Event::RoomCreated { room: room.clone(), members: 2, to: Some(mine) }).await;
                Ok((room, true))
            }
            Err(AddRoomError::SlugTaken) => Ok((self.direct_with(caller, other).await?.ok_or(Refusal::Failed)?, false)),
            Err(AddRoomError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Brings a direct room back into the lists of who left it.
    async fn return_to(&self, caller: &Caller, room: Room) -> Result<Arc<Room>, Refusal> {
        let room = Arc::new(room);
        let membership = self.membership(&room, caller.user().id).await?;
        if membership.is_none_or(|membership| membership.state != MemberState::Member) {
            self.do_themselves(caller, &room, Deed::Return, None).await?;
        }
        Ok(room)
    }

    /// Whether somebody takes direct messages and invitations from the caller.
    pub(super) async fn accepts(&self, caller: &Caller, other: UserId) -> Result<bool, Refusal> {
        if caller.standing() == Standing::Guest {
            return Ok(false);
        }
        let mine = caller.user().id;
        if patiently(self.inner.store.is_blocked(mine, other)).await? {
            return Ok(false);
        }
        let Some(user) = self.inner.known.people.user(other).await? else { return Ok(false) };
        match user.profile.direct_from {
            DirectFrom::Everyone => Ok(true),
            DirectFrom::Nobody => Ok(false),
            DirectFrom::Shared => patiently(self.inner.store.share_a_room(mine, other)).await,
        }
    }

    /// Whether a message may go into a direct room: neither of the two has blocked the other.
    pub(super) async fn may_write_to_peer(&self, caller: &Caller, room: &Room) -> Result<(), Refusal> {
        if room.kind != RoomKind::Direct {
            return Ok(());
        }
        // Who was erased takes nothing.
        let peer = room.peer_of(caller.user().id).ok_or(Refusal::NotAccepting)?;
        if self.accepts(caller, peer).await? { Ok(()) } else { Err(Refusal::NotAccepting) }
    }
}
