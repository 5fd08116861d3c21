//! Messages that somebody finds should not stand.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{MessageId, Micros, RoomNumber, UserId};

pub type ReportId = Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportReason {
    Spam,
    Abuse,
    Illegal,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportStatus {
    Open,
    Closed,
}

/// What came of a report; acting itself is done elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportOutcome {
    Dismissed,
    Acted,
}

impl ReportReason {
    pub const NAMED: [(&'static str, ReportReason); 4] = [
        ("spam", ReportReason::Spam),
        ("abuse", ReportReason::Abuse),
        ("illegal", ReportReason::Illegal),
        ("other", ReportReason::Other),
    ];
}

impl ReportStatus {
    pub const NAMED: [(&'static str, ReportStatus); 2] =
        [("open", ReportStatus::Open), ("closed", ReportStatus::Closed)];
}

impl ReportOutcome {
    pub const NAMED: [(&'static str, ReportOutcome); 2] =
        [("dismissed", ReportOutcome::Dismissed), ("acted", ReportOutcome::Acted)];
}

/// All that is said against one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub id: ReportId,
    pub message: MessageId,
    pub room: RoomNumber,
    pub author: UserId,
    /// As it was when first reported; none when the copy has gone.
    pub text: Option<String>,
    pub status: ReportStatus,
    pub outcome: Option<ReportOutcome>,
    pub note: Option<String>,
    pub voices: i64,
    pub first_at: Micros,
    pub last_at: Micros,
    pub closed_by: Option<UserId>,
}

/// What one person says against a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    pub user: UserId,
    pub reason: ReportReason,
    pub note: String,
    pub at: Micros,
}
