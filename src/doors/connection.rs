//! What all live connections share, whatever they speak: an inbox that keeps the order, budgets of
//! events, and the reasons why we close one.

use std::collections::VecDeque;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use tokio::sync::Notify;

/// Events wait here in wire order for the one worker of their connection. The worker exists only
/// while there is something to do: an idle connection costs no task.
pub struct Inbox<T> {
    state: Mutex<State<T>>,
    arrived: Notify,
    limit: Option<InboxLimit>,
}

/// So many events, of so many bytes together. One larger event may enter while nothing waits.
#[derive(Debug, Clone, Copy)]
pub struct InboxLimit {
    pub events: NonZeroU32,
    pub bytes: usize,
}

struct State<T> {
    waiting: VecDeque<(T, usize)>,
    bytes: usize,
    worker_runs: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    Waits,
    /// Nobody is at work: the caller starts the worker.
    StartWorker,
    Full,
}

impl<T> Inbox<T> {
    pub fn new(limit: Option<InboxLimit>) -> Inbox<T> {
        let state = State { waiting: VecDeque::new(), bytes: 0, worker_runs: false };
        Inbox { state: Mutex::new(state), arrived: Notify::new(), limit }
    }

    pub fn put(&self, item: T, bytes: usize) -> Put {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = self.limit.is_some_and(|limit| {
            let events = state.waiting.len();
            events >= limit.events.get() as usize || (events > 0 && state.bytes + bytes > limit.bytes)
        });
        if is_full { Put::Full } else { self.push(&mut state, item, bytes) }
    }

    /// For what must arrive however full it is: that the connection ended, that its token did.
    pub fn put_always(&self, item: T) -> Put {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.push(&mut state, item, 0)
    }

    fn push(&self, state: &mut State<T>, item: T, bytes: usize) -> Put {
        state.waiting.push_back((item, bytes));
        state.bytes += bytes;
        if std::mem::replace(&mut state.worker_runs, true) {
            self.arrived.notify_one();
            Put::Waits
        } else {
            Put::StartWorker
        }
    }

    pub fn take(&self) -> Option<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (item, bytes) = state.waiting.pop_front()?;
        state.bytes -= bytes;
        Some(item)
    }

    /// The first of those that are wanted, past the others.
    pub fn take_first(&self, is_wanted: impl Fn(&T) -> bool) -> Option<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = state.waiting.iter().position(|(item, _)| is_wanted(item))?;
        let (item, bytes) = state.waiting.remove(at)?;
        state.bytes -= bytes;
        Some(item)
    }

    /// Waits for the next item to arrive.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    pub fn waiting(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).waiting.len()
    }

    /// Nothing waits, and nothing is being handled.
    pub fn is_idle(&self) -> bool {
        !self.state.lock().unwrap_or_else(PoisonError::into_inner).worker_runs
    }

    /// Ends the worker's shift, unless something came meanwhile.
    pub fn end_shift(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.waiting.is_empty() {
            return false;
        }
        state.worker_runs = false;
        // A burst's buffer is not kept for a connection that may be idle for hours.
        if state.waiting.capacity() > 64 {
            state.waiting = VecDeque::new();
        }
        true
    }
}

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

/// Why we close a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    SlowReader,
    TooManyRefusals,
    NothingJoined,
}

impl Closing {
    pub fn code(self) -> &'static str {
        match self {
            Closing::SlowReader => "slow_reader",
            Closing::TooManyRefusals => "too_many_refusals",
            Closing::NothingJoined => "nothing_joined",
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Closing::SlowReader => "More is waiting for this connection than it reads: come back and catch up",
            Closing::TooManyRefusals => "Too many refusals in a row",
            Closing::NothingJoined => "No namespace was joined in time",
        }
    }

    /// Milliseconds until coming back makes sense.
    pub fn retry_in(self) -> u64 {
        match self {
            Closing::SlowReader | Closing::NothingJoined => 0,
            Closing::TooManyRefusals => 10_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_at_a_time_and_no_more_than_the_limit() {
        let inbox = Inbox::new(NonZeroU32::new(2).map(|events| InboxLimit { events, bytes: 100 }));
        assert_eq!(inbox.put(1, 300), Put::StartWorker, "one large event may enter");
        assert_eq!(inbox.put(2, 1), Put::Full);
        assert_eq!(inbox.take(), Some(1));
        assert_eq!((inbox.put(1, 50), inbox.put(2, 50)), (Put::Waits, Put::Waits));
        assert_eq!(inbox.put(3, 0), Put::Full);
        assert_eq!(inbox.put_always(4), Put::Waits);
        assert!(!inbox.end_shift());
        assert_eq!((inbox.take(), inbox.take(), inbox.take(), inbox.take()), (Some(1), Some(2), Some(4), None));
        assert!(inbox.end_shift());
        assert_eq!(inbox.put(5, 1), Put::StartWorker);
    }

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
