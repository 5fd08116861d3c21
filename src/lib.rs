//! Doors let people in, chat decides, store remembers, bus tells everyone, doors speak.

pub mod app;
pub mod auth;
pub mod bus;
pub mod chat;
pub mod commands;
pub mod config;
pub mod doors;
pub mod files;
pub mod model;
pub mod ops;
pub mod store;
