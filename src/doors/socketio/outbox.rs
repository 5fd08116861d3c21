//! What waits to go out on one connection, bounded: packets in the engine's queue, bytes in ours.
//! A reader who falls behind further than that is disconnected, and catches up when it is back.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use engineioxide::{Socket, Str};

use super::server::Link;

/// The engine does not say when its queue has room again, so whoever has frames waiting looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

pub struct Outbox {
    engine: Weak<Socket<Link>>,
    limit: Option<NonZeroU32>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Str>,
    bytes: usize,
    draining: bool,
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflowed;

impl Outbox {
    pub fn new(engine: Weak<Socket<Link>>, limit: Option<NonZeroU32>) -> Outbox {
        Outbox { engine, limit, waiting: Mutex::new(Waiting::default()) }
    }

    /// Frames go out in the order of the calls. One that is larger than the limit may enter while
    /// nothing waits.
    pub fn push<'a>(self: &Arc<Self>, frames: impl IntoIterator<Item = &'a Str>) -> Result<(), Overflowed> {
        let Some(engine) = self.engine.upgrade() else { return Ok(()) };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            return Ok(());
        }
        for frame in frames {
            if waiting.frames.is_empty() && offer(&engine, frame) {
                continue;
            }
            if self.is_over(waiting.bytes + frame.len()) && !waiting.frames.is_empty() {
                *waiting = Waiting { closed: true, ..Waiting::default() };
                return Err(Overflowed);
            }
            waiting.bytes += frame.len();
            waiting.frames.push_back(frame.clone());
        }
        if !waiting.frames.is_empty() && !std::mem::replace(&mut waiting.draining, true) {
            tokio::spawn(self.clone().drain());
        }
        Ok(())
    }

    pub fn is_over(&self, bytes: usize) -> bool {
        self.limit.is_some_and(|limit| bytes > limit.get() as usize)
    }

    async fn drain(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let Some(engine) = self.engine.upgrade().filter(|engine| !engine.is_closed()) else { return };
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            while waiting.frames.front().is_some_and(|frame| offer(&engine, frame)) {
                if let Some(sent) = waiting.frames.pop_front() {
                    waiting.bytes -= sent.len();
                }
            }
            if waiting.frames.is_empty() {
                *waiting = Waiting { closed: waiting.closed, ..Waiting::default() };
                return;
            }
        }
    }
}

/// Whether the engine took it. One place stays free for the heartbeat, which shares the queue: a
/// healthy client in a flood must not be taken for dead.
fn offer(engine: &Socket<Link>, frame: &Str) -> bool {
    let Ok(_for_the_heartbeat) = engine.reserve() else { return engine.is_closed() };
    engine.reserve().map(|place| place.emit(frame.clone())).is_ok()
}
