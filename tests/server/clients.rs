//! Real clients: socket.io-client 4, 3 and 2, python-socketio, and the documents' own examples.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::program::{NO_LIMITS, node, unlimited};
use super::harness::{
    ACCESS_TOKEN_SECRET, Account, BOTH, On, Postgres, Program, Script, Server, Socket, free_port, project,
};

struct Stage {
    server: Server,
    users: String,
    mode: &'static str,
    eio3: &'static str,
    _program: Program,
}

impl Stage {
    /// Token mode on SQLite as a newcomer has it; on PostgreSQL as somebody who comes from Node.
    async fn on(database: On) -> Stage {
        let (mode, eio3, allow) = match database {
            On::Sqlite => ("token", "0", "false"),
            On::Postgres => ("trust-user-id", "1", "true"),
        };
        let special = [
            ("AUTH_MODE", mode),
            ("ALLOW_EIO3", allow),
            ("RATE_LIMIT_ROOMS_PER_HOUR", "0"),
            ("RATE_LIMIT_CONTACTS_PER_HOUR", "0"),
            ("RATE_LIMIT_MODERATION_PER_MINUTE", "0"),
            ("RATE_LIMIT_REPORTS_PER_HOUR", "0"),
        ];
        let settings = unlimited(&special);
        let program = Program::on(database, &settings);
        let users: Vec<Account> = ["ann", "ben", "cleo", "dora"].iter().map(|name| program.account(name)).collect();
        program.say(&["room", "add", "--slug", "garden", "--name", "The garden"]);
        let users: Vec<_> = users.iter().map(|user| serde_json::json!({ "id": user.id, "userid": user.userid, "name": user.name, "email": user.email, "token": user.token })).collect();
        Stage {
            server: program.serve().await,
            users: serde_json::to_string(&users).unwrap(),
            mode,
            eio3,
            _program: program,
        }
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        vec![
            ("CHAT_URL", &self.server.url),
            ("CHAT_USERS", &self.users),
            ("CHAT_MODE", self.mode),
            ("CHAT_EIO3", self.eio3),
            ("CHAT_ROOM", "garden"),
            ("ACCESS_TOKEN_SECRET", ACCESS_TOKEN_SECRET),
        ]
    }

    async fn run(&self, arguments: &[&str]) -> String {
        node(&project("tests/clients"), arguments, &self.environment()).await
    }
}

/// One after another: the stories compare totals.
async fn stories(database: On) {
    let folder = project("tests/clients");
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".test.mjs"))
        .collect();
    files.sort();
    assert!(files.len() >= 9, "stories are missing: {files:?}");
    let stage = Stage::on(database).await;
    let arguments: Vec<&str> =
        ["--test", "--test-concurrency=1"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let printed = stage.run(&arguments).await;
    assert!(printed.contains("# fail 0"), "{printed}");
}

#[tokio::test]
async fn stories_of_javascript_clients_on_sqlite_with_tokens() {
    stories(On::Sqlite).await;
}

#[tokio::test]
async fn stories_of_javascript_clients_on_postgresql_as_node_had_it() {
    stories(On::Postgres).await;
}

#[tokio::test]
async fn stories_of_a_python_client() {
    let of_the_project = project("target/venv/bin/python3");
    let python = if of_the_project.exists() { of_the_project } else { PathBuf::from("python3") };
    for database in [On::Sqlite, On::Postgres] {
        let stage = Stage::on(database).await;
        let mut command = tokio::process::Command::new(&python);
        let run = command
            .arg("test_socketio.py")
            .envs(stage.environment())
            .current_dir(project("tests/clients/python"))
            .output()
            .await
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
}

#[tokio::test]
async fn the_examples_of_the_documents_run() {
    let stage = Stage::on(On::Sqlite).await;
    let printed = stage.run(&["documents.mjs"]).await;
    assert!(printed.contains(" 0 failed"), "{printed}");
}

/// A script of `examples/node`, for somebody.
pub fn script(arguments: &[&str], url: &str, user: &Account) -> Script {
    Script::start("examples/node", arguments, &[("CHAT_URL", url), ("CHAT_TOKEN", &user.token)])
}

#[tokio::test]
async fn the_smallest_script_talks() {
    let stage = Stage::on(On::Sqlite).await;
    let users: Vec<Account> = serde_json::from_str(&stage.users).unwrap();
    let mut script = script(&["chat.mjs", "hello from the smallest script"], &stage.server.url, &users[0]);
    assert_eq!(script.line().await, "ANN: hello from the smallest script");
}

/// The script of the README, as it stands there.
fn hello() -> String {
    let readme = std::fs::read_to_string(project("README.md")).unwrap();
    let script = readme.split("```js\n").nth(1).unwrap().split("```").next().unwrap();
    script.to_owned()
}

/// The one line that a script ends with, soon and with the exit code 1.
async fn last_words(folder: &str, arguments: &[&str], url: &str, token: &str) -> String {
    let mut script = tokio::process::Command::new("node");
    script.args(["--no-warnings", "--experimental-websocket"]).args(arguments).current_dir(project(folder));
    let ended = script.envs([("CHAT_URL", url), ("CHAT_TOKEN", token)]).kill_on_drop(true).output();
    let ended = tokio::time::timeout(Duration::from_secs(15), ended).await;
    let ended = ended.unwrap_or_else(|_| panic!("{folder} goes on")).unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        ended.status.code() == Some(1) && said.trim_end().lines().count() == 1,
        "{folder}, {url}, {token:?}: {}: {said}",
        ended.status
    );
    said
}

/// Nobody who tries them for the first time should have to read a stack.
#[tokio::test]
async fn the_scripts_say_in_one_line_what_is_wrong() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), NO_LIMITS);
    let ann = program.account("ann");
    let server = program.serve().await;
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    let hello = hello();
    let of_readme = ["--input-type=module", "--eval", &hello];
    let scripts =
        [("examples/node", &of_readme[..]), ("examples/node", &["chat.mjs"]), ("examples/channels", &["chat.mjs"])];
    for (folder, arguments) in scripts {
        let said = last_words(folder, arguments, &server.url, "forged").await;
        assert!(said.contains("nvalid token"), "{said}");
        let said = last_words(folder, arguments, &nowhere, &ann.token).await;
        assert!(said.starts_with(&nowhere), "{said}");
    }
    let (channels, pubsub) = ("examples/channels", "examples/pubsub");
    for (folder, token, wrong) in [
        ("examples/node", "", "User not authenticated"),
        (channels, "", "No token provided"),
        (pubsub, "", "No token provided"),
        (pubsub, "forged", "Invalid token"),
    ] {
        let said = last_words(folder, &["chat.mjs"], &server.url, token).await;
        assert!(said.contains(wrong), "{folder}: {said}");
    }
    for folder in [pubsub, "examples/lobby"] {
        assert!(last_words(folder, &["chat.mjs"], &nowhere, &ann.token).await.contains("cannot be reached"));
    }
    postgres.crash();
    for (folder, arguments) in scripts {
        let said = last_words(folder, arguments, &server.url, &ann.token).await;
        assert!(said.contains("database"), "{folder}: {said}");
    }
}

/// The server is killed while the script sends, and others go on before it is back.
#[tokio::test]
async fn the_steady_script_misses_nothing_across_a_restart() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let port = free_port();
        let server = program.serve_on(port).await;
        let mut script = script(&["steady.mjs"], &server.url, &ann);
        let own: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
        let mut printed = Vec::new();
        for line in &own[..90] {
            script.write(line).await;
        }
        while printed.len() < 20 {
            printed.push(script.line().await);
        }
        server.kill();

        let server = program.serve_on(port).await;
        let mut ben = Socket::with_token(&server.url, &ben.token).await;
        for number in 1..=10 {
            ben.succeed("send-message", json!({ "message": format!("missed {number}") })).await;
        }
        for line in &own[90..] {
            script.write(line).await;
        }
        while printed.last().is_none_or(|line| line != "ANN: 100") {
            printed.push(script.line().await);
        }
        let history = ben.succeed("load-messages", json!({ "limit": 1000 })).await;
        let said = |message: &Value| {
            format!("{}: {}", message["User"]["name"].as_str().unwrap(), message["message"].as_str().unwrap())
        };
        assert_eq!(printed, history["data"].as_array().unwrap().iter().map(said).collect::<Vec<_>>());
        let sent: Vec<&str> = printed.iter().filter_map(|line| line.strip_prefix("ANN: ")).collect();
        assert_eq!(sent, own);
    }
}

#[tokio::test]
async fn the_smallest_page_talks_in_a_browser() {
    let stage = Stage::on(On::Sqlite).await;
    stage.run(&["--test", "browser.mjs"]).await;
}

#[tokio::test]
async fn where_websockets_break_a_client_goes_on_polling() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let ann = program.account("ann");
    let server = program.serve().await;
    let environment = [("CHAT_URL", server.url.as_str()), ("CHAT_TOKEN", &ann.token)];
    let printed = node(&project("tests/clients"), &["broken_upgrades.mjs"], &environment).await;
    assert_eq!(printed.trim(), "ok");
}
