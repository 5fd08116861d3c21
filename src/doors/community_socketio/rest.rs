//! The dialect's REST: history and figures of `main-chat`.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use uuid::Uuid;

use super::Community;
use super::wire::{HistoryShape, MessageShape, PaginationShape, StatisticsShape, Success};
use crate::chat::Refusal;
use crate::chat::messages::Listing;
use crate::doors::bearer::{turned_away, unauthorized};
use crate::doors::refusals::{Doing, describe};
use crate::doors::requests::MOST_MESSAGES;
use crate::model::text::trim_like_javascript;

pub fn router(door: Community) -> Router {
    Router::new()
        .route("/api/community/chat", get(list))
        .route("/api/community/chat/recent", get(recent))
        .route("/api/community/chat/stats", get(statistics))
        .route("/api/community/chat/{user}", get(list_of_user))
        .with_state(door)
}

/// Why there is no answer but this one.
enum Failure {
    Unauthorized(&'static str),
    Refused(Refusal),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Unauthorized(message) => {
                (StatusCode::UNAUTHORIZED, Json(json!({ "message": message }))).into_response()
            }
            Failure::Refused(refusal) => {
                let described = describe(refusal, Doing::Fetching);
                // What Node answers whatever went wrong, and no more than it does.
                if matches!(refusal, Refusal::Unreadable | Refusal::Failed) {
                    return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": described.text })))
                        .into_response();
                }
                // A failure of ours is 500, as there; what else is known stands beside it.
                let body =
                    json!({ "error": Doing::Fetching.failed(), "code": described.code, "retryIn": described.retry_in });
                (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
            }
        }
    }
}

impl Community {
    async fn authorize(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let actor = self.shared.bearers.actor(headers);
        let actor = actor.map_err(|refusal| Failure::Unauthorized(unauthorized(refusal).0))?;
        match self.shared.chat.caller(actor).await {
            Ok(_) => Ok(()),
            Err(refusal) => {
                Err(turned_away(refusal).map_or(Failure::Refused(refusal), |why| Failure::Unauthorized(why.0)))
            }
        }
    }
}

async fn list(
    State(door): State<Community>,
    headers: HeaderMap,
    Query(query): Query<Pairs>,
) -> Result<Response, Failure> {
    door.authorize(&headers).await?;
    let (page, limit) = page_and_limit(&query)?;
    let room = door.shared.chat.main_room().await?;
    Ok(listed(&door.shared.chat.page(&room, page, limit).await?, page, limit))
}

async fn list_of_user(
    State(door): State<Community>,
    headers: HeaderMap,
    Path(user): Path<String>,
    Query(query): Query<Pairs>,
) -> Result<Response, Failure> {
    door.authorize(&headers).await?;
    let (page, limit) = page_and_limit(&query)?;
    let user = Uuid::parse_str(&user).map_err(|_| Refusal::Unreadable)?;
    let room = door.shared.chat.main_room().await?;
    Ok(listed(&door.shared.chat.page_of_author(&room, user, page, limit).await?, page, limit))
}

async fn recent(State(door): State<Community>, Query(query): Query<Pairs>) -> Result<Response, Failure> {
    let (_, limit) = page_and_limit(&query)?;
    let room = door.shared.chat.main_room().await?;
    let messages = door.shared.chat.recent(&room, limit).await?;
    Ok(Json(Success::of(MessageShape::list(&messages))).into_response())
}

async fn statistics(State(door): State<Community>) -> Result<Response, Failure> {
    let statistics = door.shared.chat.statistics().await?;
    Ok(Json(Success::of(StatisticsShape::of(&statistics))).into_response())
}

fn listed(listing: &Listing, page: i64, limit: i64) -> Response {
    let shape = HistoryShape {
        success: true,
        data: MessageShape::list(&listing.messages),
        pagination: PaginationShape::of(listing.total, page, limit),
        rev: None,
        epoch: None,
    };
    Json(shape).into_response()
}

/// The query as it stands; of two with one name the first counts.
type Pairs = Vec<(String, String)>;

fn page_and_limit(query: &Pairs) -> Result<(i64, i64), Refusal> {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let number =
        |name: &str, default: i64| value(name).and_then(parse_int).filter(|number| *number != 0).unwrap_or(default);
    let (page, limit) = (number("page", 1), number("limit", 50));
    if page < 1 || limit < 1 {
        return Err(Refusal::Unreadable);
    }
    Ok((page, limit.min(MOST_MESSAGES)))
}

/// As JavaScript's `parseInt` reads: leading space, sign, `0x`, digits until something else comes.
fn parse_int(text: &str) -> Option<i64> {
    let text = trim_like_javascript(text);
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, text) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(rest) => (16, rest),
        None => (10, text),
    };
    let digits = text.chars().map_while(|digit| digit.to_digit(radix));
    let number = digits.fold(None, |sum: Option<i64>, digit| {
        Some(sum.unwrap_or(0).saturating_mul(i64::from(radix)).saturating_add(i64::from(digit)))
    })?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn reads_numbers_as_javascript_does() {
        for (text, number) in [
            ("12", Some(12)),
            (" 3x", Some(3)),
            ("-4", Some(-4)),
            ("0x10", Some(16)),
            ("abc", None),
            ("", None),
            ("99999999999999999999", Some(i64::MAX)),
        ] {
            assert_eq!(parse_int(text), number, "{text}");
        }
        assert_eq!(page_and_limit(&query(&[("page", "abc"), ("limit", "0")])), Ok((1, 50)));
        assert_eq!(page_and_limit(&query(&[("limit", "5000")])), Ok((1, 1000)));
        assert!(page_and_limit(&query(&[("page", "-1")])).is_err());
    }
}
