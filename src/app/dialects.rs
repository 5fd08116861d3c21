//! The dialects beside the community one, as many of them as are spoken.

use std::sync::Arc;

use axum::Router;

use super::settings::channels_rules;
use crate::chat::Rules;
use crate::config::{Config, Dialect};
use crate::doors::channels_ws::{self, Channels};
use crate::doors::visit::Door;
use crate::doors::websocket::{Connection, WebSockets};
use crate::model::Event;

#[derive(Clone)]
pub struct Dialects {
    channels: Option<Channels>,
}

impl Dialects {
    /// Each gets a door of its own with its rules.
    pub fn open(
        config: &Config,
        websockets: &Arc<WebSockets>,
        door: impl Fn(Rules) -> Arc<Door<Connection>>,
    ) -> Dialects {
        let is_open = |dialect| config.doors.open.contains(&dialect);
        Dialects {
            channels: is_open(Dialect::Channels)
                .then(|| Channels::new(door(channels_rules(config)), websockets.clone())),
        }
    }

    pub async fn tell(&self, events: &[Arc<Event>]) {
        if let Some(channels) = &self.channels {
            channels.tell(events).await;
        }
    }

    /// What time alone brings about.
    pub fn tick(&self) {
        self.channels.iter().for_each(Channels::tick);
    }

    pub fn router(self) -> Router {
        self.channels.map(channels_ws::rest::router).unwrap_or_default()
    }
}
