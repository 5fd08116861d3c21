//! Who may: one pure table, the one of docs/wire/own.md. A [`Member`] is somebody who may see a room;
//! only this file makes one, so whatever takes a `Member` has been asked here.

use std::sync::Arc;

use super::{Caller, Refusal};
use crate::model::{MemberState, Membership, Micros, Room, RoomKind, RoomRole, Standing, UserId};
use crate::store::Rank;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Find,
    Read,
    SeeMembers,
    Send,
    /// Upload, speak as a character.
    Embellish,
    EditOwn,
    EditOthers,
    DeleteOwn,
    DeleteOthers,
    Report,
    MoveMarker,
    /// Mute, unmute, slow mode.
    Mute,
    Kick,
    /// Ban, unban, list bans and mutes.
    Ban,
    Invite,
    GiveRoles,
    /// Rename, describe.
    Edit,
    /// Archive, reopen, make private, delete.
    Archive,
    SeeReports,
    SeeAudit,
    Enter,
    Leave,
}

/// What somebody is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Outside,
    Invited,
    Member,
    Moderator,
    Owner,
}

/// Room kinds by letter: `M` the main room, `P` public, `V` private and guild, `D` direct; `v` where it
/// needs an invitation. What somebody may by their place in the room, and beyond it by their standing.
struct Row {
    action: Action,
    owner: &'static str,
    moderator: &'static str,
    member: &'static str,
    outside: &'static str,
    guest: &'static str,
    nobody: &'static str,
    support: &'static str,
    admin: &'static str,
}

#[rustfmt::skip]
const MATRIX: &[Row] = &[
    row(Action::Find,         ["MPV", "MPV", "MPVD", "Pv", "MP", "M", "",     "MPV"]),
    row(Action::Read,         ["MPV", "MPV", "MPVD", "",   "MP", "M", "",     "MPV"]),
    row(Action::SeeMembers,   ["MPV", "MPV", "MPVD", "",   "MP", "",  "",     "MPV"]),
    row(Action::Send,         ["MPV", "MPV", "MPVD", "",   "MP", "",  "",     "MPV"]),
    row(Action::Embellish,    ["MPV", "MPV", "MPVD", "",   "",   "",  "",     "MPV"]),
    row(Action::EditOwn,      ["MPV", "MPV", "MPVD", "",   "MP", "",  "",     "MPV"]),
    row(Action::EditOthers,   ["",    "",    "",     "",   "",   "",  "",     "MPV"]),
    row(Action::DeleteOwn,    ["MPV", "MPV", "MPVD", "",   "MP", "",  "",     "MPV"]),
    row(Action::DeleteOthers, ["MPV", "MPV", "",     "",   "",   "",  "",     "MPV"]),
    row(Action::Report,       ["MPV", "MPV", "MPVD", "",   "",   "",  "",     "MPV"]),
    row(Action::MoveMarker,   ["MPV", "MPV", "MPVD", "",   "",   "",  "",     ""]),
    row(Action::Mute,         ["MPV", "MPV", "",     "",   "",   "",  "",     "MPV"]),
    row(Action::Kick,         ["PV",  "PV",  "",     "",   "",   "",  "",     "PV"]),
    row(Action::Ban,          ["MPV", "MPV", "",     "",   "",   "",  "",     "MPV"]),
    row(Action::Invite,       ["PV",  "PV",  "",     "",   "",   "",  "",     "PV"]),
    row(Action::GiveRoles,    ["MPV", "",    "",     "",   "",   "",  "",     "MPV"]),
    row(Action::Edit,         ["MPV", "",    "",     "",   "",   "",  "",     "MPV"]),
    row(Action::Archive,      ["PV",  "",    "",     "",   "",   "",  "",     "PV"]),
    row(Action::SeeReports,   ["MPV", "MPV", "",     "",   "",   "",  "MPVD", "MPVD"]),
    row(Action::SeeAudit,     ["MPV", "MPV", "",     "",   "",   "",  "",     "MPV"]),
    row(Action::Enter,        ["",    "",    "",     "Pv", "P",  "",  "",     "PV"]),
    row(Action::Leave,        ["PV",  "PV",  "PVD",  "",   "P",  "",  "",     ""]),
];

const fn row(action: Action, kinds: [&'static str; 8]) -> Row {
    let [owner, moderator, member, outside, guest, nobody, support, admin] = kinds;
    Row { action, owner, moderator, member, outside, guest, nobody, support, admin }
}

pub fn may(action: Action, kind: RoomKind, place: Place, standing: Standing) -> bool {
    let Some(row) = MATRIX.iter().find(|row| row.action == action) else { return false };
    let (letter, invited) = match kind {
        RoomKind::Main => ('M', '_'),
        RoomKind::Public => ('P', '_'),
        RoomKind::Private | RoomKind::Guild => ('V', 'v'),
        RoomKind::Direct => ('D', '_'),
    };
    let by_place = match (place, standing) {
        (_, Standing::Nobody) => row.nobody,
        (_, Standing::Guest) => row.guest,
        (Place::Owner, _) => row.owner,
        (Place::Moderator, _) => row.moderator,
        (Place::Member, _) => row.member,
        (Place::Outside | Place::Invited, _) => row.outside,
    };
    let by_standing = match standing {
        Standing::Nobody | Standing::Guest | Standing::User => "",
        Standing::Support => row.support,
        Standing::Admin => row.admin,
    };
    by_place.contains(letter) || by_standing.contains(letter) || (place == Place::Invited && by_place.contains(invited))
}

/// Somebody who may see a room.
#[derive(Debug, Clone)]
pub struct Member {
    pub room: Arc<Room>,
    caller: Caller,
    place: Place,
    membership: Membership,
}

/// What a membership comes to. In the main room every account is at least a member.
pub fn place(kind: RoomKind, membership: &Membership, now: Micros) -> Place {
    match (membership.state, membership.role) {
        (MemberState::Banned, _) => Place::Outside,
        (MemberState::Member, RoomRole::Owner) => Place::Owner,
        (MemberState::Member, RoomRole::Moderator) => Place::Moderator,
        (MemberState::Member, RoomRole::Member) => Place::Member,
        _ if kind == RoomKind::Main => Place::Member,
        (MemberState::Invited, _) if membership.is_invited(now) => Place::Invited,
        (MemberState::Invited | MemberState::Left, _) => Place::Outside,
    }
}

impl Member {
    /// Lets a caller see a room that they may read, or at least find.
    pub fn admit(
        caller: &Caller,
        room: Arc<Room>,
        membership: Option<Membership>,
        action: Action,
        now: Micros,
    ) -> Result<Member, Refusal> {
        let membership = membership.unwrap_or(Membership::NONE);
        let place = place(room.kind, &membership, now);
        let is_banned = membership.state == MemberState::Banned && caller.standing() != Standing::Admin;
        // Others lose their membership with a kick.
        let is_kicked = caller.standing() == Standing::Guest && membership.barred_until.is_some_and(|end| end > now);
        let is_barred = is_banned || is_kicked;
        // The main room is read by anybody, banned or not.
        if is_barred && room.kind != RoomKind::Main {
            return Err(Refusal::RoomNotFound);
        }
        let member = Member { place, membership, caller: caller.clone(), room };
        if is_barred || member.can(action) { Ok(member) } else { Err(Refusal::RoomNotFound) }
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    pub fn place(&self) -> Place {
        self.place
    }

    pub fn is_in(&self) -> bool {
        matches!(self.place, Place::Member | Place::Moderator | Place::Owner)
    }

    /// Of who is in it.
    pub fn role(&self) -> Option<RoomRole> {
        match self.place {
            Place::Owner => Some(RoomRole::Owner),
            Place::Moderator => Some(RoomRole::Moderator),
            Place::Member => Some(RoomRole::Member),
            Place::Outside | Place::Invited => None,
        }
    }

    fn is_banned(&self) -> bool {
        self.membership.state == MemberState::Banned && self.caller.standing() != Standing::Admin
    }

    pub fn can(&self, action: Action) -> bool {
        may(action, self.room.kind, self.place, self.caller.standing())
    }

    /// Whether the caller may, and why not: of what a room's kind has for nobody, that is the reason.
    pub fn may(&self, action: Action) -> Result<(), Refusal> {
        if self.is_banned() && action != Action::Read {
            return Err(Refusal::Banned);
        }
        if self.can(action) {
            return Ok(());
        }
        let kind = self.room.kind;
        let has_it = |kind| may(action, kind, Place::Owner, Standing::Admin);
        let is_guest = self.caller.standing() == Standing::Guest;
        Err(match kind {
            _ if is_guest && may(action, kind, Place::Member, Standing::User) => Refusal::AccountNeeded,
            RoomKind::Direct if !has_it(kind) => Refusal::DirectRoom,
            RoomKind::Main if !has_it(kind) && has_it(RoomKind::Public) => Refusal::MainRoom,
            _ => Refusal::NotAllowed,
        })
    }

    pub fn may_send(&self, now: Micros) -> Result<(), Refusal> {
        self.may(Action::Send)?;
        self.may_change(now)
    }

    fn may_change(&self, now: Micros) -> Result<(), Refusal> {
        if self.room.is_archived() {
            return Err(Refusal::Archived);
        }
        match self.membership.muted_until {
            Some(until) if until > now && self.caller.standing() != Standing::Admin => {
                Err(Refusal::Muted { retry_in: milliseconds_until(until, now) })
            }
            _ => Ok(()),
        }
    }

    /// An edit speaks, so whoever may not speak may not edit.
    pub fn may_edit(&self, author: UserId, now: Micros) -> Result<(), Refusal> {
        self.may_alter(author, Action::EditOwn, Action::EditOthers)?;
        self.may_change(now)
    }

    pub fn may_delete(&self, author: UserId) -> Result<(), Refusal> {
        self.may_alter(author, Action::DeleteOwn, Action::DeleteOthers)
    }

    fn may_alter(&self, author: UserId, own: Action, others: Action) -> Result<(), Refusal> {
        if author == self.caller.user().id {
            return self.may(own);
        }
        match self.may(others) {
            Err(Refusal::NotAllowed | Refusal::DirectRoom) => Err(Refusal::NotYours),
            answer => answer,
        }
    }

    /// What the caller may act upon must be below this.
    pub fn rank(&self) -> Rank {
        match (self.caller.standing(), self.place) {
            (Standing::Admin, _) => Rank::Admin,
            (_, Place::Owner) => Rank::Owner,
            (_, Place::Moderator) => Rank::Moderator,
            (_, Place::Member | Place::Invited | Place::Outside) => Rank::Member,
        }
    }

    /// Slow mode holds those who do not keep the peace.
    pub fn is_slowed(&self) -> bool {
        self.rank() == Rank::Member
    }
}

pub fn milliseconds_until(until: Micros, now: Micros) -> u64 {
    u64::try_from((until.0 - now.0) / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::platform::{Grant, PlatformAction, granted};
    use super::*;

    const OWN_WIRE: &str = include_str!("../../docs/wire/own.md");

    /// The table of the wire's design and this one are the same, cell by cell.
    #[test]
    fn every_cell_is_as_the_design_says() {
        let lines: Vec<&str> = OWN_WIRE.lines().collect();
        let head = lines.iter().position(|line| line.starts_with("| action | owner |")).unwrap();
        let rows: Vec<Vec<&str>> = lines[head + 2..]
            .iter()
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), MATRIX.len());
        let cells = MATRIX.iter().flat_map(|row| {
            let by_column =
                [row.owner, row.moderator, row.member, row.outside, row.guest, row.nobody, row.support, row.admin];
            by_column.into_iter().enumerate().map(move |(column, kinds)| (row, column, kinds))
        });
        for (row, column, kinds) in cells {
            let at = MATRIX.iter().position(|other| other.action == row.action).unwrap();
            let written = rows[at][column + 1];
            // Reported messages are read and deleted in the queue, and the footnotes are conditions.
            let of_the_platform = [Standing::Support, Standing::Admin].get(column.wrapping_sub(6));
            let sees = |standing: &Standing| granted(PlatformAction::SeeAllReports, *standing) == Grant::Yes;
            let sees_reported =
                of_the_platform.is_some_and(sees) && matches!(row.action, Action::Read | Action::DeleteOthers);
            assert_eq!(written.contains("reported ones"), sees_reported, "{:?}, column {column}", row.action);
            let written = written.replace("reported ones M P V D", "").replace("reported ones D", "");
            let invited = written.contains("V if invited");
            let mut expected: String =
                written.replace("V if invited", "").chars().filter(|c| "MPVD".contains(*c)).collect();
            if written.contains("(hides it)") {
                expected = "PVD".into();
            }
            if invited {
                expected.push('v');
            }
            assert_eq!(kinds, expected, "{:?}, column {column}: {}", row.action, rows[at][0]);
        }
    }

    #[test]
    fn what_is_for_nobody_there_is_for_nobody() {
        const KINDS: [RoomKind; 5] =
            [RoomKind::Main, RoomKind::Public, RoomKind::Private, RoomKind::Guild, RoomKind::Direct];
        for kind in KINDS {
            for row in MATRIX {
                let nobody = may(row.action, kind, Place::Owner, Standing::Nobody);
                let reads = matches!(row.action, Action::Find | Action::Read);
                assert_eq!(nobody, reads && kind == RoomKind::Main, "{:?} in {kind:?}", row.action);
                let guest_in_private = may(row.action, kind, Place::Member, Standing::Guest);
                assert!(!guest_in_private || matches!(kind, RoomKind::Main | RoomKind::Public));
            }
            let reads_others = may(Action::Read, kind, Place::Outside, Standing::Admin);
            assert_eq!(reads_others, kind != RoomKind::Direct, "admins and {kind:?}");
        }
        assert!(may(Action::Enter, RoomKind::Private, Place::Invited, Standing::User));
        assert!(!may(Action::Enter, RoomKind::Private, Place::Outside, Standing::User));
    }
}
