//! A client that listens to a channel.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Channels, wire};
use crate::chat::Refusal;
use crate::doors::refusals::{Doing, describe};
use crate::doors::shift::Later;
use crate::doors::visit::Visit;
use crate::doors::websocket::{Connection, Farewell, Session, Utf8Bytes};
use crate::model::{Actor, RoomNumber};

pub(super) struct Listening {
    channels: Channels,
    visit: Visit<Connection>,
    channel: RoomNumber,
}

impl Channels {
    /// Whether the channel is open to the caller has been asked.
    pub(super) fn listen(
        &self,
        connection: &std::sync::Arc<Connection>,
        (actor, token_ends): (Actor, u64),
        channel: RoomNumber,
    ) -> Result<Box<dyn Session>, Farewell> {
        let begun = Visit::begin(self.door.clone(), connection.clone(), actor, Some(token_ends));
        let mut visit = begun.map_err(|_| Farewell::CROWDED)?;
        visit.listen(channel);
        Ok(Box::new(Listening { channels: self.clone(), visit, channel }))
    }
}

impl Session for Listening {
    fn opened(&mut self) -> BoxFuture<'_, Later> {
        Box::pin(async { Later::Nothing })
    }

    fn frame(&mut self, text: Utf8Bytes) -> BoxFuture<'_, Later> {
        Box::pin(async move {
            let frame: Option<Value> = serde_json::from_str(&text).ok();
            match frame.as_ref().and_then(|frame| frame["type"].as_str()) {
                Some("ping") => {
                    self.visit.seat().inspect(|seat| seat.noticed(false));
                    self.visit.connection.send(wire::PONG);
                }
                Some("typing") => {
                    self.visit.seat().inspect(|seat| seat.noticed(true));
                    if let Err(refusal) = self.typing().await {
                        self.visit.connection.send(wire::error(&describe(refusal, Doing::Typing).text));
                    }
                }
                Some(other) => {
                    let unknown = format!("Unknown type {other:.40}: ping and typing are known");
                    self.visit.connection.say_no(&unknown, "unknown_event");
                }
                None => self.visit.connection.say_no("A frame is a JSON object with a type", "unreadable"),
            }
            Later::Nothing
        })
    }

    fn reconsider(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.visit.look_anew().await.is_over()
                || self.visit.leave_forbidden_rooms().await.contains(&self.channel)
            {
                self.visit.connection.end_unauthorized();
            }
        })
    }

    fn closed(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.visit.end().await })
    }
}

impl Listening {
    async fn typing(&self) -> Result<(), Refusal> {
        let caller = self.visit.caller().await?;
        let channel = self.channel.0.to_string();
        self.channels.door.chat.set_typing(&caller, Some(&channel), self.visit.connection.id, true).await
    }
}
