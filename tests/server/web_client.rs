//! The web client, in a browser: the stories of tests/clients/web.

use std::process::Stdio;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::harness::program::{node, unlimited};
use super::harness::{BOTH, On, Program, Server, free_port, project};

const PASSWORD: &str = "a good password";

/// Guests may come in, nothing is limited, and somebody runs the place.
fn program(database: On) -> Program {
    let special = [
        "RATE_LIMIT_SIGNUPS_PER_HOUR",
        "RATE_LIMIT_REFRESHES_PER_MINUTE",
        "RATE_LIMIT_ROOMS_PER_HOUR",
        "RATE_LIMIT_CONTACTS_PER_HOUR",
        "RATE_LIMIT_MODERATION_PER_MINUTE",
        "RATE_LIMIT_REPORTS_PER_HOUR",
    ]
    .map(|name| (name, "0"));
    let program = Program::on(database, &unlimited(&[&special[..], &[("ALLOW_GUESTS", "true")]].concat()));
    let admin = ["--userid", "admin", "--email", "admin@example.com", "--password", PASSWORD, "--role", "admin"];
    program.say(&[&["user", "add"], &admin[..]].concat());
    program
}

async fn run(server: &Server, arguments: &[&str]) -> String {
    let environment = [("CHAT_URL", server.url.as_str()), ("CHAT_ADMIN", "admin")];
    node(&project("tests/clients"), arguments, &environment).await
}

async fn stories(databases: &[On], file: &str) {
    for database in databases {
        let program = program(*database);
        let server = program.serve().await;
        let printed = run(&server, &["--test", &format!("web/{file}")]).await;
        assert!(printed.contains("# fail 0") && !printed.contains("# tests 0"), "{printed}");
    }
}

#[tokio::test]
async fn people_talk_in_browsers() {
    stories(&BOTH, "talking.mjs").await;
}

#[tokio::test]
async fn people_are_named_and_found() {
    stories(&BOTH, "words.mjs").await;
}

#[tokio::test]
async fn files_are_sent_with_words_stopped_and_refused() {
    stories(&BOTH, "files.mjs").await;
}

#[tokio::test]
async fn people_come_and_go_for_good() {
    stories(&BOTH, "accounts.mjs").await;
}

#[tokio::test]
async fn what_is_told_beside_messages_is_known_also_when_it_was_missed() {
    stories(&BOTH, "state.mjs").await;
}

#[tokio::test]
async fn who_runs_the_place_does_it_in_a_browser() {
    stories(&BOTH, "operator.mjs").await;
}

#[tokio::test]
async fn what_goes_wrong_loses_nothing_and_harms_nobody() {
    stories(&BOTH, "hardship.mjs").await;
}

#[tokio::test]
async fn the_hooks_stand_without_this_client() {
    stories(&[On::Sqlite], "hooks.mjs").await;
}

#[tokio::test]
async fn everybody_can_use_it() {
    stories(&[On::Sqlite], "access.mjs").await;
}

#[tokio::test]
async fn the_page_stays_responsive() {
    let program = program(On::Sqlite);
    let server = program.serve().await;
    let history = std::env::var("HISTORY").unwrap_or_else(|_| "20000".to_owned());
    let environment = [("CHAT_URL", server.url.as_str()), ("HISTORY", &history), ("SECONDS", "5")];
    println!("{}", node(&project("tests/clients"), &["web/responsiveness.mjs"], &environment).await);
}

/// Killed while somebody types; what was typed and sent meanwhile is there once it is back.
#[tokio::test]
async fn the_server_is_killed_and_restarted_while_somebody_types() {
    let program = program(On::Sqlite);
    let port = free_port();
    let mut server = Some(program.serve_on(port).await);
    let mut script = tokio::process::Command::new("node")
        .arg("web/restart.mjs")
        .env("CHAT_URL", format!("http://127.0.0.1:{port}"))
        .current_dir(project("tests/clients"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(script.stdout.take().unwrap()).lines();
    let mut written = script.stdin.take().unwrap();
    for expected in ["kill", "start", "ok"] {
        let line = tokio::time::timeout(Duration::from_secs(90), printed.next_line()).await;
        assert_eq!(line.expect("it hangs").unwrap().as_deref(), Some(expected));
        match expected {
            "kill" => server.take().unwrap().kill(),
            "start" => server = Some(program.serve_on(port).await),
            _ => break,
        }
        written.write_all(b"done\n").await.unwrap();
    }
}

/// What a browser loads before anything is to be seen: the page, its script, its style.
#[tokio::test]
async fn the_first_load_is_small_and_kept() {
    let program = program(On::Sqlite);
    let server = program.serve().await;
    let http = reqwest::Client::new();
    let page = http.get(&server.url).send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "public, no-cache");
    let html = page.text().await.unwrap();
    let mut bytes = html.len();
    let named: Vec<&str> = html.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(named.len() >= 3, "the web client is not built in: run `make client`, then build again");
    for path in named {
        let url = format!("{}{path}", server.url);
        let answer = http.get(&url).header(ACCEPT_ENCODING, "gzip, deflate, br").send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
        if path.ends_with(".js") {
            assert_eq!(answer.headers()[CONTENT_ENCODING], "br");
        }
        bytes += answer.bytes().await.unwrap().len();
    }
    assert!(bytes < 250_000, "{bytes} bytes");
    println!("first load: {bytes} bytes");
}
