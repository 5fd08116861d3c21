//! Wrong passwords for names that nobody bears count like those of an account: the answers must not
//! tell whether there is one.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use moka::sync::Cache;

use crate::model::user::WRONG_PASSWORDS_ALLOWED;

const REMEMBERED: u64 = 100_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);

pub struct Attempts {
    /// By a hash of the name: a stranger chooses how long it is.
    unknown: Cache<u64, i32>,
    hasher: RandomState,
}

impl Default for Attempts {
    fn default() -> Self {
        Attempts {
            unknown: Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build(),
            hasher: RandomState::new(),
        }
    }
}

impl Attempts {
    /// Counts one more, up to the last that is allowed.
    pub fn count(&self, name: &str) -> i32 {
        let name = self.hasher.hash_one(name);
        let counted = (self.unknown.get(&name).unwrap_or(0) + 1).min(WRONG_PASSWORDS_ALLOWED);
        self.unknown.insert(name, counted);
        counted
    }
}
