//! A bare Socket.IO client over WebSocket: shows each frame as it stands, and costs next to nothing.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub const NAMESPACE: &str = "/api/community/chat";
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_ack: u64,
    /// Events that came while an answer was awaited.
    pub heard: Vec<(String, Value)>,
}

impl Socket {
    /// Opens the transport only.
    pub async fn open(url: &str) -> Socket {
        let address = format!("{}/socket.io/?EIO=4&transport=websocket", url.replace("http", "ws"));
        let (stream, _) = connect_async(address).await.unwrap();
        let mut socket = Socket { stream, next_ack: 0, heard: Vec::new() };
        assert!(socket.frame().await.unwrap().starts_with("0{"));
        socket
    }

    /// Opens and joins the community namespace.
    pub async fn connect(url: &str, auth: Value) -> Socket {
        let mut socket = Socket::open(url).await;
        socket.send(format!("40{NAMESPACE},{auth}")).await;
        let answer = socket.frame().await.unwrap();
        assert!(answer.starts_with(&format!("40{NAMESPACE},{{\"sid\"")), "{answer}");
        socket
    }

    pub async fn with_token(url: &str, token: &str) -> Socket {
        Socket::connect(url, json!({ "token": token })).await
    }

    pub async fn send(&mut self, frame: impl Into<String>) {
        self.stream.send(Message::text(frame.into())).await.unwrap();
    }

    /// Puts an event into the buffer without flushing; gives its ack id.
    pub async fn feed(&mut self, event: &str, payload: &Value) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        self.stream.feed(Message::text(format!("42{NAMESPACE},{id}{}", json!([event, payload])))).await.unwrap();
        id
    }

    pub async fn flush(&mut self) {
        self.stream.flush().await.unwrap();
    }

    /// The next frame that is no ping; none when the connection ended.
    pub async fn frame(&mut self) -> Option<String> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("no frame came")?;
            match message {
                Ok(Message::Text(text)) if text.as_str() == "2" => self.send("3").await,
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next event: its name and payload.
    pub async fn event(&mut self) -> (String, Value) {
        loop {
            let frame = self.frame().await.expect("the connection ended");
            if let Some(event) = as_event(&frame) {
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
        let prefix = format!("43{NAMESPACE},{id}[");
        loop {
            let frame = self.frame().await.expect("the connection ended");
            if let Some(rest) = frame.strip_prefix(&prefix) {
                return serde_json::from_str(rest.strip_suffix(']').unwrap()).unwrap();
            }
            self.heard.extend(as_event(&frame));
        }
    }

    /// Asks for what must succeed.
    pub async fn succeed(&mut self, event: &str, payload: Value) -> Value {
        let answer = self.ask(event, payload).await;
        assert_eq!(answer["success"], true, "{event}: {answer}");
        answer
    }
}

fn as_event(frame: &str) -> Option<(String, Value)> {
    let rest = frame.strip_prefix("42")?.strip_prefix(NAMESPACE)?.strip_prefix(',')?;
    let [name, payload]: [Value; 2] = serde_json::from_str(rest).unwrap();
    Some((name.as_str().unwrap().to_owned(), payload))
}

/// The ack id and body of an answer frame.
pub fn as_ack(frame: &str) -> Option<(u64, Value)> {
    let rest = frame.strip_prefix("43")?.strip_prefix(NAMESPACE)?.strip_prefix(',')?;
    let (id, body) = rest.split_once('[')?;
    Some((id.parse().ok()?, serde_json::from_str(body.strip_suffix(']')?).ok()?))
}
