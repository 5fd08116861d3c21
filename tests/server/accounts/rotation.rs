//! Refresh tokens: each is good once, and what becomes of one that comes back.

use reqwest::Method;
use serde_json::json;

use super::{ask, call, keys, log_in, post, refresh, somebody, status_with};
use crate::harness::{BOTH, Program, REFRESH_TOKEN_SECRET, Server, Socket};

const ENDED: (u16, &str, &str) = (401, "session_ended", "Unauthorized - Invalid token");

async fn serve(program: &Program) -> Server {
    let server = program.serve().await;
    assert_eq!(post(&server, "signup", &somebody("ann")).await.status, 201);
    server
}

/// As if the tokens had been used so many seconds earlier.
fn let_pass(program: &Program, seconds: i64) {
    program.sql(&format!("UPDATE chat_session_tokens SET used_at = used_at - {}", seconds * 1_000_000));
}

fn signed_by_node(claims: &serde_json::Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(REFRESH_TOKEN_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap()
}

#[tokio::test]
async fn each_use_gives_a_new_pair() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        let (first_access, first) = log_in(&server, "ann").await;
        let answer = refresh(&server, &first).await;
        assert_eq!((answer.status, answer.text("/message")), (200, "Token refreshed successfully"));
        assert_eq!(keys(&answer.body), ["message", "accessToken", "expiresIn", "tokenExpiry"]);
        assert!(answer.body["tokenExpiry"].as_u64().unwrap() > 1_700_000_000_000 && answer.body["expiresIn"] == 900);
        let second = answer.cookie("refreshToken").unwrap().to_owned();
        assert_ne!(first, second);
        for access in [&first_access, answer.text("/accessToken"), answer.cookie("accessToken").unwrap()] {
            assert_eq!(status_with(&server, access).await, 200);
        }
        Socket::with_token(&server.url, answer.text("/accessToken")).await;

        // The other name; from the body, and then into the body too.
        let body = json!({ "refreshToken": second });
        let answer = post(&server, "refresh-token", &body).await;
        assert_eq!(keys(&answer.body), ["message", "accessToken", "expiresIn", "tokenExpiry", "refreshToken"]);
        assert_eq!(answer.cookie("refreshToken"), Some(answer.text("/refreshToken")));
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_sessions"), ["1"], "one family");
        let kept = program.sql("SELECT hash FROM chat_session_tokens");
        assert!(kept.len() == 3 && kept.iter().all(|hash| hash.len() == 64), "{kept:?}");
        assert!(!kept.contains(&second), "no token is kept as it is");
    }
}

#[tokio::test]
async fn a_used_one_that_comes_back_soon_gets_another_child() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        let (_, first) = log_in(&server, "ann").await;
        let (one, two) = tokio::join!(refresh(&server, &first), refresh(&server, &first));
        let_pass(&program, 5);
        let three = refresh(&server, &first).await;
        for answer in [&one, &two, &three] {
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        let children = [&one, &two, &three].map(|answer| answer.cookie("refreshToken").unwrap());
        assert!(children[0] != children[1] && children[1] != children[2]);
        for child in children {
            assert_eq!(refresh(&server, child).await.status, 200, "each child is good");
        }
    }
}

#[tokio::test]
async fn a_used_one_that_comes_back_late_ends_the_family() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        let (other, _) = log_in(&server, "ann").await;
        let (access, first) = log_in(&server, "ann").await;
        let child = refresh(&server, &first).await;
        let mut socket = Socket::with_token(&server.url, child.text("/accessToken")).await;
        let_pass(&program, 11);
        assert_eq!(refresh(&server, &first).await.refusal(), ENDED);
        let told = socket.hear("session-ended").await;
        assert_eq!((keys(&told), &told["reason"]), (vec!["sessionId", "reason"], &json!("reuse")));
        assert_eq!(refresh(&server, child.cookie("refreshToken").unwrap()).await.refusal(), ENDED);
        for ended in [access.as_str(), child.text("/accessToken")] {
            let answer = call(&server, Method::GET, "/api/auth/me", ended, None).await;
            assert_eq!(answer.refusal(), ENDED);
        }
        assert_eq!(status_with(&server, &other).await, 200, "another family goes on");
    }
}

#[tokio::test]
async fn the_answer_that_was_lost_with_the_server_is_asked_for_again() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        let (access, first) = log_in(&server, "ann").await;
        assert_eq!(refresh(&server, &first).await.status, 200);
        server.kill();
        let server = program.serve().await;
        assert_eq!(refresh(&server, &first).await.status, 200);
        assert_eq!(status_with(&server, &access).await, 200, "sessions outlive the server");
    }
}

#[tokio::test]
async fn what_node_signed_is_taken_over_once() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        let id = post(&server, "login", &json!({ "userid": "ann", "password": "correct horse" })).await;
        let id = id.text("/user/id").to_owned();
        let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
        let of_node = |iat: u64| signed_by_node(&json!({ "userId": id, "iat": iat, "exp": now + 5000 }));
        let token = of_node(now);
        let (one, two) = tokio::join!(refresh(&server, &token), refresh(&server, &token));
        assert_eq!((one.status, two.status), (200, 200), "{} {}", one.body, two.body);
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_sessions"), ["2"], "one log-in, one taken over");
        assert_eq!(refresh(&server, one.cookie("refreshToken").unwrap()).await.status, 200);
        let_pass(&program, 11);
        assert_eq!(refresh(&server, &token).await.refusal(), ENDED);
        assert_eq!(status_with(&server, two.text("/accessToken")).await, 401);

        // Logged out before it was ever used here.
        let token = of_node(now - 1);
        assert_eq!(post(&server, "logout", &json!({ "refreshToken": token })).await.status, 200);
        assert_eq!(refresh(&server, &token).await.refusal(), ENDED);

        // Signed before all sessions were ended.
        let token = of_node(now - 2);
        let (access, _) = log_in(&server, "ann").await;
        assert_eq!(call(&server, Method::DELETE, "/api/me/sessions", &access, None).await.status, 204);
        assert_eq!(refresh(&server, &token).await.refusal(), ENDED);
        // What has been forgotten by its own date comes back as nothing.
        program.sql("UPDATE chat_sessions SET expires_at = 0");
        program.sql("UPDATE chat_session_tokens SET expires_at = 0");
        drop(server);
        let server = program.serve().await;
        crate::harness::eventually("it is cleared up", async || {
            program.sql("SELECT COUNT(*) FROM chat_sessions") == ["0"]
        })
        .await;
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_session_tokens"), ["0"]);
        assert_eq!(status_with(&server, &access).await, 401);
    }
}

#[tokio::test]
async fn logging_out_ends_the_session_by_whatever_proves_it() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        for proof in ["cookie", "body", "bearer"] {
            let (access, token) = log_in(&server, "ann").await;
            let mut socket = Socket::with_token(&server.url, &access).await;
            let (cookie, bearer) = (format!("refreshToken={token}"), format!("Bearer {access}"));
            let body = json!({ "refreshToken": token });
            let path = "/api/auth/logout";
            let answer = match proof {
                "cookie" => ask(&server, Method::POST, path, &[("cookie", &cookie)], None).await,
                "body" => ask(&server, Method::POST, path, &[], Some(&body)).await,
                _ => ask(&server, Method::POST, path, &[("authorization", &bearer)], None).await,
            };
            assert_eq!((answer.status, answer.text("/message")), (200, "Logged out successfully"), "{proof}");
            assert_eq!((answer.cookie("accessToken"), answer.cookie("refreshToken")), (Some(""), Some("")));
            assert!(answer.cookies.iter().all(|cookie| cookie.contains("Max-Age=0")));
            assert_eq!(socket.hear("session-ended").await["reason"], "logged-out");
            assert_eq!(refresh(&server, &token).await.refusal(), ENDED);
            assert_eq!(status_with(&server, &access).await, 401);
        }
        // Who has nothing, or nothing that is good, is logged out already.
        for token in [json!(null), json!(""), json!("x.y.z"), json!("x".repeat(9000))] {
            assert_eq!(post(&server, "logout", &json!({ "refreshToken": token })).await.status, 200);
        }
    }
}

#[tokio::test]
async fn what_is_no_refresh_token_is_told_apart() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = serve(&program).await;
        let (access, refresh_token) = log_in(&server, "ann").await;
        let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
        let id = "0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e";
        let invalid = "Unauthorized - Invalid token";
        for (token, code, text) in [
            (json!(null), "no_token", "Unauthorized - No token provided"),
            (json!(""), "no_token", "Unauthorized - No token provided"),
            (json!("x.y.z"), "invalid_token", invalid),
            (json!(access), "invalid_token", invalid),
            (json!(format!("{refresh_token}=")), "invalid_token", invalid),
            (
                json!(signed_by_node(&json!({ "userId": id, "exp": now - 1 }))),
                "token_expired",
                "Unauthorized - Token expired",
            ),
            (json!(signed_by_node(&json!({ "userId": id, "exp": now.to_string() }))), "invalid_token", invalid),
            (
                json!(signed_by_node(&json!({ "userId": id, "exp": now + 99 }))),
                "user_not_found",
                "Unauthorized - User not found",
            ),
            (
                json!(signed_by_node(&json!({ "userId": id, "exp": now + 99, "typ": "refresh" }))),
                "user_not_found",
                "Unauthorized - User not found",
            ),
        ] {
            let answer = post(&server, "refresh", &json!({ "refreshToken": token })).await;
            assert_eq!(answer.refusal(), (401, code, text));
        }
        let answer = post(&server, "refresh", &json!({ "refreshToken": 7 })).await;
        assert_eq!((answer.refusal().1, keys(&answer.body["errors"])), ("invalid_fields", vec!["refreshToken"]));
        assert_eq!(refresh(&server, &refresh_token).await.status, 200, "none of this used it up");
        assert_eq!(status_with(&server, &refresh_token).await, 401, "it opens nothing by itself");
    }
}
