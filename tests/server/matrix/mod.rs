//! The table of rights of docs/wire/own.md, tried cell by cell on the running server: each action, by
//! each role, in each kind of room, by REST and by its event.

mod cells;
mod foreign_ids;
mod stage;

use std::collections::HashMap;

use super::harness::program::unlimited;
use super::harness::{On, Program, project};
use stage::{ROLES, Stage};

/// What is tried: all cells but those that the table leaves blank.
const CELLS: usize = 843;

const OPEN: [(&str, &str); 8] = [
    ("ALLOW_GUESTS", "true"),
    ("RATE_LIMIT_ROOMS_PER_HOUR", "0"),
    ("RATE_LIMIT_MODERATION_PER_MINUTE", "0"),
    ("RATE_LIMIT_CONTACTS_PER_HOUR", "0"),
    ("RATE_LIMIT_REPORTS_PER_HOUR", "0"),
    ("RATE_LIMIT_UPLOADS_PER_MINUTE", "0"),
    ("RATE_LIMIT_SIGNUPS_PER_HOUR", "0"),
    ("RATE_LIMIT_PROFILE_EDITS_PER_HOUR", "0"),
];

/// An action, and by column the kinds of rooms where it is allowed; none where the cell is blank.
type Row = (String, HashMap<&'static str, Option<String>>);

fn written() -> Vec<Row> {
    const COLUMNS: [&str; 8] = ["owner", "moderator", "member", "outside", "guest", "nobody", "support", "admin"];
    let text = std::fs::read_to_string(project("docs/wire/own.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| action | owner |")).skip(2);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let by_column = COLUMNS.iter().zip(&cells[2..]).map(|(column, cell)| (*column, allowed(cell))).collect();
        (cells[1].to_owned(), by_column)
    };
    table.take_while(|line| line.starts_with('|')).map(row).collect()
}

/// What is bound to a condition is tried elsewhere.
fn allowed(cell: &str) -> Option<String> {
    let bare = ["reported ones M P V D", "reported ones D", "V if invited", "¹", "²", "(hides it)"]
        .iter()
        .fold(cell.to_owned(), |cell, condition| cell.replace(condition, ""));
    (!cell.is_empty()).then(|| bare.chars().filter(|letter| "MPVD".contains(*letter)).collect())
}

/// The column of the table that holds for a role: in the main room everybody is a member, and a direct
/// room has two.
fn place(role: &'static str, kind: char) -> &'static str {
    match (role, kind) {
        ("outside" | "support" | "admin", 'M') | ("owner", 'D') => "member",
        ("moderator" | "member", 'D') | ("support" | "admin", _) => "outside",
        (role, _) => role,
    }
}

/// None where the table says nothing.
fn expected((action, columns): &Row, role: &'static str, kind: char) -> Option<bool> {
    if action == "enter" && kind == 'M' {
        return None; // Everybody is there.
    }
    let by_place = columns[place(role, kind)].as_ref()?.contains(kind);
    let by_role =
        matches!(role, "support" | "admin") && columns[role].as_ref().is_some_and(|kinds| kinds.contains(kind));
    Some(by_place || by_role)
}

async fn try_every_cell(database: On) {
    let table = written();
    let program = Program::on(database, &unlimited(&OPEN));
    let server = program.serve().await;
    let mut tried = 0;
    for (kind, name) in [('M', "Main"), ('P', "Public"), ('V', "Private"), ('V', "Guild"), ('D', "Direct")] {
        let mut stage = Stage::new(&program, &server, kind, name).await;
        for row in &table {
            for role in ROLES {
                let Some(expected) = expected(row, role, kind) else { continue };
                let may = stage.may(role, &row.0).await;
                assert_eq!(may, expected, "{database:?}: {}, by {role} in {name}", row.0);
                tried += 1;
            }
        }
    }
    assert_eq!(tried, CELLS);
}

#[tokio::test]
async fn every_cell_on_sqlite() {
    try_every_cell(On::Sqlite).await;
}

#[tokio::test]
async fn every_cell_on_postgresql() {
    try_every_cell(On::Postgres).await;
}
