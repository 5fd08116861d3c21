//! What a client sends.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::identity::refused;
use super::place::Place;
use super::wire::{Asked, Content, UserShape};
use super::{PubSub, wire};
use crate::chat::rooms::is_slug;
use crate::chat::{Begin, Caller, Refusal, Said, Text};
use crate::doors::audience::Listener;
use crate::doors::hearing::Frame;
use crate::doors::refusals::{Described, Doing, describe};
use crate::doors::shift::Later;
use crate::doors::visit::Visit;
use crate::doors::websocket::{Connection, Session, Utf8Bytes};
use crate::model::{Actor, Room, RoomNumber};

/// Who joins without a number is told so many.
const NEWEST: i64 = 50;
/// People in one frame.
const MOST_SHOWN: usize = 500;

const NOT_SUBSCRIBED: &str = "Not subscribed to room";
const ROOM_NAMES: &str = "There is no such room, and none can be made: names have 2 to 50 lower-case letters, digits and dashes, \
     beginning with a letter";

pub(super) struct Talking {
    pub door: PubSub,
    pub visit: Visit<Connection>,
    pub client_id: Uuid,
    pub token: Option<String>,
    /// Had long enough to say who it is.
    pub is_late: Arc<AtomicBool>,
    /// Each lives until the room is left, or joined anew.
    pub joined: HashMap<RoomNumber, Arc<Joined>>,
}

#[derive(Clone)]
pub(super) struct Joined {
    pub room: Arc<Room>,
    pub place: Arc<Place>,
}

impl PubSub {
    /// A connection begins as nobody.
    pub(super) fn talk(&self, connection: &Arc<Connection>, token: Option<String>) -> Option<Talking> {
        let visit = Visit::begin(self.door.clone(), connection.clone(), Actor::Anonymous, None).ok()?;
        let (client_id, is_late, joined) = (Uuid::new_v4(), Arc::default(), HashMap::new());
        Some(Talking { door: self.clone(), visit, client_id, token, is_late, joined })
    }
}

impl Session for Talking {
    fn opened(&mut self) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            self.enter().await;
            Later::Nothing
        })
    }

    fn frame(&mut self, text: Utf8Bytes) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            let asked = match Asked::read(&text) {
                Ok(asked) => asked,
                Err(wrong) => {
                    self.visit.connection.say_no(&wrong, "unreadable");
                    return Later::Nothing;
                }
            };
            if let Asked::Auth { token } = asked {
                self.authenticate(&token).await;
                return Later::Nothing;
            }
            if !self.is_somebody().await {
                return Later::Nothing;
            }
            self.visit.seat().inspect(|seat| seat.noticed(matches!(asked, Asked::Message { .. })));
            self.answer(asked).await.unwrap_or_else(|refused| {
                self.visit.connection.send(wire::refusal(&refused));
                Later::Nothing
            })
        })
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.look_anew())
    }

    fn closed(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.visit.end().await })
    }
}

impl Talking {
    async fn answer(&mut self, asked: Asked) -> Result<Later, Described> {
        let said = |doing| move |refusal| describe(refusal, doing);
        match asked {
            Asked::Auth { .. } => Ok(Later::Nothing),
            Asked::Join { room, since } => self.join(&room, since).await,
            Asked::Leave { room } => self.leave(&room).map(|()| Later::Nothing),
            Asked::Message { data } => self.say(data).await,
            Asked::Presence { status: Some(status), .. } => {
                self.visit.seat().map(|seat| seat.says(status.into()));
                Ok(Later::Nothing)
            }
            Asked::Presence { room, status: None } => {
                let room = room.ok_or_else(|| refused("A room or a status is needed", "unreadable", 400))?;
                let shown = self.present(&room).await.map_err(said(Doing::Asking))?;
                self.visit.connection.send(shown);
                Ok(Later::Nothing)
            }
            Asked::History { room, since } => {
                let room = self.readable(&room).await.map_err(said(Doing::Loading))?;
                let (telling, name) = (self.catching_up(), self.name_of(&room));
                Ok(Later::Telling(Box::pin(telling.answer(room, name, since.unwrap_or(0)))))
            }
        }
    }

    /// By a name that it was joined by, too.
    fn joined(&self, name: &str) -> Option<&Arc<Joined>> {
        self.joined.values().find(|joined| joined.place.name == name || joined.room.is_called(name))
    }

    fn must_have_joined(&self, name: &str) -> Result<&Arc<Joined>, Described> {
        self.joined(name).ok_or_else(|| refused(NOT_SUBSCRIBED, "not_subscribed", 403))
    }

    async fn readable(&self, name: &str) -> Result<Arc<Room>, Refusal> {
        let name = self.joined(name).map_or(name.to_owned(), |joined| joined.room.number.0.to_string());
        self.door.door.chat.readable(self.visit.actor(), Some(&name)).await
    }

    fn name_of(&self, room: &Room) -> String {
        self.joined.get(&room.number).map_or(&room.slug, |joined| &joined.place.name).clone()
    }

    /// Presence, announcement, history; then what happens.
    async fn join(&mut self, name: &str, since: Option<i64>) -> Result<Later, Described> {
        let room = self.open(name).await?;
        let entering = |refusal| describe(refusal, Doing::Entering);
        self.visit.has_place_for(room.number).map_err(entering)?;
        let joined =
            Arc::new(Joined { place: self.door.places.enter(room.number, || Place::of(&room)), room: room.clone() });
        // Held before it is heard: nothing comes before these three.
        self.visit.ear.hold(room.number);
        self.visit.listen(room.number);
        self.joined.insert(room.number, joined.clone());
        if let Err(refusal) = self.introduce(&joined).await {
            self.forget(room.number);
            return Err(entering(refusal));
        }
        let begin = since.map_or(Begin::WithNewest(NEWEST), Begin::After);
        Ok(Later::Telling(Box::pin(self.catching_up().tell(Arc::downgrade(&joined), begin))))
    }

    async fn introduce(&self, Joined { room, place }: &Joined) -> Result<(), Refusal> {
        let chat = &self.door.door.chat;
        let caller = self.visit.caller().await?;
        let shown = self.present(&room.number.0.to_string()).await?;
        place.reached(chat.counts(room).await?.last_seq);
        let said = wire::joined(caller.author().handle());
        self.visit.connection.send(shown);
        self.visit.connection.send(wire::announcement(&place.name, &said, place.sequence(), chat.now()));
        Ok(())
    }

    /// A room that is not there is made.
    async fn open(&self, name: &str) -> Result<Arc<Room>, Described> {
        let entering = |refusal| describe(refusal, Doing::Entering);
        // In the answers it would be called otherwise.
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(refused(ROOM_NAMES, "unreadable", 400));
        }
        let chat = &self.door.door.chat;
        match chat.enter(self.visit.actor(), name).await {
            Err(Refusal::RoomNotFound) => {}
            answer => return answer.map_err(entering),
        }
        if !is_slug(name) {
            return Err(refused(ROOM_NAMES, "room_not_found", 404));
        }
        let caller = self.visit.caller().await.map_err(entering)?;
        self.make(&caller, name).await?;
        chat.enter(self.visit.actor(), name).await.map_err(entering)
    }

    /// An account's rooms count by the account, others by the address that they come from.
    fn count_room(&self, caller: &Caller) -> Result<(), Described> {
        if let Ok(account) = caller.account() {
            return self.door.requests.count_room(account.id).map_err(|failure| failure.described());
        }
        let too_many = |retry_in| Described {
            retry_in: Some(retry_in),
            ..refused("Too many rooms from this address, please try again later", "slow_down", 429)
        };
        self.door.budgets.count_room(self.visit.connection.address).map_err(too_many)
    }

    async fn make(&self, caller: &Caller, name: &str) -> Result<(), Described> {
        self.count_room(caller)?;
        match self.door.door.chat.open_called(caller, name).await {
            // Somebody else was faster, or it is not for the caller to see: entering tells.
            Ok(()) | Err(Refusal::SlugTaken) => Ok(()),
            Err(refusal) => Err(describe(refusal, Doing::Entering)),
        }
    }

    /// Who is inside, as the caller may see it.
    async fn present(&self, name: &str) -> Result<String, Refusal> {
        let chat = &self.door.door.chat;
        let caller = self.visit.caller().await?;
        let name = self.joined(name).map_or(name.to_owned(), |joined| joined.room.number.0.to_string());
        let room = chat.member_who_sees(&caller, &name).await?.room;
        let (_, people) = chat.inside(room.number, MOST_SHOWN).await?;
        let users = people.iter().map(|who| UserShape {
            user: who.handle(),
            status: chat.status(who.id),
            last_seen: chat.last_seen(who).map_or(0, wire::milliseconds),
            guest: who.guest,
        });
        Ok(wire::presence(&self.name_of(&room), &users.collect::<Vec<_>>()))
    }

    /// One stays a member, as in every dialect whose clients leave a room when they show another.
    fn leave(&mut self, name: &str) -> Result<(), Described> {
        let number = self.must_have_joined(name)?.room.number;
        self.forget(number);
        Ok(())
    }

    fn forget(&mut self, room: RoomNumber) {
        self.visit.listen_no_more(room);
        self.joined.remove(&room);
    }

    async fn say(&self, Content { room, content, id }: Content) -> Result<Later, Described> {
        let sending = |refusal| describe(refusal, Doing::Sending);
        let number = self.must_have_joined(&room)?.room.number;
        let caller = self.visit.caller().await.map_err(sending)?;
        let text = Text::new(&content).map_err(sending)?;
        let said = Said { text, client_offset: id, character: None, upload: None };
        let door = self.door.door.clone();
        let posted = door.chat.post(&caller, Some(&number.0.to_string()), said, door.rules).await;
        let pending = posted.map_err(sending)?;
        let (connection, ear) = (self.visit.connection.clone(), self.visit.ear.clone());
        let (places, actor) = (self.door.places.clone(), self.visit.actor());
        Ok(Later::Settling(Box::pin(async move {
            let repeated = match pending.settled().await {
                // The sender has heard it with everybody.
                Ok(settled) if settled.is_new => return,
                Ok(settled) => settled.posted,
                Err(refusal) => return connection.send(wire::refusal(&sending(refusal))),
            };
            let number = repeated.message.room;
            let name = match places.get(number) {
                Some(place) => Ok(place.name.clone()),
                None => door.chat.readable(actor, Some(&number.0.to_string())).await.map(|room| room.slug.clone()),
            };
            match name {
                // Through the ear: behind what is being told of the room.
                Ok(name) => ear.hear(&[Frame::new(wire::message(&repeated, &name), number)]),
                Err(refusal) => connection.send(wire::refusal(&sending(refusal))),
            }
        })))
    }
}
