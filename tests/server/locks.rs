//! What support and administrators do to accounts, over REST and on the command line, while people are
//! connected.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::person::log_in;
use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, On, Person, Program, Server, Socket};

const PASSWORD: &str = "correct horse";

struct Office {
    program: Program,
    server: Server,
    admin: Person,
    support: Person,
    joe: Person,
}

async fn office(database: On) -> Office {
    let program = Program::on(database, NO_LIMITS);
    let server = program.serve().await;
    let staff = |role| Person::with_role(&program, &server, role, role);
    let (admin, support) = (staff("admin"), staff("support"));
    let joe = Person::new(&program, &server, "joe");
    let password = ["user", "password", "joe", "--password", PASSWORD];
    program.say(&password);
    Office { program, server, admin, support, joe }
}

impl Office {
    /// A log-in by password: the status and the access token.
    async fn log_in(&self) -> (u16, String) {
        let (status, answer) = log_in(&self.server, "joe", PASSWORD).await;
        (status, answer["accessToken"].as_str().unwrap_or_default().to_owned())
    }

    async fn joes_line(&self, who: &Person) -> Value {
        let listed = who.rest("GET", "/api/moderation/users?q=JO", Value::Null).await;
        assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
        listed["data"][0].clone()
    }

    async fn actions(&self, query: &str) -> Vec<(String, Value)> {
        let audit = self.admin.rest("GET", &format!("/api/moderation/audit{query}"), Value::Null).await;
        let entry = |entry: &Value| (entry["action"].as_str().unwrap().to_owned(), entry["by"]["username"].clone());
        audit["data"].as_array().unwrap().iter().map(entry).collect()
    }
}

fn lock(of: &Person) -> String {
    format!("/api/moderation/locks/{}", of.id())
}

fn role(of: &Person) -> String {
    format!("/api/moderation/roles/{}", of.id())
}

#[tokio::test]
async fn a_lock_makes_live_connections_nobody_and_an_unlock_opens_again() {
    for database in BOTH {
        let office = office(database).await;
        let Office { server, admin, support, joe, .. } = &office;
        let den = admin.make_room("Den", true).await;
        let den = den["id"].as_str().unwrap().to_owned();
        admin.rest("PUT", &format!("/api/rooms/{den}/invites/{}", joe.id()), json!({})).await;
        let (mut by_token, mut by_session) =
            (joe.socket().await, Socket::with_token(&server.url, &office.log_in().await.1).await);
        for socket in [&mut by_token, &mut by_session] {
            socket.succeed("join-room", json!(den)).await;
        }
        let (status, locked) = admin.request("PUT", &lock(joe), json!({ "reason": "Fraud" })).await;
        assert_eq!((status.as_u16(), &locked["user"]["username"]), (200, &json!("joe")), "{locked}");
        assert_eq!((&locked["lock"]["reason"], &locked["lock"]["by"]["username"]), (&json!("Fraud"), &json!("admin")));
        let again = admin.rest("PUT", &lock(joe), json!({ "reason": "Fraud" })).await;
        assert_eq!(again["lock"]["at"], locked["lock"]["at"], "a repeat");
        let told = json!({ "reason": "Fraud" });
        assert_eq!(
            (by_token.hear("account-locked").await, by_session.hear("account-locked").await),
            (told.clone(), told)
        );
        assert_eq!(by_session.hear("session-ended").await["reason"], "locked");
        for socket in [&mut by_token, &mut by_session] {
            let refused = socket.ask("send-message", json!({ "message": "still here" })).await;
            assert_eq!(refused["error"], "User not authenticated");
        }
        // What is said in the room from now on is not theirs to hear; the main room is for everybody.
        admin.socket().await.succeed("send-message", json!({ "roomId": den, "message": "among us" })).await;
        admin.socket().await.succeed("send-message", json!({ "message": "to all" })).await;
        for socket in [&mut by_token, &mut by_session] {
            assert_eq!(socket.hear("message-received").await["message"], "to all");
        }
        assert_eq!(joe.refusal("GET", "/api/rooms", Value::Null).await, "401 user_not_found");
        assert_eq!(office.log_in().await.0, 403);
        let mut newcomer = Socket::open(&server.url).await;
        newcomer.send(format!("40/api/community/chat,{}", json!({ "token": joe.account.token }))).await;
        assert!(newcomer.frame().await.unwrap().contains("Unauthorized - User not found"));

        let line = office.joes_line(admin).await;
        assert_eq!((&line["status"], &line["lock"]["reason"]), (&json!("locked"), &json!("Fraud")));
        assert_eq!((&line["email"], &line["role"]), (&json!("joe@example.com"), &json!("user")));
        assert_eq!(office.joes_line(support).await["email"], Value::Null);

        assert_eq!(support.request("DELETE", &lock(joe), Value::Null).await.0.as_u16(), 204);
        assert_eq!(support.request("DELETE", &lock(joe), Value::Null).await.0.as_u16(), 204, "a repeat");
        assert_eq!(joe.rest("GET", "/api/rooms", Value::Null).await["next"], Value::Null);
        joe.socket().await.succeed("send-message", json!({ "message": "back" })).await;
        assert_eq!(office.log_in().await.0, 200);
        let line = office.joes_line(admin).await;
        assert_eq!((&line["status"], &line["lock"]), (&json!("active"), &Value::Null));
        let about_joe = office.actions(&format!("?userId={}&limit=2", joe.id())).await;
        assert_eq!(
            about_joe,
            [("account-unlocked".into(), json!("support")), ("account-locked".into(), json!("admin"))]
        );
    }
}

#[tokio::test]
async fn the_command_line_locks_and_gives_roles_and_a_running_server_learns_of_it_within_a_second() {
    for database in BOTH {
        let office = office(database).await;
        let Office { program, server, joe, .. } = &office;
        let (mut by_token, mut by_session) =
            (joe.socket().await, Socket::with_token(&server.url, &office.log_in().await.1).await);
        let soon = async |socket: &mut Socket, event: &str| {
            let since = Instant::now();
            let heard = socket.hear(event).await;
            assert!(since.elapsed() < Duration::from_secs(1), "{event}: {:?}", since.elapsed());
            heard
        };
        assert_eq!(program.say(&["user", "role", "joe", "support"]), "joe is now support");
        assert_eq!(soon(&mut by_token, "account-role-changed").await, json!({ "role": "support" }));
        assert_eq!(soon(&mut by_session, "account-role-changed").await, json!({ "role": "support" }));
        joe.rest("GET", "/api/moderation/users", Value::Null).await;
        assert_eq!(program.say(&["user", "role", joe.id(), "user"]), "joe is now user");
        soon(&mut by_token, "account-role-changed").await;
        assert_eq!(joe.refusal("GET", "/api/moderation/users", Value::Null).await, "403 not_allowed");

        assert_eq!(program.say(&["user", "lock", "joe", "--reason", " Fraud "]), "locked joe, ended 1 session");
        assert_eq!(soon(&mut by_token, "account-locked").await, json!({ "reason": "Fraud" }));
        assert_eq!(soon(&mut by_session, "account-locked").await, json!({ "reason": "Fraud" }));
        for socket in [&mut by_token, &mut by_session] {
            assert_eq!(socket.ask("send-message", json!({ "message": "x" })).await["error"], "User not authenticated");
        }
        assert_eq!(program.say(&["user", "lock", "joe", "--reason", "Fraud"]), "joe is locked already");
        let line = office.joes_line(&office.admin).await;
        assert_eq!((&line["lock"]["by"], &line["lock"]["reason"]), (&Value::Null, &json!("Fraud")));
        assert_eq!(program.say(&["user", "unlock", "joe"]), "unlocked joe");
        super::harness::eventually("joe is somebody again", async || {
            joe.request("GET", "/api/rooms", Value::Null).await.0.is_success()
        })
        .await;
        let done = office.actions(&format!("?userId={}", joe.id())).await;
        let actions: Vec<&str> = done.iter().map(|(action, _)| action.as_str()).collect();
        assert_eq!(actions, ["account-unlocked", "account-locked", "account-role-changed", "account-role-changed"]);
        assert!(done.iter().all(|(_, by)| by.is_null()), "nobody of the accounts did it");
        // Nothing is left of the notes.
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_foreign"), ["0"]);

        for (arguments, why) in [
            (&["user", "role", "admin", "user"][..], "there must be an administrator"),
            (&["user", "lock", "admin"], "there must be an administrator"),
            (&["user", "lock", "nobody"], "there is no account \"nobody\""),
            (&["user", "role", "joe", "king"], "invalid value 'king'"),
            (&["user", "unlock", "erased"], "there is no account \"erased\""),
        ] {
            let run = program.run(arguments);
            let said = String::from_utf8_lossy(&run.stderr);
            assert!(!run.status.success() && said.contains(why), "{arguments:?}: {said}");
        }
    }
}

#[tokio::test]
async fn roles_are_given_and_taken_and_act_at_once() {
    for database in BOTH {
        let office = office(database).await;
        let Office { admin, joe, .. } = &office;
        let mut socket = joe.socket().await;
        let given = admin.rest("PUT", &role(joe), json!({ "role": "admin" })).await;
        assert_eq!((&given["role"], &given["user"]["username"]), (&json!("admin"), &json!("joe")));
        assert_eq!(joe.rest("GET", "/api/moderation/audit", Value::Null).await["data"][0]["detail"]["before"], "user");
        assert_eq!(socket.hear("account-role-changed").await, json!({ "role": "admin" }));
        assert_eq!(admin.rest("PUT", &role(joe), json!({ "role": "admin" })).await["role"], "admin", "a repeat");
        joe.rest("PUT", &role(admin), json!({ "role": "user" })).await;
        assert_eq!(admin.refusal("GET", "/api/moderation/audit", Value::Null).await, "403 not_allowed");
        assert_eq!(joe.refusal("PUT", &role(joe), json!({ "role": "user" })).await, "400 yourself");
        assert_eq!(office.program.run(&["user", "role", "joe", "user"]).status.code(), Some(1));
        assert_eq!(office.actions_of(joe).await, 2);
    }
}

impl Office {
    async fn actions_of(&self, reader: &Person) -> usize {
        let audit = reader.rest("GET", "/api/moderation/audit?action=account-role-changed", Value::Null).await;
        audit["data"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn two_admins_who_lock_each_other_leave_one() {
    for database in BOTH {
        let office = office(database).await;
        let other = Person::with_role(&office.program, &office.server, "other", "admin");
        let (to_other, to_admin) = (lock(&other), lock(&office.admin));
        let (one, two) = tokio::join!(
            office.admin.request("PUT", &to_other, json!({})),
            other.request("PUT", &to_admin, json!({})),
        );
        let locked = [&one, &two].iter().filter(|(status, _)| status.is_success()).count();
        assert_eq!(locked, 1, "{one:?} {two:?}");
        let able = office.program.sql("SELECT COUNT(*) FROM \"Users\" WHERE role = 'admin' AND status = 'active'");
        assert_eq!(able, ["1"]);
    }
}

#[tokio::test]
async fn who_may_not() {
    for database in BOTH {
        let office = office(database).await;
        let Office { admin, support, joe, .. } = &office;
        let ann = Person::new(&office.program, &office.server, "ann");
        let sessions = format!("/api/moderation/sessions/{}", joe.id());
        let words = json!({ "block": [], "allow": [] });
        let all: [(&str, &str, Value); 8] = [
            ("PUT", &lock(joe), json!({})),
            ("DELETE", &lock(joe), Value::Null),
            ("PUT", &role(joe), json!({ "role": "support" })),
            ("DELETE", &sessions, Value::Null),
            ("GET", "/api/moderation/audit", Value::Null),
            ("GET", "/api/moderation/words", Value::Null),
            ("PUT", "/api/moderation/words", words),
            ("GET", "/api/moderation/users", Value::Null),
        ];
        let for_support = ["/api/moderation/users".to_owned(), lock(joe)];
        let nobody = Person::nobody(&office.server);
        for (method, path, body) in all {
            assert_eq!(nobody.refusal(method, path, body.clone()).await, "401 no_token", "{method} {path}");
            assert_eq!(ann.refusal(method, path, body.clone()).await, "403 not_allowed", "{method} {path}");
            if !(for_support.contains(&path.to_owned()) && method != "PUT") {
                assert_eq!(support.refusal(method, path, body).await, "403 not_allowed", "{method} {path}");
            }
        }
        assert_eq!(support.refusal("DELETE", &lock(admin), Value::Null).await, "403 outranked");
        assert_eq!(support.refusal("DELETE", &lock(support), Value::Null).await, "403 outranked");
        for (method, path, body) in [
            ("PUT", lock(admin), json!({})),
            ("PUT", role(admin), json!({ "role": "user" })),
            ("DELETE", format!("/api/moderation/sessions/{}", admin.id()), Value::Null),
        ] {
            assert_eq!(admin.refusal(method, &path, body).await, "400 yourself", "{method} {path}");
        }
        let unknown = "0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e";
        for (method, what, body) in [
            ("PUT", "locks", json!({})),
            ("DELETE", "locks", Value::Null),
            ("PUT", "roles", json!({ "role": "user" })),
            ("DELETE", "sessions", Value::Null),
        ] {
            let path = format!("/api/moderation/{what}/{unknown}");
            assert_eq!(admin.refusal(method, &path, body.clone()).await, "404 user_not_found", "{path}");
            assert_eq!(admin.refusal(method, &format!("/api/moderation/{what}/7"), body).await, "400 unreadable");
        }
        for (path, body) in [
            (role(joe), json!({})),
            (role(joe), json!({ "role": "king" })),
            (lock(joe), json!({ "reason": "x".repeat(501) })),
        ] {
            assert_eq!(admin.refusal("PUT", &path, body).await, "400 invalid_fields");
        }
        for query in ["status=gone", "role=king", "limit=0"] {
            let path = format!("/api/moderation/users?{query}");
            assert_eq!(admin.refusal("GET", &path, Value::Null).await, "400 invalid_fields", "{query}");
        }
        assert_eq!(admin.refusal("GET", "/api/moderation/users?after=x", Value::Null).await, "400 bad_cursor");
        assert_eq!(admin.refusal("GET", "/api/moderation/audit?by=x", Value::Null).await, "400 unreadable");
        assert_eq!(
            admin.refusal("GET", "/api/moderation/audit?roomId=nowhere", Value::Null).await,
            "404 room_not_found"
        );
        assert!(office.actions("").await.is_empty(), "nothing of all this was done");
    }
}

#[tokio::test]
async fn all_sessions_of_an_account_end() {
    for database in BOTH {
        let office = office(database).await;
        let path = format!("/api/moderation/sessions/{}", office.joe.id());
        let (mut one, mut other) = (
            Socket::with_token(&office.server.url, &office.log_in().await.1).await,
            Socket::with_token(&office.server.url, &office.log_in().await.1).await,
        );
        assert_eq!(office.admin.request("DELETE", &path, Value::Null).await.0.as_u16(), 204);
        for socket in [&mut one, &mut other] {
            assert_eq!(socket.hear("session-ended").await["reason"], "ended");
            assert_eq!(socket.ask("send-message", json!({ "message": "x" })).await["error"], "User not authenticated");
        }
        assert_eq!(office.admin.request("DELETE", &path, Value::Null).await.0.as_u16(), 204, "a repeat");
        assert_eq!(office.actions("?action=sessions-ended").await, [("sessions-ended".into(), json!("admin"))]);
        assert_eq!(office.log_in().await.0, 200, "the account goes on");
    }
}

#[tokio::test]
async fn a_lock_by_wrong_passwords_is_shown_and_undone() {
    for database in BOTH {
        let office = office(database).await;
        for _ in 0..5 {
            log_in(&office.server, "joe", "wrong horse").await;
        }
        assert_eq!(office.log_in().await.0, 403);
        let line = office.joes_line(&office.support).await;
        assert_eq!((&line["status"], &line["lock"]), (&json!("locked"), &Value::Null));
        office.joe.rest("GET", "/api/rooms", Value::Null).await;
        office.support.rest("DELETE", &lock(&office.joe), Value::Null).await;
        assert_eq!(office.log_in().await.0, 200);
    }
}

#[tokio::test]
async fn accounts_and_audit_are_listed_page_by_page() {
    for database in BOTH {
        let office = office(database).await;
        let Office { program, server, admin, joe, .. } = &office;
        let ann = Person::new(program, server, "ann");
        admin.rest("PUT", &lock(&ann), json!({ "reason": "Spam" })).await;
        let all = async |path: &str| admin.all(&format!("{path}limit=2")).await;
        let names = |listed: &[Value]| -> Vec<String> {
            listed.iter().map(|line| line["user"]["username"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&all("/api/moderation/users?").await), ["admin", "ann", "joe", "support"]);
        assert_eq!(names(&all("/api/moderation/users?status=locked&").await), ["ann"]);
        assert_eq!(names(&all("/api/moderation/users?role=user&").await), ["ann", "joe"]);
        assert_eq!(names(&all("/api/moderation/users?q=A&").await), ["admin", "ann"]);
        assert_eq!(names(&all("/api/moderation/users?q=%25&").await), [""; 0]);
        joe.rest("PATCH", "/api/me", json!({ "name": "Änne" })).await;
        for asked in ["Än", "än", "%C3%84N"] {
            assert_eq!(names(&all(&format!("/api/moderation/users?q={asked}&")).await), ["joe"], "{asked}");
        }

        admin.make_room("Garden", false).await;
        admin.rest("PUT", &format!("/api/rooms/garden/bans/{}", joe.id()), json!({ "reason": "Spam" })).await;
        admin.rest("PUT", &role(joe), json!({ "role": "support" })).await;
        admin.rest("DELETE", &lock(&ann), Value::Null).await;
        let actions = |listed: &[Value]| -> Vec<String> {
            listed.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
        };
        let every = all("/api/moderation/audit?").await;
        assert_eq!(actions(&every), ["account-unlocked", "account-role-changed", "member-banned", "account-locked"]);
        assert_eq!(actions(&all("/api/moderation/audit?roomId=garden&").await), ["member-banned"]);
        let of_joe = format!("/api/moderation/audit?userId={}&by={}&", joe.id(), admin.id());
        assert_eq!(actions(&all(&of_joe).await), ["account-role-changed", "member-banned"]);
        assert_eq!(actions(&all("/api/moderation/audit?action=account-locked&").await), ["account-locked"]);
        assert_eq!(actions(&all(&format!("/api/moderation/audit?by={}&", joe.id())).await), [""; 0]);
        assert_eq!((&every[3]["reason"], &every[3]["target"]["username"]), (&json!("Spam"), &json!("ann")));
    }
}

#[tokio::test]
async fn the_word_list_is_read_and_replaced_and_acts_at_once() {
    for database in BOTH {
        let program = Program::on(database, &[("CONTENT_FILTER", "reject")]);
        let server = program.serve().await;
        let admin = Person::with_role(&program, &server, "admin", "admin");
        let words = "/api/moderation/words";
        let none = json!({ "block": [], "allow": [], "version": 0 });
        assert_eq!(admin.rest("GET", words, Value::Null).await, none);
        let mut socket = admin.socket().await;
        socket.succeed("send-message", json!({ "message": "quux" })).await;
        let list = json!({ "block": ["quux"], "allow": ["scunthorpe"] });
        let put = admin.rest("PUT", words, list.clone()).await;
        assert_eq!(put, json!({ "block": ["quux"], "allow": ["scunthorpe"], "version": 1 }));
        assert_eq!(socket.ask("send-message", json!({ "message": "quux" })).await["code"], "inappropriate");
        assert_eq!(admin.rest("PUT", words, list).await, put, "a repeat");
        assert_eq!(admin.rest("GET", words, Value::Null).await, put);
        let audit = admin.rest("GET", "/api/moderation/audit?action=words-changed", Value::Null).await;
        assert_eq!(audit["data"].as_array().unwrap().len(), 1);
        assert_eq!(audit["data"][0]["detail"], json!({ "block": 0, "allow": 0 }));

        let many: Vec<String> = (0..5000).map(|number| format!("{number:050}")).collect();
        let put = admin.rest("PUT", words, json!({ "block": many, "allow": many })).await;
        assert_eq!((put["block"].as_array().unwrap().len(), &put["version"]), (5000, &json!(2)));
        let too_many: Vec<String> = (0..5001).map(|number| number.to_string()).collect();
        for (body, field) in [
            (json!({ "block": [] }), "allow"),
            (json!({ "block": "x", "allow": [] }), "block"),
            (json!({ "block": [1], "allow": [] }), "block"),
            (json!({ "block": ["x".repeat(51)], "allow": [] }), "block"),
            (json!({ "block": [], "allow": too_many }), "allow"),
        ] {
            let (status, refused) = admin.request("PUT", words, body).await;
            assert_eq!(status.as_u16(), 400);
            assert!(refused["error"]["fields"][field].is_string(), "{refused}");
        }
        let large = json!({ "reason": "x".repeat(70 * 1024) });
        assert_eq!(admin.refusal("PUT", &lock(&admin), large).await, "413 body_too_large", "elsewhere 64 KiB");
    }
}
