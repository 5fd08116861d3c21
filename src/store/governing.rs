//! What administrators do to accounts: locks, roles, the end of all sessions. Each with its audit entry
//! in one transaction, whoever does it.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect,
};
use serde_json::json;

use super::audit::AuditRow;
use super::entities::user::{Column, Entity, Role, Status};
use super::names::beginning_with;
use super::sessions::end;
use super::sql::{Sql, row, rows, run};
use super::{Fault, Sessions, Store, Told};
use crate::model::erasure::ERASED;
use crate::model::user::WRONG_PASSWORDS_ALLOWED;
use crate::model::{EndReason, Lock, Micros, SessionId, User, UserId, UserRole, UserStatus};

/// Who does it, and who tells a running server.
#[derive(Debug, Clone, Copy)]
pub struct Governor {
    /// None: the command line.
    pub by: Option<UserId>,
    pub told: Told,
    pub now: Micros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GovernRefusal {
    UserNotFound,
    /// Nobody would be left to undo it.
    LastAdmin,
    Outranked,
}

/// What it came to; nothing is done when a refusal comes of it.
pub type Governed<T> = Result<Result<T, GovernRefusal>, Fault>;

/// A lock, and the sessions that ended with it.
#[derive(Debug, Clone)]
pub struct Locked {
    pub lock: Lock,
    pub ended: Vec<SessionId>,
}

/// Which accounts somebody asks for, by userid.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// The beginning of the userid or the name.
    pub named: Option<String>,
    pub status: Option<UserStatus>,
    pub role: Option<UserRole>,
    pub after: String,
}

/// An account as it stands, locked against other changes.
pub(super) struct Held {
    pub role: UserRole,
    status: UserStatus,
    wrong_passwords: i32,
    /// Others who could undo what is done to this one.
    pub other_admins: usize,
}

/// In the order of their ids, so that two who do this at once never wait for each other.
const HOLD: Sql = Sql {
    postgres: r#"SELECT id, CAST(role AS text) AS role, CAST(status AS text) AS status, failed_login_attempts FROM "Users"
        WHERE (role = 'admin' OR id = $1) AND NOT EXISTS (SELECT 1 FROM chat_erasures e WHERE e.user_id = "Users".id)
        ORDER BY id FOR UPDATE"#,
    sqlite: r#"SELECT id, role, status, failed_login_attempts FROM "Users"
        WHERE (role = 'admin' OR id = $1) AND NOT EXISTS (SELECT 1 FROM chat_erasures e WHERE e.user_id = "Users".id)"#,
};

const SET_STATUS: Sql = Sql {
    postgres: r#"UPDATE "Users" SET status = CAST($2 AS "enum_Users_status"), failed_login_attempts = 0, "updatedAt" = $3 WHERE id = $1"#,
    sqlite: r#"UPDATE "Users" SET status = $2, failed_login_attempts = 0, "updatedAt" = $3 WHERE id = $1"#,
};

const SET_ROLE: Sql = Sql {
    postgres: r#"UPDATE "Users" SET role = CAST($2 AS "enum_Users_role"), "updatedAt" = $3 WHERE id = $1"#,
    sqlite: r#"UPDATE "Users" SET role = $2, "updatedAt" = $3 WHERE id = $1"#,
};

const PUT_LOCK: &str = "INSERT INTO chat_profiles (user_id, locked_by, locked_reason, locked_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
    ON CONFLICT (user_id) DO UPDATE SET locked_by = excluded.locked_by, locked_reason = excluded.locked_reason, locked_at = excluded.locked_at";

const TAKE_LOCK: &str =
    "UPDATE chat_profiles SET locked_by = NULL, locked_reason = NULL, locked_at = NULL WHERE user_id = $1";

impl Store {
    /// Locks an account and ends its sessions. None: it was locked so already.
    pub async fn lock_account(
        &self,
        user: UserId,
        reason: Option<&str>,
        governor: Governor,
    ) -> Governed<Option<Locked>> {
        self.as_one(|| async move {
            let Governor { by, now, .. } = governor;
            let db = self.begin_to_govern().await?;
            let Some(held) = self.hold(&db, user).await? else { return Ok(Err(GovernRefusal::UserNotFound)) };
            if held.role == UserRole::Admin && held.other_admins == 0 {
                return Ok(Err(GovernRefusal::LastAdmin));
            }
            let before = self.lock_of(&db, user).await?;
            let is_locked = held.status == UserStatus::Locked && held.wrong_passwords < WRONG_PASSWORDS_ALLOWED;
            if is_locked && before.is_some_and(|lock| lock.reason.as_deref() == reason) {
                return Ok(Ok(None));
            }
            run(&db, SET_STATUS.text(self.kind), [user.into(), "locked".into(), now.to_chrono().into()]).await?;
            run(&db, PUT_LOCK, [user.into(), by.into(), reason.into(), now.0.into()]).await?;
            let ended = end(&db, user, Sessions::All, EndReason::Locked, now).await?;
            let audit = AuditRow { reason: reason.map(str::to_owned), ..about("account-locked", user, governor) };
            self.write_audit(&db, &[audit]).await?;
            self.note_governed(&db, user, &ended, governor.told).await?;
            db.commit().await?;
            Ok(Ok(Some(Locked { lock: Lock { by, reason: reason.map(str::to_owned), at: now }, ended })))
        })
        .await
    }

    /// Also undoes a lock by wrong passwords. False: it was not locked.
    pub async fn unlock_account(&self, user: UserId, only_users: bool, governor: Governor) -> Governed<bool> {
        self.as_one(|| async move {
            let db = self.begin_to_govern().await?;
            let Some(held) = self.hold(&db, user).await? else { return Ok(Err(GovernRefusal::UserNotFound)) };
            if only_users && held.role != UserRole::User {
                return Ok(Err(GovernRefusal::Outranked));
            }
            if held.status != UserStatus::Locked {
                return Ok(Ok(false));
            }
            let values = [user.into(), "active".into(), governor.now.to_chrono().into()];
            run(&db, SET_STATUS.text(self.kind), values).await?;
            run(&db, TAKE_LOCK, [user.into()]).await?;
            self.write_audit(&db, &[about("account-unlocked", user, governor)]).await?;
            self.note_governed(&db, user, &[], governor.told).await?;
            db.commit().await?;
            Ok(Ok(true))
        })
        .await
    }

    /// False: that was its role already.
    pub async fn set_account_role(&self, user: UserId, role: UserRole, governor: Governor) -> Governed<bool> {
        self.as_one(|| async move {
            let db = self.begin_to_govern().await?;
            let Some(held) = self.hold(&db, user).await? else { return Ok(Err(GovernRefusal::UserNotFound)) };
            if held.role == role {
                return Ok(Ok(false));
            }
            if held.role == UserRole::Admin && held.other_admins == 0 {
                return Ok(Err(GovernRefusal::LastAdmin));
            }
            let word = role_word(role);
            run(&db, SET_ROLE.text(self.kind), [user.into(), word.into(), governor.now.to_chrono().into()]).await?;
            let detail = json!({ "before": held.role, "role": role });
            self.write_audit(&db, &[AuditRow { detail, ..about("account-role-changed", user, governor) }]).await?;
            self.note_governed(&db, user, &[], governor.told).await?;
            db.commit().await?;
            Ok(Ok(true))
        })
        .await
    }

    /// Gives those that were alive.
    pub async fn end_all_sessions(&self, user: UserId, governor: Governor) -> Governed<Vec<SessionId>> {
        self.as_one(|| async move {
            let db = self.begin_to_govern().await?;
            if self.hold(&db, user).await?.is_none() {
                return Ok(Err(GovernRefusal::UserNotFound));
            }
            let ended = end(&db, user, Sessions::All, EndReason::Ended, governor.now).await?;
            if !ended.is_empty() {
                let detail = json!({ "sessions": ended.len() });
                self.write_audit(&db, &[AuditRow { detail, ..about("sessions-ended", user, governor) }]).await?;
            }
            if governor.told == Told::ByNote {
                self.note_ended(&db, &ended).await?;
            }
            db.commit().await?;
            Ok(Ok(ended))
        })
        .await
    }

    /// Accounts by userid, and when each was made. Those who were erased are none.
    pub async fn accounts(&self, filter: &AccountFilter, limit: u64) -> Result<Vec<(User, Micros)>, Fault> {
        let mut chosen = Condition::all()
            .add(Column::Userid.gt(filter.after.as_str()))
            .add(Column::Id.ne(ERASED))
            .add(Expr::cust(r#"NOT EXISTS (SELECT 1 FROM chat_erasures e WHERE e.user_id = "Users"."id")"#));
        if let Some(named) = &filter.named {
            let (from, to) = beginning_with(named);
            let begins = |column: &'static str| {
                Condition::all().add(Expr::col(column).gte(from.as_str())).add(Expr::col(column).lt(to.as_str()))
            };
            let either = Condition::any().add(begins("userid_lower")).add(begins("name_lower"));
            let named = Query::select().column("user_id").from("chat_names").cond_where(either).take();
            chosen = chosen.add(Column::Id.in_subquery(named));
        }
        if let Some(status) = filter.status {
            chosen = chosen.add(Column::Status.eq(match status {
                UserStatus::Active => Status::Active,
                UserStatus::Inactive => Status::Inactive,
                UserStatus::Locked => Status::Locked,
            }));
        }
        if let Some(role) = filter.role {
            let is_that = Condition::any().add(Column::Role.eq(Role::from(role)));
            // Node's column may be empty.
            let unsaid = (role == UserRole::User).then(|| Column::Role.is_null());
            chosen = chosen.add(is_that.add_option(unsaid));
        }
        let page = Entity::find().filter(chosen).order_by_asc(Column::Userid).limit(limit).all(&self.pool).await?;
        let made: Vec<Micros> = page.iter().map(|row| Micros::from_chrono(row.created_at)).collect();
        Ok(self.with_profiles(page).await?.into_iter().zip(made).collect())
    }

    pub(super) async fn begin_to_govern(&self) -> Result<DatabaseTransaction, Fault> {
        let db = self.begin_apart().await?;
        self.mark_as_own(&db).await?;
        Ok(db)
    }

    pub(super) async fn hold(&self, db: &DatabaseTransaction, user: UserId) -> Result<Option<Held>, Fault> {
        if user == ERASED {
            return Ok(None);
        }
        let mut asked = None;
        let mut other_admins = 0;
        for row in rows(db, HOLD.text(self.kind), [user.into()]).await? {
            let (role, status, wrong_passwords) = standing(&row)?;
            if row.try_get::<UserId>("", "id")? == user {
                asked = Some((role, status, wrong_passwords));
            } else if status == UserStatus::Active {
                other_admins += 1;
            }
        }
        Ok(asked.map(|(role, status, wrong_passwords)| Held { role, status, wrong_passwords, other_admins }))
    }

    async fn lock_of(&self, db: &impl ConnectionTrait, user: UserId) -> Result<Option<Lock>, Fault> {
        let question = "SELECT locked_by, locked_reason, locked_at FROM chat_profiles WHERE user_id = $1";
        row(db, question, [user.into()]).await?.as_ref().map_or(Ok(None), lock)
    }

    /// For a server that runs, when the command line did it.
    pub(super) async fn note_governed(
        &self,
        db: &DatabaseTransaction,
        user: UserId,
        ended: &[SessionId],
        told: Told,
    ) -> Result<(), Fault> {
        if told == Told::ByCaller {
            return Ok(());
        }
        run(db, "INSERT INTO chat_foreign (source, row_id) VALUES ('Users', $1)", [user.into()]).await?;
        self.note_ended(db, ended).await
    }
}

fn about(action: &'static str, user: UserId, governor: Governor) -> AuditRow {
    AuditRow { target: Some(user), ..AuditRow::new(action, governor.by, governor.now) }
}

fn role_word(role: UserRole) -> &'static str {
    match role {
        UserRole::User => "user",
        UserRole::Support => "support",
        UserRole::Admin => "admin",
    }
}

fn standing(row: &QueryResult) -> Result<(UserRole, UserStatus, i32), Fault> {
    let role = match row.try_get::<Option<String>>("", "role")?.as_deref() {
        Some("admin") => UserRole::Admin,
        Some("support") => UserRole::Support,
        _ => UserRole::User,
    };
    let status = match row.try_get::<String>("", "status")?.as_str() {
        "locked" => UserStatus::Locked,
        "inactive" => UserStatus::Inactive,
        _ => UserStatus::Active,
    };
    Ok((role, status, row.try_get("", "failed_login_attempts")?))
}

/// Who locked an account, from its profile.
pub(super) fn lock(row: &QueryResult) -> Result<Option<Lock>, Fault> {
    let Some(at) = row.try_get::<Option<i64>>("", "locked_at")? else { return Ok(None) };
    Ok(Some(Lock { by: row.try_get("", "locked_by")?, reason: row.try_get("", "locked_reason")?, at: Micros(at) }))
}
