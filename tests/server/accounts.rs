//! Signing up and logging in, on both databases.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, On, Postgres, Program, Server, Socket};

async fn post(server: &Server, path: &str, body: &Value) -> (StatusCode, Value, Vec<String>) {
    let answer =
        reqwest::Client::new().post(format!("{}/api/auth/{path}", server.url)).json(body).send().await.unwrap();
    let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned());
    let cookies = cookies.collect();
    (answer.status(), answer.json().await.unwrap(), cookies)
}

fn somebody(userid: &str) -> Value {
    json!({ "name": "Ann", "userid": userid, "email": format!("{userid}@example.com"), "password": "correct horse",
        "dob": "1990-02-03", "gender": "female" })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn somebody_signs_up_logs_in_and_talks() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let (status, answer, _) = post(&server, "signup", &with(somebody("ann"), "role", json!("admin"))).await;
        assert_eq!((status, &answer["message"]), (StatusCode::CREATED, &json!("User created successfully")));
        assert_eq!(keys(&answer), ["user", "message"]);
        assert_eq!(keys(&answer["user"]), ["id", "userid", "name", "email", "role"]);
        assert_eq!(answer["user"]["role"], "user", "a role is nobody's to claim");

        for identifier in ["identifier", "email", "userid"] {
            let name = if identifier == "userid" { "ann" } else { "ANN@example.com" };
            let (status, answer, cookies) =
                post(&server, "login", &json!({ identifier: name, "password": "correct horse" })).await;
            assert_eq!((status, &answer["message"]), (StatusCode::OK, &json!("Login successful")), "{answer}");
            let user = &answer["user"];
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
            let (status, answer, _) = post(&server, path, &body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
            answer
        };
        let taken = with(somebody("other"), "email", json!("Ann@Example.com"));
        assert_eq!(refused("signup", taken).await["message"], "User already exists");
        let taken = with(somebody("ann"), "email", json!("other@example.com"));
        assert_eq!(refused("signup", taken).await["message"], "This username already exists");
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
        assert_eq!(post(&server, "signup", &body).await.0, StatusCode::CREATED);
        let entry = json!({ "identifier": "Änne@example.com", "password": "correct horse" });
        assert_eq!(post(&server, "login", &entry).await.0, StatusCode::OK);
    }
}

/// All passwords are sent before the first is judged: no more than five are.
#[tokio::test]
async fn many_guesses_at_once_are_as_few_as_one_after_another() {
    let program = Program::on(On::Postgres, NO_LIMITS);
    let server = program.serve().await;
    post(&server, "signup", &somebody("ann")).await;
    let server = &server;
    let guess =
        async |password: String| post(server, "login", &json!({ "identifier": "ann", "password": password })).await.0;
    let guesses = (0..40).map(|number| guess(format!("guess {number}")));
    let answers = futures_util::future::join_all(guesses).await;
    let wrong = answers.iter().filter(|status| **status == StatusCode::BAD_REQUEST).count();
    assert_eq!(wrong, 4, "the fifth locks: {answers:?}");
    assert_eq!(guess("correct horse".into()).await, StatusCode::FORBIDDEN);
    let lock = "SELECT status || ' ' || failed_login_attempts FROM \"Users\"";
    assert_eq!(Postgres::shared().query(&program.database_url, lock), "locked 5");
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
