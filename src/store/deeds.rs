//! What a batch of commands does to members: comings and goings, roles, mutes, bans. Under the same
//! lock that numbers messages, so that nobody speaks after a ban.

use std::sync::Arc;

use super::audit::AuditRow;
use super::ledger::{CommandRefusal, Done, Ledger, Outcome};
use super::members::{MemberKey, Touched};
use crate::model::{
    Author, Event, MemberChange, MemberChanged, MemberState, Membership, Micros, Room, RoomKind, RoomNumber, RoomRole,
    UserId,
};

/// Who may be acted on: those below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Member,
    Moderator,
    Owner,
    Admin,
}

impl From<RoomRole> for Rank {
    fn from(role: RoomRole) -> Self {
        match role {
            RoomRole::Member => Rank::Member,
            RoomRole::Moderator => Rank::Moderator,
            RoomRole::Owner => Rank::Owner,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Those who were not invited only where that needs no invitation.
    Join {
        uninvited: bool,
    },
    Leave,
    Kick {
        barred_until: Micros,
    },
    SetRole(RoomRole),
    Mute {
        seconds: u32,
    },
    Unmute,
    Ban,
    Unban,
    Invite {
        expires_at: Micros,
    },
    WithdrawInvite,
    MoveMarker {
        seq: i64,
    },
}

/// A deed, by whom and to whom.
#[derive(Debug, Clone)]
pub struct MemberCommand {
    pub room: Arc<Room>,
    pub who: Arc<Author>,
    /// An administrator is above owners in every room.
    pub who_is_admin: bool,
    pub by: Option<UserId>,
    /// Of who does it; none where rank does not matter.
    pub over: Option<Rank>,
    pub deed: Deed,
    pub reason: Option<String>,
}

impl MemberCommand {
    fn kicks_guest(&self) -> bool {
        self.who.guest && matches!(self.deed, Deed::Kick { .. })
    }

    pub(super) fn place(&self) -> MemberKey {
        (self.room.number, self.who.id)
    }
}

/// What a deed makes of a membership; none when it is so already.
type Verdict = Result<Option<(Membership, MemberChange)>, CommandRefusal>;

impl Ledger {
    /// Refuses whoever was silenced since they were asked whether they may.
    pub(super) fn may_still_speak(&self, place: MemberKey) -> Result<(), CommandRefusal> {
        let Some(membership) = self.members.get(&place) else { return Ok(()) };
        match (membership.state, membership.muted_until, membership.barred_until) {
            (MemberState::Banned, _, _) => Err(CommandRefusal::Banned),
            (_, Some(until), _) if until > self.now => Err(CommandRefusal::Muted { until }),
            (_, _, Some(until)) if until > self.now => Err(CommandRefusal::RoomNotFound),
            _ => Ok(()),
        }
    }

    /// A message brings a direct room back into the lists of who had left it, and the first one into
    /// those of the other.
    pub(super) fn show_direct(&mut self, room: RoomNumber, seq: i64, author: UserId) {
        let Some((one, other)) = self.rooms.get(&room).and_then(|room| room.pair) else { return };
        for person in [one, other] {
            let place = (room, person);
            let hidden = self.members.get(&place).is_some_and(|before| before.state == MemberState::Left);
            if let (true, Some(before)) = (hidden, self.members.get_mut(&place)) {
                before.state = MemberState::Member;
                self.touched.insert(place, Touched { membership: *before, by: None, reason: None });
            }
            if hidden || (seq == 1 && person != author) {
                self.also.push(Arc::new(Event::DirectBegun { room, to: person }));
            }
        }
    }

    pub(super) fn change_member(&mut self, command: &MemberCommand) -> Outcome {
        let place = command.place();
        let now = self.now;
        if !self.rooms.contains_key(&place.0) {
            return Err(CommandRefusal::RoomNotFound);
        }
        let before = self.members.get(&place).copied().unwrap_or(Membership::NONE);
        let verdict = self.judge(command, before)?;
        let (after, change) = match verdict {
            Some(changed) => changed,
            None => return Ok((Done::Member(self.changed(command, before, None)), None)),
        };
        self.members.insert(place, after);
        let by = command.by.filter(|by| *by != command.who.id);
        self.touched.insert(place, Touched { membership: after, by, reason: command.reason.clone() });
        self.count_member(command, before, after, change);
        if let Some(action) = audited(change) {
            self.audit.push(AuditRow {
                room: Some(place.0),
                target: Some(place.1),
                reason: command.reason.clone(),
                detail: detail(change, before, after, now),
                ..AuditRow::new(action, command.by, now)
            });
        }
        let changed = self.changed(command, after, Some(change));
        let event = Event::MemberChanged(changed.clone());
        Ok((Done::Member(changed), Some(Arc::new(event))))
    }

    fn judge(&self, command: &MemberCommand, before: Membership) -> Verdict {
        let now = self.now;
        let is_main = command.room.kind == RoomKind::Main;
        let is_in = before.state == MemberState::Member || (is_main && before.state != MemberState::Banned);
        self.check_rank(command, before)?;
        let with = |after: Membership, change| Ok(Some((after, change)));
        match command.deed {
            Deed::Join { uninvited } => match before.state {
                MemberState::Banned => Err(CommandRefusal::RoomNotFound),
                MemberState::Member => Ok(None),
                _ if before.barred_until.is_some_and(|until| until > now) && !before.is_invited(now) => {
                    Err(CommandRefusal::Barred { until: before.barred_until.unwrap_or(now) })
                }
                MemberState::Left | MemberState::Invited if uninvited || before.is_invited(now) => {
                    let end = self.rooms.get(&command.room.number).map_or(0, |room| room.last_seq);
                    with(
                        Membership {
                            state: MemberState::Member,
                            joined_at: now,
                            last_read_seq: end,
                            muted_until: before.muted_until,
                            ..Membership::NONE
                        },
                        MemberChange::Joined,
                    )
                }
                MemberState::Left | MemberState::Invited => Err(CommandRefusal::RoomNotFound),
            },
            // Guests are present without being members.
            Deed::Kick { .. } if command.who.guest && before.barred_until.is_some_and(|until| until > now) => Ok(None),
            Deed::Leave | Deed::Kick { .. } if before.state != MemberState::Member && !command.kicks_guest() => {
                Ok(None)
            }
            Deed::Leave if command.room.kind != RoomKind::Direct && self.is_last_owner(command, before) => {
                Err(CommandRefusal::LastOwner)
            }
            Deed::Leave => with(out(before, MemberState::Left), MemberChange::Left),
            Deed::Kick { barred_until } => with(
                Membership { barred_until: Some(barred_until), ..out(before, MemberState::Left) },
                MemberChange::Kicked,
            ),
            Deed::SetRole(_) if !is_in => Err(CommandRefusal::MemberNotFound),
            Deed::SetRole(role) if before.role == role => Ok(None),
            Deed::SetRole(_) if self.is_last_owner(command, before) && !is_main => Err(CommandRefusal::LastOwner),
            Deed::SetRole(role) => with(
                Membership {
                    state: MemberState::Member,
                    role,
                    joined_at: if before.state == MemberState::Member { before.joined_at } else { now },
                    ..before
                },
                MemberChange::RoleChanged,
            ),
            Deed::Mute { seconds } => {
                let until = Micros(now.0 + i64::from(seconds) * 1_000_000);
                with(Membership { muted_until: Some(until), ..before }, MemberChange::Muted)
            }
            Deed::Unmute if before.is_muted(now) => {
                with(Membership { muted_until: None, ..before }, MemberChange::Unmuted)
            }
            Deed::Unmute => Ok(None),
            Deed::Ban if before.state == MemberState::Banned => Ok(None),
            Deed::Ban => with(out(before, MemberState::Banned), MemberChange::Banned),
            Deed::Unban if before.state == MemberState::Banned => {
                with(out(before, MemberState::Left), MemberChange::Unbanned)
            }
            Deed::Unban => Ok(None),
            Deed::Invite { .. } if before.state == MemberState::Banned => Err(CommandRefusal::IsBanned),
            Deed::Invite { .. } if is_in => Ok(None),
            Deed::Invite { expires_at } => {
                let change = if before.is_invited(now) { MemberChange::InviteRenewed } else { MemberChange::Invited };
                with(Membership { state: MemberState::Invited, expires_at: Some(expires_at), ..before }, change)
            }
            Deed::WithdrawInvite if before.state == MemberState::Invited => {
                with(out(before, MemberState::Left), MemberChange::InviteWithdrawn)
            }
            Deed::WithdrawInvite => Ok(None),
            Deed::MoveMarker { .. } if !is_in => Err(CommandRefusal::RoomNotFound),
            Deed::MoveMarker { seq } => {
                let end = self.rooms.get(&command.room.number).map_or(0, |room| room.last_seq);
                let seq = seq.min(end);
                if seq <= before.last_read_seq {
                    return Ok(None);
                }
                let joined_at = if before.joined_at == Micros(0) { now } else { before.joined_at };
                let state = MemberState::Member;
                with(Membership { state, joined_at, last_read_seq: seq, ..before }, MemberChange::MarkerMoved)
            }
        }
    }

    fn check_rank(&self, command: &MemberCommand, before: Membership) -> Result<(), CommandRefusal> {
        let Some(over) = command.over else { return Ok(()) };
        let theirs = if command.who_is_admin { Rank::Admin } else { Rank::from(before.role) };
        let is_oneself = command.by == Some(command.who.id);
        let lifted = match command.deed {
            Deed::SetRole(role) if Rank::from(role) > over => return Err(CommandRefusal::Outranked),
            _ => is_oneself,
        };
        if theirs < over || lifted { Ok(()) } else { Err(CommandRefusal::Outranked) }
    }

    fn is_last_owner(&self, command: &MemberCommand, before: Membership) -> bool {
        before.role == RoomRole::Owner
            && before.state == MemberState::Member
            && self.owners.get(&command.room.number).copied().unwrap_or(0) <= 1
    }

    fn count_member(&mut self, command: &MemberCommand, before: Membership, after: Membership, change: MemberChange) {
        let number = command.room.number;
        let counts = |membership: Membership| i64::from(membership.state == MemberState::Member);
        let owns = |m: Membership| i64::from(m.state == MemberState::Member && m.role == RoomRole::Owner);
        *self.owners.entry(number).or_default() += owns(after) - owns(before);
        let Some(room) = self.rooms.get_mut(&number) else { return };
        if command.room.kind != RoomKind::Main {
            room.members += counts(after) - counts(before);
        }
        if !matches!(change, MemberChange::MarkerMoved | MemberChange::InviteRenewed) {
            room.version += 1;
        }
    }

    fn changed(&self, command: &MemberCommand, now: Membership, change: Option<MemberChange>) -> Arc<MemberChanged> {
        let room = self.rooms.get(&command.room.number);
        Arc::new(MemberChanged {
            room: command.room.clone(),
            who: command.who.clone(),
            by: command.by,
            change: change.unwrap_or(MemberChange::MarkerMoved),
            reason: command.reason.clone(),
            now,
            version: room.map_or(0, |room| room.version),
            members: room.map_or(0, |room| room.members),
        })
    }
}

/// Not a member any more. A mute outlasts that, and so does what was read.
fn out(before: Membership, state: MemberState) -> Membership {
    Membership { state, role: RoomRole::Member, barred_until: None, expires_at: None, ..before }
}

fn audited(change: MemberChange) -> Option<&'static str> {
    match change {
        MemberChange::Kicked => Some("member-kicked"),
        MemberChange::RoleChanged => Some("role-changed"),
        MemberChange::Muted => Some("member-muted"),
        MemberChange::Unmuted => Some("member-unmuted"),
        MemberChange::Banned => Some("member-banned"),
        MemberChange::Unbanned => Some("member-unbanned"),
        MemberChange::Joined
        | MemberChange::Left
        | MemberChange::Invited
        | MemberChange::InviteRenewed
        | MemberChange::InviteWithdrawn
        | MemberChange::MarkerMoved => None,
    }
}

fn detail(change: MemberChange, before: Membership, after: Membership, now: Micros) -> serde_json::Value {
    match (change, after.muted_until) {
        (MemberChange::RoleChanged, _) => serde_json::json!({ "before": before.role, "role": after.role }),
        (MemberChange::Muted, Some(until)) => serde_json::json!({ "seconds": (until.0 - now.0) / 1_000_000 }),
        _ => serde_json::json!({}),
    }
}
