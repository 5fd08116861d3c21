//! What an export names, and that all of it is there.

use serde_json::{Value, json};

use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, Person, Program};

#[tokio::test]
async fn rooms_that_one_may_not_see_are_not_named() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        for name in ["Joined", "Left", "Kicked", "Banned", "Invited", "Invited before"] {
            let room = ann.make_room(name, true).await;
            let path = |rest: &str| format!("/api/rooms/{}/{rest}", room["id"].as_str().unwrap());
            ann.rest("PUT", &path(&format!("invites/{}", ben.id())), Value::Null).await;
            if !name.starts_with("Invited") {
                ben.rest("POST", &path("join"), Value::Null).await;
            }
            match name {
                "Left" => drop(ben.rest("POST", &path("leave"), Value::Null).await),
                "Kicked" => drop(ann.rest("DELETE", &path(&format!("members/{}", ben.id())), Value::Null).await),
                "Banned" => drop(ann.rest("PUT", &path(&format!("bans/{}", ben.id())), json!({})).await),
                "Invited before" => {
                    program.sql(
                        "UPDATE chat_members SET expires_at = 1 WHERE state = 'invited' \
                         AND room = (SELECT number FROM chat_rooms WHERE name = 'Invited before')",
                    );
                }
                _ => {}
            }
            ann.rest(
                "PATCH",
                &format!("/api/rooms/{}", room["id"].as_str().unwrap()),
                json!({ "name": format!("{name} now") }),
            )
            .await;
        }
        let export = ben.rest("GET", "/api/me/export", Value::Null).await;
        let rooms: Vec<(String, Value)> = export["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|room| (room["state"].as_str().unwrap().to_owned(), room["name"].clone()))
            .collect();
        let expected = [
            ("member", json!("Joined now")),
            ("left", Value::Null),
            ("left", Value::Null),
            ("banned", Value::Null),
            ("invited", json!("Invited now")),
            ("invited", Value::Null),
        ];
        assert_eq!(rooms, expected.map(|(state, name)| (state.to_owned(), name)), "{database:?}");
        let slugs = export["rooms"].as_array().unwrap().iter().filter(|room| room["slug"].is_string()).count();
        assert_eq!(slugs, 2);
        assert_eq!((&export["account"]["role"], &export["account"]["status"]), (&json!("user"), &json!("active")));
    }
}

/// Of each part more than is read at a time.
#[tokio::test]
async fn what_takes_many_pages_is_there_once_and_whole() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let is_postgres = program.database_url.starts_with("postgres");
        let id = if is_postgres { format!("'{}'", ann.id()) } else { format!("x'{}'", ann.id().replace('-', "")) };
        program.sql(&format!(
            "INSERT INTO chat_characters (user_id, name, folded, created_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL \
             SELECT i + 1 FROM n WHERE i < 1200) SELECT {}, 'character ' || i, 'c' || i, 1 FROM n",
            if is_postgres { format!("CAST({id} AS uuid)") } else { id.clone() }
        ));
        let random = if is_postgres { "gen_random_uuid()" } else { "randomblob(16)" };
        program.sql(&format!(
            "INSERT INTO chat_audit (id, at, action, target, reason) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL \
             SELECT i + 1 FROM n WHERE i < 1200) SELECT {random}, i, 'member-muted', {}, 'reason ' || i FROM n",
            if is_postgres { format!("CAST({id} AS uuid)") } else { id }
        ));
        let export: Value = serde_json::from_str(&program.say(&["user", "export", "ann"])).unwrap();
        for (part, field, prefix) in [("characters", "name", "character "), ("audit", "reason", "reason ")] {
            let said =
                export[part].as_array().unwrap().iter().filter_map(|row| row[field].as_str()?.strip_prefix(prefix));
            let mut numbers: Vec<u32> = said.map(|number| number.parse().unwrap()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=1200).collect::<Vec<_>>(), "{part}, {database:?}");
        }
        assert!(export["audit"][0].get("key").is_none());
    }
}
