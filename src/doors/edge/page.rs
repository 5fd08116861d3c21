//! The web client at `/`, as `make client` built it from client-demo/; and the client module that every
//! frontend may use.

mod assets;
mod encoding;

use super::bundle::is_fresh;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::{NonZeroU32, NonZeroU64};

const CHAT_CLIENT: &str = include_str!("../../../examples/chat-client/chat-client.js");

/// What a build without npm says instead.
const NOT_BUILT_IN: &str = "The chat server is running, but its web client is not in this build.\n\
    To have it: install Node.js (20.19 or newer) with npm, run `make client`, and build the server again.\n\
    Clients of your own work all the same: see COMMUNITY_CHAT_WEBSOCKET_API.md.\n";

/// Forms are sent by the script alone: without it a browser would put a password into the URL. No
/// text becomes markup or script: there is no policy that would allow it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

/// What the client has to know before it asks anything.
pub struct Told<'a> {
    /// Where the Socket.IO server is found.
    pub socket_path: &'a str,
    pub allows_guests: bool,
    /// None: of any size, and length.
    pub upload_bytes: Option<NonZeroU64>,
    pub message_chars: Option<NonZeroU32>,
}

pub fn router(told: &Told<'_>) -> Router {
    let (index, kind) = match assets::index() {
        Some(index) => (told.put_into(&index), "text/html; charset=utf-8"),
        None => (NOT_BUILT_IN.to_owned(), "text/plain; charset=utf-8"),
    };
    Router::new()
        .route("/", served(index.into(), kind))
        .route("/chat-client.js", served(CHAT_CLIENT.into(), "application/javascript; charset=utf-8"))
        .merge(assets::router())
}

impl Told<'_> {
    /// It stands in attributes of `<html>`.
    fn put_into(&self, index: &str) -> String {
        let path = format!("/{}", self.socket_path.trim_matches('/'));
        let bytes = self.upload_bytes.map_or(0, NonZeroU64::get);
        let values = [
            ("{socket_path}", escaped(path.trim_end_matches('/'))),
            ("{guests}", (if self.allows_guests { "yes" } else { "no" }).to_owned()),
            ("{upload_bytes}", bytes.to_string()),
            ("{message_chars}", self.message_chars.map_or(0, NonZeroU32::get).to_string()),
        ];
        values.iter().fold(index.to_owned(), |page, (name, value)| page.replace(name, value))
    }
}

fn served(content: Bytes, kind: &'static str) -> axum::routing::MethodRouter {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    get(move |headers: HeaderMap| async move { answer(&headers, content, kind, &etag) })
}

fn answer(headers: &HeaderMap, content: Bytes, kind: &'static str, etag: &str) -> Response {
    let Ok(etag) = HeaderValue::from_str(etag) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    let mut answer = if is_fresh(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (kind, content).into_response()
    };
    let headers = answer.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    answer
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, extract::Request};
    use tower::ServiceExt;

    async fn ask(path: &str, asked: &[(&str, &str)]) -> (Response<()>, Vec<u8>) {
        let mut request = Request::get(path);
        for (name, value) in asked {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = router(&Told {
            socket_path: "/talk/",
            allows_guests: true,
            upload_bytes: NonZeroU64::new(4096),
            message_chars: NonZeroU32::new(70),
        })
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, ()), body.to_vec())
    }

    #[tokio::test]
    async fn the_page_and_the_module_have_a_tag_and_the_policy() {
        for path in ["/", "/chat-client.js"] {
            let (answer, text) = ask(path, &[]).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["content-security-policy"], POLICY);
            assert_eq!(answer.headers()["cache-control"], "public, no-cache");
            assert!(!text.is_empty());
            let tag = answer.headers()["etag"].to_str().unwrap();
            let (again, text) = ask(path, &[("if-none-match", tag)]).await;
            assert_eq!((again.status().as_u16(), text.len()), (304, 0));
        }
    }

    #[test]
    fn the_page_is_told_of_the_settings() {
        let index = "{socket_path} {guests} {upload_bytes} {message_chars}";
        let told =
            Told { socket_path: "/talk/", allows_guests: true, upload_bytes: NonZeroU64::new(7), message_chars: None };
        assert_eq!(told.put_into(index), "/talk yes 7 0");
        let hostile =
            Told { socket_path: "/\"<x/", allows_guests: false, upload_bytes: None, message_chars: NonZeroU32::new(9) };
        assert_eq!(hostile.put_into(index), "/&quot;&lt;x no 0 9");
    }

    #[tokio::test]
    async fn the_page_obeys_its_own_policy() {
        let (answer, text) = ask("/", &[]).await;
        let text = String::from_utf8(text).unwrap();
        if assets::index().is_none() {
            assert!(text.contains("make client") && answer.headers()["content-type"] == "text/plain; charset=utf-8");
            return;
        }
        assert!(text.contains("data-socket-path=\"/talk\"") && text.contains("data-guests=\"yes\""));
        assert!(text.contains("data-upload-bytes=\"4096\"") && text.contains("data-message-chars=\"70\""));
        for script in text.split("<script").skip(1) {
            assert!(script.contains("></script>") && script.contains("src="));
        }
        assert!(!text.contains("{socket_path}") && !text.contains("style=") && !text.contains("<style"));
    }

    #[tokio::test]
    async fn what_the_page_names_is_there_in_every_encoding_and_stays_for_good() {
        let Some(index) = assets::index() else { return };
        for path in index.split('"').filter(|text| text.starts_with("/assets/")) {
            let (plain, content) = ask(path, &[]).await;
            assert_eq!(plain.status(), 200, "{path}");
            assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(plain.headers()["vary"], "accept-encoding");
            assert!(!plain.headers().contains_key("content-encoding"));
            for coding in ["br", "gzip"] {
                let (answer, packed) = ask(path, &[("accept-encoding", coding)]).await;
                if content.len() > 1024 {
                    assert_eq!(answer.headers()["content-encoding"], coding, "{path}");
                    assert!(packed.len() < content.len());
                }
                assert_eq!(answer.headers()["content-type"], plain.headers()["content-type"]);
            }
            let (again, none) = ask(path, &[("if-none-match", plain.headers()["etag"].to_str().unwrap())]).await;
            assert_eq!((again.status().as_u16(), none.len()), (304, 0));
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        for path in ["/assets/", "/assets/no.js", "/assets/../index.html", "/assets/%2e%2e/index.html"] {
            assert_eq!(ask(path, &[]).await.0.status(), 404, "{path}");
        }
    }
}
