//! What can be wrong with a machine: its disk, its clock, its way to the database.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Program, project};

/// A disk and a clock under the test's control.
pub struct Machine {
    folder: TempDir,
}

impl Machine {
    pub fn under(program: &mut Program) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        program.set("LD_PRELOAD", library().to_str().unwrap());
        program.set("FAULTS", folder.path().to_str().unwrap());
        Machine { folder }
    }

    pub fn set(&self, name: &str, value: i64) {
        let path = self.folder.path().join(name);
        // In one step: the server reads it at any time.
        std::fs::write(path.with_extension("new"), value.to_string()).unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
    }
}

fn library() -> &'static PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}.so", std::process::id()));
        let source = project("tests/server/harness/faults.c");
        let built =
            Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&path).arg(source).arg("-ldl").output();
        let built = built.expect("a C compiler is needed");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        path
    })
}

/// A way to PostgreSQL that breaks at the worst moment.
pub struct Road {
    pub url: String,
    breaks: Arc<AtomicU8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// The commit does not arrive.
    BeforeTheCommit = 1,
    /// The commit arrives, its answer does not.
    AfterTheCommit = 2,
}

impl Road {
    pub async fn to(database_url: &str) -> Road {
        let (_, address) = database_url.split_once('@').unwrap();
        let (address, name) = address.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://postgres@{}/{name}", listener.local_addr().unwrap());
        let breaks = Arc::<AtomicU8>::default();
        let (address, breaking) = (address.to_owned(), breaks.clone());
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let (address, breaking) = (address.clone(), breaking.clone());
                tokio::spawn(async move {
                    if let Ok(to) = TcpStream::connect(address).await {
                        carry(from, to, &breaking).await;
                    }
                });
            }
        });
        Road { url, breaks }
    }

    /// Once.
    pub fn break_at_the_next_commit(&self, when: Breaks) {
        self.breaks.store(when as u8, Ordering::SeqCst);
    }
}

async fn carry(from: TcpStream, to: TcpStream, breaks: &AtomicU8) {
    let (mut from_server, mut to_server) = to.into_split();
    let (mut from_client, mut to_client) = from.into_split();
    let there = async {
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            let is_commit = bytes[..count].windows(7).any(|word| word == b"COMMIT\0");
            let when = if is_commit { breaks.swap(0, Ordering::SeqCst) } else { 0 };
            if when == Breaks::BeforeTheCommit as u8 || to_server.write_all(&bytes[..count]).await.is_err() || when != 0
            {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}
