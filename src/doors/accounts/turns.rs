//! How many of one address wait for their passwords to be hashed. There are few turns, and one address
//! must not have them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

const EACH: u32 = 5;

#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<IpAddr, u32>>>);

/// Counts as long as it is kept.
pub struct Turn {
    turns: Turns,
    address: Option<IpAddr>,
}

impl Turns {
    pub fn take(&self, address: Option<IpAddr>) -> Option<Turn> {
        if let Some(address) = address {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = waiting.entry(address).or_default();
            if *count >= EACH {
                return None;
            }
            *count += 1;
        }
        Some(Turn { turns: self.clone(), address })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut waiting = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_five_at_a_time() {
        let turns = Turns::default();
        let address = "192.0.2.1".parse().ok();
        let taken: Vec<_> = std::iter::from_fn(|| turns.take(address)).collect();
        assert_eq!(taken.len(), 5);
        assert!(turns.take("192.0.2.2".parse().ok()).is_some() && turns.take(None).is_some());
        drop(taken);
        assert!(turns.take(address).is_some() && turns.0.lock().unwrap().is_empty());
    }
}
