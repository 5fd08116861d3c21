//! Reported messages: one report a message, one voice a person.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use super::audit::AuditRow;
use super::sql::{Sql, json, row, rows, run};
use super::{Fault, Store, messages};
use crate::config::DatabaseKind;
use crate::model::{
    Message, MessageId, Micros, Report, ReportId, ReportOutcome, ReportReason, ReportStatus, RoomNumber, UserId, Voice,
};

/// Which reports somebody asks for, the oldest first.
#[derive(Debug, Clone)]
pub struct ReportFilter {
    pub status: ReportStatus,
    pub room: Option<RoomNumber>,
    /// Of rooms where this person keeps the peace, and not about their own messages. None: all.
    pub seen_by: Option<UserId>,
    pub after: Option<ReportId>,
}

/// What became of what somebody said.
#[derive(Debug, Clone)]
pub struct Reported {
    pub report: Report,
    pub voice: Voice,
    /// Nobody knew it yet.
    pub is_news: bool,
}

/// How a report is to stand.
#[derive(Debug, Clone)]
pub struct Ruling {
    pub status: ReportStatus,
    pub outcome: Option<ReportOutcome>,
    pub note: Option<String>,
    pub by: UserId,
}

/// The voices of a report: how many give each reason, and the first who spoke.
#[derive(Debug, Clone, Default)]
pub struct Voices {
    pub reasons: Vec<(ReportReason, i64)>,
    pub first: Vec<Voice>,
}

/// More voices of one report say nothing new.
const VOICES_SHOWN: i64 = 100;
/// Copies of texts that go in one statement.
const CLEARED_AT_ONCE: i64 = 500;

const COLUMNS: &str = "SELECT r.id, r.message_id, r.room, r.author, r.text, r.status, r.outcome, r.note, r.voices, \
    r.first_at, r.last_at, r.closed_by FROM chat_reports r";

/// A direct room has none of them.
const SEEN_BY: &str = "r.author <> $N AND r.room IN (SELECT m.room FROM chat_members m JOIN chat_rooms c ON c.number = m.room \
    AND c.deleted_at IS NULL WHERE m.user_id = $N AND m.state = 'member' AND m.role IN ('owner', 'moderator'))";

const READERS: &str = "SELECT user_id AS id FROM chat_members WHERE room = $1 AND state = 'member' \
    AND role IN ('owner', 'moderator') AND user_id <> $2 \
    UNION SELECT id FROM \"Users\" WHERE role IN ('support', 'admin')";

const REASONS: Sql = Sql {
    postgres: "SELECT report, reason, count(*) AS voices FROM chat_reporters WHERE report IN \
        (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json))) GROUP BY report, reason ORDER BY reason",
    sqlite: "SELECT report, reason, count(*) AS voices FROM chat_reporters WHERE report IN \
        (SELECT unhex(value, '-') FROM json_each($1)) GROUP BY report, reason ORDER BY reason",
};

const FIRST_VOICES: Sql = Sql {
    postgres: "SELECT * FROM (SELECT report, user_id, reason, note, created_at, \
        row_number() OVER (PARTITION BY report ORDER BY created_at, user_id) AS place FROM chat_reporters WHERE report IN \
        (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))) AS placed WHERE place <= $2 ORDER BY place",
    sqlite: "SELECT * FROM (SELECT report, user_id, reason, note, created_at, \
        row_number() OVER (PARTITION BY report ORDER BY created_at, user_id) AS place FROM chat_reporters WHERE report IN \
        (SELECT unhex(value, '-') FROM json_each($1))) AS placed WHERE place <= $2 ORDER BY place",
};

impl Store {
    /// Adds a person's voice against a message. A voice that is new opens a closed report again. None: the
    /// author was erased meanwhile.
    pub async fn report(&self, message: &Message, voice: &Voice) -> Result<Option<Reported>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            // Until this is stored its author stays, and an erasure finds the copy of the text.
            let stands = format!("SELECT 1 AS found FROM chat_log WHERE message_id = $1 AND user_id = $2{}", self.for_update());
            if row(&db, &stands, [message.id.into(), message.user.into()]).await?.is_none() {
                return Ok(None);
            }
            let first = "INSERT INTO chat_reports (id, message_id, room, author, text, status, voices, first_at, last_at) \
                         VALUES ($1, $2, $3, $4, $5, 'open', 0, $6, $6) ON CONFLICT (message_id) DO NOTHING";
            let values = [
                Uuid::now_v7().into(),
                message.id.into(),
                message.room.0.into(),
                message.user.into(),
                message.text.as_str().into(),
                voice.at.0.into(),
            ];
            run(&db, first, values).await?;
            let report = self.report_to_change(&db, "r.message_id = $1", message.id).await?;
            let report = report.ok_or_else(|| Fault::Broken(sea_orm::DbErr::RecordNotFound(message.id.to_string())))?;
            let before = voice_of(&db, report.id, voice.user).await?;
            let is_news = before.is_none();
            let after = before.map_or_else(|| voice.clone(), |before| Voice { at: before.at, ..voice.clone() });
            put_voice(&db, report.id, &after).await?;
            if is_news {
                let add = "UPDATE chat_reports SET voices = voices + 1, last_at = $2, status = 'open', outcome = NULL, note = NULL, \
                           closed_by = NULL, closed_at = NULL, text = CASE WHEN text = '' THEN $3 ELSE text END WHERE id = $1";
                run(&db, add, [report.id.into(), voice.at.0.into(), message.text.as_str().into()]).await?;
            }
            let report = self.report_to_change(&db, "r.id = $1", report.id).await?.unwrap_or(report);
            db.commit().await?;
            Ok(Some(Reported { report, voice: after, is_news }))
        })
        .await
    }

    /// What somebody said against a message.
    pub async fn voice_against(&self, message: MessageId, user: UserId) -> Result<Option<(Report, Voice)>, Fault> {
        let found = row(&self.pool, &format!("{COLUMNS} WHERE r.message_id = $1"), [message.into()]).await?;
        let Some(found) = found.as_ref().map(report).transpose()? else { return Ok(None) };
        Ok(voice_of(&self.pool, found.id, user).await?.map(|voice| (found, voice)))
    }

    /// A page of what somebody reported, the newest first, after the one named.
    pub async fn voices_of(
        &self,
        user: UserId,
        after: Option<(i64, ReportId)>,
        limit: u64,
    ) -> Result<Vec<(Report, Voice)>, Fault> {
        let (at, id) = after.unwrap_or((i64::MAX, Uuid::max()));
        let question = "SELECT r.id, r.message_id, r.room, r.author, r.text, r.status, r.outcome, r.note, r.voices, \
            r.first_at, r.last_at, r.closed_by, v.user_id, v.reason, v.note AS said, v.created_at \
            FROM chat_reporters v JOIN chat_reports r ON r.id = v.report \
            WHERE v.user_id = $1 AND (v.created_at, v.report) < ($2, $3) ORDER BY v.created_at DESC, v.report DESC LIMIT $4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = rows(&self.pool, question, [user.into(), at.into(), id.into(), limit.into()]).await?;
        found.iter().map(|row| Ok((report(row)?, voice(row, "said")?))).collect()
    }

    pub async fn report_by_id(&self, id: ReportId, seen_by: Option<UserId>) -> Result<Option<Report>, Fault> {
        let mut question = format!("{COLUMNS} WHERE r.id = $1");
        let mut values: Vec<Value> = vec![id.into()];
        if let Some(reader) = seen_by {
            question += &format!(" AND {}", SEEN_BY.replace("$N", "$2"));
            values.push(reader.into());
        }
        row(&self.pool, &question, values).await?.as_ref().map(report).transpose()
    }

    pub async fn reports(&self, filter: &ReportFilter, limit: u64) -> Result<Vec<Report>, Fault> {
        let mut question = format!("{COLUMNS} WHERE r.status = $1 AND r.id > $2");
        let after = filter.after.unwrap_or(Uuid::nil());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut values: Vec<Value> = vec![status_word(filter.status).into(), after.into(), limit.into()];
        if let Some(room) = filter.room {
            values.push(room.0.into());
            question += &format!(" AND r.room = ${}", values.len());
        }
        if let Some(reader) = filter.seen_by {
            values.push(reader.into());
            question += &format!(" AND {}", SEEN_BY.replace("$N", &format!("${}", values.len())));
        }
        question += " ORDER BY r.id LIMIT $3";
        rows(&self.pool, &question, values).await?.iter().map(report).collect()
    }

    /// Who is told of reports about this author in this room.
    pub async fn report_readers(&self, room: RoomNumber, author: UserId) -> Result<Vec<UserId>, Fault> {
        let found = rows(&self.pool, READERS, [room.0.into(), author.into()]).await?;
        found.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }

    pub async fn has_open_report(&self, message: MessageId) -> Result<bool, Fault> {
        let question = "SELECT 1 AS found FROM chat_reports WHERE message_id = $1 AND status = 'open'";
        Ok(row(&self.pool, question, [message.into()]).await?.is_some())
    }

    /// The voices of some reports.
    pub async fn voices(&self, reports: &[ReportId]) -> Result<HashMap<ReportId, Voices>, Fault> {
        let mut voices: HashMap<ReportId, Voices> = HashMap::new();
        for row in rows(&self.pool, REASONS.text(self.kind), [json(reports)]).await? {
            let given = (reason(&row)?, row.try_get("", "voices")?);
            voices.entry(row.try_get("", "report")?).or_default().reasons.push(given);
        }
        for row in rows(&self.pool, FIRST_VOICES.text(self.kind), [json(reports), VOICES_SHOWN.into()]).await? {
            voices.entry(row.try_get("", "report")?).or_default().first.push(voice(&row, "note")?);
        }
        Ok(voices)
    }

    /// Makes a report stand as it is to; tells whether that changed it. None: it is gone.
    pub async fn rule(
        &self,
        id: ReportId,
        ruling: &Ruling,
        audit: &AuditRow,
        now: Micros,
    ) -> Result<Option<(Report, bool)>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let Some(before) = self.report_to_change(&db, "r.id = $1", id).await? else { return Ok(None) };
            let stands = (before.status, before.outcome, &before.note);
            if stands == (ruling.status, ruling.outcome, &ruling.note) {
                return Ok(Some((before, false)));
            }
            let is_closed = ruling.status == ReportStatus::Closed;
            let change = "UPDATE chat_reports SET status = $2, outcome = $3, note = $4, closed_by = $5, closed_at = $6 WHERE id = $1";
            let values = [
                id.into(),
                status_word(ruling.status).into(),
                ruling.outcome.map(outcome_word).into(),
                ruling.note.clone().into(),
                is_closed.then_some(ruling.by).into(),
                is_closed.then_some(now.0).into(),
            ];
            run(&db, change, values).await?;
            if is_closed {
                self.write_audit(&db, std::slice::from_ref(audit)).await?;
            }
            let after = self.report_to_change(&db, "r.id = $1", id).await?;
            db.commit().await?;
            Ok(after.map(|after| (after, true)))
        })
        .await
    }

    /// Some copies of texts whose reports were closed before; how many went.
    pub async fn clear_reported_texts(&self, closed_before: Micros) -> Result<u64, Fault> {
        let clear = "UPDATE chat_reports SET text = '' WHERE id IN (SELECT id FROM chat_reports \
                     WHERE status = 'closed' AND closed_at < $1 AND text <> '' LIMIT $2)";
        run(self.single()?, clear, [closed_before.0.into(), CLEARED_AT_ONCE.into()]).await
    }

    /// Those of them that there are, as they stand.
    pub async fn messages(&self, ids: &[MessageId]) -> Result<Vec<Message>, Fault> {
        messages::by_ids(&self.pool, self.kind, ids).await
    }

    fn for_update(&self) -> &'static str {
        if self.kind == DatabaseKind::Postgres { " FOR UPDATE" } else { "" }
    }

    async fn report_to_change(
        &self,
        db: &impl ConnectionTrait,
        which: &str,
        id: Uuid,
    ) -> Result<Option<Report>, Fault> {
        let found = row(db, &format!("{COLUMNS} WHERE {which}{}", self.for_update()), [id.into()]).await?;
        found.as_ref().map(report).transpose()
    }
}

async fn voice_of(db: &impl ConnectionTrait, report: ReportId, user: UserId) -> Result<Option<Voice>, Fault> {
    let question = "SELECT user_id, reason, note, created_at FROM chat_reporters WHERE report = $1 AND user_id = $2";
    let found = row(db, question, [report.into(), user.into()]).await?;
    found.as_ref().map(|row| voice(row, "note")).transpose()
}

async fn put_voice(db: &impl ConnectionTrait, report: ReportId, said: &Voice) -> Result<(), Fault> {
    let put = "INSERT INTO chat_reporters (report, user_id, reason, note, created_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (report, user_id) DO UPDATE SET reason = excluded.reason, note = excluded.note";
    let values = [
        report.into(),
        said.user.into(),
        word(&ReportReason::NAMED, said.reason).into(),
        said.note.as_str().into(),
        said.at.0.into(),
    ];
    run(db, put, values).await.map(drop)
}

fn word<T: PartialEq>(named: &[(&'static str, T)], value: T) -> &'static str {
    named.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| word)
}

fn status_word(status: ReportStatus) -> &'static str {
    word(&ReportStatus::NAMED, status)
}

fn outcome_word(outcome: ReportOutcome) -> &'static str {
    word(&ReportOutcome::NAMED, outcome)
}

fn meant<T: Copy>(named: &[(&'static str, T)], word: &str) -> Option<T> {
    named.iter().find(|(other, _)| *other == word).map(|(_, value)| *value)
}

fn reason(row: &QueryResult) -> Result<ReportReason, Fault> {
    Ok(meant(&ReportReason::NAMED, &row.try_get::<String>("", "reason")?).unwrap_or(ReportReason::Other))
}

fn voice(row: &QueryResult, note: &str) -> Result<Voice, Fault> {
    Ok(Voice {
        user: row.try_get("", "user_id")?,
        reason: reason(row)?,
        note: row.try_get("", note)?,
        at: Micros(row.try_get("", "created_at")?),
    })
}

fn report(row: &QueryResult) -> Result<Report, Fault> {
    Ok(Report {
        id: row.try_get("", "id")?,
        message: row.try_get("", "message_id")?,
        room: RoomNumber(row.try_get("", "room")?),
        author: row.try_get("", "author")?,
        text: Some(row.try_get::<String>("", "text")?).filter(|text| !text.is_empty()),
        status: meant(&ReportStatus::NAMED, &row.try_get::<String>("", "status")?).unwrap_or(ReportStatus::Open),
        outcome: row
            .try_get::<Option<String>>("", "outcome")?
            .and_then(|outcome| meant(&ReportOutcome::NAMED, &outcome)),
        note: row.try_get("", "note")?,
        voices: row.try_get("", "voices")?,
        first_at: Micros(row.try_get("", "first_at")?),
        last_at: Micros(row.try_get("", "last_at")?),
        closed_by: row.try_get("", "closed_by")?,
    })
}
