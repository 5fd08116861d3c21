//! A client that speaks a plain WebSocket, in frames of JSON.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Server;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Plain {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// How a connection ended: code and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed(pub u16, pub String);

impl Plain {
    pub async fn open(server: &Server, path: &str) -> Plain {
        Plain::try_to_open(&server.url, path).await.unwrap_or_else(|(status, body)| panic!("{status} {body}"))
    }

    /// The status and body of what was said instead of an upgrade.
    pub async fn try_to_open(url: &str, path: &str) -> Result<Plain, (u16, String)> {
        match connect_async(format!("{}{path}", url.replace("http", "ws"))).await {
            Ok((stream, _)) => Ok(Plain { stream }),
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
            }
            Err(other) => panic!("{other}"),
        }
    }

    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_bytes(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame, or how the connection ended.
    pub async fn next(&mut self) -> Result<Value, Closed> {
        Ok(serde_json::from_str(&self.next_text().await?).unwrap())
    }

    /// The same as it stands.
    pub async fn next_text(&mut self) -> Result<String, Closed> {
        let next = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                    Some(Ok(Message::Close(Some(close)))) => {
                        return Err(Closed(close.code.into(), close.reason.to_string()));
                    }
                    Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(Closed(0, String::new())),
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("no frame came")
    }

    /// The next frame of this type; others are passed over.
    pub async fn hear(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|closed| panic!("{closed:?} instead of {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.next().await {
                return closed;
            }
        }
    }

    /// Nothing comes before the answer to this.
    pub async fn hears_nothing_before(&mut self, question: &Value, answer: &str) {
        self.send(question).await;
        assert_eq!(self.next().await.unwrap()["type"], answer);
    }

    /// Says farewell, and gives the server's.
    pub async fn leaves(mut self, code: u16, reason: &str) -> Closed {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        self.stream.close(Some(frame)).await.unwrap();
        self.closed().await
    }

    pub async fn close(mut self) {
        self.stream.close(None).await.ok();
    }
}
