//! Accounts in Node's `"Users"`.

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr};
use uuid::Uuid;

use super::entities::user::{ActiveModel, Column, Entity, Gender, Model, Role, Status};
use super::sessions::end;
use super::sql::{Sql, run};
use super::{Fault, Sessions, Store, Told};
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{EndReason, Micros, Profile, SessionId, User, UserId, UserRole, UserStatus};

pub struct NewUser {
    pub userid: String,
    pub name: String,
    pub email: String,
    pub password_hash: String,
    pub dob: NaiveDate,
    pub gender: UserGender,
    pub role: UserRole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserGender {
    Male,
    Female,
    RatherNotSay,
}

/// An account with what checking its password needs.
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// What an account shows to its owner only.
pub struct Personal {
    pub user: User,
    pub dob: NaiveDate,
    pub gender: UserGender,
}

pub struct NewPassword {
    pub hash: String,
    /// The hash that was checked: if it is another one by now, nothing is changed.
    pub was: Option<String>,
}

#[derive(Debug)]
pub enum AddUserError {
    EmailTaken,
    UseridTaken,
    Fault(Fault),
}

impl From<Fault> for AddUserError {
    fn from(fault: Fault) -> Self {
        AddUserError::Fault(fault)
    }
}

impl Store {
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        Ok(self.users(&[id]).await?.pop())
    }

    /// Those of them that there are, in no order.
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, Fault> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(500) {
            let rows = Entity::find().filter(Column::Id.is_in(chunk.iter().copied())).all(&self.pool).await?;
            found.extend(self.with_profiles(rows).await?);
        }
        Ok(found)
    }

    pub(super) async fn with_profiles(&self, rows: Vec<Model>) -> Result<Vec<User>, Fault> {
        let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
        let mut profiles = self.profiles(&ids).await?;
        let whole = |row: Model| User { profile: profiles.remove(&row.id).unwrap_or_default(), ..row.into() };
        Ok(rows.into_iter().map(whole).collect())
    }

    pub async fn user_with_userid(&self, userid: &str) -> Result<Option<User>, Fault> {
        let rows = Entity::find().filter(Column::Userid.eq(userid)).all(&self.pool).await?;
        Ok(self.with_profiles(rows).await?.pop())
    }

    /// By id or by userid, for the command line. Without a profile: before the first start Node's tables
    /// may be the only ones.
    pub async fn user_named(&self, name: &str) -> Result<Option<User>, Fault> {
        if let Ok(id) = Uuid::parse_str(name)
            && let Some(row) = Entity::find_by_id(id).one(&self.pool).await?
        {
            return Ok(Some(row.into()));
        }
        Ok(Entity::find().filter(Column::Userid.eq(name)).one(&self.pool).await?.map(User::from))
    }

    pub async fn users_after(&self, userid: &str, limit: u64) -> Result<Vec<User>, Fault> {
        let page = Entity::find().filter(Column::Userid.gt(userid)).order_by_asc(Column::Userid).limit(limit);
        Ok(page.all(&self.pool).await?.into_iter().map(User::from).collect())
    }

    /// Whoever logs in by this email or userid; emails match whatever their case, and before userids,
    /// so that nobody takes the place of another by bearing their address as a name.
    pub async fn credentials(&self, identifier: &str) -> Result<Option<Credentials>, Fault> {
        let email = identifier.to_lowercase();
        let same_email = Expr::expr(Func::lower(Expr::col(Column::Email))).eq(email.as_str());
        // SQLite's `lower` knows A to Z only: what is written as it was signed up fits anyway.
        let as_written = Column::Email.eq(identifier);
        let matching = Condition::any().add(Column::Userid.eq(identifier)).add(same_email).add(as_written);
        let mut found = Entity::find().filter(matching).order_by_asc(Column::Id).all(&self.pool).await?;
        let chosen = found.iter().position(|row| row.email.to_lowercase() == email).unwrap_or(0);
        let chosen = (!found.is_empty()).then(|| found.swap_remove(chosen));
        Ok(chosen.map(|row| Credentials { password_hash: row.password.clone(), user: row.into() }))
    }

    pub async fn credentials_of(&self, id: UserId) -> Result<Option<Credentials>, Fault> {
        let row = Entity::find_by_id(id).one(&self.pool).await?;
        Ok(row.map(|row| Credentials { password_hash: row.password.clone(), user: row.into() }))
    }

    pub async fn personal(&self, id: UserId) -> Result<Option<Personal>, Fault> {
        let row = Entity::find_by_id(id).one(&self.pool).await?;
        Ok(row.map(|row| Personal { dob: row.dob, gender: row.gender.into(), user: row.into() }))
    }

    /// Changes the password and ends sessions, as one; gives which. None: the password was changed
    /// meanwhile. A lock by wrong passwords is undone, an administrator's stays.
    pub async fn set_password(
        &self,
        id: UserId,
        new: &NewPassword,
        ending: Sessions,
        told: Told,
        now: Micros,
    ) -> Result<Option<Vec<SessionId>>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let values = [
                id.into(),
                now.to_chrono().into(),
                new.hash.as_str().into(),
                new.was.clone().into(),
                WRONG_PASSWORDS_ALLOWED.into(),
            ];
            if run(&db, SET_PASSWORD.text(self.kind), values).await? == 0 {
                return Ok(None);
            }
            let ended = end(&db, id, ending, EndReason::Password, now).await?;
            if told == Told::ByNote {
                self.note_ended(&db, &ended).await?;
            }
            db.commit().await?;
            Ok(Some(ended))
        })
        .await
    }

    /// Says which of the two somebody else has already; emails match whatever their case.
    pub async fn check_free(&self, email: &str, userid: &str) -> Result<(), AddUserError> {
        let same_email = Expr::expr(Func::lower(Expr::col(Column::Email))).eq(email.to_lowercase());
        // As in `credentials`: SQLite's `lower` knows A to Z only.
        let matching = Condition::any().add(same_email).add(Column::Email.eq(email)).add(Column::Userid.eq(userid));
        let taken = Entity::find().filter(matching);
        let taken = taken.all(&self.pool).await.map_err(|error| AddUserError::Fault(error.into()))?;
        if taken.iter().any(|row| row.email.to_lowercase() == email.to_lowercase()) {
            return Err(AddUserError::EmailTaken);
        }
        // The database tells a Latin `o` from a Cyrillic one. People do not.
        if taken.is_empty() && !self.is_userid_borne(userid).await? { Ok(()) } else { Err(AddUserError::UseridTaken) }
    }

    pub async fn add_user(&self, new: NewUser, now: Micros) -> Result<User, AddUserError> {
        self.check_free(&new.email, &new.userid).await?;
        let userid = new.userid.clone();
        let row = ActiveModel {
            id: Set(Uuid::now_v7()),
            userid: Set(new.userid),
            name: Set(new.name),
            dob: Set(new.dob),
            gender: Set(new.gender.into()),
            email: Set(new.email.clone()),
            password: Set(new.password_hash),
            role: Set(Some(new.role.into())),
            status: Set(Status::Active),
            failed_login_attempts: Set(0),
            last_seen: Set(None),
            community_rating: Set(0),
            created_at: Set(now.to_chrono()),
            updated_at: Set(now.to_chrono()),
        };
        let db = self.single()?;
        match Entity::insert(row).exec_with_returning(db).await {
            Ok(row) => {
                // Where it cannot be now, it is done with those of all.
                self.note_names(db, &[row.id]).await.ok();
                Ok(row.into())
            }
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                // Somebody was faster by a moment.
                self.check_free(&new.email, &userid).await?;
                Err(AddUserError::UseridTaken)
            }
            Err(error) => Err(AddUserError::Fault(error.into())),
        }
    }
}

const SET_PASSWORD: Sql = Sql {
    postgres: r#"UPDATE "Users" SET password = $3, "updatedAt" = $2,
        status = CASE WHEN status = 'locked' AND failed_login_attempts >= $5 THEN CAST('active' AS "enum_Users_status") ELSE status END,
        failed_login_attempts = CASE WHEN status = 'locked' AND failed_login_attempts < $5 THEN failed_login_attempts ELSE 0 END
        WHERE id = $1 AND ($4 IS NULL OR password = $4)"#,
    sqlite: r#"UPDATE "Users" SET password = $3, "updatedAt" = $2,
        status = CASE WHEN status = 'locked' AND failed_login_attempts >= $5 THEN 'active' ELSE status END,
        failed_login_attempts = CASE WHEN status = 'locked' AND failed_login_attempts < $5 THEN failed_login_attempts ELSE 0 END
        WHERE id = $1 AND ($4 IS NULL OR password = $4)"#,
};

impl From<Model> for User {
    fn from(row: Model) -> Self {
        User {
            id: row.id,
            userid: row.userid,
            name: row.name,
            email: row.email,
            role: match row.role {
                Some(Role::Admin) => UserRole::Admin,
                Some(Role::Support) => UserRole::Support,
                Some(Role::User) | None => UserRole::User,
            },
            status: match row.status {
                Status::Active => UserStatus::Active,
                Status::Inactive => UserStatus::Inactive,
                Status::Locked => UserStatus::Locked,
            },
            failed_login_attempts: row.failed_login_attempts,
            community_rating: row.community_rating,
            last_seen: row.last_seen.map(Micros::from_chrono),
            profile: Profile::default(),
        }
    }
}

impl From<UserRole> for Role {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::User => Role::User,
            UserRole::Support => Role::Support,
            UserRole::Admin => Role::Admin,
        }
    }
}

impl From<Gender> for UserGender {
    fn from(gender: Gender) -> Self {
        match gender {
            Gender::Male => UserGender::Male,
            Gender::Female => UserGender::Female,
            Gender::RatherNotSay => UserGender::RatherNotSay,
        }
    }
}

impl From<UserGender> for Gender {
    fn from(gender: UserGender) -> Self {
        match gender {
            UserGender::Male => Gender::Male,
            UserGender::Female => Gender::Female,
            UserGender::RatherNotSay => Gender::RatherNotSay,
        }
    }
}
