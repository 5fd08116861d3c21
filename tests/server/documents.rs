//! The documents say what is true: settings, commands and file names are held against the program.
//! Their JavaScript runs in `clients.rs`, and what docs/wire/own.md has in tables is compared in `own_wire.rs`.

use std::collections::BTreeSet;

use super::harness::{On, Program, project};

const DOCUMENTS: [&str; 11] = [
    "README.md",
    "ARCHITECTURE.md",
    "COMMUNITY_CHAT_WEBSOCKET_API.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/wire/own.md",
    "docs/wire/channels.md",
    "docs/wire/lobby.md",
    "docs/wire/pubsub.md",
    "docs/wire/rooms.md",
];

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backticks, outside of fenced blocks.
fn quoted(text: &str) -> Vec<String> {
    let prose: Vec<&str> = text.split("```").step_by(2).collect();
    prose.iter().flat_map(|part| part.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// `section.key` and its default, as TOML prints it.
fn defaults() -> Vec<(String, String)> {
    let table: toml::Table = toml::from_str(&read("config.default.toml")).unwrap();
    let keys = |(section, keys): (&String, &toml::Value)| {
        let section = section.clone();
        keys.as_table().unwrap().clone().into_iter().map(move |(key, value)| (format!("{section}.{key}"), value))
    };
    let bare = |value: toml::Value| match value {
        toml::Value::String(text) => text,
        toml::Value::Array(items) => items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    table.iter().flat_map(keys).map(|(key, value)| (key, bare(value))).collect()
}

#[test]
fn the_settings_of_the_readme_are_those_of_the_program() {
    let readme = read("README.md");
    let rows: Vec<Vec<&str>> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .filter(|cells: &Vec<&str>| cells.len() > 4 && cells[2].contains('.'))
        .collect();
    let defaults = defaults();
    for (key, default) in &defaults {
        let row = rows.iter().find(|cells| cells[2] == key).unwrap_or_else(|| panic!("README.md lacks {key}"));
        // Where nothing is the default, the README says in words what that comes to.
        assert!(default.is_empty() || row[3] == default, "{key}: README.md says {}, the program {default}", row[3]);
    }
    assert_eq!(rows.len(), defaults.len(), "README.md has settings that are none");
    // Every name of the environment is one: with nonsense in it the program names it, or takes it as text.
    for row in rows {
        let mut config = std::process::Command::new(env!("CARGO_BIN_EXE_community-chat"));
        let run = config.arg("config").env_clear().env(row[1], "nonsense").output().unwrap();
        let said = String::from_utf8([run.stdout, run.stderr].concat()).unwrap();
        let takes = format!("# environment {}\n", row[1]);
        assert!(said.contains(&takes) || said.contains(&format!(" {} ", row[1])), "{} is no setting: {said}", row[1]);
    }
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    let roots = ["src/", "tests/", "migration/", "examples/", "benches/", "client-demo/", "docs/", "deploy/", "doors/"];
    for document in DOCUMENTS {
        for name in quoted(&read(document)) {
            let path = name.split(['#', ':']).next().unwrap().trim_end_matches('/');
            let is_path = roots.iter().any(|root| name.starts_with(root))
                && !path.contains(['<', '*', '…', '{', ' '])
                && !path.contains("YYYY");
            let found = project(path).exists() || project("src").join(path).exists();
            assert!(!is_path || found, "{document} names `{name}`");
        }
        for link in read(document).split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            let is_file = !target.is_empty() && !target.contains("://");
            let there = project(document).with_file_name(target).exists();
            assert!(!is_file || there, "{document} links to {target}");
        }
    }
}

#[test]
fn every_command_that_the_documents_name_is_one() {
    let makefile = read("Makefile");
    let program = Program::on(On::Sqlite, &[]);
    let mut tried = BTreeSet::new();
    for document in DOCUMENTS {
        for line in read(document).lines() {
            for (at, _) in line.match_indices("make ") {
                let target = line[at + 5..].split(|end: char| !end.is_ascii_lowercase()).next().unwrap();
                let is_command = line[..at].ends_with('`') || line.starts_with("make ");
                assert!(!is_command || makefile.contains(&format!("\n{target}:")), "{document}: make {target}");
            }
            let spoken =
                line.trim_start().strip_prefix("community-chat ").or_else(|| line.split("`community-chat ").nth(1));
            let words = spoken.unwrap_or_default().split(['`', '#']).next().unwrap().split_whitespace();
            let words: Vec<&str> =
                words.take_while(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())).collect();
            if !words.is_empty() && tried.insert(words.join(" ")) {
                let arguments: Vec<&str> =
                    words.iter().copied().filter(|word| *word != "help").chain(["--help"]).collect();
                assert!(program.run(&arguments).status.success(), "{document}: community-chat {}", words.join(" "));
            }
        }
    }
    assert!(tried.len() > 8, "only {tried:?} were found: does this test still read them?");
}
