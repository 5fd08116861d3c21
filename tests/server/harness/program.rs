//! The program itself, as a process.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

use super::{ACCESS_TOKEN_SECRET, On, Postgres, REFRESH_TOKEN_SECRET, free_port};

/// Environment variables on top of those that every test needs.
pub type Settings<'a> = &'a [(&'a str, &'a str)];

/// For tests of volume, and of what is behind the limits.
pub const NO_LIMITS: Settings<'static> = &[
    ("RATE_LIMIT_EVENTS_PER_SECOND", "0"),
    ("RATE_LIMIT_EVENTS_PER_SECOND_PER_USER", "0"),
    ("RATE_LIMIT_EVENTS_PER_SECOND_PER_IP", "0"),
    ("RATE_LIMIT_HTTP_PER_MINUTE", "0"),
    ("MAX_CONNECTIONS_PER_USER", "0"),
    ("MAX_CONNECTIONS_PER_IP", "0"),
    ("INBOX_EVENTS", "0"),
];

/// These, and none of those limits.
pub fn unlimited<'a>(settings: Settings<'a>) -> Vec<(&'a str, &'a str)> {
    [NO_LIMITS, settings].concat()
}

/// A folder and a database that the program is run on, once or several times.
pub struct Program {
    pub folder: TempDir,
    pub database_url: String,
    environment: Vec<(String, String)>,
    /// What the server is started through, such as a namespace of its own.
    through: Vec<String>,
}

pub struct Server {
    child: Child,
    pub url: String,
    pub log: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    pub id: String,
    pub userid: String,
    pub name: String,
    pub email: String,
    #[serde(default)]
    pub token: String,
}

impl Program {
    pub fn on(database: On, settings: Settings) -> Program {
        let folder = tempfile::Builder::new().prefix("chat-test-").tempdir().unwrap();
        let database_url = match database {
            On::Sqlite => format!("sqlite://{}/chat.db?mode=rwc", folder.path().display()),
            On::Postgres => Postgres::shared().database(),
        };
        Program::on_url(folder, database_url, settings)
    }

    pub fn on_url(folder: TempDir, database_url: String, settings: Settings) -> Program {
        let data = folder.path().join("data").display().to_string();
        let fixed = [
            ("DATABASE_URL", database_url.as_str()),
            ("DATA_DIR", &data),
            ("HOST", "127.0.0.1"),
            ("ACCESS_TOKEN_SECRET", ACCESS_TOKEN_SECRET),
            ("REFRESH_TOKEN_SECRET", REFRESH_TOKEN_SECRET),
        ];
        let environment =
            fixed.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Program { folder, database_url, environment, through: Vec::new() }
    }

    /// The server is started by a shell line that ends in `exec "$@"`, in mounts of its own.
    pub fn in_its_own_mounts(mut self, line: &str) -> Program {
        self.through = ["unshare", "--mount", "sh", "-ec", line, "sh"].map(str::to_owned).to_vec();
        self
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn command(&self) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_community-chat")))
    }

    fn server_command(&self) -> Command {
        let Some((first, others)) = self.through.split_first() else { return self.command() };
        let mut command = Command::new(first);
        command.args(others).arg(env!("CARGO_BIN_EXE_community-chat"));
        self.prepared(command)
    }

    /// For a start that must fail.
    pub fn try_to_serve(&self) -> Output {
        self.server_command().output().unwrap()
    }

    fn prepared(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    pub fn run_into(&self, arguments: &[&str], out: impl Into<Stdio>, err: impl Into<Stdio>) -> ExitStatus {
        self.command().args(arguments).stdout(out).stderr(err).status().unwrap()
    }

    /// Runs a subcommand that must succeed; gives what it prints.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs a statement on the database; gives the bare values of the first column. On SQLite through
    /// Python, which every machine of ours has for the clients.
    pub fn sql(&self, sql: &str) -> Vec<String> {
        let printed = if self.database_url.starts_with("postgres") {
            Postgres::shared().query(&self.database_url, sql)
        } else {
            let script = "import sqlite3,sys\ndb=sqlite3.connect(sys.argv[1])\nfor row in db.execute(sys.argv[2]): print(row[0])\ndb.commit()";
            let file = self.folder.path().join("chat.db");
            let run = Command::new("python3").args(["-c", script]).arg(file).arg(sql).output().unwrap();
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
            String::from_utf8(run.stdout).unwrap().trim_end().to_owned()
        };
        printed.lines().map(str::to_owned).collect()
    }

    /// The bytes of the database: its files, or a dump of it.
    pub fn database_bytes(&self) -> Vec<u8> {
        if self.database_url.starts_with("postgres") {
            return Postgres::shared().dump(&self.database_url).into_bytes();
        }
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_database = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("chat.db"));
        of_database.flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// Runs a subcommand that reads this from its standard input.
    pub fn told(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn account(&self, userid: &str) -> Account {
        self.account_as(userid, "user")
    }

    pub fn account_as(&self, userid: &str, role: &str) -> Account {
        let email = format!("{userid}@example.com");
        let made = self.say(&[
            "user",
            "add",
            "--userid",
            userid,
            "--name",
            &userid.to_uppercase(),
            "--email",
            &email,
            "--role",
            role,
            "--json",
        ]);
        let mut account: Account = serde_json::from_str(&made).unwrap();
        account.token = self.say(&["token", "--user", userid]);
        account
    }

    /// Serves on a free port; ready when it is handed over.
    pub async fn serve(&self) -> Server {
        self.serve_on(free_port()).await
    }

    pub async fn serve_on(&self, port: u16) -> Server {
        let log = self.folder.path().join(format!("server-{port}.log"));
        let child = self
            .server_command()
            .env("PORT", port.to_string())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn();
        let mut server = Server { child: child.unwrap(), url: format!("http://127.0.0.1:{port}"), log };
        server.wait_until_ready().await;
        server
    }
}

impl Server {
    async fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended ({status}): {}", self.logged());
            }
            if reqwest::get(format!("{}/readyz", self.url)).await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "never ready: {}", self.logged());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits; gives how long that took.
    pub async fn stop(mut self) -> Duration {
        let asked = Instant::now();
        self.signal("TERM");
        while self.child.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < Duration::from_secs(20), "it does not stop: {}", self.logged());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        asked.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.logged());
        }
        assert!(
            std::thread::panicking() || !self.logged().contains("panicked"),
            "a panic in the server: {}",
            self.logged()
        );
    }
}

/// Runs a Node program in a folder of the project, and fails with what it printed.
pub async fn node(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = tokio::process::Command::new("node");
    let output =
        command.args(arguments).envs(environment.iter().copied()).current_dir(folder).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(240), output).await.expect("a Node program hangs").unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "node {arguments:?}:\n{printed}");
    String::from_utf8(output.stdout).unwrap()
}
