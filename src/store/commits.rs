//! How the writer gets on, for who watches over the server.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Transactions of which the time is remembered.
const REMEMBERED: usize = 512;

#[derive(Debug, Default)]
pub struct Commits {
    messages: AtomicU64,
    /// Microseconds, the newest last.
    recent: Mutex<VecDeque<i64>>,
}

/// How long transactions took of late, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommitTimes {
    pub p50: f64,
    pub p95: f64,
}

impl Commits {
    pub(super) fn note_messages(&self, count: usize) {
        self.messages.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn note_time(&self, micros: i64) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(micros);
    }

    /// New ones since the start.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// None before the first.
    pub fn times(&self) -> Option<CommitTimes> {
        let mut times: Vec<i64> = self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).map(|micros| *micros as f64 / 1000.0);
        Some(CommitTimes { p50: at(50)?, p95: at(95)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_last_ones() {
        let commits = Commits::default();
        assert_eq!(commits.times(), None);
        commits.note_time(7000);
        assert_eq!(commits.times(), Some(CommitTimes { p50: 7.0, p95: 7.0 }));
        (0..REMEMBERED as i64).for_each(|number| commits.note_time(number * 1000));
        assert_eq!(commits.times(), Some(CommitTimes { p50: 256.0, p95: 486.0 }));
    }
}
