//! Tables whose rows are read and written one at a time. The log is not here: its statements take
//! whole batches (see `log_rows.rs`).

pub mod file;
pub mod room;
pub mod user;
