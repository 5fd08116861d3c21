//! What stands in the database, on both.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use super::files::{Form, lying, png, so_many_lie};
use super::harness::{BOTH, On, Person, Program, Server, Socket, eventually, project};

#[tokio::test]
async fn the_text_of_another_room_never_stands_where_node_shows_it_to_everybody() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        program.say(&["room", "add", "--slug", "garden", "--name", "The garden", "--private"]);
        program.say(&["room", "add", "--slug", "square", "--name", "The square"]);
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        assert_eq!(socket.ask("join-room", json!("garden")).await["error"], "Room not found");
        socket.succeed("join-room", json!("square")).await;
        socket.succeed("send-message", json!({ "message": "for everybody" })).await;
        let sent = socket.succeed("send-message", json!({ "message": "for the square", "roomId": "square" })).await;
        assert_eq!((&sent["data"]["seq"], &sent["data"]["rev"]), (&json!(1), &json!(1)));
        let id = sent["data"]["id"].clone();
        socket.succeed("edit-message", json!({ "messageId": id, "message": "edited for the square" })).await;
        socket.succeed("delete-message", json!({ "messageId": id })).await;
        assert_eq!(program.sql("SELECT message FROM \"CommunityChats\""), ["for everybody"]);
        assert_eq!(program.sql("SELECT body FROM chat_log WHERE room <> 1"), ["[Message deleted]"]);
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_log WHERE room = 1 AND body IS NOT NULL"), ["0"]);
    }
}

#[tokio::test]
async fn numbers_go_on_after_a_restart_and_a_repeat_is_the_first_message() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        let message = json!({ "message": "once", "clientOffset": "a-1" });
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let first = socket.succeed("send-message", message.clone()).await["data"].clone();
        server.kill();

        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        assert_eq!(socket.succeed("send-message", message).await["data"], first);
        let next = socket.succeed("send-message", json!({ "message": "twice" })).await["data"].clone();
        assert_eq!((&next["seq"], &next["rev"]), (&json!(2), &json!(2)));
        let history = socket.succeed("load-messages", json!({})).await;
        assert_eq!(history["data"], json!([first, next]));
    }
}

#[tokio::test]
async fn two_that_start_at_once_migrate_once() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let (one, two) = tokio::join!(program.serve(), program.serve());
        drop((one, two));
        let changes = std::fs::read_dir(project("migration/src")).unwrap();
        let changes = changes.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with('m'));
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_migrations"), [changes.count().to_string()]);
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_rooms"), ["1"]);
    }
}

#[tokio::test]
async fn a_start_waits_for_who_holds_the_file() {
    let program = Program::on(On::Sqlite, &[]);
    program.sql("CREATE TABLE notes (note TEXT)");
    let script = "import sqlite3,sys,time\ndb=sqlite3.connect(sys.argv[1],isolation_level=None)\ndb.execute('BEGIN EXCLUSIVE')\n\
                  print('held',flush=True)\ntime.sleep(5)\ndb.execute('COMMIT')";
    let mut holds = Command::new("python3")
        .args(["-c", script])
        .arg(program.folder.path().join("chat.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(holds.stdout.take().unwrap()).read_line(&mut said).unwrap();
    drop(program.serve().await);
    assert!(holds.wait().unwrap().success());
}

async fn warnings(server: &Server) -> String {
    let ready = reqwest::get(format!("{}/readyz", server.url)).await.unwrap();
    ready.json::<serde_json::Value>().await.unwrap()["warnings"].to_string()
}

#[tokio::test]
async fn a_second_server_says_that_it_is_not_alone() {
    const SAID: &str = "another server runs on this database";
    for database in BOTH {
        let program = Program::on(database, &[]);
        let first = program.serve().await;
        let second = program.serve().await;
        eventually("the second warns", async || warnings(&second).await.contains(SAID)).await;
        assert!(second.logged().contains(SAID));
        let beside = program.run(&["user", "list"]);
        let beside = (beside.status.success(), String::from_utf8(beside.stderr).unwrap());
        assert!(beside.0 && !beside.1.contains(SAID), "the command line beside it does not: {}", beside.1);
        assert!(!warnings(&first).await.contains(SAID));
        first.kill();
        eventually("it is alone again", async || !warnings(&second).await.contains(SAID)).await;
        assert!(!program.run(&["migrate", "down"]).status.success());
        program.say(&["migrate", "down", "--force"]);
    }
}

#[tokio::test]
async fn a_server_that_takes_the_place_of_another_does_not_warn() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        program.serve().await.kill();
        let server = program.serve().await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!((warnings(&server).await.as_str(), server.logged().contains("WARN")), ("[]", false));
    }
}

/// Something of all that there is.
async fn live(program: &Program, server: &Server) -> (Person, Value) {
    let [ann, ben] = ["ann", "ben"].map(|userid| Person::new(program, server, userid));
    let mut socket = ann.socket().await;
    let sent = socket.succeed("send-message", json!({ "message": "kept" })).await["data"].clone();
    let entry = ann.rest("POST", "/api/auth/guest", json!({ "name": "Zoe" })).await;
    let mut zoe = Socket::with_token(&server.url, entry["accessToken"].as_str().unwrap()).await;
    zoe.succeed("send-message", json!({ "message": "of a guest" })).await;
    let den = ann.make_room("Den", true).await;
    let den = den["id"].as_str().unwrap();
    socket.succeed("send-message", json!({ "roomId": den, "message": "behind doors" })).await;
    ann.rest("PUT", &format!("/api/rooms/{den}/invites/{}", ben.id()), Value::Null).await;
    ann.rest("PATCH", "/api/me", json!({ "bio": "Gardener" })).await;
    ann.rest("POST", "/api/me/characters", json!({ "name": "Gandalf" })).await;
    ann.rest("PUT", &format!("/api/me/blocks/{}", ben.id()), Value::Null).await;
    ann.rest("PUT", &format!("/api/rooms/{den}/mutes/{}", ben.id()), json!({ "seconds": 600, "reason": "Spam" })).await;
    ben.rest("PUT", &format!("/api/me/reports/{}", sent["id"].as_str().unwrap()), json!({ "reason": "spam" })).await;
    Form::file("rose.png", &png(50, 50)).sent(&ann, den).await;
    Form::file("a.png", &png(9, 9)).send(&ann, Method::PUT, "/api/me/avatar").await;
    so_many_lie(program, 3).await;
    (ann, sent)
}

#[tokio::test]
async fn migrations_go_down_and_up_on_a_populated_database() {
    for database in BOTH {
        let program = Program::on(database, &[("ALLOW_GUESTS", "true")]);
        let server = program.serve().await;
        let (ann, sent) = live(&program, &server).await;
        let refused = String::from_utf8(program.run(&["migrate", "down"]).stderr).unwrap();
        assert!(refused.contains("a server runs on") && refused.contains("--force"), "{refused}");
        assert!(server.stop().await.as_secs() < 15);

        let said = program.say(&["migrate", "down"]);
        for line in [
            "removes all rooms but main-chat with 2 messages",
            "removes 1 messages of guests in main-chat",
            "removes 2 files and faces, with their bytes",
            "removes 1 profiles, 1 characters and 1 blocks",
            "removes 1 reports and 1 entries of the audit",
            "removes who 1 guests are",
            "removes all sessions",
        ] {
            let words = line.strip_prefix("removes ").unwrap();
            assert!(said.lines().any(|line| line.starts_with("removes") && line.contains(words)), "{line}: {said}");
        }
        assert!(said.lines().all(|line| line.starts_with("pending") || line.starts_with("removes")), "{said}");
        assert_eq!(lying(&program), [""; 0]);
        assert!(!program.run(&["serve", "--no-migrate"]).status.success());
        assert_eq!(
            program.sql("SELECT message FROM \"CommunityChats\""),
            ["kept"],
            "Node's tables are nobody's to drop"
        );
        assert!(program.say(&["migrate", "up"]).lines().all(|line| line.starts_with("applied")));

        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.account.token).await;
        let history = socket.succeed("load-messages", json!({})).await;
        assert_eq!(history["data"].as_array().unwrap().len(), 1);
        assert_eq!(history["data"][0]["id"], sent["id"]);
        assert_eq!(history["data"][0]["created_at"], sent["created_at"]);
        let next = socket.succeed("send-message", json!({ "message": "after" })).await;
        assert_eq!(next["data"]["seq"], 2);
        assert_eq!(program.sql("SELECT visible FROM chat_authors"), ["2"]);
    }
}

/// Rooms that were there before their names could be searched are found too, and what was deleted then
/// is noted as empty.
#[tokio::test]
async fn rooms_of_before_are_found_by_name() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        program.say(&["room", "add", "--slug", "clinic", "--name", "Ärztehaus"]);
        program.say(&["room", "add", "--slug", "gone", "--name", "Gone"]);
        for undo in [
            "DROP INDEX chat_erasures_open",
            "DROP INDEX chat_members_role",
            "DROP INDEX chat_rooms_full",
            "DROP INDEX chat_rooms_named",
            "ALTER TABLE chat_rooms DROP COLUMN emptied_at",
            "ALTER TABLE chat_rooms DROP COLUMN name_lower",
            "UPDATE chat_rooms SET deleted_at = 1, name = '' WHERE slug = 'gone'",
            "DELETE FROM chat_migrations WHERE version LIKE '%000008%'",
        ] {
            program.sql(undo);
        }
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let found = ann.rest("GET", "/api/rooms?q=%C3%A4rzte", Value::Null).await;
        assert_eq!(found["data"][0]["slug"], "clinic", "{found}");
        let emptied = "SELECT slug FROM chat_rooms WHERE emptied_at IS NOT NULL";
        eventually("it is swept once", async || program.sql(emptied) == ["gone"]).await;
    }
}

#[tokio::test]
async fn counters_agree_with_counting() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        for account in [&ann, &ben] {
            let mut socket = Socket::with_token(&server.url, &account.token).await;
            for number in 0..10 {
                let sent = socket.succeed("send-message", json!({ "message": format!("number {number}") })).await;
                if number % 3 == 0 {
                    socket.succeed("delete-message", json!({ "messageId": sent["data"]["id"] })).await;
                }
            }
        }
        drop(server);
        assert_eq!(program.sql("SELECT visible FROM chat_rooms"), ["12"]);
        assert_eq!(program.sql("SELECT SUM(visible) FROM chat_daily"), ["12"]);
        assert_eq!(program.sql("SELECT visible FROM chat_authors ORDER BY visible"), ["6", "6"]);
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_log WHERE NOT deleted"), ["12"]);
    }
}

#[tokio::test]
async fn a_redis_that_is_not_used_yet_is_said_not_to_be() {
    let program = Program::on(super::harness::On::Sqlite, &[("REDIS_URL", "redis://:hush@127.0.0.1/")]);
    let server = program.serve().await;
    for said in [warnings(&server).await, server.logged()] {
        assert!(said.contains("REDIS_URL is given, but") && !said.contains("hush"), "{said}");
    }
}
