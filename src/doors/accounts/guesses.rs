//! Wrong passwords by address, whatever the names: who has guessed often waits longer and longer.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::refused::Refused;
use crate::doors::edge::client_ip::ClientIp;
use crate::model::Micros;

const FREE: usize = 10;
const WITHIN: i64 = 15 * 60 * 1_000_000;
const LONGEST_WAIT: i64 = 60 * 1_000_000;
/// Behind the longest wait nothing more needs to be counted.
const COUNTED: usize = FREE + 7;

#[derive(Clone, Default)]
pub struct Guesses(Arc<Mutex<HashMap<IpAddr, VecDeque<Micros>>>>);

/// Counted as wrong until it turns out otherwise: guesses that come at once are no more than guesses
/// in turn, and who leaves before the answer has guessed.
pub struct Guess {
    guesses: Guesses,
    of: Option<(IpAddr, Micros)>,
}

impl Guesses {
    pub fn admit(&self, address: Option<ClientIp>, now: Micros) -> Result<Guess, Refused> {
        let Some(network) = address.map(ClientIp::network) else {
            return Ok(Guess { guesses: self.clone(), of: None });
        };
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = wrong.entry(network).or_default();
        while times.front().is_some_and(|first| now.0 - first.0 >= WITHIN) {
            times.pop_front();
        }
        let ready = times.back().map_or(0, |last| last.0 + wait_after(times.len()));
        if ready > now.0 {
            let retry_in = u64::try_from(ready - now.0).unwrap_or(0).div_ceil(1000);
            return Err(Refused::later("too_many_attempts", "Too many attempts, please wait", retry_in));
        }
        if times.len() == COUNTED {
            times.pop_front();
        }
        times.push_back(now);
        Ok(Guess { guesses: self.clone(), of: Some((network, now)) })
    }

    pub fn forget_idle(&self, now: Micros) {
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, times| times.back().is_some_and(|last| now.0 - last.0 < WITHIN));
    }
}

/// In microseconds, after so many wrong ones.
fn wait_after(wrong: usize) -> i64 {
    match wrong.checked_sub(FREE) {
        None => 0,
        Some(more) => (1_000_000 << more.min(COUNTED)).min(LONGEST_WAIT),
    }
}

impl Guess {
    /// It was right, or could not be judged. The wrong ones before it stay: who has an account must not
    /// wash others' guesses away with it.
    pub fn forgive(self) {
        let Some((network, at)) = self.of else { return };
        let mut wrong = self.guesses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = wrong.get_mut(&network)
            && let Some(found) = times.iter().rposition(|time| *time == at)
        {
            times.remove(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn address(text: &str) -> Option<ClientIp> {
        Some(ClientIp(text.parse().unwrap()))
    }

    #[test]
    fn ten_are_free_and_then_the_wait_doubles_up_to_a_minute() {
        let guesses = Guesses::default();
        let ann = address("192.0.2.1");
        let mut now = 0;
        for _ in 0..FREE {
            drop(guesses.admit(ann, Micros(now)).unwrap());
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert!(guesses.admit(ann, Micros(now + wait * SECOND - 1)).is_err(), "{wait}");
            assert!(guesses.admit(address("192.0.2.2"), Micros(now)).is_ok(), "others do not wait");
            now += wait * SECOND;
            drop(guesses.admit(ann, Micros(now)).unwrap());
        }
        assert!(guesses.admit(ann, Micros(now + WITHIN)).is_ok());
    }

    #[test]
    fn a_right_one_does_not_count_and_washes_nothing_away() {
        let guesses = Guesses::default();
        let ann = address("2001:db8::1");
        for at in 0..100 {
            guesses.admit(ann, Micros(at)).unwrap().forgive();
        }
        for at in 100..110 {
            drop(guesses.admit(ann, Micros(at)).unwrap());
            guesses.admit(ann, Micros(at)).map_or_else(|_| assert_eq!(at, 109), Guess::forgive);
        }
        assert!(guesses.admit(address("2001:db8::2"), Micros(110)).is_err(), "a neighbour in the same network");
        assert!(guesses.admit(None, Micros(110)).is_ok());
        guesses.forget_idle(Micros(WITHIN + 200));
        assert!(guesses.0.lock().unwrap().is_empty());
    }
}
