//! What waits to go out on one connection, bounded by bytes. A reader who falls behind further than that is
//! disconnected, and catches up when it is back.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;

use super::Farewell;
use crate::doors::tally::TALLY;

/// What a frame costs beside its text, which many share.
const FRAME: usize = 64;

pub struct Outbox {
    limit: Option<NonZeroU32>,
    waiting: Mutex<Waiting>,
    /// For the writer: something waits, or the end.
    something: Notify,
    /// For those who wait until all is taken.
    taken: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Utf8Bytes>,
    /// Of those that wait, and of those that are being written.
    bytes: usize,
    end: Option<Farewell>,
    gone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflowed;

/// What the writer is to do next.
pub struct Lot {
    pub frames: VecDeque<Utf8Bytes>,
    pub bytes: usize,
    /// Behind the frames.
    pub end: Option<Farewell>,
}

impl Outbox {
    pub fn new(limit: Option<NonZeroU32>) -> Outbox {
        Outbox { limit, waiting: Mutex::default(), something: Notify::new(), taken: Notify::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_over(&self, bytes: usize) -> bool {
        self.limit.is_some_and(|limit| bytes > limit.get() as usize)
    }

    /// Frames go out in the order of the calls. One larger than the limit may enter while nothing waits.
    pub fn push<'a>(&self, frames: impl IntoIterator<Item = &'a Utf8Bytes>) -> Result<(), Overflowed> {
        let mut waiting = self.waiting();
        if waiting.gone || waiting.end.is_some() {
            return Ok(());
        }
        let before = waiting.frames.len();
        for frame in frames {
            let cost = frame.len() + FRAME;
            if waiting.bytes > 0 && self.is_over(waiting.bytes + cost) {
                return Err(Overflowed);
            }
            waiting.bytes += cost;
            waiting.frames.push_back(frame.clone());
        }
        let pushed = waiting.frames.len() - before;
        drop(waiting);
        if pushed > 0 {
            TALLY.deliveries.add(pushed as u64);
            self.something.notify_one();
        }
        Ok(())
    }

    /// The last that goes out, behind what waits; or at once, and what waits is dropped.
    pub fn end(&self, farewell: Farewell, at_once: bool) {
        let mut waiting = self.waiting();
        if at_once {
            waiting.frames = VecDeque::new();
        }
        waiting.end.get_or_insert(farewell);
        drop(waiting);
        self.something.notify_one();
    }

    /// All that waits, when there is something. A burst's buffer is not kept.
    pub async fn next(&self) -> Lot {
        loop {
            {
                let mut waiting = self.waiting();
                if !waiting.frames.is_empty() || waiting.end.is_some() {
                    let frames = std::mem::take(&mut waiting.frames);
                    let bytes = frames.iter().map(|frame| frame.len() + FRAME).sum();
                    return Lot { frames, bytes, end: waiting.end };
                }
            }
            self.something.notified().await;
        }
    }

    pub fn written(&self, bytes: usize) {
        let mut waiting = self.waiting();
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        drop(waiting);
        self.taken.notify_waiters();
    }

    /// The transport is gone.
    pub fn is_no_more(&self) {
        *self.waiting() = Waiting { gone: true, ..Waiting::default() };
        self.taken.notify_waiters();
    }

    pub fn waiting_bytes(&self) -> usize {
        self.waiting().bytes
    }

    /// Waits until the transport has taken everything; false when it ended first.
    pub async fn drained(&self) -> bool {
        loop {
            let taken = self.taken.notified();
            tokio::pin!(taken);
            // Registered before looking: what is taken meanwhile is noticed.
            taken.as_mut().enable();
            {
                let waiting = self.waiting();
                if waiting.gone || waiting.end.is_some() {
                    return false;
                }
                if waiting.bytes == 0 {
                    return true;
                }
            }
            taken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_may_wait_overflows_and_one_large_frame_may_enter() {
        let outbox = Outbox::new(NonZeroU32::new(1000));
        let (small, large) = (Utf8Bytes::from("x".repeat(400)), Utf8Bytes::from("x".repeat(4000)));
        assert_eq!(outbox.push([&large]), Ok(()));
        assert_eq!(outbox.push([&small]), Err(Overflowed));
        let lot = outbox.next().await;
        assert_eq!((lot.frames.len(), lot.end), (1, None));
        assert_eq!(outbox.push([&small]), Err(Overflowed), "what is being written still counts");
        outbox.written(lot.bytes);
        assert!(outbox.drained().await);
        assert_eq!(outbox.push([&small, &small]), Ok(()));
        outbox.end(Farewell::NORMAL, false);
        assert_eq!(outbox.push([&small]), Ok(()), "behind the end nothing counts");
        let lot = outbox.next().await;
        assert_eq!((lot.frames.len(), lot.end), (2, Some(Farewell::NORMAL)));
        assert!(!outbox.drained().await);
    }
}
