//! What a door's section of the config allows, and how fast each user goes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Filter, Refusal};
use crate::model::{Micros, RoomNumber, Standing, UserId};

/// Where doors may differ: handed to the core with every command. What holds at every door stands beside what
/// it limits. 0 means off.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub max_message_chars: usize,
    pub messages_per_minute: PerMinute,
    pub filter: Filter,
}

/// Messages a minute of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerMinute {
    pub everybody: u32,
    /// In place of what holds for everybody.
    pub guest: Option<u32>,
    pub user: Option<u32>,
    pub support: Option<u32>,
    pub admin: Option<u32>,
}

impl PerMinute {
    pub fn of(self, standing: Standing) -> u32 {
        let own = match standing {
            Standing::Nobody | Standing::Guest => self.guest,
            Standing::User => self.user,
            Standing::Support => self.support,
            Standing::Admin => self.admin,
        };
        own.unwrap_or(self.everybody)
    }
}

/// What is left of a limit, and in how many milliseconds one more is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub limit: u32,
    pub left: u32,
    pub reset_in: u64,
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

/// What a message takes of its author's minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    user: UserId,
    at: Micros,
}

impl Pace {
    fn accepted(&self) -> MutexGuard<'_, HashMap<UserId, VecDeque<Micros>>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one more through, unless there were `limit` of them.
    pub fn admit(&self, user: UserId, limit: u32, now: Micros) -> Result<(Spent, Budget), Refusal> {
        let mut accepted = self.accepted();
        let times = accepted.entry(user).or_default();
        forget_old(times, now);
        if times.len() >= limit as usize {
            return Err(Refusal::SlowDown { per_minute: limit, retry_in: budget(times, limit, now).reset_in });
        }
        times.push_back(now);
        Ok((Spent { user, at: now }, budget(times, limit, now)))
    }

    /// What was not stored after all does not count.
    pub fn give_back(&self, spent: Spent) {
        if let Some(times) = self.accepted().get_mut(&spent.user)
            && let Some(at) = times.iter().rposition(|time| *time == spent.at)
        {
            times.remove(at);
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

    /// Those of a minute are kept, since they may not be stored yet. What was before, the database says, however
    /// long the slow mode lasts.
    pub fn forget_steps(&self, now: Micros) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.retain(|_, last| now.0 - last.0 < MINUTE);
    }

    pub fn budget(&self, user: UserId, limit: u32, now: Micros) -> Budget {
        let mut accepted = self.accepted();
        let Some(times) = accepted.get_mut(&user) else { return Budget { limit, left: limit, reset_in: 0 } };
        forget_old(times, now);
        budget(times, limit, now)
    }

    pub fn forget_idle(&self, now: Micros) {
        self.accepted().retain(|_, times| times.back().is_some_and(|last| now.0 - last.0 < MINUTE));
    }
}

fn forget_old(times: &mut VecDeque<Micros>, now: Micros) {
    while times.front().is_some_and(|first| now.0 - first.0 >= MINUTE) {
        times.pop_front();
    }
}

/// Where a limit was lowered meanwhile, several must go before one is free.
fn budget(times: &VecDeque<Micros>, limit: u32, now: Micros) -> Budget {
    let left = limit.saturating_sub(u32::try_from(times.len()).unwrap_or(u32::MAX));
    let goes_first = times.get(times.len().saturating_sub(limit as usize));
    let wait = goes_first.map_or(0, |first| u64::try_from(first.0 + MINUTE - now.0).unwrap_or(0));
    Budget { limit, left, reset_in: wait.div_ceil(1000) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn so_many_in_any_sixty_seconds() {
        let pace = Pace::default();
        let user = Uuid::new_v4();
        let admit = |at: i64| pace.admit(user, 2, Micros(at));
        assert_eq!(admit(0).unwrap().1, Budget { limit: 2, left: 1, reset_in: 60_000 });
        assert_eq!(admit(30_000_000).unwrap().1, Budget { limit: 2, left: 0, reset_in: 30_000 });
        assert_eq!(admit(50_000_000), Err(Refusal::SlowDown { per_minute: 2, retry_in: 10_000 }));
        assert_eq!(admit(MINUTE - 1), Err(Refusal::SlowDown { per_minute: 2, retry_in: 1 }));
        assert_eq!(admit(MINUTE).unwrap().1, Budget { limit: 2, left: 0, reset_in: 30_000 });
        assert_eq!(pace.budget(user, 2, Micros(2 * MINUTE)), Budget { limit: 2, left: 2, reset_in: 0 });
    }

    #[test]
    fn what_was_given_back_is_free() {
        let pace = Pace::default();
        let (user, other) = (Uuid::new_v4(), Uuid::new_v4());
        let (spent, _) = pace.admit(user, 1, Micros(0)).unwrap();
        assert!(pace.admit(user, 1, Micros(1)).is_err() && pace.admit(other, 1, Micros(1)).is_ok());
        pace.give_back(spent);
        pace.give_back(spent);
        assert!(pace.admit(user, 1, Micros(2)).is_ok());
        assert_eq!(pace.budget(user, 1, Micros(2)).left, 0);
    }

    #[test]
    fn a_lower_limit_holds_at_once() {
        let pace = Pace::default();
        let user = Uuid::new_v4();
        for at in 0..5 {
            pace.admit(user, 5, Micros(at * 10_000_000)).unwrap();
        }
        let refusal = Err(Refusal::SlowDown { per_minute: 2, retry_in: 50_000 });
        assert_eq!(pace.admit(user, 2, Micros(40_000_000)), refusal);
    }

    #[test]
    fn a_role_has_its_own_limit_or_that_of_everybody() {
        let limits = PerMinute { everybody: 30, guest: Some(10), admin: Some(0), ..PerMinute::default() };
        let standings = [Standing::Guest, Standing::User, Standing::Support, Standing::Admin];
        assert_eq!(standings.map(|standing| limits.of(standing)), [10, 30, 30, 0]);
    }
}
