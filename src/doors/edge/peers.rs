//! How many TCP connections one address holds, counted before a byte of them is read: those who send
//! nothing at all are counted nowhere else.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use super::client_ip::ClientIp;
use crate::config::TrustedProxies;

/// A client that polls has several, browsers keep some open for other requests.
const EACH: u32 = 2;

#[derive(Default)]
pub struct Peers {
    most: Option<u32>,
    proxies: TrustedProxies,
    held: Mutex<HashMap<IpAddr, u32>>,
}

/// Counts as long as it is kept.
pub struct Held {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Peers {
    pub fn new(connections_per_address: Option<NonZeroU32>, proxies: TrustedProxies) -> Arc<Peers> {
        let most = connections_per_address.map(|most| most.get().saturating_mul(EACH));
        Arc::new(Peers { most, proxies, held: Mutex::default() })
    }

    /// One more of this address, unless it has too many. Proxies speak for many.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Held> {
        let is_proxy = self.proxies.contains(address.to_canonical());
        let address = ClientIp(address.to_canonical()).network();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        let is_full = self.most.is_some_and(|most| *count >= most) && !is_proxy;
        if is_full {
            return None;
        }
        *count += 1;
        Some(Held { peers: self.clone(), address })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.peers.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = held.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_holds_its_own_and_gives_them_back() {
        let peers = Peers::new(NonZeroU32::new(1), TrustedProxies::default());
        let [ann, ben] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse::<IpAddr>().unwrap());
        let held = [peers.admit(ann), peers.admit(ann)];
        assert!(held.iter().all(Option::is_some) && peers.admit(ann).is_none() && peers.admit(ben).is_some());
        drop(held);
        assert!(peers.held.lock().unwrap().is_empty());
        assert!(peers.admit(ann).is_some());
    }
}
