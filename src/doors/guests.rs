//! What guests may cost who come without a token: there is nothing to count them by but their address.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::budgets::SharedBudget;

const HOUR: Duration = Duration::from_secs(3600);

/// Of one address, through whatever door.
pub struct GuestBudgets {
    guests: Option<SharedBudget<IpAddr>>,
    rooms: Option<SharedBudget<IpAddr>>,
}

impl GuestBudgets {
    /// Of an hour; none is no limit.
    pub fn new(guests: Option<NonZeroU32>, rooms: Option<NonZeroU32>) -> Arc<GuestBudgets> {
        let budget = |limit: Option<NonZeroU32>| limit.map(|limit| SharedBudget::within(limit, HOUR));
        Arc::new(GuestBudgets { guests: budget(guests), rooms: budget(rooms) })
    }

    /// One more guest, or in how many milliseconds there may be one.
    pub fn count_guest(&self, address: Option<IpAddr>) -> Result<(), u64> {
        spend(self.guests.as_ref(), address)
    }

    /// The same of a room that a guest makes.
    pub fn count_room(&self, address: Option<IpAddr>) -> Result<(), u64> {
        spend(self.rooms.as_ref(), address)
    }

    /// Addresses that have spent nothing for a while take no memory.
    pub fn forget_idle(&self) {
        self.guests.iter().chain(&self.rooms).for_each(SharedBudget::forget_idle);
    }
}

fn spend(budget: Option<&SharedBudget<IpAddr>>, address: Option<IpAddr>) -> Result<(), u64> {
    let (Some(budget), Some(address)) = (budget, address) else { return Ok(()) };
    budget.spend(&address)
}
