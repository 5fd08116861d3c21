//! Rooms as one reader sees them.

use std::collections::HashMap;
use std::sync::Arc;

use super::permissions::{Action, Member, Place, place};
use super::{Caller, Chat, Refusal, patiently};
use crate::model::erasure::erased_author;
use crate::model::{Author, Membership, Room, RoomKind, Standing, UserId};
use crate::store::{RoomCounts, RoomFilter};

/// A room, and what its reader is in it.
#[derive(Debug, Clone)]
pub struct Record {
    pub room: Arc<Room>,
    pub counts: RoomCounts,
    /// None: not in it.
    pub me: Option<Me>,
    /// The other one of a direct room.
    pub peer: Option<Arc<Author>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Me {
    pub place: Place,
    pub membership: Membership,
    pub unread: i64,
    pub is_guest: bool,
}

impl Chat {
    /// A room that the caller may find.
    pub async fn record(&self, caller: &Caller, reference: &str) -> Result<Record, Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        self.record_of(&member).await
    }

    pub async fn record_of(&self, member: &Member) -> Result<Record, Refusal> {
        let counts = self.counts(&member.room).await?;
        let records = self.records(member.caller(), vec![((*member.room).clone(), counts)]).await?;
        records.into_iter().next().ok_or(Refusal::RoomNotFound)
    }

    /// Public rooms that are not archived, and all that the caller is in.
    pub async fn list_rooms(&self, caller: &Caller, filter: &RoomFilter, limit: u64) -> Result<Vec<Record>, Refusal> {
        let rooms = patiently(self.inner.store.listed_rooms(caller.user().id, filter, limit)).await?;
        self.records(caller, rooms).await
    }

    /// The same, and nothing of what the caller is in them.
    pub async fn seen_rooms(&self, caller: &Caller, filter: &RoomFilter, limit: u64) -> Result<Vec<Room>, Refusal> {
        let rooms = patiently(self.inner.store.listed_rooms(caller.user().id, filter, limit)).await?;
        Ok(rooms.into_iter().map(|(room, _)| room).collect())
    }

    /// Rooms by number, as the caller sees them.
    pub async fn records_numbered(
        &self,
        caller: &Caller,
        numbers: &[crate::model::RoomNumber],
    ) -> Result<Vec<Record>, Refusal> {
        let rooms = patiently(self.inner.store.rooms_numbered(numbers)).await?;
        self.records(caller, rooms).await
    }

    async fn records(&self, caller: &Caller, rooms: Vec<(Room, RoomCounts)>) -> Result<Vec<Record>, Refusal> {
        let me = caller.user().id;
        let is_guest = caller.standing() == Standing::Guest;
        let numbers: Vec<_> = rooms.iter().map(|(room, _)| room.number).collect();
        let memberships = patiently(self.inner.store.memberships_of(me, &numbers)).await?;
        let membership = |room: &Room| {
            let stored = memberships.get(&room.number).copied().unwrap_or(Membership::NONE);
            let marker = self.inner.markers.stands_at(room.number, me);
            Membership { last_read_seq: stored.last_read_seq.max(marker), ..stored }
        };
        let markers: Vec<_> = rooms.iter().map(|(room, _)| (room.number, membership(room).last_read_seq)).collect();
        let unread = patiently(self.inner.store.unread(me, &markers)).await?;
        let peers: Vec<UserId> = rooms.iter().filter_map(|(room, _)| room.peer_of(me)).collect();
        let peers: HashMap<UserId, Arc<Author>> =
            if peers.is_empty() { HashMap::new() } else { self.authors(&peers).await? };
        let now = self.inner.clock.now();
        let record = |(room, counts): (Room, RoomCounts)| {
            let membership = membership(&room);
            let place = place(room.kind, &membership, now);
            let present = is_guest && matches!(room.kind, RoomKind::Main | RoomKind::Public);
            let unread = unread.get(&room.number).copied().unwrap_or(0);
            let me_there = (place != Place::Outside || present).then_some(Me { place, membership, unread, is_guest });
            let peer = match room.peer_of(me) {
                Some(peer) => peers.get(&peer).cloned(),
                None => (room.kind == RoomKind::Direct).then(|| Arc::new(erased_author())),
            };
            Record { room: Arc::new(room), counts, me: me_there, peer }
        };
        Ok(rooms.into_iter().map(record).collect())
    }
}
