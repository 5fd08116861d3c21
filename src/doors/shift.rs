//! A connection's worker: takes its items one after another, and goes on with what they left behind.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::connection::{Inbox, Live};

/// What is done along with the connection's next events.
pub enum Later {
    Nothing,
    /// A send that stands in the queue need not hold up the next one.
    Settling(BoxFuture<'static, ()>),
    /// Pages that go out as fast as they are read, which may take long. Dropped when the client leaves.
    Telling(BoxFuture<'static, ()>),
}

/// What comes to its end before an event is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    ForNothing,
    ForSettling,
    ForTelling,
}

/// Not settled yet; more, and the connection's next event waits.
const UNSETTLED: usize = 2048;

/// What was begun and is not at its end.
#[derive(Default)]
pub struct Unsettled {
    settling: FuturesUnordered<BoxFuture<'static, ()>>,
    /// One after another: pages of one room do not mix. Each belongs to a session.
    telling: VecDeque<(&'static str, BoxFuture<'static, ()>)>,
}

/// The things of a worker, which lie with its connection between two shifts.
pub trait Desk: Sized + Send + 'static {
    type Connection: Live;
    type Item: Send;

    fn inbox(connection: &Self::Connection) -> &Inbox<Self::Item>;
    fn place(connection: &Self::Connection) -> &Mutex<Option<Self>>;
    fn unsettled(&mut self) -> &mut Unsettled;
    fn handle(&mut self, connection: &Arc<Self::Connection>, item: Self::Item) -> impl Future<Output = ()> + Send;
}

/// One shift: until nothing waits and everything is settled.
pub async fn work<D: Desk>(connection: Arc<D::Connection>) {
    let inbox = D::inbox(&connection);
    let take_desk = || D::place(&connection).lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut desk) = take_desk() else { return };
    loop {
        if let Some(item) = inbox.take() {
            while desk.unsettled().progress_at_once() {}
            let work = AssertUnwindSafe(desk.handle(&connection, item)).catch_unwind();
            if work.await.is_err() {
                tracing::error!(connection = connection.id().0, "a handler panicked");
            }
        } else if !desk.unsettled().is_empty() {
            tokio::select! {
                () = desk.unsettled().progress() => {}
                () = inbox.arrival() => {}
            }
        } else {
            *D::place(&connection).lock().unwrap_or_else(PoisonError::into_inner) = Some(desk);
            if inbox.end_shift() {
                return;
            }
            let Some(again) = take_desk() else { return };
            desk = again;
        }
    }
}

impl Unsettled {
    pub fn is_empty(&self) -> bool {
        self.settling.is_empty() && self.telling.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.settling.len() + self.telling.len() >= UNSETTLED
    }

    pub fn go_on(&mut self, session: &'static str, later: Later) {
        let guarded = |future| {
            let outcome = AssertUnwindSafe::<BoxFuture<'static, ()>>(future).catch_unwind();
            outcome.map(|outcome| outcome.unwrap_or_else(|_| tracing::error!("a handler panicked"))).boxed()
        };
        match later {
            Later::Nothing => {}
            Later::Settling(future) => self.settling.push(guarded(future)),
            Later::Telling(future) => self.telling.push_back((session, guarded(future))),
        }
    }

    /// One of what goes on comes to its end.
    pub async fn progress(&mut self) {
        let Unsettled { settling, telling } = self;
        tokio::select! {
            Some(()) = settling.next() => {}
            Some(()) = first(telling) => {}
            else => {}
        }
    }

    fn progress_at_once(&mut self) -> bool {
        !self.is_empty() && self.progress().now_or_never().is_some()
    }

    pub async fn all_settled(&mut self) {
        while self.settling.next().await.is_some() {}
    }

    /// Nobody listens any more: to any session, or to this one.
    pub fn tell_no_more(&mut self, session: Option<&str>) {
        self.telling.retain(|(of, _)| session.is_some_and(|session| session != *of));
    }
}

async fn first(telling: &mut VecDeque<(&'static str, BoxFuture<'static, ()>)>) -> Option<()> {
    telling.front_mut()?.1.as_mut().await;
    telling.pop_front().map(drop)
}
