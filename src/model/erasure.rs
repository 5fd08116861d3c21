//! What is left of people who are gone.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Author, UserId};

/// One account for all who were erased, so that their messages cannot be joined into a person again.
pub const ERASED: UserId = Uuid::from_u128(0xe4a5_ed00_0000_7000_8000_0000_0000_0000);
pub const ERASED_USERID: &str = "erased";
pub const ERASED_NAME: &str = "Erased user";

/// What becomes of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remains {
    /// The texts stay, without their author.
    Anonymise,
    Remove,
}

pub fn erased_author() -> Author {
    Author { userid: ERASED_USERID.to_owned(), name: ERASED_NAME.to_owned(), ..Author::nameless(ERASED) }
}
