//! Figures of a room, and of the server for who watches over it.

use serde_json::{Value, json};

use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, On, Person, Postgres, Program, eventually};

async fn get(who: &Person, path: &str) -> Value {
    who.rest("GET", path, Value::Null).await
}

/// Of each day, newest first: messages that can be seen, and who wrote.
async fn days(who: &Person, room: &str) -> Vec<(i64, i64)> {
    let stats = get(who, &format!("/api/rooms/{room}/stats")).await;
    let days = stats["messagesPerDay"].as_array().unwrap().iter();
    days.map(|day| (day["count"].as_i64().unwrap(), day["authors"].as_i64().unwrap())).collect()
}

async fn say(who: &Person, room: &str, text: &str) -> String {
    let said = who.rest("POST", &format!("/api/rooms/{room}/messages"), json!({ "content": text })).await;
    said["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_wrote_on_a_day_is_counted_once_and_never_taken_back() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
        ann.make_room("Garden", false).await;
        joe.rest("POST", "/api/rooms/garden/join", json!({})).await;
        assert_eq!(days(&ann, "garden").await, []);
        let first = say(&ann, "garden", "one").await;
        assert_eq!(days(&ann, "garden").await, [(1, 1)]);
        say(&ann, "garden", "two").await;
        let of_joe = say(&joe, "garden", "three").await;
        assert_eq!(days(&ann, "garden").await, [(3, 2)]);
        for (who, id) in [(&ann, &first), (&joe, &of_joe)] {
            who.rest("DELETE", &format!("/api/messages/{id}"), Value::Null).await;
        }
        assert_eq!(days(&ann, "garden").await, [(1, 2)], "deleted or not");
        let stats = get(&ann, "/api/rooms/garden/stats").await;
        assert_eq!((&stats["totalMessages"], &stats["totalUsers"]), (&json!(1), &json!(1)));
        let today = stats["messagesPerDay"][0]["date"].as_str().unwrap();
        assert_eq!(today.len(), "2026-11-21".len());

        // Many at once are one batch, or few.
        let mut socket = joe.socket().await;
        for number in 0..200 {
            socket.feed("send-message", &json!({ "roomId": "garden", "message": number.to_string() })).await;
        }
        socket.flush().await;
        socket.succeed("load-messages", json!({ "roomId": "garden" })).await;
        assert_eq!(days(&ann, "garden").await, [(201, 2)]);

        // As if all of this had been yesterday.
        for statement in ["UPDATE chat_daily SET day = day - 1", "UPDATE chat_authors SET last_day = last_day - 1"] {
            program.sql(statement);
        }
        say(&joe, "garden", "today").await;
        say(&joe, "garden", "today again").await;
        assert_eq!(days(&ann, "garden").await, [(2, 1), (201, 2)]);
        let one_day = get(&ann, "/api/rooms/garden/stats?days=1").await;
        assert_eq!(one_day["messagesPerDay"].as_array().unwrap().len(), 1);
        let of_main = reqwest::get(format!("{}/api/community/chat/stats", server.url)).await.unwrap();
        let of_main: Value = of_main.json().await.unwrap();
        assert_eq!(of_main["data"]["totalMessages"], 0, "the contract's route speaks of main-chat");
    }
}

#[tokio::test]
async fn who_reads_the_figures_of_a_room() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let (ann, outsider) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "outsider"));
        let staff = |role| Person::with_role(&program, &server, role, role);
        let (support, admin, nobody) = (staff("support"), staff("admin"), Person::nobody(&server));
        ann.make_room("Garden", false).await;
        say(&ann, "main-chat", "hello").await;
        for reader in [&nobody, &outsider, &support, &admin] {
            assert_eq!(days(reader, "main-chat").await, [(1, 1)]);
        }
        for stranger in [&nobody, &outsider, &support] {
            let refused = stranger.refusal("GET", "/api/rooms/garden/stats", Value::Null).await;
            assert_eq!(refused, "404 room_not_found");
        }
        assert_eq!(days(&admin, "garden").await, []);
        for wrong in ["days=0", "days=366", "days=x"] {
            let path = format!("/api/rooms/garden/stats?{wrong}");
            assert_eq!(ann.refusal("GET", &path, Value::Null).await, "400 invalid_fields", "{wrong}");
        }
    }
}

#[tokio::test]
async fn history_that_is_taken_in_counts_its_authors() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let (mut ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
        say(&ann, "main-chat", "one").await;
        say(&ann, "main-chat", "two").await;
        let gone = say(&joe, "main-chat", "three").await;
        joe.rest("DELETE", &format!("/api/messages/{gone}"), Value::Null).await;
        assert_eq!(days(&ann, "main-chat").await, [(2, 2)]);
        server.stop().await;

        // Ours of before there was such a figure.
        for statement in ["UPDATE chat_daily SET authors = 0", "UPDATE chat_authors SET last_day = 0"] {
            program.sql(statement);
        }
        let server = program.serve().await;
        ann.url.clone_from(&server.url);
        assert_eq!(days(&ann, "main-chat").await, [(2, 2)]);
        say(&ann, "main-chat", "four").await;
        assert_eq!(days(&ann, "main-chat").await, [(3, 2)]);
        server.stop().await;

        // Of ours only Node's tables are left.
        program.say(&["migrate", "down", "--steps", "100"]);
        let server = program.serve().await;
        ann.url.clone_from(&server.url);
        assert_eq!(days(&ann, "main-chat").await, [(3, 2)]);
        say(&ann, "main-chat", "five").await;
        assert_eq!(days(&ann, "main-chat").await, [(4, 2)]);
    }
}

#[tokio::test]
async fn what_node_writes_counts_its_authors_too() {
    let program = Program::on(On::Postgres, &[]);
    let server = program.serve().await;
    let (ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
    say(&ann, "main-chat", "by us").await;
    let write = |who: &Person, deleted: bool| {
        program.sql(&format!(
            "INSERT INTO \"CommunityChats\" (id, user_id, message, is_deleted, created_at, updated_at) \
             VALUES (gen_random_uuid(), '{}', 'by Node', {deleted}, now(), now())",
            who.id()
        ))
    };
    write(&ann, false);
    write(&joe, true);
    eventually("Node's rows are counted", async || days(&ann, "main-chat").await == [(2, 2)]).await;
}

#[tokio::test]
async fn an_admin_sees_how_the_server_gets_on() {
    for database in BOTH {
        let program = Program::on(database, &[("MAX_MESSAGE_CHARS", "10")]);
        let server = program.serve().await;
        let staff = |role| Person::with_role(&program, &server, role, role);
        let (support, admin) = (staff("support"), staff("admin"));
        let (ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
        let figures = "/api/moderation/figures";
        for (who, refused) in
            [(&ann, "403 not_allowed"), (&support, "403 not_allowed"), (&Person::nobody(&server), "401 no_token")]
        {
            assert_eq!(who.refusal("GET", figures, Value::Null).await, refused);
        }
        let before = get(&admin, figures).await;
        assert_eq!(
            before["totals"],
            json!({ "accounts": 4, "rooms": 1, "messages": 0, "fileBytes": 0, "openReports": 0 })
        );
        assert_eq!(before["nodes"][0]["writer"], json!({ "queue": 0, "commitMs": { "p50": null, "p95": null } }));

        let (mut one, _two, mut of_joe) = (ann.socket().await, ann.socket().await, joe.socket().await);
        let mut id = String::new();
        for number in 0..20 {
            let said = one.succeed("send-message", json!({ "message": number.to_string() })).await;
            id = said["data"]["id"].as_str().unwrap().to_owned();
        }
        assert_eq!(of_joe.ask("send-message", json!({ "message": "far too long" })).await["code"], "too_long");
        joe.rest("PUT", &format!("/api/me/reports/{id}"), json!({ "reason": "spam" })).await;
        eventually("what is shown is a second old at most", async || {
            let totals = get(&admin, figures).await["totals"].clone();
            totals["messages"] == 20 && totals["openReports"] == 1
        })
        .await;
        let after = get(&admin, figures).await;
        let node = &after["nodes"][0];
        assert_eq!(
            (&node["connections"], &node["people"], &node["guests"]),
            (&json!(3), &json!(2), &json!(0)),
            "{after}"
        );
        assert_eq!(node["refusals"], json!({ "no_token": 1, "not_allowed": 2, "too_long": 1 }));
        assert_eq!((&node["waiting"], &node["slowReadersClosed"]), (&json!({ "events": 0, "bytes": 0 }), &json!(0)));
        for rate in ["messages", "events", "deliveries", "requests"] {
            assert!(node["perSecond"][rate].as_f64().unwrap() > 0.0, "{rate}: {after}");
        }
        let times = &node["writer"]["commitMs"];
        assert!(times["p95"].as_f64().unwrap() >= times["p50"].as_f64().unwrap(), "{after}");
        assert_eq!((&node["version"], &node["node"]), (&json!(env!("CARGO_PKG_VERSION")), &before["nodes"][0]["node"]));
        let kind = if database == On::Sqlite { "sqlite" } else { "postgres" };
        assert_eq!((&after["database"]["kind"], &after["database"]["reachable"]), (&json!(kind), &json!(true)));
        assert!(after["database"]["bytes"].as_i64().unwrap() > 10_000);
        assert_eq!(after["bus"], json!({ "kind": "local", "reachable": true }));
    }
}

#[tokio::test]
async fn figures_while_the_database_is_away() {
    let postgres = Postgres::of_its_own();
    let folder = tempfile::Builder::new().prefix("chat-test-").tempdir().unwrap();
    let program = Program::on_url(folder, postgres.database(), &[]);
    let server = program.serve().await;
    let admin = Person::with_role(&program, &server, "admin", "admin");
    assert_eq!(get(&admin, "/api/moderation/figures").await["database"]["reachable"], true);
    postgres.crash();
    eventually("the database is away", async || {
        let (status, figures) = admin.request("GET", "/api/moderation/figures", Value::Null).await;
        status.is_success()
            && figures["database"] == json!({ "kind": "postgres", "reachable": false, "bytes": null })
            && figures["totals"].is_null()
            && figures["nodes"][0]["connections"] == 0
    })
    .await;
}
