//! What all live connections share, whatever they speak: an inbox that keeps the order, and a budget.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Notify;

/// Events wait here in wire order for the one worker of their connection. The worker exists only
/// while there is something to do: an idle connection costs no task.
pub struct Inbox<T> {
    state: Mutex<State<T>>,
    arrived: Notify,
    limit: Option<NonZeroU32>,
}

struct State<T> {
    waiting: VecDeque<T>,
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
    pub fn new(limit: Option<NonZeroU32>) -> Inbox<T> {
        Inbox {
            state: Mutex::new(State { waiting: VecDeque::new(), worker_runs: false }),
            arrived: Notify::new(),
            limit,
        }
    }

    pub fn put(&self, item: T) -> Put {
        let full = |state: &State<T>| self.limit.is_some_and(|limit| state.waiting.len() >= limit.get() as usize);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if full(&state) {
            return Put::Full;
        }
        Self::push(&mut state, &self.arrived, item)
    }

    /// For what must arrive however full it is: that the connection ended, that its token did.
    pub fn put_always(&self, item: T) -> Put {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Self::push(&mut state, &self.arrived, item)
    }

    fn push(state: &mut State<T>, arrived: &Notify, item: T) -> Put {
        state.waiting.push_back(item);
        if std::mem::replace(&mut state.worker_runs, true) {
            arrived.notify_one();
            Put::Waits
        } else {
            Put::StartWorker
        }
    }

    pub fn take(&self) -> Option<T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).waiting.pop_front()
    }

    /// Waits for the next item to arrive.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
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
        limiter
            .check()
            .map_err(|wait| u64::try_from(wait.wait_time_from(self.clock.now()).as_millis()).unwrap_or(u64::MAX).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_at_a_time_and_no_more_than_the_limit() {
        let inbox = Inbox::new(NonZeroU32::new(2));
        assert_eq!(inbox.put(1), Put::StartWorker);
        assert_eq!(inbox.put(2), Put::Waits);
        assert_eq!(inbox.put(3), Put::Full);
        assert_eq!(inbox.put_always(4), Put::Waits);
        assert!(!inbox.end_shift());
        assert_eq!((inbox.take(), inbox.take(), inbox.take(), inbox.take()), (Some(1), Some(2), Some(4), None));
        assert!(inbox.end_shift());
        assert_eq!(inbox.put(5), Put::StartWorker);
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let budget = Budget::new(NonZeroU32::new(10), NonZeroU32::new(3));
        assert_eq!((0..3).filter(|_| budget.spend().is_ok()).count(), 3);
        assert!(matches!(budget.spend(), Err(1..=100)));
        assert!(Budget::new(None, None).spend().is_ok());
    }
}
