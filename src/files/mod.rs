//! Files: what they are, how pictures are made harmless, where the bytes lie, links that end. Knows
//! nothing of rooms and people: who may, `chat` decides.

mod content;
mod name;
mod picture;
mod signed;
mod storage;

pub use content::{Content, ENOUGH_TO_RECOGNIZE, PictureFormat, recognize};
pub use name::{Disposition, clean_name, disposition, named_as};
pub use picture::{Encoded, Picture, Pictures, Turn, Unfit};
pub use signed::{LinkEnded, Links, Reader};
pub use storage::{Put, Storage, StorageFault};
