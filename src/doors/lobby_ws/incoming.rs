//! A client: first it says who it is, then it is in its room and talks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::payload::{self, Introduction, Spoken};
use super::{DIALECT, Lobby, wire};
use crate::chat::{Pending, Refusal, Said, Text};
use crate::doors::bearer::{turned_away, unauthorized};
use crate::doors::connection::Live;
use crate::doors::refusals::{Doing, describe};
use crate::doors::shift::Later;
use crate::doors::visit::{Visit, numbered};
use crate::doors::websocket::{Connection, Farewell, Session, Utf8Bytes};
use crate::model::{Actor, RoomNumber};

/// For the first frame.
const PATIENCE: Duration = Duration::from_secs(10);
/// A flag that is not renewed ends after this.
const TYPING_HOLDS_FOR: i64 = 5_000_000;

const UNAUTHORIZED: Farewell = Farewell { code: DIALECT.unauthorized, reason: "Unauthorized" };
const NO_ROOM: Farewell = Farewell { code: 1000, reason: "This room is not open to you" };
const LATER: Farewell = Farewell { code: 1013, reason: "Try again later" };
const SILENT: Farewell = Farewell { code: 1008, reason: "The first frame did not come" };

pub(super) struct Talking {
    lobby: Lobby,
    connection: Arc<Connection>,
    /// As the path has it.
    wanted: String,
    has_come: Arc<AtomicBool>,
    inside: Option<Inside>,
}

struct Inside {
    visit: Visit<Connection>,
    room: RoomNumber,
}

/// Why somebody is not let in.
enum Out {
    /// They may try again.
    Again(String),
    Ended(String, Farewell),
}

impl From<Refusal> for Out {
    fn from(refusal: Refusal) -> Self {
        if let Some((text, _)) = turned_away(refusal) {
            return Out::Ended(text.into(), UNAUTHORIZED);
        }
        let described = describe(refusal, Doing::Entering);
        let farewell = match described.status {
            401 | 403 => UNAUTHORIZED,
            429 | 500.. => LATER,
            _ => NO_ROOM,
        };
        Out::Ended(described.text, farewell)
    }
}

impl Lobby {
    pub(super) fn listen(&self, connection: &Arc<Connection>, wanted: String) -> Box<dyn Session> {
        let has_come = Arc::new(AtomicBool::new(false));
        let (waits_for, silent) = (has_come.clone(), Arc::downgrade(connection));
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            if !waits_for.load(Ordering::Relaxed) {
                silent.upgrade().inspect(|connection| connection.say_farewell(SILENT));
            }
        });
        Box::new(Talking { lobby: self.clone(), connection: connection.clone(), wanted, has_come, inside: None })
    }
}

impl Session for Talking {
    fn opened(&mut self) -> BoxFuture<'_, Later> {
        Box::pin(async { Later::Nothing })
    }

    fn frame(&mut self, text: Utf8Bytes) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            match &self.inside {
                Some(inside) => inside.hear(&self.lobby, &text).await,
                None if self.connection.is_leaving() => Later::Nothing,
                None => self.let_in(&text).await,
            }
        })
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(Inside { visit, .. }) = &mut self.inside else { return };
            if visit.look_anew().await.is_over() {
                self.connection.end_unauthorized();
            } else if !visit.leave_forbidden_rooms().await.is_empty() {
                self.connection.say_farewell(NO_ROOM);
            }
        })
    }

    fn closed(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(Inside { mut visit, .. }) = self.inside {
                visit.end().await;
            }
        })
    }
}

impl Talking {
    async fn let_in(&mut self, text: &str) -> Later {
        let admitted = match payload::introduction(text) {
            Ok(introduction) => self.admit(introduction).await,
            Err(wrong) => Err(Out::Again(wrong)),
        };
        match admitted {
            Ok(room) => Later::Settling(Box::pin(self.lobby.clone().show_list(self.connection.clone(), room))),
            Err(Out::Again(text)) => {
                self.connection.say_no(&text, "unreadable");
                Later::Nothing
            }
            Err(Out::Ended(text, farewell)) => {
                self.connection.send(wire::error(&text));
                self.connection.say_farewell(farewell);
                Later::Nothing
            }
        }
    }

    async fn admit(&mut self, introduction: Introduction) -> Result<RoomNumber, Out> {
        let door = &self.lobby.door;
        let (actor, token_ends) = match introduction {
            Introduction::Guest(name) => (self.welcome(&name).await?, None),
            Introduction::Account(token) => {
                let refused = |refusal| Out::Ended(unauthorized(refusal).0.into(), UNAUTHORIZED);
                let (actor, token_ends) = door.bearers.read(&token).map_err(refused)?;
                (actor, Some(token_ends))
            }
        };
        let caller = door.chat.caller(actor).await?;
        let room = door.enter_numbered(actor, &self.wanted).await?;
        let begun = Visit::begin(door.clone(), self.connection.clone(), actor, token_ends);
        let mut visit = begun.map_err(|_| Out::from(Refusal::TooManyConnections))?;
        self.has_come.store(true, Ordering::Relaxed);
        self.connection.send(wire::connected(&caller.author(), room.number));
        visit.listen(room.number);
        let typing = self.lobby.shared.typists.of(room.number);
        if !typing.is_empty() {
            self.connection.send(wire::typing(&typing));
        }
        let room = room.number;
        self.inside = Some(Inside { visit, room });
        Ok(room)
    }

    /// A guest, for as long as the connection lasts. Only for a room that there is.
    async fn welcome(&self, name: &str) -> Result<Actor, Out> {
        let Lobby { door, shared, .. } = &self.lobby;
        door.chat.look_in(numbered(&self.wanted)?).await?;
        door.chat.check_name(name).map_err(|_| Out::Again("username contains inappropriate content".into()))?;
        let too_many = |_| Out::Ended("Too many guests from this address, please try again later".into(), LATER);
        shared.budgets.count_guest(self.connection.address).map_err(too_many)?;
        Ok(Actor::Guest(door.chat.welcome_visitor(name).await?.id))
    }
}

impl Inside {
    async fn hear(&self, lobby: &Lobby, text: &str) -> Later {
        let connection = &self.visit.connection;
        self.visit.seat().inspect(|seat| seat.noticed(true));
        match payload::spoken(text) {
            Ok(Spoken::Message(content)) => match self.post(lobby, &content).await {
                Ok(pending) => {
                    let connection = connection.clone();
                    return Later::Settling(Box::pin(async move {
                        if let Err(refusal) = pending.settled().await {
                            connection.send(wire::error(&describe(refusal, Doing::Sending).text));
                        }
                    }));
                }
                Err(refusal) => connection.send(wire::error(&describe(refusal, Doing::Sending).text)),
            },
            Ok(Spoken::Typing(typing)) => {
                if let Err(refusal) = self.set_typing(lobby, typing).await {
                    connection.send(wire::error(&describe(refusal, Doing::Typing).text));
                }
            }
            Err(wrong) => connection.say_no(&wrong, "unreadable"),
        }
        Later::Nothing
    }

    async fn post(&self, lobby: &Lobby, content: &str) -> Result<Pending, Refusal> {
        let caller = self.visit.caller().await?;
        let said = Said { text: Text::new(content)?, client_offset: None, character: None, upload: None };
        let door = &lobby.door;
        door.chat.post(&caller, Some(&self.room.0.to_string()), said, door.rules).await
    }

    async fn set_typing(&self, lobby: &Lobby, typing: bool) -> Result<(), Refusal> {
        let caller = self.visit.caller().await?;
        let (room, holds_for) = (self.room.0.to_string(), typing.then_some(TYPING_HOLDS_FOR));
        lobby.door.chat.set_typing_for(&caller, Some(&room), self.visit.connection.id, holds_for).await
    }
}
