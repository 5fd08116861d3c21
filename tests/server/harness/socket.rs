//! A bare Socket.IO client: shows each frame as it stands, and costs next to nothing.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::polling::Polling;

pub const NAMESPACE: &str = "/api/community/chat";
/// Of the rooms dialect.
pub const ROOT: &str = "/";
const PATIENCE: Duration = Duration::from_secs(30);

enum Wire {
    WebSocket(Box<WebSocketStream<TcpStream>>),
    Polling(Box<Polling>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    /// With a small window: what it does not read soon waits at the server.
    NarrowWebSocket,
    Polling,
}

pub struct Socket {
    wire: Wire,
    /// Where it speaks and listens.
    pub namespace: &'static str,
    next_ack: u64,
    /// Events that came while an answer was awaited.
    pub heard: Vec<(String, Value)>,
}

impl Socket {
    /// Opens the transport only; none when the server is not there.
    pub async fn try_open(url: &str, transport: Transport) -> Option<Socket> {
        let wire = match transport {
            Transport::Polling => Wire::Polling(Box::new(Polling::open(url).await?)),
            Transport::WebSocket | Transport::NarrowWebSocket => {
                let address = url.strip_prefix("http://").unwrap();
                let socket = TcpSocket::new_v4().unwrap();
                if transport == Transport::NarrowWebSocket {
                    socket.set_recv_buffer_size(4096).unwrap();
                }
                let stream = socket.connect(address.parse().unwrap()).await.ok()?;
                stream.set_nodelay(true).ok()?;
                let path = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
                let (stream, _) = tokio::time::timeout(PATIENCE, client_async(path, stream)).await.ok()?.ok()?;
                let mut socket = Socket::on(Wire::WebSocket(Box::new(stream)));
                socket.frame().await?;
                return Some(socket);
            }
        };
        Some(Socket::on(wire))
    }

    fn on(wire: Wire) -> Socket {
        Socket { wire, namespace: NAMESPACE, next_ack: 0, heard: Vec::new() }
    }

    /// Asks to be let into a namespace, which it speaks in from then on; gives the answer. What comes before it
    /// is of another.
    pub async fn enter(&mut self, namespace: &'static str, auth: &Value) -> Option<String> {
        self.namespace = namespace;
        self.try_send(format!("40{}{auth}", prefix(namespace))).await?;
        let answers = ["40", "44"].map(|kind| format!("{kind}{}{{", prefix(namespace)));
        loop {
            let frame = self.frame().await?;
            if answers.iter().any(|answer| frame.starts_with(answer)) {
                return Some(frame);
            }
        }
    }

    pub async fn open(url: &str) -> Socket {
        Socket::try_open(url, Transport::WebSocket).await.unwrap()
    }

    /// Opens and joins the community namespace; none when that fails.
    pub async fn try_connect(url: &str, transport: Transport, auth: &Value) -> Option<Socket> {
        let mut socket = Socket::try_open(url, transport).await?;
        let answer = socket.enter(NAMESPACE, auth).await?;
        answer.starts_with(&format!("40{NAMESPACE},{{\"sid\"")).then_some(socket)
    }

    pub async fn connect(url: &str, auth: Value) -> Socket {
        Socket::try_connect(url, Transport::WebSocket, &auth).await.expect("cannot connect")
    }

    pub async fn with_token(url: &str, token: &str) -> Socket {
        Socket::connect(url, json!({ "token": token })).await
    }

    pub async fn send(&mut self, frame: impl Into<String>) {
        self.try_send(frame).await.expect("the connection ended");
    }

    pub async fn try_send(&mut self, frame: impl Into<String>) -> Option<()> {
        self.put(frame.into()).await?;
        self.try_flush().await
    }

    async fn put(&mut self, frame: String) -> Option<()> {
        match &mut self.wire {
            Wire::WebSocket(stream) => stream.feed(Message::text(frame)).await.ok(),
            Wire::Polling(polling) => {
                polling.feed(frame);
                Some(())
            }
        }
    }

    /// A binary message, which only a WebSocket has.
    pub async fn try_send_bytes(&mut self, bytes: Vec<u8>) -> Option<()> {
        match &mut self.wire {
            Wire::WebSocket(stream) => stream.send(Message::binary(bytes)).await.ok(),
            Wire::Polling(_) => None,
        }
    }

    /// Puts an event into the buffer without flushing; gives its ack id.
    pub async fn feed(&mut self, event: &str, payload: &Value) -> u64 {
        self.try_feed(event, payload).await.expect("the connection ended")
    }

    pub async fn try_feed(&mut self, event: &str, payload: &Value) -> Option<u64> {
        let id = self.next_ack;
        self.next_ack += 1;
        self.put(format!("42{}{id}{}", prefix(self.namespace), json!([event, payload]))).await?;
        Some(id)
    }

    pub async fn flush(&mut self) {
        self.try_flush().await.expect("the connection ended");
    }

    pub async fn try_flush(&mut self) -> Option<()> {
        match &mut self.wire {
            Wire::WebSocket(stream) => stream.flush().await.ok(),
            Wire::Polling(polling) => polling.flush().await.then_some(()),
        }
    }

    /// The next frame that is no ping; none when the connection ended.
    pub async fn frame(&mut self) -> Option<String> {
        tokio::time::timeout(PATIENCE, self.next_frame()).await.expect("no frame came")
    }

    /// The same, as long as it takes.
    pub async fn next_frame(&mut self) -> Option<String> {
        loop {
            let frame = match &mut self.wire {
                Wire::WebSocket(stream) => match stream.next().await? {
                    Ok(Message::Text(text)) => text.as_str().to_owned(),
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => continue,
                },
                Wire::Polling(polling) => polling.packet().await?,
            };
            match frame.as_str() {
                "2" => self.try_send("3").await?,
                "1" => return None,
                "6" => {}
                _ => return Some(frame),
            }
        }
    }

    /// The next event: its name and payload.
    pub async fn event(&mut self) -> (String, Value) {
        loop {
            let frame = self.frame().await.expect("the connection ended");
            if let Some(event) = event_in(self.namespace, &frame) {
                return event;
            }
        }
    }

    /// The next event of this name; others are passed over.
    pub async fn hear(&mut self, name: &str) -> Value {
        if let Some(at) = self.heard.iter().position(|(heard, _)| heard == name) {
            return self.heard.remove(at).1;
        }
        loop {
            let (heard, payload) = self.event().await;
            if heard == name {
                return payload;
            }
        }
    }

    /// Asks and waits for the answer; events that come before it are kept.
    pub async fn ask(&mut self, event: &str, payload: Value) -> Value {
        let id = self.feed(event, &payload).await;
        self.flush().await;
        let prefix = format!("43{}{id}[", prefix(self.namespace));
        loop {
            let frame = self.frame().await.expect("the connection ended");
            if let Some(rest) = frame.strip_prefix(&prefix) {
                return serde_json::from_str(rest.strip_suffix(']').unwrap()).unwrap();
            }
            self.heard.extend(event_in(self.namespace, &frame));
        }
    }

    /// Asks for what must succeed.
    pub async fn succeed(&mut self, event: &str, payload: Value) -> Value {
        let answer = self.ask(event, payload).await;
        assert_eq!(answer["success"], true, "{event}: {answer}");
        answer
    }
}

/// How packets begin behind their type.
pub fn prefix(namespace: &str) -> String {
    if namespace == ROOT { String::new() } else { format!("{namespace},") }
}

pub fn as_event(frame: &str) -> Option<(String, Value)> {
    event_in(NAMESPACE, frame)
}

pub fn event_in(namespace: &str, frame: &str) -> Option<(String, Value)> {
    let rest = frame.strip_prefix("42")?.strip_prefix(&prefix(namespace))?;
    if !rest.starts_with('[') {
        return None;
    }
    let [name, payload]: [Value; 2] = serde_json::from_str(rest).unwrap();
    Some((name.as_str().unwrap().to_owned(), payload))
}

/// The ack id and body of an answer frame.
pub fn as_ack(frame: &str) -> Option<(u64, Value)> {
    let rest = frame.strip_prefix("43")?.strip_prefix(NAMESPACE)?.strip_prefix(',')?;
    let (id, body) = rest.split_once('[')?;
    Some((id.parse().ok()?, serde_json::from_str(body.strip_suffix(']')?).ok()?))
}
