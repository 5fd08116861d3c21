//! What is told beside messages (docs/wire/own.md, "What a client hears"): to whom, once, and merged when
//! it is much. And refusals that are rare.

use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::files::{Form, fetch_as, png};
use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{BOTH, Person, Program, Socket, eventually};

/// More than are told one by one in a second.
const MANY: usize = 50;

fn id(room: &Value) -> String {
    room["id"].as_str().unwrap().to_owned()
}

/// Events until one is of this name, and when each came.
async fn heard_until(
    socket: &mut Socket,
    mut is_last: impl FnMut(&str, &Value) -> bool,
) -> Vec<(Instant, String, Value)> {
    let mut heard = Vec::new();
    loop {
        let (name, payload) = socket.event().await;
        let is_end = is_last(&name, &payload);
        heard.push((Instant::now(), name, payload));
        if is_end {
            return heard;
        }
    }
}

fn named<'a>(heard: &'a [(Instant, String, Value)], name: &str) -> Vec<&'a (Instant, String, Value)> {
    heard.iter().filter(|(_, heard, _)| heard == name).collect()
}

#[tokio::test]
async fn a_rush_of_members_is_told_one_by_one_and_then_together() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let others: Vec<Person> =
            (0..MANY).map(|number| Person::new(&program, &server, &format!("u{number}"))).collect();
        let room = id(&ann.make_room("Garden", false).await);
        let mut anns = ann.socket().await;
        anns.succeed("join-room", json!({ "roomId": room })).await;
        for (below, one_by_one, count) in [("join", "member-joined", MANY + 1), ("leave", "member-left", 1)] {
            let began = Instant::now();
            let path = format!("/api/rooms/{room}/{below}");
            join_all(others.iter().map(|other| other.rest("POST", &path, Value::Null))).await;
            let took = began.elapsed();
            let heard =
                heard_until(&mut anns, |name, payload| name == "members-changed" && payload["memberCount"] == count)
                    .await;
            let seconds = took.as_secs() + 1;
            let alone = named(&heard, one_by_one).len();
            assert!(alone <= 20 * usize::try_from(seconds).unwrap() && alone >= 20, "{alone} {one_by_one} in {took:?}");
            let merged = named(&heard, "members-changed");
            assert!(merged.len() as u64 <= seconds + 1, "{} in {took:?}", merged.len());
            let record = ann.rest("GET", &format!("/api/rooms/{room}"), Value::Null).await;
            let last = json!({ "roomId": room, "memberCount": count, "version": record["version"] });
            assert_eq!(merged.last().unwrap().2, last);
            // The next one comes alone again.
            tokio::time::sleep(Duration::from_millis(1300)).await;
        }
        others[0].rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        assert_eq!(anns.hear("member-joined").await["user"]["username"], "u0");
    }
}

#[tokio::test]
async fn a_rush_of_rooms_is_told_once_a_second() {
    for database in BOTH {
        let program = Program::on(database, &unlimited(&[("RATE_LIMIT_ROOMS_PER_HOUR", "0")]));
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let mut bens = ben.socket().await;
        let mut nobody = Socket::connect(&server.url, json!({})).await;
        let began = Instant::now();
        for number in 0..30 {
            let room = ann.make_room(&format!("Room {number}"), false).await;
            let path = format!("/api/rooms/{}", id(&room));
            ann.rest("PATCH", &path, json!({ "description": "edited" })).await;
        }
        ann.make_room("hidden", true).await;
        let took = began.elapsed();
        // What is merged is told a second later at the latest.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        ann.rest("POST", "/api/rooms/main-chat/messages", json!({ "content": "the end" })).await;
        for (socket, is_somebody) in [(&mut bens, true), (&mut nobody, false)] {
            let heard = heard_until(socket, |name, _| name == "message-received").await;
            assert!(heard.iter().all(|(_, _, payload)| !payload.to_string().contains("hidden")), "{heard:?}");
            let (new, changed) = (named(&heard, "room-created").len(), named(&heard, "rooms-changed"));
            if !is_somebody {
                assert_eq!((new, changed.len()), (0, 0), "nobody hears of rooms");
                continue;
            }
            let seconds = usize::try_from(took.as_secs()).unwrap() + 1;
            assert!((5..=5 * seconds).contains(&new), "{new} room-created in {took:?}");
            assert!((1..=seconds + 1).contains(&changed.len()), "{} rooms-changed in {took:?}", changed.len());
            assert!(changed.iter().all(|(_, _, payload)| *payload == json!({})));
        }
    }
}

#[tokio::test]
async fn roles_and_invitations_are_told_to_whom_they_concern() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben, cat, eve] = ["ann", "ben", "cat", "eve"].map(|name| Person::new(&program, &server, name));
        let room = id(&ann.make_room("Den", true).await);
        let path = |below: &str, who: &Person| format!("/api/rooms/{room}/{below}/{}", who.id());
        for who in [&ben, &cat] {
            ann.rest("PUT", &path("invites", who), Value::Null).await;
            who.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        }
        // Cat hears the room; Ben is in it and has not opened it; Eve is outside.
        let (mut bens, mut cats, mut eves) = (ben.socket().await, cat.socket().await, eve.socket().await);
        cats.succeed("join-room", json!({ "roomId": room })).await;
        for _ in 0..2 {
            let set = ann.rest("PUT", &path("members", &ben), json!({ "role": "moderator" })).await;
            assert_eq!((&set["role"], &set["user"]["username"]), (&json!("moderator"), &json!("ben")));
        }
        for socket in [&mut bens, &mut cats] {
            let told = socket.hear("role-changed").await;
            assert_eq!((&told["roomId"], &told["role"]), (&json!(room), &json!("moderator")));
            assert!(told["user"]["username"] == "ben" && told["version"].is_i64() && told.get("reason").is_none());
        }
        assert_eq!(
            ann.refusal("PUT", &path("members", &eve), json!({ "role": "moderator" })).await,
            "404 member_not_found"
        );
        let mut anns = ann.socket().await;
        let unknown = anns.ask("set-role", json!({ "roomId": room, "userId": eve.id(), "role": "member" })).await;
        let said = (&unknown["code"], &unknown["error"]);
        assert_eq!(said, (&json!("member_not_found"), &json!("That person is not in this room")));

        ann.rest("PUT", &path("invites", &eve), Value::Null).await;
        assert_eq!(eves.hear("invite-received").await["by"]["username"], "ann");
        for _ in 0..2 {
            ann.rest("DELETE", &path("invites", &eve), Value::Null).await;
        }
        assert_eq!(eves.hear("invite-withdrawn").await, json!({ "roomId": room }));
        assert_eq!(eve.refused("POST", &format!("/api/rooms/{room}/join"), Value::Null).await, "room_not_found");
        // Told once, and to nobody else.
        ann.rest("POST", "/api/rooms/main-chat/messages", json!({ "content": "the end" })).await;
        for socket in [&mut bens, &mut cats, &mut eves] {
            let heard = heard_until(socket, |name, _| name == "message-received").await;
            let about = ["role-changed", "invite-withdrawn", "invite-received"];
            assert!(heard.iter().all(|(_, name, _)| !about.contains(&name.as_str())), "{heard:?}");
        }
    }
}

#[tokio::test]
async fn a_direct_conversation_is_opened_by_event() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let (mut anns, mut bens) = (ann.socket().await, ben.socket().await);
        let opened = anns.succeed("open-direct", json!({ "userId": ben.id() })).await["data"].clone();
        assert_eq!((&opened["kind"], &opened["peer"]["username"]), (&json!("direct"), &json!("ben")));
        assert_eq!(anns.hear("room-created").await["room"]["id"], opened["id"]);
        let again = anns.succeed("open-direct", json!({ "userId": ben.id() })).await;
        assert_eq!(again["data"]["id"], opened["id"]);
        for (whom, code) in [
            (json!(ann.id()), "yourself"),
            (json!("01920000-0000-7000-8000-000000000000"), "user_not_found"),
            (json!("ben"), "unreadable"),
            (Value::Null, "unreadable"),
        ] {
            assert_eq!(anns.ask("open-direct", json!({ "userId": whom })).await["code"], code, "{whom}");
        }
        let mut nobody = Socket::connect(&server.url, json!({})).await;
        assert_eq!(nobody.ask("open-direct", json!({ "userId": ben.id() })).await["code"], "not_authenticated");
        // Opening and saying nothing disturbs nobody.
        ann.rest("POST", "/api/rooms/main-chat/messages", json!({ "content": "to all" })).await;
        let heard = heard_until(&mut bens, |name, _| name == "message-received").await;
        assert_eq!(named(&heard, "room-created").len(), 0, "{heard:?}");
        anns.succeed("send-message", json!({ "roomId": opened["id"], "message": "hello" })).await;
        assert_eq!(bens.hear("room-created").await["room"]["peer"]["username"], "ann");
        let theirs = bens.succeed("open-direct", json!({ "userId": ann.id() })).await;
        assert_eq!((&theirs["data"]["id"], &theirs["data"]["name"]), (&opened["id"], &json!("ANN")));
    }
}

#[tokio::test]
async fn the_last_administrator_stays_however_it_is_tried() {
    for database in BOTH {
        let program = Program::on(database, &unlimited(&[("RATE_LIMIT_MODERATION_PER_MINUTE", "0")]));
        let server = program.serve().await;
        let (ann, eve) = (
            Person::with_role(&program, &server, "ann", "admin"),
            Person::with_role(&program, &server, "eve", "admin"),
        );
        let admins = || program.sql("SELECT userid FROM \"Users\" WHERE role = 'admin' AND status = 'active'");
        // Each takes it from the other at the same moment: one is too late.
        for (method, path, body) in [
            ("PUT", "/api/moderation/roles/", json!({ "role": "user" })),
            ("PUT", "/api/moderation/locks/", json!({ "reason": "mutiny" })),
        ] {
            for _ in 0..5 {
                let (of_ann, of_eve) = (format!("{path}{}", ann.id()), format!("{path}{}", eve.id()));
                let (one, other) = tokio::join!(
                    ann.refusal(method, &of_eve, body.clone()),
                    eve.refusal(method, &of_ann, body.clone())
                );
                let left = admins();
                assert_eq!(left.len(), 1, "{one}, {other}");
                for answer in [&one, &other] {
                    let known = ["200 and no code", "409 last_admin", "403 not_allowed", "401 user_not_found"];
                    assert!(known.contains(&answer.as_str()), "{answer}");
                }
                for name in ["ann", "eve"] {
                    program.say(&["user", "unlock", name]);
                    program.say(&["user", "role", name, "admin"]);
                }
                eventually("both are back", async || {
                    ann.request("GET", "/api/moderation/words", Value::Null).await.0.is_success()
                        && eve.request("GET", "/api/moderation/words", Value::Null).await.0.is_success()
                })
                .await;
            }
        }
        program.say(&["user", "role", "eve", "user"]);
        program.say(&["user", "password", "ann", "--password", "correct horse"]);
        let body = json!({ "password": "correct horse", "messages": "remove" });
        assert_eq!(ann.refusal("PUT", "/api/me/erasure", body).await, "409 last_admin");
        assert_eq!(admins(), ["ann"]);
    }
}

#[tokio::test]
async fn files_wait_for_a_storage_that_is_away() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let room = id(&ann.make_room("Garden", false).await);
        let stays = Form::file("stays.png", &png(8, 8)).sent(&ann, &room).await;
        let file = format!("/api/files/{}", stays["attachment"]["id"].as_str().unwrap());
        assert_eq!(fetch_as(&ann, &file).await.status, 200);
        // In its place stands something that is no folder.
        let (place, away) = (program.folder.path().join("data/files"), program.folder.path().join("data/away"));
        fs::rename(&place, &away).unwrap();
        fs::write(&place, "no folder").unwrap();
        let form = || Form::file("new.png", &png(8, 8)).and("clientOffset", "once");
        let (status, refused) = form().upload(&ann, &room).await;
        let said = (status.as_u16(), &refused["error"]["code"], refused["error"]["retryIn"].is_u64());
        assert_eq!(said, (503, &json!("storage_away"), true), "{refused}");
        let fetched = fetch_as(&ann, &file).await;
        let refused: Value = serde_json::from_slice(&fetched.bytes).unwrap();
        assert_eq!((fetched.status, &refused["error"]["code"]), (503, &json!("storage_away")), "{refused}");
        assert!(fetched.headers.contains_key("retry-after"));
        // Talk goes on, and nothing of the upload is there.
        ann.rest("POST", &format!("/api/rooms/{room}/messages"), json!({ "content": "still here" })).await;
        let shown = ann.rest("GET", &format!("/api/rooms/{room}/messages"), Value::Null).await;
        assert_eq!(shown["data"].as_array().unwrap().len(), 2);
        fs::remove_file(&place).unwrap();
        fs::rename(&away, &place).unwrap();
        assert_eq!(fetch_as(&ann, &file).await.status, 200);
        let sent = form().sent(&ann, &room).await;
        assert_eq!(form().upload(&ann, &room).await.1["id"], sent["id"], "once");
    }
}
