//! What is planted of one person in every corner: all of it comes with their export and nothing of
//! others, and after the erasure none of it is found.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::files::{Form, lying, png, so_many_lie};
use super::harness::program::unlimited;
use super::harness::{BOTH, On, Person, Program, Server, eventually};

const PASSWORD: &str = "correct horse";
const NAME: &str = "Zebulon Quartz";
const USERID: &str = "zebulon";
const EMAIL: &str = "zebulon@quartz.example";
const BIRTHDAY: &str = "1971-03-04";
const BROWSER: &str = "Quartzilla/7.7";
const BIO: &str = "Polishes agates";
const CHARACTERS: [&str; 2] = ["Agatemancer", "1971"];
const GONE_CHARACTER: &str = "Formerlord";
const FILE: &str = "agates-of-mine.txt";
const FILE_SAYS: &[u8] = b"where the agates lie";
const REPORTED: &str = "these agates are mine";
const NOTE: &str = "he copies my agates";
const MUTED_FOR: &str = "shouting about agates";
const BANNED_FOR: &str = "throwing agates";

struct Planted {
    program: Program,
    server: Server,
    zeb: Person,
    ben: Person,
    admin: Person,
    den: String,
    file: Value,
    bens: Value,
    reported: Value,
}

fn at_once() -> Vec<(&'static str, &'static str)> {
    unlimited(&[("RATE_LIMIT_MODERATION_PER_MINUTE", "0"), ("RATE_LIMIT_PROFILE_EDITS_PER_HOUR", "0")])
}

/// Somebody who signed up and logged in with a browser of their own.
async fn zebulon(server: &Server) -> Person {
    let mut zeb = Person::nobody(server);
    let form = json!({ "name": NAME, "userid": USERID, "email": EMAIL, "password": PASSWORD, "dob": BIRTHDAY });
    let made = zeb.rest("POST", "/api/auth/signup", form).await;
    let request = reqwest::Client::new().post(format!("{}/api/auth/login", server.url)).header("user-agent", BROWSER);
    let entered = request.json(&json!({ "identifier": EMAIL, "password": PASSWORD })).send().await.unwrap();
    zeb.account.id = made["user"]["id"].as_str().unwrap().to_owned();
    zeb.account.token = entered.json::<Value>().await.unwrap()["accessToken"].as_str().unwrap().to_owned();
    zeb
}

impl Planted {
    async fn on(database: On) -> Planted {
        let program = Program::on(database, &at_once());
        let server = program.serve().await;
        let (zeb, ben) = (zebulon(&server).await, Person::new(&program, &server, "ben"));
        let admin = Person::with_role(&program, &server, "adam", "admin");
        let (pit, den) = (ben.make_room("Pit", false).await, zeb.make_room("Den", false).await);
        let den = den["id"].as_str().unwrap().to_owned();
        let post = |content: &str, more: Value| {
            let mut said = more;
            said["content"] = json!(content);
            said
        };
        let messages = format!("/api/rooms/{den}/messages");
        ben.rest("POST", &format!("/api/rooms/{den}/join"), Value::Null).await;

        // Zeb's.
        zeb.rest("PATCH", "/api/me", json!({ "bio": BIO, "directFrom": "shared" })).await;
        let (status, face) = Form::file("face.png", &png(9, 9)).send(&zeb, Method::PUT, "/api/me/avatar").await;
        assert!(status.is_success(), "{face}");
        for name in [GONE_CHARACTER, CHARACTERS[0], CHARACTERS[1]] {
            let made = zeb.rest("POST", "/api/me/characters", json!({ "name": name })).await;
            let offset = format!("opal-{name}");
            zeb.rest("POST", &messages, post("spoken", json!({ "characterId": made["id"], "clientOffset": offset })))
                .await;
            if name == GONE_CHARACTER {
                zeb.rest("DELETE", &format!("/api/me/characters/{}", made["id"]), Value::Null).await;
            }
        }
        let sent = Form::file(FILE, FILE_SAYS).and("content", "look").sent(&zeb, &den).await;
        zeb.rest("PUT", &format!("/api/me/blocks/{}", ben.id()), Value::Null).await;
        let bens = ben.rest("POST", &messages, post("a secret of Ben's", json!({}))).await["id"].clone();
        let against = |message: &Value| format!("/api/me/reports/{}", message.as_str().unwrap());
        zeb.rest("PUT", &against(&bens), json!({ "reason": "spam", "note": NOTE })).await;
        let reported = zeb.rest("POST", &messages, post(REPORTED, json!({}))).await["id"].clone();

        // What others did about Zeb, and what is their own.
        ben.rest("PUT", &against(&reported), json!({ "reason": "abuse", "note": "a note of Ben's" })).await;
        admin
            .rest("PUT", &format!("/api/rooms/{den}/mutes/{}", zeb.id()), json!({ "seconds": 60, "reason": MUTED_FOR }))
            .await;
        let pit = format!("/api/rooms/{}/bans/{}", pit["id"].as_str().unwrap(), zeb.id());
        ben.rest("PUT", &pit, json!({ "reason": BANNED_FOR })).await;
        ben.rest("POST", "/api/me/characters", json!({ "name": "Bensoul" })).await;
        ben.rest("PUT", &format!("/api/me/blocks/{}", admin.id()), Value::Null).await;
        ben.rest("PATCH", "/api/me", json!({ "bio": "Bio of Ben" })).await;
        let file = sent["attachment"]["id"].clone();
        Planted { program, server, zeb, ben, admin, den, file, bens, reported }
    }
}

/// Which of these stand anywhere in the database or in the storage, names of files included.
fn found<'a>(program: &Program, words: &[&'a str]) -> Vec<&'a str> {
    let mut bytes = program.database_bytes();
    for path in lying(program) {
        bytes.extend(path.as_bytes());
        bytes.extend(fs::read(path).unwrap());
    }
    let is_there = |word: &&&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    words.iter().filter(is_there).copied().collect()
}

/// Every id a UUID (or a character's number), every time a time.
fn must_be_converted(value: &Value) {
    let is_time = |text: &str| text.len() == 24 && chrono::DateTime::parse_from_rfc3339(text).is_ok();
    let is_uuid = |text: &str| text.len() == 36 && uuid::Uuid::parse_str(text).is_ok();
    match value {
        Value::Array(values) => values.iter().for_each(must_be_converted),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "id" || key.ends_with("Id") => {
                        assert!(is_uuid(text), "{key}: {text}")
                    }
                    Value::String(text) if key.ends_with("At") || key.ends_with("Until") => {
                        assert!(is_time(text), "{key}: {text}");
                    }
                    _ => must_be_converted(value),
                }
            }
        }
        _ => {}
    }
}

/// Some fields of each row of a part.
fn rows(export: &Value, part: &str, keys: &[&str]) -> Vec<Value> {
    let row = |row: &Value| keys.iter().map(|key| row[*key].clone()).collect();
    export[part].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn all_of_it_comes_with_the_export() {
    for database in BOTH {
        let planted = Planted::on(database).await;
        let Planted { zeb, ben, admin, den, file, .. } = &planted;
        let export = zeb.rest("GET", "/api/me/export", Value::Null).await;
        must_be_converted(&export);
        let account = &export["account"];
        let written = ["id", "userid", "name", "email", "dob"].map(|key| account[key].clone());
        assert_eq!(json!(written), json!([zeb.id(), USERID, NAME, EMAIL, BIRTHDAY]));
        assert_eq!((&export["profile"]["bio"], &export["profile"]["directFrom"]), (&json!(BIO), &json!("shared")));

        let kept = rows(&export, "files", &["id", "name", "mediaType", "bytes", "purpose"]);
        let sent = json!([file, FILE, "application/octet-stream", FILE_SAYS.len(), "message"]);
        assert!(kept.len() == 2 && kept.contains(&sent), "{kept:?}");
        let face = kept.iter().find(|row| **row != sent).unwrap();
        assert_eq!((&face[4], &face[0]), (&json!("avatar"), &export["profile"]["avatar"]));

        let characters = rows(&export, "characters", &["name", "deletedAt"]);
        assert_eq!(characters[1..], CHARACTERS.map(|name| json!([name, null])));
        assert!(characters[0][0] == GONE_CHARACTER && characters[0][1].is_string(), "{characters:?}");
        assert!(export["characters"].as_array().unwrap().iter().all(|row| row["id"].is_i64()));
        assert_eq!(rows(&export, "blocks", &["userId"]), [json!([ben.id()])]);
        assert_eq!(rows(&export, "sessions", &["userAgent"]), [json!([BROWSER])]);
        let reports = rows(&export, "reports", &["messageId", "reason", "note", "status"]);
        assert_eq!(reports, [json!([planted.bens, "spam", NOTE, "open"])]);
        let audit = rows(&export, "audit", &["action", "reason"]);
        for entry in [json!(["member-muted", MUTED_FOR]), json!(["member-banned", BANNED_FOR])] {
            assert!(audit.contains(&entry), "{entry} in {audit:?}");
        }
        let muted = export["audit"].as_array().unwrap().iter().find(|entry| entry["action"] == "member-muted");
        assert_eq!(muted.unwrap()["roomId"], json!(den));
        assert!(rows(&export, "rooms", &["roomId", "role"]).contains(&json!([den, "owner"])));
        let mut messages = rows(&export, "messages", &["content", "character", "attachment"]);
        messages.sort_by_key(Value::to_string);
        let mut expected = vec![json!(["look", null, file]), json!([REPORTED, null, null])];
        expected.extend([GONE_CHARACTER, CHARACTERS[0], CHARACTERS[1]].map(|name| json!(["spoken", name, null])));
        expected.sort_by_key(Value::to_string);
        assert_eq!(messages, expected);

        let whole = export.to_string();
        for foreign in
            ["a secret of Ben's", "a note of Ben's", "Bensoul", "Bio of Ben", "argon2", "ben@example.com", admin.id()]
        {
            assert!(!whole.contains(foreign), "{foreign} in {whole}");
        }
        let said: Value = serde_json::from_str(&planted.program.say(&["user", "export", USERID])).unwrap();
        for part in ["files", "characters", "blocks", "sessions", "reports", "rooms", "messages", "profile"] {
            assert_eq!(said[part], export[part], "{part}");
        }
    }
}

#[tokio::test]
async fn none_of_it_is_left_after_the_erasure() {
    for database in BOTH {
        for mode in ["anonymise", "remove"] {
            let planted = Planted::on(database).await;
            let Planted { program, zeb, .. } = &planted;
            let mut words = vec![
                NAME,
                USERID,
                EMAIL,
                BIRTHDAY,
                BROWSER,
                BIO,
                CHARACTERS[0],
                GONE_CHARACTER,
                FILE,
                NOTE,
                MUTED_FOR,
                BANNED_FOR,
                "opal-",
                std::str::from_utf8(FILE_SAYS).unwrap(),
            ];
            if mode == "remove" {
                words.push(REPORTED);
            }
            assert_eq!(found(program, &words), words, "it was there");
            let asked = json!({ "password": PASSWORD, "messages": mode });
            zeb.rest("PUT", "/api/me/erasure", asked).await;
            eventually("all is erased", async || {
                program.sql("SELECT mode FROM chat_erasures WHERE done_at IS NULL").is_empty()
            })
            .await;
            so_many_lie(program, 0).await;
            assert_eq!(
                program.sql("SELECT text FROM chat_reports WHERE text <> 'a secret of Ben''s'").concat(),
                "",
                "{mode}"
            );
            let path = format!("/api/rooms/{}/messages", planted.den);
            let shown = planted.ben.rest("GET", &path, Value::Null).await;
            let texts: Vec<&Value> =
                shown["data"].as_array().unwrap().iter().map(|message| &message["content"]).collect();
            assert_eq!(texts.contains(&&json!(REPORTED)), mode == "anonymise", "{texts:?}");
            let about = planted.reported.as_str().unwrap();
            let queue = planted.admin.rest("GET", "/api/moderation/reports", Value::Null).await;
            let report = queue["data"].as_array().unwrap().iter().find(|report| report["messageId"] == about).cloned();
            assert!(report.is_none_or(|report| report["text"].is_null()), "{queue}");
            let Planted { program, server, .. } = planted;
            server.stop().await;
            program.sql("VACUUM");
            assert_eq!(found(&program, &words), [""; 0], "{database:?}, {mode}");
        }
    }
}
