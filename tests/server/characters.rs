//! Whom people speak as; and what is made once, however often it is asked for. On both databases.

use std::collections::HashSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::harness::program::unlimited;
use super::harness::{BOTH, On, Person, Program, Server, Socket};

const NO_BODY: Value = Value::Null;
const CHARACTERS: &str = "/api/me/characters";

async fn make(person: &Person, name: &str) -> i64 {
    person.rest("POST", CHARACTERS, json!({ "name": name })).await["id"].as_i64().unwrap()
}

fn stage(database: On) -> Program {
    let settings = [("RATE_LIMIT_PROFILE_EDITS_PER_HOUR", "0"), ("RATE_LIMIT_ROOMS_PER_HOUR", "0")];
    Program::on(database, &unlimited(&settings))
}

#[tokio::test]
async fn characters_are_made_renamed_and_deleted_by_their_owner() {
    for database in BOTH {
        let program = stage(database);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let (status, made) = ann.request("POST", CHARACTERS, json!({ "name": " Gandalf " })).await;
        assert_eq!((status, &made["name"]), (StatusCode::CREATED, &json!("Gandalf")));
        assert!(made["id"].is_i64() && made["createdAt"].is_string(), "{made}");
        let path = format!("{CHARACTERS}/{}", made["id"]);
        let renamed = ann.rest("PATCH", &path, json!({ "name": "Mithrandir" })).await;
        assert_eq!((&renamed["id"], &renamed["name"]), (&made["id"], &json!("Mithrandir")));
        assert_eq!(
            ann.rest("PATCH", &path, json!({ "name": "mithrandir" })).await["name"],
            "mithrandir",
            "its own name"
        );

        // Nobody else's name, nor one that looks like it, nor one of one's own twice.
        ben.rest("PATCH", "/api/me", json!({ "name": "Benjamin" })).await;
        for taken in ["ben", "BEN", "b\u{435}n", "Benjam\u{131}n", "Benjam in", "MITHRANDIR", "System", "erased"] {
            assert_eq!(ann.refused("POST", CHARACTERS, json!({ "name": taken })).await, "name_taken", "{taken}");
        }
        let other = make(&ann, "Ann").await;
        let rename = format!("{CHARACTERS}/{other}");
        assert_eq!(ann.refused("PATCH", &rename, json!({ "name": "ben" })).await, "name_taken");
        assert_eq!(ann.refused("PATCH", &rename, json!({ "name": "M\u{131}thrandir" })).await, "name_taken");
        assert_eq!(make(&ben, "Mithrandir").await, other + 1, "another account may have one of this name");
        for wrong in [json!({}), json!({ "name": "" }), json!({ "name": "a\u{2066}b" }), json!({ "name": 5 })] {
            assert_eq!(ann.refused("POST", CHARACTERS, wrong.clone()).await, "invalid_fields", "{wrong}");
        }

        // Somebody else's is as if it were not there.
        for id in [made["id"].to_string(), "999".into(), "x".into(), "-1".into(), "9".repeat(30)] {
            let path = format!("{CHARACTERS}/{id}");
            let wanted = json!({ "name": "Mine", "userId": ann.id() });
            for (method, body) in [("PATCH", wanted), ("DELETE", NO_BODY)] {
                let (status, answer) = ben.request(method, &path, body).await;
                let expected = json!({ "code": "character_not_found", "message": "Character not found" });
                assert_eq!((status, &answer["error"]), (StatusCode::NOT_FOUND, &expected), "{method} {id}");
            }
        }
        let list = ann.rest("GET", &format!("{CHARACTERS}?limit=1"), NO_BODY).await;
        assert_eq!(list["data"][0]["name"], "mithrandir");
        let list = ann.rest("GET", &format!("{CHARACTERS}?after={}", list["next"].as_str().unwrap()), NO_BODY).await;
        assert_eq!((&list["data"][0]["name"], &list["next"]), (&json!("Ann"), &Value::Null));

        assert_eq!(ann.request("DELETE", &path, NO_BODY).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ann.refused("DELETE", &path, NO_BODY).await, "character_not_found", "which a retry takes as done");
        make(&ann, "Mithrandir").await;
        for number in 0..18 {
            make(&ann, &format!("Number {number}")).await;
        }
        let (status, full) = ann.request("POST", CHARACTERS, json!({ "name": "One more" })).await;
        let expected = json!({ "code": "too_many", "message": "Too many characters: 20 are allowed" });
        assert_eq!((status, &full["error"]), (StatusCode::CONFLICT, &expected));
        assert_eq!(Person::nobody(&server).refused("GET", CHARACTERS, NO_BODY).await, "no_token");
    }
}

/// Twenty, also when many are asked for at once.
#[tokio::test]
async fn there_are_never_more_than_allowed() {
    for database in BOTH {
        let program = stage(database);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let wanted: Vec<_> = (0..30).map(|number| json!({ "name": format!("Number {number}") })).collect();
        let asked = wanted.into_iter().map(|name| ann.request("POST", CHARACTERS, name));
        let made = futures_util::future::join_all(asked).await;
        assert_eq!(made.iter().filter(|(status, _)| *status == StatusCode::CREATED).count(), 20);
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_characters"), ["20"]);
    }
}

#[tokio::test]
async fn messages_are_spoken_as_characters() {
    for database in BOTH {
        let program = stage(database);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let (mut annes, mut bens) = (ann.socket().await, ben.socket().await);
        let number = make(&ann, "Gandalf").await;
        let gandalf = json!({ "id": number, "name": "Gandalf" });
        for (id, offset) in [(json!(number), "c-1"), (json!(number.to_string()), "c-2")] {
            let said = json!({ "message": "You shall not pass", "characterId": id, "clientOffset": offset });
            let sent = annes.succeed("send-message", said.clone()).await["data"].clone();
            assert_eq!((&sent["character"], &sent["User"]["userid"]), (&gandalf, &json!("ann")));
            assert_eq!(bens.hear("message-received").await, sent, "live");
            assert_eq!(annes.succeed("send-message", said).await["data"], sent, "a repeat");
        }
        let plain = annes.succeed("send-message", json!({ "message": "As myself", "characterId": "" })).await;
        assert!(plain["data"].get("character").is_none(), "{plain}");

        let foreign = json!({ "message": "Fool of a Took", "characterId": number });
        for id in [json!(number), json!(number.to_string()), json!(999), json!("x"), json!([number]), json!(1.5)] {
            let mut said = foreign.clone();
            said["characterId"] = id.clone();
            let refused = bens.ask("send-message", said).await;
            assert_eq!(
                (&refused["code"], &refused["error"]),
                (&json!("character_not_found"), &json!("Character not found")),
                "{id}"
            );
        }

        // In history and sync, after an edit, a change of name and a restart; whoever is deleted keeps their name.
        let first = bens.succeed("load-messages", json!({})).await["data"][0].clone();
        annes.succeed("edit-message", json!({ "messageId": first["id"], "message": "You cannot pass" })).await;
        assert_eq!(bens.hear("message-edited").await["character"], gandalf);
        let path = format!("{CHARACTERS}/{number}");
        ann.rest("PATCH", &path, json!({ "name": "Mithrandir" })).await;
        let sent = annes.succeed("send-message", json!({ "message": "Back", "characterId": number })).await;
        assert_eq!(sent["data"]["character"]["name"], "Mithrandir");
        ann.request("DELETE", &path, NO_BODY).await;
        let refused = annes.ask("send-message", json!({ "message": "Gone", "characterId": number })).await;
        assert_eq!(refused["code"], "character_not_found");
        let repeat = json!({ "message": "You shall not pass", "characterId": number, "clientOffset": "c-2" });
        assert_eq!(
            annes.succeed("send-message", repeat).await["data"]["character"]["name"],
            "Mithrandir",
            "was stored"
        );
        let spoken = json!({ "id": number, "name": "Mithrandir" });
        server.stop().await;
        let server = program.serve().await;
        let mut reader = Socket::with_token(&server.url, &ben.account.token).await;
        let history = reader.succeed("load-messages", json!({})).await;
        let missed = reader.succeed("sync", json!({ "rev": 0 })).await;
        for (list, order) in [(&history["data"], "history"), (&missed["data"]["messages"], "sync")] {
            let spoken_as = list.as_array().unwrap().iter().filter(|message| message["character"] == spoken).count();
            assert_eq!((spoken_as, list.as_array().unwrap().len()), (3, 4), "{order}");
        }
        let mut annes = Socket::with_token(&server.url, &ann.account.token).await;
        annes.succeed("delete-message", json!({ "messageId": first["id"] })).await;
        let missed = reader.succeed("sync", json!({ "rev": missed["data"]["rev"] })).await;
        assert!(missed["data"]["messages"][0].get("character").is_none(), "{missed}");
    }
}

async fn with_key(server: &Server, token: &str, path: &str, key: &[u8], body: &Value) -> (u16, Value) {
    let request = reqwest::Client::new().request(Method::POST, format!("{}{path}", server.url)).bearer_auth(token);
    let answer = request.header("Idempotency-Key", key).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_request_that_comes_twice_makes_one_thing() {
    for database in BOTH {
        let program = stage(database);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let (anne, token) = (ann.account.token.as_str(), ben.account.token.as_str());
        let garden = json!({ "name": "Garden" });
        let (status, room) = with_key(&server, anne, "/api/rooms", b"k-1", &garden).await;
        assert_eq!(status, 201);
        ann.rest("PATCH", "/api/rooms/garden", json!({ "description": "Bees" })).await;
        let (status, again) = with_key(&server, anne, "/api/rooms", b"k-1", &garden).await;
        assert_eq!((status, &again["id"], &again["description"]), (200, &room["id"], &json!("Bees")), "as it is now");
        // By event it is the same request.
        let mut annes = ann.socket().await;
        let by_event = annes.succeed("create-room", json!({ "name": "Garden", "idempotencyKey": "k-1" })).await;
        assert_eq!(by_event["data"]["id"], room["id"]);
        let other = annes.ask("create-room", json!({ "name": "Yard", "idempotencyKey": "k-1" })).await;
        assert_eq!((&other["success"], &other["code"]), (&json!(false), &json!("key_reused")));
        let (status, other) = with_key(&server, anne, CHARACTERS, b"k-1", &garden).await;
        assert_eq!((status, &other["error"]["code"]), (409, &json!("key_reused")), "another path is another request");
        let (status, bens) = with_key(&server, token, "/api/rooms", b"k-1", &garden).await;
        assert_eq!((status, &bens["slug"]), (201, &json!("garden-2")), "keys are everybody's own");

        let (status, made) =
            with_key(&server, anne, CHARACTERS, "schlüssel".as_bytes(), &json!({ "name": "Gandalf" })).await;
        assert_eq!(status, 201);
        ann.rest("PATCH", &format!("{CHARACTERS}/{}", made["id"]), json!({ "name": "Mithrandir" })).await;
        let again = with_key(&server, anne, CHARACTERS, "schlüssel".as_bytes(), &json!({ "name": "Gandalf" })).await;
        assert_eq!((again.0, &again.1["id"], &again.1["name"]), (200, &made["id"], &json!("Mithrandir")));

        for key in [&b""[..], b"\xff", &[b'x'; 129]] {
            let (status, answer) = with_key(&server, anne, "/api/rooms", key, &garden).await;
            assert_eq!((status, &answer["error"]["code"]), (400, &json!("invalid_fields")), "{key:?}");
        }
        // What is gone is gone: a repeat does not make it again.
        ann.request("DELETE", &format!("{CHARACTERS}/{}", made["id"]), NO_BODY).await;
        let again = with_key(&server, anne, CHARACTERS, "schlüssel".as_bytes(), &json!({ "name": "Gandalf" })).await;
        assert_eq!((again.0, &again.1["error"]["code"]), (404, &json!("character_not_found")));

        // Nothing is kept of what was refused, and nothing for longer than a day.
        let (status, _) = with_key(&server, anne, CHARACTERS, b"k-2", &json!({ "name": "ben" })).await;
        assert_eq!(status, 409);
        let (status, _) = with_key(&server, anne, CHARACTERS, b"k-2", &json!({ "name": "Bilbo" })).await;
        assert_eq!(status, 201);
        program.sql("UPDATE chat_idempotency SET created_at = created_at - 86401000000");
        let (status, next) = with_key(&server, anne, "/api/rooms", b"k-1", &json!({ "name": "Another" })).await;
        assert_eq!((status, &next["name"]), (201, &json!("Another")));
        server.stop().await;
        let server = program.serve().await;
        super::harness::eventually("old keys are forgotten", async || {
            program.sql("SELECT COUNT(*) FROM chat_idempotency") == ["1"]
        })
        .await;
        let (status, again) = with_key(&server, anne, "/api/rooms", b"k-1", &json!({ "name": "Another" })).await;
        assert_eq!((status, &again["id"]), (200, &next["id"]), "after a restart too");
    }
}

#[tokio::test]
async fn requests_that_come_at_once_make_one_thing() {
    for database in BOTH {
        let program = stage(database);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        for (path, table) in [("/api/rooms", "chat_rooms WHERE kind = 'public'"), (CHARACTERS, "chat_characters")] {
            let body = json!({ "name": "Only one" });
            let key = path.as_bytes();
            let asked = (0..16).map(|_| with_key(&server, &ann.account.token, path, key, &body));
            let answers = futures_util::future::join_all(asked).await;
            assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
            assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 201)), "{answers:?}");
            let ids: HashSet<String> = answers.iter().map(|(_, made)| made["id"].to_string()).collect();
            assert_eq!((ids.len(), program.sql(&format!("SELECT COUNT(*) FROM {table}"))), (1, vec!["1".to_owned()]));
        }
    }
}
