//! docs/wire/own.md says what is true: its tables, indexes, routes, events, refusals and limits are held against
//! the program.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::{BOTH, On, Person, Program, project};

fn document() -> String {
    std::fs::read_to_string(project("docs/wire/own.md")).unwrap()
}

/// The rows of every table whose head begins so, as cells.
fn rows(head: &str) -> Vec<Vec<String>> {
    let document = document();
    let (mut rows, mut is_in) = (Vec::new(), false);
    for line in document.lines() {
        is_in = line.starts_with(head) || (is_in && line.starts_with('|'));
        if is_in && !line.starts_with(head) && !line.starts_with("|---") {
            rows.push(line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect());
        }
    }
    assert!(!rows.is_empty(), "there is no table that begins with {head}");
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn columns_there(database: On) -> &'static str {
    match database {
        On::Sqlite => {
            "SELECT t.name || ' ' || c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' \
             AND t.name LIKE 'chat\\_%' ESCAPE '\\' AND t.name <> 'chat_migrations'"
        }
        On::Postgres => {
            "SELECT table_name || ' ' || column_name FROM information_schema.columns WHERE table_schema = current_schema() \
             AND table_name LIKE 'chat\\_%' AND table_name <> 'chat_migrations'"
        }
    }
}

/// PostgreSQL writes conditions anew: there it is compared whether there is one.
fn indexes_there(program: &Program, database: On) -> BTreeSet<String> {
    let question = match database {
        On::Sqlite => {
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'chat_%' AND sql IS NOT NULL"
        }
        On::Postgres => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename LIKE 'chat_%' AND NOT EXISTS \
             (SELECT 1 FROM pg_constraint c WHERE c.conname = indexname AND c.contype IN ('p', 'u'))"
        }
    };
    let said = |made: String| {
        let is_unique = made.starts_with("CREATE UNIQUE");
        let what = made.split_once(" ON ").unwrap().1.replace("public.", "").replace("USING btree ", "");
        format!("{}{}", comparable(&what, database), if is_unique { " unique" } else { "" })
    };
    program.sql(question).into_iter().map(said).collect()
}

fn comparable(index: &str, database: On) -> String {
    match (index.split_once(" WHERE "), database) {
        (Some((index, _)), On::Postgres) => format!("{index} of some"),
        _ => index.to_owned(),
    }
}

#[test]
fn its_tables_and_indexes_are_those_of_the_database() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        program.say(&["migrate", "up"]);
        let there: BTreeSet<String> = program.sql(columns_there(database)).into_iter().collect();
        let said: BTreeSet<String> = rows("| table | columns |")
            .iter()
            .flat_map(|row| row[1].split(", ").map(|column| format!("{} {column}", row[0].trim_matches('`'))))
            .collect();
        assert_eq!(there, said);

        let said: BTreeSet<String> = rows("| index | for |")
            .iter()
            .flat_map(|row| {
                let cell = row[0].clone();
                let unique =
                    move |index: &str| if cell.contains(&format!("`{index}` unique")) { " unique" } else { "" };
                quoted(&row[0])
                    .into_iter()
                    .map(move |index| format!("{}{}", comparable(&index, database), unique(&index)))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(indexes_there(&program, database), said);
    }
}

/// Each route of its tables, with the event that asks the same.
fn routes() -> Vec<(String, Option<String>)> {
    let is_route = |name: &String| name.contains(' ');
    let pairs = rows("| route").into_iter().flat_map(|row| {
        let names = quoted(&row[0]);
        let event = names.iter().find(|name| !is_route(name)).cloned();
        names.into_iter().filter(is_route).map(move |route| (route, event.clone())).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// The other way round a test of `doors/requests` compares.
#[tokio::test]
async fn its_routes_and_events_are_there() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    let (nobody, ann) = (Person::nobody(&server), Person::new(&program, &server, "ann"));
    let mut socket = ann.socket().await;
    let routes = routes();
    assert!(routes.len() > 60, "only {} were found: does this test still read them?", routes.len());
    for (route, event) in routes {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", "0").replace("{userId}", "0").replace("{messageId}", "0");
        let (status, answer) = nobody.request(method, &path, Value::Null).await;
        let code = answer["error"]["code"].as_str().unwrap_or_default();
        assert!(status != 405 && code != "not_found", "{route}: {status} {answer}");
        if let Some(event) = event {
            let answer = socket.ask(&event, json!({})).await;
            assert_ne!(answer["code"], "unknown_event", "{event}");
        }
    }
}

/// The sources of these folders, without their tests.
fn sources(folders: &[&str]) -> String {
    fn below(folder: std::path::PathBuf, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_of_tests = path.file_name().unwrap().to_string_lossy().contains("tests");
            if path.is_dir() {
                below(path, text);
            } else if !is_of_tests {
                let source = std::fs::read_to_string(path).unwrap();
                text.push_str(source.split("#[cfg(test)]\nmod").next().unwrap());
            }
        }
    }
    let mut text = String::new();
    folders.iter().for_each(|folder| below(project(folder), &mut text));
    text
}

fn words_joined_by(sign: char, texts: Vec<String>) -> BTreeSet<String> {
    let is_name = |text: &String| {
        let mut parts = text.split(sign);
        text.contains(sign) && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    texts.into_iter().filter(is_name).collect()
}

fn literals(source: &str) -> Vec<String> {
    source.lines().flat_map(|line| line.split('"').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// What the two documents of the wire name, wherever.
fn documented() -> BTreeSet<String> {
    let contract = std::fs::read_to_string(project("COMMUNITY_CHAT_WEBSOCKET_API.md")).unwrap();
    let prose = |text: &str| text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    [document(), contract].iter().flat_map(|text| quoted(&prose(text))).collect()
}

#[test]
fn what_a_client_hears_is_what_is_told() {
    let told = words_joined_by('-', literals(&sources(&["src/chat", "src/store", "src/doors/community_socketio"])));
    let heard: BTreeSet<String> = rows("| event | payload").iter().flat_map(|row| quoted(&row[0])).collect();
    let missing: Vec<_> = heard.difference(&told).collect();
    assert!(missing.is_empty(), "nothing tells {missing:?}");
    let documented = documented();
    let unknown: Vec<_> = told.iter().filter(|name| *name != "community-chat" && !documented.contains(*name)).collect();
    assert!(unknown.is_empty(), "no document names {unknown:?}");
}

/// Its tables of refusals: codes, and of each the status.
fn refusals() -> Vec<(String, u16)> {
    let of = |row: &Vec<String>| {
        let codes = quoted(&row[0]);
        let statuses: Vec<u16> = row[1].split(", ").map(|status| status.parse().unwrap()).collect();
        codes.into_iter().enumerate().map(|(at, code)| (code, statuses[at.min(statuses.len() - 1)])).collect::<Vec<_>>()
    };
    rows("| code | status | text |").iter().flat_map(of).collect()
}

#[test]
fn its_refusals_are_those_of_the_program() {
    let source = sources(&["src/doors"]);
    let known: BTreeSet<String> = literals(&source).into_iter().collect();
    let refusals = refusals();
    for (code, _) in &refusals {
        assert!(known.contains(code), "nothing is refused with {code}");
    }
    // `described("code", status`, as the tables of the doors have it.
    let documented = documented();
    let squeezed = source.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    let mut count = 0;
    for made in squeezed.split("described(\"").skip(1) {
        let (code, rest) = made.split_once('"').unwrap();
        let status: u16 = rest[2..5].parse().unwrap();
        assert!(documented.contains(code), "no document names {code}");
        let said: Vec<u16> = refusals.iter().filter(|(other, _)| other == code).map(|(_, status)| *status).collect();
        assert!(said.is_empty() || said.contains(&status), "{code} is {status}, and not {said:?}");
        count += 1;
    }
    for made in ["Refused::new(", "Refused::later("].iter().flat_map(|called| squeezed.split(called).skip(1)) {
        let Some(code) = made.split(',').take(2).find_map(|part| part.trim().strip_prefix('"')?.strip_suffix('"'))
        else {
            continue;
        };
        assert!(documented.contains(code), "no document names {code}");
        count += 1;
    }
    assert!(count > 70, "only {count} were found: does this test still read them?");
}

#[test]
fn its_limits_are_settings_with_these_defaults() {
    let defaults: toml::Table =
        toml::from_str(&std::fs::read_to_string(project("config.default.toml")).unwrap()).unwrap();
    let numbers = |cell: &str| -> Vec<i64> {
        let amount = |text: &str| {
            let mut words = text.split_whitespace();
            let number: i64 = words.next()?.parse().ok()?;
            Some(
                number
                    << match words.next() {
                        Some("GiB") => 30,
                        Some("MiB") => 20,
                        _ => 0,
                    },
            )
        };
        cell.split(", ").filter_map(amount).collect()
    };
    for row in rows("| setting | default |") {
        let names = quoted(&row[0]);
        let values = numbers(&row[1]);
        for (at, name) in names.iter().enumerate() {
            let key = name.to_lowercase();
            let (section, value) = defaults
                .iter()
                .find_map(|(section, table)| {
                    let table = table.as_table().unwrap();
                    Some((section, table.get(&key).or_else(|| table.get(key.strip_prefix(&format!("{section}_"))?))?))
                })
                .unwrap_or_else(|| panic!("{name} is no setting"));
            if values.len() == names.len() && section == "limits" {
                assert_eq!(value.as_integer(), Some(values[at]), "{name}");
            }
        }
    }
}
