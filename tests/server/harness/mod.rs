//! Starts what the tests need, each on a free port in a folder of its own, and stops it by process id.

pub mod faults;
pub mod follower;
pub mod person;
pub mod plain;
pub mod polling;
pub mod postgres;
pub mod program;
pub mod socket;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use follower::Follower;
pub use person::Person;
pub use postgres::Postgres;
pub use program::{Account, Program, Server, Settings};
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
