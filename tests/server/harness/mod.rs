//! Starts what the tests need, each on a free port in a folder of its own, and stops it by process id.

pub mod faults;
pub mod follower;
pub mod person;
pub mod plain;
pub mod polling;
pub mod postgres;
pub mod program;
pub mod script;
pub mod socket;
pub mod transcript;

use std::collections::HashSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use follower::Follower;
pub use person::{Person, serve_to};
pub use postgres::Postgres;
pub use program::{Account, Program, Server, Settings};
pub use script::Script;
pub use socket::{Socket, Transport};

pub const ACCESS_TOKEN_SECRET: &str = "a secret of the tests, long enough for HS256";
pub const REFRESH_TOKEN_SECRET: &str = "another secret of the tests, also long enough";

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

pub fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Tries until it holds; the message says what did not.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came true: {what}");
}

/// Which database a story runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

pub const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

/// What is called, as the tables of docs/wire/own.md name it: `METHOD /path` by REST, and events.
pub fn calls_of_the_tables() -> Vec<String> {
    let text = std::fs::read_to_string(project("docs/wire/own.md")).unwrap();
    let (_, from_rooms) = text.split_once("\n## Rooms\n").unwrap();
    let (tables, _) = from_rooms.split_once("\n## What a client hears\n").unwrap();
    let mut found: Vec<String> = Vec::new();
    for line in tables.lines().filter(|line| line.starts_with("| `")) {
        let (mut methods, mut path) = (Vec::new(), String::new());
        for token in line.split('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            if token.chars().all(char::is_uppercase) {
                // The path comes with the next one.
                methods.push(token);
            } else if let Some((method, whole)) = token.split_once(' ') {
                methods.push(method);
                whole.clone_into(&mut path);
                found.extend(methods.drain(..).map(|method| format!("{method} {path}")));
            } else if let Some(end) = token.strip_prefix('…').or_else(|| token.starts_with('/').then_some(token)) {
                // Like the one before, but for its end.
                let (method, _) = found.last().unwrap().split_once(' ').unwrap();
                let method = method.to_owned();
                path.replace_range(path.rfind('/').unwrap().., end);
                found.push(format!("{method} {path}"));
            } else {
                found.push(token.to_owned());
            }
        }
    }
    let mut known = HashSet::new();
    found.retain(|call| known.insert(call.clone()));
    found
}

pub fn events_of_the_tables() -> Vec<String> {
    calls_of_the_tables().into_iter().filter(|call| !call.contains(' ')).collect()
}
