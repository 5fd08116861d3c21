//! Being forgotten while life goes on: what comes late, comes twice, or stands in the way.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, Person, Program, Server, Socket, eventually};

const PASSWORD: &str = "correct horse";
const NAME: &str = "Zebulon Quartz";

async fn zebulon(server: &Server) -> Person {
    let mut person = Person::nobody(server);
    let form = json!({ "name": NAME, "userid": "zebulon", "email": "zebulon@quartz.example", "password": PASSWORD });
    let made = person.rest("POST", "/api/auth/signup", form).await;
    let entered =
        person.rest("POST", "/api/auth/login", json!({ "identifier": "zebulon", "password": PASSWORD })).await;
    person.account.id = made["user"]["id"].as_str().unwrap().to_owned();
    person.account.token = entered["user"]["accessToken"].as_str().unwrap().to_owned();
    person
}

/// As Node's databases are: the account's row stays.
fn as_node_made_it(program: &Program) {
    program.say(&["migrate", "up"]);
    program.sql("UPDATE chat_meta SET value = 'node' WHERE name = 'tables'");
}

fn literal(program: &Program, id: &str) -> String {
    let is_postgres = program.database_url.starts_with("postgres");
    if is_postgres { format!("'{id}'") } else { format!("x'{}'", id.replace('-', "")) }
}

/// Where somebody's id still stands, but for the note that they were erased.
fn traces(program: &Program, id: &str) -> Vec<String> {
    let literal = literal(program, id);
    let columns = [
        ("chat_log", "user_id"),
        ("chat_members", "user_id"),
        ("chat_members", "set_by"),
        ("chat_audit", "target"),
        ("chat_audit", "actor"),
        ("chat_reports", "author"),
        ("chat_reports", "closed_by"),
        ("chat_reporters", "user_id"),
        ("chat_session_resets", "user_id"),
        ("chat_sessions", "user_id"),
        ("chat_blocks", "user_id"),
        ("chat_blocks", "blocked"),
        ("chat_files", "user_id"),
        ("chat_rooms", "created_by"),
        ("chat_profiles", "user_id"),
        ("chat_authors", "user_id"),
        ("chat_characters", "user_id"),
    ];
    let one = |(table, column): &(&str, &str)| {
        format!("SELECT DISTINCT '{table}.{column}' FROM {table} WHERE {column} = {literal}")
    };
    let mut questions: Vec<String> = columns.iter().map(one).collect();
    questions.push(format!("SELECT DISTINCT 'chat_rooms.pair' FROM chat_rooms WHERE pair LIKE '%{id}%'"));
    program.sql(&questions.join(" UNION ALL "))
}

async fn all_is_erased(program: &Program) {
    eventually("all is erased", async || {
        program.sql("SELECT mode FROM chat_erasures WHERE done_at IS NULL").is_empty()
    })
    .await;
}

#[tokio::test]
async fn what_comes_while_somebody_is_erased_goes_as_well() {
    for database in BOTH {
        for is_nodes in [false, true] {
            let program = Program::on(database, NO_LIMITS);
            if is_nodes {
                as_node_made_it(&program);
            }
            let server = program.serve().await;
            let (zeb, ben) = (zebulon(&server).await, Person::new(&program, &server, "ben"));
            let admin = Person::with_role(&program, &server, "ada", "admin");
            let change = json!({ "currentPassword": PASSWORD, "newPassword": "battery staple" });
            zeb.rest("PUT", "/api/auth/update-password", change).await;
            let room = ben.make_room("Den", false).await;
            let gone = room["id"].as_str().unwrap();
            zeb.rest("POST", &format!("/api/rooms/{gone}/join"), Value::Null).await;
            let direct = zeb.rest("PUT", &format!("/api/me/directs/{}", ben.id()), Value::Null).await;
            let (mut zebs, mut bens) = (zeb.socket().await, ben.socket().await);
            for (number, room) in [gone, direct["id"].as_str().unwrap()].iter().cycle().take(6).enumerate() {
                let said =
                    json!({ "roomId": room, "message": "quagga there", "clientOffset": format!("bongo-{number}") });
                zebs.succeed("send-message", said).await;
            }
            let mut sent = Vec::new();
            for number in 0..200 {
                let said = json!({ "message": format!("quagga {number}"), "clientOffset": format!("okapi-{number}") });
                sent.push(zebs.succeed("send-message", said).await["data"]["id"].clone());
            }
            // Told before what follows, and known by then.
            bens.succeed("load-messages", json!({})).await;
            ben.rest("DELETE", &format!("/api/rooms/{gone}"), Value::Null).await;

            let asked = json!({ "password": "battery staple", "messages": "remove" });
            assert_eq!(zeb.request("PUT", "/api/me/erasure", asked).await.0, StatusCode::ACCEPTED);
            // One of the last to be reached.
            let report = json!({ "reason": "spam", "note": format!("{NAME} again") });
            ben.rest("PUT", &format!("/api/me/reports/{}", sent[199].as_str().unwrap()), report).await;
            let mute = json!({ "seconds": 600, "reason": format!("{NAME} shouts") });
            let (_, answer) =
                admin.request("PUT", &format!("/api/rooms/main-chat/mutes/{}", zeb.id()), mute.clone()).await;
            assert!(answer["mutedUntil"].is_string() || answer["error"]["code"] == "user_not_found", "{answer}");
            all_is_erased(&program).await;
            assert_eq!(traces(&program, zeb.id()), [""; 0], "{database:?}");
            let kept = if is_nodes { ["1"] } else { ["0"] };
            let rows = format!("SELECT COUNT(*) FROM \"Users\" WHERE id = {}", literal(&program, zeb.id()));
            assert_eq!(program.sql(&rows), kept);
            assert_eq!(
                program.sql("SELECT COUNT(*) FROM \"Users\" WHERE userid LIKE 'erased-%' AND last_seen IS NOT NULL"),
                ["0"]
            );

            let theirs = &bens.succeed("join-room", json!({ "roomId": direct["id"] })).await["data"]["room"];
            assert_eq!((&theirs["peer"]["username"], &theirs["name"]), (&json!("erased"), &json!("Erased user")));
            let answer = bens.ask("send-message", json!({ "roomId": direct["id"], "message": "still there?" })).await;
            assert_eq!(answer["code"], "not_accepting");
            drop((server, zebs));
            program.sql("VACUUM");
            let bytes = program.database_bytes();
            for word in [NAME, "zebulon", "quartz.example", "quagga", "okapi-", "bongo-"] {
                let is_there = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!is_there, "{word} is left, {database:?}, Node's: {is_nodes}");
            }
        }
    }
}

/// Nobody can stand in the way by being called as an erased account is.
#[tokio::test]
async fn names_of_erased_accounts_that_others_bear_do_not_stop_an_erasure() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let zeb = zebulon(&server).await;
        program.account("ben");
        program.account("eve");
        program.sql("UPDATE \"Users\" SET userid = 'erased', email = 'erased@invalid' WHERE userid = 'ben'");
        let id = zeb.id().to_owned();
        program.sql(&format!(
            "UPDATE \"Users\" SET userid = 'erased-{id}', email = 'erased-{id}@invalid' WHERE userid = 'eve'"
        ));
        let asked = json!({ "password": PASSWORD, "messages": "anonymise" });
        assert_eq!(zeb.request("PUT", "/api/me/erasure", asked).await.0, StatusCode::ACCEPTED);
        all_is_erased(&program).await;
        assert_eq!(program.sql("SELECT COUNT(*) FROM \"Users\" WHERE name = 'Erased user'"), ["1"]);
    }
}

#[tokio::test]
async fn of_two_last_administrators_one_stays() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let admins = ["ada", "amy"].map(|userid| program.account_as(userid, "admin"));
        let erase = |id: &str| program.run(&["user", "erase", id, "--messages", "remove"]).status.success();
        let erased = std::thread::scope(|scope| {
            let erasing = admins.each_ref().map(|admin| scope.spawn(|| erase(&admin.id)));
            erasing.map(|one| one.join().unwrap())
        });
        assert_eq!(erased.iter().filter(|done| **done).count(), 1, "{database:?}");
        assert_eq!(program.sql("SELECT COUNT(*) FROM \"Users\" WHERE role = 'admin' AND status = 'active'"), ["1"]);
        drop(server);
    }
}

#[tokio::test]
async fn the_command_line_goes_on_where_the_server_ends() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let zeb = zebulon(&server).await;
        let mut zebs = zeb.socket().await;
        for number in 0..600 {
            zebs.feed("send-message", &json!({ "message": format!("quagga {number}") })).await;
        }
        zebs.succeed("send-message", json!({ "message": "quagga" })).await;
        let started = Instant::now();
        let erased = std::thread::scope(|scope| {
            let erasing = scope.spawn(|| program.run(&["user", "erase", "zebulon", "--messages", "remove"]));
            // It has seen that a server runs, which has more to do than it has time for.
            std::thread::sleep(Duration::from_millis(1800));
            assert_ne!(program.sql("SELECT COUNT(*) FROM chat_erasures WHERE done_at IS NULL"), ["0"]);
            server.kill();
            while !erasing.is_finished() {
                assert!(started.elapsed() < Duration::from_secs(30), "it waits for nobody");
                std::thread::sleep(Duration::from_millis(50));
            }
            erasing.join().unwrap()
        });
        assert!(erased.status.success(), "{}", String::from_utf8_lossy(&erased.stderr));
        assert_eq!(traces(&program, zeb.id()), [""; 0]);
    }
}

/// What a program that knows nothing of it wrote in the name of somebody who is erased.
#[tokio::test]
async fn what_was_left_goes_at_the_next_start() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        as_node_made_it(&program);
        let server = program.serve().await;
        let zeb = zebulon(&server).await;
        let asked = json!({ "password": PASSWORD, "messages": "remove" });
        assert_eq!(zeb.request("PUT", "/api/me/erasure", asked).await.0, StatusCode::ACCEPTED);
        all_is_erased(&program).await;
        drop(server);
        let (id, message) = (literal(&program, zeb.id()), literal(&program, "01a1fc34-0000-7000-8000-000000000001"));
        let time = "'2026-11-21 03:43:52.756123+00:00'";
        program.sql(&format!(
            "INSERT INTO \"CommunityChats\" (id, user_id, message, is_deleted, created_at, updated_at) \
             VALUES ({message}, {id}, 'quagga', false, {time}, {time})"
        ));
        let server = program.serve().await;
        eventually("it is erased too", async || traces(&program, zeb.id()).is_empty()).await;
        let ben = Person::new(&program, &server, "ben");
        let history =
            Socket::with_token(&server.url, &ben.account.token).await.succeed("load-messages", json!({})).await;
        assert_eq!(history["data"], json!([]), "the text as well");
        all_is_erased(&program).await;
    }
}

/// Who changes their mind is told so once, and of two wishes the stricter is done.
#[tokio::test]
async fn who_is_erased_twice_is_erased_as_the_stricter_wish_says() {
    const MESSAGES: usize = 400;
    for database in BOTH {
        for (first, second) in [("anonymise", "remove"), ("remove", "anonymise")] {
            let program = Program::on(database, NO_LIMITS);
            let server = program.serve().await;
            let zeb = zebulon(&server).await;
            let (mut zebs, mut bens) = (zeb.socket().await, Person::new(&program, &server, "ben").socket().await);
            for number in 0..MESSAGES {
                zebs.feed("send-message", &json!({ "message": format!("quagga {number}") })).await;
            }
            zebs.succeed("load-messages", json!({ "limit": 1 })).await;
            let asked = json!({ "password": PASSWORD, "messages": first });
            assert_eq!(zeb.request("PUT", "/api/me/erasure", asked).await.0, StatusCode::ACCEPTED);
            program.say(&["user", "erase", zeb.id(), "--messages", second]);
            all_is_erased(&program).await;
            let left = bens.succeed("load-messages", json!({ "limit": 1000 })).await;
            let left = left["data"].as_array().unwrap().len();
            let most = if first == "remove" { 0 } else { MESSAGES - 1 };
            assert!(left <= most, "{left} messages are left, {database:?}: {first}, then {second}");
            bens.succeed("send-message", json!({ "message": "who was that?" })).await;
            let told = bens.heard.iter().filter(|(name, _)| name == "user-erased").count();
            assert_eq!(told, 1, "{database:?}: {first}, then {second}");
        }
    }
}

/// What only they could see: a room of their own, its name, and to whom they opened it.
#[tokio::test]
async fn a_room_that_is_deserted_goes_with_its_last_member() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (zeb, ben) = (zebulon(&server).await, Person::new(&program, &server, "ben"));
        let ada = Person::with_role(&program, &server, "ada", "admin");
        let (secret, shared) = (zeb.make_room("Quagga stable", true).await, zeb.make_room("Yard", true).await);
        let room_of = |room: &Value| format!("/api/rooms/{}", room["id"].as_str().unwrap());
        for room in [&secret, &shared] {
            zeb.rest("PUT", &format!("{}/invites/{}", room_of(room), ben.id()), Value::Null).await;
        }
        ben.rest("POST", &format!("{}/join", room_of(&shared)), Value::Null).await;
        // An administrator hears it without being a member.
        let resume = json!({ secret["id"].as_str().unwrap(): 0 });
        let mut adas = Socket::connect(&server.url, json!({ "token": ada.account.token, "resume": resume })).await;
        adas.hear("sync").await;
        let asked = json!({ "password": PASSWORD, "messages": "remove" });
        assert_eq!(zeb.request("PUT", "/api/me/erasure", asked).await.0, StatusCode::ACCEPTED);

        assert_eq!(adas.hear("room-deleted").await["roomId"], secret["id"]);
        assert_eq!(ben.refused("GET", &room_of(&secret), Value::Null).await, "room_not_found");
        all_is_erased(&program).await;
        let kept = ben.rest("GET", &room_of(&shared), Value::Null).await;
        assert_eq!((&kept["name"], &kept["me"]["role"]), (&json!("Yard"), &json!("owner")), "{kept}");
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_rooms WHERE name LIKE 'Quagga%'"), ["0"]);
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_audit WHERE detail LIKE '%Quagga%'"), ["0"]);
    }
}
