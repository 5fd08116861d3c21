//! Sessions: each log-in begins one, and its refresh tokens are a family.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Micros, UserId};

pub type SessionId = Uuid;

/// Why a session ended, by the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The account has a new password.
    Password,
    /// Somebody of the account, or an operator, ended it.
    Ended,
    LoggedOut,
    /// A refresh token came back long after it was used: one of the two who have it stole it.
    Reuse,
    Locked,
}

impl EndReason {
    const ALL: [EndReason; 5] =
        [EndReason::Password, EndReason::Ended, EndReason::LoggedOut, EndReason::Reuse, EndReason::Locked];

    pub fn word(self) -> &'static str {
        match self {
            EndReason::Password => "password",
            EndReason::Ended => "ended",
            EndReason::LoggedOut => "logged-out",
            EndReason::Reuse => "reuse",
            EndReason::Locked => "locked",
        }
    }

    pub fn of_word(word: &str) -> Option<EndReason> {
        EndReason::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// One that is alive, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginSession {
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Micros,
    pub last_used_at: Micros,
    pub expires_at: Micros,
    pub device: Device,
}

/// Where a session is used from, as far as that can be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// A refresh token as it is stored: whoever reads the database cannot use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptToken {
    pub hash: String,
    pub expires_at: Micros,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_wire() {
        for reason in EndReason::ALL {
            assert_eq!(serde_json::json!(reason), reason.word());
            assert_eq!(EndReason::of_word(reason.word()), Some(reason));
        }
        assert_eq!(EndReason::of_word("tired"), None);
    }
}
