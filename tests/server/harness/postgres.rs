//! One PostgreSQL for the whole test process; each test has a database of its own. A test that stops or
//! pauses the server has a server of its own, too.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{eventually, free_port};

pub struct Postgres {
    port: u16,
    folder: PathBuf,
    disk: Disk,
    /// The postmaster; the others of its group are its children.
    process: AtomicU32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Disk {
    Large,
    /// In memory, and mounted for this server alone.
    Small,
}

/// Then comes the process that it belongs to.
const FOLDER: &str = "chat-postgres-";

static SHARED: OnceLock<Postgres> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Postgres {
    pub fn shared() -> &'static Postgres {
        SHARED.get_or_init(|| start(Disk::Large))
    }

    /// One that a test may stop and pause.
    pub fn of_its_own() -> Postgres {
        start(Disk::Large)
    }

    /// One whose disk can be filled up: see [`Postgres::disk`].
    pub fn on_a_small_disk() -> Postgres {
        start(Disk::Small)
    }

    /// Where its data lie, as the server sees it.
    pub fn disk(&self) -> String {
        self.folder.join("disk").display().to_string()
    }

    pub fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    pub fn start(&self) {
        let (started, waits) = mpsc::channel();
        let (folder, port, disk) = (self.folder.clone(), self.port, self.disk);
        // The thread that starts it lives as long as the process: then the server is told to stop.
        std::thread::spawn(move || {
            let mut child = run(&folder, port, disk);
            started.send(child.id()).unwrap();
            child.wait().unwrap();
        });
        self.process.store(waits.recv().unwrap(), Ordering::Relaxed);
        let began = Instant::now();
        let port = self.port.to_string();
        let answers = || Command::new(tools().join("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
        while !answers().unwrap().success() {
            assert!(began.elapsed() < Duration::from_secs(20), "it does not start: see {}", self.folder.display());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// As a crash would: nobody is waited for.
    pub fn crash(&self) {
        self.end("QUIT");
    }

    /// By a signal that ends it.
    pub fn end(&self, signal: &str) {
        self.signal(signal);
        while !self.processes().is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, name: &str) {
        for process in self.processes() {
            Command::new("kill").args(["-s", name, &process]).stderr(Stdio::null()).status().unwrap();
        }
    }

    fn processes(&self) -> Vec<String> {
        let postmaster = self.process.load(Ordering::Relaxed).to_string();
        let listed =
            Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster, "-p", &postmaster]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
    }

    /// An empty database; gives its URL.
    pub fn database(&self) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs SQL in the database that a URL names; gives what psql prints, bare.
    pub fn query(&self, url: &str, sql: &str) -> String {
        self.sql(url.rsplit('/').next().unwrap(), sql)
    }

    /// Holds for three seconds what a statement locks; begun when this returns.
    pub async fn hold(&'static self, url: &str, statement: &str) -> JoinHandle<()> {
        let (database, sql) = (url.to_owned(), format!("BEGIN; {statement}; SELECT pg_sleep(3); COMMIT"));
        let held = std::thread::spawn(move || {
            self.query(&database, &sql);
        });
        eventually("it is locked", async || self.has_one(url, "wait_event = 'PgSleep'")).await;
        held
    }

    /// Whether one connection waits for what another one holds.
    pub fn is_waited_for(&self, url: &str) -> bool {
        self.has_one(url, "wait_event_type = 'Lock'")
    }

    fn has_one(&self, url: &str, of: &str) -> bool {
        let sql = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND {of}");
        self.query(url, &sql) == "1"
    }

    /// Everything that a dump of the database holds.
    pub fn dump(&self, url: &str) -> String {
        let (port, database) = (self.port.to_string(), url.rsplit('/').next().unwrap());
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", database];
        let run = Command::new(tools().join("pg_dump")).args(arguments).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let arguments =
            ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAtc", sql];
        let run = Command::new(tools().join("psql")).args(arguments).output().unwrap();
        assert!(run.status.success(), "{sql}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap().trim_end().to_owned()
    }
}

/// Debian keeps the server's programs out of the PATH.
fn tools() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").map(|entries| entries.flatten().map(|entry| entry.path().join("bin")));
    let installed = versions.ok().and_then(|mut paths| paths.find(|path| path.join("postgres").exists()));
    installed.unwrap_or_else(|| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths)
            .find(|path| path.join("postgres").exists())
            .expect("PostgreSQL is needed: `make test` installs it")
    })
}

/// PostgreSQL refuses to run as root. With the thread that started it, it ends (`--pdeathsig`).
fn as_its_user() -> Vec<&'static str> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = vec!["setpriv", "--pdeathsig", "INT"];
    if is_root {
        command.extend(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command
}

/// Folders of test processes that are gone: PostgreSQL takes its pid file away when it has stopped. One that
/// lives may have stopped its server for a while.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((owner, _)) = name.strip_prefix(FOLDER).and_then(|rest| rest.split_once('-')) else { continue };
        let is_left = !Path::new("/proc").join(owner).exists();
        if is_left && !entry.path().join("disk/data/postmaster.pid").exists() {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

fn start(disk: Disk) -> Postgres {
    sweep();
    let folder = tempfile::Builder::new().prefix(&format!("{FOLDER}{}-", std::process::id())).tempdir().unwrap().keep();
    std::fs::create_dir(folder.join("disk")).unwrap();
    for path in [&folder, &folder.join("disk")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let postgres = Postgres { port: free_port(), folder, disk, process: AtomicU32::new(0) };
    postgres.start();
    postgres
}

/// Makes the data at the first start.
fn run(folder: &Path, port: u16, disk: Disk) -> Child {
    const START: &str = r#"cd "$FOLDER"
        test -e disk/data || $AS_ITS_USER "$TOOLS/initdb" -A trust -U postgres --no-sync --wal-segsize=1 -D disk/data >initdb
        exec $AS_ITS_USER "$TOOLS/postgres" -D disk/data -p "$PORT" -k "" -c listen_addresses=127.0.0.1 \
            -c max_connections=200 -c min_wal_size=2MB -c max_wal_size="$WAL""#;
    let mut command = match disk {
        Disk::Large => Command::new("sh"),
        Disk::Small => {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh"]);
            command
        }
    };
    let mount = match disk {
        Disk::Large => "",
        Disk::Small => "mount -t tmpfs -o size=64m,mode=777 none \"$FOLDER/disk\"\n",
    };
    command
        .args(["-ec", &format!("{mount}{START}")])
        .env("FOLDER", folder)
        .env("TOOLS", tools())
        .env("AS_ITS_USER", as_its_user().join(" "))
        .env("PORT", port.to_string())
        .env("WAL", if disk == Disk::Small { "4MB" } else { "1GB" })
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap())
        .spawn()
        .unwrap()
}
