//! Rooms and who belongs to them.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, SqlErr};
use uuid::Uuid;

use super::entities::{member, room};
use super::{Fault, Store};
use crate::model::{Micros, Room, RoomKind, RoomNumber, RoomRole, UserId};

pub struct NewRoom {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub kind: RoomKind,
    pub created_by: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    pub role: RoomRole,
    pub muted_until: Option<Micros>,
    pub banned: bool,
}

/// How far a room has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomCounts {
    pub last_seq: i64,
    pub last_rev: i64,
    pub visible: i64,
}

impl RoomCounts {
    fn of(row: &room::Model) -> RoomCounts {
        RoomCounts { last_seq: row.last_seq, last_rev: row.last_rev, visible: row.visible }
    }
}

#[derive(Debug)]
pub enum AddRoomError {
    SlugTaken,
    Fault(Fault),
}

impl Store {
    /// A room by UUID, number or slug: slugs never look like the other two.
    pub async fn room(&self, reference: &str) -> Result<Option<Room>, Fault> {
        let condition = if let Ok(id) = Uuid::parse_str(reference) {
            room::Column::Id.eq(id)
        } else if let Ok(number) = reference.parse::<i64>() {
            room::Column::Number.eq(number)
        } else {
            room::Column::Slug.eq(reference.to_lowercase())
        };
        Ok(room::Entity::find().filter(condition).one(&self.pool).await?.map(Room::from))
    }

    pub async fn rooms(&self) -> Result<Vec<Room>, Fault> {
        let rows = room::Entity::find().order_by_asc(room::Column::Number).all(&self.pool).await?;
        Ok(rows.into_iter().map(Room::from).collect())
    }

    pub async fn room_counts(&self, number: RoomNumber) -> Result<Option<RoomCounts>, Fault> {
        let row = room::Entity::find_by_id(number.0).one(&self.pool).await?;
        Ok(row.as_ref().map(RoomCounts::of))
    }

    /// How far every room has come.
    pub async fn all_room_counts(&self) -> Result<Vec<(RoomNumber, RoomCounts)>, Fault> {
        let rows = room::Entity::find().all(&self.pool).await?;
        Ok(rows.iter().map(|row| (RoomNumber(row.number), RoomCounts::of(row))).collect())
    }

    pub async fn add_room(&self, new: NewRoom, now: Micros) -> Result<Room, AddRoomError> {
        let row = room::ActiveModel {
            number: NotSet,
            id: Set(Uuid::now_v7()),
            slug: Set(new.slug),
            name: Set(new.name),
            description: Set(new.description),
            kind: Set(new.kind.into()),
            created_by: Set(new.created_by),
            created_at: Set(now.0),
            last_seq: Set(0),
            last_rev: Set(0),
            last_at: Set(0),
            visible: Set(0),
        };
        match room::Entity::insert(row).exec_with_returning(self.single()).await {
            Ok(row) => Ok(row.into()),
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(AddRoomError::SlugTaken)
            }
            Err(error) => Err(AddRoomError::Fault(error.into())),
        }
    }

    pub async fn membership(&self, room: RoomNumber, user: UserId) -> Result<Option<Membership>, Fault> {
        let row = member::Entity::find_by_id((room.0, user)).one(&self.pool).await?;
        Ok(row.map(|row| Membership {
            role: match row.role {
                member::Role::Owner => RoomRole::Owner,
                member::Role::Moderator => RoomRole::Moderator,
                member::Role::Member => RoomRole::Member,
            },
            muted_until: row.muted_until.map(Micros),
            banned: row.banned,
        }))
    }

    /// Twice is the same as once; a role that is there already stays.
    pub async fn add_member(&self, room: RoomNumber, user: UserId, role: RoomRole, now: Micros) -> Result<(), Fault> {
        let row = member::ActiveModel {
            room: Set(room.0),
            user_id: Set(user),
            role: Set(match role {
                RoomRole::Owner => member::Role::Owner,
                RoomRole::Moderator => member::Role::Moderator,
                RoomRole::Member => member::Role::Member,
            }),
            joined_at: Set(now.0),
            last_read_seq: Set(0),
            muted_until: Set(None),
            banned: Set(false),
        };
        member::Entity::insert(row)
            .on_conflict_do_nothing_on([member::Column::Room, member::Column::UserId])
            .exec(self.single())
            .await?;
        Ok(())
    }
}

impl From<room::Model> for Room {
    fn from(row: room::Model) -> Self {
        Room {
            number: RoomNumber(row.number),
            id: row.id,
            slug: row.slug,
            name: row.name,
            description: row.description,
            kind: match row.kind {
                room::Kind::Main => RoomKind::Main,
                room::Kind::Public => RoomKind::Public,
                room::Kind::Private => RoomKind::Private,
                room::Kind::Guild => RoomKind::Guild,
                room::Kind::Direct => RoomKind::Direct,
            },
            created_by: row.created_by,
            created_at: Micros(row.created_at),
        }
    }
}

impl From<RoomKind> for room::Kind {
    fn from(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Main => room::Kind::Main,
            RoomKind::Public => room::Kind::Public,
            RoomKind::Private => room::Kind::Private,
            RoomKind::Guild => room::Kind::Guild,
            RoomKind::Direct => room::Kind::Direct,
        }
    }
}
