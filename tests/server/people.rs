//! What one says of oneself, whom one does not want to hear, and who can be found; on both databases.

use serde_json::{Value, json};

use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{BOTH, On, Person, Program, eventually};

const NO_BODY: Value = Value::Null;

#[tokio::test]
async fn what_one_says_of_oneself() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let me = ann.rest("GET", "/api/me", NO_BODY).await;
        let keys: Vec<&str> = me.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["user", "email", "role", "bio", "directFrom", "invites", "reports", "epoch"]);
        assert_eq!(
            (&me["user"]["username"], &me["bio"], &me["directFrom"]),
            (&json!("ann"), &json!(""), &json!("everyone"))
        );

        let mut hears = ben.socket().await;
        let mut nobody = super::harness::Socket::connect(&server.url, json!({})).await;
        let wanted = json!({ "name": " Ann B. ", "bio": "Gardener,\nmostly", "directFrom": "shared", "role": "admin", "userId": ben.id() });
        let changed = ann.rest("PATCH", "/api/me", wanted).await;
        assert_eq!((&changed["user"]["name"], &changed["bio"]), (&json!("Ann B."), &json!("Gardener,\nmostly")));
        assert_eq!(
            (&changed["directFrom"], &changed["role"]),
            (&json!("shared"), &json!("user")),
            "a role is not read"
        );
        let heard = hears.hear("users-edited").await;
        assert_eq!((&heard["users"][0]["name"], &heard["complete"]), (&json!("Ann B."), &json!(true)));
        assert_eq!(heard["users"][0]["id"], ann.id());
        assert_eq!(program.sql("SELECT name FROM \"Users\" WHERE userid = 'ann'"), ["Ann B."], "as Node reads it");
        assert_eq!(program.sql("SELECT COUNT(*) FROM \"Users\" WHERE \"updatedAt\" > \"createdAt\""), ["1"]);

        // A repeat and what nobody sees change nothing for others: the next that is told is Ben's.
        ann.rest("PATCH", "/api/me", json!({ "name": "Ann B.", "bio": "Gone" })).await;
        ben.rest("PATCH", "/api/me", json!({ "name": "Benjamin" })).await;
        let heard = hears.hear("users-edited").await;
        assert_eq!((heard["users"].as_array().unwrap().len(), &heard["users"][0]["name"]), (1, &json!("Benjamin")));
        nobody.succeed("load-messages", json!({})).await;
        assert!(nobody.heard.iter().all(|(name, _)| name != "users-edited"), "who is nobody hears nothing of people");

        let mut speaks = ann.socket().await;
        let said = speaks.succeed("send-message", json!({ "message": "It is me" })).await;
        assert_eq!(said["data"]["User"]["name"], "Ann B.");
        for (field, value) in [
            ("name", json!("")),
            ("name", json!("a\nb")),
            ("name", json!("\u{202E}nna")),
            ("name", json!("\u{200B}\u{3164}")),
            ("name", json!("x".repeat(101))),
            ("name", json!(5)),
            ("bio", json!("x".repeat(501))),
            ("bio", json!(["x"])),
            ("directFrom", json!("friends")),
        ] {
            let (status, answer) = ann.request("PATCH", "/api/me", json!({ field: value })).await;
            assert_eq!(
                (status.as_u16(), &answer["error"]["code"]),
                (400, &json!("invalid_fields")),
                "{field}: {value}"
            );
            assert!(answer["error"]["fields"][field].is_string(), "{answer}");
        }
        let nobody = Person::nobody(&server);
        assert_eq!(nobody.refused("GET", "/api/me", NO_BODY).await, "no_token");
        assert_eq!(nobody.refused("PATCH", "/api/me", json!({ "name": "x" })).await, "no_token");
    }
}

#[tokio::test]
async fn what_waits_for_me_is_counted() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let den = ann.make_room("Den", true).await;
        let invite = format!("/api/rooms/{}/invites/{}", den["id"].as_str().unwrap(), ben.id());
        ann.rest("PUT", &invite, NO_BODY).await;
        assert_eq!(ben.rest("GET", "/api/me", NO_BODY).await["invites"], 1);
        assert_eq!(ann.rest("GET", "/api/me", NO_BODY).await["invites"], 0);
        ann.rest("DELETE", &invite, NO_BODY).await;
        assert_eq!(ben.rest("GET", "/api/me", NO_BODY).await["invites"], 0);
    }
}

#[tokio::test]
async fn who_is_blocked_cannot_write_to_me_and_is_not_told() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, joe, eve] = ["ann", "joe", "eve"].map(|name| Person::new(&program, &server, name));
        let (mut annes, mut joes) = (ann.socket().await, joe.socket().await);
        let direct = joe.rest("PUT", &format!("/api/me/directs/{}", ann.id()), NO_BODY).await["id"].clone();
        joes.succeed("send-message", json!({ "roomId": direct, "message": "Hello" })).await;
        let room = ann.make_room("Den", true).await["id"].as_str().unwrap().to_owned();

        let path = format!("/api/me/blocks/{}", joe.id());
        let blocked = ann.rest("PUT", &path, NO_BODY).await;
        assert_eq!(blocked["user"]["username"], "joe");
        assert_eq!(annes.hear("user-blocked").await, json!({ "userId": joe.id() }));
        let again = annes.succeed("block-user", json!({ "userId": joe.id() })).await;
        assert_eq!(again["data"]["blockedAt"], blocked["blockedAt"], "twice is once");
        let mine = ann.rest("GET", "/api/me/blocks", NO_BODY).await;
        assert_eq!((mine["data"].as_array().unwrap().len(), &mine["next"]), (1, &Value::Null));
        assert_eq!(
            (&mine["data"][0]["blockedAt"], &mine["data"][0]["user"]["id"]),
            (&blocked["blockedAt"], &json!(joe.id()))
        );
        assert_eq!(joe.rest("GET", "/api/me/blocks", NO_BODY).await["data"], json!([]), "everybody has their own");

        // Either way, and in the same words as `directFrom`.
        let text = "This person does not take messages or invitations from you";
        for socket in [&mut annes, &mut joes] {
            let refused = socket.ask("send-message", json!({ "roomId": direct, "message": "?" })).await;
            assert_eq!((&refused["code"], &refused["error"]), (&json!("not_accepting"), &json!(text)));
        }
        assert_eq!(
            joes.succeed("load-messages", json!({ "roomId": direct })).await["data"].as_array().unwrap().len(),
            1
        );
        let invite = format!("/api/rooms/{room}/invites/{}", joe.id());
        assert_eq!(ann.refused("PUT", &invite, NO_BODY).await, "not_accepting");
        eve.rest("PATCH", "/api/me", json!({ "directFrom": "nobody" })).await;
        let (_, refused) = joe.request("PUT", &format!("/api/me/directs/{}", eve.id()), NO_BODY).await;
        assert_eq!(refused["error"], json!({ "code": "not_accepting", "message": text }));

        // Nothing of theirs is unread, and all else is heard by everybody.
        let unread = async || ann.rest("GET", "/api/rooms/main-chat", NO_BODY).await["me"]["unread"].clone();
        annes.succeed("move-read-marker", json!({ "roomId": "main-chat", "seq": 0 })).await;
        joes.succeed("send-message", json!({ "message": "Hello, all" })).await;
        assert_eq!(annes.hear("message-received").await["message"], "Hello, all");
        assert_eq!(unread().await, 0);

        assert_eq!(eve.refused("DELETE", "/api/me/blocks/x", NO_BODY).await, "unreadable");
        let (status, _) = eve.request("DELETE", &path, NO_BODY).await;
        assert_eq!(status, 204, "nobody lifts another's block");
        assert_eq!(ann.rest("GET", "/api/me/blocks", NO_BODY).await["data"].as_array().unwrap().len(), 1);
        annes.succeed("unblock-user", json!({ "userId": joe.id() })).await;
        assert_eq!(annes.hear("user-unblocked").await, json!({ "userId": joe.id() }));
        assert_eq!(unread().await, 1);
        joes.succeed("send-message", json!({ "roomId": direct, "message": "There you are" })).await;
        assert!(joes.heard.iter().all(|(name, _)| !name.contains("block")), "{:?}", joes.heard);
        assert_eq!(ann.request("DELETE", &path, NO_BODY).await.0, 204, "a relation that is not there");

        assert_eq!(ann.refused("PUT", &format!("/api/me/blocks/{}", ann.id()), NO_BODY).await, "yourself");
        let unknown = "/api/me/blocks/0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e";
        assert_eq!(ann.refused("PUT", unknown, NO_BODY).await, "user_not_found");
    }
}

async fn found(person: &Person, query: &str) -> Vec<String> {
    let users = person.all(&format!("/api/users?{query}")).await;
    users.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn people_are_found_by_beginnings() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, anna, ben, zoe] = ["ann", "Anna", "ben", "zoe"].map(|name| Person::new(&program, &server, name));
        zoe.rest("PATCH", "/api/me", json!({ "name": "Änne 50%_x", "bio": "Loud" })).await;
        assert_eq!(found(&ben, "q=AN&limit=1").await, ["ann", "Anna"], "page by page, whatever the case");
        assert_eq!(found(&ben, "q=%C3%A4n").await, ["zoe"], "by name, and beyond A to Z");
        assert_eq!(found(&ben, "q=nn").await, [""; 0], "beginnings only");
        assert_eq!(found(&ben, "q=%25n").await, [""; 0], "a sign of the query language is a letter");
        assert_eq!(found(&ben, "username=ann").await, ["ann"]);
        assert_eq!(found(&ben, "username=an").await, [""; 0]);
        let ids = format!("ids={},{},0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e", zoe.id(), ann.id());
        assert_eq!(found(&ben, &ids).await, ["ann", "zoe"], "who is not there is left out");
        let shown = ben.rest("GET", &format!("/api/users/{}", zoe.id()), NO_BODY).await;
        assert_eq!((&shown["name"], &shown["bio"]), (&json!("Änne 50%_x"), &json!("Loud")));
        assert!(!format!("{shown}").contains("@"), "addresses are nobody's business");

        program.sql("UPDATE \"Users\" SET status = 'locked' WHERE userid = 'Anna'");
        assert_eq!(found(&ben, "q=an").await, ["ann"], "locked by an administrator");
        program.sql("UPDATE \"Users\" SET failed_login_attempts = 5 WHERE userid = 'Anna'");
        assert_eq!(found(&ben, "q=an").await, ["ann", "Anna"], "a stranger's wrong passwords hide nobody");
        assert!(anna.account.token.len() > 10);

        let unknown = "/api/users/0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e";
        assert_eq!(ben.refused("GET", unknown, NO_BODY).await, "user_not_found");
        assert_eq!(ben.refused("GET", "/api/users/ann", NO_BODY).await, "unreadable");
        for query in ["", "?q=a", "?q=", "?ids=x", "?limit=5", "?q=an&limit=x"] {
            assert_eq!(ben.refused("GET", &format!("/api/users{query}"), NO_BODY).await, "invalid_fields", "{query}");
        }
        let many = vec![ann.id(); 101].join(",");
        assert_eq!(ben.refused("GET", &format!("/api/users?ids={many}"), NO_BODY).await, "invalid_fields");
        assert_eq!(ben.refused("GET", "/api/users?q=an&after=nonsense", NO_BODY).await, "bad_cursor");
        let nobody = Person::nobody(&server);
        assert_eq!(nobody.refused("GET", "/api/users?q=an", NO_BODY).await, "no_token");
        assert_eq!(nobody.refused("GET", &format!("/api/users/{}", ann.id()), NO_BODY).await, "no_token");
    }
}

#[tokio::test]
async fn searches_are_counted() {
    for database in BOTH {
        let limits = unlimited(&[("RATE_LIMIT_SEARCHES_PER_MINUTE", "2")]);
        let program = Program::on(database, &limits);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        ann.rest("GET", "/api/users?q=be", NO_BODY).await;
        ann.rest("GET", "/api/rooms?q=be", NO_BODY).await;
        assert_eq!(ann.refused("GET", "/api/users?q=be", NO_BODY).await, "slow_down");
        assert_eq!(ann.refused("GET", "/api/rooms?q=be", NO_BODY).await, "slow_down");
        ann.rest("GET", &format!("/api/users?ids={}", ben.id()), NO_BODY).await;
        ann.rest("GET", "/api/rooms", NO_BODY).await;
        ben.rest("GET", "/api/users?q=an", NO_BODY).await;
    }
}

/// Another program makes and names accounts, while we run and while we do not.
#[tokio::test]
async fn names_that_node_gives_are_known() {
    let limits = unlimited(&[("RATE_LIMIT_SEARCHES_PER_MINUTE", "0")]);
    let program = Program::on(On::Postgres, &limits);
    let server = program.serve().await;
    let mut ann = Person::new(&program, &server, "ann");
    let mut hears = ann.socket().await;
    program.sql(
        "INSERT INTO \"Users\" SELECT gen_random_uuid(), 'nobody' || n, 'Nobody', dob, gender, 'n' || n || '@example.com', password, role, \
         status, 0, NULL, 0, now(), now() FROM \"Users\", generate_series(1, 105) AS n WHERE userid = 'ann'",
    );
    eventually("they are found", async || found(&ann, "q=nobody&limit=100").await.len() == 105).await;
    program.sql("UPDATE \"Users\" SET name = 'Somebody' WHERE name = 'Nobody'");
    let heard = hears.hear("users-edited").await;
    assert_eq!((heard["users"].as_array().unwrap().len(), &heard["complete"]), (100, &json!(false)));
    assert_eq!(heard["users"][0]["name"], "Somebody");
    assert_eq!(found(&ann, "q=somebody&limit=100").await.len(), 105);
    server.stop().await;

    program.sql("UPDATE \"Users\" SET name = 'Renamed' WHERE userid = 'nobody77'");
    program.sql("DELETE FROM \"Users\" WHERE userid = 'nobody88'");
    program.sql("DELETE FROM chat_names WHERE userid = 'nobody99'");
    let server = program.serve().await;
    ann.url.clone_from(&server.url);
    eventually("what was missed is taken in", async || {
        found(&ann, "q=renamed").await == ["nobody77"] && found(&ann, "q=nobody99").await == ["nobody99"]
    })
    .await;
    assert_eq!(found(&ann, "q=nobody88").await, [""; 0]);
}

#[tokio::test]
async fn nobody_bears_a_bad_name() {
    for database in BOTH {
        let settings = unlimited(&[("CONTENT_FILTER", "mask"), ("ALLOW_GUESTS", "true")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let (ann, nobody) = (Person::new(&program, &server, "ann"), Person::nobody(&server));
        let room = format!("/api/rooms/{}", ann.make_room("Den", false).await["id"].as_str().unwrap());
        let person = json!({ "userid": "eve", "username": "eve", "name": "Eve", "email": "eve@example.com", "password": "correct horse" });
        let with = |field: &str| {
            let mut wanted = person.clone();
            wanted[field] = json!(match field {
                "slug" => "big-sh1t",
                "description" | "bio" => "no sh1t here",
                _ => "BigSh1t",
            });
            wanted
        };
        for (who, method, path, field) in [
            (&ann, "PATCH", "/api/me", "name"),
            (&ann, "POST", "/api/me/characters", "name"),
            (&ann, "POST", "/api/rooms", "name"),
            (&ann, "POST", "/api/rooms", "description"),
            (&ann, "POST", "/api/rooms", "slug"),
            (&ann, "PATCH", &room, "name"),
            (&ann, "PATCH", &room, "description"),
            (&ann, "PATCH", "/api/me", "bio"),
            (&nobody, "POST", "/api/auth/guest", "name"),
            (&nobody, "POST", "/api/auth/signup", "name"),
            (&nobody, "POST", "/api/auth/signup", "userid"),
            (&nobody, "POST", "/api/auth/register", "username"),
        ] {
            let (status, answer) = who.request(method, path, with(field)).await;
            assert_eq!(
                (status.as_u16(), &answer["error"]["code"]),
                (400, &json!("invalid_fields")),
                "{path}: {answer}"
            );
            assert_eq!(answer["error"]["fields"][field], format!("{field} contains inappropriate content"));
        }
        for (path, body, field) in [
            ("/api/chat/rooms", json!({ "name": "Yard", "description": "no sh1t here" }), "description"),
            ("/api/chat/characters", json!({ "name": "BigSh1t" }), "name"),
        ] {
            let (status, answer) = ann.request("POST", path, body).await;
            let detail = format!("{field} contains inappropriate content");
            assert_eq!((status.as_u16(), &answer["detail"]), (400, &json!(detail)), "{path}");
        }
        nobody.rest("POST", "/api/auth/signup", person).await;
    }
}
