//! The two servers: each with a database of its own in the same PostgreSQL, one running at a time.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::program::{NO_LIMITS, node};
use crate::harness::{ACCESS_TOKEN_SECRET, On, Postgres, Program, Server, free_port, project};

const USERS: usize = 20;
/// Called `room-0`, `room-1` …
pub const ROOMS: usize = 10;
const NODE: &str = "benches/peers/node";
/// Of /proc; the same on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Us,
    Node,
}

pub const BOTH: [Who; 2] = [Who::Us, Who::Node];

/// What is set up once; the servers are started anew for each measurement.
pub struct Contenders {
    program: Program,
    our_auths: Vec<String>,
    node_database: String,
    node_auths: Vec<String>,
}

pub struct Running {
    pub address: String,
    pub pid: u32,
    auths: Vec<String>,
    _server: Process,
}

/// Ends with this.
enum Process {
    Us { _server: Server },
    Node(Child),
}

impl Contenders {
    pub async fn prepare() -> Contenders {
        let program = Program::on(On::Postgres, NO_LIMITS);
        let accounts = (0..USERS).map(|number| program.account(&format!("user{number}")));
        let our_auths: Vec<String> = accounts.map(|account| json!({ "token": account.token }).to_string()).collect();
        for room in 0..ROOMS {
            program.say(&["room", "add", "--slug", &format!("room-{room}"), "--name", &format!("Room {room}")]);
        }
        let node_database = Postgres::shared().database();
        let environment = [("DATABASE_URL", node_database.as_str()), ("ACCESS_TOKEN_SECRET", ACCESS_TOKEN_SECRET)];
        node(&project(NODE), &["sync.mjs"], &environment).await;
        let seeded = node(&project(NODE), &["seed.mjs", &USERS.to_string(), "0"], &environment).await;
        let seeded: Value = serde_json::from_str(&seeded).unwrap();
        let users = seeded["users"].as_array().unwrap().iter();
        let node_auths = users.map(|user| json!({ "userId": user["id"] }).to_string()).collect();
        Contenders { program, our_auths, node_database, node_auths }
    }

    pub async fn start(&self, who: Who) -> Running {
        // Neither pays for what the other left to be written.
        Postgres::shared().query(&self.node_database, "CHECKPOINT");
        match who {
            Who::Us => {
                let server = self.program.serve().await;
                let address = server.url.trim_start_matches("http://").to_owned();
                let pid = server.pid();
                Running { address, pid, auths: self.our_auths.clone(), _server: Process::Us { _server: server } }
            }
            Who::Node => self.start_node().await,
        }
    }

    async fn start_node(&self) -> Running {
        let port = free_port();
        // Should this be killed, Node goes too.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "node", "server.mjs"])
            .current_dir(project(NODE))
            .env("PORT", port.to_string())
            .env("DATABASE_URL", &self.node_database)
            .env("NODE_ENV", "production")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("127.0.0.1:{port}");
        let running = Running {
            address: address.clone(),
            pid: child.id(),
            auths: self.node_auths.clone(),
            _server: Process::Node(child),
        };
        let started = Instant::now();
        while reqwest::get(format!("http://{address}/api/community/chat/recent")).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "the Node server does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        running
    }

    pub fn rows(&self, who: Who) -> u64 {
        let database = if who == Who::Us { &self.program.database_url } else { &self.node_database };
        Postgres::shared().query(database, "SELECT COUNT(*) FROM \"CommunityChats\"").parse().unwrap()
    }

    pub fn describe(&self) -> String {
        let shown = |what: &str| Postgres::shared().query(&self.node_database, &format!("SHOW {what}"));
        let (fsync, commit) = (shown("fsync"), shown("synchronous_commit"));
        assert_eq!((fsync.as_str(), commit.as_str()), ("on", "on"), "an ack must mean that it is on the disk");
        let version = Command::new("node").arg("--version").output().unwrap().stdout;
        format!(
            "community-chat beside Node {} (express, socket.io, sequelize), one at a time on the same PostgreSQL {},\n\
             fsync on, synchronous_commit on, WebSocket, limits off",
            String::from_utf8_lossy(&version).trim().trim_start_matches('v'),
            shown("server_version").split(' ').next().unwrap_or_default(),
        )
    }

    /// Stops PostgreSQL and removes what it wrote, which is much.
    pub fn clear_away(self) {
        let data = std::path::PathBuf::from(Postgres::shared().query(&self.node_database, "SHOW data_directory"));
        let pid_file = data.join("postmaster.pid");
        let pid = std::fs::read_to_string(&pid_file).unwrap();
        Command::new("kill").args(["-s", "INT", pid.lines().next().unwrap()]).status().unwrap();
        let asked = Instant::now();
        while pid_file.exists() && asked.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::fs::remove_dir_all(data.parent().unwrap()).ok();
    }
}

impl Running {
    /// What the numbered connection says about who it is.
    pub fn auth(&self, number: usize) -> &str {
        &self.auths[number % self.auths.len()]
    }

    pub fn cpu(&self) -> Duration {
        cpu(&self.pid.to_string())
    }

    /// Resident memory, in kB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// What a process has used of the processor until now, in user mode and in the kernel.
pub fn cpu(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_secs_f64(ticks as f64 / TICKS_A_SECOND)
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Process::Node(child) = self {
            child.kill().ok();
            child.wait().ok();
        }
    }
}
