//! One table: a refusal's code, status and text. No `_` arm: a new refusal shows here and nowhere else.

use serde::Serialize;

use crate::chat::{Budget, Refusal};
use crate::doors::tally::TALLY;

/// What was being done, where the text depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    Authenticating,
    Loading,
    Sending,
    Editing,
    Deleting,
    Typing,
    Entering,
    Leaving,
    Syncing,
    Fetching,
    Asking,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub code: &'static str,
    pub status: u16,
    pub text: String,
    /// Milliseconds.
    pub retry_in: Option<u64>,
    pub budget: Option<BudgetShape>,
}

/// How many messages one may still send, and when one more, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetShape {
    limit: u32,
    left: u32,
    reset_in: u64,
}

impl BudgetShape {
    pub fn of(budget: Budget) -> Self {
        BudgetShape { limit: budget.limit, left: budget.left, reset_in: budget.reset_in }
    }
}

impl Doing {
    /// What Node says when something goes wrong here.
    pub fn failed(self) -> &'static str {
        match self {
            Doing::Authenticating => "Failed to authenticate",
            Doing::Loading => "Failed to load messages",
            Doing::Sending => "Failed to send message",
            Doing::Editing => "Failed to edit message",
            Doing::Deleting => "Failed to delete message",
            Doing::Typing => "Failed to set typing",
            Doing::Entering => "Failed to join room",
            Doing::Leaving => "Failed to leave room",
            Doing::Syncing => "Failed to sync: a room's `rev` is needed, a number from 0",
            Doing::Fetching => "Failed to fetch messages",
            Doing::Asking => "Something went wrong on the server",
        }
    }
}

/// For an answer, which is counted.
pub fn describe(refusal: Refusal, doing: Doing) -> Described {
    let described = in_words(refusal, doing);
    TALLY.refused(described.code);
    described
}

/// Without counting it.
pub fn in_words(refusal: Refusal, doing: Doing) -> Described {
    let described =
        |code, status, text: &str| Described { code, status, text: text.to_owned(), retry_in: None, budget: None };
    match refusal {
        Refusal::Unreadable if doing == Doing::Asking => described("unreadable", 400, "The request cannot be read"),
        Refusal::Unreadable => described("unreadable", 400, doing.failed()),
        Refusal::Failed => described("failed", 500, doing.failed()),
        Refusal::NotAuthenticated => described("not_authenticated", 401, "User not authenticated"),
        Refusal::InvalidToken => described("invalid_token", 401, doing.failed()),
        Refusal::TokenExpired => described("token_expired", 401, doing.failed()),
        Refusal::SessionEnded(_) => described("session_ended", 401, "Unauthorized - Invalid token"),
        Refusal::SessionNotFound => described("session_not_found", 404, "Session not found"),
        Refusal::UserIdRequired => described("user_id_required", 400, "UserId is required"),
        Refusal::UserNotFound => described("user_not_found", 404, "User not found"),
        Refusal::Empty => described("empty", 400, "Message cannot be empty"),
        Refusal::TooLong { limit } => {
            described("too_long", 400, &format!("Message is too long (max {limit} characters)"))
        }
        Refusal::OffsetTooLong { limit } => described(
            "client_offset_too_long",
            400,
            &format!("clientOffset must be a text of at most {limit} characters"),
        ),
        Refusal::MessageNotFound => described("message_not_found", 404, "Message not found"),
        Refusal::NotYours if doing == Doing::Deleting => {
            described("not_yours", 403, "You can only delete your own messages")
        }
        Refusal::NotYours => described("not_yours", 403, "You can only edit your own messages"),
        Refusal::Inappropriate => described("inappropriate", 400, "Message contains inappropriate content."),
        Refusal::RoomNotFound => described("room_not_found", 404, "Room not found"),
        Refusal::NotAllowed => described("not_allowed", 403, "You are not allowed to do this"),
        Refusal::Outranked => described("outranked", 403, "You may not do this to somebody of your rank or above"),
        Refusal::Yourself => described("yourself", 400, "You cannot do this to yourself"),
        Refusal::MainRoom => described("main_room", 409, "This cannot be done with main-chat"),
        Refusal::DirectRoom => described("direct_room", 409, "This cannot be done with a direct conversation"),
        Refusal::Archived => described("archived", 409, "This room is archived"),
        Refusal::StaysPrivate => described("stays_private", 409, "A private room cannot be made public"),
        Refusal::SlugTaken => described("slug_taken", 409, "There is a room with this slug already"),
        Refusal::NameTaken => described("name_taken", 409, "This name is taken"),
        Refusal::CharacterNotFound => described("character_not_found", 404, "Character not found"),
        Refusal::TooManyCharacters { limit } => {
            described("too_many", 409, &format!("Too many characters: {limit} are allowed"))
        }
        Refusal::KeyReused => described("key_reused", 409, "This Idempotency-Key was used for another request"),
        Refusal::MemberNotFound => described("member_not_found", 404, "That person is not in this room"),
        Refusal::ReportNotFound => described("report_not_found", 404, "Report not found"),
        Refusal::LastOwner => described("last_owner", 409, "Make somebody else an owner first"),
        Refusal::LastAdmin => described("last_admin", 409, "There must be an administrator"),
        Refusal::Banned => described("banned", 403, "You are banned from this room"),
        Refusal::IsBanned => described("is_banned", 409, "That person is banned from this room"),
        Refusal::NotAccepting => {
            described("not_accepting", 403, "This person does not take messages or invitations from you")
        }
        Refusal::AccountNeeded => described("account_needed", 403, "This needs an account"),
        Refusal::GuestsOff => described("guests_off", 403, "Guests are not allowed here"),
        Refusal::SlowMode { seconds, retry_in } => {
            let text = format!("Slow mode: one message every {seconds} second{}", if seconds == 1 { "" } else { "s" });
            Described { retry_in: Some(retry_in), ..described("slow_mode", 429, &text) }
        }
        Refusal::Kicked { retry_in } => {
            let text = format!("You were removed from this room. Come back in {} seconds", retry_in.div_ceil(1000));
            Described { retry_in: Some(retry_in), ..described("kicked", 403, &text) }
        }
        Refusal::TooManyConnections => described("too_many_connections", 429, "Too many connections of this account"),
        Refusal::TooManyRooms { limit } => {
            described("too_many_rooms", 429, &format!("Too many rooms on this connection: {limit} are allowed"))
        }
        Refusal::TooManyMemberships { limit } => {
            described("too_many_rooms", 429, &format!("Too many rooms: {limit} are allowed"))
        }
        Refusal::Muted { retry_in } => {
            let minutes = retry_in.div_ceil(60_000);
            let text = format!("You are muted for {minutes} more minute{}", if minutes == 1 { "" } else { "s" });
            Described { retry_in: Some(retry_in), ..described("muted", 403, &text) }
        }
        Refusal::SlowDown { per_minute, retry_in } => {
            let text = format!("Too many messages: {per_minute} a minute are allowed");
            let budget = Some(BudgetShape { limit: per_minute, left: 0, reset_in: retry_in });
            Described { retry_in: Some(retry_in), budget, ..described("slow_down", 429, &text) }
        }
        Refusal::FileMissing => described("file_missing", 400, "A field \"file\" with a file is needed"),
        Refusal::FileEmpty => described("file_empty", 400, "The file is empty"),
        Refusal::FileNotFound => described("file_not_found", 404, "File not found"),
        Refusal::FileTooLarge { limit } => {
            described("file_too_large", 413, &format!("The file is too large (max {})", in_bytes(limit)))
        }
        Refusal::QuotaExceeded { limit } => {
            described("quota_exceeded", 413, &format!("Your files may have {} together", in_bytes(limit)))
        }
        Refusal::ImageUnreadable => described("image_unreadable", 400, "This image cannot be read"),
        Refusal::ImageTooLarge => described("image_too_large", 400, "This image is too large (max 50 megapixels)"),
        Refusal::LinkEnded => described("link_expired", 403, "This link has ended"),
        Refusal::TooManyUploads { limit } => Described {
            retry_in: Some(1000),
            ..described("slow_down", 429, &format!("Too many uploads at once: {limit} are allowed"))
        },
        Refusal::StorageAway { retry_in } => Described {
            retry_in: Some(retry_in),
            ..described("storage_away", 503, "Files cannot be stored or read at the moment, please try again")
        },
        Refusal::DatabaseAway { retry_in } => Described {
            retry_in: Some(retry_in),
            ..described("database_away", 503, "The database cannot be reached at the moment, please try again")
        },
        Refusal::OutcomeUnknown => Described {
            retry_in: Some(0),
            ..described(
                "outcome_unknown",
                503,
                "It is not known whether this was stored: try again with the same clientOffset",
            )
        },
        Refusal::Stopping { retry_in } => Described {
            retry_in: Some(retry_in),
            ..described("restarting", 503, "The server is restarting, please try again")
        },
    }
}

fn in_bytes(number: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let whole = units.into_iter().find(|(unit, _)| number >= *unit && number.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{number} bytes"), |(unit, name)| format!("{} {name}", number / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_largest_unit_that_fits() {
        for (number, said) in [(10 << 20, "10 MiB"), (1 << 30, "1 GiB"), (1536 << 10, "1536 KiB"), (999, "999 bytes")] {
            assert_eq!(in_bytes(number), said);
        }
    }
}
