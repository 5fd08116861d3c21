//! What a door's section of the config allows, and how fast each user goes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::Refusal;
use crate::model::{Micros, RoomNumber, UserId};

/// Handed to the core with every command; the core has no limits of its own. 0 means off.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub max_message_chars: usize,
    pub messages_per_minute: u32,
}

/// Client offsets are keys in an index.
pub const MAX_CLIENT_OFFSET: usize = 128;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// Accepted messages of the last minute by user: any 60 seconds, not a calendar's minute.
#[derive(Default)]
pub struct Pace {
    accepted: Mutex<HashMap<UserId, VecDeque<Micros>>>,
    /// Of rooms in slow mode: when somebody spoke last.
    steps: Mutex<HashMap<(RoomNumber, UserId), Micros>>,
}

impl Pace {
    pub fn admit(&self, user: UserId, per_minute: u32, now: Micros) -> Result<(), Refusal> {
        if per_minute == 0 {
            return Ok(());
        }
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let times = accepted.entry(user).or_default();
        while times.front().is_some_and(|first| now.0 - first.0 >= MINUTE) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= per_minute as usize => {
                let wait = u64::try_from((first.0 + MINUTE - now.0).max(1000) / 1000).unwrap_or(1);
                Err(Refusal::SlowDown { per_minute, retry_in: wait })
            }
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }

    pub fn last_in(&self, room: RoomNumber, user: UserId) -> Option<Micros> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).get(&(room, user)).copied()
    }

    /// One message in so many seconds.
    pub fn take_step(
        &self,
        room: RoomNumber,
        user: UserId,
        seconds: u32,
        last: Option<Micros>,
        now: Micros,
    ) -> Result<(), Refusal> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let last = steps.get(&(room, user)).copied().max(last);
        let free = last.map_or(i64::MIN, |last| last.0 + i64::from(seconds) * SECOND);
        if free > now.0 {
            let retry_in = u64::try_from((free - now.0).max(1000) / 1000).unwrap_or(1);
            return Err(Refusal::SlowMode { seconds, retry_in });
        }
        steps.insert((room, user), now);
        Ok(())
    }

    /// A message that was not stored is no step.
    pub fn take_back_step(&self, room: RoomNumber, user: UserId) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).remove(&(room, user));
    }

    /// What was before the longest slow mode is asked of the database.
    pub fn forget_steps(&self, now: Micros) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.retain(|_, last| now.0 - last.0 < MINUTE);
    }

    pub fn forget_idle(&self, now: Micros) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.retain(|_, times| times.back().is_some_and(|last| now.0 - last.0 < MINUTE));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn so_many_in_any_sixty_seconds() {
        let pace = Pace::default();
        let user = Uuid::new_v4();
        assert!(pace.admit(user, 2, Micros(0)).is_ok());
        assert!(pace.admit(user, 2, Micros(30_000_000)).is_ok());
        assert_eq!(pace.admit(user, 2, Micros(50_000_000)), Err(Refusal::SlowDown { per_minute: 2, retry_in: 10_000 }));
        assert!(pace.admit(user, 2, Micros(MINUTE)).is_ok());
        assert!(pace.admit(user, 0, Micros(MINUTE)).is_ok());
    }
}
