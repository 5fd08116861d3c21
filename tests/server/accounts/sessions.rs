//! Sessions: who sees them, who ends them, and who hears of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, call, keys, log_in, post, refresh, somebody, status_with};
use crate::harness::socket::NAMESPACE;
use crate::harness::{BOTH, Postgres, Program, Server, Socket, eventually};

async fn listed(server: &Server, token: &str) -> Vec<Value> {
    let answer = call(server, Method::GET, "/api/me/sessions", token, None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn they_are_listed_newest_first_page_by_page() {
    for database in BOTH {
        let program = Program::on(database, &[("TRUST_PROXY", "127.0.0.1")]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        post(&server, "signup", &somebody("ben")).await;
        let (of_ben, _) = log_in(&server, "ben").await;
        let body = json!({ "identifier": "ann", "password": "correct horse" });
        let from = [("x-forwarded-for", "192.0.2.7"), ("user-agent", "Firefox")];
        let entered = ask(&server, Method::POST, "/api/auth/login", &from, Some(&body)).await;
        let first = entered.text("/accessToken").to_owned();
        let (second, _) = log_in(&server, "ann").await;
        let (third, _) = log_in(&server, "ann").await;

        let all = listed(&server, &second).await;
        assert_eq!(keys(&all[0]), ["id", "createdAt", "lastUsedAt", "expiresAt", "userAgent", "address", "current"]);
        let current: Vec<_> = all.iter().map(|session| session["current"].as_bool().unwrap()).collect();
        assert_eq!(current, [false, true, false]);
        assert_eq!((&all[2]["userAgent"], &all[2]["address"]), (&json!("Firefox"), &json!("192.0.2.7")));
        assert_eq!((&all[0]["userAgent"], &all[0]["address"]), (&json!(null), &json!("127.0.0.1")));
        assert!(all[0]["createdAt"].as_str() > all[2]["createdAt"].as_str());
        for token in [&first, &third] {
            assert_eq!(listed(&server, token).await.len(), 3);
        }
        assert_eq!(listed(&server, &of_ben).await.len(), 1);

        let page =
            async |query: &str| call(&server, Method::GET, &format!("/api/me/sessions{query}"), &first, None).await;
        let one = page("?limit=2").await;
        assert_eq!(one.body["data"], not_current(&all[..2]));
        let two = page(&format!("?limit=2&after={}", one.text("/next"))).await;
        assert_eq!((two.body["data"][0]["id"].clone(), &two.body["next"]), (all[2]["id"].clone(), &Value::Null));
        assert_eq!(page("?limit=3").await.body["next"], Value::Null, "a full page may be the last");
        assert_eq!(page("?limit=999").await.status, 200);
        for (query, code) in [
            ("?limit=0", "invalid_fields"),
            ("?limit=-1", "invalid_fields"),
            ("?limit=x", "invalid_fields"),
            ("?after=x", "bad_cursor"),
            ("?after=", "bad_cursor"),
            ("?after=WzFd", "bad_cursor"),
        ] {
            let answer = page(query).await;
            assert_eq!((answer.status, answer.text("/error/code"), keys(&answer.body)), (400, code, vec!["error"]));
        }
    }
}

/// As another session of the same account sees them.
fn not_current(sessions: &[Value]) -> Value {
    let mut sessions = sessions.to_vec();
    sessions.iter_mut().for_each(|session| session["current"] = json!(false));
    json!(sessions)
}

#[tokio::test]
async fn one_is_ended_and_its_connections_are_nobody() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        program.say(&["room", "add", "--slug", "square", "--name", "The square"]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        post(&server, "signup", &somebody("ben")).await;
        let (keeping, _) = log_in(&server, "ann").await;
        let (ending, token) = log_in(&server, "ann").await;
        let (of_ben, _) = log_in(&server, "ben").await;
        let mut kept = Socket::with_token(&server.url, &keeping).await;
        let mut ended = Socket::with_token(&server.url, &ending).await;
        for socket in [&mut kept, &mut ended] {
            socket.succeed("join-room", json!("square")).await;
        }
        let sessions = listed(&server, &ending).await;
        let id = sessions.iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/me/sessions/{id}");

        let answer = call(&server, Method::DELETE, &path, &of_ben, None).await;
        assert_eq!((answer.status, answer.text("/error/code")), (404, "session_not_found"), "somebody else's");
        assert_eq!(call(&server, Method::DELETE, &path, &keeping, None).await.status, 204);
        assert_eq!(status_with(&server, &ending).await, 401, "at once");
        assert_eq!(ended.hear("session-ended").await, json!({ "sessionId": id, "reason": "ended" }));
        let answer = ended.ask("send-message", json!({ "message": "still here?" })).await;
        assert_eq!(answer["code"], "not_authenticated");
        assert_eq!(refresh(&server, &token).await.status, 401);
        kept.succeed("send-message", json!({ "message": "for the square", "roomId": "square" })).await;
        kept.succeed("send-message", json!({ "message": "for everybody" })).await;
        assert_eq!(ended.hear("message-received").await["message"], "for everybody", "it has left the square");

        // A token of it opens nothing more, and says why.
        let answer = ended.ask("authenticate-user", json!({ "token": ending })).await;
        assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!("session_ended")));
        let mut late = Socket::open(&server.url).await;
        late.send(format!("40{NAMESPACE},{}", json!({ "token": ending }))).await;
        let refused = late.frame().await.unwrap();
        assert!(refused.starts_with("44") && refused.contains("Unauthorized - Invalid token"), "{refused}");
        assert!(refused.contains("session_ended"), "{refused}");
        let list = call(&server, Method::GET, "/api/community/chat", &ending, None).await;
        assert_eq!((list.status, list.text("/message")), (401, "Unauthorized - Invalid token"));
        let answer = ended.ask("authenticate-user", json!({ "token": keeping })).await;
        assert_eq!(answer["success"], true, "another session brings it back");

        for (id, status, code) in [
            (id.as_str(), 404, "session_not_found"),
            ("0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e", 404, "session_not_found"),
            ("7", 400, "unreadable"),
        ] {
            let answer = call(&server, Method::DELETE, &format!("/api/me/sessions/{id}"), &keeping, None).await;
            assert_eq!((answer.status, answer.text("/error/code")), (status, code));
        }
    }
}

#[tokio::test]
async fn all_but_the_one_that_asks() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let without_session = program.say(&["token", "--user", "ann"]);
        let (first, _) = log_in(&server, "ann").await;
        let (second, _) = log_in(&server, "ann").await;
        let mut socket = Socket::with_token(&server.url, &first).await;
        assert_eq!(call(&server, Method::DELETE, "/api/me/sessions", &second, None).await.status, 204);
        assert_eq!(socket.hear("session-ended").await["reason"], "ended");
        assert_eq!(listed(&server, &second).await.len(), 1);
        assert_eq!((status_with(&server, &first).await, status_with(&server, &second).await), (401, 200));
        assert_eq!(listed(&server, &without_session).await[0]["current"], false);
        assert_eq!(call(&server, Method::DELETE, "/api/me/sessions", &without_session, None).await.status, 204);
        assert_eq!((status_with(&server, &second).await, status_with(&server, &without_session).await), (401, 200));
        assert_eq!(
            call(&server, Method::DELETE, "/api/me/sessions", &without_session, None).await.status,
            204,
            "twice"
        );
        let nobody = ask(&server, Method::GET, "/api/me/sessions", &[], None).await;
        assert_eq!((nobody.status, nobody.text("/error/code")), (401, "no_token"));
    }
}

#[tokio::test]
async fn the_command_line_ends_them_within_a_second() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        post(&server, "signup", &somebody("ann")).await;
        let mut sockets = Vec::new();
        for _ in 0..3 {
            let (access, _) = log_in(&server, "ann").await;
            sockets.push((Socket::with_token(&server.url, &access).await, access));
        }
        let lines = program.say(&["user", "sessions", "ann"]);
        let ids: Vec<&str> = lines.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(ids.len(), 3, "{lines}");
        let ended = std::time::Instant::now();
        assert_eq!(program.say(&["user", "sessions", "ann", "--end", ids[2]]), "ended 1 session");
        let (socket, access) = &mut sockets[0];
        assert_eq!(socket.hear("session-ended").await, json!({ "sessionId": ids[2], "reason": "ended" }));
        assert!(ended.elapsed().as_secs() < 3, "{:?}, of which the program takes some", ended.elapsed());
        assert_eq!(status_with(&server, access).await, 401);
        assert!(!program.run(&["user", "sessions", "ann", "--end", ids[2]]).status.success(), "it is not there");
        assert_eq!(program.say(&["user", "sessions", "ann", "--end-all"]), "ended 2 sessions");
        for (socket, access) in &mut sockets[1..] {
            assert_eq!(socket.hear("session-ended").await["reason"], "ended");
            assert_eq!(status_with(&server, access).await, 401);
        }
        assert_eq!(program.say(&["user", "sessions", "ann"]), "");
        eventually("the notes are taken", async || program.sql("SELECT COUNT(*) FROM chat_foreign") == ["0"]).await;
        assert!(!program.run(&["user", "sessions", "nobody"]).status.success());
    }
}

/// What was known goes on. Who could not be asked about is believed for as long, may do nothing that
/// needs the database, and is found out when it is back.
#[tokio::test]
async fn while_the_database_is_away_what_was_known_counts() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), &[]);
    let server = program.serve().await;
    post(&server, "signup", &somebody("ann")).await;
    let (unheard_of, _) = log_in(&server, "ann").await;
    let path = format!("/api/me/sessions/{}", listed(&server, &unheard_of).await[0]["id"].as_str().unwrap());
    assert_eq!(call(&server, Method::DELETE, &path, &unheard_of, None).await.status, 204);
    server.kill();
    let server = program.serve().await;
    let (good, _) = log_in(&server, "ann").await;
    let (ended, _) = log_in(&server, "ann").await;
    let mut before = Socket::with_token(&server.url, &good).await;
    before.succeed("send-message", json!({ "message": "before" })).await;
    call(&server, Method::POST, "/api/auth/logout", &ended, None).await;

    postgres.crash();
    let mut socket = Socket::with_token(&server.url, &good).await;
    socket.succeed("typing", json!({ "isTyping": true })).await;
    let transport = crate::harness::Transport::WebSocket;
    assert!(Socket::try_connect(&server.url, transport, &json!({ "token": ended })).await.is_none(), "it stays ended");
    let mut believed = Socket::with_token(&server.url, &unheard_of).await;
    assert_eq!(believed.ask("typing", json!({ "isTyping": true })).await["code"], "database_away");
    let profile = call(&server, Method::GET, "/api/auth/profile", &unheard_of, None).await;
    assert_eq!((profile.refusal().0, profile.refusal().1, profile.retry_after), (503, "database_away", Some(1)));
    let entry = json!({ "identifier": "ann", "password": "correct horse" });
    assert_eq!(post(&server, "login", &entry).await.refusal().1, "database_away");

    postgres.start();
    eventually("it is found out", async || {
        believed.ask("typing", json!({ "isTyping": true })).await["code"] == "session_ended"
    })
    .await;
    assert_eq!(believed.hear("session-ended").await["reason"], "ended");
    socket.succeed("send-message", json!({ "message": "still here" })).await;
}
