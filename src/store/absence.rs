//! What the log says of a database that is away: that it went, that it is back, and a line now and then in
//! between, however many meet it. The log is one for the whole process, and so is this.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Fault, Store};

static ABSENCE: Mutex<Absence> = Mutex::new(Absence { since: None, met: None, told: None, is_told: false });

const BETWEEN_LINES: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Somebody who met it a moment ago did more than a look does, such as writing to a disk that is full.
const MOMENT: Duration = Duration::from_secs(2);

struct Absence {
    since: Option<Instant>,
    /// When somebody met it last.
    met: Option<Instant>,
    /// When a line was written last, of whichever kind.
    told: Option<Instant>,
    is_told: bool,
}

impl Absence {
    /// Somebody meets it: how long it lasts by now, if that is to be told.
    fn meet(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        self.met = Some(now);
        if self.told.is_some_and(|told| now - told < BETWEEN_LINES) {
            return None;
        }
        (self.told, self.is_told) = (Some(now), true);
        Some(now - since)
    }

    /// The database answered: how long it was away, if that is to be told.
    fn end(&mut self, now: Instant) -> Option<Duration> {
        if self.met.is_some_and(|met| now - met < MOMENT) {
            return None;
        }
        let since = self.since.take()?;
        if !std::mem::take(&mut self.is_told) {
            return None;
        }
        self.told = Some(now);
        Some(now - since)
    }
}

fn absence() -> MutexGuard<'static, Absence> {
    ABSENCE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fault {
    /// Says what could not be done; that the database is away, once for all who meet it.
    pub fn log(&self, what: &str) {
        if !self.is_away() {
            return tracing::error!("{what}: {self}");
        }
        tracing::debug!("{what}: {self}");
        match absence().meet(Instant::now()) {
            None => {}
            Some(Duration::ZERO) => tracing::warn!("{self}"),
            Some(away) => tracing::warn!("{self} (for {} s now)", away.as_secs()),
        }
    }
}

impl Store {
    /// For the line that says that the database is back.
    pub fn watch_for_its_return(&self) {
        tokio::spawn(watch(self.clone()));
    }
}

async fn watch(store: Store) {
    loop {
        sleep(LOOK_AGAIN).await;
        let is_away = absence().since.is_some();
        if is_away
            && store.ping().await.is_ok()
            && let Some(away) = absence().end(Instant::now())
        {
            tracing::info!("the database is back, after {} s", away.as_secs());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_now_and_then_however_many_meet_it() {
        let mut absence = Absence { since: None, met: None, told: None, is_told: false };
        let began = Instant::now();
        let at = |seconds: u64| began + Duration::from_secs(seconds);
        let lasts = |seconds: u64| Some(Duration::from_secs(seconds));
        assert_eq!([0, 1, 9].map(|second| absence.meet(at(second))), [lasts(0), None, None]);
        assert_eq!([10, 11, 20].map(|second| absence.meet(at(second))), [lasts(10), None, lasts(20)]);
        assert_eq!(absence.end(at(21)), None, "it answers, and was met a moment ago");
        assert_eq!([22, 23].map(|second| absence.end(at(second))), [lasts(22), None]);
        // Soon again: a line could follow on a line.
        assert_eq!((absence.meet(at(24)), absence.end(at(26))), (None, None));
        assert_eq!((absence.meet(at(30)), absence.meet(at(32))), (None, lasts(2)));
    }
}
