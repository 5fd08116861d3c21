//! Who is here: online, away, gone; told once for each person, and merged, to those who watch.

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};

use community_chat::auth::Tokens;
use serde_json::{Value, json};
use uuid::Uuid;

use super::clients::script;
use super::guests::guest;
use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{ACCESS_TOKEN_SECRET, BOTH, On, Person, Postgres, Program, Socket, eventually, free_port};

async fn watch(socket: &mut Socket, room: &str) -> Value {
    socket.succeed("watch-presence", json!({ "roomId": room })).await["data"].take()
}

fn names(people: &Value) -> Vec<&str> {
    people.as_array().unwrap().iter().map(|person| person["username"].as_str().unwrap()).collect()
}

fn statuses(people: &Value) -> Vec<(&str, &str)> {
    let status = |person: &Value| person["status"] == "offline";
    people
        .as_array()
        .unwrap()
        .iter()
        .inspect(|person| assert_eq!(person["isOnline"], !status(person), "{person}"))
        .map(|person| (person["username"].as_str().unwrap(), person["status"].as_str().unwrap()))
        .collect()
}

/// As the server prints it.
fn iso_now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// What a watcher hears until the people it names are how they should be; gives how many frames that took.
async fn hears(socket: &mut Socket, room: &Value, expected: &[(&str, &str)]) -> (usize, Value) {
    let mut known: HashMap<String, String> = HashMap::new();
    for frames in 1.. {
        let changed = socket.hear("presence-changed").await;
        assert_eq!((&changed["roomId"], &changed["complete"]), (room, &json!(true)), "{changed}");
        known.extend(statuses(&changed["changes"]).into_iter().map(|(who, how)| (who.to_owned(), how.to_owned())));
        if expected.iter().all(|(who, how)| known.get(*who).is_some_and(|known| known == how)) {
            assert_eq!(known.len(), expected.len(), "{known:?}");
            return (frames, changed);
        }
    }
    unreachable!()
}

/// Nothing more is told of presence: by the time that somebody else's coming and going is, it would have been.
async fn hears_nothing_but(socket: &mut Socket, room: &Value, other: &Person) {
    let visitor = other.socket().await;
    hears(socket, room, &[(&other.account.userid, "online")]).await;
    drop(visitor);
    hears(socket, room, &[(&other.account.userid, "offline")]).await;
}

#[tokio::test]
async fn a_person_comes_once_and_goes_once() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben, cleo, dora] = ["ann", "ben", "cleo", "dora"].map(|name| Person::new(&program, &server, name));
        let garden = ann.make_room("Garden", false).await["id"].clone();
        for person in [&ben, &cleo] {
            person.rest("POST", "/api/rooms/garden/join", Value::Null).await;
        }
        let mut watcher = ann.socket().await;
        let mut ears = ben.socket().await;
        ears.succeed("join-room", json!("garden")).await;
        let list = watch(&mut watcher, "garden").await;
        assert_eq!((&list["roomId"], &list["online"], &list["next"]), (&garden, &json!(2), &Value::Null));
        assert_eq!(statuses(&list["users"]), [("ann", "online"), ("ben", "online")]);
        assert_eq!(watch(&mut watcher, "garden").await["online"], 2, "twice is once");

        // Neither nobody nor somebody who is no member changes anything.
        let (_nobody, _dora) = (Socket::connect(&server.url, json!({})).await, dora.socket().await);
        let first = cleo.socket().await;
        let (frames, changed) = hears(&mut watcher, &garden, &[("cleo", "online")]).await;
        assert_eq!((frames, &changed["online"]), (1, &json!(3)));
        let second = cleo.socket().await;
        drop(first);
        dora.rest("POST", "/api/rooms/garden/join", Value::Null).await;
        hears(&mut watcher, &garden, &[("dora", "online")]).await;
        let before = iso_now();
        drop(second);
        let (_, changed) = hears(&mut watcher, &garden, &[("cleo", "offline")]).await;
        assert_eq!(changed["online"], 3);
        let last_seen = changed["changes"][0]["lastSeen"].as_str().unwrap().to_owned();
        assert!(last_seen >= before && last_seen <= iso_now(), "{last_seen}");
        let list = ann.rest("GET", "/api/rooms/garden/members", Value::Null).await;
        let member = |name: &str| {
            let rows = list["data"].as_array().unwrap().iter().map(|row| &row["user"]);
            rows.into_iter().find(|user| user["username"] == name).unwrap().clone()
        };
        assert_eq!((&member("cleo")["lastSeen"], &member("cleo")["status"]), (&json!(last_seen), &json!("offline")));
        assert_eq!(member("dora")["status"], "online");

        // Who does not watch hears nothing of it.
        ears.succeed("sync", json!({ "roomId": "garden", "rev": 0 })).await;
        assert!(ears.heard.iter().all(|(name, _)| name != "presence-changed"), "{:?}", ears.heard);
        watcher.succeed("unwatch-presence", json!({ "roomId": "garden" })).await;
        watcher.succeed("unwatch-presence", json!({ "roomId": "garden" })).await;
        let mut other = ben.socket().await;
        watch(&mut other, "garden").await;
        hears_nothing_but(&mut other, &garden, &cleo).await;
        watcher.succeed("sync", json!({ "roomId": "garden", "rev": 0 })).await;
        assert!(watcher.heard.iter().all(|(name, _)| name != "presence-changed"), "{:?}", watcher.heard);
    }
}

#[tokio::test]
async fn away_by_word_and_back() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let (mut watcher, mut one, mut other) = (ann.socket().await, ben.socket().await, ben.socket().await);
        let main = watch(&mut watcher, "main-chat").await["roomId"].clone();
        let away = json!({ "status": "away" });
        assert_eq!(one.succeed("set-presence", away.clone()).await["data"]["status"], "online", "the other one is");
        assert_eq!(other.succeed("set-presence", away.clone()).await["data"]["status"], "away");
        assert_eq!(hears(&mut watcher, &main, &[("ben", "away")]).await.1["online"], 2);
        let list = ben.rest("GET", "/api/rooms/main-chat/presence", Value::Null).await;
        assert_eq!(statuses(&list["data"]), [("ann", "online"), ("ben", "away")]);
        one.succeed("send-message", json!({ "message": "Back again" })).await;
        hears(&mut watcher, &main, &[("ben", "online")]).await;
        assert_eq!(one.succeed("set-presence", away).await["data"]["status"], "away");
        assert_eq!(one.succeed("set-presence", json!({ "status": "online" })).await["data"]["status"], "online");

        for wrong in [json!({ "status": "offline" }), json!({ "status": 1 }), json!({}), Value::Null] {
            let refused = one.ask("set-presence", wrong.clone()).await;
            assert_eq!((&refused["code"], refused["fields"]["status"].is_string()), (&json!("invalid_fields"), true));
        }
        let mut nobody = Socket::connect(&server.url, json!({})).await;
        for event in ["set-presence", "watch-presence"] {
            let refused = nobody.ask(event, json!({ "roomId": "main-chat", "status": "away" })).await;
            assert_eq!(refused["code"], "not_authenticated");
        }
    }
}

#[tokio::test]
async fn a_private_room_is_as_if_it_were_not_there() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben, cleo] = ["ann", "ben", "cleo"].map(|name| Person::new(&program, &server, name));
        let room = ann.make_room("Den", true).await;
        let den = room["id"].as_str().unwrap();
        let path = format!("/api/rooms/{den}/presence");
        let not_there = format!("/api/rooms/{}/presence", ann.id());
        assert_eq!(ben.request("GET", &path, Value::Null).await, ben.request("GET", &not_there, Value::Null).await);
        assert_eq!(ben.request("GET", &path, Value::Null).await.0, 404);
        assert_eq!(Person::nobody(&server).request("GET", &path, Value::Null).await.0, 401);
        let mut outside = ben.socket().await;
        let refused = outside.ask("watch-presence", json!({ "roomId": den })).await;
        assert_eq!(refused["code"], "room_not_found");
        assert_eq!(refused, outside.ask("watch-presence", json!({ "roomId": ann.id() })).await);

        // Who is put out hears no more of it, though they never heard the room itself.
        ann.rest("PUT", &format!("/api/rooms/{den}/invites/{}", ben.id()), Value::Null).await;
        ben.rest("POST", &format!("/api/rooms/{den}/join"), Value::Null).await;
        ann.rest("PUT", &format!("/api/rooms/{den}/invites/{}", cleo.id()), Value::Null).await;
        cleo.rest("POST", &format!("/api/rooms/{den}/join"), Value::Null).await;
        let mut owner = ann.socket().await;
        watch(&mut owner, den).await;
        assert_eq!(names(&watch(&mut outside, den).await["users"]), ["ann", "ben"]);
        ann.rest("DELETE", &format!("/api/rooms/{den}/members/{}", ben.id()), Value::Null).await;
        hears(&mut owner, &room["id"], &[("ben", "offline")]).await;
        hears_nothing_but(&mut owner, &room["id"], &cleo).await;
        outside.succeed("sync", json!({ "rev": 0 })).await;
        assert!(outside.heard.iter().all(|(name, _)| name != "presence-changed"), "{:?}", outside.heard);
        assert_eq!(ben.request("GET", &path, Value::Null).await.0, 404);
    }
}

#[tokio::test]
async fn watching_ends_with_the_room_and_has_a_bound() {
    for database in BOTH {
        let settings = unlimited(&[("RATE_LIMIT_ROOMS_PER_HOUR", "0")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let mut rooms = Vec::new();
        for number in 0..21 {
            rooms.push(ann.make_room(&format!("Room {number}"), false).await["id"].as_str().unwrap().to_owned());
        }
        ben.rest("POST", &format!("/api/rooms/{}/join", rooms[0]), Value::Null).await;
        let mut watcher = ann.socket().await;
        for room in &rooms[..20] {
            watch(&mut watcher, room).await;
        }
        let refused = watcher.ask("watch-presence", json!({ "roomId": rooms[20] })).await;
        assert_eq!(
            (&refused["code"], &refused["error"]),
            (&json!("too_many_rooms"), &json!("Too many rooms on this connection: 20 are allowed"))
        );
        watch(&mut watcher, &rooms[3]).await;
        watcher.succeed("leave-room", json!(rooms[0])).await;
        watch(&mut watcher, &rooms[20]).await;
        let mut other = ann.socket().await;
        watch(&mut other, &rooms[0]).await;
        hears_nothing_but(&mut other, &json!(rooms[0]), &ben).await;
        watcher.succeed("sync", json!({ "rev": 0 })).await;
        assert!(watcher.heard.iter().all(|(name, _)| name != "presence-changed"), "{:?}", watcher.heard);
    }
}

#[tokio::test]
async fn a_guest_is_in_main_chat_and_in_the_rooms_that_they_hear() {
    for database in BOTH {
        let settings = unlimited(&[("ALLOW_GUESTS", "true")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let garden = ann.make_room("Garden", false).await["id"].clone();
        let zoe = guest(&server, "Zoe").await;
        let mut watcher = ann.socket().await;
        watch(&mut watcher, "garden").await;
        let mut here = zoe.socket().await;
        let list = watch(&mut here, "main-chat").await;
        assert_eq!(list["online"], 2);
        let shown = list["users"].as_array().unwrap().iter().find(|user| user["guest"] == true).unwrap();
        assert_eq!(
            (&shown["id"], &shown["guestId"], &shown["name"], &shown["status"]),
            (&Value::Null, &json!(zoe.id()), &json!("Zoe"), &json!("online"))
        );
        here.succeed("join-room", json!("garden")).await;
        hears(&mut watcher, &garden, &[("", "online")]).await;
        assert_eq!(here.succeed("set-presence", json!({ "status": "away" })).await["data"]["status"], "away");
        hears(&mut watcher, &garden, &[("", "away")]).await;
        here.succeed("leave-room", json!("garden")).await;
        hears(&mut watcher, &garden, &[("", "offline")]).await;
        let seen = || program.sql("SELECT last_seen FROM chat_guests").pop().unwrap().parse::<i64>().unwrap();
        let before = seen();
        drop(here);
        eventually("their going is stored", async || seen() > before).await;
    }
}

/// One frame a second at most, however many come.
#[tokio::test]
async fn a_thousand_at_once_cost_a_watcher_a_handful_of_frames() {
    const MANY: usize = 1000;
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        ann.make_room("Garden", false).await;
        let tokens = many_members(&program, MANY);
        let mut watcher = ann.socket().await;
        let (mut others, joining) = (Vec::new(), Instant::now());
        for room in ["main-chat", "garden"] {
            assert_eq!(watch(&mut watcher, room).await["online"], 1);
        }
        for batch in tokens.chunks(50) {
            let auth = |token: &String| json!({ "token": token });
            let opened = batch.iter().map(|token| async { Socket::connect(&server.url, auth(token)).await });
            others.extend(futures_util::future::join_all(opened).await);
        }
        let (mut frames, mut here) = (0, HashMap::new());
        while here.len() < 2 || here.values().any(|online| *online != MANY as u64 + 1) {
            let changed = watcher.hear("presence-changed").await;
            assert!(changed["changes"].as_array().unwrap().len() <= 100, "{changed}");
            here.insert(changed["roomId"].as_str().unwrap().to_owned(), changed["online"].as_u64().unwrap());
            frames += 1;
        }
        let most = 2 * (joining.elapsed().as_secs() as usize + 1);
        println!("{database:?}: {MANY} came within {:?}, told in {frames} frames", joining.elapsed());
        assert!(frames <= most, "{frames} frames, {most} are allowed");

        let first = ann.rest("GET", "/api/rooms/garden/presence?limit=1", Value::Null).await;
        assert_eq!(first["online"], MANY + 1);
        let people = json!(ann.all("/api/rooms/garden/presence?limit=70").await);
        let listed = names(&people);
        let mut expected: Vec<String> = (1..=MANY).map(|number| format!("u{number:04}")).collect();
        // By name, and hers is in capitals.
        expected.insert(0, "ann".into());
        assert_eq!(listed, expected);
        assert_eq!(ann.refused("GET", "/api/rooms/garden/presence?after=x", Value::Null).await, "bad_cursor");
        drop(others);
        eventually("all are gone", async || {
            ann.rest("GET", "/api/rooms/garden/presence", Value::Null).await["online"] == 1
        })
        .await;
    }
}

/// Accounts that are members of the garden, made without a command each; gives their tokens.
fn many_members(program: &Program, many: usize) -> Vec<String> {
    let on_postgres = program.database_url.starts_with("postgres");
    let tokens = Tokens::new(ACCESS_TOKEN_SECRET, Duration::from_secs(600));
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    let ids: Vec<Uuid> = (0..many).map(|_| Uuid::new_v4()).collect();
    for (chunk, ids) in ids.chunks(250).enumerate() {
        let literal = |id: &Uuid| if on_postgres { format!("'{id}'") } else { format!("x'{}'", id.simple()) };
        let user = |(place, id): (usize, &Uuid)| {
            let name = format!("u{:04}", chunk * 250 + place + 1);
            let time = "2026-01-01T00:00:00+00:00";
            format!(
                "({}, '{name}', '{name}', '1990-01-01', 'male', '{name}@example.com', 'x', 'active', 0, 0, '{time}', '{time}')",
                literal(id)
            )
        };
        let users: Vec<_> = ids.iter().enumerate().map(user).collect();
        let columns = "id, userid, name, dob, gender, email, password, status, failed_login_attempts, community_rating, \"createdAt\", \"updatedAt\"";
        program.sql(&format!("INSERT INTO \"Users\" ({columns}) VALUES {}", users.join(", ")));
        let members: Vec<_> = ids.iter().map(|id| format!("(2, {}, 'member', 0, 0)", literal(id))).collect();
        let columns = "room, user_id, role, joined_at, last_read_seq";
        program.sql(&format!("INSERT INTO chat_members ({columns}) VALUES {}", members.join(", ")));
    }
    ids.into_iter().map(|id| tokens.issue(id, now)).collect()
}

/// Its connection stands, and it says nothing more.
#[tokio::test]
async fn who_vanishes_is_gone_after_a_minute_at_most() {
    let program = Program::on(On::Sqlite, &[]);
    let server = program.serve().await;
    let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
    let mut watcher = ann.socket().await;
    let main = watch(&mut watcher, "main-chat").await["roomId"].clone();
    let client = script(&["steady.mjs"], &server.url, &ben.account);
    hears(&mut watcher, &main, &[("ben", "online")]).await;
    let stopped = Command::new("kill").args(["-s", "STOP", &client.pid().to_string()]).status().unwrap();
    assert!(stopped.success());
    let since = Instant::now();
    let gone = async {
        loop {
            let frame = watcher.next_frame().await.unwrap();
            if frame.contains("\"presence-changed\"") && frame.contains("\"offline\"") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("it is still here after a minute");
    println!("gone after {:?}", since.elapsed());
    assert!(since.elapsed() > Duration::from_secs(15), "it was not the silence that ended it");
}

#[tokio::test]
async fn when_people_were_seen_is_stored_and_makes_nobody_forget_them() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let port = free_port();
        let server = program.serve_on(port).await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let seen = |person: &Person| {
            let id = match database {
                On::Sqlite => format!("x'{}'", person.id().replace('-', "")),
                On::Postgres => format!("'{}'", person.id()),
            };
            let sql = format!("SELECT COALESCE(CAST(last_seen AS text), '') FROM \"Users\" WHERE id = {id}");
            program.sql(&sql).pop().unwrap_or_default()
        };
        let notes = || match database {
            On::Sqlite => Vec::new(),
            On::Postgres => program.sql("SELECT last_value, is_called FROM chat_foreign_id_seq"),
        };
        assert_eq!(seen(&ben), "");
        let before = notes();
        let ben_is_here = ben.socket().await;
        let _ann_is_here = ann.socket().await;
        eventually("coming is stored", async || !seen(&ben).is_empty()).await;
        let came = seen(&ben);
        drop(ben_is_here);
        eventually("going is stored", async || seen(&ben) > came).await;
        let (went, came) = (seen(&ben), seen(&ann));
        assert_eq!(notes(), before, "nobody was told to forget an account");
        server.stop().await;
        assert_eq!(seen(&ben), went);
        assert!(seen(&ann) > came, "the end of the server is the end of being here");

        let _server = program.serve_on(port).await;
        let list = ann.rest("GET", "/api/rooms/main-chat/presence", Value::Null).await;
        assert_eq!((&list["online"], &list["data"]), (&json!(0), &json!([])), "nobody is here after a restart");
        ann.make_room("Garden", false).await;
        ben.rest("POST", "/api/rooms/garden/join", Value::Null).await;
        let members = ann.rest("GET", "/api/rooms/garden/members", Value::Null).await;
        for user in members["data"].as_array().unwrap().iter().map(|row| &row["user"]) {
            assert_eq!((&user["status"], &user["isOnline"]), (&json!("offline"), &json!(false)));
            assert!(user["lastSeen"].as_str().unwrap() > "2026", "{user}");
        }
    }
}

/// In the main room, where nothing need be read for it.
#[tokio::test]
async fn presence_goes_on_while_the_database_is_away() {
    let postgres = Postgres::of_its_own();
    let program = Program::on_url(tempfile::tempdir().unwrap(), postgres.database(), NO_LIMITS);
    let server = program.serve().await;
    let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
    let (mut watcher, other) = (ann.socket().await, ben.socket().await);
    let list = watch(&mut watcher, "main-chat").await;
    assert_eq!(names(&list["users"]), ["ann", "ben"]);

    postgres.crash();
    drop(other);
    hears(&mut watcher, &list["roomId"], &[("ben", "offline")]).await;
    let mut other = ben.socket().await;
    hears(&mut watcher, &list["roomId"], &[("ben", "online")]).await;
    other.succeed("set-presence", json!({ "status": "away" })).await;
    hears(&mut watcher, &list["roomId"], &[("ben", "away")]).await;
    assert_eq!(watch(&mut other, "main-chat").await["online"], 2);
    let list = ann.rest("GET", "/api/rooms/main-chat/presence", Value::Null).await;
    assert_eq!(statuses(&list["data"]), [("ann", "online"), ("ben", "away")]);
    postgres.start();
}
