//! Reports of messages, and the queue of those who decide about them.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::fields::listed;
use super::wire;
use super::{Allowance, Asker, Failure, Fields, MOST_REASON, Reply, Requests, Route};
use crate::chat::Chat;
use crate::chat::reports::ReportRecord;
use crate::model::{Report, ReportId, ReportOutcome, ReportReason, ReportStatus, Voice};
use crate::store::Ruling;

pub const ROUTES: &[Route] = &[
    Route::new(Method::PUT, "/api/me/reports/{messageId}", |requests, asker, fields| {
        Box::pin(report(requests, asker, fields))
    })
    .event("report-message")
    .counts_as(Allowance::Reports),
    Route::new(Method::GET, "/api/me/reports", |requests, asker, fields| Box::pin(mine(requests, asker, fields))),
    Route::new(Method::GET, "/api/moderation/reports", |requests, asker, fields| {
        Box::pin(list(requests, asker, fields))
    }),
    Route::new(Method::GET, "/api/moderation/reports/{reportId}", |requests, asker, fields| {
        Box::pin(show(requests, asker, fields))
    }),
    Route::new(Method::PUT, "/api/moderation/reports/{reportId}", |requests, asker, fields| {
        Box::pin(rule(requests, asker, fields))
    }),
];

async fn report(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let id = fields.id("messageId")?;
    let reason = fields.word("reason", &ReportReason::NAMED);
    let reason = fields.chosen("reason", reason);
    let note = fields.text("note", MOST_REASON).unwrap_or_default();
    fields.check()?;
    let reason = reason.unwrap_or(ReportReason::Other);
    let (report, voice) = requests.chat().report_message(caller, id, reason, note).await?;
    Ok(Reply::Shown(said(&report, &voice)))
}

/// What somebody said, as they see it.
fn said(report: &Report, voice: &Voice) -> Value {
    json!({
        "messageId": report.message,
        "reason": voice.reason,
        "note": voice.note,
        "status": report.status,
        "reportedAt": voice.at.to_iso_millis(),
    })
}

async fn mine(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64, ReportId)>()?;
    let found = requests.chat().my_reports(caller, after, limit + 1).await?;
    let rows = found.iter().map(|(report, voice)| ((voice.at.0, report.id), said(report, voice)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn list(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    let status = fields.word("status", &ReportStatus::NAMED).unwrap_or(ReportStatus::Open);
    fields.check()?;
    let room = if fields.get("roomId").is_some() { Some(fields.room()?) } else { None };
    let after = fields.after::<(ReportId,)>()?.map(|(id,)| id);
    let chat = requests.chat();
    let found = chat.reports(caller, status, room.as_deref(), after, limit + 1).await?;
    let rows = found.iter().map(|record| ((record.report.id,), shown(chat, record)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn show(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let record = requests.chat().report(caller, fields.id("reportId")?).await?;
    Ok(Reply::Shown(shown(requests.chat(), &record)))
}

async fn rule(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let id = fields.id("reportId")?;
    let status = fields.word("status", &ReportStatus::NAMED);
    let status = fields.chosen("status", status);
    let outcome = fields.word("outcome", &ReportOutcome::NAMED);
    let note = fields.text("note", MOST_REASON).filter(|note| !note.is_empty());
    fields.check()?;
    let status = status.unwrap_or(ReportStatus::Open);
    // An open report has no outcome yet.
    let outcome = outcome.filter(|_| status == ReportStatus::Closed);
    let ruling = Ruling { status, outcome, note, by: caller.user().id };
    let record = requests.chat().rule(caller, id, ruling).await?;
    Ok(Reply::Shown(shown(requests.chat(), &record)))
}

/// A report as those see it who decide about it.
fn shown(chat: &Chat, record: &ReportRecord) -> Value {
    let Report { id, message, status, outcome, voices, first_at, last_at, ref text, ref note, .. } = record.report;
    let reasons = record.reasons.iter().filter_map(|(reason, count)| {
        let (name, _) = ReportReason::NAMED.iter().find(|(_, other)| other == reason)?;
        Some(((*name).to_owned(), (*count).into()))
    });
    let standing = record.message.as_ref().filter(|message| !message.deleted);
    let mut shape = json!({
        "id": id,
        "status": status,
        "outcome": outcome,
        "count": voices,
        "reasons": reasons.collect::<Map<String, Value>>(),
        "firstAt": first_at.to_iso_millis(),
        "lastAt": last_at.to_iso_millis(),
        "room": { "id": record.room.id, "name": record.room.name, "kind": record.room.kind },
        "author": wire::person(chat, &record.author),
        "messageId": message,
        "text": text,
        "isDeleted": standing.is_none(),
        "attachment": standing.and_then(|message| message.attachment.as_deref()),
        "closedBy": record.closed_by.as_ref().map(|by| wire::person(chat, by)),
        "note": note,
    });
    if let (Some(reporters), Some(shape)) = (&record.reporters, shape.as_object_mut()) {
        let reporters = reporters
            .iter()
            .map(|(who, voice)| json!({ "user": wire::person(chat, who), "reason": voice.reason, "note": voice.note }));
        shape.insert("reporters".into(), reporters.collect());
    }
    shape
}
