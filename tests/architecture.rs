//! The dependency rule of ARCHITECTURE.md, kept: who may name whom, how large a file may be, and
//! what no module is called.

#![allow(clippy::unwrap_used)]

#[path = "architecture/proofs.rs"]
mod proofs;
#[path = "architecture/source.rs"]
mod source;

use source::names_in;
use std::{collections::BTreeSet, fs, path::Path};

/// Module → the modules that it may name beside itself.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("bus", &["model", "config"]),
    ("files", &["model", "config"]),
    ("store", &["bus", "model", "config"]),
    ("auth", &["store", "bus", "model", "config"]),
    ("chat", &["store", "files", "bus", "model", "config"]),
    ("doors", &["chat", "auth", "store", "files", "bus", "model", "config"]),
];
/// These wire the parts together and may name any.
const WIRING: &[&str] = &["app", "commands", "ops", "main", "lib"];

/// Crates → the modules that alone may name them.
const OUTSIDE: &[(&[&str], &[&str])] = &[
    (&["sea_orm", "sea_orm_migration", "sqlx"], &["store"]),
    (&["redis"], &["bus"]),
    (&["jsonwebtoken", "argon2", "bcrypt"], &["auth"]),
    (&["object_store", "image", "gif", "infer"], &["files"]),
    (&["axum"], &["doors", "ops", "app"]),
    (&["engineioxide", "socketioxide"], &["doors", "app"]),
];

/// What lies in `doors` and is no dialect.
const SHARED_DOORS: &[&str] = &[
    "socketio",
    "websocket",
    "edge",
    "accounts",
    "requests",
    "bearer",
    "refusals",
    "tally",
    "connection",
    "details",
    "budgets",
    "audience",
    "guests",
    "hearing",
    "places",
    "shift",
    "visit",
    "visitors",
];

const LONGEST_FILE: usize = 450;
const SAYS_NOTHING: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "core", "type", "types", "manager", "managers", "service",
    "services", "handler", "handlers",
];

struct File {
    /// Relative to src, with slashes.
    path: String,
    text: String,
}

#[test]
fn the_source_keeps_the_rule() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &src, &mut files);
    assert!(!files.is_empty());
    let violations = violations(&files);
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let parts = path.strip_prefix(root).unwrap().iter();
            let parts: Vec<_> = parts.map(|part| part.to_string_lossy()).collect();
            let text = fs::read_to_string(&path).unwrap();
            files.push(File { path: parts.join("/"), text });
        }
    }
}

fn violations(files: &[File]) -> Vec<String> {
    let doors = files.iter().map(|file| module_of(&file.path)).filter(|m| m.len() > 1);
    let dialects: BTreeSet<String> = doors
        .filter(|module| module[0] == "doors" && !SHARED_DOORS.contains(&module[1].as_str()))
        .map(|module| module[1].clone())
        .collect();
    let mut found = Vec::new();
    for file in files {
        let mut report = |what: String| found.push(format!("src/{}: {what}", file.path));
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            report(format!("{lines} lines, at most {LONGEST_FILE}"));
        }
        let module = module_of(&file.path);
        let names = names_in(&file.text, &module);
        for called in module.iter().chain(&names.modules) {
            if SAYS_NOTHING.contains(&called.as_str()) {
                report(format!("a module called `{called}` says nothing"));
            }
        }
        for path in names.paths {
            if let Some(why) = forbidden(&module, &path, &dialects) {
                report(format!("`{}`: {why}", path.join("::")));
            }
        }
    }
    found
}

/// `path` begins with `crate`, or with the name of an outside crate.
fn forbidden(module: &[String], path: &[String], dialects: &BTreeSet<String>) -> Option<String> {
    let here = module.first().map_or("lib", String::as_str);
    if path[0] != "crate" {
        let (_, may) = OUTSIDE.iter().find(|(names, _)| names.contains(&path[0].as_str()))?;
        return (!may.contains(&here)).then(|| format!("only {} may name it", may.join(", ")));
    }
    if WIRING.contains(&here) {
        return None;
    }
    let Some(there) = path.get(1).filter(|part| *part != "*") else {
        return Some("name the module, so that this test can see it".into());
    };
    if there != here {
        let Some((_, may)) = MAY_NAME.iter().find(|(name, _)| *name == here) else {
            return Some(format!("`{here}` has no place in the dependency rule yet"));
        };
        return (!may.contains(&there.as_str())).then(|| format!("`{here}` may not name `{there}`"));
    }
    let own = module.get(1).filter(|_| here == "doors")?;
    let other = path.get(2)?;
    let is_other = dialects.contains(own) && dialects.contains(other) && own != other;
    is_other.then(|| format!("the dialect `{own}` may not name the dialect `{other}`"))
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let parts = path.split('/').map(str::to_owned);
    parts.filter(|part| part != "lib").collect()
}
