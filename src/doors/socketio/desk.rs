//! The worker of one connection: takes its items one after another, owns its sessions.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use engineioxide::{ProtocolVersion, Str};
use futures_util::FutureExt;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::packet::{self, Kind, Packet};
use super::{Ack, Client, ClientEvent, ConnectRefusal, Connection, Namespace, Payload, Refused, Session};
use crate::doors::connection::{Closing, Inbox, Live};
use crate::doors::shift::{self, Unsettled, Waits};

pub enum Item {
    Packet(Str),
    Reconsider,
    /// Ends the connection when everything before it is answered.
    Close(Closing),
    Ended,
}

pub struct Desk {
    namespaces: Arc<HashMap<&'static str, Arc<dyn Namespace>>>,
    sessions: HashMap<&'static str, Box<dyn Session>>,
    unsettled: Unsettled,
    refused_connects: u32,
    ended: bool,
}

/// A client that was refused so often asks in vain.
const CONNECTS_IN_VAIN: u32 = 10;

impl Desk {
    pub fn new(namespaces: Arc<HashMap<&'static str, Arc<dyn Namespace>>>) -> Desk {
        Desk {
            namespaces,
            sessions: HashMap::new(),
            unsettled: Unsettled::default(),
            refused_connects: 0,
            ended: false,
        }
    }

    /// Until all is settled and told, which may take as long as somebody takes to read. Meanwhile a token
    /// may end, or somebody be put out of a room: that does not wait.
    async fn settle(&mut self, connection: &Arc<Connection>) {
        while !self.unsettled.is_empty() {
            if connection.inbox.take_first(|item| matches!(item, Item::Reconsider)).is_some() {
                self.reconsider(connection).await;
                continue;
            }
            tokio::select! {
                () = self.unsettled.progress() => {}
                () = connection.inbox.arrival() => {}
            }
        }
    }

    async fn reconsider(&mut self, connection: &Arc<Connection>) {
        connection.reconsidering.store(false, Ordering::Relaxed);
        for session in self.sessions.values_mut() {
            session.reconsider().await;
        }
    }

    /// What only asks is asked in vain when nobody hears the answer. What is to be done is still done.
    fn has_effect(&self, text: &str) -> bool {
        let session = |packet: &Packet| self.sessions.get(packet.namespace);
        Packet::parse(text).is_some_and(|packet| match packet.kind {
            Kind::Event => arguments(packet)
                .is_some_and(|(name, _)| session(&packet).is_some_and(|session| !session.only_asks(&name))),
            _ => packet.kind != Kind::Connect,
        })
    }

    async fn handle_packet(&mut self, connection: &Arc<Connection>, packet: Packet<'_>) {
        match packet.kind {
            Kind::Connect => self.connect(connection, packet).await,
            Kind::Disconnect => {
                self.unsettled.tell_no_more(Some(packet.namespace));
                self.unsettled.all_settled().await;
                if let Some((namespace, session)) = self.sessions.remove_entry(packet.namespace) {
                    connection.note_left(namespace);
                    session.closed().await;
                }
            }
            Kind::Event | Kind::BinaryEvent => self.event(connection, packet).await,
            // Nothing of ours asks for an answer.
            Kind::Ack | Kind::BinaryAck | Kind::ConnectError => connection.refuse_silently(),
        }
    }

    /// Each costs the checking of a token; so a connection has a few, and not for ever.
    async fn connect(&mut self, connection: &Arc<Connection>, packet: Packet<'_>) {
        let before = self.sessions.len();
        self.decide(connection, packet).await;
        if self.sessions.len() > before {
            self.refused_connects = 0;
        } else {
            self.refused_connects += 1;
            if self.refused_connects == CONNECTS_IN_VAIN {
                connection.close(Closing::TooManyRefusals);
            }
        }
    }

    async fn decide(&mut self, connection: &Arc<Connection>, packet: Packet<'_>) {
        let of_protocol_4 = connection.protocol == ProtocolVersion::V3;
        let Some((name, namespace)) =
            self.namespaces.get_key_value(packet.namespace).map(|(name, namespace)| (*name, namespace.clone()))
        else {
            return refuse_connect(
                connection,
                packet.namespace,
                &ConnectRefusal { message: "Invalid namespace".into(), code: "invalid_namespace" },
            );
        };
        if self.sessions.contains_key(name) {
            return connection.refuse_silently();
        }
        // Some clients put the comma behind `/` too.
        let auth = if matches!(packet.json, "" | ",") { Ok(Value::Null) } else { serde_json::from_str(packet.json) };
        let Ok(auth) = auth else {
            let message = "The CONNECT packet is no JSON that can be read".into();
            return refuse_connect(connection, name, &ConnectRefusal { message, code: "unreadable" });
        };
        let decided = AssertUnwindSafe(namespace.connect(Client { connection, auth })).catch_unwind().await;
        match decided {
            Ok(Ok(session)) => {
                // Never the engine's id, which whoever knows can post with.
                let sid = Uuid::new_v4().simple().to_string();
                connection.send(packet::connected(name, (!of_protocol_4).then_some(sid.as_str())).into());
                // Clients of protocol 4 are in `/` without having said a word.
                if !(of_protocol_4 && name == "/") {
                    connection.note_joined(name);
                }
                // Kept before anything else happens: whatever goes wrong, it is closed in the end.
                let session = self.sessions.entry(name).or_insert(session);
                let later = session.opened().await;
                self.unsettled.go_on(name, later);
            }
            Ok(Err(refusal)) => refuse_connect(connection, name, &refusal),
            Err(_) => refuse_connect(
                connection,
                name,
                &ConnectRefusal { message: "Something went wrong on the server".into(), code: "failed" },
            ),
        }
    }

    async fn event(&mut self, connection: &Arc<Connection>, packet: Packet<'_>) {
        let known = self.namespaces.get_key_value(packet.namespace).map(|(name, _)| *name);
        let refuse = |error: &str, code: &str| match (known, packet.ack) {
            (Some(namespace), Some(id)) => {
                Ack::new(connection, namespace, id).send(&Refused { success: false, error, code, retry_in: None })
            }
            _ => connection.refuse_silently(),
        };
        let Some((namespace, session)) =
            known.and_then(|namespace| Some((namespace, self.sessions.get_mut(namespace)?)))
        else {
            return refuse("Not connected to this namespace", "not_connected");
        };
        let Some((name, payload)) = arguments(packet) else {
            return refuse("An event is a list that begins with its name", "unreadable");
        };
        let waits = session.waits(&name);
        if waits == Waits::ForTelling || self.unsettled.is_full() {
            self.settle(connection).await;
        } else if waits == Waits::ForSettling {
            self.unsettled.all_settled().await;
        }
        let Some(session) = self.sessions.get_mut(namespace) else { return };
        let ack = packet.ack.map(|id| Ack::new(connection, namespace, id));
        let later = session.event(ClientEvent { name, payload, ack }).await;
        self.unsettled.go_on(namespace, later);
    }
}

impl shift::Desk for Desk {
    type Connection = Connection;
    type Item = Item;

    fn inbox(connection: &Connection) -> &Inbox<Item> {
        &connection.inbox
    }

    fn place(connection: &Connection) -> &Mutex<Option<Desk>> {
        &connection.desk
    }

    fn unsettled(&mut self) -> &mut Unsettled {
        &mut self.unsettled
    }

    async fn handle(&mut self, connection: &Arc<Connection>, item: Item) {
        match item {
            Item::Packet(_) if self.ended => {}
            Item::Packet(text) if connection.is_gone() && !self.has_effect(&text) => {}
            Item::Packet(text) => {
                if let Some(packet) = Packet::parse(&text) {
                    self.handle_packet(connection, packet).await;
                }
            }
            Item::Reconsider => self.reconsider(connection).await,
            Item::Close(why) => {
                self.settle(connection).await;
                connection.close_when_read(why).await;
            }
            Item::Ended => {
                self.ended = true;
                self.unsettled.tell_no_more(None);
                self.settle(connection).await;
                for (_, session) in self.sessions.drain() {
                    session.closed().await;
                }
            }
        }
    }
}

fn arguments(packet: Packet<'_>) -> Option<(String, Payload)> {
    let arguments: Vec<&RawValue> = serde_json::from_str(packet.json).ok()?;
    let name: String = serde_json::from_str(arguments.first()?.get()).ok()?;
    let payload = match arguments.get(1) {
        _ if packet.kind == Kind::BinaryEvent => Payload::Broken,
        None => Payload::Missing,
        Some(raw) => serde_json::from_str(raw.get()).map_or(Payload::Broken, Payload::Value),
    };
    Some((name, payload))
}

/// Protocol 5 has an object with a message, protocol 4 the message alone.
fn refuse_connect(connection: &Arc<Connection>, namespace: &str, refusal: &ConnectRefusal) {
    let frame = if connection.protocol == ProtocolVersion::V3 {
        packet::connect_error(namespace, &refusal.message)
    } else if refusal.code == "invalid_namespace" {
        packet::connect_error(namespace, &serde_json::json!({ "message": refusal.message }))
    } else {
        packet::connect_error(
            namespace,
            &serde_json::json!({ "message": refusal.message, "data": { "code": refusal.code } }),
        )
    };
    connection.send(frame.into());
}
