//! The program on the command line: before the first start, beside a running server, and with
//! settings that are wrong.

use std::os::unix::fs::PermissionsExt;

use super::harness::{On, Postgres, Program, Settings, Socket, free_port};
use serde_json::{Value, json};

/// Without any setting but a folder, as a newcomer has it.
fn bare(settings: Settings) -> (tempfile::TempDir, impl Fn(&[&str]) -> std::process::Output + use<>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let settings: Vec<(String, String)> =
        settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let run = move |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_community-chat"));
        command.args(arguments).current_dir(&path).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
        command.output().unwrap()
    };
    (folder, run)
}

#[tokio::test]
async fn accounts_and_tokens_before_the_first_start_and_beside_a_server() {
    for database in super::harness::BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        let server = program.serve().await;
        let ben = program.account("ben");
        for user in [&ann, &ben] {
            let mut socket = Socket::with_token(&server.url, &user.token).await;
            let sent = socket.succeed("send-message", json!({ "message": "here" })).await;
            assert_eq!(sent["data"]["User"]["userid"], user.userid.as_str());
        }
        let listed = program.say(&["user", "list", "--json"]);
        let names: Vec<Value> =
            listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["userid"].clone()).collect();
        assert_eq!(names, ["ann", "ben"]);
    }
}

#[test]
fn the_first_command_makes_the_folder_the_tables_and_the_secret() {
    let (folder, run) = bare(&[]);
    let made = run(&["user", "add", "--userid", "ann", "--name", "Ann", "--email", "ann@example.com"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = run(&["token", "--user", "ann", "--ttl", "60"]);
    assert_eq!(String::from_utf8(token.stdout).unwrap().trim().split('.').count(), 3);
    for made in ["data/community-chat.db", "data/secrets.toml"] {
        assert!(folder.path().join(made).exists(), "{made}");
    }
}

fn refused(output: std::process::Output) -> String {
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.trim_end().lines().count() == 1, "{said}");
    said
}

#[test]
fn what_only_reads_makes_nothing() {
    let (folder, run) = bare(&[("PORT", &free_port().to_string())]);
    for arguments in [
        &["user", "list"][..],
        &["room", "list"],
        &["migrate", "status"],
        &["migrate", "down"],
        &["token", "--user", "ann"],
        &["serve", "--no-migrate"],
    ] {
        let said = refused(run(arguments));
        assert!(said.contains("there is no database ./data/community-chat.db yet"), "{arguments:?}: {said}");
    }
    for arguments in [&["adopt"][..], &["adopt", "--check"]] {
        assert!(refused(run(arguments)).contains("no PostgreSQL was given: set DATABASE_URL"));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let empty = Program::on(On::Postgres, &[]);
    for arguments in [&["user", "list"][..], &["room", "list"], &["token", "--user", "ann"]] {
        let said = refused(empty.run(arguments));
        assert!(said.contains("there are no tables in PostgreSQL 127.0.0.1:"), "{said}");
    }
    assert!(empty.say(&["migrate", "status"]).lines().all(|line| line.starts_with("pending")));
    empty.say(&["adopt", "--check"]);
    let tables = "SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'chat%'";
    assert_eq!(Postgres::shared().query(&empty.database_url, tables), "0");

    let of_node = Program::on(On::Postgres, &[]);
    let ann = of_node.account("ann");
    of_node.say(&["migrate", "down"]);
    for name in [&ann.id, &ann.userid] {
        of_node.say(&["token", "--user", name]);
    }
    assert!(of_node.say(&["user", "list"]).contains("ann@example.com"));
}

#[test]
fn what_is_made_is_for_nobody_else_to_read() {
    let (folder, run) = bare(&[]);
    let add = ["user", "add", "--userid", "ann", "--name", "Ann", "--email", "ann@example.com"];
    assert!(run(&add).status.success());
    let mode = |path: &str| folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/community-chat.db")), (0o700, 0o600));
}

#[test]
fn only_the_data_folder_is_made() {
    let (folder, run) = bare(&[("DATABASE_URL", "sqlite://./elsewhere/x.db")]);
    assert!(refused(run(&["migrate", "up"])).contains("there is no folder ./elsewhere for the database"));
    assert!(!folder.path().join("elsewhere").exists());
    let (folder, run) = bare(&[("DATABASE_URL", "sqlite://data/x.db")]);
    assert!(run(&["migrate", "up"]).status.success());
    assert!(folder.path().join("data/x.db").exists());
}

#[test]
fn a_database_that_cannot_be_opened_is_named_with_the_cause() {
    let of_postgres = Postgres::shared().database();
    let nobody = of_postgres.replace("postgres@", "nobody:hush@");
    let nameless = of_postgres.replace("postgres@", "");
    let gone = format!("{}_gone", of_postgres.replace("postgres@", "postgres:hush@"));
    for (url, said) in [
        ("postgres://ann:hush@127.0.0.1:1/chat", "PostgreSQL 127.0.0.1:1/chat: Connection refused"),
        ("postgres://ann:hush@127.0.0.1:port/chat", "postgres://ann:***@127.0.0.1:port/chat cannot be read"),
        ("postgres://ann:hu#sh@127.0.0.1/chat", "must be percent-encoded"),
        (&nobody, "role \"nobody\" does not exist\n"),
        (&gone, "_gone\" does not exist\n"),
        (&nameless, "\" does not exist (DATABASE_URL names no user)\n"),
    ] {
        let (_folder, run) = bare(&[("DATABASE_URL", url)]);
        let line = refused(run(&["user", "list"]));
        assert!(line.contains(said) && !line.contains("hu") && !line.contains("at line"), "{line}");
    }
    let port = of_postgres.rsplit([':', '/']).nth(1).unwrap();
    let parts = [("DATABASE_HOST", "127.0.0.1"), ("DATABASE_NAME", "chat"), ("DATABASE_USERNAME", "")];
    let (_folder, run) = bare(&[&parts[..], &[("DATABASE_PORT", port)]].concat());
    let line = refused(run(&["user", "list"]));
    assert!(line.ends_with("(DATABASE_USERNAME is empty)\n"), "{line}");
    let (folder, run) = bare(&[]);
    assert!(run(&["migrate", "up"]).status.success());
    let file = folder.path().join("data/community-chat.db");
    let (_folder, run) = bare(&[("DATABASE_URL", &format!("sqlite://{}?mode=ro", file.display()))]);
    let line = refused(run(&["room", "add", "--slug", "garden", "--name", "Garden"]));
    assert!(line.contains("community-chat.db: the file of the database, or its folder, cannot be written"), "{line}");
}

#[test]
fn the_lists_show_what_an_operator_looks_for() {
    let program = Program::on(On::Sqlite, &[]);
    program.say(&["user", "add", "--userid", "ann", "--email", "ann@example.com", "--role", "admin"]);
    program.say(&["room", "add", "--slug", "garden", "--name", "The garden", "--private"]);
    let users = program.say(&["user", "list"]);
    let words: Vec<&str> = users.split_whitespace().skip(1).collect();
    assert_eq!(words, ["ann", "admin", "active", "ann", "ann@example.com"]);
    let rooms = program.say(&["room", "list"]);
    assert!(rooms.lines().last().unwrap().contains("  private   garden "), "{rooms}");
    let rooms = program.say(&["room", "list", "--json"]);
    let room: Value = serde_json::from_str(rooms.lines().last().unwrap()).unwrap();
    assert_eq!((&room["slug"], &room["kind"]), (&json!("garden"), &json!("private")));
}

#[tokio::test]
async fn the_start_says_which_database_is_open() {
    for database in super::harness::BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let place = match database {
            On::Sqlite => format!("database SQLite {}/chat.db,", program.folder.path().display()),
            On::Postgres => format!("database PostgreSQL {},", program.database_url.rsplit('@').next().unwrap()),
        };
        assert!(server.logged().contains(&place), "{}", server.logged());
    }
}

/// Whoever stands in another folder than the server would not notice that there are two databases.
#[test]
fn what_makes_something_says_in_which_database() {
    let user = ["user", "add", "--userid", "ann", "--email", "ann@example.com"];
    let room = ["room", "add", "--slug", "garden", "--name", "Garden"];
    let remark = |output: std::process::Output| {
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap().lines().last().unwrap_or_default().to_owned()
    };
    for arguments in [&user[..], &room, &["migrate", "up"]] {
        let (_folder, run) = bare(&[]);
        let place = "community-chat: in SQLite ./data/community-chat.db";
        assert_eq!(remark(run(arguments)), format!("{place}, which was made just now"));
        let other = if arguments == user { &room[..] } else { &user };
        assert_eq!(remark(run(other)), place);

        let database = Postgres::shared().database();
        let (_folder, run) = bare(&[("DATABASE_URL", &database.replace("postgres@", "postgres:hush@"))]);
        let place = format!("community-chat: in PostgreSQL {}", database.rsplit('@').next().unwrap());
        assert_eq!(remark(run(arguments)), format!("{place}, which was made just now"));
        assert_eq!(remark(run(other)), place);
    }
    let (folder, run) = bare(&[]);
    assert!(refused(run(&["room", "add", "--slug", "garden", "--name", " "])).contains("--name must be one line"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_token_that_will_be_refused_is_remarked_upon() {
    for database in super::harness::BOTH {
        let program = Program::on(database, &[]);
        program.account("ann");
        let remarks = || {
            let output = program.run(&["token", "--user", "ann"]);
            assert_eq!(String::from_utf8(output.stdout).unwrap().trim().split('.').count(), 3);
            String::from_utf8(output.stderr).unwrap()
        };
        assert_eq!(remarks(), "");
        program.say(&["user", "lock", "ann"]);
        assert_eq!(
            remarks(),
            "community-chat: ann is locked: this token is refused until `community-chat user unlock ann`\n"
        );
        // A lock by wrong passwords holds password login only.
        program.sql(r#"UPDATE "Users" SET failed_login_attempts = 5"#);
        assert_eq!(remarks(), "");
    }
}

#[test]
fn where_there_is_nothing_to_list_that_is_said() {
    let program = Program::on(On::Sqlite, &[]);
    program.say(&["migrate", "up"]);
    let remark = |arguments: &[&str]| {
        let output = program.run(arguments);
        assert!(output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let none = remark(&["user", "list"]);
    assert!(none.starts_with("community-chat: no accounts in SQLite /") && !none.contains("made"), "{none}");
    program.account("ann");
    assert_eq!(remark(&["user", "sessions", "ann"]), "community-chat: ann has no sessions\n");
}

/// As `head` does it, once it has seen enough.
#[tokio::test]
async fn nobody_need_read_what_is_printed() {
    let program = Program::on(On::Sqlite, &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    for _ in 0..4 {
        socket.succeed("send-message", json!({ "message": "long ".repeat(999) })).await;
    }
    server.stop().await;
    for (arguments, code) in [
        (&["user", "list"][..], 0),
        (&["user", "export", "ann"], 0),
        (&["user", "export", "nobody"], 1),
        (&["config"], 0),
        (&["migrate", "status"], 0),
        (&["migrate", "down"], 0),
        (&["migrate", "up"], 0),
    ] {
        let both = std::io::pipe().unwrap().1;
        let ended = program.run_into(arguments, both.try_clone().unwrap(), both);
        assert_eq!(ended.code(), Some(code), "{arguments:?}");
        let (said, none) = (std::io::pipe().unwrap(), std::io::pipe().unwrap().1);
        let ended = program.run_into(arguments, none, said.1);
        let said = std::io::read_to_string(said.0).unwrap();
        assert!(ended.code() == Some(code) && !said.contains("pipe"), "{arguments:?}: {said}");
    }
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let program = Program::on(On::Sqlite, &[]);
    program.account("ann");
    let cases: [(&[&str], &str); 7] = [
        (
            &["user", "add", "--userid", "ann", "--name", "A", "--email", "other@example.com"],
            "there is an account \"ann\" already",
        ),
        (
            &["user", "add", "--userid", "ann2", "--name", "A", "--email", "ANN@example.com"],
            "there is an account with this email already",
        ),
        (&["user", "add", "--userid", " ", "--name", "A", "--email", "a@example.com"], "--userid is required"),
        (
            &["user", "add", "--userid", "a@example.com", "--name", "A", "--email", "a@example.com"],
            "--userid must not contain @",
        ),
        (
            &["user", "add", "--userid", "b\nb", "--email", "nowhere", "--password", "short"],
            "--userid must be one line of at most 255 characters; --email must be an address like ann@example.com; \
             --password must have at least 6 characters",
        ),
        (&["token", "--user", "nobody"], "there is no account \"nobody\" in SQLite /"),
        (&["room", "add", "--slug", "12", "--name", "Twelve"], "--slug is \"12\""),
    ];
    for (arguments, reason) in cases {
        let output = program.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains(reason) && said.trim_end().lines().count() == 1,
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    let cases: [(&str, &str, &str); 6] = [
        ("PORT", "abc", "PORT"),
        ("AUTH_MODE", "none", "AUTH_MODE"),
        ("DATABASE_URL", "mysql://localhost/chat", "DATABASE_URL"),
        ("CORS_ORIGIN", "not an origin", "CORS_ORIGIN"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT"),
        ("PING_INTERVAL", "-1", "PING_INTERVAL"),
    ];
    for (name, value, named) in cases {
        let (_folder, run) = bare(&[(name, value)]);
        let output = run(&[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains(named) && said.trim_end().lines().count() == 1,
            "{name}={value}: {said}"
        );
    }
}

/// What is asked of PostgreSQL's tables, of which there are none yet.
fn nothing_was_made_in(database_url: &str) {
    let tables = "SELECT COUNT(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'";
    assert_eq!(Postgres::shared().query(database_url, tables), "0");
}

#[test]
fn a_start_that_is_refused_for_its_settings_leaves_the_database_as_it_is() {
    let port = free_port().to_string();
    let secrets = [("ACCESS_TOKEN_SECRET", "given"), ("REFRESH_TOKEN_SECRET", "too")];
    let no_folder = [("DATA_DIR", "/dev/null")];
    let cases: [(Vec<(&str, &str)>, &str); 3] = [
        (vec![], "ACCESS_TOKEN_SECRET and REFRESH_TOKEN_SECRET are missing"),
        (secrets[..1].to_vec(), "REFRESH_TOKEN_SECRET is missing"),
        ([&secrets[..], &no_folder].concat(), "/dev/null/files cannot be used for files"),
    ];
    for (settings, reason) in cases {
        let database = Postgres::shared().database();
        let (_folder, run) = bare(&[&[("DATABASE_URL", database.as_str()), ("PORT", &port)], &settings[..]].concat());
        let said = refused(run(&[]));
        assert!(said.contains(reason), "{said}");
        nothing_was_made_in(&database);
    }
    // On SQLite secrets are made, unless those that were made are spoilt.
    let (folder, run) = bare(&[("PORT", &port)]);
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/secrets.toml"), "").unwrap();
    assert!(refused(run(&[])).contains("secrets.toml has no access_token_secret"));
    assert!(!folder.path().join("data/community-chat.db").exists());
}

#[test]
fn postgresql_needs_a_secret_that_is_given() {
    let database = Postgres::shared().database();
    let (_folder, run) = bare(&[("DATABASE_URL", &database)]);
    assert!(run(&["migrate", "up"]).status.success());
    assert!(run(&["user", "add", "--userid", "ann", "--email", "ann@example.com"]).status.success());
    for arguments in [&["token", "--user", "ann"][..], &[]] {
        let (folder, run) = bare(&[("DATABASE_URL", &database)]);
        let said = refused(run(arguments));
        assert!(said.contains("ACCESS_TOKEN_SECRET and REFRESH_TOKEN_SECRET are missing"), "{said}");
        assert!(!folder.path().join("data").exists(), "none was made");
    }
    let secrets = [("ACCESS_TOKEN_SECRET", "given"), ("REFRESH_TOKEN_SECRET", "too")];
    let (_folder, run) = bare(&[&[("DATABASE_URL", database.as_str())], &secrets[..]].concat());
    assert!(run(&["token", "--user", "ann"]).status.success());
}

#[test]
fn the_settings_are_shown_without_their_secrets() {
    let secret = "a secret that nobody may see in the output";
    let (_folder, run) = bare(&[
        ("ACCESS_TOKEN_SECRET", secret),
        ("DATABASE_URL", "postgres://ann:pass%20word@127.0.0.1/chat"),
        ("PORT", "5999"),
    ]);
    let shown = String::from_utf8(run(&["config"]).stdout).unwrap();
    assert!(shown.contains("***") && shown.contains("5999") && shown.contains("PORT"), "{shown}");
    assert!(!shown.contains(secret) && !shown.contains("pass%20word") && !shown.contains("pass word"), "{shown}");
    toml::from_str::<toml::Table>(&shown).unwrap();
}

/// SQLite knows the other case of A to Z only; as it is written an address is taken everywhere.
#[test]
fn an_address_beyond_a_to_z_is_taken_once() {
    for database in super::harness::BOTH {
        let program = Program::on(database, &[]);
        let add = |userid| program.run(&["user", "add", "--userid", userid, "--email", "ÄNN@example.com"]);
        assert!(add("ann").status.success());
        let said = String::from_utf8(add("ben").stderr).unwrap();
        assert!(said.contains("there is an account with this email already"), "{database:?}: {said}");
    }
}
