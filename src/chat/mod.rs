//! Decides: what a message is, who may do what, who is here. Knows of no transport.

pub mod attendance;
pub mod characters;
pub mod comings;
pub mod content;
pub mod directs;
pub mod erasure;
pub mod export;
pub mod feed;
pub mod figures;
pub mod files;
pub mod founding;
pub mod guests;
pub mod limits;
pub mod markers;
pub mod members;
pub mod merging;
pub mod messages;
pub mod myself;
mod pending;
pub mod people;
pub mod permissions;
pub mod platform;

pub mod records;
pub mod refusal;
mod remembered;
pub mod reports;
pub mod rooms;
pub mod sessions;
pub mod typing;
pub mod uploads;
pub mod watching;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use tokio::sync::oneshot;

use crate::bus::{Announcement, Bus};
use crate::model::{Clock, Event, Micros};
use crate::store::{Fault, Store, Writer};

pub use content::Filter;
pub use files::{FileReader, FileRules, Files};
pub use limits::{Budget, PerMinute, Rules};
pub use members::{Act, Listed};
pub use messages::{Begin, Replay, Said, Text};
pub use pending::{Pending, Settled};
pub use people::Caller;
pub use refusal::Refusal;
pub use words::{Words, WordsRefusal};

/// The conversation. Cheap to clone; every door holds one.
#[derive(Clone)]
pub struct Chat {
    inner: Arc<Inner>,
}

/// What is remembered of the database, who is here and who types; the feed keeps it true.
#[derive(Clone)]
pub struct Known {
    pub attendance: Arc<attendance::Attendance>,
    pub people: Arc<people::People>,
    pub rooms: Arc<rooms::Rooms>,
    pub sessions: Arc<sessions::Sessions>,
    pub typing: Arc<typing::Typing>,
    pub words: Arc<Words>,
}

struct Inner {
    store: Store,
    writer: Writer,
    bus: Bus,
    clock: Clock,
    known: Known,
    files: Files,
    pace: limits::Pace,
    characters: characters::Characters,
    sent: guests::Sent,
    comings: comings::Comings,
    markers: markers::Markers,
}

impl Chat {
    pub fn new(store: Store, writer: Writer, bus: Bus, clock: Clock, known: Known, files: Files) -> Chat {
        let inner = Inner {
            store,
            writer,
            bus,
            clock,
            known,
            files,
            pace: limits::Pace::default(),
            characters: characters::Characters::default(),
            sent: guests::Sent::default(),
            comings: comings::Comings::default(),
            markers: markers::Markers::default(),
        };
        Chat { inner: Arc::new(inner) }
    }

    pub fn now(&self) -> Micros {
        self.inner.clock.now()
    }

    /// For measuring how long things last.
    pub fn ticks(&self) -> Micros {
        self.inner.clock.ticks()
    }

    pub fn epoch(&self) -> Uuid {
        self.inner.store.epoch()
    }

    /// The answer of whoever brings this about waits until this node's doors have told it.
    async fn tell_at_once(&self, events: impl IntoIterator<Item = Event>) {
        let events: Vec<_> = events.into_iter().map(Arc::new).collect();
        if events.is_empty() {
            return;
        }
        let (told, all_told) = oneshot::channel();
        let then = Box::new(move || told.send(()).unwrap_or(()));
        self.inner.bus.announce(Announcement { events, then: Some(then) }).await;
        tokio::time::timeout(PATIENCE, all_told).await.ok();
    }

    /// What time alone brings about: typing flags that nobody renewed, notices held back in a rush,
    /// people who fell silent, read markers.
    pub async fn tick(&self) {
        self.end_stale_typing().await;
        self.tell_merged_notices().await;
        self.tell_presence().await;
        self.tell_comings();
        self.store_due_markers();
        self.inner.pace.forget_idle(self.inner.clock.ticks());
        self.inner.pace.forget_steps(self.inner.clock.now());
    }
}

/// A refusal is due within 5 s, also when the database takes a question and never answers.
const PATIENCE: Duration = Duration::from_secs(4);
/// What is known goes on being known while the answer is late: what is done with it takes its time as well.
const PATIENCE_WITH_KNOWN: Duration = Duration::from_millis(250);

/// For asking anew about something of which this is known.
fn patience_with<T>(known: Option<&T>) -> Duration {
    if known.is_some() { PATIENCE_WITH_KNOWN } else { PATIENCE }
}

async fn patiently<T>(answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Refusal> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::TooSlow.into()),
    }
}
