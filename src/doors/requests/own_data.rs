//! Everything of oneself, to take along.

use axum::body::Body;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::poll_fn;
use tokio::sync::mpsc;

use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::Refusal;

pub const ROUTES: &[Route] =
    &[Route::new(Method::GET, "/api/me/export", |requests, asker, fields| Box::pin(export(requests, asker, fields)))
        .counts_as(Allowance::Exports)];

async fn export(requests: &Requests, asker: &Asker, _: &mut Fields) -> Result<Reply, Failure> {
    Ok(Reply::Document(requests.chat().export(asker.account()?).await?))
}

/// A document that is still being written. Broken off, it is no whole answer.
pub fn document(mut pieces: mpsc::Receiver<Result<String, Refusal>>) -> Response {
    let broken = |refusal| std::io::Error::other(format!("the export broke off: {refusal:?}"));
    let body = Body::from_stream(poll_fn(move |context| {
        pieces.poll_recv(context).map(|piece| piece.map(|piece| piece.map_err(broken)))
    }));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"community-chat-export.json\""),
    ];
    (headers, body).into_response()
}
