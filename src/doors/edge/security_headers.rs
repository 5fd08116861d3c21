//! What every answer tells a browser not to do.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

/// For `axum::middleware::map_response`.
pub async fn add(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        // A page with a policy of its own says this itself.
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("frame-ancestors 'none'"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::{Html, IntoResponse};

    #[tokio::test]
    async fn pages_are_not_framed_and_nothing_is_sniffed() {
        let page = add(Html("x").into_response()).await;
        assert_eq!(page.headers()["x-frame-options"], "DENY");
        assert_eq!(page.headers()["content-security-policy"], "frame-ancestors 'none'");
        let text = add("x".into_response()).await;
        assert_eq!(text.headers()["x-content-type-options"], "nosniff");
        assert_eq!(text.headers()["referrer-policy"], "no-referrer");
        assert!(!text.headers().contains_key("x-frame-options"));
    }

    #[tokio::test]
    async fn a_stricter_policy_stays() {
        let own = [(header::CONTENT_SECURITY_POLICY, "default-src 'none'")];
        let page = add((own, Html("x")).into_response()).await;
        assert_eq!(page.headers()["content-security-policy"], "default-src 'none'");
    }
}
