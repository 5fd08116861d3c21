//! Engine.IO over HTTP requests: what a client has whose network lets no WebSocket through.

use std::collections::VecDeque;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(40);
const BETWEEN_PACKETS: char = '\u{1e}';

pub struct Polling {
    http: reqwest::Client,
    url: String,
    arrived: VecDeque<String>,
    outgoing: Vec<String>,
}

impl Polling {
    pub async fn open(url: &str) -> Option<Polling> {
        let mut polling = Polling {
            http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
            url: format!("{url}/socket.io/?EIO=4&transport=polling"),
            arrived: VecDeque::new(),
            outgoing: Vec::new(),
        };
        let open = polling.packet().await?;
        let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0')?).ok()?;
        polling.url = format!("{}&sid={}", polling.url, open["sid"].as_str()?);
        Some(polling)
    }

    pub fn feed(&mut self, packet: String) {
        self.outgoing.push(packet);
    }

    pub async fn flush(&mut self) -> bool {
        if self.outgoing.is_empty() {
            return true;
        }
        let body = std::mem::take(&mut self.outgoing).join(&BETWEEN_PACKETS.to_string());
        let answer = self.http.post(&self.url).header("content-type", "text/plain;charset=UTF-8").body(body).send();
        answer.await.is_ok_and(|answer| answer.status().is_success())
    }

    /// The next packet; none when the connection ended. May be dropped while it waits: then the
    /// packets of that answer are lost, as they are for a client that hangs up.
    pub async fn packet(&mut self) -> Option<String> {
        while self.arrived.is_empty() {
            let answer = self.http.get(&self.url).send().await.ok()?;
            if !answer.status().is_success() {
                return None;
            }
            self.arrived.extend(answer.text().await.ok()?.split(BETWEEN_PACKETS).map(str::to_owned));
        }
        self.arrived.pop_front()
    }
}
