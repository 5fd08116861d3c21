//! What a batch of commands does to members: comings and goings, roles, mutes, bans. Under the same
//! lock that numbers messages, so that nobody speaks after a ban.

use std::sync::Arc;

use super::audit::AuditRow;
use super::ledger::{CommandRefusal, Done, Ledger, Outcome, RoomState};
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
    Join,
    /// To a direct room.
    Return,
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

impl Deed {
    pub(super) fn may_leave_no_owner(self) -> bool {
        match self {
            Deed::Leave | Deed::SetRole(_) => true,
            Deed::Join
            | Deed::Return
            | Deed::Kick { .. }
            | Deed::Mute { .. }
            | Deed::Unmute
            | Deed::Ban
            | Deed::Unban
            | Deed::Invite { .. }
            | Deed::WithdrawInvite
            | Deed::MoveMarker { .. } => false,
        }
    }
}

/// A mute or an invitation that comes once more so soon is the same request, sent twice.
const SENT_TWICE: i64 = 60_000_000;

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
    /// Refuses whoever was silenced since they were asked whether they may, and what is said in a room
    /// that was closed since then.
    pub(super) fn may_still_speak(
        &self,
        place: MemberKey,
        guest: bool,
        unsilenced: bool,
    ) -> Result<(), CommandRefusal> {
        let room = self.rooms.get(&place.0).ok_or(CommandRefusal::RoomNotFound)?;
        if guest && !room.is_open {
            return Err(CommandRefusal::RoomNotFound);
        }
        let membership = self.members.get(&place).filter(|_| !unsilenced).copied().unwrap_or(Membership::NONE);
        let is_barred = membership.barred_until.is_some_and(|until| until > self.now);
        match (membership.state, membership.muted_until) {
            (MemberState::Banned, _) => Err(CommandRefusal::Banned),
            _ if room.is_archived => Err(CommandRefusal::Archived),
            (_, Some(until)) if until > self.now => Err(CommandRefusal::Muted { until }),
            _ if is_barred => Err(CommandRefusal::RoomNotFound),
            _ => Ok(()),
        }
    }

    /// A message brings a direct room back into the lists of who had left it, and the first one into
    /// those of the other.
    pub(super) fn show_direct(&mut self, room: RoomNumber, seq: i64, author: UserId) {
        let Some((one, other)) = self.rooms.get(&room).and_then(|room| room.pair) else { return };
        for person in [one, other] {
            let place = (room, person);
            let left = self.members.get(&place).copied().filter(|before| before.state == MemberState::Left);
            if let Some(before) = left {
                let after = Membership { state: MemberState::Member, ..before };
                self.put(place, after, None);
                self.count_member(place, before, after, MemberChange::Returned);
            }
            let hidden = left.is_some();
            if hidden || (seq == 1 && person != author) {
                self.also.push(Arc::new(Event::DirectBegun { room, to: person }));
            }
        }
    }

    fn put(&mut self, place: MemberKey, membership: Membership, reason: Option<String>) {
        self.members.insert(place, membership);
        self.touched.insert(place, Touched { membership, reason });
    }

    pub(super) fn change_member(&mut self, command: &MemberCommand) -> Outcome {
        let place = command.place();
        let now = self.now;
        let room = self.rooms.get(&place.0).ok_or(CommandRefusal::RoomNotFound)?;
        let before = self.members.get(&place).copied().unwrap_or(Membership::NONE);
        let Some((after, change)) = self.judge(command, room, before)? else {
            return Ok((Done::Member(self.changed(command, before, None)), None));
        };
        let (after, reason) = if is_set(change) {
            (Membership { set_by: command.by, set_at: Some(now), ..after }, command.reason.clone())
        } else {
            (after, self.touched.get(&place).and_then(|earlier| earlier.reason.clone()))
        };
        self.put(place, after, reason);
        self.count_member(place, before, after, change);
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

    fn judge(&self, command: &MemberCommand, room: &RoomState, before: Membership) -> Verdict {
        let now = self.now;
        let is_main = command.room.kind == RoomKind::Main;
        let is_again = before.set_by == command.by && before.set_at.is_some_and(|at| now.0 - at.0 < SENT_TWICE);
        let is_in = before.state == MemberState::Member || (is_main && before.state != MemberState::Banned);
        self.check_rank(command, before)?;
        let with = |after: Membership, change| Ok(Some((after, change)));
        match command.deed {
            Deed::Join => self.judge_coming(command, room, before),
            Deed::Return if before.state != MemberState::Left => Ok(None),
            Deed::Return => with(Membership { state: MemberState::Member, ..before }, MemberChange::Returned),
            Deed::Kick { .. } if before.state == MemberState::Banned => Ok(None),
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
                let length = i64::from(seconds) * 1_000_000;
                if is_again && before.muted_until == before.set_at.map(|at| Micros(at.0 + length)) {
                    return Ok(None);
                }
                let until = Micros(now.0 + length);
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
            Deed::Invite { .. } if room.is_archived => Err(CommandRefusal::Archived),
            Deed::Invite { .. } if is_again && before.is_invited(now) => Ok(None),
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
                let seq = seq.min(room.last_seq);
                if seq <= before.last_read_seq {
                    return Ok(None);
                }
                let joined_at = if before.joined_at == Micros(0) { now } else { before.joined_at };
                let state = MemberState::Member;
                with(Membership { state, joined_at, last_read_seq: seq, ..before }, MemberChange::MarkerMoved)
            }
        }
    }

    /// As the room is now: it may have been closed since they were asked whether they may.
    fn judge_coming(&self, command: &MemberCommand, room: &RoomState, before: Membership) -> Verdict {
        let is_invited = before.is_invited(self.now);
        let barred_until = before.barred_until.filter(|until| *until > self.now && !is_invited);
        match (before.state, barred_until) {
            (MemberState::Member, _) => Ok(None),
            (MemberState::Banned, _) => Err(CommandRefusal::RoomNotFound),
            _ if !(room.is_open || is_invited || command.who_is_admin) => Err(CommandRefusal::RoomNotFound),
            _ if room.is_archived => Err(CommandRefusal::Archived),
            (_, Some(until)) => Err(CommandRefusal::Barred { until }),
            (MemberState::Left | MemberState::Invited, None) => {
                let after = Membership {
                    state: MemberState::Member,
                    joined_at: self.now,
                    last_read_seq: room.last_seq,
                    muted_until: before.muted_until,
                    set_by: before.set_by,
                    set_at: before.set_at,
                    ..Membership::NONE
                };
                Ok(Some((after, MemberChange::Joined)))
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

    fn count_member(&mut self, (number, _): MemberKey, before: Membership, after: Membership, change: MemberChange) {
        let counts = |membership: Membership| i64::from(membership.state == MemberState::Member);
        let owns = |m: Membership| i64::from(m.state == MemberState::Member && m.role == RoomRole::Owner);
        *self.owners.entry(number).or_default() += owns(after) - owns(before);
        let Some(room) = self.rooms.get_mut(&number) else { return };
        if number != RoomNumber::MAIN {
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
            change,
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
        | MemberChange::Returned
        | MemberChange::MarkerMoved => None,
    }
}

/// What stands with who did it, when and why.
fn is_set(change: MemberChange) -> bool {
    match change {
        MemberChange::Muted | MemberChange::Banned | MemberChange::Invited | MemberChange::InviteRenewed => true,
        MemberChange::Joined
        | MemberChange::Left
        | MemberChange::Kicked
        | MemberChange::RoleChanged
        | MemberChange::Unmuted
        | MemberChange::Unbanned
        | MemberChange::InviteWithdrawn
        | MemberChange::Returned
        | MemberChange::MarkerMoved => false,
    }
}

fn detail(change: MemberChange, before: Membership, after: Membership, now: Micros) -> serde_json::Value {
    match (change, after.muted_until) {
        (MemberChange::RoleChanged, _) => serde_json::json!({ "before": before.role, "role": after.role }),
        (MemberChange::Muted, Some(until)) => serde_json::json!({ "seconds": (until.0 - now.0) / 1_000_000 }),
        _ => serde_json::json!({}),
    }
}
