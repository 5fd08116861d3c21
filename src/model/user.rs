//! Accounts, as everyone may know them: no password ever leaves `store`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Micros;

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
    pub last_seen: Option<Micros>,
    pub profile: Profile,
}

/// What Node's table has no place for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    pub bio: String,
    pub avatar: Option<Uuid>,
    pub direct_from: DirectFrom,
    pub lock: Option<Lock>,
}

/// An operator's, not one by wrong passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// None: the command line.
    pub by: Option<UserId>,
    pub reason: Option<String>,
    pub at: Micros,
}

/// Who may write directly, and invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DirectFrom {
    #[default]
    Everyone,
    /// Who shares a room beyond the main room.
    Shared,
    Nobody,
}

/// So many wrong passwords lock password login, as in Node.
pub const WRONG_PASSWORDS_ALLOWED: i32 = 5;

impl User {
    /// Locked by an administrator. A lock that wrong passwords caused holds password login only,
    /// or else a stranger could silence anybody.
    pub fn is_barred(&self) -> bool {
        self.status == UserStatus::Locked && self.failed_login_attempts < WRONG_PASSWORDS_ALLOWED
    }

    /// A guest has no account; what asks for one looks at the standing.
    pub fn of_guest(guest: &Author) -> User {
        User {
            id: guest.id,
            userid: String::new(),
            name: guest.name.clone(),
            email: String::new(),
            role: UserRole::User,
            status: UserStatus::Active,
            failed_login_attempts: 0,
            community_rating: 0,
            last_seen: guest.last_seen,
            profile: Profile::default(),
        }
    }

    pub fn author(&self) -> Author {
        Author {
            id: self.id,
            userid: self.userid.clone(),
            name: self.name.clone(),
            guest: false,
            avatar: self.profile.avatar,
            last_seen: self.last_seen,
        }
    }
}

/// What stands beside a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Author {
    pub id: UserId,
    pub userid: String,
    pub name: String,
    pub guest: bool,
    pub avatar: Option<Uuid>,
    pub last_seen: Option<Micros>,
}

impl Author {
    /// By what dialects call somebody that have one name for each: guests have no userid.
    pub fn handle(&self) -> &str {
        if self.userid.is_empty() { &self.name } else { &self.userid }
    }

    /// Somebody of whom only the id is left.
    pub fn nameless(id: UserId) -> Author {
        Author { id, userid: String::new(), name: String::new(), guest: false, avatar: None, last_seen: None }
    }
}
