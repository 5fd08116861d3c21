//! A client of the namespace: who it is, what it asks, what it is answered.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::outgoing::Ear;
use super::payload::{Fields, is_falsy, room_of, whole_number};
use super::wire::{
    DONE, FailureShape, HistoryShape, MessageShape, PaginationShape, ProfileShape, RoomShape, Success, SyncShape,
};
use super::{Community, NAMESPACE, Trust};
use crate::auth::TokenRefusal;
use crate::chat::{Caller, Pending, Refusal};
use crate::doors::refusals::{Doing, describe};
use crate::doors::socketio::{Ack, Client, ClientEvent, ConnectRefusal, Connection, Namespace, Payload, Session};
use crate::model::{Actor, RoomNumber, UserId};

/// A page longer than this is answered as this.
pub const MOST_MESSAGES: i64 = 1000;
/// Rooms that one handshake may resume.
const MOST_RESUMED: usize = 100;

/// Settled later, along with the connection's next events.
type Later = Option<BoxFuture<'static, ()>>;

struct Member {
    door: Community,
    connection: Arc<Connection>,
    ear: Arc<Ear>,
    actor: Actor,
    rooms: HashSet<RoomNumber>,
    /// `{ roomId: rev }` of the handshake: told once, when the client is in.
    resume: HashMap<String, Value>,
    epoch: Option<String>,
}

impl Namespace for Community {
    fn connect<'a>(&'a self, client: Client<'a>) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectRefusal>> {
        Box::pin(async move {
            let auth = match client.auth {
                Value::Object(auth) => auth,
                _ => serde_json::Map::new(),
            };
            let mut resume: HashMap<String, Value> = match auth.get("resume") {
                Some(Value::Object(rooms)) => {
                    rooms.iter().take(MOST_RESUMED).map(|(room, rev)| (room.clone(), rev.clone())).collect()
                }
                _ => HashMap::new(),
            };
            if let Some(rev) = auth.get("serverOffset").filter(|rev| !rev.is_null()) {
                resume.entry(RoomNumber::MAIN.0.to_string()).or_insert_with(|| rev.clone());
            }
            let text = |name: &str| auth.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            let (actor, token_ends) =
                self.identify(text("token").or(client.connection.bearer.as_deref()), text("userId")).await?;
            self.note(client.connection, actor, token_ends)?;
            let session = Member {
                door: self.clone(),
                connection: client.connection.clone(),
                ear: Arc::new(Ear::new(client.connection.clone())),
                actor,
                rooms: HashSet::new(),
                resume,
                epoch: text("epoch").map(str::to_owned),
            };
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }
}

impl Community {
    /// Who a handshake is. A bad token is refused; without one the client may read and listen.
    async fn identify(
        &self,
        token: Option<&str>,
        user_id: Option<&str>,
    ) -> Result<(Actor, Option<u64>), ConnectRefusal> {
        if let Some(token) = token {
            let verified = self.verify(token).map_err(|refusal| {
                let (message, code) = unauthorized(refusal);
                ConnectRefusal { message: message.to_owned(), code }
            })?;
            return match self.shared.chat.account(verified.0).await {
                Err(Refusal::UserNotFound) => {
                    Err(ConnectRefusal { message: "Unauthorized - User not found".into(), code: "user_not_found" })
                }
                // While the database is away a good token is believed; each action asks again.
                _ => Ok((Actor::User(verified.0), Some(verified.1))),
            };
        }
        let claimed = user_id.and_then(|id| Uuid::parse_str(id).ok()).filter(|_| self.shared.trust == Trust::UserId);
        Ok((claimed.map_or(Actor::Anonymous, Actor::User), None))
    }

    /// The user that a token names, and when it ends.
    pub(super) fn verify(&self, token: &str) -> Result<(UserId, u64), TokenRefusal> {
        let now = u64::try_from(self.shared.clock.now().seconds()).unwrap_or(0);
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        self.shared.tokens.verify(token, now).map(|verified| (verified.user, verified.expires_at))
    }

    fn note(&self, connection: &Arc<Connection>, actor: Actor, token_ends: Option<u64>) -> Result<(), ConnectRefusal> {
        let most = self.shared.connections_per_user;
        let mut present = self.shared.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.note(connection, actor.user(), token_ends, most) {
            return Ok(());
        }
        Err(ConnectRefusal {
            message: format!("Too many connections of this account: {most} are allowed"),
            code: "too_many_connections",
        })
    }
}

pub(super) fn unauthorized(refusal: TokenRefusal) -> (&'static str, &'static str) {
    match refusal {
        TokenRefusal::Missing => ("Unauthorized - No token provided", "no_token"),
        TokenRefusal::Invalid => ("Unauthorized - Invalid token", "invalid_token"),
        TokenRefusal::Expired => ("Unauthorized - Token expired", "token_expired"),
    }
}

impl Session for Member {
    fn opened(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let resume = std::mem::take(&mut self.resume);
            if !resume.is_empty() {
                self.ear.hold();
            }
            self.listen(RoomNumber::MAIN);
            let mut told = Vec::new();
            for (room, rev) in resume {
                told.extend(self.resume(&room, &rev).await);
            }
            self.ear.go_on(&told);
            self.door.shared.chat.joined(RoomNumber::MAIN).await;
        })
    }

    fn event(&mut self, event: ClientEvent) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            let ClientEvent { name, payload, ack } = event;
            match name.as_str() {
                "send-message" => return self.send(payload, ack).await,
                "edit-message" => return self.edit(payload, ack).await,
                "delete-message" => return self.delete(payload, ack).await,
                "authenticate-user" => self.authenticate(payload, ack).await,
                "load-messages" => self.load(payload, ack).await,
                "typing" => answer(ack, self.typing(payload).await.map(|()| DONE), Doing::Typing),
                "join-room" => self.join(payload, ack).await,
                "leave-room" => answer(ack, self.leave(payload).await.map(|()| DONE), Doing::Leaving),
                "sync" => self.sync(payload, ack).await,
                unknown => {
                    if let Some(ack) = ack {
                        ack.send(&FailureShape::saying(
                            format!("`{unknown}` is not an event of this namespace"),
                            "unknown_event",
                        ));
                    }
                }
            }
            None
        })
    }

    /// Whatever reads must see what was written before it on the same connection.
    fn waits(&self, name: &str) -> bool {
        !matches!(name, "send-message" | "edit-message" | "delete-message" | "typing")
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let shared = &self.door.shared;
            let now = u64::try_from(shared.clock.now().seconds()).unwrap_or(0);
            let ended = {
                let present = shared.present.lock().unwrap_or_else(PoisonError::into_inner);
                present
                    .connections
                    .get(&self.connection.id)
                    .and_then(|presence| presence.token_ends)
                    .is_some_and(|end| end <= now)
            };
            let barred = matches!(shared.chat.caller(self.actor).await, Err(Refusal::NotAuthenticated));
            if ended {
                self.connection.emit(
                    NAMESPACE,
                    "token-expired",
                    &serde_json::json!({ "message": "Unauthorized - Token expired" }),
                );
            }
            if ended || (barred && shared.trust == Trust::Token) {
                self.become_nobody().await;
            } else if barred {
                self.leave_rooms();
            }
        })
    }

    fn closed(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let shared = &self.door.shared;
            for room in &self.rooms {
                shared.audience.leave(*room, self.connection.id);
            }
            shared.present.lock().unwrap_or_else(PoisonError::into_inner).remove(self.connection.id);
            shared.chat.stop_typing(self.connection.id).await;
            shared.chat.left(RoomNumber::MAIN).await;
        })
    }
}

impl Member {
    fn listen(&mut self, room: RoomNumber) {
        if self.rooms.insert(room) {
            self.door.shared.audience.enter(room, self.ear.clone());
        }
    }

    async fn become_nobody(&mut self) {
        self.actor = Actor::Anonymous;
        self.door.note(&self.connection, Actor::Anonymous, None).ok();
        self.door.shared.chat.stop_typing(self.connection.id).await;
        self.leave_rooms();
    }

    /// Only the main room is for everybody.
    fn leave_rooms(&mut self) {
        for room in self.rooms.extract_if(|room| *room != RoomNumber::MAIN) {
            self.door.shared.audience.leave(room, self.connection.id);
        }
    }

    async fn caller(&self) -> Result<Caller, Refusal> {
        self.door.shared.chat.caller(self.actor).await
    }

    async fn authenticate(&mut self, payload: Payload, ack: Option<Ack>) {
        match self.become_somebody(payload).await {
            Ok(caller) => answer(
                ack,
                Ok(Success::saying(ProfileShape::of(caller.user()), "Authenticated successfully")),
                Doing::Authenticating,
            ),
            Err(refusal) => answer::<Success<()>>(ack, Err(refusal), Doing::Authenticating),
        }
    }

    async fn become_somebody(&mut self, payload: Payload) -> Result<Caller, Refusal> {
        let fields = Fields::or_none(payload);
        let shared = self.door.shared.clone();
        if let Some(Value::String(token)) = fields.get("token").filter(|token| !is_falsy(Some(token))) {
            let (user, ends) = self.door.verify(token).map_err(|_| Refusal::Unreadable)?;
            return self.take_identity(user, Some(ends)).await;
        }
        let claimed = match fields.get("userId") {
            value if is_falsy(value) => return Err(Refusal::UserIdRequired),
            Some(Value::String(id)) => Uuid::parse_str(id).map_err(|_| Refusal::Unreadable)?,
            _ => return Err(Refusal::Unreadable),
        };
        match shared.trust {
            Trust::UserId => self.take_identity(claimed, None).await,
            Trust::Token if self.actor == Actor::User(claimed) => self.caller().await,
            Trust::Token => Err(Refusal::NotAuthenticated),
        }
    }

    async fn take_identity(&mut self, user: UserId, token_ends: Option<u64>) -> Result<Caller, Refusal> {
        let caller = self.door.shared.chat.account(user).await?;
        self.door.note(&self.connection, Actor::User(user), token_ends).map_err(|_| Refusal::TooManyConnections)?;
        if self.actor != Actor::User(user) {
            self.leave_rooms();
        }
        self.actor = Actor::User(user);
        Ok(caller)
    }

    async fn load(&mut self, payload: Payload, ack: Option<Ack>) {
        let Some(ack) = ack else { return };
        match self.page(payload).await {
            Ok((listing, page, limit, rev)) => ack.send(&HistoryShape {
                success: true,
                data: MessageShape::list(&listing.messages),
                pagination: PaginationShape::of(listing.total, page, limit),
                rev: Some(rev),
                epoch: Some(self.door.shared.chat.epoch()),
            }),
            Err(refusal) => ack.send(&FailureShape::of(refusal, Doing::Loading)),
        }
    }

    async fn page(&self, payload: Payload) -> Result<(crate::chat::messages::Listing, i64, i64, i64), Refusal> {
        let fields = Fields::or_none(payload);
        let (page, limit) = (fields.count("page", 1)?, fields.count("limit", 50)?);
        if page < 1 || limit < 0 {
            return Err(Refusal::Unreadable);
        }
        let limit = limit.min(MOST_MESSAGES);
        let chat = &self.door.shared.chat;
        let room = chat.readable(self.actor, fields.room()?.as_deref()).await?;
        // Before the messages, so that catching up from here passes nothing over.
        let rev = chat.counts(&room).await?.last_rev;
        Ok((chat.page(&room, page, limit).await?, page, limit, rev))
    }

    async fn send(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let queued = async {
            let fields = Fields::of(payload).ok_or(Refusal::Unreadable)?;
            let caller = self.caller().await?;
            let text = fields.text()?;
            let shared = &self.door.shared;
            shared.chat.post(&caller, fields.room()?.as_deref(), text, fields.client_offset()?, shared.rules).await
        };
        settle_later(queued.await, ack, Doing::Sending, Some("Message sent successfully"))
    }

    async fn edit(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let queued = async {
            let fields = Fields::of(payload).ok_or(Refusal::Unreadable)?;
            let caller = self.caller().await?;
            let text = fields.text()?;
            let shared = &self.door.shared;
            shared.chat.edit(&caller, fields.message_id()?, text, shared.rules).await
        };
        settle_later(queued.await, ack, Doing::Editing, Some("Message updated successfully"))
    }

    async fn delete(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let queued = async {
            let fields = Fields::of(payload).ok_or(Refusal::Unreadable)?;
            let caller = self.caller().await?;
            self.door.shared.chat.delete(&caller, fields.message_id()?).await
        };
        settle_later(queued.await, ack, Doing::Deleting, None)
    }

    async fn typing(&mut self, payload: Payload) -> Result<(), Refusal> {
        let caller = self.caller().await?;
        let fields = Fields::or_none(payload);
        self.door
            .shared
            .chat
            .set_typing(&caller, fields.room()?.as_deref(), self.connection.id, fields.flag("isTyping"))
            .await
    }

    async fn join(&mut self, payload: Payload, ack: Option<Ack>) {
        let epoch = self.door.shared.chat.epoch();
        let entered = match room_of(payload) {
            Ok(reference) => self.door.shared.chat.enter(self.actor, &reference).await,
            Err(refusal) => Err(refusal),
        };
        match entered {
            Ok((room, counts)) => {
                self.listen(room.number);
                let shape = RoomShape { room_id: room.id, name: &room.name, rev: counts.last_rev, epoch };
                answer(ack, Ok(Success::of(shape)), Doing::Entering);
            }
            Err(refusal) => answer::<Success<()>>(ack, Err(refusal), Doing::Entering),
        }
    }

    /// Listens no more; one stays a member, since clients leave a room whenever they show another.
    async fn leave(&mut self, payload: Payload) -> Result<(), Refusal> {
        let room = self.door.shared.chat.readable(self.actor, Some(&room_of(payload)?)).await?;
        if room.number != RoomNumber::MAIN && self.rooms.remove(&room.number) {
            self.door.shared.audience.leave(room.number, self.connection.id);
        }
        Ok(())
    }

    async fn sync(&mut self, payload: Payload, ack: Option<Ack>) {
        let fields = Fields::or_none(payload);
        let asked = fields.room().and_then(|room| Ok((room, fields.rev("rev")?)));
        let epoch = fields.get("epoch").and_then(Value::as_str).map(str::to_owned);
        match asked {
            Ok((room, rev)) => {
                self.ear.hold();
                let told = self.catch_up(room.as_deref(), rev, epoch, ack).await;
                self.ear.go_on(told.as_slice());
            }
            Err(refusal) => answer::<Success<()>>(ack, Err(refusal), Doing::Syncing),
        }
    }

    /// A room of the handshake. One that cannot be resumed gets its `sync` too, which says so.
    async fn resume(&mut self, room: &str, rev: &Value) -> Option<(RoomNumber, i64)> {
        match self.door.shared.chat.enter(self.actor, room).await {
            Ok((entered, _)) => {
                self.listen(entered.number);
                self.catch_up(Some(room), whole_number(rev).unwrap_or(-1), self.epoch.clone(), None).await
            }
            Err(refusal) => {
                self.cannot_sync(room, refusal);
                None
            }
        }
    }

    /// Tells what was missed, while the ear holds back what happens meanwhile: so live delivery
    /// joins on without gap or repeat. Gives how far the room was told.
    async fn catch_up(
        &self,
        room: Option<&str>,
        rev: i64,
        epoch: Option<String>,
        ack: Option<Ack>,
    ) -> Option<(RoomNumber, i64)> {
        let chat = &self.door.shared.chat;
        match chat.missed(self.actor, room, rev, epoch.as_deref()).await {
            Ok(missed) => {
                let messages = MessageShape::list(&missed.messages);
                let shape = SyncShape {
                    room_id: missed.room.id,
                    messages,
                    rev: missed.rev,
                    epoch: chat.epoch(),
                    complete: missed.complete,
                };
                match ack {
                    Some(ack) => ack.send(&Success::of(shape)),
                    None => self.connection.emit(NAMESPACE, "sync", &shape),
                }
                Some((missed.room.number, missed.rev))
            }
            Err(refusal) => {
                match ack {
                    Some(ack) => ack.send(&FailureShape::of(refusal, Doing::Syncing)),
                    None => self.cannot_sync(room.unwrap_or("main-chat"), refusal),
                }
                None
            }
        }
    }

    fn cannot_sync(&self, room: &str, refusal: Refusal) {
        let described = describe(refusal, Doing::Syncing);
        let (error, code) = (described.text, described.code);
        let shape =
            serde_json::json!({ "roomId": room, "messages": [], "complete": false, "error": error, "code": code });
        self.connection.emit(NAMESPACE, "sync", &shape);
    }
}

fn answer<T: Serialize>(ack: Option<Ack>, result: Result<T, Refusal>, doing: Doing) {
    match (ack, result) {
        (Some(ack), Ok(shape)) => ack.send(&shape),
        (Some(ack), Err(refusal)) => ack.send(&FailureShape::of(refusal, doing)),
        (None, _) => {}
    }
}

/// Acknowledges when it is stored and told.
fn settle_later(
    queued: Result<Pending, Refusal>,
    ack: Option<Ack>,
    doing: Doing,
    message: Option<&'static str>,
) -> Later {
    match queued {
        Ok(pending) => Some(Box::pin(async move {
            let outcome = pending.settled().await;
            let Some(ack) = ack else { return };
            match (&outcome, message) {
                (Ok(posted), Some(message)) => ack.send(&Success::saying(MessageShape::of(posted), message)),
                (Ok(_), None) => ack.send(&Success::<()> {
                    success: true,
                    data: None,
                    message: Some("Message deleted successfully"),
                }),
                (Err(refusal), _) => ack.send(&FailureShape::of(*refusal, doing)),
            }
        })),
        Err(refusal) => {
            answer::<Success<()>>(ack, Err(refusal), doing);
            None
        }
    }
}
