//! Requests that lead nowhere: no such path, or nothing there by this method.

use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::doors::tally::TALLY;

pub async fn no_such_path(uri: Uri) -> Response {
    refusal(&uri, StatusCode::NOT_FOUND, "not_found", "Not found")
}

pub async fn no_such_method(uri: Uri) -> Response {
    refusal(&uri, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
}

/// In the words of what else stands below the path: of the Node app, of newer dialects too, or of all newer routes.
fn refusal(uri: &Uri, status: StatusCode, code: &'static str, message: &str) -> Response {
    TALLY.refused(code);
    let path = uri.path();
    let is_below =
        |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let error = json!({ "code": code, "message": message });
    let body = if is_below("/api/auth") {
        json!({ "message": message, "error": error })
    } else if is_below("/api/chat") {
        json!({ "detail": message, "error": error })
    } else if is_below("/api") && !is_below("/api/community") {
        json!({ "error": error })
    } else {
        json!({ "message": message })
    };
    (status, Json(body)).into_response()
}
