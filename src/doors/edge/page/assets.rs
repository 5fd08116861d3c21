//! The files of the web client. Their names change with what is in them: a browser asks once.

use super::super::bundle::is_fresh;
use super::encoding::accepted;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

/// Empty when `make client` has not run: the server builds without Node too.
#[derive(RustEmbed)]
#[folder = "client-demo/dist"]
#[include = "index.html"]
#[include = "assets/*"]
#[allow_missing = true]
struct Site;

pub fn index() -> Option<String> {
    String::from_utf8(Site::get("index.html")?.data.into_owned()).ok()
}

pub fn router() -> Router {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("assets/{name}");
    let Some(plain) = Site::get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let packed = accepted(&headers).find_map(|(ending, coding)| Some((Site::get(&format!("{path}{ending}"))?, coding)));
    let (file, coding) = packed.map_or((plain, None), |(file, coding)| (file, Some(coding)));
    let Some(etag) = etag(&file) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut answer = if is_fresh(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(bytes(file)).into_response()
    };
    let told = answer.headers_mut();
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(&name)));
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    told.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    told.insert(header::ETAG, etag);
    if let Some(coding) = coding {
        told.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    answer
}

/// Of the form that is sent: each has bytes of its own.
fn etag(file: &EmbeddedFile) -> Option<HeaderValue> {
    let hash: String = file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hash}\"")).ok()
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "application/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
