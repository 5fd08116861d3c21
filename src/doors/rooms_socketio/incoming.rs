//! A client of the namespace: what it asks, and what it is answered.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::identity::{in_words, must_be_own, no_identity};
use super::joining::{Asked, Joined};
use super::wire::{self, Success};
use super::{NAMESPACE, Rooms};
use crate::chat::{Caller, Pending, Settled};
use crate::doors::connection::Live;
use crate::doors::refusals::BudgetShape;
use crate::doors::requests::{Failure, Fields};
use crate::doors::shift::{Later, Waits};
use crate::doors::socketio::{Ack, Client, ClientEvent, ConnectRefusal, Connection, Namespace, Payload, Session};
use crate::doors::visit::Visit;
use crate::model::RoomNumber;

pub(super) struct RoomsSession {
    pub(super) door: Rooms,
    pub(super) connection: Arc<Connection>,
    /// None: nobody, who hears nothing and may do nothing.
    pub(super) visit: Option<Visit<Connection>>,
    pub(super) joined: HashMap<RoomNumber, Joined>,
}

impl Namespace for Rooms {
    fn connect<'a>(&'a self, client: Client<'a>) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectRefusal>> {
        Box::pin(async move {
            let connection = client.connection.clone();
            let visit = match self.identify(&client.auth).await? {
                None => None,
                Some((actor, token_ends)) => {
                    let visit = Visit::begin(self.door.clone(), connection.clone(), actor, Some(token_ends));
                    Some(visit.map_err(|too_many| ConnectRefusal {
                        message: format!("Too many connections of this account: {} are allowed", too_many.most),
                        code: "too_many_connections",
                    })?)
                }
            };
            let session = RoomsSession { door: self.clone(), connection, visit, joined: HashMap::new() };
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }
}

impl Session for RoomsSession {
    fn opened(&mut self) -> BoxFuture<'_, Later> {
        Box::pin(async { Later::Nothing })
    }

    fn event(&mut self, event: ClientEvent) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            let ClientEvent { name, payload, ack } = event;
            let is_answered = ack.is_some();
            let handled = self.handle(&name, payload, is_answered).await;
            let answer = Answer { connection: self.connection.clone(), event: name, ack };
            match handled {
                Ok(Handled::Done(data)) => answer.yes(data, None),
                Ok(Handled::Joined(room, shape, told)) => {
                    answer.yes(Some(shape), None);
                    self.go_on_behind(room, told);
                    // The next room is shown when this one was taken: many at once are no slow reader.
                    let connection = self.connection.clone();
                    return Later::Telling(Box::pin(async move {
                        connection.is_ready_for_more().await;
                    }));
                }
                Ok(Handled::Queued(pending, shape)) => {
                    let door = self.door.clone();
                    return Later::Settling(Box::pin(async move {
                        match pending.settled().await {
                            Ok(settled) => {
                                answer.yes(Some(shape(&door, &settled)), settled.budget.map(BudgetShape::of))
                            }
                            Err(refusal) => answer.no(&in_words(refusal)),
                        }
                    }));
                }
                Err(failure) => answer.no(&failure),
            }
            Later::Nothing
        })
    }

    /// What shows a room must show what was sent before it on the same connection.
    fn waits(&self, name: &str) -> Waits {
        match name {
            "join-room" => Waits::ForTelling,
            "leave-room" => Waits::ForSettling,
            _ => Waits::ForNothing,
        }
    }

    fn only_asks(&self, name: &str) -> bool {
        self.visit.is_none() || !EVENTS.contains(&name)
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.look_anew())
    }

    fn closed(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.become_nobody().await })
    }
}

const EVENTS: [&str; 7] =
    ["join-room", "leave-room", "send-message", "edit-message", "delete-message", "typing-start", "typing-stop"];

type Shape = fn(&Rooms, &Settled) -> Value;

enum Handled {
    Done(Option<Value>),
    /// Shown up to this `rev`; what happened meanwhile waits behind it.
    Joined(RoomNumber, Value, i64),
    Queued(Pending, Shape),
}

impl RoomsSession {
    async fn handle(&mut self, event: &str, payload: Payload, is_answered: bool) -> Result<Handled, Failure> {
        let visit = self.visit.as_ref().ok_or_else(no_identity)?;
        let speaks = matches!(event, "send-message" | "edit-message" | "delete-message" | "typing-start");
        visit.seat().inspect(|seat| seat.noticed(speaks));
        if !EVENTS.contains(&event) {
            return Err(Failure::NoSuchEvent(event.to_owned()));
        }
        let caller = visit.caller().await.map_err(in_words)?;
        let mut fields = read(payload)?;
        must_be_own(&mut fields, caller.user().id)?;
        let requests = &self.door.requests;
        let posted: Shape = |door, settled| wire::posted(door.chat(), &settled.posted);
        match event {
            "join-room" => {
                let asked = Asked::read(&mut fields)?;
                if !is_answered {
                    return self.join(&caller, &asked).await.map(|()| Handled::Done(None));
                }
                let (room, shape, told) = self.join_and_show(&caller, &asked).await?;
                Ok(Handled::Joined(room, shape, told))
            }
            "leave-room" => self.leave(&fields).await.map(|()| Handled::Done(None)),
            "send-message" => Ok(Handled::Queued(requests.post(&caller, &mut fields).await?, posted)),
            "edit-message" => Ok(Handled::Queued(requests.edit(&caller, &mut fields).await?, posted)),
            "delete-message" => {
                let deleted: Shape = |_, settled| wire::deleted(&settled.posted.message);
                Ok(Handled::Queued(requests.delete(&caller, &mut fields).await?, deleted))
            }
            _ => self.type_in(&caller, &fields, event == "typing-start").await.map(|()| Handled::Done(None)),
        }
    }

    async fn type_in(&self, caller: &Caller, fields: &Fields, typing: bool) -> Result<(), Failure> {
        let room = fields.room()?;
        Ok(self.door.chat().set_typing(caller, Some(&room), self.connection.id, typing).await?)
    }
}

fn read(payload: Payload) -> Result<Fields, Failure> {
    match payload {
        Payload::Missing => Ok(Fields::new(Map::new())),
        Payload::Value(Value::Object(fields)) => Ok(Fields::new(fields)),
        Payload::Value(_) | Payload::Broken => Err(Failure::Unreadable("the payload must be a JSON object".into())),
    }
}

/// Says what became of an event, once.
struct Answer {
    connection: Arc<Connection>,
    event: String,
    ack: Option<Ack>,
}

impl Answer {
    fn yes(self, data: Option<Value>, budget: Option<BudgetShape>) {
        if let Some(ack) = self.ack {
            ack.send(&Success::of(data, budget));
        }
    }

    fn no(self, failure: &Failure) {
        match self.ack {
            Some(ack) => ack.send(&failure.ack()),
            None => self.connection.emit(NAMESPACE, "event-refused", &wire::refused(&self.event, failure)),
        }
    }
}
