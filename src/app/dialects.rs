//! The dialects beside the community one, as many of them as are spoken.

use std::sync::Arc;

use axum::Router;

use super::settings::{channels_rules, rules};
use crate::chat::{Chat, Rules};
use crate::config::{Config, Dialect};
use crate::doors::bearer::Bearers;
use crate::doors::channels_ws::{self, Channels};
use crate::doors::connection::Live;
use crate::doors::guests::GuestBudgets;
use crate::doors::lobby_ws::{self, Lobby};
use crate::doors::pubsub_ws::{self, PubSub};
use crate::doors::requests::Requests;
use crate::doors::rooms_socketio::Rooms;
use crate::doors::socketio::{Namespace, Root};
use crate::doors::visit::Door;
use crate::doors::visitors::Crowd;
use crate::doors::websocket::WebSockets;
use crate::model::{Clock, Event};

/// What every door stands on.
pub struct Threshold {
    pub chat: Chat,
    pub bearers: Bearers,
    pub crowd: Arc<Crowd>,
    pub clock: Clock,
}

impl Threshold {
    fn door<L: Live>(&self, rules: Rules) -> Arc<Door<L>> {
        Door::new(self.chat.clone(), self.bearers.clone(), rules, self.crowd.clone(), self.clock.clone())
    }
}

#[derive(Clone)]
pub struct Dialects {
    rooms: Option<Rooms>,
    channels: Option<Channels>,
    lobby: Option<Lobby>,
    pubsub: Option<PubSub>,
    guests: Arc<GuestBudgets>,
}

impl Dialects {
    /// Each gets a door of its own with its rules.
    pub fn open(config: &Config, websockets: &Arc<WebSockets>, requests: &Requests, on: &Threshold) -> Dialects {
        let is_open = |dialect| config.doors.open.contains(&dialect);
        let guests =
            GuestBudgets::new(config.doors.rate_limit_guests_per_hour, config.limits.rate_limit_rooms_per_hour);
        Dialects {
            rooms: is_open(Dialect::Rooms).then(|| Rooms::new(on.door(rules(config)), requests.clone())),
            channels: is_open(Dialect::Channels)
                .then(|| Channels::new(on.door(channels_rules(config)), websockets.clone())),
            lobby: is_open(Dialect::Lobby)
                .then(|| Lobby::new(on.door(rules(config)), websockets.clone(), requests.clone(), guests.clone())),
            pubsub: is_open(Dialect::PubSub)
                .then(|| PubSub::new(on.door(rules(config)), websockets.clone(), requests.clone(), guests.clone())),
            guests,
        }
    }

    /// What stands at `/`, where clients of Socket.IO 2 come in any case.
    pub fn root(&self) -> Arc<dyn Namespace> {
        self.rooms.clone().map_or_else(|| Arc::new(Root) as Arc<dyn Namespace>, |rooms| Arc::new(rooms))
    }

    pub async fn tell(&self, events: &[Arc<Event>]) {
        if let Some(rooms) = &self.rooms {
            rooms.tell(events).await;
        }
        if let Some(channels) = &self.channels {
            channels.tell(events).await;
        }
        if let Some(lobby) = &self.lobby {
            lobby.tell(events).await;
        }
        if let Some(pubsub) = &self.pubsub {
            pubsub.tell(events).await;
        }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.rooms.iter().for_each(Rooms::tick);
        self.channels.iter().for_each(Channels::tick);
        self.lobby.iter().for_each(Lobby::tick);
        self.pubsub.iter().for_each(PubSub::tick);
        self.guests.forget_idle();
    }

    pub fn router(self) -> Router {
        Router::new()
            .merge(self.channels.map(channels_ws::rest::router).unwrap_or_default())
            .merge(self.lobby.map(lobby_ws::rest::router).unwrap_or_default())
            .merge(self.pubsub.map(pubsub_ws::rest::router).unwrap_or_default())
    }
}
