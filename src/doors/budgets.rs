//! How many events a connection, an account and an address may send.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use crate::model::UserId;

/// Events a second, with a burst.
pub struct Budget {
    limiter: Option<DefaultDirectRateLimiter>,
    clock: DefaultClock,
}

impl Budget {
    pub fn new(per_second: Option<NonZeroU32>, burst: Option<NonZeroU32>) -> Budget {
        let quota = per_second.map(|rate| Quota::per_second(rate).allow_burst(burst.unwrap_or(rate)));
        Budget { limiter: quota.map(RateLimiter::direct), clock: DefaultClock::default() }
    }

    /// Takes one event's worth, or says in how many milliseconds there will be one.
    pub fn spend(&self) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check().map_err(|wait| milliseconds(&wait, &self.clock))
    }
}

/// Events a second of all connections that have the same key, with a burst of some seconds' worth.
pub struct SharedBudget<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    clock: DefaultClock,
}

const BURST_SECONDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

impl<K: Hash + Eq + Clone> SharedBudget<K> {
    pub fn new(per_second: Option<NonZeroU32>) -> SharedBudget<K> {
        let quota = per_second.map(|rate| Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST_SECONDS)));
        SharedBudget { limiter: quota.map(RateLimiter::keyed), clock: DefaultClock::default() }
    }

    /// So many within a period, all at once if need be.
    pub fn within(limit: NonZeroU32, period: std::time::Duration) -> SharedBudget<K> {
        let quota = Quota::with_period(period / limit.get()).map(|quota| quota.allow_burst(limit));
        SharedBudget { limiter: quota.map(RateLimiter::keyed), clock: DefaultClock::default() }
    }

    pub fn spend(&self, key: &K) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|wait| milliseconds(&wait, &self.clock))
    }

    /// Keys that have spent nothing for a while take no memory.
    pub fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

fn milliseconds(wait: &NotUntil<<DefaultClock as Clock>::Instant>, clock: &DefaultClock) -> u64 {
    u64::try_from(wait.wait_time_from(clock.now()).as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What the connections of all doors share.
pub struct EventBudgets {
    /// What connections of one address, and of one account, spend together.
    pub of_address: SharedBudget<IpAddr>,
    pub of_user: SharedBudget<UserId>,
    /// At the end: nothing new is taken in.
    pub are_closed: AtomicBool,
}

impl EventBudgets {
    pub fn new(per_address: Option<NonZeroU32>, per_user: Option<NonZeroU32>) -> EventBudgets {
        EventBudgets {
            of_address: SharedBudget::new(per_address),
            of_user: SharedBudget::new(per_user),
            are_closed: AtomicBool::new(false),
        }
    }

    pub fn forget_idle(&self) {
        self.of_address.forget_idle();
        self.of_user.forget_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let budget = Budget::new(NonZeroU32::new(10), NonZeroU32::new(3));
        assert_eq!((0..3).filter(|_| budget.spend().is_ok()).count(), 3);
        assert!(matches!(budget.spend(), Err(1..=100)));
        assert!(Budget::new(None, None).spend().is_ok());
    }

    #[test]
    fn what_one_key_spends_is_not_taken_from_another() {
        let budget = SharedBudget::new(NonZeroU32::new(2));
        assert_eq!((0..10).filter(|_| budget.spend(&"ann").is_ok()).count(), 10);
        assert!(matches!(budget.spend(&"ann"), Err(1..=500)));
        assert!(budget.spend(&"ben").is_ok());
    }
}
