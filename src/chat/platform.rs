//! Who may what on the whole server: the second table of docs/wire/own.md. And what administrators do
//! to accounts.

use super::{Caller, Chat, Refusal, patiently};
use crate::model::{Actor, EndReason, Event, Lock, Micros, Standing, User, UserId, UserRole};
use crate::store::{AccountFilter, AuditEntry, AuditFilter, GovernRefusal, Governor, Locked, Told};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformAction {
    /// Own profile, sessions, blocks, characters, export, erase.
    MindOwnAffairs,
    ListAccounts,
    Unlock,
    /// Lock an account, end its sessions, give roles.
    Govern,
    /// And see and delete messages with an open report wherever they stand: what the matrix of rooms calls
    /// "reported ones".
    SeeAllReports,
    /// Audit of all, figures, word list.
    Oversee,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    No,
    Yes,
    WithoutEmail,
    /// Of accounts of role `user`.
    OverUsers,
    /// Not to oneself.
    OverOthers,
}

/// By role: user, support, admin.
const MATRIX: [(PlatformAction, [Grant; 3]); 6] = [
    (PlatformAction::MindOwnAffairs, [Grant::Yes, Grant::Yes, Grant::Yes]),
    (PlatformAction::ListAccounts, [Grant::No, Grant::WithoutEmail, Grant::Yes]),
    (PlatformAction::Unlock, [Grant::No, Grant::OverUsers, Grant::Yes]),
    (PlatformAction::Govern, [Grant::No, Grant::No, Grant::OverOthers]),
    (PlatformAction::SeeAllReports, [Grant::No, Grant::Yes, Grant::Yes]),
    (PlatformAction::Oversee, [Grant::No, Grant::No, Grant::Yes]),
];

pub fn granted(action: PlatformAction, standing: Standing) -> Grant {
    let Some((_, [user, support, admin])) = MATRIX.iter().find(|(other, _)| *other == action) else {
        return Grant::No;
    };
    match standing {
        Standing::Nobody | Standing::Guest => Grant::No,
        Standing::User => *user,
        Standing::Support => *support,
        Standing::Admin => *admin,
    }
}

impl Caller {
    /// How far the caller may do this; a refusal where not at all.
    pub fn may(&self, action: PlatformAction) -> Result<Grant, Refusal> {
        match granted(action, self.standing()) {
            Grant::No => Err(Refusal::NotAllowed),
            grant => Ok(grant),
        }
    }

    pub(super) fn sees_all_reports(&self) -> bool {
        self.may(PlatformAction::SeeAllReports).is_ok()
    }

    fn may_govern(&self, user: UserId) -> Result<(), Refusal> {
        let grant = self.may(PlatformAction::Govern)?;
        if grant == Grant::OverOthers && user == self.user().id { Err(Refusal::Yourself) } else { Ok(()) }
    }
}

/// An account as those see it who look after all.
pub struct AccountRecord {
    pub user: User,
    pub made_at: Micros,
    /// Not for everybody.
    pub email: Option<String>,
}

impl From<GovernRefusal> for Refusal {
    fn from(refusal: GovernRefusal) -> Self {
        match refusal {
            GovernRefusal::UserNotFound => Refusal::UserNotFound,
            GovernRefusal::LastAdmin => Refusal::LastAdmin,
            GovernRefusal::Outranked => Refusal::Outranked,
        }
    }
}

impl Chat {
    fn governor(&self, caller: &Caller) -> Governor {
        Governor { by: Some(caller.user().id), told: Told::ByCaller, now: self.inner.clock.now() }
    }

    /// From now on nobody is this account. A repeat changes nothing.
    pub async fn lock_account(
        &self,
        caller: &Caller,
        user: UserId,
        reason: Option<String>,
    ) -> Result<(User, Lock), Refusal> {
        caller.may_govern(user)?;
        let locked = self.inner.store.lock_account(user, reason.as_deref(), self.governor(caller)).await??;
        if let Some(Locked { ended, .. }) = locked {
            let ended = self.note_ended(user, &ended, EndReason::Locked);
            self.tell_at_once([Event::UserChanged { user }].into_iter().chain(ended)).await;
        }
        let user = patiently(self.inner.store.user(user)).await?.ok_or(Refusal::UserNotFound)?;
        let lock = user.profile.lock.clone().ok_or(Refusal::UserNotFound)?;
        Ok((user, lock))
    }

    /// An operator's lock that keeps this actor out.
    pub async fn lock_on(&self, actor: Actor) -> Option<Lock> {
        let user = self.inner.known.people.user(actor.user()?).await.ok()??;
        user.profile.lock.clone().filter(|_| user.is_barred())
    }

    pub async fn unlock_account(&self, caller: &Caller, user: UserId) -> Result<(), Refusal> {
        let only_users = caller.may(PlatformAction::Unlock)? == Grant::OverUsers;
        if self.inner.store.unlock_account(user, only_users, self.governor(caller)).await?? {
            self.tell_at_once([Event::UserChanged { user }]).await;
        }
        Ok(())
    }

    pub async fn set_account_role(&self, caller: &Caller, user: UserId, role: UserRole) -> Result<User, Refusal> {
        caller.may_govern(user)?;
        if self.inner.store.set_account_role(user, role, self.governor(caller)).await?? {
            self.tell_at_once([Event::UserChanged { user }]).await;
        }
        patiently(self.inner.store.user(user)).await?.ok_or(Refusal::UserNotFound)
    }

    /// All sessions of somebody else.
    pub async fn end_all_sessions(&self, caller: &Caller, user: UserId) -> Result<(), Refusal> {
        caller.may_govern(user)?;
        let ended = self.inner.store.end_all_sessions(user, self.governor(caller)).await??;
        let ended = self.note_ended(user, &ended, EndReason::Ended);
        self.tell_at_once(ended).await;
        Ok(())
    }

    pub async fn all_accounts(
        &self,
        caller: &Caller,
        filter: &AccountFilter,
        limit: u64,
    ) -> Result<Vec<AccountRecord>, Refusal> {
        let shows_email = caller.may(PlatformAction::ListAccounts)? == Grant::Yes;
        let found = patiently(self.inner.store.accounts(filter, limit)).await?;
        let record = |(user, made_at): (User, Micros)| {
            let email = shows_email.then(|| user.email.clone());
            AccountRecord { user, made_at, email }
        };
        Ok(found.into_iter().map(record).collect())
    }

    /// The record of who did what, of one room or of all.
    pub async fn audit(
        &self,
        caller: &Caller,
        room: Option<&str>,
        filter: AuditFilter,
        limit: u64,
    ) -> Result<Vec<AuditEntry>, Refusal> {
        caller.may(PlatformAction::Oversee)?;
        let room = match room {
            Some(reference) => Some(self.room(reference).await?.number),
            None => None,
        };
        patiently(self.inner.store.audit(&AuditFilter { room, ..filter }, limit)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN_WIRE: &str = include_str!("../../docs/wire/own.md");

    /// The table of the wire's design and this one are the same, cell by cell.
    #[test]
    fn every_cell_is_as_the_design_says() {
        let lines: Vec<&str> = OWN_WIRE.lines().collect();
        let head = lines.iter().position(|line| line.starts_with("| platform action | user |")).unwrap();
        let rows: Vec<Vec<&str>> = lines[head + 2..]
            .iter()
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), MATRIX.len());
        for (row, (action, grants)) in rows.iter().zip(MATRIX) {
            let begins = match action {
                PlatformAction::MindOwnAffairs => "own profile",
                PlatformAction::ListAccounts => "list accounts",
                PlatformAction::Unlock => "unlock an account",
                PlatformAction::Govern => "lock an account",
                PlatformAction::SeeAllReports => "reports of all rooms",
                PlatformAction::Oversee => "audit of all",
            };
            assert!(row[0].starts_with(begins), "{action:?}: {}", row[0]);
            for (cell, (standing, grant)) in
                row[1..].iter().zip([Standing::User, Standing::Support, Standing::Admin].into_iter().zip(grants))
            {
                let written = match *cell {
                    "–" => Grant::No,
                    "yes" => Grant::Yes,
                    "without email" => Grant::WithoutEmail,
                    "yes, of role `user`" => Grant::OverUsers,
                    "yes, not one's own" => Grant::OverOthers,
                    other => panic!("{other}"),
                };
                assert_eq!((grant, granted(action, standing)), (written, written), "{action:?} {standing:?}");
            }
            assert_eq!(granted(action, Standing::Guest), Grant::No);
        }
    }
}
