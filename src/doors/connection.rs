//! What all live connections share, whatever they speak: an inbox that keeps the order, and the reasons
//! why we close one.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::budgets::EventBudgets;
use crate::model::{ConnectionId, UserId};

/// So many refusals in a row, and a connection is closed: it is not listening.
pub const REFUSALS_IN_A_ROW: u32 = 20;

/// A live connection, whatever carries it.
pub trait Live: Send + Sync + 'static {
    /// What goes out on it; the same bytes go to many.
    type Text: Clone + Send + Sync + std::ops::Deref<Target = str> + 'static;

    fn id(&self) -> ConnectionId;

    /// In the order of the calls. Who cannot keep up is closed.
    fn send_all<'a>(self: &Arc<Self>, frames: impl IntoIterator<Item = &'a Self::Text>);

    /// More than may wait for a reader.
    fn is_too_far_behind(&self, bytes: usize) -> bool;

    /// For everybody else it has left at once, however long its last words take.
    fn close(self: &Arc<Self>, why: Closing);

    /// What was asked is still answered, and nothing more is told: it comes back for that.
    fn is_leaving(&self) -> bool;

    /// Waits until the transport has taken everything; false as soon as it is leaving.
    fn is_ready_for_more(&self) -> impl Future<Output = bool> + Send;

    /// Whose connection this is, as far as budgets go: of each of its sessions, who it was and who it is now.
    fn belongs_to(&self, before: Option<UserId>, person: Option<UserId>);

    /// Asks its sessions to look anew at who they are, in their own turn.
    fn reconsider(self: &Arc<Self>);
}

/// The limits of each connection, and what it shares with the others.
#[derive(Clone)]
pub struct Limits {
    pub inbox: Option<InboxLimit>,
    pub slow_reader_bytes: Option<NonZeroU32>,
    pub events_per_second: Option<NonZeroU32>,
    pub events_burst: Option<NonZeroU32>,
    pub per_address: Option<NonZeroU32>,
    pub budgets: Arc<EventBudgets>,
    pub connections: Arc<Connections>,
}

/// All connections of all doors: their numbers, and how many there are from each address.
#[derive(Default)]
pub struct Connections {
    last: AtomicU64,
    by_address: Mutex<HashMap<IpAddr, u32>>,
    stopping: AtomicBool,
}

/// Why nobody else is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Turned {
    #[error("The server is restarting, please try again")]
    Stopping,
    #[error("Too many connections from this address: {0} are allowed")]
    TooMany(NonZeroU32),
}

impl Limits {
    /// Whether one more connection may come in.
    pub fn admit(&self, address: Option<IpAddr>) -> Result<(), Turned> {
        if self.connections.is_stopping() {
            return Err(Turned::Stopping);
        }
        match (address, self.per_address) {
            (Some(address), Some(most)) if self.connections.of(address) >= most.get() => Err(Turned::TooMany(most)),
            _ => Ok(()),
        }
    }
}

impl Connections {
    /// Nobody new comes in.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub fn next(&self) -> ConnectionId {
        ConnectionId(self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub fn of(&self, address: IpAddr) -> u32 {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied().unwrap_or(0)
    }

    pub fn opened(&self, address: IpAddr) {
        *self.by_address.lock().unwrap_or_else(PoisonError::into_inner).entry(address).or_default() += 1;
    }

    pub fn closed(&self, address: IpAddr) {
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

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
}
