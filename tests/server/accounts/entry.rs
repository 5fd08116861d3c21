//! Signing up and logging in, on both databases.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, call, keys, log_in, post, somebody, status_with, with};
use crate::harness::{BOTH, On, Postgres, Program, Socket, eventually};

#[tokio::test]
async fn somebody_signs_up_logs_in_and_talks() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let answer = post(&server, "signup", &with(somebody("ann"), "role", json!("admin"))).await;
        assert_eq!((answer.status, answer.text("/message")), (201, "User created successfully"));
        assert_eq!(keys(&answer.body), ["user", "message"]);
        assert_eq!(keys(&answer.body["user"]), ["id", "userid", "name", "email", "role"]);
        assert_eq!(answer.text("/user/role"), "user", "a role is nobody's to claim");

        for identifier in ["identifier", "email", "userid", "username"] {
            let name = if identifier.starts_with("user") { "ann" } else { "ANN@example.com" };
            let answer = post(&server, "login", &json!({ identifier: name, "password": "correct horse" })).await;
            assert_eq!((answer.status, answer.text("/message")), (200, "Login successful"), "{}", answer.body);
            assert_eq!(keys(&answer.body), ["message", "user", "accessToken", "expiresIn"]);
            assert_eq!(
                (&answer.body["expiresIn"], &answer.body["accessToken"]),
                (&json!(900), &answer.body["user"]["accessToken"])
            );
            let (user, cookies) = (&answer.body["user"], &answer.cookies);
            let shown =
                ["id", "userid", "name", "email", "role", "status", "accessToken", "refreshToken", "tokenExpiry"];
            assert_eq!(keys(user), shown);
            assert!(user["tokenExpiry"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds");
            assert!(cookies.len() == 2 && cookies.iter().all(|cookie| cookie.contains("HttpOnly; SameSite=Strict")));
            let mut socket = Socket::with_token(&server.url, user["accessToken"].as_str().unwrap()).await;
            socket.succeed("send-message", json!({ "message": "hello" })).await;
        }
    }
}

#[tokio::test]
async fn what_is_taken_or_wrong_is_named() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let refused = async |path: &str, body: Value| {
            let answer = post(&server, path, &body).await;
            assert_eq!(answer.refusal().0, 400, "{}", answer.body);
            answer.body
        };
        let email = with(somebody("other"), "email", json!("Ann@Example.com"));
        let called =
            |userid: &str| with(with(somebody("ann"), "email", json!("other@example.com")), "userid", json!(userid));
        for (taken, code, message) in [
            (&email, "email_taken", "User already exists"),
            (&called("ann"), "username_taken", "This username already exists"),
            (&called("Ann"), "username_taken", "This username already exists"),
            (&called("\u{430}nn"), "username_taken", "This username already exists"),
            (&called("a\u{200B}nn"), "username_taken", "This username already exists"),
        ] {
            assert_eq!(post(&server, "signup", taken).await.refusal(), (400, code, message));
            let taken = with(taken.clone(), "username", taken["userid"].clone());
            assert_eq!(post(&server, "register", &taken).await.refusal(), (409, code, message));
        }
        for (field, value) in [
            ("userid", json!("")),
            ("userid", json!("ann@example.com")),
            ("userid", json!("two\nlines")),
            ("email", json!("nowhere")),
            ("password", json!("short")),
            ("password", json!("x".repeat(5000))),
            ("dob", json!("yesterday")),
            ("dob", json!("1990-13-45")),
            ("gender", json!("cat")),
            ("name", json!("x".repeat(300))),
            ("userid", json!("System")),
            ("userid", json!("anonymous")),
            ("name", json!("GUEST")),
            ("userid", json!("a\0b")),
        ] {
            let answer = refused("signup", with(somebody("fresh"), field, value.clone())).await;
            assert_eq!(keys(&answer["errors"]), [field], "{field}={value}: {answer}");
        }
        assert_eq!(keys(&refused("login", json!({})).await["errors"]), ["identifier", "password"]);
        for body in [json!([]), json!("text"), json!(7)] {
            assert!(refused("signup", body).await["message"].as_str().unwrap().contains("JSON object"));
        }
    }
}

#[tokio::test]
async fn an_address_that_is_not_english_logs_in() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let body = with(somebody("anne"), "email", json!("Änne@example.com"));
        assert_eq!(post(&server, "signup", &body).await.status, 201);
        let entry = json!({ "identifier": "Änne@example.com", "password": "correct horse" });
        assert_eq!(post(&server, "login", &entry).await.status, 200);
    }
}

#[tokio::test]
async fn somebody_registers_and_is_in() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let body =
            json!({ "username": "ann", "email": "ann@example.com", "password": "correct horse", "role": "admin" });
        let answer = post(&server, "register", &body).await;
        assert_eq!((answer.status, &answer.body["expiresIn"]), (201, &json!(900)), "{}", answer.body);
        assert_eq!(keys(&answer.body), ["user", "accessToken", "expiresIn"]);
        let shown = ["id", "username", "avatarUrl", "isOnline", "lastSeen", "name", "status", "email", "role"];
        assert_eq!(keys(&answer.body["user"]), shown);
        assert_eq!((answer.text("/user/username"), answer.text("/user/role")), ("ann", "user"));
        assert!(answer.cookie("refreshToken").is_some_and(|token| !token.is_empty()));
        let token = answer.text("/accessToken");
        let mut socket = Socket::with_token(&server.url, token).await;
        socket.succeed("send-message", json!({ "message": "here" })).await;

        let me = call(&server, Method::GET, "/api/auth/me", token, None).await;
        assert_eq!((me.status, keys(&me.body)), (200, shown.to_vec()));
        for (field, value) in [
            ("username", json!("a@b")),
            ("username", json!("x".repeat(51))),
            ("username", json!("erased")),
            ("email", json!(7)),
        ] {
            let answer =
                post(&server, "register", &with(with(body.clone(), "username", json!("eve")), field, value)).await;
            let (status, code, _) = answer.refusal();
            assert_eq!((status, code, keys(&answer.body["errors"])), (400, "invalid_fields", vec![field]));
            assert!(answer.text(&format!("/errors/{field}")).starts_with(field), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_profile_is_shown_to_its_owner() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (token, _) = log_in(&server, "ann").await;
        let profile = call(&server, Method::GET, "/api/auth/profile", &token, None).await;
        let shown =
            ["id", "userid", "name", "email", "dob", "gender", "role", "status", "last_seen", "community_rating"];
        assert_eq!((profile.status, keys(&profile.body["user"])), (200, shown.to_vec()));
        let user = &profile.body["user"];
        assert_eq!(
            (&user["dob"], &user["gender"], &user["status"]),
            (&json!("1990-02-03"), &json!("female"), &json!("active"))
        );
        assert!(profile.text("/user/last_seen").ends_with('Z') && user["community_rating"] == 0);
        for path in ["/api/auth/profile", "/api/auth/me"] {
            let nobody = ask(&server, Method::GET, path, &[], None).await;
            assert_eq!(nobody.refusal(), (401, "no_token", "Unauthorized - No token provided"));
        }
        let gone = program.account("gone");
        program.sql("DELETE FROM \"Users\" WHERE userid = 'gone'");
        let gone = call(&server, Method::GET, "/api/auth/me", &gone.token, None).await;
        assert_eq!(gone.refusal(), (401, "user_not_found", "Unauthorized - User not found"));
    }
}

/// As Node's bcryptjs made it, on a database whose new passwords are argon2id.
#[tokio::test]
async fn a_password_that_node_kept_is_good_here() {
    for database in BOTH {
        let program = Program::on(database, &[("PASSWORD_HASH", "argon2id")]);
        program.account("ann");
        let hash = "$2b$10$d/kRy/xcCKB1XaVTVCOBZ.I2njfyMajIE50PICYnOtlewrAhOgPv6";
        program.sql(&format!("UPDATE \"Users\" SET password = '{hash}'"));
        let server = program.serve().await;
        let entry = json!({ "identifier": "ann", "password": "pässword" });
        assert_eq!(post(&server, "login", &entry).await.status, 200);
        assert_eq!(post(&server, "login", &with(entry, "password", json!("password"))).await.status, 400);
        assert_eq!(program.sql("SELECT password FROM \"Users\""), [hash], "Node can read it still");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_said_so() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    let client = reqwest::Client::new();
    for path in ["signup", "register", "login", "refresh", "refresh-token", "logout"] {
        let url = format!("{}/api/auth/{path}", server.url);
        for body in ["{", "nul", "[1,2]", "\"\\ud800\"", "{\"password\":\"\\ud800\"}"] {
            let answer = client.post(&url).body(body).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{path} {body}");
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["error"]["code"], "unreadable", "{answer}");
        }
        let large = client.post(&url).body(format!("{{\"x\":\"{}\"}}", "y".repeat(20_000))).send().await.unwrap();
        assert_eq!(large.status(), 413);
        let large: Value = large.json().await.unwrap();
        assert_eq!(
            (&large["error"]["code"], &large["message"]),
            (&json!("body_too_large"), &json!("The body is too large (max 16 KiB)"))
        );
        assert_eq!(ask(&server, Method::GET, &format!("/api/auth/{path}"), &[], None).await.refusal().0, 405);
    }
}

#[tokio::test]
async fn the_database_that_is_away_is_told_with_when_to_come_back() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    post(&server, "signup", &somebody("ann")).await;
    let (access, token) = log_in(&server, "ann").await;
    let garden = json!({ "name": "Garden", "slug": "garden" });
    assert_eq!(call(&server, Method::POST, "/api/rooms", &access, Some(&garden)).await.status, 201);
    let file = program.folder.path().join("chat.db");
    let elsewhere = program.folder.path().join("elsewhere.db");
    std::fs::rename(&file, &elsewhere).unwrap();
    let answer = super::refresh(&server, &token).await;
    assert_eq!((answer.refusal().0, answer.refusal().1, answer.retry_after), (503, "database_away", Some(1)));
    // Nor is anybody taken in whom nobody would find again, or an empty database begun in its place.
    let signed_up = post(&server, "signup", &somebody("ben")).await;
    assert_eq!((signed_up.refusal().0, signed_up.refusal().1), (503, "database_away"));
    let server = &server;
    let asked = (0..40).map(async |_| status_with(server, &access).await);
    let answers = futures_util::future::join_all(asked).await;
    assert!(!answers.contains(&500), "{answers:?}");
    let room = call(server, Method::POST, "/api/rooms", &access, Some(&json!({ "name": "Den" }))).await;
    let edit = call(server, Method::PATCH, "/api/rooms/garden", &access, Some(&json!({ "name": "Den" }))).await;
    let gone = call(server, Method::DELETE, "/api/rooms/garden", &access, None).await;
    assert_eq!((room.status, edit.status, gone.status), (503, 503, 503), "{} {}", edit.body, gone.body);
    assert!(!file.exists());
    std::fs::rename(&elsewhere, &file).unwrap();
    eventually("it is refreshed", async || super::refresh(server, &token).await.status == 200).await;
}

#[tokio::test]
async fn an_edit_does_not_bring_back_what_node_deleted() {
    let program = Program::on(On::Postgres, &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let sent = socket.succeed("send-message", json!({ "message": "gone soon" })).await["data"].clone();
    let id = sent["id"].as_str().unwrap();
    // As fast as a program can be after the other: whether the note was taken in yet or not.
    let sql =
        format!("UPDATE \"CommunityChats\" SET is_deleted = true, message = '[Message deleted]' WHERE id = '{id}'");
    Postgres::shared().query(&program.database_url, &sql);
    let answer = socket.ask("edit-message", json!({ "messageId": id, "message": "back again" })).await;
    assert_eq!(answer["error"], "Message not found");
    let row = format!("SELECT is_deleted, message FROM \"CommunityChats\" WHERE id = '{id}'");
    assert_eq!(Postgres::shared().query(&program.database_url, &row), "t|[Message deleted]");
}

#[tokio::test]
async fn names_that_nobody_sees_or_that_turn_others_around_are_refused() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    for name in ["\u{3164}", "a\u{202E}nna", "a\u{2066}nna", "an\u{2028}na"] {
        for field in ["userid", "name"] {
            let answer = post(&server, "signup", &with(somebody("ann"), field, json!(name))).await;
            assert_eq!((answer.status, answer.text("/error/code")), (400, "invalid_fields"), "{field} {name:?}");
            assert!(answer.body["error"]["fields"][field].is_string(), "{}", answer.body);
        }
        let answer = post(&server, "register", &with(somebody("ann"), "username", json!(name))).await;
        assert!(answer.body["error"]["fields"]["username"].is_string(), "{}", answer.body);
    }
    assert_eq!(post(&server, "signup", &somebody("ann")).await.status, 201);
}
