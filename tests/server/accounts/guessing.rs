//! Who guesses: the lock, the wait that grows, and the limits by address.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::{Answer, ask, log_in, post, refresh, somebody, with};
use crate::harness::program::{NO_LIMITS, unlimited};
use crate::harness::{BOTH, On, Program, Server, Socket};

const LOCKED: &str = "Account locked due to too many failed login attempts. Please contact support.";

async fn guess(server: &Server, from: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "identifier": name, "password": password });
    ask(server, Method::POST, "/api/auth/login", &[("x-forwarded-for", from)], Some(&body)).await
}

#[tokio::test]
async fn names_that_nobody_bears_are_answered_as_others_are() {
    for database in BOTH {
        let program = Program::on(database, &[("TRUST_PROXY", "127.0.0.1")]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let mut socket = Socket::with_token(&server.url, &log_in(&server, "ann").await.0).await;
        // From other addresses each: what counts by address is another story.
        for (name, first, then) in [
            ("ann", "192.0.2.1", "192.0.2.2"),
            ("nobody", "192.0.2.3", "192.0.2.4"),
            ("nobody@example.com", "192.0.2.5", "192.0.2.6"),
        ] {
            for left in (1..5).rev() {
                let answer = guess(&server, first, name, "a guess").await;
                let text = format!("Invalid email or password. {left} attempts remaining.");
                assert_eq!(answer.refusal(), (400, "wrong_password", text.as_str()));
            }
            for password in ["a guess", "correct horse"] {
                let answer = guess(&server, then, name, password).await;
                assert_eq!(answer.refusal(), (403, "account_locked", LOCKED), "{name}");
            }
        }
        socket.succeed("send-message", json!({ "message": "a lock by guesses ends nothing" })).await;
    }
}

/// Whatever somebody types, in whatever order, and whether or not the server starts anew in between: an
/// account and its two names are answered as names are that nobody bears.
#[tokio::test]
async fn no_order_of_guesses_tells_who_is_there() {
    const GUESSES: [&str; 16] = [
        "{}",
        "{}",
        "{^}",
        "{}@example.com",
        "{}",
        "{^}",
        "{}@Example.com",
        "-",
        "{}@example.com",
        "{}",
        "{}@example.com",
        "{}",
        "{}@EXAMPLE.COM",
        "{}",
        "{^}",
        "{}@example.com",
    ];
    for database in BOTH {
        let program = Program::on(database, &[("TRUST_PROXY", "127.0.0.1")]);
        let mut server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let mut answers = [Vec::new(), Vec::new()];
        for (number, typed) in GUESSES.iter().enumerate() {
            if *typed == "-" {
                server.stop().await;
                server = program.serve().await;
                continue;
            }
            for (answers, (small, large)) in answers.iter_mut().zip([("ann", "Ann"), ("abe", "Abe")]) {
                let name = typed.replace("{}", small).replace("{^}", large);
                let answer = guess(&server, &format!("192.0.2.{number}"), &name, "a guess").await;
                answers.push(format!("{typed}: {:?}", answer.refusal()));
            }
        }
        assert_eq!(answers[0], answers[1], "{database:?}");
        assert!(answers[0].iter().any(|answer| answer.contains("account_locked")), "{answers:?}");
        assert_eq!(program.sql("SELECT status FROM \"Users\""), ["locked"], "whichever of its names was typed");
        for name in ["ann", "ann@example.com"] {
            assert_eq!(guess(&server, "192.0.2.99", name, "correct horse").await.refusal().1, "account_locked");
        }
        // Whoever has it opened again is told anew, by each name.
        program.say(&["user", "unlock", "ann"]);
        for name in ["ann", "ann@example.com"] {
            let text = "Invalid email or password. 4 attempts remaining.";
            assert_eq!(guess(&server, "192.0.2.100", name, "a guess").await.refusal().2, text);
            assert_eq!(guess(&server, "192.0.2.100", name, "correct horse").await.status, 200);
        }
    }
}

/// Node's hashes may cost more than ours, and its accounts may be older than the scheme of new ones.
#[tokio::test]
async fn names_that_nobody_bears_take_as_long_as_others_do() {
    for database in BOTH {
        let program = Program::on(database, &[("TRUST_PROXY", "127.0.0.1"), ("PASSWORD_HASH", "argon2id")]);
        program.account("ann");
        program.account("eve");
        let expensive = "$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        program.sql(&format!("UPDATE \"Users\" SET password = '{expensive}' WHERE userid = 'ann'"));
        let server = program.serve().await;
        // Before, between and behind those who are there; eve has no password.
        let names = ["ann", "abe", "bob", "zoe", "zoe@example.com", "eve"];
        let mut fastest = [Duration::MAX; 6];
        for _ in 0..4 {
            for (number, (name, fastest)) in names.iter().zip(&mut fastest).enumerate() {
                let asked = Instant::now();
                assert_eq!(guess(&server, &format!("192.0.2.{number}"), name, "a guess").await.status, 400);
                *fastest = asked.elapsed().min(*fastest);
            }
        }
        assert!(fastest.iter().all(|other| *other * 2 > fastest[0]), "{database:?}: {fastest:?}");
    }
}

#[tokio::test]
async fn ten_wrong_ones_of_an_address_and_the_next_waits() {
    for database in BOTH {
        let program = Program::on(database, &[("TRUST_PROXY", "127.0.0.1")]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (spared, guessing) = ("192.0.2.1", "2001:db8::1");
        for number in 0..10 {
            let answer = guess(&server, guessing, &format!("name {number}"), "a guess").await;
            assert_eq!(answer.status, 400, "{}", answer.body);
        }
        // The eleventh waits a second, and each wrong one after it twice as long: so the third leads to eight.
        let mut last = Instant::now();
        for number in 0..3 {
            loop {
                last = Instant::now();
                let answer = guess(&server, guessing, &format!("after {number}"), "a guess").await;
                if answer.status == 400 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(answer.body["error"]["retryIn"].as_u64().unwrap())).await;
            }
        }
        let answer = guess(&server, "2001:db8::2", "ann", "correct horse").await;
        assert_eq!(answer.refusal(), (429, "too_many_attempts", "Too many attempts, please wait"));
        let retry_in = answer.body["error"]["retryIn"].as_u64().unwrap();
        assert_eq!(answer.retry_after, Some(retry_in.div_ceil(1000)));
        assert!(retry_in <= 8000 && Duration::from_millis(retry_in) + last.elapsed() >= Duration::from_secs(8));
        assert_eq!(guess(&server, spared, "ann", "correct horse").await.status, 200, "others do not wait");
        tokio::time::sleep(Duration::from_millis(retry_in)).await;
        assert_eq!(guess(&server, guessing, "ann", "correct horse").await.status, 200);
    }
}

/// All passwords are sent before the first is judged: no more than five are.
#[tokio::test]
async fn many_guesses_at_once_are_as_few_as_one_after_another() {
    for database in BOTH {
        let program = Program::on(database, &unlimited(&[("TRUST_PROXY", "127.0.0.1")]));
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let server = &server;
        let guesses = (0..40).map(async |number| {
            guess(server, &format!("192.0.2.{}", number % 20), "ann", &format!("guess {number}")).await.status
        });
        let answers = futures_util::future::join_all(guesses).await;
        let wrong = answers.iter().filter(|status| **status == 400).count();
        assert_eq!(wrong, 4, "the fifth locks: {answers:?}");
        assert_eq!(guess(server, "192.0.2.99", "ann", "correct horse").await.status, 403);
        assert_eq!(program.sql("SELECT status || ' ' || failed_login_attempts FROM \"Users\""), ["locked 5"]);
    }
}

#[tokio::test]
async fn one_address_gets_no_more_than_its_share_of_guesses_at_once() {
    let program = Program::on(On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    let server = &server;
    let guesses = (0..40).map(async |number| {
        post(server, "login", &json!({ "identifier": format!("name {number}"), "password": "a guess" })).await
    });
    let answers = futures_util::future::join_all(guesses).await;
    let judged = answers.iter().filter(|answer| answer.status == 400).count();
    assert!(judged <= 10, "{judged} passwords were looked at");
    for answer in answers.iter().filter(|answer| answer.status != 400) {
        assert_eq!(answer.status, 429);
        assert!(
            ["slow_down", "too_many_attempts"].contains(&answer.text("/error/code")) && answer.retry_after.is_some()
        );
    }
}

#[tokio::test]
async fn new_accounts_and_refreshes_are_counted_by_address() {
    let settings = [("RATE_LIMIT_SIGNUPS_PER_HOUR", "2"), ("RATE_LIMIT_REFRESHES_PER_MINUTE", "1")];
    let program = Program::on(On::Sqlite, &settings);
    let server = program.serve().await;
    assert_eq!(post(&server, "signup", &somebody("ann")).await.status, 201);
    let ben = with(somebody("ben"), "username", json!("ben"));
    assert_eq!(post(&server, "register", &ben).await.status, 201);
    for path in ["signup", "register"] {
        let answer = post(&server, path, &with(somebody("eve"), "username", json!("eve"))).await;
        assert_eq!(answer.refusal(), (429, "slow_down", "Too many requests of this kind: 2 an hour are allowed"));
        assert!(answer.retry_after.is_some_and(|seconds| (1..=1800).contains(&seconds)));
    }
    let (_, token) = log_in(&server, "ann").await;
    assert_eq!(refresh(&server, &token).await.status, 200);
    let answer = refresh(&server, &token).await;
    assert_eq!(answer.refusal(), (429, "slow_down", "Too many requests of this kind: 1 a minute are allowed"));
}

#[tokio::test]
async fn the_limit_of_all_requests_is_told_in_the_form_of_the_path() {
    let program = Program::on(On::Sqlite, &[("RATE_LIMIT_HTTP_PER_MINUTE", "1")]);
    let server = program.serve().await;
    let text = "Too many requests: 1 a minute are allowed";
    post(&server, "login", &json!({})).await;
    assert_eq!(post(&server, "login", &json!({})).await.refusal(), (429, "slow_down", text));
    let plain = ask(&server, Method::GET, "/api/me/sessions", &[], None).await;
    assert_eq!((plain.text("/error/code"), plain.text("/error/message")), ("slow_down", text));
    let of_node = ask(&server, Method::GET, "/api/community/chat/recent", &[], None).await;
    assert_eq!((of_node.text("/error"), of_node.text("/code")), (text, "slow_down"));
}
