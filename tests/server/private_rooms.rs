//! Private is private: whoever asks, however they name the room, and whatever is counted.

use serde_json::{Value, json};

use super::files::Form;
use super::guests::guest;
use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{BOTH, Person, Program, calls_of_the_tables};

fn id_of(room: &Value) -> String {
    room["id"].as_str().unwrap().to_owned()
}

/// Whatever is asked below a private room, by whatever name of it, is answered as for a room that is not
/// there, in the very same words.
#[tokio::test]
async fn every_route_of_a_private_room_answers_as_if_it_were_not_there() {
    let named = calls_of_the_tables();
    let below =
        |call: &str| call.split_once(" /api/rooms/{id}").map(|(method, below)| (method.to_owned(), below.to_owned()));
    let routes: Vec<(String, String)> = named.iter().filter_map(|call| below(call)).collect();
    assert!(routes.len() >= 27, "{routes:?}");
    for database in BOTH {
        let program = Program::on(
            database,
            &unlimited(&[
                ("ALLOW_GUESTS", "true"),
                ("RATE_LIMIT_MODERATION_PER_MINUTE", "0"),
                ("RATE_LIMIT_UPLOADS_PER_MINUTE", "0"),
                ("RATE_LIMIT_CONTACTS_PER_HOUR", "0"),
            ]),
        );
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let (support, zoe) = (Person::with_role(&program, &server, "sue", "support"), guest(&server, "Zoe").await);
        let room = ann.make_room("Den", true).await;
        let (id, slug) = (room["id"].as_str().unwrap(), room["slug"].as_str().unwrap());
        ann.rest("POST", &format!("/api/rooms/{id}/messages"), json!({ "content": "psst" })).await;
        let number = program.sql("SELECT number FROM chat_rooms WHERE name = 'Den'").remove(0);
        let nowhere = ["01920000-0000-7000-8000-000000000000", "p-nosuchroomisther", "987654"];
        let nobody = Person::nobody(&server);
        for (method, below) in &routes {
            let below = below.replace("{userId}", ann.id());
            let body = json!({ "seconds": 60, "seq": 1, "role": "member", "content": "x", "name": "x" });
            for who in [&ben, &support, &zoe, &nobody] {
                for (there, not_there) in [id, slug, &number].into_iter().zip(nowhere) {
                    let ask = async |reference: &str| {
                        let path = format!("/api/rooms/{reference}{below}");
                        let (status, answer) = if below == "/files" {
                            Form::file("x.txt", b"x").send(who, reqwest::Method::POST, &path).await
                        } else {
                            who.request(method, &path, if method == "GET" { Value::Null } else { body.clone() }).await
                        };
                        (status.as_u16(), answer)
                    };
                    let (answer, expected) = (ask(there).await, ask(not_there).await);
                    assert_eq!(answer, expected, "{database:?}: {method} {below} by {:?}", who.account.userid);
                    let code = answer.1["error"]["code"].as_str().unwrap();
                    let is_known = ["room_not_found", "account_needed", "no_token"].contains(&code);
                    assert!(
                        is_known && (!std::ptr::eq(who, &ben) || code == "room_not_found"),
                        "{method} {below}: {code}"
                    );
                }
            }
        }
        assert_eq!(ann.rest("GET", &format!("/api/rooms/{id}"), Value::Null).await["version"], room["version"]);
    }
}

/// What is counted for somebody outside is the same with a private room and without.
#[tokio::test]
async fn figures_do_not_speak_of_private_rooms() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        ben.make_room("Yard", false).await;
        ben.rest("POST", "/api/rooms/main-chat/messages", json!({ "content": "by Ben" })).await;
        let seen = async |who: &Person| {
            let mut seen = Vec::new();
            for path in [
                "/api/community/chat/stats",
                "/api/rooms/main-chat/stats",
                "/api/rooms/yard/stats",
                "/api/rooms/yard",
                "/api/rooms?q=d",
                "/api/rooms",
                "/api/community/chat",
                "/api/community/chat/recent",
                "/api/rooms/main-chat",
                "/api/moderation/figures",
            ] {
                seen.push((path, who.request("GET", path, Value::Null).await));
            }
            seen
        };
        let (of_ben, of_nobody) = (seen(&ben).await, seen(&Person::nobody(&server)).await);
        let den = id_of(&ann.make_room("Den", true).await);
        for text in ["one", "two", "three"] {
            ann.rest("POST", &format!("/api/rooms/{den}/messages"), json!({ "content": text })).await;
        }
        assert_eq!(format!("{:#?}", seen(&ben).await), format!("{of_ben:#?}"));
        assert_eq!(format!("{:#?}", seen(&Person::nobody(&server)).await), format!("{of_nobody:#?}"));
        // In the room it is counted, and only there.
        let figures = ann.rest("GET", &format!("/api/rooms/{den}/stats"), Value::Null).await;
        assert_eq!((&figures["totalMessages"], &figures["totalUsers"]), (&json!(3), &json!(1)));
    }
}
