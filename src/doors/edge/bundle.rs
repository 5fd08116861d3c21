//! The browser client, served as a Node Socket.IO server serves it.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use std::borrow::Cow;

/// Empty when `npm ci` has not run in client-demo: the server builds without Node too.
#[derive(RustEmbed)]
#[folder = "client-demo/node_modules/socket.io-client"]
#[include = "dist/socket.io*.js"]
#[include = "dist/socket.io*.js.map"]
#[include = "package.json"]
#[include = "LICENSE"]
#[allow_missing = true]
struct Client;

const FILES: [&str; 8] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
];

const NOT_EMBEDDED: &str = "The Socket.IO browser client is not in this build: \
run `npm ci` in client-demo, then build the server again.\n";

/// The client's files directly under `path` (`/socket.io`), and the licence they came with.
/// Must be asked before the Engine.IO service, which swallows everything below its path.
pub fn router(path: &str) -> Router {
    let path = path.trim_matches('/').replace('{', "{{").replace('}', "}}");
    let base = if path.is_empty() { path } else { format!("/{path}") };
    let etag = etag();
    // A configured path may hold a segment that begins with ':' or '*'.
    let mut router = Router::new().without_v07_checks().route(
        &format!("{base}/LICENSE"),
        get(|| async { file("LICENSE", "text/plain; charset=utf-8").into_response() }),
    );
    for name in FILES {
        let etag = etag.clone();
        let answer = move |headers: HeaderMap| async move { serve(name, etag, &headers) };
        router = router.route(&format!("{base}/{name}"), get(answer));
    }
    router
}

/// Whether this build has the client.
pub fn is_embedded() -> bool {
    Client::get("dist/socket.io.min.js").is_some()
}

fn serve(name: &str, etag: Option<HeaderValue>, headers: &HeaderMap) -> Response {
    let kind = if name.ends_with(".map") {
        "application/json; charset=utf-8"
    } else {
        "application/javascript; charset=utf-8"
    };
    let Some(etag) = etag else {
        return NotEmbedded.into_response();
    };
    let mut answer = if is_fresh(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match file(&format!("dist/{name}"), kind) {
            Ok(found) => found,
            Err(missing) => return missing.into_response(),
        }
    };
    answer.headers_mut().insert(header::ETAG, etag);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=0"));
    answer
}

struct NotEmbedded;

impl IntoResponse for NotEmbedded {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, NOT_EMBEDDED).into_response()
    }
}

fn file(path: &str, kind: &'static str) -> Result<Response, NotEmbedded> {
    let found = Client::get(path).ok_or(NotEmbedded)?;
    let bytes = match found.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    Ok((kind, Body::from(bytes)).into_response())
}

/// The version in quotes, as Node has it.
fn etag() -> Option<HeaderValue> {
    let package = Client::get("package.json")?;
    let package: serde_json::Value = serde_json::from_slice(&package.data).ok()?;
    let version = package.get("version")?.as_str()?;
    HeaderValue::from_str(&format!("\"{version}\"")).ok()
}

/// If-None-Match: several headers, lists, weak tags and `*` (RFC 9110, 13.1.2).
pub(super) fn is_fresh(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else {
        return false;
    };
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{Method, Request};
    use tower::ServiceExt;

    async fn ask(method: Method, path: &str, if_none_match: Option<&str>) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(tags) = if_none_match {
            request = request.header("if-none-match", tags);
        }
        router("/socket.io/").oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn serves_every_file_as_node_does_or_says_how_to_get_it() {
        for name in FILES {
            let answer = ask(Method::GET, &format!("/socket.io/{name}"), None).await;
            if !is_embedded() {
                assert_eq!(answer.status(), 404);
                continue;
            }
            assert_eq!(answer.status(), 200, "{name}");
            let kind = answer.headers()["content-type"].to_str().unwrap();
            let expected = if name.ends_with(".map") { "json" } else { "javascript" };
            assert_eq!(kind, format!("application/{expected}; charset=utf-8"));
            assert_eq!(answer.headers()["cache-control"], "public, max-age=0");
        }
    }

    #[tokio::test]
    async fn knows_its_tag_in_every_spelling() {
        let Some(etag) = etag() else { return };
        let tag = etag.to_str().unwrap();
        let path = "/socket.io/socket.io.js";
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
            let answer = ask(Method::GET, path, Some(&known)).await;
            assert_eq!(answer.status(), 304, "{known}");
            assert_eq!(answer.headers()["etag"], etag);
        }
        for unknown in ["\"x\"", tag.trim_matches('"'), ""] {
            assert_eq!(ask(Method::GET, path, Some(unknown)).await.status(), 200);
        }
    }

    #[tokio::test]
    async fn head_has_the_length_and_no_body() {
        if !is_embedded() {
            return;
        }
        let answer = ask(Method::HEAD, "/socket.io/socket.io.min.js", None).await;
        let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert!(length > 10_000);
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
        assert!(body.unwrap().is_empty());
    }

    #[test]
    fn any_path_is_taken() {
        for path in ["", "/", "socket.io", "/a/b/", "/:x", "/*x", "/{x}", "/{", "/a b"] {
            drop(router(path));
        }
    }
}
