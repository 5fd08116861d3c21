//! A fresh copy of the request head. Engine.IO keeps the head for the whole life of a connection,
//! and hyper's header values are slices of its 16 kB read buffer, which lives as long as they do.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::PathAndQuery},
    middleware::Next,
    response::Response,
};

/// What a reader may want later; no cookie is ever an identity here.
const KEPT: [HeaderName; 13] = [
    header::HOST,
    header::ORIGIN,
    header::USER_AGENT,
    HeaderName::from_static("x-forwarded-for"),
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::UPGRADE,
    header::CONNECTION,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
];

/// For `axum::middleware::from_fn` directly around the Engine.IO service, and nothing else: other
/// routes need the headers that are dropped here.
pub async fn copy(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.headers = copy_headers(&parts.headers);
    if let Some(uri) = copy_uri(&parts.uri) {
        parts.uri = uri;
    }
    next.run(Request::from_parts(parts, body)).await
}

fn copy_headers(from: &HeaderMap) -> HeaderMap {
    // Room for those that are there: an empty place is 100 bytes for the life of a connection.
    let present: usize = KEPT.iter().map(|name| from.get_all(name).iter().count()).sum();
    let mut headers = HeaderMap::with_capacity(present);
    for name in KEPT {
        for value in from.get_all(&name) {
            // The bytes were valid a moment ago.
            if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
                copy.set_sensitive(name == header::AUTHORIZATION);
                headers.append(&name, copy);
            }
        }
    }
    headers
}

/// Path and query only: nobody behind this asks for the authority of an absolute URI.
fn copy_uri(from: &Uri) -> Option<Uri> {
    let text = from.path_and_query()?.as_str();
    Some(Uri::from(text.parse::<PathAndQuery>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, middleware::from_fn};
    use std::{ops::Range, sync::mpsc};
    use tower::ServiceExt;

    fn is_within(text: &[u8], range: &Range<*const u8>) -> bool {
        range.contains(&text.as_ptr())
    }

    #[tokio::test]
    async fn nothing_points_into_the_old_buffer() {
        let buffer = axum::body::Bytes::from_static(b"/socket.io/?EIO=4&sid=x|chat.example|agent/1");
        let old = buffer.as_ptr_range();
        let uri = Uri::from_maybe_shared(buffer.slice(0..23)).unwrap();
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        let host = HeaderValue::from_maybe_shared(buffer.slice(24..36)).unwrap();
        headers.insert(header::HOST, host);
        let agent = HeaderValue::from_maybe_shared(buffer.slice(37..)).unwrap();
        headers.insert(header::USER_AGENT, agent);
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        headers.insert(header::COOKIE, HeaderValue::from_static("refreshToken=x"));
        headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.1"));
        headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.2"));
        request.extensions_mut().insert(7_u8);
        assert!(is_within(request.headers()["host"].as_bytes(), &old));
        assert!(is_within(request.uri().path().as_bytes(), &old));

        let (tell, told) = mpsc::channel();
        let app = Router::new()
            .fallback(move |request: Request| async move { drop(tell.send(request)) })
            .layer(from_fn(copy));
        app.oneshot(request).await.unwrap();
        let seen = told.recv().unwrap();
        assert_eq!(seen.uri(), "/socket.io/?EIO=4&sid=x");
        assert_eq!(seen.headers()["host"], "chat.example");
        assert_eq!(seen.headers()["user-agent"], "agent/1");
        assert!(seen.headers()["authorization"].is_sensitive());
        assert_eq!(seen.headers().get_all("x-forwarded-for").iter().count(), 2);
        assert!(!seen.headers().contains_key("cookie"));
        assert_eq!(seen.extensions().get(), Some(&7_u8));
        assert!(!is_within(seen.uri().path().as_bytes(), &old));
        for value in seen.headers().values() {
            assert!(!is_within(value.as_bytes(), &old));
        }
    }
}
