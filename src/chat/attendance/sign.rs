//! Whether one connection shows signs of life.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::SECOND;
use crate::model::Micros;

/// Who sends no event for so long is away.
pub const IDLE: i64 = 5 * 60 * SECOND;

/// Written at each event, so without a lock.
pub struct Sign {
    last: AtomicI64,
    said_away: AtomicBool,
    taken_for_away: AtomicBool,
}

impl Sign {
    pub fn new(now: Micros) -> Sign {
        Sign { last: AtomicI64::new(now.0), said_away: AtomicBool::new(false), taken_for_away: AtomicBool::new(false) }
    }

    /// An event came. True when its connection was taken for away, and may not be any more.
    pub fn noticed(&self, speaks: bool, now: Micros) -> bool {
        self.last.store(now.0, Ordering::Relaxed);
        if speaks {
            self.said_away.store(false, Ordering::Relaxed);
        }
        self.taken_for_away.load(Ordering::Relaxed)
    }

    pub fn says(&self, away: bool) {
        self.said_away.store(away, Ordering::Relaxed);
    }

    pub fn is_away(&self, now: Micros) -> bool {
        let is_away = self.said_away.load(Ordering::Relaxed) || now.0 - self.last.load(Ordering::Relaxed) >= IDLE;
        self.taken_for_away.store(is_away, Ordering::Relaxed);
        is_away
    }
}
