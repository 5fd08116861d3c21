//! Who belongs to which room.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, QueryResult};
use serde::Serialize;

use super::sql::{Sql, json, row, rows, run};
use super::{Fault, Store};
use crate::model::{MemberState, Membership, Micros, RoomNumber, RoomRole, UserId};

/// Somebody in some room.
pub type MemberKey = (RoomNumber, UserId);

/// What stands beside a membership that a moderator made what it is.
#[derive(Debug, Clone)]
pub struct MemberRow {
    pub user: UserId,
    pub membership: Membership,
    pub reason: Option<String>,
}

/// Which rows of a room somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberList {
    Members(Option<RoomRole>),
    Invited,
    Banned,
    Muted,
}

#[derive(Serialize)]
struct Written {
    room: i64,
    user: UserId,
    state: &'static str,
    role: &'static str,
    joined_at: i64,
    last_read_seq: i64,
    muted_until: Option<i64>,
    barred_until: Option<i64>,
    expires_at: Option<i64>,
    set_by: Option<UserId>,
    set_at: Option<i64>,
    reason: Option<String>,
}

/// A reason stands as long as what was done for it does.
const PUT: Sql = Sql {
    postgres: "INSERT INTO chat_members (room, user_id, state, role, joined_at, last_read_seq, muted_until, barred_until, expires_at, set_by, set_at, reason) \
        SELECT room, \"user\", state, role, joined_at, last_read_seq, muted_until, barred_until, expires_at, set_by, set_at, reason FROM json_to_recordset(CAST($1 AS json)) AS m \
        (room bigint, \"user\" uuid, state text, role text, joined_at bigint, last_read_seq bigint, muted_until bigint, barred_until bigint, expires_at bigint, set_by uuid, set_at bigint, reason text) \
        ON CONFLICT (room, user_id) DO UPDATE SET state = excluded.state, role = excluded.role, joined_at = excluded.joined_at, last_read_seq = excluded.last_read_seq, \
        muted_until = excluded.muted_until, barred_until = excluded.barred_until, expires_at = excluded.expires_at, \
        set_by = excluded.set_by, set_at = excluded.set_at, reason = CASE WHEN excluded.set_at = chat_members.set_at THEN chat_members.reason ELSE excluded.reason END",
    sqlite: "INSERT INTO chat_members (room, user_id, state, role, joined_at, last_read_seq, muted_until, barred_until, expires_at, set_by, set_at, reason) \
        SELECT value ->> 'room', unhex(value ->> 'user', '-'), value ->> 'state', value ->> 'role', value ->> 'joined_at', value ->> 'last_read_seq', value ->> 'muted_until', \
        value ->> 'barred_until', value ->> 'expires_at', unhex(value ->> 'set_by', '-'), value ->> 'set_at', value ->> 'reason' FROM json_each($1) WHERE true \
        ON CONFLICT (room, user_id) DO UPDATE SET state = excluded.state, role = excluded.role, joined_at = excluded.joined_at, last_read_seq = excluded.last_read_seq, \
        muted_until = excluded.muted_until, barred_until = excluded.barred_until, expires_at = excluded.expires_at, \
        set_by = excluded.set_by, set_at = excluded.set_at, reason = CASE WHEN excluded.set_at = set_at THEN reason ELSE excluded.reason END",
};

const PLACES: Sql = Sql {
    postgres: "JOIN json_array_elements(CAST($1 AS json)) AS asked ON m.room = CAST(asked ->> 0 AS bigint) AND m.user_id = CAST(asked ->> 1 AS uuid)",
    sqlite: "JOIN json_each($1) AS asked ON m.room = asked.value ->> 0 AND m.user_id = unhex(asked.value ->> 1, '-')",
};

const OWNERS: Sql = Sql {
    postgres: "SELECT room, count(*) AS owners FROM chat_members WHERE role = 'owner' AND state = 'member' \
               AND room IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST($1 AS json))) GROUP BY room",
    sqlite: "SELECT room, count(*) AS owners FROM chat_members WHERE role = 'owner' AND state = 'member' \
             AND room IN (SELECT value FROM json_each($1)) GROUP BY room",
};

/// The unary plus keeps SQLite from trying each room with each person.
const IN_ROOMS: Sql = Sql {
    postgres: "SELECT room, user_id FROM chat_members WHERE state = 'member' \
        AND user_id IN (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json))) \
        AND room IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST($2 AS json)))",
    sqlite: "SELECT room, user_id FROM chat_members WHERE state = 'member' \
        AND user_id IN (SELECT unhex(value, '-') FROM json_each($1)) AND +room IN (SELECT value FROM json_each($2))",
};

const COLUMNS: &str = "SELECT m.room, m.user_id, m.state, m.role, m.joined_at, m.last_read_seq, m.muted_until, \
    m.barred_until, m.expires_at, m.set_by, m.set_at, m.reason FROM chat_members m";

fn role_name(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Owner => "owner",
        RoomRole::Moderator => "moderator",
        RoomRole::Member => "member",
    }
}

fn state_name(state: MemberState) -> &'static str {
    match state {
        MemberState::Member => "member",
        MemberState::Left => "left",
        MemberState::Invited => "invited",
        MemberState::Banned => "banned",
    }
}

fn membership(row: &QueryResult) -> Result<Membership, Fault> {
    let time = |column| Ok::<_, Fault>(row.try_get::<Option<i64>>("", column)?.map(Micros));
    Ok(Membership {
        state: match row.try_get::<String>("", "state")?.as_str() {
            "member" => MemberState::Member,
            "invited" => MemberState::Invited,
            "banned" => MemberState::Banned,
            _ => MemberState::Left,
        },
        role: match row.try_get::<String>("", "role")?.as_str() {
            "owner" => RoomRole::Owner,
            "moderator" => RoomRole::Moderator,
            _ => RoomRole::Member,
        },
        joined_at: Micros(row.try_get("", "joined_at")?),
        last_read_seq: row.try_get("", "last_read_seq")?,
        muted_until: time("muted_until")?,
        barred_until: time("barred_until")?,
        expires_at: time("expires_at")?,
        set_by: row.try_get("", "set_by")?,
        set_at: time("set_at")?,
    })
}

fn place(row: &QueryResult) -> Result<MemberKey, Fault> {
    Ok((RoomNumber(row.try_get("", "room")?), row.try_get("", "user_id")?))
}

fn member_row(row: &QueryResult) -> Result<MemberRow, Fault> {
    Ok(MemberRow {
        user: row.try_get("", "user_id")?,
        membership: membership(row)?,
        reason: row.try_get("", "reason")?,
    })
}

/// One who was changed, and why they were muted, banned or invited if that is new.
#[derive(Debug, Clone)]
pub(super) struct Touched {
    pub membership: Membership,
    pub reason: Option<String>,
}

impl Store {
    pub async fn membership(&self, room: RoomNumber, user: UserId) -> Result<Option<Membership>, Fault> {
        let question = format!("{COLUMNS} WHERE m.room = $1 AND m.user_id = $2");
        let found = row(&self.pool, &question, [room.0.into(), user.into()]).await?;
        found.as_ref().map(membership).transpose()
    }

    pub(super) async fn memberships(
        &self,
        db: &impl ConnectionTrait,
        places: &[MemberKey],
    ) -> Result<HashMap<MemberKey, Membership>, Fault> {
        let found = rows(db, &format!("{COLUMNS} {}", PLACES.text(self.kind)), [json(places)]).await?;
        found.iter().map(|row| Ok((place(row)?, membership(row)?))).collect()
    }

    /// Who of these people is a member of which of these rooms.
    pub async fn members_among(&self, people: &[UserId], rooms_asked: &[RoomNumber]) -> Result<Vec<MemberKey>, Fault> {
        let found = rows(&self.pool, IN_ROOMS.text(self.kind), [json(people), json(rooms_asked)]).await?;
        found.iter().map(place).collect()
    }

    pub(super) async fn owners(
        &self,
        db: &impl ConnectionTrait,
        rooms: &[RoomNumber],
    ) -> Result<HashMap<RoomNumber, i64>, Fault> {
        let found = rows(db, OWNERS.text(self.kind), [json(rooms)]).await?;
        let counted =
            |row: &QueryResult| Ok::<_, Fault>((RoomNumber(row.try_get("", "room")?), row.try_get("", "owners")?));
        found.iter().map(counted).collect()
    }

    pub(super) async fn write_memberships(
        &self,
        db: &impl ConnectionTrait,
        standing: &[(MemberKey, Membership)],
    ) -> Result<(), Fault> {
        let touched =
            standing.iter().map(|(place, membership)| (*place, Touched { membership: *membership, reason: None }));
        self.write_touched(db, touched).await
    }

    pub(super) async fn write_touched(
        &self,
        db: &impl ConnectionTrait,
        touched: impl Iterator<Item = (MemberKey, Touched)>,
    ) -> Result<(), Fault> {
        let written: Vec<Written> = touched
            .map(|((room, user), Touched { membership, reason })| Written {
                room: room.0,
                user,
                state: state_name(membership.state),
                role: role_name(membership.role),
                joined_at: membership.joined_at.0,
                last_read_seq: membership.last_read_seq,
                muted_until: membership.muted_until.map(|until| until.0),
                barred_until: membership.barred_until.map(|until| until.0),
                expires_at: membership.expires_at.map(|end| end.0),
                set_by: membership.set_by,
                set_at: membership.set_at.map(|at| at.0),
                reason,
            })
            .collect();
        if !written.is_empty() {
            run(db, PUT.text(self.kind), [json(&written)]).await?;
        }
        Ok(())
    }

    /// A page of a room's rows after the one named: bans and mutes newest first, others by when they joined.
    pub async fn member_rows(
        &self,
        room: RoomNumber,
        list: MemberList,
        after: Option<(i64, UserId)>,
        now: Micros,
        limit: u64,
    ) -> Result<Vec<MemberRow>, Fault> {
        let mut values = vec![room.0.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
        let chosen = match list {
            MemberList::Members(role) => {
                let role = role.map_or(String::new(), |role| format!("AND m.role = '{}'", role_name(role)));
                // In the main room everybody is a member; a row says that somebody reads there.
                format!("m.state = 'member' {role} AND (m.room <> 1 OR m.role <> 'member')")
            }
            MemberList::Invited => {
                values.push(now.0.into());
                "m.state = 'invited' AND (m.expires_at IS NULL OR m.expires_at > $3)".to_owned()
            }
            MemberList::Banned => "m.state = 'banned'".to_owned(),
            MemberList::Muted => {
                values.push(now.0.into());
                "m.muted_until > $3".to_owned()
            }
        };
        let (key, beyond, order) = match list {
            MemberList::Members(_) | MemberList::Invited => ("m.joined_at", ">", "ASC"),
            MemberList::Banned | MemberList::Muted => ("COALESCE(m.set_at, 0)", "<", "DESC"),
        };
        let mut question = format!("{COLUMNS} WHERE m.room = $1 AND {chosen}");
        if let Some((at, user)) = after {
            let place = values.len();
            values.extend([at.into(), user.into()]);
            question += &format!(" AND ({key}, m.user_id) {beyond} (${}, ${})", place + 1, place + 2);
        }
        question += &format!(" ORDER BY {key} {order}, m.user_id {order} LIMIT $2");
        rows(&self.pool, &question, values).await?.iter().map(member_row).collect()
    }

    /// The rooms that somebody is in, or has an invitation to that has not ended, by number.
    pub async fn places_of(
        &self,
        user: UserId,
        state: MemberState,
        after: RoomNumber,
        now: Micros,
        limit: u64,
    ) -> Result<Vec<(RoomNumber, MemberRow)>, Fault> {
        let question = format!(
            "{COLUMNS} JOIN chat_rooms r ON r.number = m.room AND r.deleted_at IS NULL \
             WHERE m.user_id = $1 AND m.state = $2 AND m.room > $3 AND (m.expires_at IS NULL OR m.expires_at > $4) \
             ORDER BY m.room LIMIT $5"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [user.into(), state_name(state).into(), after.0.into(), now.0.into(), limit.into()];
        let found = rows(&self.pool, &question, values).await?;
        found.iter().map(|row| Ok((place(row)?.0, member_row(row)?))).collect()
    }

    /// How many rooms an account is in, the main room and direct ones not counted.
    pub async fn rooms_of(&self, user: UserId) -> Result<i64, Fault> {
        let question = "SELECT count(*) AS rooms FROM chat_members m JOIN chat_rooms r ON r.number = m.room \
                        AND r.deleted_at IS NULL AND r.kind NOT IN ('main', 'direct') WHERE m.user_id = $1 AND m.state = 'member'";
        let counted = row(&self.pool, question, [user.into()]).await?;
        Ok(counted.map(|row| row.try_get("", "rooms")).transpose()?.unwrap_or(0))
    }
}
