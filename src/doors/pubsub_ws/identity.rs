//! Who a client is: by a token, by its first frame, or as a guest.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::incoming::Talking;
use super::wire;
use crate::auth::TokenRefusal;
use crate::chat::Refusal;
use crate::doors::bearer::{turned_away, unauthorized};
use crate::doors::connection::Live;
use crate::doors::refusals::{Described, Doing, describe};
use crate::doors::tally::TALLY;
use crate::doors::websocket::Farewell;
use crate::model::{Actor, Author};

/// Where no guests are taken, a client says who it is within this time.
const ENTRY: Duration = Duration::from_secs(10);
const AGAIN_LATER: Farewell = Farewell { code: 1013, reason: "Try again later" };

/// Why somebody is not who they say, and how their connection ends.
struct Stranger {
    refused: Described,
    farewell: Option<Farewell>,
}

pub(super) fn refused(text: impl Into<String>, code: &'static str, status: u16) -> Described {
    TALLY.refused(code);
    Described { code, status, text: text.into(), retry_in: None, budget: None }
}

fn by_token(refusal: TokenRefusal) -> Stranger {
    let (text, code) = unauthorized(refusal);
    Stranger { refused: refused(text, code, 401), farewell: None }
}

impl Stranger {
    fn of(refusal: Refusal) -> Stranger {
        match turned_away(refusal) {
            Some((text, code)) => Stranger { refused: refused(text, code, 401), farewell: None },
            None => Stranger { refused: describe(refusal, Doing::Authenticating), farewell: Some(AGAIN_LATER) },
        }
    }
}

impl Talking {
    fn is_nobody(&self) -> bool {
        self.visit.actor() == Actor::Anonymous
    }

    /// The connection has just come, with a token or without.
    pub(super) async fn enter(&mut self) {
        match self.token.take() {
            Some(token) => self.authenticate(&token).await,
            None if self.door.door.chat.must_take_guests().is_ok() => self.greet(&self.guest_name()),
            None => self.await_token(),
        }
    }

    /// Its first eight digits, as the dialect's clients know guests.
    fn guest_name(&self) -> String {
        let digits = self.client_id.simple().to_string();
        format!("user_{:.8}", digits)
    }

    fn greet(&self, user: &str) {
        self.visit.connection.send(wire::connected(self.client_id, user));
    }

    fn await_token(&self) {
        let (connection, is_late) = (std::sync::Arc::downgrade(&self.visit.connection), self.is_late.clone());
        tokio::spawn(async move {
            tokio::time::sleep(ENTRY).await;
            is_late.store(true, Ordering::Relaxed);
            connection.upgrade().inspect(Live::reconsider);
        });
    }

    /// One who is known already stays who they are, whatever comes of it.
    pub(super) async fn authenticate(&mut self, token: &str) {
        match self.identify(token).await {
            Ok(user) => self.greet(&user),
            Err(stranger) => self.turn_away(stranger),
        }
    }

    fn turn_away(&self, Stranger { refused, farewell }: Stranger) {
        let connection = &self.visit.connection;
        connection.send(wire::refusal(&refused));
        match farewell {
            _ if !self.is_nobody() => {}
            Some(farewell) => connection.say_farewell(farewell),
            None => connection.end_unauthorized(),
        }
    }

    async fn identify(&mut self, token: &str) -> Result<String, Stranger> {
        let (actor, token_ends) = self.door.door.bearers.read(token).map_err(by_token)?;
        let caller = self.door.door.chat.caller(actor).await.map_err(Stranger::of)?;
        if !self.is_nobody() && self.visit.actor().person() != actor.person() {
            let refused = refused("This connection is somebody else's already", "already_known", 409);
            return Err(Stranger { refused, farewell: None });
        }
        if self.visit.become_this(actor, Some(token_ends)).await.is_err() {
            let refused = describe(Refusal::TooManyConnections, Doing::Authenticating);
            return Err(Stranger { refused, farewell: Some(Farewell::CROWDED) });
        }
        Ok(caller.author().handle().to_owned())
    }

    /// Who does something and is nobody yet comes as a guest. Whether there is somebody then.
    pub(super) async fn is_somebody(&mut self) -> bool {
        if !self.is_nobody() {
            return true;
        }
        if self.door.door.chat.must_take_guests().is_err() {
            self.turn_away(by_token(TokenRefusal::Missing));
            return false;
        }
        let name = self.guest_name();
        match self.welcome(&name).await {
            Ok(guest) => {
                // There are never too many connections of somebody new.
                self.visit.become_this(Actor::Guest(guest.id), None).await.ok();
                if guest.name != name {
                    self.greet(&guest.name);
                }
                true
            }
            Err(refused) => {
                self.visit.connection.send(wire::refusal(&refused));
                false
            }
        }
    }

    /// For as long as the connection lasts.
    async fn welcome(&self, name: &str) -> Result<Author, Described> {
        let too_many = |retry_in| Described {
            retry_in: Some(retry_in),
            ..refused("Too many guests from this address, please try again later", "slow_down", 429)
        };
        self.door.budgets.count_guest(self.visit.connection.address).map_err(too_many)?;
        let welcomed = self.door.door.chat.welcome_visitor(name).await;
        welcomed.map_err(|refusal| describe(refusal, Doing::Authenticating))
    }

    /// Something outside may have changed who this is, or what it may.
    pub(super) async fn look_anew(&mut self) {
        if self.is_nobody() {
            if self.is_late.load(Ordering::Relaxed) {
                self.turn_away(by_token(TokenRefusal::Missing));
            }
            return;
        }
        let anew = self.visit.look_anew().await;
        if anew.is_over() {
            let expired = anew.token_ended.then(|| by_token(TokenRefusal::Expired));
            let stranger = expired.or_else(|| anew.standing.err().map(Stranger::of));
            stranger.inspect(|stranger| self.visit.connection.send(wire::refusal(&stranger.refused)));
            return self.visit.connection.end_unauthorized();
        }
        for room in self.visit.leave_forbidden_rooms().await {
            if let Some(joined) = self.joined.remove(&room) {
                let text = format!("You are not in room {} any more", joined.place.name);
                self.visit.connection.send(wire::refusal(&refused(text, "put_out", 403)));
            }
        }
    }
}
