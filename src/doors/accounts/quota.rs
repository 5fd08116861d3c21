//! So many requests of one kind from one address.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use super::refused::Refused;
use crate::doors::budgets::SharedBudget;
use crate::doors::edge::client_ip::ClientIp;

pub struct Quota {
    budget: Option<SharedBudget<IpAddr>>,
    said: String,
}

impl Quota {
    pub fn an_hour(allowed: Option<NonZeroU32>) -> Quota {
        Quota::within(allowed, Duration::from_secs(3600), "an hour")
    }

    pub fn a_minute(allowed: Option<NonZeroU32>) -> Quota {
        Quota::within(allowed, Duration::from_secs(60), "a minute")
    }

    fn within(allowed: Option<NonZeroU32>, period: Duration, named: &str) -> Quota {
        let count = allowed.map_or(0, NonZeroU32::get);
        let said = format!("Too many requests of this kind: {count} {named} are allowed");
        Quota { budget: allowed.map(|allowed| SharedBudget::within(allowed, period)), said }
    }

    pub fn spend(&self, address: Option<ClientIp>) -> Result<(), Refused> {
        let (Some(budget), Some(address)) = (&self.budget, address) else { return Ok(()) };
        budget.spend(&address.network()).map_err(|wait| Refused::later("slow_down", self.said.as_str(), wait))
    }

    /// Addresses that have not asked for a while are forgotten.
    pub fn forget_idle(&self) {
        self.budget.iter().for_each(SharedBudget::forget_idle);
    }
}
