//! Accounts in Node's `"Users"`.

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr};
use uuid::Uuid;

use super::entities::user::{ActiveModel, Column, Entity, Gender, Model, Role, Status};
use super::{Fault, Store};
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{Micros, User, UserId, UserRole, UserStatus};

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

#[derive(Debug)]
pub enum AddUserError {
    EmailTaken,
    UseridTaken,
    Fault(Fault),
}

impl Store {
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        Ok(Entity::find_by_id(id).one(&self.pool).await?.map(User::from))
    }

    /// By id or by userid, for the command line.
    pub async fn user_named(&self, name: &str) -> Result<Option<User>, Fault> {
        if let Ok(id) = Uuid::parse_str(name)
            && let Some(user) = self.user(id).await?
        {
            return Ok(Some(user));
        }
        Ok(Entity::find().filter(Column::Userid.eq(name)).one(&self.pool).await?.map(User::from))
    }

    pub async fn users_after(&self, userid: &str, limit: u64) -> Result<Vec<User>, Fault> {
        let page = Entity::find().filter(Column::Userid.gt(userid)).order_by_asc(Column::Userid).limit(limit);
        Ok(page.all(&self.pool).await?.into_iter().map(User::from).collect())
    }

    /// Whoever logs in by this email or userid; emails match whatever their case.
    pub async fn credentials(&self, identifier: &str) -> Result<Option<Credentials>, Fault> {
        let email = Expr::expr(Func::lower(Expr::col(Column::Email))).eq(identifier.to_lowercase());
        let matching = Condition::any().add(Column::Userid.eq(identifier)).add(email);
        let found = Entity::find().filter(matching).order_by_asc(Column::Id).one(&self.pool).await?;
        Ok(found.map(|row| Credentials { password_hash: row.password.clone(), user: row.into() }))
    }

    /// Says which of the two somebody else has already; emails match whatever their case.
    pub async fn check_free(&self, email: &str, userid: &str) -> Result<(), AddUserError> {
        let same_email = Expr::expr(Func::lower(Expr::col(Column::Email))).eq(email.to_lowercase());
        let taken = Entity::find().filter(Condition::any().add(same_email).add(Column::Userid.eq(userid)));
        let taken = taken.all(&self.pool).await.map_err(|error| AddUserError::Fault(error.into()))?;
        if taken.iter().any(|row| row.email.to_lowercase() == email.to_lowercase()) {
            return Err(AddUserError::EmailTaken);
        }
        if taken.is_empty() { Ok(()) } else { Err(AddUserError::UseridTaken) }
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
        match Entity::insert(row).exec_with_returning(&self.pool).await {
            Ok(row) => Ok(row.into()),
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                // Somebody was faster by a moment.
                self.check_free(&new.email, &userid).await?;
                Err(AddUserError::UseridTaken)
            }
            Err(error) => Err(AddUserError::Fault(error.into())),
        }
    }

    /// Counts a wrong password; the last allowed one locks. Gives how many have been counted.
    pub async fn count_wrong_password(&self, id: UserId, now: Micros) -> Result<i32, Fault> {
        let counted = Expr::col(Column::FailedLoginAttempts).add(1);
        Entity::update_many()
            .col_expr(Column::FailedLoginAttempts, counted)
            .col_expr(Column::UpdatedAt, Expr::value(now.to_chrono()))
            .filter(Column::Id.eq(id))
            .filter(Column::FailedLoginAttempts.lt(WRONG_PASSWORDS_ALLOWED))
            .exec(&self.pool)
            .await?;
        let Some(row) = Entity::find_by_id(id).one(&self.pool).await? else {
            return Ok(0);
        };
        if row.failed_login_attempts >= WRONG_PASSWORDS_ALLOWED && row.status == Status::Active {
            let locked = ActiveModel { id: Set(id), status: Set(Status::Locked), ..Default::default() };
            Entity::update(locked).exec(&self.pool).await?;
        }
        Ok(row.failed_login_attempts)
    }

    pub async fn note_login(&self, id: UserId, now: Micros) -> Result<(), Fault> {
        let seen = ActiveModel {
            id: Set(id),
            failed_login_attempts: Set(0),
            last_seen: Set(Some(now.to_chrono())),
            ..Default::default()
        };
        Entity::update(seen).exec(&self.pool).await?;
        Ok(())
    }
}

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

impl From<UserGender> for Gender {
    fn from(gender: UserGender) -> Self {
        match gender {
            UserGender::Male => Gender::Male,
            UserGender::Female => Gender::Female,
            UserGender::RatherNotSay => Gender::RatherNotSay,
        }
    }
}
