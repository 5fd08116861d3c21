//! Going over from polling to WebSocket, and what keeps an address from it: only WebSockets that broke.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::harness::program::NO_LIMITS;
use super::harness::{On, Program, Server, eventually};

type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A client that polls.
struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    async fn of(server: &Server) -> Client {
        let (http, url) = (reqwest::Client::new(), format!("{}/socket.io/?EIO=4&transport=polling", server.url));
        let open = http.get(&url).send().await.unwrap().text().await.unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        Client { http, url: format!("{url}&sid={}", open["sid"].as_str().unwrap()) }
    }

    fn address(&self) -> String {
        self.url.replace("transport=polling", "transport=websocket")
    }

    /// As far as both know that the WebSocket works; none when it is refused.
    async fn probe(&self) -> Option<WebSocket> {
        let (mut socket, _) = connect_async(self.address().replace("http", "ws")).await.ok()?;
        socket.send(Message::text("2probe")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("3probe"));
        Some(socket)
    }

    async fn says(&self, packet: &'static str) -> u16 {
        self.http.post(&self.url).body(packet).send().await.unwrap().status().as_u16()
    }

    async fn is_gone(&self) {
        eventually("the session has ended", async || self.says("3").await == 400).await;
    }

    async fn breaks(&self) {
        drop(self.probe().await.expect("it may try"));
        self.is_gone().await;
    }
}

#[tokio::test]
async fn who_leaves_or_never_upgraded_does_not_count() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    for _ in 0..3 {
        let client = Client::of(&server).await;
        let no_upgrade = client.http.get(client.address()).send().await.unwrap();
        assert_eq!(no_upgrade.status(), 400);
        client.says("1").await;
        client.is_gone().await;
    }
    for _ in 0..3 {
        let client = Client::of(&server).await;
        let _under_way = client.probe().await.expect("nothing broke yet");
        client.says("1").await;
        client.is_gone().await;
    }
}

#[tokio::test]
async fn two_that_break_in_a_row_count_and_one_that_works_ends_the_row() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    Client::of(&server).await.breaks().await;
    let works = Client::of(&server).await;
    let mut socket = works.probe().await.unwrap();
    socket.send(Message::text("5")).await.unwrap();
    socket.send(Message::text("40")).await.unwrap();
    while !socket.next().await.unwrap().unwrap().into_text().unwrap().starts_with("40") {}
    Client::of(&server).await.breaks().await;
    Client::of(&server).await.breaks().await;
    assert!(Client::of(&server).await.probe().await.is_none(), "now it is better off with polling");
}
