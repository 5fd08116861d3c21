//! What waits to go out on one connection, bounded: packets and bytes in the engine's queue, bytes in ours.
//! A reader who falls behind further than that is disconnected, and catches up when it is back.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use engineioxide::{Socket, Str};

use super::server::Link;
use crate::doors::tally::TALLY;

/// The engine does not say when its queue has room again, so whoever has frames waiting looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// While nothing moves, more and more seldom, up to this: see [`is_empty`].
const LOOK_SELDOM: Duration = Duration::from_millis(50);

/// The length of the engine's queue.
pub const ENGINE_PACKETS: usize = 128;
/// Far below the engine's `max_payload`, beyond which a packet can be lost while a client that polls
/// goes over to WebSocket.
const ENGINE_BYTES: usize = 256 * 1024;

pub struct Outbox {
    engine: Weak<Socket<Link>>,
    limit: Option<NonZeroU32>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Str>,
    bytes: usize,
    has_large: bool,
    /// Given to the engine since its queue was last seen empty.
    in_engine: usize,
    draining: bool,
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflowed;

impl Outbox {
    pub fn new(engine: Weak<Socket<Link>>, limit: Option<NonZeroU32>) -> Outbox {
        Outbox { engine, limit, waiting: Mutex::new(Waiting::default()) }
    }

    /// Frames go out in the order of the calls.
    pub fn push<'a>(self: &Arc<Self>, frames: impl IntoIterator<Item = &'a Str>) -> Result<(), Overflowed> {
        let Some(engine) = self.engine.upgrade() else { return Ok(()) };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            return Ok(());
        }
        let mut pushed = 0;
        for frame in frames {
            pushed += 1;
            if waiting.frames.is_empty() && waiting.offer(&engine, frame) {
                continue;
            }
            // One that is larger than the limit may wait, and the others beside it.
            let is_large = self.is_over(frame.len());
            if waiting.has_large && is_large || self.is_over(waiting.bytes + if is_large { 0 } else { frame.len() }) {
                *waiting = Waiting { closed: true, ..Waiting::default() };
                return Err(Overflowed);
            }
            waiting.has_large |= is_large;
            waiting.bytes += if is_large { 0 } else { frame.len() };
            waiting.frames.push_back(frame.clone());
        }
        if !waiting.frames.is_empty() && !std::mem::replace(&mut waiting.draining, true) {
            tokio::spawn(self.clone().drain());
        }
        TALLY.deliveries.add(pushed);
        Ok(())
    }

    /// Nothing more goes out, and what waits is dropped: the reader is told to come back for it.
    pub fn close(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Waiting { closed: true, ..Waiting::default() };
    }

    /// Waits until the transport has taken everything; false when it ended first, or is given up.
    pub async fn drained(&self, is_given_up: impl Fn() -> bool) -> bool {
        let mut pause = LOOK_AGAIN;
        loop {
            let Some(engine) = self.engine.upgrade().filter(|engine| !engine.is_closed()) else { return false };
            let has_all = {
                let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if waiting.closed {
                    return false;
                }
                waiting.frames.is_empty() && is_empty(&engine)
            };
            if is_given_up() {
                return false;
            }
            if has_all {
                return true;
            }
            tokio::time::sleep(pause).await;
            pause = LOOK_SELDOM.min(pause * 2);
        }
    }

    pub fn waiting_bytes(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).frames.iter().map(|frame| frame.len()).sum()
    }

    pub fn is_over(&self, bytes: usize) -> bool {
        self.limit.is_some_and(|limit| bytes > limit.get() as usize)
    }

    async fn drain(self: Arc<Self>) {
        let mut pause = LOOK_AGAIN;
        loop {
            tokio::time::sleep(pause).await;
            pause = LOOK_SELDOM.min(pause * 2);
            let Some(engine) = self.engine.upgrade().filter(|engine| !engine.is_closed()) else { return };
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some(frame) = waiting.frames.front().cloned() {
                if !waiting.offer(&engine, &frame) {
                    break;
                }
                waiting.frames.pop_front();
                pause = LOOK_AGAIN;
                if self.is_over(frame.len()) {
                    waiting.has_large = false;
                } else {
                    waiting.bytes -= frame.len();
                }
            }
            if waiting.frames.is_empty() {
                *waiting = Waiting { closed: waiting.closed, in_engine: waiting.in_engine, ..Waiting::default() };
                return;
            }
        }
    }
}

impl Waiting {
    /// Whether the engine took it. It counts packets, and a packet may be large: so after some bytes
    /// nothing more is given to it until its queue has been seen empty. One place stays free for the
    /// heartbeat, which shares the queue: a healthy client in a flood must not be taken for dead.
    fn offer(&mut self, engine: &Socket<Link>, frame: &Str) -> bool {
        if self.in_engine > 0 && self.in_engine + frame.len() > ENGINE_BYTES {
            if !is_empty(engine) {
                return engine.is_closed();
            }
            self.in_engine = 0;
        }
        let Ok(_for_the_heartbeat) = engine.reserve() else { return engine.is_closed() };
        let taken = engine.reserve().map(|place| place.emit(frame.clone())).is_ok();
        self.in_engine += if taken { frame.len() } else { 0 };
        taken
    }
}

/// All places are free but one that a ping may have. The limit of looking: for some microseconds it takes
/// every place that is free, and a ping of just then finds none and takes the client for dead.
fn is_empty(engine: &Socket<Link>) -> bool {
    let places: Vec<_> = std::iter::from_fn(|| engine.reserve().ok()).take(ENGINE_PACKETS).collect();
    places.len() + 1 >= ENGINE_PACKETS
}
