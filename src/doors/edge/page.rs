//! The page at `/`: sign up, log in, talk. Its files stand in `page/`, but for the client module that
//! every frontend may use.

use super::bundle::{self, is_fresh};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::hash::{DefaultHasher, Hash, Hasher};

const INDEX: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/chat.mjs");
const CHAT_CLIENT: &str = include_str!("../../../examples/chat-client/chat-client.js");
const STYLE: &str = include_str!("page/chat.css");

const JAVASCRIPT: &str = "application/javascript; charset=utf-8";

/// Forms are sent by the script alone: without it a browser would put a password into the URL.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `socket_path` is where the Socket.IO client and server are found.
pub fn router(socket_path: &str, serves_client: bool) -> Router {
    let path = format!("/{}", socket_path.trim_matches('/'));
    let client = match (serves_client, bundle::is_embedded()) {
        (false, _) => "not served",
        (true, false) => "not built in",
        (true, true) => "served",
    };
    let index = INDEX.replace("{socket_path}", &escaped(path.trim_end_matches('/'))).replace("{client}", client);
    Router::new()
        .route("/", served(index.into(), "text/html; charset=utf-8"))
        .route("/chat.js", served(SCRIPT.into(), JAVASCRIPT))
        .route("/chat-client.js", served(CHAT_CLIENT.into(), JAVASCRIPT))
        .route("/chat.css", served(STYLE.into(), "text/css; charset=utf-8"))
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

    async fn ask(path: &str, tag: Option<&HeaderValue>) -> (Response<()>, String) {
        let mut request = Request::get(path);
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = router("/talk/", false).oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Response::from_parts(parts, ()), text)
    }

    #[tokio::test]
    async fn every_file_has_a_tag_and_the_policy() {
        for path in ["/", "/chat.js", "/chat-client.js", "/chat.css"] {
            let (answer, text) = ask(path, None).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["content-security-policy"], POLICY);
            assert!(!text.is_empty());
            let (again, text) = ask(path, Some(&answer.headers()["etag"])).await;
            assert_eq!((again.status().as_u16(), text.len()), (304, 0));
        }
    }

    #[tokio::test]
    async fn the_page_obeys_its_own_policy() {
        let (_, text) = ask("/", None).await;
        assert!(text.contains("src=\"/talk/socket.io.min.js\"") && text.contains("data-client=\"not served\""));
        for script in text.split("<script").skip(1) {
            assert!(script.contains("></script>") && script.contains("src="));
        }
        assert!(!text.contains("{socket_path}") && !text.contains("style="));
        for script in [SCRIPT, CHAT_CLIENT] {
            assert!(!script.contains("innerHTML") && !script.contains("insertAdjacentHTML"));
        }
    }
}
