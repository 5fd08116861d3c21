//! What stands before every door.

pub mod bundle;
pub mod client_ip;
pub mod cors;
pub mod engine_errors;
pub mod head;
pub mod line;
pub mod listener;
pub mod nowhere;
pub mod page;
pub mod paths;
pub mod peers;
pub mod rates;
pub mod security_headers;
