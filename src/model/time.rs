//! Time is a parameter: whoever needs it holds a [`Clock`], and tests own theirs.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970, UTC: what PostgreSQL keeps, and more than a client is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Micros(pub i64);

const MICROS_A_DAY: i64 = 86_400_000_000;

impl Micros {
    pub fn from_chrono(time: DateTime<Utc>) -> Self {
        Micros(time.timestamp_micros())
    }

    /// Times outside of what chrono can hold (the year 262,000) become 1970.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// As JavaScript's `toISOString` prints: the microseconds are cut, not rounded.
    pub fn to_iso_millis(self) -> String {
        self.to_chrono().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// All of it, with an offset.
    pub fn to_iso_micros(self) -> String {
        self.to_chrono().to_rfc3339_opts(SecondsFormat::Micros, false)
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub fn day(self) -> i64 {
        self.0.div_euclid(MICROS_A_DAY)
    }

    pub fn of_day(day: i64) -> Self {
        Micros(day.saturating_mul(MICROS_A_DAY))
    }
}

#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn now(&self) -> Micros {
        match self {
            Clock::System => Micros::from_chrono(Utc::now()),
            Clock::Fixed(micros) => Micros(micros.load(Ordering::Relaxed)),
        }
    }

    /// For measuring how long things last: it goes on evenly when the clock is set.
    pub fn ticks(&self) -> Micros {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Clock::System => Micros(i64::try_from(START.elapsed().as_micros()).unwrap_or(i64::MAX)),
            Clock::Fixed(_) => self.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_javascript_does() {
        assert_eq!(Micros(0).to_iso_millis(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Micros(1_700_000_000_123_999).to_iso_millis(), "2023-11-14T22:13:20.123Z");
    }

    #[test]
    fn days_are_utc_days() {
        assert_eq!(Micros(-1).day(), -1);
        assert_eq!(Micros(MICROS_A_DAY).day(), 1);
    }
}
