//! What the database said, for a while. An answer that was under way when something was forgotten may be
//! older than the reason to forget it: it is used once, and not remembered.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::{Cache, CacheBuilder};

/// So that forgetting one does not keep the answers about all others from being remembered.
const COUNTERS: usize = 64;

pub(super) struct Remembered<Key, Value> {
    known: Cache<Key, Value>,
    /// How often something was forgotten; a key counts with one of them.
    forgotten: [AtomicU64; COUNTERS],
    hasher: RandomState,
}

/// Taken before the database is asked.
pub(super) struct Asked<Key> {
    key: Key,
    forgotten: u64,
}

impl<Key, Value> Remembered<Key, Value>
where
    Key: Hash + Eq + Clone + Send + Sync + 'static,
    Value: Clone + Send + Sync + 'static,
{
    pub fn new(cache: CacheBuilder<Key, Value, Cache<Key, Value>>) -> Self {
        Remembered {
            known: cache.support_invalidation_closures().build(),
            forgotten: [const { AtomicU64::new(0) }; COUNTERS],
            hasher: RandomState::new(),
        }
    }

    pub fn get<Named>(&self, key: &Named) -> Option<Value>
    where
        Key: Borrow<Named>,
        Named: Hash + Eq + ?Sized,
    {
        self.known.get(key)
    }

    pub fn ask(&self, key: Key) -> Asked<Key> {
        let forgotten = self.counter(&key).load(Ordering::SeqCst);
        Asked { key, forgotten }
    }

    pub fn remember(&self, asked: Asked<Key>, value: Value) {
        let counter = self.counter(&asked.key);
        let is_news = || counter.load(Ordering::SeqCst) == asked.forgotten;
        if is_news() {
            self.known.insert(asked.key.clone(), value);
            // Whoever forgets counts first: what came since the question is seen here, or removes it after this.
            if !is_news() {
                self.known.invalidate(&asked.key);
            }
        }
    }

    pub fn forget(&self, key: &Key) {
        self.counter(key).fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(key);
    }

    pub fn forget_all(&self, which: impl Fn(&Value) -> bool + Send + Sync + 'static) {
        for counter in &self.forgotten {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        self.known.invalidate_entries_if(move |_, value| which(value)).ok();
    }

    /// What is known without asking, and goes before every answer that is under way.
    pub fn learn(&self, key: Key, value: Value) {
        self.counter(&key).fetch_add(1, Ordering::SeqCst);
        self.known.insert(key, value);
    }

    fn counter(&self, key: &Key) -> &AtomicU64 {
        &self.forgotten[self.hasher.hash_one(key) as usize % COUNTERS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_before_is_not_remembered() {
        let names: Remembered<u32, &str> = Remembered::new(Cache::builder());
        let asked = names.ask(1);
        names.forget(&1);
        names.remember(asked, "before");
        assert_eq!(names.get(&1), None);

        names.remember(names.ask(1), "after");
        assert_eq!(names.get(&1), Some("after"));

        let asked = names.ask(1);
        names.learn(1, "for certain");
        names.remember(asked, "after");
        assert_eq!(names.get(&1), Some("for certain"));

        let asked = names.ask(1);
        names.forget_all(|name| name.starts_with("for"));
        names.remember(asked, "for long");
        assert_eq!(names.get(&1), None);
    }
}
