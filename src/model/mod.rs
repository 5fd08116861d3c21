//! Plain data that every other part may speak.

pub mod actor;
pub mod event;
pub mod message;
pub mod new_account;
pub mod room;
pub mod text;
pub mod time;
pub mod user;

pub use actor::{Actor, ConnectionId};
pub use event::{Event, Posted};
pub use message::{Message, MessageId};
pub use new_account::NewAccount;
pub use room::{Room, RoomId, RoomKind, RoomNumber, RoomRole};
pub use time::{Clock, Micros};
pub use user::{Author, User, UserId, UserRole, UserStatus};
