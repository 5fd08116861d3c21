//! Cookies, and the pages of others that make a visitor's browser send them.

use reqwest::Method;
use serde_json::json;

use super::{Answer, ask, log_in, post, refresh, somebody};
use crate::harness::{On, Program, Server};

async fn from_page(server: &Server, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    let cookie = format!("refreshToken={token}");
    let headers = [&[("cookie", cookie.as_str())], headers].concat();
    ask(server, Method::POST, &format!("/api/auth/{path}"), &headers, None).await
}

#[tokio::test]
async fn a_foreign_page_neither_refreshes_nor_logs_out() {
    for origins in ["*", "https://chat.example"] {
        let program = Program::on(On::Sqlite, &[("CORS_ORIGIN", origins)]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let (_, token) = log_in(&server, "ann").await;
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://other.chat.example"), ("sec-fetch-site", "same-site")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
        ] {
            for path in ["refresh", "refresh-token", "logout"] {
                let answer = from_page(&server, path, &token, headers).await;
                assert_eq!((answer.refusal().0, answer.refusal().1), (403, "foreign_page"), "{path} {headers:?}");
                assert!(answer.cookies.is_empty(), "nothing is cleared for it either");
            }
            // Nor is anybody logged in as somebody else without knowing it.
            let body = json!({ "identifier": "ann", "password": "correct horse" });
            let answer = ask(&server, Method::POST, "/api/auth/login", headers, Some(&body)).await;
            assert_eq!((answer.status, answer.cookies.len()), (200, 0), "who sends the password gets the tokens");
        }
        // Who shows the token itself needs no cookie.
        let (_, shown) = log_in(&server, "ann").await;
        let headers = [("origin", "https://evil.example")];
        let body = json!({ "refreshToken": shown });
        let answer = ask(&server, Method::POST, "/api/auth/refresh", &headers, Some(&body)).await;
        assert_eq!((answer.status, answer.cookies.len()), (200, 0));
        assert_eq!(refresh(&server, &token).await.status, 200, "none of this used it up");
    }
}

/// Its bearer speaks for itself, whatever page it comes from.
#[tokio::test]
async fn a_page_of_another_origin_ends_the_session_of_its_own_token() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    post(&server, "signup", &somebody("ann")).await;
    for cookie in [None, Some("refreshToken=of-somebody-else")] {
        let body = json!({ "identifier": "ann", "password": "correct horse" });
        let token = ask(&server, Method::POST, "/api/auth/login", &[], Some(&body)).await.body["accessToken"].clone();
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let mut headers = vec![("origin", "http://localhost:3000"), ("authorization", bearer.as_str())];
        headers.extend(cookie.map(|cookie| ("cookie", cookie)));
        assert_eq!(ask(&server, Method::GET, "/api/auth/me", &headers, None).await.status, 200);
        assert_eq!(ask(&server, Method::POST, "/api/auth/logout", &headers, None).await.status, 200, "{cookie:?}");
        assert_eq!(ask(&server, Method::GET, "/api/auth/me", &headers, None).await.status, 401);
    }
    let headers = [("origin", "http://localhost:3000")];
    assert_eq!(ask(&server, Method::POST, "/api/auth/refresh", &headers, None).await.refusal().1, "no_token");
}

#[tokio::test]
async fn our_own_pages_and_listed_ones_do() {
    let program = Program::on(On::Sqlite, &[("CORS_ORIGIN", "https://chat.example")]);
    let server = program.serve().await;
    post(&server, "signup", &somebody("ann")).await;
    for headers in [
        &[("origin", server.url.as_str())][..],
        &[("origin", "https://chat.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://behind.a.proxy.example"), ("sec-fetch-site", "same-origin")],
        &[],
    ] {
        let (_, token) = log_in(&server, "ann").await;
        let answer = from_page(&server, "refresh", &token, headers).await;
        assert_eq!((answer.status, answer.cookies.len()), (200, 2), "{headers:?}");
        let token = answer.cookie("refreshToken").unwrap().to_owned();
        let answer = from_page(&server, "logout", &token, headers).await;
        assert_eq!((answer.status, answer.cookies.len()), (200, 2), "{headers:?}");
    }
}

#[tokio::test]
async fn cookies_are_secure_behind_tls_and_no_script_reads_them() {
    for (trusted, proto, secure) in
        [("127.0.0.1", "https", true), ("127.0.0.1", "http", false), ("10.0.0.1", "https", false)]
    {
        let program = Program::on(On::Sqlite, &[("TRUST_PROXY", trusted)]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let body = json!({ "identifier": "ann", "password": "correct horse" });
        let answer = ask(&server, Method::POST, "/api/auth/login", &[("x-forwarded-proto", proto)], Some(&body)).await;
        assert_eq!(answer.cookies.len(), 2);
        for (cookie, age) in answer.cookies.iter().zip(["Max-Age=900", "Max-Age=604800"]) {
            let parts: Vec<&str> = cookie.split("; ").skip(1).collect();
            assert_eq!(parts.contains(&"Secure"), secure, "{cookie}");
            for part in ["HttpOnly", "SameSite=Strict", "Path=/", age] {
                assert!(parts.contains(&part), "{part} in {cookie}");
            }
        }
    }
}
