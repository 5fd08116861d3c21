//! Who is in a room: coming and going, roles, and keeping the peace. Each is a command of the writer,
//! so that nobody speaks after a ban.

use std::collections::HashMap;
use std::sync::Arc;

use super::permissions::{Action, Member, Place, milliseconds_until};
use super::records::Record;
use super::rooms::hide_from_nobody;
use super::{Caller, Chat, Refusal, patiently};
use crate::model::{
    Actor, Author, Event, MemberChanged, MemberState, Micros, Room, RoomKind, RoomNumber, RoomRole, Standing, UserId,
};
use crate::store::{AuditEntry, AuditFilter, Command, Deed, Done, MemberCommand, MemberList, MemberRow};

const SECOND: i64 = 1_000_000;
/// Else a client that joins by itself would be back before anybody saw it.
const KICKED_FOR: i64 = 60 * SECOND;
const INVITED_FOR: i64 = 30 * 24 * 3600 * SECOND;

/// What a moderator does to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Kick,
    Mute { seconds: u32 },
    Unmute,
    Ban,
    Unban,
    SetRole(RoomRole),
    Invite,
    WithdrawInvite,
}

impl Act {
    fn action(self) -> Action {
        match self {
            Act::Kick => Action::Kick,
            Act::Mute { .. } | Act::Unmute => Action::Mute,
            Act::Ban | Act::Unban => Action::Ban,
            Act::SetRole(_) => Action::GiveRoles,
            Act::Invite | Act::WithdrawInvite => Action::Invite,
        }
    }

    fn deed(self, now: Micros) -> Deed {
        match self {
            Act::Kick => Deed::Kick { barred_until: Micros(now.0 + KICKED_FOR) },
            Act::Mute { seconds } => Deed::Mute { seconds },
            Act::Unmute => Deed::Unmute,
            Act::Ban => Deed::Ban,
            Act::Unban => Deed::Unban,
            Act::SetRole(role) => Deed::SetRole(role),
            Act::Invite => Deed::Invite { expires_at: Micros(now.0 + INVITED_FOR) },
            Act::WithdrawInvite => Deed::WithdrawInvite,
        }
    }

    /// Declining an invitation; owners and moderators may lower their own role.
    fn is_open_to_oneself(self, member: &Member) -> bool {
        match self {
            Act::WithdrawInvite => true,
            Act::SetRole(role) => member.role().is_some_and(|own| role <= own),
            Act::Kick | Act::Mute { .. } | Act::Unmute | Act::Ban | Act::Unban | Act::Invite => false,
        }
    }

    /// Lifting is open to whoever may set; so is inviting.
    fn needs_rank(self) -> bool {
        match self {
            Act::Kick | Act::Mute { .. } | Act::Ban | Act::SetRole(_) => true,
            Act::Unmute | Act::Unban | Act::Invite | Act::WithdrawInvite => false,
        }
    }
}

/// A line of a list of members, with the names.
#[derive(Debug, Clone)]
pub struct Listed {
    pub who: Arc<Author>,
    pub by: Option<Arc<Author>>,
    pub row: MemberRow,
}

impl Chat {
    /// Comes into a room: makes an account a member. Guests are present without being one.
    pub async fn enter(&self, actor: Actor, reference: &str) -> Result<Arc<Room>, Refusal> {
        let room = self.room(reference).await?;
        if room.kind == RoomKind::Main {
            return Ok(room);
        }
        let caller = self.caller(actor).await.map_err(hide_from_nobody)?;
        self.must_not_be_barred(&caller, &room).await?;
        let member = self.member_who(&caller, Some(reference), Action::Find).await?;
        if !member.is_in() && member.place() != Place::Invited || caller.standing() == Standing::Guest {
            member.may(Action::Enter).map_err(|_| Refusal::RoomNotFound)?;
        }
        if member.is_in() {
            return Ok(room);
        }
        if room.is_archived() {
            return Err(Refusal::Archived);
        }
        if caller.standing() == Standing::Guest {
            return Ok(room);
        }
        self.must_have_place_for_another(caller.user().id).await?;
        self.do_themselves(&caller, &room, Deed::Join, None).await?;
        Ok(room)
    }

    /// A guest who was kicked out is no member whose coming would be judged.
    async fn must_not_be_barred(&self, caller: &Caller, room: &Room) -> Result<(), Refusal> {
        if caller.standing() != Standing::Guest {
            return Ok(());
        }
        let now = self.inner.clock.now();
        match self.membership(room, caller.user().id).await?.and_then(|membership| membership.barred_until) {
            Some(until) if until > now => Err(Refusal::Kicked { retry_in: milliseconds_until(until, now).max(1) }),
            _ => Ok(()),
        }
    }

    /// Comes back to a room on a new connection: nobody is made a member by that.
    pub async fn come_back(&self, actor: Actor, reference: &str) -> Result<Arc<Room>, Refusal> {
        self.readable(actor, Some(reference)).await
    }

    /// Gives up a membership. Who hears a room without one hears it no more either.
    pub async fn quit(&self, caller: &Caller, reference: &str, reason: Option<String>) -> Result<(), Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        match member.may(Action::Leave) {
            Ok(()) => {
                self.do_themselves(caller, &member.room, Deed::Leave, reason).await?;
            }
            // Whoever is not in it has left it.
            Err(Refusal::NotAllowed) => {}
            Err(refusal) => return Err(refusal),
        }
        let ended = Event::HearingEnded { room: member.room.number, person: caller.user().id };
        self.tell_at_once([ended]).await;
        Ok(())
    }

    /// What a moderator does, or somebody to themselves where that is the same word.
    pub async fn act(
        &self,
        caller: &Caller,
        reference: &str,
        target: UserId,
        act: Act,
        reason: Option<String>,
    ) -> Result<(Arc<Author>, Arc<MemberChanged>), Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        let now = self.inner.clock.now();
        let oneself = target == caller.user().id;
        if !(oneself && act.is_open_to_oneself(&member)) {
            member.may(act.action())?;
            if oneself {
                return Err(Refusal::Yourself);
            }
        }
        if act == Act::Invite && member.room.is_archived() {
            return Err(Refusal::Archived);
        }
        let who = self.person(target).await?.ok_or(Refusal::UserNotFound)?;
        if who.author.guest && matches!(act, Act::Invite | Act::SetRole(_)) {
            return Err(Refusal::UserNotFound);
        }
        if act == Act::Invite && !self.accepts(caller, target).await? {
            return Err(Refusal::NotAccepting);
        }
        let command = MemberCommand {
            room: member.room.clone(),
            who: who.author.clone(),
            who_is_admin: who.is_admin,
            by: Some(caller.user().id),
            over: act.needs_rank().then(|| member.rank()),
            deed: act.deed(now),
            reason,
        };
        let changed = self.settle_member(command).await?;
        Ok((who.author, changed))
    }

    pub(super) async fn do_themselves(
        &self,
        caller: &Caller,
        room: &Arc<Room>,
        deed: Deed,
        reason: Option<String>,
    ) -> Result<Arc<MemberChanged>, Refusal> {
        let command = MemberCommand {
            room: room.clone(),
            who: caller.author(),
            who_is_admin: caller.standing() == Standing::Admin,
            by: Some(caller.user().id),
            over: None,
            deed,
            reason,
        };
        self.settle_member(command).await
    }

    pub(super) async fn settle_member(&self, command: MemberCommand) -> Result<Arc<MemberChanged>, Refusal> {
        let (room, user) = (command.room.number, command.who.id);
        let answer = self.inner.writer.append(Command::Member(command)).await?;
        let done = answer.await.map_err(|_| Refusal::OutcomeUnknown)?;
        self.inner.known.rooms.forget_member(room, user);
        match done? {
            Done::Member(changed) => Ok(changed),
            Done::Message(_) => Err(Refusal::Failed),
        }
    }

    /// Who is in a room, or is invited, banned or muted there.
    pub async fn members(
        &self,
        caller: &Caller,
        reference: &str,
        list: MemberList,
        after: Option<(i64, UserId)>,
        limit: u64,
    ) -> Result<Vec<Listed>, Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        if !member.can(Action::Read) {
            return Err(Refusal::RoomNotFound);
        }
        member.may(match list {
            MemberList::Members(_) => Action::SeeMembers,
            MemberList::Invited => Action::Invite,
            MemberList::Banned | MemberList::Muted => Action::Ban,
        })?;
        let now = self.inner.clock.now();
        let rows = patiently(self.inner.store.member_rows(member.room.number, list, after, now, limit)).await?;
        self.listed(rows).await
    }

    pub(super) async fn listed(&self, rows: Vec<MemberRow>) -> Result<Vec<Listed>, Refusal> {
        let ids: Vec<UserId> = rows.iter().flat_map(|row| [Some(row.user), row.membership.set_by]).flatten().collect();
        let people = self.authors(&ids).await?;
        let author = |id: UserId| people.get(&id).cloned().unwrap_or_else(|| Arc::new(Author::nameless(id)));
        Ok(rows
            .into_iter()
            .map(|row| Listed { who: author(row.user), by: row.membership.set_by.map(author), row })
            .collect())
    }

    /// The rooms of somebody, by number: those they are in, or are invited to.
    pub async fn places_of(
        &self,
        caller: &Caller,
        state: MemberState,
        after: RoomNumber,
        limit: u64,
    ) -> Result<Vec<(RoomNumber, MemberRow)>, Refusal> {
        let now = self.inner.clock.now();
        patiently(self.inner.store.places_of(caller.user().id, state, after, now, limit)).await
    }

    /// The rooms that the caller is invited to, with the invitations.
    pub async fn invitations(
        &self,
        caller: &Caller,
        after: RoomNumber,
        limit: u64,
    ) -> Result<Vec<(Record, Listed)>, Refusal> {
        let places = self.places_of(caller, MemberState::Invited, after, limit).await?;
        let (numbers, rows): (Vec<_>, Vec<_>) = places.into_iter().unzip();
        let records = self.records_numbered(caller, &numbers).await?;
        // One may have been deleted in between.
        let mut listed: HashMap<_, _> = numbers.into_iter().zip(self.listed(rows).await?).collect();
        let beside = |record: Record| {
            let invitation = listed.remove(&record.room.number)?;
            Some((record, invitation))
        };
        Ok(records.into_iter().filter_map(beside).collect())
    }

    /// Messages of others behind a marker.
    pub async fn unread_in(&self, caller: &Caller, room: &Room, seq: i64) -> Result<i64, Refusal> {
        let counted = patiently(self.inner.store.unread(caller.user().id, &[(room.number, seq)])).await?;
        Ok(counted.get(&room.number).copied().unwrap_or(0))
    }

    /// The record of who did what in a room.
    pub async fn room_audit(
        &self,
        caller: &Caller,
        reference: &str,
        filter: AuditFilter,
        limit: u64,
    ) -> Result<Vec<AuditEntry>, Refusal> {
        let member = self.member_who(caller, Some(reference), Action::Find).await?;
        member.may(Action::SeeAudit)?;
        let filter = AuditFilter { room: Some(member.room.number), ..filter };
        patiently(self.inner.store.audit(&filter, limit)).await
    }
}
