//! Making rooms.

use std::sync::Arc;

use super::rooms::{WantedRoom, hidden_slug, slug_of};
use super::{Caller, Chat, Refusal};
use crate::model::{Event, Room, RoomKind, UserId};
use crate::store::{AddRoomError, Made, NewRoom, RequestKey};

/// Names of rooms that make the same short name.
const ATTEMPTS: u32 = 20;

impl Chat {
    /// Makes a room; who makes it is its owner. Gives by what it is found, and whether it is new: a request
    /// that came before made one already.
    pub async fn create_room(
        &self,
        caller: &Caller,
        wanted: WantedRoom,
        key: Option<RequestKey>,
    ) -> Result<(String, bool), Refusal> {
        let owner = caller.account()?;
        if let Some(earlier) = self.made_before(key.as_ref()).await? {
            return Ok((earlier, false));
        }
        self.must_have_place_for_another(owner.id).await?;
        for attempt in 1..=ATTEMPTS {
            let new = new_room(&wanted, attempt, Some(owner.id));
            let now = self.inner.clock.now();
            let added = match &key {
                Some(key) => self.inner.store.add_room_once(&new, key, now).await,
                None => self.inner.store.add_room(&new, now).await.map(Made::New),
            };
            match added {
                Err(AddRoomError::SlugTaken) if asked_slug(&wanted).is_none() => {}
                Err(AddRoomError::SlugTaken) => return Err(Refusal::SlugTaken),
                Err(AddRoomError::Fault(fault)) => return Err(fault.into()),
                Ok(Made::Before(earlier)) => return Ok((earlier, false)),
                Ok(Made::Other) => return Err(Refusal::KeyReused),
                Ok(Made::New(room)) => return Ok((self.tell_of_new(room).await.id.to_string(), true)),
            }
        }
        Err(Refusal::SlugTaken)
    }

    /// Makes a public room by a name that no room has which the caller sees. A guest's belongs to nobody: only
    /// administrators change or end it.
    pub async fn open_room(&self, caller: &Caller, name: String, description: String) -> Result<Arc<Room>, Refusal> {
        self.check_name(&name)?;
        self.check_description(&description)?;
        let owner = caller.account().ok().map(|account| account.id);
        if let Some(owner) = owner {
            self.must_have_place_for_another(owner).await?;
        }
        let wanted = WantedRoom { name, description, kind: RoomKind::Public, slug: None };
        for attempt in 1..=ATTEMPTS {
            let (new, now) = (new_room(&wanted, attempt, owner), self.inner.clock.now());
            match self.inner.store.add_room_of_own_name(&new, caller.user().id, now).await {
                Err(AddRoomError::SlugTaken) => {}
                Err(AddRoomError::Fault(fault)) => return Err(fault.into()),
                Ok(None) => return Err(Refusal::NameTaken),
                Ok(Some(room)) => return Ok(self.tell_of_new(room).await),
            }
        }
        Err(Refusal::SlugTaken)
    }

    /// Makes the public room that has this short name and no other. A guest's belongs to nobody, too.
    pub async fn open_called(&self, caller: &Caller, slug: &str) -> Result<(), Refusal> {
        self.check_name(slug)?;
        let owner = caller.account().ok().map(|account| account.id);
        if let Some(owner) = owner {
            self.must_have_place_for_another(owner).await?;
        }
        let (name, slug) = (slug.to_owned(), Some(slug.to_owned()));
        let wanted = WantedRoom { name, description: String::new(), kind: RoomKind::Public, slug };
        match self.inner.store.add_room(&new_room(&wanted, 1, owner), self.inner.clock.now()).await {
            Ok(room) => {
                self.tell_of_new(room).await;
                Ok(())
            }
            Err(AddRoomError::SlugTaken) => Err(Refusal::SlugTaken),
            Err(AddRoomError::Fault(fault)) => Err(fault.into()),
        }
    }

    async fn tell_of_new(&self, room: Room) -> Arc<Room> {
        let room = Arc::new(room);
        let to = if room.kind == RoomKind::Public { None } else { room.created_by };
        let members = i64::from(room.created_by.is_some());
        self.inner.bus.tell(Event::RoomCreated { room: room.clone(), members, to }).await;
        room
    }
}

/// Hidden rooms are called by nothing that could be guessed.
fn asked_slug(wanted: &WantedRoom) -> Option<&String> {
    wanted.slug.as_ref().filter(|_| wanted.kind == RoomKind::Public)
}

fn new_room(wanted: &WantedRoom, attempt: u32, created_by: Option<UserId>) -> NewRoom {
    let slug = match asked_slug(wanted) {
        _ if wanted.kind != RoomKind::Public => hidden_slug("p"),
        Some(slug) => slug.clone(),
        None if attempt < ATTEMPTS => slug_of(&wanted.name, attempt),
        None => hidden_slug("room"),
    };
    NewRoom {
        slug,
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        kind: wanted.kind,
        created_by,
        pair: None,
    }
}
