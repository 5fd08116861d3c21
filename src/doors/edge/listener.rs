//! The accept loop: socket options, limits on reading a request head, an orderly end.

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use std::{
    future::Future,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::line::Cuttable;
use super::peers::Peers;

const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_PROBE: Duration = Duration::from_secs(10);
/// A reader that stops reading would otherwise be a ghost for ever: its writer blocks.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(12);
/// The system would keep megabytes for each reader that does not read.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;
/// Counts from the first byte of a connection, and between two requests of it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const HEAD_BYTES: usize = 64 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const LOG_EVERY: Duration = Duration::from_secs(1);

/// The other end of the TCP connection, in every request's extensions; behind a proxy that is
/// the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Serves until `stop_accepting`: then nobody new comes in, while those who poll still can. After
/// `shutdown` it lets running requests finish for at most `grace`; what is left
/// is cut off when the runtime ends. Upgraded connections belong to whoever upgraded them.
/// Returns whether all had finished.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    peers: Arc<Peers>,
    stop_accepting: impl Future<Output = ()>,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) -> bool {
    let running = TaskTracker::new();
    let stopping = CancellationToken::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
    let accept = accept_all(&listener, |stream, peer| {
        let Some(held) = peers.admit(peer.ip()) else { return refuse(&stream) };
        let app = app.clone();
        let (stream, line) = Cuttable::new(stream, held);
        let answer = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(line.clone());
            app.clone().oneshot(request.map(Body::new))
        });
        let connection = http.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        let stopping = stopping.clone();
        running.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stopping.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "connection ended early");
            }
        });
    });
    tokio::select! {
        () = accept => {}
        () = stop_accepting => {}
    }
    drop(listener);
    shutdown.await;
    stopping.cancel();
    running.close();
    tokio::time::timeout(grace, running.wait()).await.is_ok()
}

async fn accept_all(listener: &TcpListener, mut take: impl FnMut(TcpStream, SocketAddr)) {
    let mut last_logged: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = tune(&stream) {
                    // The peer is gone already: reading from it will say so.
                    tracing::debug!(%peer, %error, "socket options");
                }
                take(stream, peer);
            }
            Err(error) if is_about_one_peer(&error) => {}
            Err(error) => {
                if last_logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
                    last_logged = Some(Instant::now());
                    tracing::error!(%error, "cannot accept connections");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What fits into the first packet; nobody waits for it to be read.
fn refuse(stream: &TcpStream) {
    let body = r#"{"message":"Too many connections from this address","code":"too_many_connections"}"#;
    let head = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close";
    stream.try_write(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok();
}

/// Every connection takes one, and a system's default of 1024 is soon used up.
pub fn allow_many_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut files = getrlimit(Resource::Nofile);
    if files.current != files.maximum {
        files.current = files.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, files) {
            tracing::warn!(%error, "cannot raise the number of files that may be open");
        }
    }
}

fn is_about_one_peer(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_PROBE);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        socket.set_tcp_notsent_lowat(UNSENT)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Extension, routing::get};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::oneshot,
        task::JoinHandle,
    };

    struct Running {
        at: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: JoinHandle<bool>,
    }

    async fn start(grace: Duration) -> Running {
        let app = Router::new()
            .route("/peer", get(|Extension(Peer(at)): Extension<Peer>| async move { at.to_string() }))
            .route(
                "/slow",
                get(|| async {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    "done"
                }),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let until = async { drop(stopped.await) };
        let ended = tokio::spawn(serve(listener, app, Arc::default(), until, std::future::ready(()), grace));
        Running { at, stop, ended }
    }

    async fn send(at: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn read(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        drop(stream.read_to_string(&mut text).await);
        text
    }

    #[tokio::test]
    async fn requests_know_their_peer() {
        let server = start(Duration::ZERO).await;
        let mut stream = send(server.at, "GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        let own = stream.local_addr().unwrap().to_string();
        assert!(read(&mut stream).await.ends_with(&own));
    }

    #[tokio::test]
    async fn a_running_request_finishes_and_no_new_one_comes_in() {
        let server = start(Duration::from_secs(5)).await;
        let mut slow = send(server.at, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.stop.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(TcpStream::connect(server.at).await.is_err());
        assert!(read(&mut slow).await.ends_with("done"));
        assert!(server.ended.await.unwrap());
    }

    #[tokio::test]
    async fn the_end_waits_no_longer_than_it_should() {
        let server = start(Duration::from_millis(50)).await;
        let _slow = send(server.at, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.stop.send(()).unwrap();
        assert!(!server.ended.await.unwrap());
    }

    #[tokio::test]
    async fn a_head_may_not_be_endless() {
        let server = start(Duration::ZERO).await;
        let head = format!("GET /peer HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(400_000));
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        drop(stream.write_all(head.as_bytes()).await);
        let mut start = [0; 12];
        // Bytes that the server left unread may turn its answer into a reset.
        match stream.read_exact(&mut start).await {
            Ok(_) => assert_eq!(&start, b"HTTP/1.1 431"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn sockets_are_tuned() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(at), listener.accept());
        let (stream, _) = accepted.unwrap();
        tune(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
    }
}
