//! Rooms, their settings and counters. Who belongs to them is in `members.rs`.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, SqlErr};
use uuid::Uuid;

use super::audit::AuditRow;
use super::entities::room::{ActiveModel, Column, Entity, Kind, Model};
use super::files::{FilesOf, mark_gone};
use super::keys::{Made, RequestKey};
use super::names::lower;
use super::sql::{row, run};
use super::{Fault, Store};
use crate::model::{MemberState, Membership, Micros, Room, RoomKind, RoomNumber, RoomRole, UserId};

pub struct NewRoom {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub kind: RoomKind,
    pub created_by: Option<UserId>,
    /// Of a direct room.
    pub pair: Option<(UserId, UserId)>,
}

/// How far a room has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomCounts {
    pub last_seq: i64,
    pub last_rev: i64,
    pub visible: i64,
    /// Accounts that are in it; in the main room everybody is, and nobody is counted.
    pub members: i64,
    /// Counts the changes of settings, members, roles, mutes and bans.
    pub version: i64,
}

impl RoomCounts {
    pub(super) fn of(row: &Model) -> RoomCounts {
        let Model { last_seq, last_rev, visible, members, version, .. } = *row;
        RoomCounts { last_seq, last_rev, visible, members, version }
    }
}

/// A listed room, or one that somebody is in; each with an index.
const NAMED: &str = "SELECT r.number FROM chat_rooms r WHERE r.name_lower = $1 AND r.kind IN ('main', 'public') \
        AND r.archived_at IS NULL AND r.deleted_at IS NULL \
    UNION ALL SELECT r.number FROM chat_members m JOIN chat_rooms r ON r.number = m.room \
        WHERE m.user_id = $2 AND m.state = 'member' AND r.name_lower = $1 AND r.kind <> 'direct' AND r.deleted_at IS NULL \
    LIMIT 1";

#[derive(Debug)]
pub enum AddRoomError {
    SlugTaken,
    Fault(Fault),
}

impl From<Fault> for AddRoomError {
    fn from(fault: Fault) -> Self {
        AddRoomError::Fault(fault)
    }
}

/// What is to be another in a room; nothing where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct RoomEdit {
    pub name: Option<String>,
    pub description: Option<String>,
    pub slow_mode_seconds: Option<u32>,
    /// Private from now on, by this slug that nobody can guess.
    pub hidden_as: Option<String>,
    pub archived_at: Option<Option<Micros>>,
}

impl Store {
    /// A room by UUID, number or slug: slugs never look like the other two.
    pub async fn room(&self, reference: &str) -> Result<Option<Room>, Fault> {
        let condition = if let Ok(id) = Uuid::parse_str(reference) {
            Column::Id.eq(id)
        } else if let Ok(number) = reference.parse::<i64>() {
            Column::Number.eq(number)
        } else {
            Column::Slug.eq(reference.to_lowercase())
        };
        let found = Entity::find().filter(condition).filter(Column::DeletedAt.is_null());
        Ok(found.one(&self.pool).await?.map(Room::from))
    }

    pub(super) async fn room_of_pair(&self, pair: &str) -> Result<Option<Room>, Fault> {
        Ok(Entity::find().filter(Column::Pair.eq(pair)).one(&self.pool).await?.map(Room::from))
    }

    pub async fn rooms(&self) -> Result<Vec<Room>, Fault> {
        let rows = Entity::find().filter(Column::DeletedAt.is_null()).order_by_asc(Column::Number);
        Ok(rows.all(&self.pool).await?.into_iter().map(Room::from).collect())
    }

    pub async fn room_counts(&self, number: RoomNumber) -> Result<Option<RoomCounts>, Fault> {
        let row = Entity::find_by_id(number.0).one(&self.pool).await?;
        Ok(row.as_ref().map(RoomCounts::of))
    }

    /// How far every room has come.
    pub async fn all_room_counts(&self) -> Result<Vec<(RoomNumber, RoomCounts)>, Fault> {
        let rows = Entity::find().all(&self.pool).await?;
        Ok(rows.iter().map(|row| (RoomNumber(row.number), RoomCounts::of(row))).collect())
    }

    pub async fn add_room(&self, new: &NewRoom, now: Micros) -> Result<Room, AddRoomError> {
        let added = self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let Some(room) = self.insert_room(&db, new, now).await? else { return Ok(None) };
            db.commit().await?;
            Ok(Some(room))
        });
        added.await?.ok_or(AddRoomError::SlugTaken)
    }

    /// The same, unless there is a room by this name, whatever the case, that somebody sees. Who wants the
    /// same name at the same time waits here.
    pub async fn add_room_of_own_name(
        &self,
        new: &NewRoom,
        seen_by: UserId,
        now: Micros,
    ) -> Result<Option<Room>, AddRoomError> {
        let added = self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let name = lower(&new.name);
            self.one_at_a_time(&db, &format!("room {name}")).await?;
            if row(&db, NAMED, [name.into(), seen_by.into()]).await?.is_some() {
                return Ok(Some(None));
            }
            let Some(room) = self.insert_room(&db, new, now).await? else { return Ok(None) };
            db.commit().await?;
            Ok(Some(Some(room)))
        });
        added.await?.ok_or(AddRoomError::SlugTaken)
    }

    /// The same, or the id of the room that this request made before.
    pub async fn add_room_once(
        &self,
        new: &NewRoom,
        key: &RequestKey,
        now: Micros,
    ) -> Result<Made<Room>, AddRoomError> {
        let added = self.as_one(|| async move {
            let db = self.begin_apart().await?;
            match self.claim_key(&db, key, now).await? {
                Made::New(()) => {}
                Made::Before(room) => return Ok(Some(Made::Before(room))),
                Made::Other => return Ok(Some(Made::Other)),
            }
            let Some(room) = self.insert_room(&db, new, now).await? else { return Ok(None) };
            self.note_made(&db, key, &room.id.to_string()).await?;
            db.commit().await?;
            Ok(Some(Made::New(room)))
        });
        added.await?.ok_or(AddRoomError::SlugTaken)
    }

    /// Who makes it is its owner, and of a direct room its two are the members. None: the slug is taken,
    /// and the transaction is of no use any more.
    async fn insert_room(&self, db: &DatabaseTransaction, new: &NewRoom, now: Micros) -> Result<Option<Room>, Fault> {
        let members: Vec<UserId> = match new.pair {
            Some((one, other)) => vec![one, other],
            None => new.created_by.into_iter().collect(),
        };
        let role = if new.pair.is_some() { RoomRole::Member } else { RoomRole::Owner };
        let row = ActiveModel {
            number: NotSet,
            id: Set(Uuid::now_v7()),
            slug: Set(new.slug.clone()),
            name: Set(new.name.clone()),
            description: Set(new.description.clone()),
            kind: Set(new.kind.into()),
            created_by: Set(new.created_by),
            created_at: Set(now.0),
            last_seq: Set(0),
            last_rev: Set(0),
            last_at: Set(0),
            visible: Set(0),
            updated_at: Set(now.0),
            archived_at: Set(None),
            deleted_at: Set(None),
            slow_mode_seconds: Set(0),
            members: Set(i64::try_from(members.len()).unwrap_or(0)),
            version: Set(1),
            pair: Set(new.pair.map(|(one, other)| format!("{one}:{other}"))),
            name_lower: Set(lower(&new.name)),
            emptied_at: Set(None),
        };
        let row = match Entity::insert(row).exec_with_returning(db).await {
            Ok(row) => row,
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let standing = Membership { state: MemberState::Member, role, joined_at: now, ..Membership::NONE };
        let standing: Vec<_> = members.into_iter().map(|user| ((RoomNumber(row.number), user), standing)).collect();
        self.write_memberships(db, &standing).await?;
        Ok(Some(row.into()))
    }

    /// Changes a room's settings and gives it as it is then, with its version; none when it is gone.
    pub async fn edit_room(
        &self,
        number: RoomNumber,
        edit: RoomEdit,
        audit: &[AuditRow],
        now: Micros,
    ) -> Result<Option<(Room, RoomCounts)>, Fault> {
        let edit = &edit;
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let mut update = Entity::update_many()
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .col_expr(Column::UpdatedAt, Expr::value(now.0));
            if let Some(name) = &edit.name {
                let lower = Expr::value(lower(name));
                update = update.col_expr(Column::NameLower, lower).col_expr(Column::Name, Expr::value(name.as_str()));
            }
            if let Some(description) = &edit.description {
                update = update.col_expr(Column::Description, Expr::value(description.as_str()));
            }
            if let Some(seconds) = edit.slow_mode_seconds {
                update = update.col_expr(Column::SlowModeSeconds, Expr::value(seconds));
            }
            if let Some(slug) = &edit.hidden_as {
                let (slug, kind) = (Expr::value(slug.as_str()), Expr::value("private"));
                update = update.col_expr(Column::Slug, slug).col_expr(Column::Kind, kind);
            }
            if let Some(at) = edit.archived_at {
                update = update.col_expr(Column::ArchivedAt, Expr::value(at.map(|at| at.0)));
            }
            let update = update.filter(Column::Number.eq(number.0)).filter(Column::DeletedAt.is_null());
            let Some(row) = update.exec_with_returning(&db).await?.pop() else { return Ok(None) };
            self.write_audit(&db, audit).await?;
            db.commit().await?;
            let counts = RoomCounts::of(&row);
            Ok(Some((row.into(), counts)))
        })
        .await
    }

    /// Puts a room out of everybody's reach. Its texts go afterwards, see [`Store::empty_deleted_rooms`].
    pub async fn delete_room(&self, room: &Room, audit: &[AuditRow], now: Micros) -> Result<bool, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let gone = Entity::update_many()
                .col_expr(Column::DeletedAt, Expr::value(now.0))
                .col_expr(Column::Slug, Expr::value(format!("deleted-{}", room.id)))
                .col_expr(Column::Name, Expr::value(""))
                .col_expr(Column::NameLower, Expr::value(""))
                .col_expr(Column::Description, Expr::value(""))
                .col_expr(Column::Pair, Expr::value(Option::<String>::None))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Number.eq(room.number.0))
                .filter(Column::DeletedAt.is_null())
                .exec(&db)
                .await?;
            if gone.rows_affected == 0 {
                return Ok(false);
            }
            mark_gone(&db, FilesOf::Room(room.number), now).await?;
            self.write_audit(&db, audit).await?;
            db.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Takes texts and members from one of the rooms that were deleted, some at a time. Gives whether
    /// there may be more to take.
    pub async fn empty_deleted_rooms(&self, now: Micros) -> Result<bool, Fault> {
        let Some(room) = row(&self.pool, TO_BE_EMPTIED, []).await? else { return Ok(false) };
        let room: i64 = room.try_get("", "number")?;
        for take in [TAKE_TEXTS, COUNT_DOWN, TAKE_MEMBERS] {
            run(self.single()?, take, [room.into(), TAKEN_AT_ONCE.into()]).await?;
        }
        for counters in ["chat_authors", "chat_daily"] {
            run(self.single()?, &format!("DELETE FROM {counters} WHERE room = $1"), [room.into()]).await?;
        }
        run(self.single()?, NOTE_EMPTIED, [room.into(), now.0.into()]).await?;
        Ok(true)
    }
}

const TAKEN_AT_ONCE: i64 = 2000;
/// The last `seq` of a deleted room says how far it is emptied.
const TO_BE_EMPTIED: &str =
    "SELECT number FROM chat_rooms WHERE deleted_at IS NOT NULL AND emptied_at IS NULL ORDER BY number LIMIT 1";
const TAKE_TEXTS: &str = "UPDATE chat_log SET body = NULL, persona = NULL, file = NULL, deleted = true \
    WHERE room = $1 AND seq BETWEEN (SELECT last_seq - $2 FROM chat_rooms WHERE number = $1) \
    AND (SELECT last_seq FROM chat_rooms WHERE number = $1)";
const COUNT_DOWN: &str = "UPDATE chat_rooms SET visible = 0, members = 0, \
    last_seq = CASE WHEN last_seq > $2 THEN last_seq - $2 ELSE 0 END WHERE number = $1";
const TAKE_MEMBERS: &str = "DELETE FROM chat_members WHERE room = $1 \
    AND user_id IN (SELECT user_id FROM chat_members WHERE room = $1 LIMIT $2)";
const NOTE_EMPTIED: &str = "UPDATE chat_rooms SET emptied_at = $2 WHERE number = $1 AND last_seq = 0 \
    AND NOT EXISTS (SELECT 1 FROM chat_members m WHERE m.room = $1)";

pub(super) fn pair_of(written: Option<&str>) -> Option<(UserId, UserId)> {
    let (one, other) = written?.split_once(':')?;
    Some((one.parse().ok()?, other.parse().ok()?))
}

impl From<Model> for Room {
    fn from(row: Model) -> Self {
        Room {
            number: RoomNumber(row.number),
            id: row.id,
            slug: row.slug,
            name: row.name,
            description: row.description,
            kind: match row.kind {
                Kind::Main => RoomKind::Main,
                Kind::Public => RoomKind::Public,
                Kind::Private => RoomKind::Private,
                Kind::Guild => RoomKind::Guild,
                Kind::Direct => RoomKind::Direct,
            },
            created_by: row.created_by,
            created_at: Micros(row.created_at),
            updated_at: Micros(row.updated_at),
            archived_at: row.archived_at.map(Micros),
            slow_mode_seconds: u32::try_from(row.slow_mode_seconds).unwrap_or(0),
            pair: pair_of(row.pair.as_deref()),
        }
    }
}

impl From<RoomKind> for Kind {
    fn from(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Main => Kind::Main,
            RoomKind::Public => Kind::Public,
            RoomKind::Private => Kind::Private,
            RoomKind::Guild => Kind::Guild,
            RoomKind::Direct => Kind::Direct,
        }
    }
}
