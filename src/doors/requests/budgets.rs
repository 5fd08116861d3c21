//! How many requests of a kind one account may make.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Failure;
use crate::doors::budgets::SharedBudget;
use crate::model::UserId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allowance {
    Rooms,
    Contacts,
    Reports,
    Exports,
    ProfileEdits,
    Searches,
    Uploads,
    Moderation,
}

impl Allowance {
    fn hourly(self) -> bool {
        match self {
            Allowance::Rooms
            | Allowance::Contacts
            | Allowance::Reports
            | Allowance::Exports
            | Allowance::ProfileEdits => true,
            Allowance::Searches | Allowance::Uploads | Allowance::Moderation => false,
        }
    }
}

/// What the settings allow of each; none is no limit.
pub type Allowances = Vec<(Allowance, Option<NonZeroU32>)>;

pub struct Budgets(HashMap<Allowance, (u32, SharedBudget<UserId>)>);

impl Budgets {
    pub fn new(allowances: &Allowances) -> Budgets {
        let budget = |(allowance, limit): &(Allowance, Option<NonZeroU32>)| {
            let limit = (*limit)?;
            let period = Duration::from_secs(if allowance.hourly() { 3600 } else { 60 });
            Some((*allowance, (limit.get(), SharedBudget::within(limit, period))))
        };
        Budgets(allowances.iter().filter_map(budget).collect())
    }

    pub fn spend(&self, allowance: Allowance, user: UserId) -> Result<(), Failure> {
        let Some((limit, budget)) = self.0.get(&allowance) else { return Ok(()) };
        let an = if allowance.hourly() { "an hour" } else { "a minute" };
        budget.spend(&user).map_err(|retry_in| Failure::TooManyRequests { limit: *limit, an, retry_in })
    }

    pub fn forget_idle(&self) {
        self.0.values().for_each(|(_, budget)| budget.forget_idle());
    }
}
