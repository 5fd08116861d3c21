//! Plain data that every other part may speak.

pub mod actor;
pub mod erasure;
pub mod event;
pub mod file;
pub mod member;
pub mod message;
pub mod new_account;
pub mod presence;
pub mod report;
pub mod room;
pub mod session;
pub mod text;
pub mod time;
pub mod user;
pub mod words;

pub use actor::{Actor, ConnectionId, Standing};
pub use event::{Audience, Event, Posted, RoomChange};
pub use file::{File, FileContent, FileId, FileKey, FilePurpose};
pub use member::{MemberChange, MemberChanged, MemberState, Membership};
pub use message::{Attachment, Character, Message, MessageId, MessageKind};
pub use new_account::NewAccount;
pub use presence::{Attendee, Presence, PresenceChange, PresenceChanged};
pub use report::{Report, ReportId, ReportOutcome, ReportReason, ReportStatus, Voice};
pub use room::{Room, RoomId, RoomKind, RoomNumber, RoomRole};
pub use session::{Device, EndReason, KeptToken, LoginSession, SessionId};
pub use time::{Clock, Micros};
pub use user::{Author, DirectFrom, Lock, Profile, User, UserId, UserRole, UserStatus};
pub use words::WordLists;
