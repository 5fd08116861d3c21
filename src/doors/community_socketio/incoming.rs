//! A client of the namespace: who it is, what it asks, what it is answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

use super::Community;
use super::payload::Fields;
use super::wire::{DONE, FailureShape, MessageShape, ProfileShape, Success};
use crate::chat::attendance::Watch;
use crate::chat::{Pending, Refusal, Said};
use crate::doors::connection::Live;
use crate::doors::refusals::{BudgetShape, Doing};
use crate::doors::requests::{Failure, Reply, Requests, Route};
use crate::doors::shift::{Later, Waits};
use crate::doors::socketio::{Ack, Client, ClientEvent, ConnectRefusal, Connection, Namespace, Payload, Session};
use crate::doors::visit::Visit;
use crate::model::{RoomNumber, UserRole};

/// Rooms that one handshake may resume.
const MOST_RESUMED: usize = 100;

pub(super) struct CommunitySession {
    pub(super) door: Community,
    pub(super) visit: Visit<Connection>,
    /// Of the account, when it was last looked at.
    pub(super) role: Option<UserRole>,
    /// Rooms whose people it watches.
    pub(super) watches: HashMap<RoomNumber, Watch>,
    /// `{ roomId: rev }` of the handshake: told once, when the client is in.
    pub(super) resume: HashMap<String, Value>,
    pub(super) epoch: Option<String>,
    /// Whether the others have heard that it came; that it went is told then.
    is_announced: Arc<AtomicBool>,
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
            if auth.get("token").is_some_and(|token| !matches!(token, Value::Null | Value::String(_))) {
                return Err(ConnectRefusal { message: "Unauthorized - Invalid token".into(), code: "invalid_token" });
            }
            let text = |name: &str| auth.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            let (actor, token_ends) =
                self.identify(text("token").or(client.connection.bearer.as_deref()), text("userId")).await?;
            let door = self.shared.door.clone();
            let visit = Visit::begin(door, client.connection.clone(), actor, token_ends).map_err(|too_many| {
                let message = format!("Too many connections of this account: {} are allowed", too_many.most);
                ConnectRefusal { message, code: "too_many_connections" }
            })?;
            let session = CommunitySession {
                door: self.clone(),
                visit,
                role: None,
                watches: HashMap::new(),
                resume,
                epoch: text("epoch").map(str::to_owned),
                is_announced: Arc::default(),
            };
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }
}

impl Session for CommunitySession {
    fn opened(&mut self) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            // Heard from the beginning, but told behind what was missed of it.
            self.visit.ear.hold(RoomNumber::MAIN);
            self.visit.listen(RoomNumber::MAIN);
            let missed = self.resume_all().await;
            if !missed.iter().any(|(room, _)| room.number == RoomNumber::MAIN) {
                self.visit.ear.go_on_anyway(RoomNumber::MAIN);
            }
            let (catching_up, chat) = (self.catching_up(), self.door.shared.chat.clone());
            let is_announced = self.is_announced.clone();
            let announce = async move {
                is_announced.store(true, Ordering::Relaxed);
                chat.joined(RoomNumber::MAIN).await;
            };
            if missed.is_empty() {
                announce.await;
                return Later::Nothing;
            }
            let epoch = self.epoch.take();
            Later::Telling(Box::pin(async move {
                for (room, rev) in missed {
                    catching_up.tell(&room, rev, epoch.as_deref(), None).await;
                }
                announce.await;
            }))
        })
    }

    fn event(&mut self, event: ClientEvent) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            let ClientEvent { name, payload, ack } = event;
            self.visit.seat().inspect(|seat| seat.noticed(is_deed(&name)));
            match name.as_str() {
                "send-message" => return self.send(payload, ack).await,
                "edit-message" => return self.edit(payload, ack).await,
                "delete-message" => return self.delete(payload, ack).await,
                "sync" => return self.sync(payload, ack).await,
                "join-room" => return self.join(payload, ack).await,
                "authenticate-user" => self.authenticate(payload, ack).await,
                "load-messages" => self.load(payload, ack).await,
                "typing" => answer(ack, self.typing(payload).await.map(|()| DONE), Doing::Typing),
                "leave-room" => answer(ack, self.leave(payload).await.map(|()| DONE), Doing::Leaving),
                "set-presence" | "watch-presence" | "unwatch-presence" => self.presence(&name, payload, ack).await,
                other => self.request(other, payload, ack).await,
            }
            Later::Nothing
        })
    }

    /// What reads must see what was written before it on the same connection. Nothing is told of a room
    /// that was left, or to somebody who is now somebody else.
    fn waits(&self, name: &str) -> Waits {
        match name {
            deed if is_deed(deed) => Waits::ForNothing,
            "leave-room" | "authenticate-user" => Waits::ForTelling,
            _ => Waits::ForSettling,
        }
    }

    fn only_asks(&self, name: &str) -> bool {
        match name {
            deed if is_deed(deed) => false,
            "join-room" | "leave-room" | "authenticate-user" => false,
            other => Requests::of_event(other).is_none_or(Route::only_asks),
        }
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.look_anew())
    }

    fn closed(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.watch_nothing();
            self.visit.end().await;
            if self.is_announced.load(Ordering::Relaxed) {
                self.door.shared.chat.left(RoomNumber::MAIN).await;
            }
        })
    }
}

impl CommunitySession {
    /// One of the commands that REST has too.
    async fn request(&self, name: &str, payload: Payload, ack: Option<Ack>) {
        let Some(route) = Requests::of_event(name) else {
            return self.reply(ack, Err(Failure::NoSuchEvent(name.to_owned())));
        };
        let requests = &self.door.shared.requests;
        let asker = requests.asker(self.visit.actor()).await;
        let fields = Fields::or_none(payload).for_request();
        self.reply(ack, requests.carry_out(route, &asker, fields).await);
    }

    pub(super) fn reply(&self, ack: Option<Ack>, answered: Result<Reply, Failure>) {
        if let Err(Failure::Refused(Refusal::SessionEnded(_))) = answered {
            self.visit.connection.reconsider();
        }
        let Some(ack) = ack else { return };
        match answered {
            Ok(Reply::Shown(data) | Reply::Made(data)) => ack.send(&Success::of(data)),
            Ok(Reply::Nothing | Reply::Document(_)) => ack.send(&DONE),
            Err(failure) => ack.send(&failure.ack()),
        }
    }

    async fn authenticate(&mut self, payload: Payload, ack: Option<Ack>) {
        match self.become_somebody(payload).await {
            Ok(caller) => answer(
                ack,
                Ok(Success::saying(ProfileShape::of(&caller), "Authenticated successfully")),
                Doing::Authenticating,
            ),
            Err(refusal) => answer::<Success<()>>(ack, Err(refusal), Doing::Authenticating),
        }
    }

    async fn send(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let queued = async {
            let fields = Fields::of(payload).ok_or(Refusal::Unreadable)?;
            let caller = self.visit.caller().await?;
            let (text, client_offset) = (fields.text()?, fields.client_offset()?);
            let said = Said { text, client_offset, character: fields.character()?, upload: None };
            let shared = &self.door.shared;
            shared.chat.post(&caller, fields.room()?.as_deref(), said, shared.rules).await
        };
        settle_later(queued.await, ack, Doing::Sending, Some("Message sent successfully"))
    }

    async fn edit(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let queued = async {
            let fields = Fields::of(payload).ok_or(Refusal::Unreadable)?;
            let caller = self.visit.caller().await?;
            let text = fields.text()?;
            let shared = &self.door.shared;
            shared.chat.edit(&caller, fields.message_id()?, text, shared.rules).await
        };
        settle_later(queued.await, ack, Doing::Editing, Some("Message updated successfully"))
    }

    async fn delete(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let queued = async {
            let fields = Fields::of(payload).ok_or(Refusal::Unreadable)?;
            let caller = self.visit.caller().await?;
            self.door.shared.chat.delete(&caller, fields.message_id()?, fields.reason()).await
        };
        settle_later(queued.await, ack, Doing::Deleting, None)
    }

    async fn typing(&mut self, payload: Payload) -> Result<(), Refusal> {
        let caller = self.visit.caller().await?;
        let fields = Fields::or_none(payload);
        self.door
            .shared
            .chat
            .set_typing(&caller, fields.room()?.as_deref(), self.visit.connection.id, fields.flag("isTyping"))
            .await
    }

    async fn sync(&mut self, payload: Payload, ack: Option<Ack>) -> Later {
        let fields = Fields::or_none(payload);
        let asked = async {
            let (room, rev) = (fields.room()?, fields.rev("rev")?);
            Ok((self.door.shared.chat.readable(self.visit.actor(), room.as_deref()).await?, rev))
        };
        let epoch = fields.get("epoch").and_then(Value::as_str).map(str::to_owned);
        match asked.await {
            Ok((room, rev)) => {
                let catching_up = self.catching_up();
                Later::Telling(Box::pin(async move {
                    catching_up.tell(&room, rev, epoch.as_deref(), ack).await;
                }))
            }
            Err(refusal) => {
                answer::<Success<()>>(ack, Err(refusal), Doing::Syncing);
                Later::Nothing
            }
        }
    }
}

/// By which somebody acts, and does not only ask.
fn is_deed(event: &str) -> bool {
    matches!(event, "send-message" | "edit-message" | "delete-message" | "typing")
}

pub(super) fn answer<T: Serialize>(ack: Option<Ack>, result: Result<T, Refusal>, doing: Doing) {
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
        Ok(pending) => Later::Settling(Box::pin(async move {
            let outcome = pending.settled().await;
            let Some(ack) = ack else { return };
            match (&outcome, message) {
                (Ok(settled), Some(message)) => ack.send(&Success {
                    budget: settled.budget.map(BudgetShape::of),
                    ..Success::saying(MessageShape::of(&settled.posted), message)
                }),
                (Ok(_), None) => ack.send(&Success::<()> {
                    success: true,
                    data: None,
                    message: Some("Message deleted successfully"),
                    budget: None,
                }),
                (Err(refusal), _) => ack.send(&FailureShape::of(*refusal, doing)),
            }
        })),
        Err(refusal) => {
            answer::<Success<()>>(ack, Err(refusal), doing);
            Later::Nothing
        }
    }
}
