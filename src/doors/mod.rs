//! How people come in. One folder a dialect, the same file names in each; a dialect is translation
//! only: who may do what, limits and order are the chat's.

pub mod accounts;
pub mod audience;
pub mod bearer;
pub mod budgets;
pub mod channels_ws;
pub mod community_socketio;
pub mod connection;
pub mod details;
pub mod edge;
pub mod guests;
pub mod hearing;
pub mod lobby_ws;
pub mod places;
pub mod pubsub_ws;
pub mod refusals;
pub mod requests;
pub mod rooms_socketio;
pub mod shift;
pub mod socketio;
pub mod tally;
pub mod visit;
pub mod visitors;
pub mod websocket;
