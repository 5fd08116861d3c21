//! Engine.IO over HTTP requests: what a client has whose network lets no WebSocket through.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(40);
const BETWEEN_PACKETS: char = '\u{1e}';

pub struct Polling {
    http: reqwest::Client,
    url: String,
    outgoing: Vec<String>,
    arrived: mpsc::Receiver<String>,
    polls: JoinHandle<()>,
}

impl Polling {
    pub async fn open(url: &str) -> Option<Polling> {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        let url = format!("{url}/socket.io/?EIO=4&transport=polling");
        let open = http.get(&url).send().await.ok()?.text().await.ok()?;
        let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0')?).ok()?;
        let url = format!("{url}&sid={}", open["sid"].as_str()?);
        let (arriving, arrived) = mpsc::channel(1000);
        let polls = tokio::spawn(poll(http.clone(), url.clone(), arriving));
        Some(Polling { http, url, outgoing: Vec::new(), arrived, polls })
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

    /// The next packet; none when the connection ended.
    pub async fn packet(&mut self) -> Option<String> {
        self.arrived.recv().await
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.polls.abort();
    }
}

async fn poll(http: reqwest::Client, url: String, arriving: mpsc::Sender<String>) {
    while let Ok(answer) = http.get(&url).send().await
        && answer.status().is_success()
        && let Ok(packets) = answer.text().await
    {
        for packet in packets.split(BETWEEN_PACKETS) {
            if arriving.send(packet.to_owned()).await.is_err() {
                return;
            }
        }
    }
}
