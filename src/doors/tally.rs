//! Counts what this process does, for who watches over it. Each count is one atomic addition.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Since the start.
#[derive(Debug, Default)]
pub struct Tally {
    /// That clients sent.
    pub events: Count,
    /// Frames that were handed to connections.
    pub deliveries: Count,
    /// By REST.
    pub requests: Count,
    pub slow_readers_closed: Count,
    /// Locked for writing only when a code comes for the first time.
    refusals: RwLock<BTreeMap<&'static str, Count>>,
}

#[derive(Debug, Default)]
pub struct Count(AtomicU64);

pub static TALLY: Tally = Tally {
    events: Count(AtomicU64::new(0)),
    deliveries: Count(AtomicU64::new(0)),
    requests: Count(AtomicU64::new(0)),
    slow_readers_closed: Count(AtomicU64::new(0)),
    refusals: RwLock::new(BTreeMap::new()),
};

impl Count {
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    pub fn refused(&self, code: &'static str) {
        if let Some(count) = self.refusals.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            return count.add(1);
        }
        self.refusals.write().unwrap_or_else(PoisonError::into_inner).entry(code).or_default().add(1);
    }

    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        let refusals = self.refusals.read().unwrap_or_else(PoisonError::into_inner);
        refusals.iter().map(|(code, count)| (*code, count.get())).collect()
    }
}
