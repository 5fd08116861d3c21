use super::*;
use axum::{Router, body::Bytes, middleware::from_fn_with_state};
use engineioxide::{
    DisconnectReason, Socket, Str, config::EngineIoConfig, handler::EngineIoHandler, service::EngineIoService,
};
use std::sync::Arc;
use tower::ServiceExt;

#[derive(Debug)]
struct Deaf;

impl EngineIoHandler for Deaf {
    type Data = ();
    fn on_connect(self: Arc<Self>, _: Arc<Socket<()>>) {}
    fn on_disconnect(&self, _: Arc<Socket<()>>, _: DisconnectReason) {}
    fn on_message(self: &Arc<Self>, _: Str, _: Arc<Socket<()>>) {}
    fn on_binary(self: &Arc<Self>, _: Bytes, _: Arc<Socket<()>>) {}
}

fn engine(allow_eio3: bool) -> Router {
    let config = EngineIoConfig::builder().req_path("/socket.io").max_payload(1000).build();
    Router::new()
        .fallback_service(EngineIoService::with_config(Arc::new(Deaf), config))
        .layer(from_fn_with_state(EngineErrors { allow_eio3 }, translate))
}

async fn ask(app: &Router, method: &str, query: &str, body: &str) -> (u16, String) {
    send(app, method, query, body, &[]).await
}

async fn send(app: &Router, method: &str, query: &str, body: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(format!("/socket.io/?{query}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    if status != 101 {
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn refused(refusal: Refusal) -> (u16, String) {
    let (code, message) = (refusal as u8, refusal.message());
    (400, format!(r#"{{"code":{code},"message":"{message}"}}"#))
}

/// A polling session whose first ping has been taken.
async fn open(app: &Router) -> String {
    let (_, body) = ask(app, "GET", "EIO=4&transport=polling", "").await;
    let open: Value = serde_json::from_str(&body[1..]).unwrap();
    let session = format!("EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
    assert_eq!(ask(app, "GET", &session, "").await, (200, "2".into()));
    session
}

#[tokio::test]
async fn handshakes_are_refused_as_node_refuses_them() {
    use Refusal::*;
    for (method, query, refusal) in [
        ("GET", "", UnknownTransport),
        ("GET", "EIO=4", UnknownTransport),
        ("GET", "EIO=3&transport=x", UnknownTransport),
        ("POST", "EIO=4&transport=x", UnknownTransport),
        ("GET", "transport=polling", UnsupportedProtocol),
        ("GET", "EIO=3&transport=polling", UnsupportedProtocol),
        ("GET", "EIO=5&transport=polling", UnsupportedProtocol),
        ("POST", "EIO=4&transport=polling", BadHandshakeMethod),
        ("POST", "EIO=3&transport=polling", BadHandshakeMethod),
        ("POST", "EIO=4&transport=websocket", BadHandshakeMethod),
        ("GET", "EIO=4&transport=websocket", BadRequest),
        ("GET", "EIO=4&transport=polling&sid=zz", UnknownSession),
        ("GET", "EIO=3&transport=polling&sid=AAAAAAAAAAAAAAHs", UnknownSession),
        ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs", UnknownSession),
        ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs", UnknownSession),
    ] {
        let answer = ask(&engine(false), method, query, "").await;
        assert_eq!(answer, refused(refusal), "{method} {query}");
    }
}

#[tokio::test]
async fn protocol_3_is_spoken_where_allowed() {
    let (status, body) = ask(&engine(true), "GET", "EIO=3&transport=polling", "").await;
    assert_eq!(status, 200);
    assert!(body.contains(":0{\"sid\""), "{body}");
}

#[tokio::test]
async fn an_upgrade_needs_its_headers() {
    let query = "EIO=4&transport=websocket";
    let whole = [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let app = engine(false);
    assert_eq!(send(&app, "GET", query, "", &whole).await.0, 101);
    for missing in [0, 2, 3] {
        let mut headers = whole.to_vec();
        headers.remove(missing);
        let answer = send(&app, "GET", query, "", &headers).await;
        assert_eq!(answer, refused(Refusal::BadRequest));
    }
}

#[tokio::test]
async fn methods_that_the_transport_does_not_have() {
    let app = engine(false);
    let session = open(&app).await;
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = ask(&app, method, &session, "").await;
        assert_eq!(answer, refused(Refusal::BadRequest), "{method}");
    }
    assert_eq!(ask(&app, "POST", &session, "42[]").await, (200, "ok".into()));
}

#[tokio::test]
async fn a_second_poll_ends_the_session() {
    let app = engine(false);
    let session = open(&app).await;
    let first = tokio::spawn({
        let (app, session) = (app.clone(), session.clone());
        async move { ask(&app, "GET", &session, "").await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(ask(&app, "GET", &session, "").await, (400, "".into()));
    assert_eq!(first.await.unwrap().0, 200);
    let later = ask(&app, "POST", &session, "42[]").await;
    assert_eq!(later, refused(Refusal::UnknownSession));
}

#[tokio::test]
async fn unreadable_bodies_end_the_session() {
    let binary = [("content-type", "application/octet-stream")];
    for (body, headers, expected) in [
        ("garbage", &[][..], (200, "ok".to_owned())),
        ("b!!!", &[], (200, "ok".into())),
        ("42[]", &binary, (400, "".into())),
        (&"4".repeat(1001), &[], (413, "".into())),
    ] {
        let app = engine(false);
        let session = open(&app).await;
        let answer = send(&app, "POST", &session, body, headers).await;
        assert_eq!(answer, expected, "{body:.20}");
        let later = ask(&app, "POST", &session, "42[]").await;
        assert_eq!(later, refused(Refusal::UnknownSession));
    }
}
