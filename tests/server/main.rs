//! The program as a user has it: a real process, a real database, real clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod catching_up;
mod channels;
mod characters;
mod clients;
mod command_line;
mod content;
mod database;
mod database_away;
mod documents;
mod faults;
mod figures;
mod files;
mod frames;
mod fuzz;
mod guests;
mod harness;
mod locks;
mod matrix;
mod messages_rest;
mod moderation;
mod node_beside;
mod overload;
mod own_data;
mod own_wire;
mod people;
mod planted;
mod presence;
mod reports;
mod rooms;
mod slow_readers;
mod stopping;
mod torture;
mod upgrades;
mod volume;
