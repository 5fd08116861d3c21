//! What operators see.

pub mod health;
pub mod telemetry;
