//! Who may call from a web page of another origin: the headers that browsers ask for, and the
//! refusal of unlisted pages where browsers do not ask (WebSocket upgrades, Engine.IO).

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");
const ANY: HeaderValue = HeaderValue::from_static("*");

const SEC_FETCH_SITE: &str = "sec-fetch-site";

#[derive(Clone, Debug)]
pub struct Cors {
    /// `None`: any origin.
    listed: Option<Arc<[String]>>,
    socket_path: Arc<str>,
}

enum Caller {
    /// No `Origin`, or the page is our own: nothing to allow, nothing to refuse.
    Ours,
    Listed(HeaderValue),
    Stranger,
}

impl Cors {
    /// `origins` as in CORS_ORIGIN, one by one: `*` (or none at all) means any.
    pub fn new<S: AsRef<str>>(origins: impl IntoIterator<Item = S>, socket_path: &str) -> Self {
        let listed: Vec<String> = origins
            .into_iter()
            .map(|origin| {
                let origin = origin.as_ref().trim().trim_end_matches('/');
                origin.to_ascii_lowercase()
            })
            .filter(|origin| !origin.is_empty())
            .collect();
        let any = listed.is_empty() || listed.iter().any(|origin| origin == "*");
        Self { listed: (!any).then(|| listed.into()), socket_path: socket_path.trim_end_matches('/').into() }
    }

    fn caller(&self, headers: &HeaderMap) -> Caller {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Caller::Ours;
        };
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let Some(listed) = &self.listed else {
            return Caller::Listed(origin.clone());
        };
        if listed.contains(&text) {
            Caller::Listed(origin.clone())
        } else if is_same_host(&text, headers.get(header::HOST)) {
            Caller::Ours
        } else {
            Caller::Stranger
        }
    }

    /// Whether cookies may speak for whoever sends this: SameSite holds back other sites, but not other
    /// hosts of ours, nor browsers that do not know it. `*` lists no page: none of another origin gets to
    /// read an answer to its cookies either.
    pub fn may_use_cookies(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return headers.get(SEC_FETCH_SITE).is_none_or(is_from_our_page);
        };
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let is_listed = self.listed.as_ref().is_some_and(|listed| listed.contains(&text));
        // The browser's own word holds behind proxies that change the host.
        is_listed
            || match headers.get(SEC_FETCH_SITE) {
                Some(site) => is_from_our_page(site),
                None => is_same_host(&text, headers.get(header::HOST)),
            }
    }

    /// Browsers send these across origins without asking first.
    fn opens_connection(&self, request: &Request) -> bool {
        let upgrade = request.headers().get(header::UPGRADE);
        let is_websocket = upgrade.is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
        // The client's files lie below the same path: a request of the engine's names its protocol.
        let is_engine = request
            .uri()
            .path()
            .strip_prefix(&*self.socket_path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            && request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("EIO=")));
        is_websocket || is_engine
    }

    fn sign(&self, caller: &Caller, headers: &mut HeaderMap) {
        if self.listed.is_none() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            return;
        }
        vary(headers, header::ORIGIN);
        if let Caller::Listed(origin) = caller {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// For `axum::middleware::from_fn_with_state(cors, apply)`, outside everything that can refuse or
/// fail, so that a page can read those answers too.
pub async fn apply(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    let caller = cors.caller(request.headers());
    let mut answer = if is_preflight(&request) {
        preflight(request.headers())
    } else if matches!(caller, Caller::Stranger) && cors.opens_connection(&request) {
        let body = json!({ "code": 4, "message": "Forbidden" });
        (StatusCode::FORBIDDEN, Json(body)).into_response()
    } else {
        next.run(request).await
    };
    cors.sign(&caller, answer.headers_mut());
    answer
}

fn is_preflight(request: &Request) -> bool {
    let asks = header::ACCESS_CONTROL_REQUEST_METHOD;
    request.method() == Method::OPTIONS && request.headers().contains_key(asks)
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut answer = StatusCode::NO_CONTENT.into_response();
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    // Every Bearer request is asked for otherwise; browsers keep the answer 5 s by themselves.
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    vary(headers, header::ACCESS_CONTROL_REQUEST_HEADERS);
    answer
}

/// `none` is what somebody typed or has as a bookmark.
fn is_from_our_page(site: &HeaderValue) -> bool {
    site == "same-origin" || site == "none"
}

fn vary(headers: &mut HeaderMap, name: HeaderName) {
    headers.append(header::VARY, HeaderValue::from(name));
}

/// Compares host and port; a port that is left out is the one of the origin's scheme, since a
/// server behind a TLS proxy does not know its own.
fn is_same_host(origin: &str, host: Option<&HeaderValue>) -> bool {
    let Some(host) = host.and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let (default_port, origin_host) = if let Some(rest) = origin.strip_prefix("https://") {
        ("443", rest)
    } else if let Some(rest) = origin.strip_prefix("http://") {
        ("80", rest)
    } else {
        return false;
    };
    let host = host.to_ascii_lowercase();
    let whole = |authority: &str| match authority.rsplit_once(':') {
        // The last colon of `[::1]` is no port's.
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => authority.to_owned(),
        _ => format!("{authority}:{default_port}"),
    };
    !origin_host.is_empty() && whole(origin_host) == whole(&host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    async fn ask(origins: &[&str], method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let cors = Cors::new(origins, "/socket.io");
        let app = Router::new()
            .route("/secret", get(|| async { StatusCode::UNAUTHORIZED }))
            .route("/fault", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .route("/socket.io/", get(|| async { "0{}" }))
            .route("/socket.io/socket.io.js", get(|| async { "js" }))
            .route("/ws", get(|| async { StatusCode::SWITCHING_PROTOCOLS }))
            .layer(from_fn_with_state(cors, apply));
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    const LIST: &[&str] = &["https://Chat.example/", "http://localhost:3000"];

    #[tokio::test]
    async fn any_origin_on_every_answer() {
        for (path, status) in [("/secret", 401), ("/fault", 500), ("/nowhere", 404), ("/socket.io/?EIO=4", 200)] {
            let answer = ask(&["*"], "GET", path, &[("origin", "https://x.example")]).await;
            assert_eq!(answer.status(), status);
            let headers = answer.headers();
            assert_eq!(headers["access-control-allow-origin"], "*");
            assert!(!headers.contains_key("access-control-allow-credentials"));
        }
        let wrong_method = ask(&[], "POST", "/secret", &[]).await;
        assert_eq!(wrong_method.status(), 405);
        assert_eq!(wrong_method.headers()["access-control-allow-origin"], "*");
    }

    #[tokio::test]
    async fn a_list_names_only_its_own() {
        for origin in ["https://chat.example", "http://localhost:3000"] {
            let answer = ask(LIST, "GET", "/secret", &[("origin", origin)]).await;
            let headers = answer.headers();
            assert_eq!(headers["access-control-allow-origin"], origin);
            assert_eq!(headers["access-control-allow-credentials"], "true");
            assert_eq!(headers["vary"], "origin");
        }
        for origin in ["https://chat.example.evil", "http://chat.example", "null", "*"] {
            let answer = ask(LIST, "GET", "/secret", &[("origin", origin)]).await;
            assert_eq!(answer.status(), 401);
            let headers = answer.headers();
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert!(!headers.contains_key("access-control-allow-credentials"));
            assert_eq!(headers["vary"], "origin");
        }
    }

    #[tokio::test]
    async fn preflights_are_answered_without_the_route() {
        let asked = [
            ("origin", "http://localhost:3000"),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,x-own"),
        ];
        let answer = ask(LIST, "OPTIONS", "/nowhere", &asked).await;
        assert_eq!(answer.status(), 204);
        let headers = answer.headers();
        assert_eq!(headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
        assert_eq!(headers["access-control-allow-headers"], "authorization,x-own");
        assert_eq!(headers["access-control-allow-origin"], "http://localhost:3000");
        assert_eq!(headers.get_all("vary").iter().count(), 2);
        assert_eq!(ask(LIST, "OPTIONS", "/secret", &[]).await.status(), 405);
    }

    #[tokio::test]
    async fn strangers_open_no_connection() {
        let websocket = ("upgrade", "WebSocket");
        let stranger = ("origin", "https://evil.example");
        for (path, headers) in [
            ("/ws", &[websocket, stranger][..]),
            ("/socket.io/?EIO=4&transport=polling", &[stranger]),
            ("/socket.io/?transport=polling&EIO=4", &[stranger]),
        ] {
            let answer = ask(LIST, "GET", path, headers).await;
            assert_eq!(answer.status(), 403, "{path}");
            let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(&body[..], br#"{"code":4,"message":"Forbidden"}"#);
            assert_ne!(ask(&["*"], "GET", path, headers).await.status(), 403);
        }
        let script = ask(LIST, "GET", "/socket.io/socket.io.js", &[stranger]).await;
        assert_eq!(script.status(), 200);
        let native = ask(LIST, "GET", "/ws", &[websocket]).await;
        assert_ne!(native.status(), 403);
    }

    #[test]
    fn only_our_pages_and_listed_ones_use_cookies() {
        let site = |site| ("sec-fetch-site", site);
        let (ours, evil) = (("origin", "https://chat.example"), ("origin", "https://evil.chat.example"));
        let host = ("host", "chat.example");
        for (headers, with_any, with_list) in [
            (&[][..], true, true),
            (&[ours, host], true, true),
            (&[ours, ("host", "behind:5000")], false, true),
            (&[("origin", "https://own.example"), ("host", "behind:5000"), site("same-origin")], true, true),
            (&[site("none")], true, true),
            (&[evil, host], false, false),
            (&[evil, host, site("same-site")], false, false),
            (&[("origin", "null"), host], false, false),
            (&[site("cross-site")], false, false),
            (&[("origin", "http://localhost:3000"), host, site("cross-site")], false, true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, HeaderValue::from_static(value));
            }
            let may = |list: &[&str]| Cors::new(list, "/socket.io").may_use_cookies(&map);
            assert_eq!((may(&["*"]), may(LIST)), (with_any, with_list), "{headers:?}");
        }
    }

    #[tokio::test]
    async fn our_own_pages_always_pass() {
        for (origin, host, passes) in [
            ("http://127.0.0.1:5000", "127.0.0.1:5000", true),
            ("http://[::1]", "[::1]:80", true),
            ("http://[::1]:5000", "[::1]:5000", true),
            ("https://talk.example", "TALK.example", true),
            ("https://talk.example", "talk.example:443", true),
            ("http://talk.example", "talk.example:443", false),
            ("https://talk.example:8443", "talk.example", false),
            ("https://evil.example", "talk.example", false),
            ("null", "null", false),
            ("https://", "", false),
        ] {
            let headers = [("upgrade", "websocket"), ("origin", origin), ("host", host)];
            let answer = ask(LIST, "GET", "/ws", &headers).await;
            assert_eq!(answer.status() != 403, passes, "{origin} at {host}");
        }
    }
}
