//! Who may: one pure table. A [`Member`] is somebody who may see a room; only this file makes one,
//! so whatever takes a `Member` has been asked here.

use std::sync::Arc;

use super::{Caller, Refusal};
use crate::model::{Micros, Room, RoomKind, RoomRole, User, UserId, UserRole};
use crate::store::Membership;

#[derive(Debug, Clone)]
pub struct Member {
    pub room: Arc<Room>,
    caller: Caller,
    role: Option<RoomRole>,
    muted_until: Option<Micros>,
}

impl Member {
    /// Lets a caller into a room that they belong to. Everybody belongs to the main room.
    pub fn admit(caller: &Caller, room: Arc<Room>, membership: Option<Membership>) -> Result<Member, Refusal> {
        let banned = membership.is_some_and(|membership| membership.banned);
        let belongs =
            room.kind == RoomKind::Main || membership.is_some() || may_enter_anything(caller.user(), room.kind);
        if banned || !belongs {
            return Err(Refusal::RoomNotFound);
        }
        let role = membership.map(|membership| membership.role);
        Ok(Member {
            room,
            caller: caller.clone(),
            role,
            muted_until: membership.and_then(|membership| membership.muted_until),
        })
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn may_send(&self, now: Micros) -> Result<(), Refusal> {
        match self.muted_until {
            Some(until) if until > now => {
                Err(Refusal::Muted { retry_in: u64::try_from((until.0 - now.0) / 1000).unwrap_or(0) })
            }
            _ => Ok(()),
        }
    }

    pub fn may_edit(&self, author: UserId) -> Result<(), Refusal> {
        let user = self.caller.user();
        allowed(author == user.id || user.role == UserRole::Admin)
    }

    pub fn may_delete(&self, author: UserId) -> Result<(), Refusal> {
        let user = self.caller.user();
        let keeps_the_peace = matches!(self.role, Some(RoomRole::Owner | RoomRole::Moderator));
        allowed(author == user.id || keeps_the_peace || user.role == UserRole::Admin)
    }
}

fn allowed(yes: bool) -> Result<(), Refusal> {
    if yes { Ok(()) } else { Err(Refusal::NotYours) }
}

/// Whether somebody who is not in a room may come in.
pub fn may_enter(user: &User, kind: RoomKind, membership: Option<Membership>) -> bool {
    match membership {
        Some(membership) => !membership.banned,
        None => matches!(kind, RoomKind::Main | RoomKind::Public) || may_enter_anything(user, kind),
    }
}

/// Direct rooms belong to their two.
fn may_enter_anything(user: &User, kind: RoomKind) -> bool {
    user.role == UserRole::Admin && kind != RoomKind::Direct
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::UserStatus;

    fn user(role: UserRole) -> User {
        User {
            id: Uuid::new_v4(),
            userid: "ann".into(),
            name: "Ann".into(),
            email: "ann@example.com".into(),
            role,
            status: UserStatus::Active,
            failed_login_attempts: 0,
            community_rating: 0,
        }
    }

    #[test]
    fn only_a_ban_keeps_a_member_out_and_only_direct_rooms_keep_an_admin_out() {
        let member = Membership { role: RoomRole::Member, muted_until: None, banned: false };
        let banned = Membership { banned: true, ..member };
        for (kind, outside, admin) in [
            (RoomKind::Main, true, true),
            (RoomKind::Public, true, true),
            (RoomKind::Private, false, true),
            (RoomKind::Guild, false, true),
            (RoomKind::Direct, false, false),
        ] {
            assert_eq!(may_enter(&user(UserRole::User), kind, None), outside, "{kind:?}");
            assert_eq!(may_enter(&user(UserRole::Admin), kind, None), admin, "{kind:?}");
            assert!(may_enter(&user(UserRole::User), kind, Some(member)));
            assert!(!may_enter(&user(UserRole::User), kind, Some(banned)));
        }
    }
}
