//! The Node app on the same PostgreSQL: before us, after us, beside us. Its Sequelize models are
//! those of `benches/peers/node`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::harness::person::log_in;
use super::harness::program::node;
use super::harness::{ACCESS_TOKEN_SECRET, On, Postgres, Program, Settings, Socket, eventually, free_port, project};

fn folder() -> PathBuf {
    project("benches/peers/node")
}

/// A database as Node leaves it, with users and messages in all states.
async fn made_by_node(room_id: &str, settings: Settings<'_>) -> (Program, Value) {
    let program = Program::on(On::Postgres, settings);
    let environment = environment(&program, room_id);
    node(&folder(), &["sync.mjs"], &environment).await;
    let seeded = node(&folder(), &["seed.mjs", "4", "200"], &environment).await;
    let seeded = serde_json::from_str(&seeded).unwrap();
    (program, seeded)
}

fn environment<'a>(program: &'a Program, room_id: &'a str) -> [(&'a str, &'a str); 3] {
    [("DATABASE_URL", &program.database_url), ("ACCESS_TOKEN_SECRET", ACCESS_TOKEN_SECRET), ("ROOM_ID", room_id)]
}

fn columns(program: &Program) -> String {
    let sql = "SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default FROM information_schema.columns \
               WHERE table_name IN ('Users', 'CommunityChats') ORDER BY table_name, ordinal_position";
    Postgres::shared().query(&program.database_url, sql)
}

/// What Node shows: visible rows in its order.
fn node_shows(program: &Program) -> Vec<String> {
    let sql = "SELECT id FROM \"CommunityChats\" WHERE is_deleted = false ORDER BY created_at, id";
    Postgres::shared().query(&program.database_url, sql).lines().map(str::to_owned).collect()
}

async fn we_show(socket: &mut Socket) -> Vec<String> {
    let history = socket.succeed("load-messages", json!({ "limit": 1000 })).await;
    let ids = history["data"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap().to_owned());
    assert_eq!(history["pagination"]["total"], history["data"].as_array().unwrap().len());
    ids.collect()
}

#[tokio::test]
async fn a_node_database_is_taken_in_and_can_be_given_back_at_any_time() {
    for room_id in ["", "1"] {
        let (program, seeded) = made_by_node(room_id, &[("AUTH_MODE", "trust-user-id")]).await;
        let before = columns(&program);
        let report = program.say(&["adopt", "--check"]);
        assert!(report.contains("accounts 4, messages 200 (new 200, changed 0, removed 0)"), "{report}");
        assert!(report.contains("nothing was changed"));
        assert_eq!(Postgres::shared().query(&program.database_url, "SELECT to_regclass('chat_log')"), "");
        program.say(&["adopt"]);

        let user = &seeded["users"][0];
        let server = program.serve().await;
        let mut socket = Socket::connect(&server.url, json!({ "userId": user["id"] })).await;
        assert_eq!(we_show(&mut socket).await, node_shows(&program));
        let sent = socket.succeed("send-message", json!({ "message": "from the new server" })).await;
        assert_eq!(sent["data"]["seq"], 201, "numbered after what is there");
        let shown = we_show(&mut socket).await;
        assert!(server.stop().await < Duration::from_secs(15));
        assert_eq!(columns(&program), before, "Node's tables are as they were");

        // Node is started again, alters what it likes, writes, and goes.
        node(&folder(), &["sync.mjs"], &environment(&program, room_id)).await;
        assert_eq!(
            Postgres::shared()
                .query(&program.database_url, "SELECT COUNT(*) FROM pg_trigger WHERE tgname = 'chat_note_foreign'"),
            "2",
            "our triggers survive it"
        );
        let while_away: Value =
            serde_json::from_str(&node(&folder(), &["seed.mjs", "1", "30"], &environment(&program, room_id)).await)
                .unwrap();
        assert!(while_away["users"][0]["id"].is_string());

        let server = program.serve().await;
        let mut socket = Socket::connect(&server.url, json!({ "userId": user["id"] })).await;
        let now = we_show(&mut socket).await;
        assert_eq!(now[..shown.len()], shown, "nothing is lost and nothing moved");
        let mut ours = now.clone();
        let mut nodes = node_shows(&program);
        ours.sort_unstable();
        nodes.sort_unstable();
        assert_eq!(ours, nodes);
        program_is_given_back(&program, server).await;
    }
}

async fn program_is_given_back(program: &Program, server: super::harness::Server) {
    let rows = "SELECT COUNT(*) FROM \"CommunityChats\"";
    let before = Postgres::shared().query(&program.database_url, rows);
    server.stop().await;
    program.say(&["migrate", "down"]);
    assert_eq!(Postgres::shared().query(&program.database_url, rows), before);
    let left = "SELECT (SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'chat_%') + (SELECT COUNT(*) FROM pg_proc WHERE proname LIKE 'chat_%') \
                + (SELECT COUNT(*) FROM information_schema.tables WHERE table_name LIKE 'chat_%' AND table_name <> 'chat_migrations')";
    assert_eq!(Postgres::shared().query(&program.database_url, left), "0", "nothing of ours is left");
}

#[tokio::test]
async fn somebody_of_node_logs_in_and_a_wrong_password_is_counted_as_there() {
    let (program, seeded) = made_by_node("", &[]).await;
    let server = program.serve().await;
    let (user, password) = (&seeded["users"][1], &seeded["password"]);
    let log_in = async |identifier: &Value, password: &Value| {
        log_in(&server, identifier.as_str().unwrap(), password.as_str().unwrap()).await
    };
    let (status, answer) = log_in(&user["email"], password).await;
    assert_eq!((status, &answer["message"]), (200, &json!("Login successful")));
    let token = answer["user"]["accessToken"].as_str().unwrap();
    Socket::with_token(&server.url, token).await.succeed("send-message", json!({ "message": "hello" })).await;
    for left in [4, 3, 2, 1] {
        let (status, answer) = log_in(&user["userid"], &json!("wrong")).await;
        assert_eq!(
            (status, answer["message"].as_str().unwrap()),
            (400, format!("Invalid email or password. {left} attempts remaining.").as_str())
        );
        let (_, unknown) = log_in(&json!("nobody of that name"), &json!("wrong")).await;
        assert_eq!(answer, unknown, "it does not tell who has an account");
    }
    assert_eq!(log_in(&user["userid"], &json!("wrong")).await.0, 403);
    assert_eq!(log_in(&user["userid"], password).await.0, 403, "locked");
    let mut session = Socket::with_token(&server.url, token).await;
    session.succeed("send-message", json!({ "message": "a lock by wrong passwords ends nobody's session" })).await;
}

#[tokio::test]
async fn node_and_this_server_side_by_side_show_each_others_messages() {
    let (program, seeded) = made_by_node("", &[("AUTH_MODE", "trust-user-id")]).await;
    let server = program.serve().await;
    let port = free_port().to_string();
    let mut peer = tokio::process::Command::new("node")
        .arg("server.mjs")
        .envs(environment(&program, ""))
        .env("PORT", &port)
        .current_dir(folder())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(peer.stdout.take().unwrap()).lines();
    let ready = tokio::time::timeout(Duration::from_secs(30), printed.next_line())
        .await
        .expect("the Node server does not start");
    assert!(ready.unwrap().unwrap().contains("listening"));
    let users = seeded["users"].to_string();
    let node_url = format!("http://127.0.0.1:{port}");
    let environment = [
        ("NODE_URL", node_url.as_str()),
        ("CHAT_URL", &server.url),
        ("CHAT_USERS", &users),
        ("CHAT_MODE", "trust-user-id"),
    ];
    node(&project("tests/clients"), &["side_by_side.mjs"], &environment).await;
}

#[tokio::test]
async fn what_an_administrator_does_to_the_tables_shows_at_once() {
    let (program, seeded) = made_by_node("", &[("AUTH_MODE", "trust-user-id")]).await;
    let server = program.serve().await;
    let (ann, ben) = (&seeded["users"][0]["id"], &seeded["users"][1]["id"]);
    let sql = |sql: &str| Postgres::shared().query(&program.database_url, sql);
    let mut a = Socket::connect(&server.url, json!({ "userId": ann })).await;
    let mut b = Socket::connect(&server.url, json!({ "userId": ben })).await;
    let sent = b.succeed("send-message", json!({ "message": "before" })).await["data"].clone();
    a.hear("message-received").await;

    sql(&format!("UPDATE \"CommunityChats\" SET message = 'by hand' WHERE id = {}", quoted(&sent["id"])));
    assert_eq!(a.hear("message-edited").await["message"], "by hand");
    sql(&format!("UPDATE \"Users\" SET name = 'Renamed' WHERE id = {}", quoted(ben)));
    eventually("the new name stands beside new messages", async || {
        let sent = b.succeed("send-message", json!({ "message": "named" })).await;
        sent["data"]["User"]["name"] == "Renamed"
    })
    .await;
    sql(&format!("UPDATE \"CommunityChats\" SET is_deleted = NULL WHERE id = {}", quoted(&sent["id"])));
    assert_eq!(a.hear("message-deleted").await["id"], sent["id"]);
    sql(&format!("UPDATE \"Users\" SET status = 'locked' WHERE id = {}", quoted(ben)));
    eventually("who is locked may not write", async || {
        b.ask("send-message", json!({ "message": "locked" })).await["error"] == "User not authenticated"
    })
    .await;
    sql(&format!("DELETE FROM \"Users\" WHERE id = {}", quoted(ben)));
    eventually("the messages of a removed account are gone", async || {
        let history = a.succeed("load-messages", json!({ "limit": 1000 })).await;
        !history["data"].as_array().unwrap().iter().any(|message| message["user_id"] == *ben)
    })
    .await;
    let mut everything = node_shows(&program);
    let mut shown = we_show(&mut a).await;
    everything.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, everything);
}

fn quoted(id: &Value) -> String {
    format!("'{}'", id.as_str().unwrap())
}

/// As Node's own app has it: many more tables, that refer to `"Users"`.
fn original_schema(program: &Program) {
    let schema = std::fs::read_to_string(project("tests/server/original_schema.sql")).unwrap();
    Postgres::shared().query(&program.database_url, &schema);
}

/// A user of the database who owns nothing, and what they were granted.
fn stranger(program: &Program, grants: &str) -> Program {
    let name = program.database_url.rsplit('/').next().unwrap();
    let role = format!("stranger_{name}");
    let sql = format!("CREATE ROLE {role} LOGIN; {}", grants.replace("{role}", &role));
    Postgres::shared().query(&program.database_url, &sql);
    let url = program.database_url.replace("postgres@", &format!("{role}@"));
    Program::on_url(tempfile::tempdir().unwrap(), url, &[("PORT", &free_port().to_string())])
}

fn has_table_of_ours(program: &Program) -> bool {
    let sql = "SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'chat\\_%'";
    Postgres::shared().query(&program.database_url, sql) != "0"
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_refused_before_anything_is_made() {
    let rights = "GRANT CREATE ON SCHEMA public TO {role}; GRANT SELECT ON \"Users\" TO {role}";
    let without_default = "ALTER TABLE \"CommunityChats\" ADD COLUMN mood text NOT NULL";
    for (sql, grants, said) in [
        (
            "",
            "GRANT CREATE ON SCHEMA public TO {role}",
            &["GRANT SELECT ON \"Users\"", "GRANT SELECT, INSERT, UPDATE ON \"CommunityChats\""][..],
        ),
        ("", rights, &["GRANT SELECT, INSERT, UPDATE ON \"CommunityChats\""]),
        ("", "GRANT ALL ON \"Users\", \"CommunityChats\" TO {role}", &["GRANT CREATE ON SCHEMA"]),
        ("DROP TABLE \"CommunityChats\"", rights, &["GRANT REFERENCES ON \"Users\""]),
        (
            "DROP TABLE \"CommunityChats\"; DROP TABLE \"Users\" CASCADE; CREATE TABLE \"Users\" (id integer PRIMARY KEY, name text)",
            "GRANT CREATE ON SCHEMA public TO {role}; GRANT ALL ON \"Users\" TO {role}",
            &["\"Users\".\"id\" is of the type int4: uuid is needed", "the table \"Users\" has no column \"email\""],
        ),
        (
            without_default,
            "GRANT CREATE ON SCHEMA public TO {role}; GRANT ALL ON \"Users\", \"CommunityChats\" TO {role}",
            &["\"CommunityChats\".\"mood\" must be given in every new row"],
        ),
    ] {
        let program = Program::on(On::Postgres, &[]);
        original_schema(&program);
        Postgres::shared().query(&program.database_url, sql);
        let stranger = stranger(&program, grants);
        let check = stranger.run(&["adopt", "--check"]);
        let listed = String::from_utf8(check.stdout).unwrap();
        assert!(!check.status.success(), "{listed}");
        for arguments in [
            &["adopt"][..],
            &["serve"],
            &["migrate", "up"],
            &["user", "add", "--userid", "a", "--name", "A", "--email", "a@example.com"],
        ] {
            let refused = stranger.run(arguments);
            let line = String::from_utf8(refused.stderr).unwrap();
            assert!(!refused.status.success() && line.trim_end().lines().count() == 1, "{arguments:?}: {line}");
            let line = if arguments[0] == "adopt" { &listed } else { &line };
            assert!(said.iter().all(|obstacle| line.contains(obstacle)), "{arguments:?}: {line}");
            assert!(!has_table_of_ours(&program), "{arguments:?} made tables");
        }
    }
}

#[tokio::test]
async fn who_may_do_just_enough_takes_it_in() {
    let program = Program::on(On::Postgres, &[]);
    original_schema(&program);
    let grants = "GRANT CREATE ON SCHEMA public TO {role}; GRANT SELECT ON \"Users\" TO {role}; \
                  GRANT SELECT, INSERT, UPDATE ON \"CommunityChats\" TO {role}";
    let stranger = stranger(&program, grants);
    let report = stranger.say(&["adopt", "--check"]);
    assert!(report.contains("sign-up and log-in at this server will not work"), "{report}");
    assert!(report.contains("no right to make triggers"), "{report}");
    assert!(!has_table_of_ours(&program));
    stranger.say(&["adopt"]);
    drop(stranger.serve().await);
}

#[tokio::test]
async fn empty_tables_that_node_made_stay_when_ours_go() {
    let program = Program::on(On::Postgres, &[]);
    original_schema(&program);
    program.say(&["migrate", "up"]);
    program.say(&["migrate", "down"]);
    let tables = "SELECT COUNT(*) FROM pg_class WHERE relname IN ('Users', 'CommunityChats')";
    assert_eq!(Postgres::shared().query(&program.database_url, tables), "2");

    let ours = Program::on(On::Postgres, &[]);
    ours.say(&["migrate", "up"]);
    ours.say(&["migrate", "down"]);
    assert_eq!(Postgres::shared().query(&ours.database_url, tables), "0", "what we made and nobody used goes too");
}

/// Only that of `"CommunityChats"` would be filled.
#[test]
fn a_column_room_id_of_users_is_nobodys_business() {
    let program = Program::on(On::Postgres, &[]);
    program.account("ann");
    let alter = "ALTER TABLE \"Users\" ADD COLUMN room_id character varying(20)";
    Postgres::shared().query(&program.database_url, alter);
    program.account("ben");
    let required = "DELETE FROM \"Users\"; ALTER TABLE \"Users\" ALTER COLUMN room_id SET NOT NULL";
    Postgres::shared().query(&program.database_url, required);
    let report = program.say(&["adopt", "--check"]);
    assert!(report.contains("sign-up at this server will not work: \"Users\".\"room_id\" must be given"), "{report}");
    let alter = "ALTER TABLE \"CommunityChats\" ADD COLUMN room_id character varying(20)";
    Postgres::shared().query(&program.database_url, alter);
    let said = String::from_utf8(program.run(&["adopt", "--check"]).stdout).unwrap();
    assert!(said.contains("\"CommunityChats\".\"room_id\" is of the type varchar: uuid is needed"), "{said}");
}
