//! One's own data: to take along, and to be forgotten.

use community_chat::model::erasure::ERASED;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::files::{Form, fetch_as};
use super::harness::follower::fresh_history;
use super::harness::person::log_in;
use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, Follower, On, Person, Program, Server, Socket, Transport, eventually, free_port};

const PASSWORD: &str = "correct horse";
const NAME: &str = "Zebulon Quartz";
const USERID: &str = "zebulon";
const EMAIL: &str = "zebulon@quartz.example";
/// Messages in each of two rooms: enough that erasing them takes a while.
const EACH: u32 = 200;

/// Somebody who signed up, so that there is a password.
async fn zebulon(server: &Server) -> Person {
    let nobody = Person::nobody(server);
    let form = json!({ "name": NAME, "userid": USERID, "email": EMAIL, "password": PASSWORD, "dob": "1971-03-04" });
    let made = nobody.rest("POST", "/api/auth/signup", form).await;
    let (_, entered) = log_in(server, EMAIL, PASSWORD).await;
    let mut person = nobody;
    person.account.id = made["user"]["id"].as_str().unwrap().to_owned();
    person.account.userid = USERID.to_owned();
    person.account.token = entered["accessToken"].as_str().unwrap().to_owned();
    person
}

#[tokio::test]
async fn everything_of_oneself_and_nothing_of_others() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (zeb, ben) = (zebulon(&server).await, Person::new(&program, &server, "ben"));
        let room = zeb.make_room("Den", true).await;
        let id = room["id"].as_str().unwrap();
        zeb.rest("PUT", &format!("/api/rooms/{id}/invites/{}", ben.id()), Value::Null).await;
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        let (mut zebs, mut bens) = (zeb.socket().await, ben.socket().await);
        let mut sent = Vec::new();
        for number in 0..1200 {
            let payload = json!({ "roomId": if number % 2 == 0 { id } else { "main-chat" }, "message": format!("number {number}") });
            sent.push(zebs.succeed("send-message", payload).await["data"]["message"].clone());
        }
        bens.succeed("send-message", json!({ "roomId": id, "message": "a secret of Ben's" })).await;
        ben.rest("PUT", &format!("/api/rooms/{id}/read-marker"), json!({ "seq": 1 })).await;
        Form::file("rose.txt", b"a rose").and("content", "number 1200").sent(&zeb, id).await;
        sent.push(json!("number 1200"));
        let export = zeb.rest("GET", "/api/me/export", Value::Null).await;
        let file = &export["files"][0];
        assert_eq!((&file["name"], export["files"].as_array().unwrap().len()), (&json!("rose.txt"), 1));
        assert_eq!(fetch_as(&zeb, file["url"].as_str().unwrap()).await.bytes, b"a rose");
        let parts: Vec<&str> = export.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            parts,
            [
                "exportedAt",
                "account",
                "profile",
                "rooms",
                "files",
                "characters",
                "blocks",
                "sessions",
                "reports",
                "audit",
                "messages"
            ]
        );
        let account = &export["account"];
        assert_eq!(
            (&account["email"], &account["dob"], &account["name"]),
            (&json!(EMAIL), &json!("1971-03-04"), &json!(NAME))
        );
        let mut texts: Vec<Value> =
            export["messages"].as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
        texts.sort_by_key(|text| text.as_str().unwrap()[7..].parse::<u32>().unwrap());
        assert_eq!(texts, sent);
        assert_eq!(export["rooms"].as_array().unwrap().len(), 1);
        assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
        let whole = export.to_string();
        assert!(!whole.contains("a secret of Ben's") && !whole.contains("argon2") && !whole.contains("$2b$"));
        assert_eq!(Person::nobody(&server).refused("GET", "/api/me/export", Value::Null).await, "no_token");
        let said: Value = serde_json::from_str(&program.say(&["user", "export", USERID])).unwrap();
        assert_eq!(said["messages"], export["messages"]);
    }
}

/// Which of these stand in the database, byte for byte.
fn left_of(program: &Program, words: &[&str]) -> Vec<String> {
    let bytes = program.database_bytes();
    let found = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    words.iter().filter(|word| found(word)).map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn nothing_is_left_of_who_is_erased() {
    for database in BOTH {
        for mode in ["anonymise", "remove"] {
            let program = Program::on(database, NO_LIMITS);
            let port = free_port();
            let server = program.serve_on(port).await;
            let (zeb, ben) = (zebulon(&server).await, Person::new(&program, &server, "ben"));
            let room = zeb.make_room("Den", false).await;
            let id = room["id"].as_str().unwrap();
            ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
            let (mut zebs, mut bens) = (zeb.socket().await, ben.socket().await);
            bens.succeed("join-room", json!({ "roomId": id })).await;
            for number in 0..EACH {
                let payload =
                    json!({ "message": format!("quagga {number}"), "clientOffset": format!("okapi-{number}") });
                zebs.succeed("send-message", payload.clone()).await;
                let mut there = payload;
                there["roomId"] = json!(id);
                there["clientOffset"] = json!(format!("bongo-{number}"));
                zebs.succeed("send-message", there).await;
            }
            bens.succeed("send-message", json!({ "message": "mine stays" })).await;
            let mut follower = Follower::new(&server.url, &ben.account.token, Transport::WebSocket);
            follower.come_back().await;
            follower.follow_to(i64::from(EACH) + 1).await;

            let wrong = json!({ "password": "wrong", "messages": mode });
            assert_eq!(zeb.refused("PUT", "/api/me/erasure", wrong).await, "wrong_password");
            assert_eq!(zeb.refused("PUT", "/api/me/erasure", json!({ "password": PASSWORD })).await, "invalid_fields");
            let (status, answer) =
                zeb.request("PUT", "/api/me/erasure", json!({ "password": PASSWORD, "messages": mode })).await;
            assert_eq!((status, answer), (StatusCode::ACCEPTED, json!({ "erasing": true })));
            // At once nobody is this person any more.
            let (status, _) = zeb.request("GET", "/api/me/rooms", Value::Null).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            eventually("the live connection is nobody", async || {
                zebs.ask("send-message", json!({ "message": "still me?" })).await["code"] == "not_authenticated"
            })
            .await;
            assert!(
                Socket::try_connect(&server.url, Transport::WebSocket, &json!({ "token": zeb.account.token }))
                    .await
                    .is_none()
            );
            assert_eq!(bens.hear("user-erased").await["userId"], json!(zeb.id()));
            // The room has another owner.
            let mine = ben.rest("GET", &format!("/api/rooms/{id}"), Value::Null).await;
            assert_eq!((&mine["me"]["role"], &mine["memberCount"]), (&json!("owner"), &json!(1)));
            // Half-way through, the server is killed: the next one goes on.
            let bare = if database == On::Sqlite { "hex(user_id)" } else { "replace(user_id::text, '-', '')" };
            let messages_of = |id: &str| {
                program.sql(&format!("SELECT seq FROM chat_log WHERE lower({bare}) = '{}'", id.replace('-', ""))).len()
            };
            eventually("it has begun", async || messages_of(&ERASED.to_string()) > 0).await;
            server.kill();
            assert_eq!(program.sql("SELECT mode FROM chat_erasures WHERE done_at IS NULL"), [mode], "it had not ended");
            assert!(messages_of(zeb.id()) > 0, "something was left to do");
            let server = program.serve_on(port).await;
            eventually("all is erased", async || {
                program.sql("SELECT mode FROM chat_erasures WHERE done_at IS NULL").is_empty()
            })
            .await;
            let mut reader = Socket::with_token(&server.url, &ben.account.token).await;
            let (history, rev) = fresh_history(&mut reader).await;
            let erased = history.iter().filter(|message| message["User"]["userid"] == "erased").count();
            assert_eq!(erased, if mode == "remove" { 0 } else { EACH as usize });
            assert_eq!(history.len(), erased + 1);
            follower.come_back().await;
            follower.follow_to(rev).await;
            assert!(follower.breaches.is_empty() && follower.visible() == history, "{:?}", follower.breaches);
            drop(server);
            // What is left in free pages goes with a vacuum; `user erase` does that by itself.
            program.sql("VACUUM");
            let mut gone = vec![NAME, USERID, EMAIL, "okapi-1", "bongo-1"];
            if mode == "remove" {
                gone.push("quagga");
            }
            assert_eq!(left_of(&program, &gone), [""; 0], "{database:?}, {mode}");
        }
    }
}

#[tokio::test]
async fn the_command_line_erases_with_and_without_a_server() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        for runs in [true, false] {
            let server = program.serve().await;
            let zeb = zebulon(&server).await;
            let mut zebs = zeb.socket().await;
            zebs.succeed("send-message", json!({ "message": "quagga" })).await;
            if runs {
                let said = program.say(&["user", "erase", USERID, "--messages", "remove"]);
                assert!(said.starts_with("erased zebulon"), "{said}");
                eventually("the live connection is nobody", async || {
                    zebs.ask("send-message", json!({ "message": "still me?" })).await["code"] == "not_authenticated"
                })
                .await;
            } else {
                drop(server);
                program.say(&["user", "erase", zeb.id(), "--messages", "remove"]);
                assert_eq!(left_of(&program, &[NAME, USERID, EMAIL, "quagga"]), [""; 0]);
            }
        }
        let ben = program.say(&["user", "add", "--userid", "adam", "--email", "adam@example.com", "--role", "admin"]);
        assert!(ben.starts_with("made adam"));
        let refused = program.run(&["user", "erase", "adam", "--messages", "remove"]);
        assert!(!refused.status.success(), "the last administrator stays");
    }
}
