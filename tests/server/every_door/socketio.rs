//! A Socket.IO session in one of the two namespaces.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::super::harness::Socket;
use super::super::harness::socket::NAMESPACE;

pub struct Session {
    socket: Socket,
    /// As it stands in each packet: nothing for `/`.
    namespace: String,
    next_ack: u64,
    heard: VecDeque<(String, Value)>,
}

impl Session {
    pub async fn community(socket: Socket, token: &str) -> Session {
        Session::begin(socket, format!("{NAMESPACE},"), token).await
    }

    pub async fn rooms(socket: Socket, token: &str) -> Session {
        Session::begin(socket, String::new(), token).await
    }

    async fn begin(mut socket: Socket, namespace: String, token: &str) -> Session {
        socket.send(format!("40{namespace}{}", json!({ "token": token }))).await;
        let answer = socket.frame().await.expect("the connection ended");
        assert!(answer.starts_with(&format!("40{namespace}{{\"sid\"")), "{answer}");
        Session { socket, namespace, next_ack: 0, heard: VecDeque::new() }
    }

    /// Asks and waits for the answer; what is heard before it is kept.
    pub async fn ask(&mut self, event: &str, payload: Value) -> Value {
        let id = self.next_ack;
        self.next_ack += 1;
        self.socket.send(format!("42{}{id}{}", self.namespace, json!([event, payload]))).await;
        let prefix = format!("43{}{id}[", self.namespace);
        loop {
            let frame = self.socket.frame().await.expect("the connection ended");
            if let Some(rest) = frame.strip_prefix(&prefix) {
                return serde_json::from_str(rest.strip_suffix(']').unwrap()).unwrap();
            }
            self.heard.extend(self.event_in(&frame));
        }
    }

    pub async fn event(&mut self) -> (String, Value) {
        self.next().await.expect("the connection ended")
    }

    /// None: it is closed.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Some(heard);
            }
            let frame = self.socket.frame().await?;
            self.heard.extend(self.event_in(&frame));
        }
    }

    fn event_in(&self, frame: &str) -> Option<(String, Value)> {
        let rest = frame.strip_prefix("42")?.strip_prefix(&self.namespace)?;
        serde_json::from_str(rest).ok()
    }
}
