//! The only file that knows all parts: builds them, starts and stops them in order.

mod dialects;
mod settings;
mod tasks;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use engineioxide::config::EngineIoConfig;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use uuid::Uuid;

use crate::auth::Tokens;
use crate::bus::{Announcement, Bus};
use crate::chat::attendance::Attendance;
use crate::chat::feed::Feed;
use crate::chat::people::People;
use crate::chat::rooms::Rooms;
use crate::chat::sessions::Sessions;
use crate::chat::{Chat, Files, Known, Words};
use crate::config::{AuthMode, Config};
use crate::doors::accounts::{self, Accounts};
use crate::doors::bearer::Bearers;
use crate::doors::community_socketio::{self, Community, Trust};
use crate::doors::connection::{Connections, Limits};
use crate::doors::edge::engine_errors::EngineErrors;
use crate::doors::edge::peers::Peers;
use crate::doors::edge::rates::Rates;
use crate::doors::edge::{
    bundle, client_ip, cors, engine_errors, head, listener, nowhere, page, paths, rates, security_headers,
};
use crate::doors::requests::{self, Load, Requests};
use crate::doors::rooms_socketio;
use crate::doors::socketio::admission;
use crate::doors::socketio::{ENGINE_PACKETS, Namespace, SocketServer};
use crate::doors::visitors::Crowd;
use crate::doors::websocket::WebSockets;
use crate::model::Clock;
use crate::ops::health::{self, Health};
use crate::store::{ForeignChanges, Store, Writer};
use dialects::{Dialects, Threshold};
use settings::{allowances, cors, files, filter, limits, rules, warnings};

/// A REST request that takes longer is given up.
const REST_TIMEOUT: Duration = Duration::from_secs(30);
/// What clients have sent already when they hear of the end is still taken in.
const ON_THEIR_WAY: Duration = Duration::from_millis(200);
/// At the end, for readers to take what waits for them and for requests to be answered, each. With
/// them a stop takes this much longer than it waits for what is under way.
const LAST_READING: Duration = Duration::from_secs(2);

pub use settings::{Means, passwords};

pub struct App {
    router: Router,
    chat: Chat,
    peers: Arc<Peers>,
    sockets: Arc<SocketServer>,
    websockets: Arc<WebSockets>,
    connections: Arc<Connections>,
    bus: Bus,
    writer: JoinHandle<()>,
    stop_writer: CancellationToken,
    grace: Duration,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    pub fn new(error: impl std::fmt::Display) -> StartError {
        StartError(error.to_string())
    }
}

/// The core without a door.
pub struct Conversation {
    chat: Chat,
    bus: Bus,
    heard: mpsc::Receiver<Announcement>,
    feed: Feed,
    writer: JoinHandle<()>,
}

impl Conversation {
    async fn begin(
        config: &Config,
        store: &Store,
        files: Files,
        foreign: ForeignChanges,
        clock: &Clock,
        stop_writer: &CancellationToken,
    ) -> Result<Conversation, StartError> {
        let (bus, heard) = Bus::local();
        let known = Known {
            attendance: Attendance::new(clock.clone()),
            people: Arc::new(People::new(store.clone(), config.auth.allow_guests)),
            rooms: Arc::new(Rooms::new(config.limits.max_rooms_per_user)),
            sessions: Arc::new(Sessions::new(store.clone())),
            typing: Arc::default(),
            words: Arc::new(Words::load(store.clone(), filter(config)).await.map_err(StartError::new)?),
        };
        tokio::spawn(known.words.clone().follow());
        let feed = Feed::new(store.clone(), known.clone()).await.map_err(StartError::new)?;
        let (writer, task) = Writer::start(store.clone(), bus.clone(), clock.clone(), foreign, stop_writer.clone());
        let chat = Chat::new(store.clone(), writer, bus.clone(), clock.clone(), known, files);
        Ok(Conversation { chat, bus, heard, feed, writer: task })
    }

    /// For the command line, which nobody listens to.
    pub async fn apart(config: &Config, store: Store) -> Result<Chat, StartError> {
        let never = CancellationToken::new();
        let foreign = ForeignChanges::of_nobody();
        // Links of the command line would lead nowhere: it may not have the server's secret.
        let files = files(config, &Uuid::new_v4().to_string())?;
        let Conversation { chat, heard, feed, .. } =
            Conversation::begin(config, &store, files, foreign, &Clock::System, &never).await?;
        tokio::spawn(feed.run(heard, async |_| {}));
        Ok(chat)
    }
}

impl App {
    /// Builds the parts from the inside out and starts their tasks. What other programs wrote while
    /// we were away is taken in first: it must be numbered before anything new.
    pub async fn build(config: &Config, means: Means, store: Store) -> Result<App, StartError> {
        let clock = Clock::System;
        let Means { secrets, files } = means;
        let warnings = warnings(config, secrets.warnings);
        let access = Arc::new(Tokens::new(secrets.access.expose(), config.auth.access_token_ttl));
        let refresh = Arc::new(Tokens::new(secrets.refresh.expose(), config.auth.refresh_token_ttl));

        let foreign = ForeignChanges::watch(&store).await;
        store.take_history(clock.now()).await.map_err(StartError::new)?;
        let stop_writer = CancellationToken::new();
        let Conversation { chat, bus, heard, feed, writer } =
            Conversation::begin(config, &store, files, foreign, &clock, &stop_writer).await?;
        tokio::spawn(chat.clone().erase_on(stop_writer.clone()));
        tokio::spawn(tasks::sweep(chat.clone(), stop_writer.clone()));

        let trust = match config.auth.mode {
            AuthMode::Token => Trust::Token,
            AuthMode::TrustUserId => Trust::UserId,
        };
        let crowd = Crowd::new(config.limits.max_connections_per_user.map_or(0, std::num::NonZero::get));
        let bearers = Bearers::new(access.clone(), clock.clone());
        let rules = rules(config);
        let requests = Requests::new(chat.clone(), bearers.clone(), rules, &allowances(config));
        let community = Community::new(requests.clone(), bearers.clone(), clock.clone(), trust, rules, crowd.clone());
        let rates = Rates::new(config.limits.rate_limit_http_per_minute);
        let limits = limits(config);
        let websockets = websockets(config, limits.clone());
        let threshold = Threshold { chat: chat.clone(), bearers, crowd, clock: clock.clone() };
        let dialects = Dialects::open(config, &websockets, &requests, &threshold);
        let sockets = sockets(&community, &dialects, limits.clone());
        let (teller, others_tell) = (community.clone(), dialects.clone());
        tokio::spawn(feed.run(heard, async move |events| {
            teller.tell(events).await;
            others_tell.tell(events).await;
        }));
        let others = store.watch_for_others();
        store.watch_for_its_return();
        let health = Health { store: store.clone(), sockets: sockets.clone(), warnings: warnings.into(), others };
        let accounts = Accounts::new(accounts::Parts {
            chat: chat.clone(),
            passwords: passwords(config, &store),
            store,
            access,
            refresh,
            clock,
            cors: cors(config),
            signups_per_hour: config.limits.rate_limit_signups_per_hour,
            refreshes_per_minute: config.limits.rate_limit_refreshes_per_minute,
        });
        requests.watch(load(sockets.clone(), websockets.clone(), chat.clone()));
        tokio::spawn(tasks::clear_up(chat.clone()));
        let kept = tasks::Kept {
            requests: requests.clone(),
            community: community.clone(),
            dialects: dialects.clone(),
            rates: rates.clone(),
            sockets: sockets.clone(),
            accounts: accounts.clone(),
            budgets: limits.budgets.clone(),
        };
        tokio::spawn(tasks::tick(chat.clone(), kept));
        let rest = rest(config, community, dialects, requests, accounts, health, rates);
        let router = edge(config, rest.merge(engine(config, &sockets)));
        Ok(App {
            router,
            chat,
            peers: Peers::new(config.limits.max_connections_per_ip, config.server.trust_proxy.clone()),
            sockets,
            websockets,
            connections: limits.connections,
            bus,
            writer,
            stop_writer,
            grace: config.server.shutdown_grace,
        })
    }

    /// Serves until told to stop: then takes in no more, stores and answers what was taken in, and
    /// lets the clients go.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let App { router, chat, peers, sockets, websockets, connections, bus, writer, stop_writer, grace } = self;
        let (told_to_stop, all_said) = (CancellationToken::new(), CancellationToken::new());
        let drained = async {
            stop.await;
            let deadline = Instant::now() + grace;
            tracing::info!("stopping: no new connections");
            connections.stop();
            sockets.announce_restart();
            told_to_stop.cancel();
            tokio::time::sleep(ON_THEIR_WAY).await;
            timeout_at(deadline, chat.store_all_markers()).await.ok();
            stop_writer.cancel();
            timeout_at(deadline, writer).await.ok();
            let (told, all_told) = oneshot::channel();
            let last = Announcement { events: Vec::new(), then: Some(Box::new(move || told.send(()).unwrap_or(()))) };
            timeout_at(deadline, bus.announce(last)).await.ok();
            timeout_at(deadline, all_told).await.ok();
            timeout_at(deadline, async { tokio::join!(sockets.finish_work(), websockets.finish_work()) }).await.ok();
            let seen = timeout(LAST_READING, chat.save_all_seen());
            tokio::join!(seen, sockets.close_all(LAST_READING), websockets.close_all(LAST_READING)).0.ok();
            all_said.cancel();
        };
        let (stop_accepting, shutdown) = (told_to_stop.cancelled(), all_said.cancelled());
        listener::allow_many_connections();
        tokio::join!(listener::serve(listener, router, peers, stop_accepting, shutdown, LAST_READING), drained);
        tracing::info!("stopped");
    }
}

/// What the doors hold at a moment.
fn load(sockets: Arc<SocketServer>, websockets: Arc<WebSockets>, chat: Chat) -> impl Fn() -> Load {
    move || {
        let (one, other, (people, guests)) = (sockets.load(), websockets.load(), chat.attendance());
        let (connections, waiting_events, waiting_bytes) = (one.0 + other.0, one.1 + other.1, one.2 + other.2);
        Load { connections, people, guests, waiting_events, waiting_bytes }
    }
}

fn websockets(config: &Config, limits: Limits) -> Arc<WebSockets> {
    let settings = &config.socketio;
    let largest = settings.max_http_buffer_size as usize;
    WebSockets::new(limits, largest, settings.ping_interval, settings.ping_timeout)
}

fn sockets(community: &Community, dialects: &Dialects, limits: Limits) -> Arc<SocketServer> {
    let community: Arc<dyn Namespace> = Arc::new(community.clone());
    let namespaces =
        HashMap::from([(rooms_socketio::NAMESPACE, dialects.root()), (community_socketio::NAMESPACE, community)]);
    SocketServer::new(namespaces, limits)
}

fn rest(
    config: &Config,
    community: Community,
    dialects: Dialects,
    requests: Requests,
    accounts: Arc<Accounts>,
    health: Health,
    rates: Rates,
) -> Router {
    let in_time = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REST_TIMEOUT);
    let spoken = community_socketio::rest::router(community)
        .merge(accounts::router(accounts))
        .merge(requests::rest::router(requests.clone()))
        .merge(dialects.router())
        .merge(page::router(&page::Told {
            socket_path: &config.socketio.path,
            allows_guests: config.auth.allow_guests,
            upload_bytes: config.limits.max_upload_bytes,
            message_chars: config.limits.max_message_chars,
        }));
    let spoken =
        if config.socketio.serve_client { spoken.merge(bundle::router(&config.socketio.path)) } else { spoken };
    spoken
        .layer(in_time)
        .merge(requests::uploads::router(requests))
        .layer(middleware::from_fn_with_state(rates, rates::limit))
        // Whoever watches over the server is not held up by its limits.
        .merge(health::router(health).layer(in_time))
        .fallback(nowhere::no_such_path)
        .method_not_allowed_fallback(nowhere::no_such_method)
        .layer(middleware::map_response(security_headers::add))
}

fn engine(config: &Config, sockets: &Arc<SocketServer>) -> Router {
    let settings = &config.socketio;
    let largest = settings.max_http_buffer_size as usize;
    let engine = EngineIoConfig::builder()
        .req_path(settings.path.clone())
        .ping_interval(settings.ping_interval)
        .ping_timeout(settings.ping_timeout)
        .max_buffer_size(ENGINE_PACKETS)
        .max_payload(u64::from(settings.max_http_buffer_size))
        .ws_max_message_size(largest)
        .ws_max_frame_size(largest)
        // Kept for the life of each connection; larger messages are read in several turns.
        .ws_read_buffer_size(512)
        .build();
    let service = sockets.service(engine);
    Router::new()
        .route_service(&settings.path, service.clone())
        .route_service(&format!("{}/", settings.path), service)
        .layer(middleware::from_fn(head::copy))
        .layer(middleware::from_fn_with_state(largest, gather_posts))
        .layer(middleware::from_fn_with_state(
            EngineErrors { allow_eio3: settings.allow_eio3 },
            engine_errors::translate,
        ))
        .layer(middleware::from_fn_with_state(sockets.clone(), admission::admit))
}

/// A poll may wait as long as it likes; what a client sends must arrive. It is handed on in one piece:
/// the engine reads what comes in many from its beginning at each.
async fn gather_posts(State(most): State<usize>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let answered = async {
        let (parts, body) = request.into_parts();
        match axum::body::to_bytes(body, most).await {
            Ok(bytes) => next.run(Request::from_parts(parts, bytes.into())).await,
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    };
    timeout(REST_TIMEOUT, answered).await.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

fn edge(config: &Config, router: Router) -> Router {
    let guarded = router
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(cors(config), cors::apply))
        .layer(middleware::from_fn_with_state(config.server.trust_proxy.clone(), client_ip::mark));
    paths::forgiving(guarded)
}
