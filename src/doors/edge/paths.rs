//! REST paths as Express reads them: not case sensitive, and with or without a slash at the end.

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
    middleware::map_request,
    response::Response,
};
use percent_encoding::percent_decode_str;
use tower::Layer;

use super::nowhere::no_such_path;

/// Around the whole application: axum chooses a route before a router's own layers run.
pub fn forgiving(app: Router) -> Router {
    Router::new().fallback_service(map_request(rewrite).layer(app))
}

async fn rewrite(mut request: Request) -> Result<Request, Response> {
    // Nothing is called so, and routes could not even read it.
    if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Err(no_such_path(request.uri().clone()).await);
    }
    if let Some(uri) = canonical(request.uri()) {
        *request.uri_mut() = uri;
    }
    Ok(request)
}

/// Ids survive lower case: they are UUIDs, numbers and slugs. Escapes do too (`%C3` is `%c3`).
/// `None` where nothing is to be changed, which is nearly always.
fn canonical(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let is_api = path.get(..5)?.eq_ignore_ascii_case("/api/");
    let trimmed = match path.strip_suffix('/') {
        Some(rest) if path.len() > 5 => rest,
        _ => path,
    };
    let is_canonical = trimmed.len() == path.len() && !path.bytes().any(|byte| byte.is_ascii_uppercase());
    if !is_api || is_canonical {
        return None;
    }
    let mut text = trimmed.to_ascii_lowercase();
    if let Some(query) = uri.query() {
        text.push('?');
        text.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(text.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, extract::Path, routing::get};
    use tower::ServiceExt;

    #[test]
    fn only_what_is_below_api_is_changed() {
        for (from, to) in [
            ("/API/Community/Chat/", "/api/community/chat"),
            ("/api/community/chat?Page=1&q=A/", "/api/community/chat?Page=1&q=A/"),
            ("/api/rooms/?Q=%C3", "/api/rooms?Q=%C3"),
            ("/api/community/chat//", "/api/community/chat/"),
            ("/Api/Users/0B7E-AF/%C3%89", "/api/users/0b7e-af/%c3%89"),
            ("/api/", "/api/"),
            ("/", "/"),
            ("/Socket.IO/", "/Socket.IO/"),
            ("/APIS/", "/APIS/"),
            ("*", "*"),
            ("http://Host.example/API/X", "http://Host.example/api/x"),
        ] {
            let uri: Uri = from.parse().unwrap();
            let rewritten = canonical(&uri).unwrap_or(uri);
            assert_eq!(rewritten.to_string(), to.parse::<Uri>().unwrap().to_string());
        }
    }

    #[tokio::test]
    async fn routes_are_found_in_any_spelling() {
        let echo = |Path(id): Path<String>| async move { id };
        let app = forgiving(Router::new().route("/api/rooms/{id}", get(echo)));
        let request = Request::get("/API/Rooms/AB-cd/").body(Body::empty());
        let answer = app.oneshot(request.unwrap()).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(&body[..], b"ab-cd");
    }
}
