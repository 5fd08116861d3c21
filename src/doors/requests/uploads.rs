//! What carries files to us. It may take longer than other requests, and is not held in memory.

use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use futures_util::StreamExt;
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::json;
use tower_http::timeout::{RequestBodyDeadlineLayer, RequestBodyTimeoutLayer, TimeoutError};

use super::fields::KEY;
use super::rest::in_words_of_rest;
use super::wire;
use super::{Allowance, Asker, Failure, Reply, Requests};
use crate::chat::uploads::{Accompanied, Incoming, MOST_OF_AN_AVATAR};
use crate::chat::{Refusal, Text};
use crate::doors::refusals::BudgetShape;

/// Without a byte.
const SILENCE: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(600);
/// What may stand in a form beside the file.
const BESIDE_THE_FILE: u64 = 64 * 1024;
/// Who is refused while still sending reads the answer if the line is not cut at once.
const LINGERING: Duration = Duration::from_secs(5);
const MOST_LINGERING: usize = 32 << 20;

/// For no limit on the time of a whole request.
pub fn router(requests: Requests) -> Router {
    Router::new()
        .route("/api/rooms/{roomId}/files", post(upload))
        .route("/api/me/avatar", put(set_avatar))
        .layer(RequestBodyTimeoutLayer::new(SILENCE))
        .layer(RequestBodyDeadlineLayer::new(LONGEST))
        .with_state(requests)
}

async fn upload(
    State(requests): State<Requests>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut body = body.into_data_stream();
    let answer = async {
        let asker = requests.bearer(&headers).await?;
        let answer = receive(&requests, &asker, room.trim(), &headers, &mut body).await;
        answer.map_err(|failure| in_words_of_rest(failure, asker.actor))
    };
    answered(answer.await, &headers, body)
}

async fn receive(
    requests: &Requests,
    asker: &Asker,
    room: &str,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
) -> Result<Reply, Failure> {
    requests.spend(Allowance::Uploads, asker)?;
    let chat = requests.chat();
    asker.account()?;
    let most = chat.file_rules().most_bytes.unwrap_or(u64::MAX);
    let mut form = form(headers, body, most)?;
    let mut incoming = chat.receive_file(asker.actor, room).await?;
    let mut with = read(&mut form, &mut incoming, most).await?;
    if with.client_offset.is_none() {
        with.client_offset = key(headers)?;
    }
    let sent = incoming.send(with, requests.shared.rules).await?;
    let mut shape = wire::message(chat, &sent.posted);
    if let Some(budget) = sent.budget {
        shape["budget"] = json!(BudgetShape::of(budget));
    }
    Ok(if sent.is_new { Reply::Made(shape) } else { Reply::Shown(shape) })
}

async fn set_avatar(State(requests): State<Requests>, headers: HeaderMap, body: Body) -> Response {
    let mut body = body.into_data_stream();
    let answer = async {
        let asker = requests.bearer(&headers).await?;
        let answer = receive_avatar(&requests, &asker, &headers, &mut body).await;
        answer.map_err(|failure| in_words_of_rest(failure, asker.actor))
    };
    answered(answer.await, &headers, body)
}

async fn receive_avatar(
    requests: &Requests,
    asker: &Asker,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
) -> Result<Reply, Failure> {
    requests.spend(Allowance::ProfileEdits, asker)?;
    let (caller, chat) = (asker.account()?, requests.chat());
    let _turn = chat.upload_turn(caller)?;
    let image = if is_form(headers) {
        let mut form = form(headers, body, MOST_OF_AN_AVATAR)?;
        image_in(&mut form).await?
    } else {
        must_fit(headers, MOST_OF_AN_AVATAR)?;
        let mut image = Vec::new();
        while let Some(bytes) = body.next().await {
            grow(&mut image, &bytes.map_err(|error| interrupted(&error))?)?;
        }
        image
    };
    let who = chat.set_avatar(caller, image.into()).await?;
    Ok(Reply::Shown(wire::person(chat, &who)))
}

async fn image_in(form: &mut Multipart<'_>) -> Result<Vec<u8>, Failure> {
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(error, MOST_OF_AN_AVATAR))? {
        if field.name() != Some("file") {
            continue;
        }
        let mut image = Vec::new();
        while let Some(bytes) = field.chunk().await.map_err(|error| unreadable(error, MOST_OF_AN_AVATAR))? {
            grow(&mut image, &bytes)?;
        }
        return Ok(image);
    }
    Err(Refusal::FileMissing.into())
}

fn grow(image: &mut Vec<u8>, bytes: &Bytes) -> Result<(), Failure> {
    if (image.len() + bytes.len()) as u64 > MOST_OF_AN_AVATAR {
        return Err(Refusal::FileTooLarge { limit: MOST_OF_AN_AVATAR }.into());
    }
    image.extend_from_slice(bytes);
    Ok(())
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"))
}

fn must_fit(headers: &HeaderMap, most: u64) -> Result<(), Failure> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > most) { Err(Refusal::FileTooLarge { limit: most }.into()) } else { Ok(()) }
}

/// For a message the key of the request is its offset. One that cannot be read must not be passed over.
fn key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match std::str::from_utf8(key.as_bytes()) {
        Ok(key) if !key.is_empty() => Ok(Some(key.to_owned())),
        _ => Err(Failure::Fields(vec![(KEY, format!("{KEY} must be a text of 1 to 128 characters"))])),
    }
}

fn form<'a>(headers: &HeaderMap, body: &'a mut BodyDataStream, most: u64) -> Result<Multipart<'a>, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind)
        .map_err(|_| Failure::Unreadable("the body must be multipart/form-data with a boundary".into()))?;
    let whole = most.saturating_add(BESIDE_THE_FILE);
    must_fit(headers, whole).map_err(|_| Refusal::FileTooLarge { limit: most })?;
    // How large the file may be, who takes it in knows.
    let sizes = SizeLimit::new().whole_stream(whole).per_field(BESIDE_THE_FILE).for_field("file", u64::MAX);
    Ok(Multipart::with_constraints(body, boundary, Constraints::new().size_limit(sizes)))
}

async fn read(form: &mut Multipart<'_>, incoming: &mut Incoming, most: u64) -> Result<Accompanied, Failure> {
    let mut with = Accompanied::default();
    let mut has_file = false;
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(error, most))? {
        match field.name() {
            Some("file") if has_file => return Err(Failure::Unreadable("one file at a time".into())),
            Some("file") => {
                has_file = true;
                with.name = field.file_name().unwrap_or_default().to_owned();
                while let Some(bytes) = field.chunk().await.map_err(|error| unreadable(error, most))? {
                    incoming.push(bytes).await?;
                }
            }
            Some("content") => {
                with.caption = match Text::new(&field.text().await.map_err(|error| unreadable(error, most))?) {
                    Ok(caption) => Some(caption),
                    Err(Refusal::Empty) => None,
                    Err(refusal) => return Err(refusal.into()),
                };
            }
            Some("clientOffset") => {
                with.client_offset = Some(field.text().await.map_err(|error| unreadable(error, most))?);
            }
            Some("characterId") => {
                let number = field.text().await.map_err(|error| unreadable(error, most))?;
                let number = Some(number.trim()).filter(|number| !number.is_empty());
                with.character =
                    number.map(|number| number.parse().map_err(|_| Refusal::CharacterNotFound)).transpose()?;
            }
            _ => {}
        }
    }
    if has_file { Ok(with) } else { Err(Refusal::FileMissing.into()) }
}

fn unreadable(error: multer::Error, most: u64) -> Failure {
    match error {
        multer::Error::StreamSizeExceeded { .. } => Refusal::FileTooLarge { limit: most }.into(),
        multer::Error::FieldSizeExceeded { .. } => Failure::TooLarge { kibibytes: BESIDE_THE_FILE / 1024 },
        multer::Error::StreamReadFailed(cause) => interrupted(&*cause),
        other => Failure::Unreadable(other.to_string()),
    }
}

fn interrupted(error: &(dyn Error + 'static)) -> Failure {
    let mut causes = successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    if causes.any(|error| error.is::<TimeoutError>()) {
        Failure::TooSlow
    } else {
        Failure::Unreadable("the body ended early".into())
    }
}

fn answered(answer: Result<Reply, Failure>, headers: &HeaderMap, body: BodyDataStream) -> Response {
    match answer {
        Ok(reply) => reply.into_response(),
        Err(failure) => {
            // Who asked first whether to send is sending nothing.
            if !headers.contains_key(header::EXPECT) {
                tokio::spawn(linger(body));
            }
            failure.into_response()
        }
    }
}

async fn linger(mut body: BodyDataStream) {
    let mut passed_over = 0;
    let reading = async {
        while let Some(Ok(bytes)) = body.next().await {
            passed_over += bytes.len();
            if passed_over > MOST_LINGERING {
                return;
            }
        }
    };
    tokio::time::timeout(LINGERING, reading).await.ok();
}
