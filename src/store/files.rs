//! Files: a draft before the bytes come, a file once its message or avatar is stored, gone until the
//! bytes are. So whatever lies in the storage has a row here.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entities::file::{ActiveModel, Column, Entity, Model, Purpose};
use super::sql::{row, run};
use super::{Fault, Store};
use crate::config::DatabaseKind;
use crate::model::{
    Attachment, File, FileContent, FileId, FileKey, FilePurpose, MessageId, Micros, RoomNumber, UserId,
};

/// An upload takes minutes at most: a draft that is older was left by a crash.
const DRAFT_LASTS: i64 = 3600 * 1_000_000;

/// What is known before the first byte.
#[derive(Debug, Clone)]
pub struct FileDraft {
    pub id: FileId,
    pub owner: UserId,
    pub purpose: FilePurpose,
    pub key: FileKey,
    /// Taken, whether or not there will be a thumbnail.
    pub thumbnail: FileKey,
}

/// Bytes that lie in the storage, and become a file with their message.
#[derive(Debug, Clone)]
pub struct Upload {
    pub draft: FileDraft,
    pub content: FileContent,
    /// What all files of its owner may have together, in bytes.
    pub quota: Option<i64>,
}

impl Upload {
    /// Pictures have thumbnails.
    pub fn attachment(&self) -> Attachment {
        self.content.attached(self.draft.id, self.content.size.is_some())
    }
}

/// What goes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesOf {
    Message(MessageId),
    Room(RoomNumber),
    /// Everything of an account, avatars and drafts too.
    Owner(UserId),
    Avatar(UserId),
    Everybody,
}

/// Bytes to be removed, then the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneFile {
    pub id: FileId,
    pub keys: Vec<FileKey>,
    /// Of a draft, which may still be under way: more bytes may come until then.
    pub settled_at: Option<Micros>,
}

impl Store {
    /// Before the first byte is stored.
    pub async fn draft_file(&self, draft: &FileDraft, now: Micros) -> Result<(), Fault> {
        let row = ActiveModel {
            id: Set(draft.id),
            room: Set(None),
            message_id: Set(None),
            user_id: Set(draft.owner),
            purpose: Set(draft.purpose.into()),
            name: NotSet,
            media_type: NotSet,
            bytes: NotSet,
            width: Set(None),
            height: Set(None),
            storage_key: Set(draft.key.as_str().to_owned()),
            thumbnail_key: Set(Some(draft.thumbnail.as_str().to_owned())),
            created_at: Set(now.0),
            gone_at: Set(Some(now.0 + DRAFT_LASTS)),
        };
        Entity::insert(row).exec_without_returning(self.single()?).await?;
        Ok(())
    }

    /// An upload that came to nothing; its bytes go with the next sweep.
    pub async fn give_up_draft(&self, id: FileId, owner: UserId, now: Micros) -> Result<(), Fault> {
        Entity::update_many()
            .col_expr(Column::GoneAt, Expr::value(now.0))
            .filter(Column::Id.eq(id).and(Column::UserId.eq(owner)).and(Column::GoneAt.gt(now.0)))
            .exec(self.single()?)
            .await?;
        Ok(())
    }

    /// The draft becomes its owner's avatar, and the one before is gone. False when there is no such
    /// draft any more.
    pub async fn keep_avatar(&self, draft: &FileDraft, content: &FileContent, now: Micros) -> Result<bool, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            // First: whoever changes the same one at the same time waits here, and then sees this one.
            wear(&db, draft.owner, Some(draft.id), now).await?;
            mark_gone(&db, FilesOf::Avatar(draft.owner), now).await?;
            let kept = keep(&db, draft, content, None, now).await?;
            if kept {
                db.commit().await?;
            }
            Ok(kept)
        })
        .await
    }

    /// Whether there was one.
    pub async fn remove_avatar(&self, owner: UserId, now: Micros) -> Result<bool, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            wear(&db, owner, None, now).await?;
            let gone = mark_gone(&db, FilesOf::Avatar(owner), now).await?;
            db.commit().await?;
            Ok(gone > 0)
        })
        .await
    }

    pub async fn mark_files_gone(&self, of: FilesOf, now: Micros) -> Result<u64, Fault> {
        mark_gone(self.single()?, of, now).await
    }

    /// Neither a draft nor gone. Whose it is and who may see it, the answer says.
    pub async fn file(&self, id: FileId) -> Result<Option<File>, Fault> {
        let row = Entity::find_by_id(id).filter(Column::GoneAt.is_null()).one(&self.pool).await?;
        Ok(row.map(File::from))
    }

    /// Those of them that are there, in no order.
    pub async fn files(&self, ids: &[FileId]) -> Result<Vec<File>, Fault> {
        let asked = Column::Id.is_in(ids.iter().copied()).and(Column::GoneAt.is_null());
        let rows = Entity::find().filter(asked).all(&self.pool).await?;
        Ok(rows.into_iter().map(File::from).collect())
    }

    /// Somebody's own, oldest first.
    pub async fn files_of(&self, owner: UserId, after: Option<FileId>, limit: u64) -> Result<Vec<File>, Fault> {
        let mut own = Entity::find().filter(Column::UserId.eq(owner)).filter(Column::GoneAt.is_null());
        if let Some(after) = after {
            own = own.filter(Column::Id.gt(after));
        }
        let rows = own.order_by_asc(Column::Id).limit(limit).all(&self.pool).await?;
        Ok(rows.into_iter().map(File::from).collect())
    }

    /// What counts for somebody's quota.
    pub async fn bytes_of_files(&self, owner: UserId) -> Result<i64, Fault> {
        bytes_of(&self.pool, owner).await
    }

    /// Deleted ones, and drafts whose time is over, the longest gone first.
    pub async fn gone_files(&self, now: Micros, limit: u64) -> Result<Vec<GoneFile>, Fault> {
        let gone = Entity::find().filter(Column::GoneAt.lte(now.0)).order_by_asc(Column::GoneAt).limit(limit);
        let rows = gone.all(&self.pool).await?;
        let gone = |row: Model| GoneFile {
            id: row.id,
            settled_at: row.media_type.is_empty().then_some(Micros(row.created_at + DRAFT_LASTS + 1)),
            keys: [Some(row.storage_key), row.thumbnail_key].into_iter().flatten().map(FileKey::stored).collect(),
        };
        Ok(rows.into_iter().map(gone).collect())
    }

    /// Once their bytes are removed.
    pub async fn forget_files(&self, ids: &[FileId]) -> Result<(), Fault> {
        let gone = Column::Id.is_in(ids.iter().copied()).and(Column::GoneAt.is_not_null());
        Entity::delete_many().filter(gone).exec(self.single()?).await?;
        Ok(())
    }

    /// For bytes that cannot be removed now, so that others need not wait behind them.
    pub async fn forget_file_later(&self, id: FileId, when: Micros) -> Result<(), Fault> {
        Entity::update_many()
            .col_expr(Column::GoneAt, Expr::value(when.0))
            .filter(Column::Id.eq(id).and(Column::GoneAt.is_not_null()))
            .exec(self.single()?)
            .await?;
        Ok(())
    }
}

/// What the writer must know of uploads before their messages are numbered.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// Drafts that can be kept, locked until the end of the transaction.
    pub standing: HashSet<FileId>,
    /// What their owners have already.
    pub bytes: HashMap<UserId, i64>,
}

impl Store {
    pub(super) async fn read_uploads(
        &self,
        db: &impl ConnectionTrait,
        uploads: &[&Upload],
        now: Micros,
    ) -> Result<Uploads, Fault> {
        let mut found = Uploads::default();
        for Upload { draft, quota, .. } in uploads.iter().copied() {
            let stands = standing(draft, now);
            let stands = match self.kind {
                DatabaseKind::Postgres => Entity::find().filter(stands).lock_exclusive(),
                DatabaseKind::Sqlite => Entity::find().filter(stands),
            };
            if stands.one(db).await?.is_some() {
                found.standing.insert(draft.id);
            }
            if quota.is_some() {
                found.bytes.insert(draft.owner, bytes_of(db, draft.owner).await?);
            }
        }
        Ok(found)
    }
}

async fn bytes_of(db: &impl ConnectionTrait, owner: UserId) -> Result<i64, Fault> {
    const SUM: &str = "SELECT CAST(COALESCE(SUM(bytes), 0) AS bigint) AS bytes FROM chat_files \
                       WHERE user_id = $1 AND gone_at IS NULL";
    let sum = row(db, SUM, [owner.into()]).await?;
    Ok(sum.map(|row| row.try_get("", "bytes")).transpose()?.unwrap_or(0))
}

async fn wear(db: &impl ConnectionTrait, owner: UserId, avatar: Option<FileId>, now: Micros) -> Result<(), Fault> {
    const WEAR: &str = "INSERT INTO chat_profiles (user_id, avatar, updated_at) VALUES ($1, $2, $3) \
                        ON CONFLICT (user_id) DO UPDATE SET avatar = excluded.avatar, updated_at = excluded.updated_at";
    run(db, WEAR, [owner.into(), avatar.into(), now.0.into()]).await?;
    Ok(())
}

/// A draft whose time is over may be swept at this moment; one that was swept before has more time than a
/// draft gets.
fn standing(draft: &FileDraft, now: Micros) -> SimpleExpr {
    Column::Id
        .eq(draft.id)
        .and(Column::UserId.eq(draft.owner))
        .and(Column::GoneAt.gt(now.0))
        .and(Expr::col(Column::GoneAt).lte(Expr::col(Column::CreatedAt).add(DRAFT_LASTS)))
        .and(Column::MessageId.is_null())
}

/// The draft becomes a file, of a message unless it is an avatar. For the transaction that stores the other
/// half.
pub(super) async fn keep(
    db: &impl ConnectionTrait,
    draft: &FileDraft,
    content: &FileContent,
    message: Option<(RoomNumber, MessageId)>,
    now: Micros,
) -> Result<bool, Fault> {
    let thumbnail = content.size.map(|_| draft.thumbnail.as_str().to_owned());
    let size = content.size.unzip();
    let kept = Entity::update_many()
        .col_expr(Column::Room, Expr::value(message.map(|(room, _)| room.0)))
        .col_expr(Column::MessageId, Expr::value(message.map(|(_, id)| id)))
        .col_expr(Column::Name, Expr::value(content.name.as_str()))
        .col_expr(Column::MediaType, Expr::value(content.media_type.as_str()))
        .col_expr(Column::Bytes, Expr::value(content.bytes))
        .col_expr(Column::Width, Expr::value(size.0.map(i64::from)))
        .col_expr(Column::Height, Expr::value(size.1.map(i64::from)))
        .col_expr(Column::ThumbnailKey, Expr::value(thumbnail))
        .col_expr(Column::GoneAt, Expr::value(None::<i64>))
        .filter(standing(draft, now))
        .exec(db)
        .await?;
    Ok(kept.rows_affected == 1)
}

pub(super) async fn mark_gone(db: &impl ConnectionTrait, of: FilesOf, now: Micros) -> Result<u64, Fault> {
    let there = Condition::any().add(Column::GoneAt.is_null());
    let (those, state) = match of {
        FilesOf::Message(id) => (Column::MessageId.eq(id), there),
        FilesOf::Room(room) => (Column::Room.eq(room.0), there),
        FilesOf::Avatar(owner) => (Column::UserId.eq(owner).and(Column::Purpose.eq(Purpose::Avatar)), there),
        FilesOf::Everybody => (Column::Id.is_not_null(), there.add(Column::GoneAt.gt(now.0))),
        FilesOf::Owner(owner) => (Column::UserId.eq(owner), there.add(Column::GoneAt.gt(now.0))),
    };
    let gone =
        Entity::update_many().col_expr(Column::GoneAt, Expr::value(now.0)).filter(those).filter(state).exec(db).await?;
    Ok(gone.rows_affected)
}

impl From<FilePurpose> for Purpose {
    fn from(purpose: FilePurpose) -> Self {
        match purpose {
            FilePurpose::Message => Purpose::Message,
            FilePurpose::Avatar => Purpose::Avatar,
        }
    }
}

impl From<Model> for File {
    fn from(row: Model) -> Self {
        let pixels = |side: Option<i64>| side.and_then(|side| u32::try_from(side).ok());
        File {
            id: row.id,
            owner: row.user_id,
            purpose: match row.purpose {
                Purpose::Message => FilePurpose::Message,
                Purpose::Avatar => FilePurpose::Avatar,
            },
            room: row.room.map(RoomNumber),
            message: row.message_id,
            content: FileContent {
                name: row.name,
                media_type: row.media_type,
                bytes: row.bytes,
                size: pixels(row.width).zip(pixels(row.height)),
            },
            key: FileKey::stored(row.storage_key),
            thumbnail: row.thumbnail_key.map(FileKey::stored),
            created_at: Micros(row.created_at),
        }
    }
}
