//! Tokens that nobody of ours made: none opens anything, neither in REST nor on a socket.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{call, log_in, post, somebody};
use crate::harness::socket::NAMESPACE;
use crate::harness::{ACCESS_TOKEN_SECRET, BOTH, Program, REFRESH_TOKEN_SECRET, Socket};

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// The same claims under another header.
fn under(header: &str, token: &str, signature: &str) -> String {
    format!("{header}.{}.{signature}", token.split('.').nth(1).unwrap())
}

fn forged(user: &str, session: &str) -> Vec<String> {
    let now = chrono::Utc::now().timestamp();
    let claims = json!({ "userId": user, "iat": now, "exp": now + 900 });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(Algorithm::HS256, ACCESS_TOKEN_SECRET, &claims)
    };
    let good = signed(Algorithm::HS256, ACCESS_TOKEN_SECRET, &claims);
    let signature = good.rsplit('.').next().unwrap();
    let mut all = vec![
        signed(Algorithm::HS256, "not the secret", &claims),
        signed(Algorithm::HS256, "", &claims),
        signed(Algorithm::HS256, REFRESH_TOKEN_SECRET, &claims),
        signed(Algorithm::HS384, ACCESS_TOKEN_SECRET, &claims),
        signed(Algorithm::HS512, ACCESS_TOKEN_SECRET, &claims),
        format!("{good}="),
        good[..good.len() - 1].to_owned(),
        good.replacen('.', "..", 1),
    ];
    // {"alg":"none"}, {"alg":"NoNe"}, {"alg":"RS256","typ":"JWT"}, {"typ":"JWT"}
    for header in
        ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb05lIn0", "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9", "eyJ0eXAiOiJKV1QifQ"]
    {
        all.extend([under(header, &good, ""), under(header, &good, signature)]);
    }
    for exp in [json!((now + 900).to_string()), json!(null), json!(true), json!([now + 900]), json!(now - 1), json!(0)]
    {
        all.push(with("exp", exp));
    }
    for id in [json!(7), json!(null), json!([user]), json!({ "id": user }), json!("' OR 1=1 --"), json!("")] {
        all.push(with("userId", id.clone()));
        if !id.is_null() {
            all.push(with("sid", id));
        }
    }
    all.push(with("sid", json!("0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e")));
    // A session that is alive, and somebody else's.
    all.push(with("sid", json!(session)));
    all.push(with("typ", json!("refresh")));
    all.push(with("nbf", json!(now + 100)));
    all.push(with("pad", json!("x".repeat(10_000))));
    all.extend(["x", "..", "null", "undefined", "eyJ", "é.é.é"].map(str::to_owned));
    all
}

#[tokio::test]
async fn none_is_taken() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        post(&server, "signup", &somebody("ben")).await;
        log_in(&server, "ben").await;
        let ids = program.say(&["user", "list", "--json"]);
        let ann: Value = serde_json::from_str(ids.lines().next().unwrap()).unwrap();
        let sessions = program.say(&["user", "sessions", "ben"]);
        let session = sessions.split(' ').next().unwrap();
        let mut socket = Socket::connect(&server.url, json!({})).await;
        for token in forged(ann["id"].as_str().unwrap(), session) {
            if token.is_ascii() {
                for path in ["/api/auth/me", "/api/auth/profile", "/api/me/sessions", "/api/community/chat"] {
                    let answer = call(&server, Method::GET, path, &token, None).await;
                    assert_eq!(answer.status, 401, "{path} with {token}: {}", answer.body);
                }
            }
            // A connection is closed after ten in vain: each has its own.
            let mut stranger = Socket::open(&server.url).await;
            stranger.send(format!("40{NAMESPACE},{}", json!({ "token": token }))).await;
            let refused = stranger.frame().await.unwrap();
            assert!(refused.starts_with("44") && refused.contains("Unauthorized"), "{token}: {refused}");
            let answer = socket.ask("authenticate-user", json!({ "token": token })).await;
            assert_eq!((&answer["success"], answer["code"].is_string()), (&json!(false), true), "{token}");
        }
        let answer = socket.ask("send-message", json!({ "message": "who am I?" })).await;
        assert_eq!(answer["code"], "not_authenticated");
        // What each of them was made from is good.
        let token = program.say(&["token", "--user", "ann"]);
        assert_eq!(call(&server, Method::GET, "/api/auth/me", &token, None).await.status, 200);
    }
}

/// With one secret for both, a refresh token must not open for days what an access token opens.
#[tokio::test]
async fn one_secret_for_both_mixes_nothing_up() {
    let program = Program::on(crate::harness::On::Sqlite, &[("REFRESH_TOKEN_SECRET", ACCESS_TOKEN_SECRET)]);
    let server = program.serve().await;
    post(&server, "signup", &somebody("ann")).await;
    let (access, refresh) = log_in(&server, "ann").await;
    assert_eq!(super::status_with(&server, &refresh).await, 401);
    assert_eq!(super::refresh(&server, &access).await.status, 401);
    assert_eq!(
        (super::status_with(&server, &access).await, super::refresh(&server, &refresh).await.status),
        (200, 200)
    );
}
