//! Accounts, as everyone may know them: no password ever leaves `store`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub type UserId = Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserRole {
    User,
    Support,
    Admin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    Active,
    Inactive,
    Locked,
}

#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub id: UserId,
    pub userid: String,
    pub name: String,
    pub email: String,
    pub role: UserRole,
    pub status: UserStatus,
    pub failed_login_attempts: i32,
    pub community_rating: i32,
}

/// So many wrong passwords lock password login, as in Node.
pub const WRONG_PASSWORDS_ALLOWED: i32 = 5;

impl User {
    /// Locked by an administrator. A lock that wrong passwords caused holds password login only,
    /// or else a stranger could silence anybody.
    pub fn is_barred(&self) -> bool {
        self.status == UserStatus::Locked && self.failed_login_attempts < WRONG_PASSWORDS_ALLOWED
    }

    pub fn author(&self) -> Author {
        Author { id: self.id, userid: self.userid.clone(), name: self.name.clone() }
    }
}

/// What stands beside a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Author {
    pub id: UserId,
    pub userid: String,
    pub name: String,
}
