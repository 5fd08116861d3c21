//! Reports of messages: who may make them, who sees them, and who hears of them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::permissions::{Action, Member, may, place};
use super::{Caller, Chat, Refusal, patiently};
use crate::model::{
    Audience, Author, Event, Membership, Message, MessageId, Micros, Posted, Report, ReportId, ReportReason,
    ReportStatus, Room, RoomNumber, UserId, Voice,
};
use crate::store::{AuditRow, ReportFilter, Reported, Ruling, Voices};

/// So long a copy of the text outlasts the closing.
const KEPT_FOR: i64 = 90 * 24 * 3600 * 1_000_000;

/// A report as one of those sees it who decide about it.
pub struct ReportRecord {
    pub report: Report,
    pub room: Room,
    pub author: Arc<Author>,
    /// As it stands now; none when there is no trace of it.
    pub message: Option<Message>,
    pub reasons: Vec<(ReportReason, i64)>,
    /// None: not for this reader.
    pub reporters: Option<Vec<(Arc<Author>, Voice)>>,
    pub closed_by: Option<Arc<Author>>,
}

/// Whose reports somebody sees beyond the rooms where they keep the peace.
fn seen_by(caller: &Caller) -> Option<UserId> {
    (!caller.sees_all_reports()).then_some(caller.user().id)
}

impl Chat {
    /// Adds the caller's voice against a message of somebody else.
    pub async fn report_message(
        &self,
        caller: &Caller,
        id: MessageId,
        reason: ReportReason,
        note: String,
    ) -> Result<(Report, Voice), Refusal> {
        let (member, posted) = self.of_mine(caller, id).await?;
        member.may(Action::Report)?;
        let me = caller.account()?.id;
        if posted.message.user == me {
            return Err(Refusal::Yourself);
        }
        if posted.message.deleted {
            let before = patiently(self.inner.store.voice_against(id, me)).await?;
            return before.ok_or(Refusal::MessageNotFound);
        }
        let voice = Voice { user: me, reason, note, at: self.inner.clock.now() };
        let reported = self.inner.store.report(&posted.message, &voice).await?;
        let Reported { report, voice, is_news } = reported.ok_or(Refusal::MessageNotFound)?;
        if is_news {
            let payload = json!({ "reportId": report.id, "roomId": member.room.id, "count": report.voices });
            self.tell_readers(&report, "report-received", payload).await;
        }
        Ok((report, voice))
    }

    /// What the caller reported, the newest first.
    pub async fn my_reports(
        &self,
        caller: &Caller,
        after: Option<(i64, ReportId)>,
        limit: u64,
    ) -> Result<Vec<(Report, Voice)>, Refusal> {
        patiently(self.inner.store.voices_of(caller.account()?.id, after, limit)).await
    }

    /// The reports that the caller may decide about, of one room or of all.
    pub async fn reports(
        &self,
        caller: &Caller,
        status: ReportStatus,
        room: Option<&str>,
        after: Option<ReportId>,
        limit: u64,
    ) -> Result<Vec<ReportRecord>, Refusal> {
        let room = match room {
            Some(reference) => Some(self.room_with_reports(caller, reference).await?),
            None => None,
        };
        let filter = ReportFilter { status, room, seen_by: seen_by(caller), after };
        let found = patiently(self.inner.store.reports(&filter, limit)).await?;
        self.report_records(caller, found).await
    }

    pub async fn report(&self, caller: &Caller, id: ReportId) -> Result<ReportRecord, Refusal> {
        let found = patiently(self.inner.store.report_by_id(id, seen_by(caller))).await?;
        let found = found.ok_or(Refusal::ReportNotFound)?;
        self.report_records(caller, vec![found]).await?.pop().ok_or(Refusal::ReportNotFound)
    }

    /// Closes a report or opens it again.
    pub async fn rule(&self, caller: &Caller, id: ReportId, ruling: Ruling) -> Result<ReportRecord, Refusal> {
        let before = self.report(caller, id).await?;
        let now = self.inner.clock.now();
        let audit = AuditRow {
            room: Some(before.report.room),
            target: Some(before.report.author),
            message_id: Some(before.report.message),
            reason: ruling.note.clone(),
            detail: json!({ "reportId": id, "outcome": ruling.outcome }),
            ..AuditRow::new("report-closed", Some(caller.user().id), now)
        };
        let (report, changed) =
            self.inner.store.rule(id, &ruling, &audit, now).await?.ok_or(Refusal::ReportNotFound)?;
        if changed {
            let room = before.room.id;
            let (name, payload) = match report.status {
                ReportStatus::Closed => {
                    ("report-closed", json!({ "reportId": id, "roomId": room, "outcome": report.outcome }))
                }
                ReportStatus::Open => {
                    ("report-received", json!({ "reportId": id, "roomId": room, "count": report.voices }))
                }
            };
            self.tell_readers(&report, name, payload).await;
        }
        self.report_records(caller, vec![report]).await?.pop().ok_or(Refusal::ReportNotFound)
    }

    /// A message that support and administrators may delete wherever it stands, since it is reported.
    pub(super) async fn reported(&self, caller: &Caller, id: MessageId) -> Result<Option<Posted>, Refusal> {
        if !caller.sees_all_reports() || !patiently(self.inner.store.has_open_report(id)).await? {
            return Ok(None);
        }
        let message = patiently(self.inner.store.message(id)).await?.into_iter().collect();
        Ok(patiently(self.inner.known.people.beside(message)).await?.pop())
    }

    /// Texts of reports that were closed long ago go, little by little.
    pub async fn clear_reported_texts(&self) {
        loop {
            let closed_before = Micros(self.inner.clock.now().0 - KEPT_FOR);
            match patiently(self.inner.store.clear_reported_texts(closed_before)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
            }
        }
    }

    async fn room_with_reports(&self, caller: &Caller, reference: &str) -> Result<RoomNumber, Refusal> {
        let room = self.room(reference).await?;
        let membership = self.membership(&room, caller.user().id).await?;
        let now = self.inner.clock.now();
        let stands = place(room.kind, &membership.unwrap_or(Membership::NONE), now);
        if !may(Action::SeeReports, room.kind, stands, caller.standing()) {
            Member::admit(caller, room.clone(), membership, Action::Find, now)?.may(Action::SeeReports)?;
        }
        Ok(room.number)
    }

    /// Tells those who decide about a report. That nobody could be told undoes nothing.
    async fn tell_readers(&self, report: &Report, name: &str, payload: Value) {
        match patiently(self.inner.store.report_readers(report.room, report.author)).await {
            Ok(readers) => {
                let told = |reader| Event::Noticed {
                    to: Audience::Person(reader),
                    name: name.to_owned(),
                    payload: payload.clone(),
                };
                self.tell_at_once(readers.into_iter().map(told)).await;
            }
            Err(refusal) => tracing::warn!("nobody was told of a report: {refusal:?}"),
        }
    }

    async fn report_records(&self, caller: &Caller, reports: Vec<Report>) -> Result<Vec<ReportRecord>, Refusal> {
        let store = &self.inner.store;
        let ids: Vec<ReportId> = reports.iter().map(|report| report.id).collect();
        let numbers: Vec<RoomNumber> = reports.iter().map(|report| report.room).collect();
        let about: Vec<MessageId> = reports.iter().map(|report| report.message).collect();
        let mut voices = patiently(store.voices(&ids)).await?;
        let rooms = patiently(store.rooms_even_deleted(&numbers)).await?;
        let rooms: HashMap<RoomNumber, Room> = rooms.into_iter().map(|room| (room.number, room)).collect();
        let messages = patiently(store.messages(&about)).await?;
        let mut messages: HashMap<MessageId, Message> =
            messages.into_iter().map(|message| (message.id, message)).collect();
        let spoke = voices.values().flat_map(|voices| voices.first.iter().map(|voice| voice.user));
        let named = reports.iter().flat_map(|report| [Some(report.author), report.closed_by]).flatten();
        let people = self.authors(&spoke.chain(named).collect::<Vec<_>>()).await?;
        let named = |id: UserId| people.get(&id).cloned().unwrap_or_else(|| Arc::new(Author::nameless(id)));
        let sees_reporters = caller.sees_all_reports();
        let record = |report: Report| {
            let Voices { reasons, first } = voices.remove(&report.id).unwrap_or_default();
            Some(ReportRecord {
                room: rooms.get(&report.room)?.clone(),
                author: named(report.author),
                message: messages.remove(&report.message),
                reasons,
                reporters: sees_reporters.then(|| first.into_iter().map(|voice| (named(voice.user), voice)).collect()),
                closed_by: report.closed_by.map(named),
                report,
            })
        };
        Ok(reports.into_iter().filter_map(record).collect())
    }
}
