//! Figures: of a room, and of this node for who watches over it.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::figures::CoreFigures;
use crate::chat::platform::PlatformAction;
use crate::config::DatabaseKind;
use crate::doors::tally::TALLY;
use crate::model::Micros;

pub const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/api/rooms/{roomId}/stats", |requests, asker, fields| {
        Box::pin(of_room(requests, asker, fields))
    }),
    Route::new(Method::GET, "/api/moderation/figures", |requests, asker, fields| {
        Box::pin(of_node(requests, asker, fields))
    }),
];

const DAYS: i64 = 30;
const MOST_DAYS: i64 = 365;
/// Rates are those of about so many seconds.
const SAMPLES: usize = 11;
const SECOND: i64 = 1_000_000;

/// What the doors hold at this moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    pub connections: usize,
    pub people: usize,
    pub guests: usize,
    /// From clients, not handled yet.
    pub waiting_events: usize,
    /// For clients, not read yet.
    pub waiting_bytes: usize,
}

type Loads = Box<dyn Fn() -> Load + Send + Sync>;

/// What is known of this node from second to second.
pub struct Figures {
    node: Uuid,
    started_at: Micros,
    load: OnceLock<Loads>,
    samples: Mutex<VecDeque<Sample>>,
    /// What was shown last, and when.
    shown: Mutex<Option<(Micros, Value)>>,
}

#[derive(Clone, Copy)]
struct Sample {
    at: Micros,
    messages: u64,
    events: u64,
    deliveries: u64,
    requests: u64,
}

impl Figures {
    pub fn new(now: Micros) -> Figures {
        Figures {
            node: Uuid::now_v7(),
            started_at: now,
            load: OnceLock::new(),
            samples: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    fn sample(&self, sample: Sample) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.back().is_some_and(|last| sample.at.0 - last.at.0 < SECOND) {
            return;
        }
        if samples.len() == SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    fn rates(&self, now: Sample) -> Value {
        let first = self.samples.lock().unwrap_or_else(PoisonError::into_inner).front().copied().unwrap_or(now);
        let seconds = (now.at.0 - first.at.0) as f64 / SECOND as f64;
        let rate = |now: u64, first: u64| {
            let rate = if seconds > 0.0 { (now - first) as f64 / seconds } else { 0.0 };
            (rate * 10.0).round() / 10.0
        };
        json!({
            "messages": rate(now.messages, first.messages),
            "events": rate(now.events, first.events),
            "deliveries": rate(now.deliveries, first.deliveries),
            "requests": rate(now.requests, first.requests),
        })
    }

    /// What was shown within the last second.
    fn fresh(&self, now: Micros) -> Option<Value> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.as_ref().filter(|(at, _)| now.0 - at.0 < SECOND).map(|(_, value)| value.clone())
    }
}

impl Requests {
    /// Where to look for what the doors hold.
    pub fn watch(&self, load: impl Fn() -> Load + Send + Sync + 'static) {
        self.shared.figures.load.set(Box::new(load)).ok();
    }

    /// To be called several times a second.
    pub fn take_figures(&self) {
        self.shared.figures.sample(self.sample());
    }

    fn sample(&self) -> Sample {
        Sample {
            at: self.chat().ticks(),
            messages: self.chat().stored_messages(),
            events: TALLY.events.get(),
            deliveries: TALLY.deliveries.get(),
            requests: TALLY.requests.get(),
        }
    }

    fn shown_figures(&self, core: &CoreFigures) -> Value {
        let figures = &self.shared.figures;
        let load = figures.load.get().map(|load| load()).unwrap_or_default();
        let (p50, p95) = core.commits.map_or((None, None), |times| (Some(times.p50), Some(times.p95)));
        let kind = match core.kind {
            DatabaseKind::Sqlite => "sqlite",
            DatabaseKind::Postgres => "postgres",
        };
        json!({
            "nodes": [{
                "node": figures.node,
                "version": env!("CARGO_PKG_VERSION"),
                "startedAt": figures.started_at.to_iso_millis(),
                "connections": load.connections,
                "people": load.people,
                "guests": load.guests,
                "perSecond": figures.rates(self.sample()),
                "waiting": { "events": load.waiting_events, "bytes": load.waiting_bytes },
                "slowReadersClosed": TALLY.slow_readers_closed.get(),
                "refusals": TALLY.refusals(),
                "writer": { "queue": core.queue, "commitMs": { "p50": p50, "p95": p95 } },
            }],
            "database": {
                "kind": kind,
                "reachable": core.database.is_some(),
                "bytes": core.database.map(|database| database.bytes),
            },
            "bus": { "kind": "local", "reachable": true },
            "totals": core.database.map(|database| json!({
                "accounts": database.accounts,
                "rooms": database.rooms,
                "messages": database.messages,
                "fileBytes": database.file_bytes,
                "openReports": database.open_reports,
            })),
        })
    }
}

async fn of_node(requests: &Requests, asker: &Asker, _: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (figures, now) = (&requests.shared.figures, requests.chat().ticks());
    caller.may(PlatformAction::Oversee)?;
    if let Some(shown) = figures.fresh(now) {
        return Ok(Reply::Shown(shown));
    }
    let shown = requests.shown_figures(&requests.chat().figures().await?);
    *figures.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, shown.clone()));
    Ok(Reply::Shown(shown))
}

async fn of_room(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let reader = asker.anybody()?;
    let reference = fields.room()?;
    let days = fields.number("days", 1, MOST_DAYS).unwrap_or(DAYS);
    fields.check()?;
    let chat = requests.chat();
    let room = chat.readable(reader, Some(&reference)).await?;
    let statistics = chat.room_statistics(&room, days).await?;
    let day = |day: Micros| day.to_chrono().format("%Y-%m-%d").to_string();
    let days = statistics
        .days
        .iter()
        .map(|counted| json!({ "date": day(counted.day), "count": counted.count, "authors": counted.authors }));
    Ok(Reply::Shown(json!({
        "totalMessages": statistics.messages,
        "totalUsers": statistics.authors,
        "messagesPerDay": days.collect::<Vec<_>>(),
    })))
}
