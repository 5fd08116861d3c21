//! A few notices a second are told as they come; what is beyond is merged into one, told when the
//! second is over: a thousand clients that come back at once must not cost a million frames.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::model::Micros;

const SECOND: i64 = 1_000_000;

pub struct Merging<K, V> {
    a_second: u32,
    windows: Mutex<HashMap<K, Window<V>>>,
}

struct Window<V> {
    since: Micros,
    told: u32,
    /// The newest of what was not told.
    held: Option<V>,
}

impl<K: Hash + Eq + Copy, V> Merging<K, V> {
    pub fn new(a_second: u32) -> Merging<K, V> {
        Merging { a_second, windows: Mutex::new(HashMap::new()) }
    }

    /// Gives back what is to be told now; otherwise it is kept in place of what was kept before.
    pub fn admit(&self, key: K, value: V, now: Micros) -> Option<V> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key).or_insert(Window { since: now, told: 0, held: None });
        if now.0 - window.since.0 >= SECOND && window.held.is_none() {
            *window = Window { since: now, told: 0, held: None };
        }
        if window.told < self.a_second {
            window.told += 1;
            return Some(value);
        }
        window.held = Some(value);
        None
    }

    /// What was kept until now.
    pub fn due(&self, now: Micros) -> Vec<(K, V)> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        windows.retain(|key, window| {
            if now.0 - window.since.0 < SECOND {
                return true;
            }
            match window.held.take() {
                Some(value) => {
                    due.push((*key, value));
                    // It counts as the next second's first.
                    *window = Window { since: now, told: self.a_second, held: None };
                    true
                }
                None => false,
            }
        });
        due
    }
}

/// Who is concerned, told of together once a second.
pub struct Gathering<K> {
    most: usize,
    gathered: Mutex<Gathered<K>>,
}

struct Gathered<K> {
    told: Option<Micros>,
    keys: BTreeSet<K>,
    /// More came than are told of.
    beyond: bool,
}

impl<K: Ord + Copy> Gathering<K> {
    pub fn new(most: usize) -> Gathering<K> {
        Gathering { most, gathered: Mutex::new(Gathered { told: None, keys: BTreeSet::new(), beyond: false }) }
    }

    pub fn add(&self, key: K) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.keys.len() < self.most {
            gathered.keys.insert(key);
        } else if !gathered.keys.contains(&key) {
            gathered.beyond = true;
        }
    }

    /// Those who came since the last time, and whether these are all.
    pub fn due(&self, now: Micros) -> Option<(Vec<K>, bool)> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.keys.is_empty() || gathered.told.is_some_and(|told| now.0 - told.0 < SECOND) {
            return None;
        }
        gathered.told = Some(now);
        let is_complete = !std::mem::take(&mut gathered.beyond);
        Some((std::mem::take(&mut gathered.keys).into_iter().collect(), is_complete))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_a_second_are_told_of_once() {
        let gathering = Gathering::new(3);
        assert_eq!(gathering.due(Micros(0)), None);
        gathering.add(1);
        gathering.add(1);
        assert_eq!(gathering.due(Micros(0)), Some((vec![1], true)));
        (1..=4).for_each(|key| gathering.add(key));
        assert_eq!(gathering.due(Micros(SECOND - 1)), None);
        assert_eq!(gathering.due(Micros(SECOND)), Some((vec![1, 2, 3], false)));
        gathering.add(9);
        assert_eq!(gathering.due(Micros(3 * SECOND)), Some((vec![9], true)));
    }

    #[test]
    fn a_rush_is_told_twenty_times_and_once_more_a_second() {
        let merging = Merging::new(20);
        let told = (0..1000).filter_map(|number| merging.admit("main", number, Micros(SECOND)));
        assert_eq!(told.count(), 20);
        assert!(merging.due(Micros(SECOND + 1)).is_empty());
        assert_eq!(merging.due(Micros(2 * SECOND)), [("main", 999)]);
        assert_eq!(merging.admit("main", 1000, Micros(2 * SECOND + 1)), None);
        assert_eq!(merging.admit("other", 7, Micros(2 * SECOND + 1)), Some(7));
        assert_eq!(merging.due(Micros(3 * SECOND)), [("main", 1000)]);
        assert!(merging.due(Micros(4 * SECOND)).is_empty());
        assert_eq!(merging.admit("main", 1001, Micros(5 * SECOND)), Some(1001));
    }
}
