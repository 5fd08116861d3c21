//! Another password, by its owner and by the operator.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{Answer, ask, call, keys, log_in, post, refresh, somebody, status_with};
use crate::harness::program::NO_LIMITS;
use crate::harness::{BOTH, Program, Server, Socket};

const PATH: &str = "/api/auth/update-password";

async fn change(server: &Server, token: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "currentPassword": current, "newPassword": new });
    call(server, Method::PUT, PATH, token, Some(&body)).await
}

async fn enter(server: &Server, password: &str) -> u16 {
    post(server, "login", &json!({ "identifier": "ann", "password": password })).await.status
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (access, token) = log_in(&server, "ann").await;
        let (other, other_token) = log_in(&server, "ann").await;
        let (mut mine, mut others) =
            (Socket::with_token(&server.url, &access).await, Socket::with_token(&server.url, &other).await);
        let answer = change(&server, &access, "correct horse", "battery staple").await;
        assert_eq!((answer.status, answer.text("/message")), (200, "Password updated successfully"));
        assert_eq!(others.hear("session-ended").await["reason"], "password");
        assert_eq!((status_with(&server, &other).await, refresh(&server, &other_token).await.status), (401, 401));
        mine.succeed("send-message", json!({ "message": "still here" })).await;
        assert_eq!((status_with(&server, &access).await, refresh(&server, &token).await.status), (200, 200));
        assert_eq!((enter(&server, "correct horse").await, enter(&server, "battery staple").await), (400, 200));
    }
}

#[tokio::test]
async fn a_wrong_current_password_is_a_wrong_log_in() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (access, _) = log_in(&server, "ann").await;
        for body in [
            json!({}),
            json!({ "currentPassword": 7, "newPassword": "short" }),
            json!({ "newPassword": "x".repeat(2000) }),
        ] {
            let answer = call(&server, Method::PUT, PATH, &access, Some(&body)).await;
            assert_eq!((answer.refusal().0, answer.refusal().1), (400, "invalid_fields"));
            assert_eq!(keys(&answer.body["errors"]), ["currentPassword", "newPassword"]);
        }
        for _ in 0..4 {
            let answer = change(&server, &access, "a guess", "battery staple").await;
            assert_eq!(answer.refusal(), (400, "wrong_password", "Current password is incorrect"));
        }
        assert_eq!(change(&server, &access, "a guess", "battery staple").await.refusal().1, "account_locked");
        // A stolen token is not enough to guess on.
        assert_eq!(change(&server, &access, "correct horse", "battery staple").await.refusal().1, "account_locked");
        assert_eq!(enter(&server, "correct horse").await, 403);
        assert_eq!(status_with(&server, &access).await, 200, "the lock ends nothing");
        let nobody = change(&server, "x", "correct horse", "battery staple").await;
        assert_eq!(nobody.refusal(), (401, "invalid_token", "Unauthorized - Invalid token"));
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_counts() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (access, _) = log_in(&server, "ann").await;
        let (one, two) = tokio::join!(
            change(&server, &access, "correct horse", "battery staple"),
            change(&server, &access, "correct horse", "another staple")
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        let counts = if one.status == 200 { "battery staple" } else { "another staple" };
        assert_eq!(enter(&server, counts).await, 200);
    }
}

/// What was checked against the old password while the new one was set.
#[tokio::test]
async fn a_log_in_under_way_does_not_survive_a_new_password() {
    for database in BOTH {
        let program = Program::on(database, &[NO_LIMITS, &[("TRUST_PROXY", "127.0.0.1")]].concat());
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (access, _) = log_in(&server, "ann").await;
        let server = &server;
        let is_changed = AtomicBool::new(false);
        let entering = (0..8).map(async |number: u64| {
            let mut statuses = Vec::new();
            while !is_changed.load(Ordering::SeqCst) {
                let entry = json!({ "identifier": "ann", "password": "correct horse" });
                let from = format!("192.0.2.{number}");
                let headers = [("x-forwarded-for", from.as_str())];
                statuses.push(ask(server, Method::POST, "/api/auth/login", &headers, Some(&entry)).await.status);
            }
            statuses
        });
        let changing = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let changed = change(server, &access, "correct horse", "battery staple").await;
            is_changed.store(true, Ordering::SeqCst);
            changed
        };
        let (changed, entered) = tokio::join!(changing, futures_util::future::join_all(entering));
        let entered = entered.concat();
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert!(entered.contains(&400), "some came too late: {entered:?}");
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_sessions WHERE ended_at IS NULL"), ["1"], "{entered:?}");
    }
}

#[tokio::test]
async fn the_operator_gives_another_password() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (access, token) = log_in(&server, "ann").await;
        let mut socket = Socket::with_token(&server.url, &access).await;
        for _ in 0..5 {
            enter(&server, "a guess").await;
        }
        assert_eq!(enter(&server, "correct horse").await, 403);
        let said = program.say(&["user", "password", "ann", "--password", "battery staple"]);
        assert_eq!(said, "changed the password of ann, ended 1 session");
        assert_eq!(socket.hear("session-ended").await["reason"], "password");
        assert_eq!((status_with(&server, &access).await, refresh(&server, &token).await.status), (401, 401));
        assert_eq!(enter(&server, "battery staple").await, 200, "the lock by wrong passwords is undone");

        // From the standard input, as a script gives it.
        assert!(program.told(&["user", "password", "ann"], "a third horse\n").status.success());
        assert_eq!(enter(&server, "a third horse").await, 200);
        // An administrator's lock stays.
        program.sql("UPDATE \"Users\" SET status = 'locked', failed_login_attempts = 0");
        program.say(&["user", "password", "ann", "--password", "a fourth horse"]);
        assert_eq!(enter(&server, "a fourth horse").await, 403);
        for (arguments, input) in [
            (["user", "password", "nobody"], "a fifth horse"),
            (["user", "password", "ann"], "short"),
            (["user", "password", "ann"], ""),
        ] {
            assert!(!program.told(&arguments, input).status.success(), "{arguments:?}");
        }
    }
}
