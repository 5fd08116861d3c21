//! What can be asked by REST or by an event of the community namespace: one command each, with the
//! same rights, refusals and effects (docs/wire/own.md).

mod audit;
mod budgets;
mod characters;
mod downloads;
mod failure;
mod fields;
mod figures;
mod files;
mod members;
mod messages;
mod myself;
mod own_data;
mod people;
mod platform;
pub mod presence;
mod reports;
pub mod rest;
mod rooms;
pub mod uploads;
pub mod wire;

use std::sync::Arc;

use axum::http::Method;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc;

pub use budgets::{Allowance, Allowances};
pub use failure::Failure;
pub use fields::{Fields, MOST_REASON, is_name};
pub use figures::Load;
pub use messages::MOST_MESSAGES;

use crate::chat::{Caller, Chat, Refusal, Rules};
use crate::doors::bearer::Bearers;
use crate::model::{Actor, UserId};
use budgets::Budgets;
use figures::Figures;

/// What these commands stand on. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    shared: Arc<Shared>,
}

struct Shared {
    chat: Chat,
    bearers: Bearers,
    rules: Rules,
    figures: Figures,
    budgets: Budgets,
}

/// What comes of a request.
#[derive(Debug)]
pub enum Reply {
    Shown(Value),
    Made(Value),
    Nothing,
    /// Written as it is read; by REST only.
    Document(mpsc::Receiver<Result<String, Refusal>>),
}

type Answer<'a> = BoxFuture<'a, Result<Reply, Failure>>;
type Command = for<'a> fn(&'a Requests, &'a Asker, &'a mut Fields) -> Answer<'a>;

/// A body of JSON has no more, unless its route says so.
const MOST_BYTES: usize = 64 * 1024;

/// One command under its two names.
pub struct Route {
    method: Method,
    path: &'static str,
    event: Option<&'static str>,
    allowance: Option<Allowance>,
    /// Largest body.
    most_bytes: usize,
    command: Command,
}

impl Route {
    const fn new(method: Method, path: &'static str, command: Command) -> Route {
        Route { method, path, event: None, allowance: None, most_bytes: MOST_BYTES, command }
    }

    const fn event(mut self, name: &'static str) -> Route {
        self.event = Some(name);
        self
    }

    pub fn only_asks(&self) -> bool {
        self.method == Method::GET
    }

    const fn holds(mut self, bytes: usize) -> Route {
        self.most_bytes = bytes;
        self
    }

    const fn counts_as(mut self, allowance: Allowance) -> Route {
        self.allowance = Some(allowance);
        self
    }
}

fn routes() -> impl Iterator<Item = &'static Route> {
    let all = [
        rooms::ROUTES,
        members::ROUTES,
        messages::ROUTES,
        presence::ROUTES,
        audit::ROUTES,
        own_data::ROUTES,
        myself::ROUTES,
        people::ROUTES,
        characters::ROUTES,
        files::ROUTES,
        reports::ROUTES,
        platform::ROUTES,
        figures::ROUTES,
    ];
    all.into_iter().flatten()
}

/// Who asks.
pub struct Asker {
    pub actor: Actor,
    caller: Result<Caller, Refusal>,
}

impl Asker {
    /// For what needs an identity.
    pub fn caller(&self) -> Result<&Caller, Failure> {
        self.caller.as_ref().map_err(|refusal| Failure::Refused(*refusal))
    }

    /// Nobody, or somebody who is who they say.
    pub fn anybody(&self) -> Result<Actor, Failure> {
        if self.actor != Actor::Anonymous {
            self.caller()?;
        }
        Ok(self.actor)
    }

    /// For what guests cannot do.
    pub fn account(&self) -> Result<&Caller, Failure> {
        let caller = self.caller()?;
        caller.account()?;
        Ok(caller)
    }
}

impl Requests {
    pub fn new(chat: Chat, bearers: Bearers, rules: Rules, allowances: &Allowances) -> Requests {
        let (budgets, figures) = (Budgets::new(allowances), Figures::new(chat.now()));
        Requests { shared: Arc::new(Shared { chat, bearers, rules, figures, budgets }) }
    }

    pub fn chat(&self) -> &Chat {
        &self.shared.chat
    }

    /// The community namespace's rules for messages.
    pub fn rules(&self) -> Rules {
        self.shared.rules
    }

    /// The command that an event names.
    pub fn of_event(name: &str) -> Option<&'static Route> {
        routes().find(|route| route.event == Some(name))
    }

    pub async fn asker(&self, actor: Actor) -> Asker {
        let caller = match actor {
            // Who only claimed an identity can do what the Node contract has, and nothing of this.
            Actor::Anonymous | Actor::Claimed(_) => Err(Refusal::NotAuthenticated),
            Actor::User(_) | Actor::Session { .. } | Actor::Guest(_) => self.chat().caller(actor).await,
        };
        Asker { actor, caller }
    }

    /// A name that may be borne here.
    fn name(&self, fields: &mut Fields, most: usize) -> Option<String> {
        let name = fields.name("name", most)?;
        if self.chat().check_name(&name).is_err() {
            fields.fault("name", "name contains inappropriate content");
        }
        Some(name)
    }

    /// What somebody says of themselves or of a room.
    fn description(&self, fields: &mut Fields, field: &'static str, most: usize) -> Option<String> {
        let text = fields.text(field, most)?;
        if self.chat().check_description(&text).is_err() {
            fields.fault(field, format!("{field} contains inappropriate content"));
        }
        Some(text)
    }

    /// Counts a request of some kind, of whoever has an identity.
    fn spend(&self, allowance: Allowance, asker: &Asker) -> Result<(), Failure> {
        let Ok(caller) = &asker.caller else { return Ok(()) };
        self.shared.budgets.spend(allowance, caller.user().id)
    }

    /// Counts a room that somebody makes through another door.
    pub fn count_room(&self, maker: UserId) -> Result<(), Failure> {
        self.shared.budgets.spend(Allowance::Rooms, maker)
    }

    pub async fn carry_out(&self, route: &Route, asker: &Asker, mut fields: Fields) -> Result<Reply, Failure> {
        if let Some(allowance) = route.allowance {
            self.spend(allowance, asker)?;
        }
        fields.is_asked_of(route);
        (route.command)(self, asker, &mut fields).await
    }

    /// Keys that have spent nothing for a while take no memory.
    pub fn forget_idle(&self) {
        self.shared.budgets.forget_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN_WIRE: &str = include_str!("../../../docs/wire/own.md");

    /// The line of a table that names it, whatever what stands in the path is called.
    fn line_of(route: &Route) -> Option<&'static str> {
        let parts = |path: &str| -> Vec<String> {
            path.split('/').map(|part| if part.starts_with('{') { "{}".into() } else { part.to_owned() }).collect()
        };
        let is_it = |name: &str| {
            let (method, path) = name.split_once(' ').unwrap_or_default();
            method == route.method.as_str() && parts(path) == parts(route.path)
        };
        let cells = |line: &'static str| line.split(" | ").next().unwrap_or_default();
        OWN_WIRE
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(cells)
            .find(|cell| cell.split('`').skip(1).step_by(2).any(is_it))
    }

    /// The other way round tests/server/own_wire.rs compares.
    #[test]
    fn every_route_stands_in_the_document_with_its_event() {
        for route in routes() {
            let line = line_of(route).unwrap_or_else(|| panic!("{} {} is not there", route.method, route.path));
            let written: Vec<&str> = line.split('`').skip(1).step_by(2).filter(|name| !name.contains(' ')).collect();
            // The contract's own events are handled by its dialect.
            let own: Vec<&str> = written.into_iter().filter(|name| Requests::of_event(name).is_some()).collect();
            assert_eq!(own, route.event.into_iter().collect::<Vec<_>>(), "{line}");
        }
    }
}
