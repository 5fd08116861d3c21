//! Rooms of one's own: made, found, entered, changed, left and deleted; private ones are as if they
//! were not there. By REST and by events, on both databases.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::harness::person::serve_to;
use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{BOTH, On, Person, Postgres, Program, Socket, eventually};

async fn listed(person: &Person, query: &str) -> Vec<String> {
    let rooms = person.all(&format!("/api/rooms?limit=2{query}")).await;
    rooms.iter().map(|room| room["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_public_room_from_beginning_to_end() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let mut hears = ben.socket().await;
        let room = ann.rest("POST", "/api/rooms", json!({ "name": "Garden", "description": "Plants" })).await;
        let id = room["id"].as_str().unwrap();
        let keys: Vec<&str> = room.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "id",
                "name",
                "description",
                "isPrivate",
                "createdBy",
                "createdAt",
                "updatedAt",
                "slug",
                "kind",
                "memberCount",
                "archivedAt",
                "slowModeSeconds",
                "version",
                "lastSeq",
                "rev",
                "peer",
                "me"
            ]
        );
        assert_eq!(
            (&room["slug"], &room["memberCount"], &room["me"]["role"]),
            (&json!("garden"), &json!(1), &json!("owner"))
        );
        let told = hears.hear("room-created").await["room"].clone();
        assert_eq!((&told["id"], &told["memberCount"]), (&room["id"], &json!(1)));
        assert_eq!(ann.make_room("Garden", false).await["slug"], "garden-2", "names are free, slugs are not");
        assert_eq!(ann.refused("POST", "/api/rooms", json!({ "name": "x", "slug": "garden" })).await, "slug_taken");
        assert_eq!(listed(&ben, "").await, ["main-chat", "Garden", "Garden"]);
        assert_eq!(listed(&ben, "&q=gAr").await, ["Garden", "Garden"]);
        assert_eq!(listed(&ben, "&q=%25").await, [""; 0], "a sign of the query language is a letter");

        for named in ["rooms?q=garden", "rooms?limit=3"] {
            let rooms = ben.rest("GET", &format!("/api/{named}"), Value::Null).await;
            let first = rooms["data"].as_array().unwrap().iter().find(|found| found["id"] == room["id"]).unwrap();
            assert_eq!((&first["memberCount"], &first["me"]), (&json!(1), &Value::Null), "as room-created told it");
        }
        let seen = ben.rest("GET", "/api/rooms/main-chat", Value::Null).await;
        assert!(seen["memberCount"].is_null() && seen["me"].is_object(), "everybody is in it");

        // What is below a room is for those in it.
        assert_eq!(ben.refused("GET", &format!("/api/rooms/{id}/members"), Value::Null).await, "room_not_found");
        let joined = ben.rest("POST", "/api/rooms/garden/join", Value::Null).await;
        assert_eq!((&joined["memberCount"], &joined["version"]), (&json!(2), &json!(2)));
        assert_eq!(ben.rest("POST", "/api/rooms/garden/join", Value::Null).await["version"], 2, "twice is once");
        let joined = hears.succeed("join-room", json!({ "roomId": id })).await;
        assert_eq!(joined["data"]["me"]["state"], "member");
        let members = ann.rest("GET", "/api/rooms/garden/members?limit=1", Value::Null).await;
        assert_eq!(
            (&members["data"][0]["user"]["username"], &members["data"][0]["role"]),
            (&json!("ann"), &json!("owner"))
        );
        let next = members["next"].as_str().unwrap();
        let members = ann.rest("GET", &format!("/api/rooms/garden/members?after={next}"), Value::Null).await;
        assert_eq!((&members["data"][0]["user"]["username"], &members["next"]), (&json!("ben"), &Value::Null));
        assert_eq!(ann.refused("GET", "/api/rooms?after=nonsense", Value::Null).await, "bad_cursor");

        let edited = ann.rest("PATCH", "/api/rooms/garden", json!({ "description": "Bees" })).await;
        hears.hear("rooms-changed").await;
        let heard = hears.hear("room-edited").await;
        assert_eq!((&heard["room"]["description"], &heard["version"]), (&json!("Bees"), &edited["version"]));
        assert!(heard["room"].get("me").is_none(), "that differs by reader");
        ann.rest("PUT", "/api/rooms/garden/archive", Value::Null).await;
        assert!(hears.hear("room-archived").await["archivedAt"].is_string());
        let silent = hears.ask("send-message", json!({ "roomId": id, "message": "hello?" })).await;
        assert_eq!((&silent["code"], &silent["error"]), (&json!("archived"), &json!("This room is archived")));
        assert_eq!(listed(&ben, "&q=gar").await, ["Garden", "Garden"], "who is in it still sees it");
        assert_eq!(listed(&Person::new(&program, &server, "eve"), "&q=gar").await, ["Garden"]);
        ann.rest("DELETE", "/api/rooms/garden/archive", Value::Null).await;
        hears.succeed("send-message", json!({ "roomId": id, "message": "hello" })).await;

        assert_eq!(ann.refused("POST", "/api/rooms/garden/leave", Value::Null).await, "last_owner");
        assert_eq!(ben.refused("DELETE", "/api/rooms/garden", Value::Null).await, "not_allowed");
        let mut owner = ann.socket().await;
        owner.succeed("delete-room", json!({ "roomId": "garden", "reason": "Winter" })).await;
        assert_eq!(hears.hear("room-deleted").await["roomId"], *id);
        for path in ["", "/members", "/messages"] {
            let (status, _) = ann.request("GET", &format!("/api/rooms/{id}{path}"), Value::Null).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(owner.ask("load-messages", json!({ "roomId": id })).await["code"], "room_not_found");
        assert_eq!(ann.make_room("Garden", false).await["slug"], "garden", "the name is free again");
    }
}

#[tokio::test]
async fn whoever_hears_a_room_is_told_that_it_is_deleted_whatever_else_happens_to_them() {
    let settings = unlimited(&[("RATE_LIMIT_ROOMS_PER_HOUR", "0")]);
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, &settings, ["ann", "ben"]).await;
        ann.make_room("Elsewhere", false).await;
        let mut bens = ben.socket().await;
        let mut ids = Vec::new();
        for number in 0..40 {
            let room = ann.make_room(&format!("Room {number}"), false).await;
            bens.succeed("join-room", json!({ "roomId": room["id"] })).await;
            ids.push(room["id"].as_str().unwrap().to_owned());
        }
        // Whenever he leaves a room elsewhere, this connection looks which rooms it may still hear.
        let comes_and_goes = async {
            loop {
                ben.rest("POST", "/api/rooms/elsewhere/join", Value::Null).await;
                ben.rest("POST", "/api/rooms/elsewhere/leave", Value::Null).await;
            }
        };
        let deletes =
            join_all(ids.iter().map(async |id| ann.rest("DELETE", &format!("/api/rooms/{id}"), Value::Null).await));
        tokio::select! {
            () = comes_and_goes => {}
            _ = deletes => {}
        }
        for _ in 0..ids.len() {
            let told = bens.hear("room-deleted").await["roomId"].as_str().unwrap().to_owned();
            ids.retain(|id| *id != told);
        }
        assert!(ids.is_empty(), "not told of {ids:?}");
    }
}

#[tokio::test]
async fn whoever_catches_up_on_a_room_is_told_that_it_was_deleted_meanwhile() {
    let (program, server, [ann, ben]) = serve_to(On::Postgres, NO_LIMITS, ["ann", "ben"]).await;
    let room = ann.make_room("Garden", false).await;
    let id = room["id"].as_str().unwrap();
    ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
    let (postgres, url) = (Postgres::shared(), &program.database_url);
    let held_up = postgres.hold(url, "LOCK TABLE chat_log IN ACCESS EXCLUSIVE MODE").await;
    let mut bens = Socket::connect(&server.url, json!({ "token": ben.account.token, "resume": { id: 0 } })).await;
    eventually("what he missed is being read", async || postgres.is_waited_for(url)).await;
    ann.rest("DELETE", &format!("/api/rooms/{id}"), Value::Null).await;
    assert!(postgres.is_waited_for(url), "it was deleted too late");
    assert_eq!(bens.hear("sync").await["complete"], true, "it was there when he came");
    assert_eq!(bens.hear("room-deleted").await["roomId"], *id);
    held_up.join().unwrap();
}

/// SQLite's own lower case ends at Z.
#[tokio::test]
async fn rooms_are_found_by_names_beyond_a_to_z() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        for name in ["Ärzte", "ÄRZTINNEN", "Arzt"] {
            ann.make_room(name, false).await;
        }
        let hidden = ann.make_room("Ärztekammer", true).await;
        for asked in ["Ärz", "ärz", "%C3%84RZ"] {
            assert_eq!(listed(&ben, &format!("&q={asked}")).await, ["Ärzte", "ÄRZTINNEN"], "{asked}");
        }
        assert_eq!(listed(&ann, "&q=ärzt").await, ["Ärzte", "ÄRZTINNEN", "Ärztekammer"], "and what one is in, once");
        assert_eq!(listed(&ann, "&q=ärzt&kind=private").await, ["Ärztekammer"]);
        assert_eq!(listed(&ann, "&kind=public").await, ["Ärzte", "ÄRZTINNEN", "Arzt"]);
        ann.rest("PATCH", &format!("/api/rooms/{}", hidden["slug"].as_str().unwrap()), json!({ "name": "Übung" }))
            .await;
        assert_eq!(listed(&ann, "&q=ärztek").await, [""; 0]);
        assert_eq!(listed(&ann, "&q=üBUNG").await, ["Übung"], "by its new name");
    }
}

/// Not in lists, not in counts, not by id, number or slug, whoever asks and however.
#[tokio::test]
async fn private_is_private() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let mut outside = ben.socket().await;
        let room = ann.make_room("Den", true).await;
        let (id, slug) = (room["id"].as_str().unwrap(), room["slug"].as_str().unwrap());
        assert!(slug.starts_with("p-") && slug.len() == 18, "{slug}");
        let mut inside = ann.socket().await;
        inside.succeed("join-room", json!({ "roomId": id })).await;
        let said = inside.succeed("send-message", json!({ "roomId": id, "message": "psst" })).await;
        let message = &said["data"]["id"];
        for reference in [id, slug, "2"] {
            for (method, below) in [
                ("GET", ""),
                ("PATCH", ""),
                ("DELETE", ""),
                ("POST", "/join"),
                ("GET", "/members"),
                ("GET", "/bans"),
                ("GET", "/mutes"),
                ("GET", "/invites"),
                ("GET", "/audit"),
                ("PUT", "/archive"),
                ("PUT", "/slow-mode"),
                ("PUT", "/read-marker"),
            ] {
                let body = match below {
                    "/slow-mode" => json!({ "seconds": 5 }),
                    "/read-marker" => json!({ "seq": 1 }),
                    _ => json!({}),
                };
                let (status, answer) = ben.request(method, &format!("/api/rooms/{reference}{below}"), body).await;
                assert_eq!(
                    (status, &answer["error"]["code"]),
                    (StatusCode::NOT_FOUND, &json!("room_not_found")),
                    "{method} {below}"
                );
            }
            for event in ["join-room", "load-messages", "typing", "sync", "quit-room", "delete-room", "edit-room"] {
                let refused = outside.ask(event, json!({ "roomId": reference, "rev": 0, "name": "x" })).await;
                assert_eq!(refused["code"], "room_not_found", "{event}: {refused}");
            }
            let refused = outside.ask("send-message", json!({ "roomId": reference, "message": "hi" })).await;
            assert_eq!(refused["code"], "room_not_found");
        }
        for (event, more) in [("edit-message", json!("x")), ("delete-message", Value::Null)] {
            let refused = outside.ask(event, json!({ "messageId": message, "message": more })).await;
            assert_eq!(refused["code"], "message_not_found", "{event}: {refused}");
        }
        assert_eq!(listed(&ben, "").await, ["main-chat"]);
        let stats = ben.rest("GET", "/api/community/chat/stats", Value::Null).await;
        assert_eq!(stats["data"]["totalMessages"], 0, "{stats}");
        // And nothing of it was heard outside.
        outside.feed("send-message", &json!({ "message": "a message that all hear" })).await;
        outside.flush().await;
        while let (name, payload) = outside.event().await
            && name != "message-received"
        {
            assert!(!payload.to_string().contains(id), "{name} {payload}");
        }

        // By invitation, which shows the room and nothing of its messages.
        let invited = ann.rest("PUT", &format!("/api/rooms/{id}/invites/{}", ben.id()), Value::Null).await;
        assert_eq!((&invited["user"]["username"], &invited["by"]["username"]), (&json!("ben"), &json!("ann")));
        assert_eq!(outside.hear("invite-received").await["room"]["name"], "Den");
        let mine = ben.rest("GET", "/api/me/invites", Value::Null).await;
        assert_eq!(
            (&mine["data"][0]["room"]["id"], &mine["data"][0]["room"]["me"]["state"]),
            (&json!(id), &json!("invited"))
        );
        assert_eq!(outside.ask("load-messages", json!({ "roomId": id })).await["code"], "room_not_found");
        let mut elsewhere = ben.socket().await;
        outside.succeed("join-room", json!({ "roomId": id })).await;
        // Also where the same person does not hear the room.
        for hears in [&mut inside, &mut elsewhere] {
            assert_eq!(hears.hear("member-joined").await["user"]["username"], "ben");
        }
        let history = outside.succeed("load-messages", json!({ "roomId": id })).await;
        assert_eq!(history["data"][0]["message"], "psst");
        assert!(ben.rest("GET", "/api/me/invites", Value::Null).await["data"].as_array().unwrap().is_empty());
        let mine = ben.rest("GET", "/api/me/rooms", Value::Null).await;
        assert_eq!(mine["data"].as_array().unwrap().len(), 2);

        // Given up, it is as it was before.
        outside.succeed("quit-room", json!({ "roomId": id })).await;
        assert_eq!(inside.hear("member-left").await["user"]["username"], "ben");
        assert_eq!(ben.refused("GET", &format!("/api/rooms/{id}"), Value::Null).await, "room_not_found");
        let resumed = json!({ "token": ben.account.token, "resume": { id: 0 } });
        let mut resumes = Socket::connect(&server.url, resumed).await;
        let told = resumes.hear("sync").await;
        assert_eq!((&told["code"], &told["messages"]), (&json!("room_not_found"), &json!([])));
    }
}

#[tokio::test]
async fn a_public_room_becomes_private_and_never_public_again() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let eve = Person::new(&program, &server, "eve");
        let room = ann.make_room("Attic", false).await;
        let path = format!("/api/rooms/{}", room["id"].as_str().unwrap());
        eve.rest("POST", "/api/rooms/attic/join", Value::Null).await;
        let mut eves = eve.socket().await;
        eves.succeed("join-room", json!({ "roomId": "attic" })).await;
        // Known by its old slug to whoever asked before.
        ben.rest("GET", "/api/rooms/attic", Value::Null).await;
        let hidden = ann.rest("PATCH", &path, json!({ "isPrivate": true })).await;
        assert!(hidden["kind"] == "private" && hidden["slug"] != "attic");
        for reference in ["attic", hidden["slug"].as_str().unwrap(), room["id"].as_str().unwrap()] {
            assert_eq!(ben.refused("GET", &format!("/api/rooms/{reference}"), Value::Null).await, "room_not_found");
        }
        assert_eq!(listed(&ben, "").await, ["main-chat"]);
        assert_eq!(eves.hear("room-edited").await["room"]["kind"], "private");
        eves.succeed("send-message", json!({ "roomId": room["id"], "message": "who is in stays" })).await;
        assert_eq!(ann.refused("PATCH", &path, json!({ "isPrivate": false })).await, "stays_private");
        assert_eq!(ben.make_room("Attic", false).await["slug"], "attic", "what is taken tells of no private room");
    }
}

/// One room for each pair, whoever opens it first, and from how many sides at once.
#[tokio::test]
async fn direct_rooms() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let eve = Person::with_role(&program, &server, "eve", "admin");
        let mut bens = ben.socket().await;
        let paths = [format!("/api/me/directs/{}", ben.id()), format!("/api/me/directs/{}", ann.id())];
        let opened = futures_util::future::join_all((0..12).map(|turn| {
            let (person, path) = if turn % 2 == 0 { (&ann, &paths[0]) } else { (&ben, &paths[1]) };
            async move { person.rest("PUT", path, Value::Null).await["id"].clone() }
        }));
        let ids = opened.await;
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let id = ids[0].as_str().unwrap();
        let room = ann.rest("GET", &format!("/api/rooms/{id}"), Value::Null).await;
        assert_eq!(
            (&room["name"], &room["peer"]["username"], &room["kind"]),
            (&json!("BEN"), &json!("ben"), &json!("direct"))
        );
        assert_eq!(ann.refused("PUT", &format!("/api/me/directs/{}", ann.id()), Value::Null).await, "yourself");

        let mut anns = ann.socket().await;
        anns.succeed("join-room", json!({ "roomId": id })).await;
        anns.succeed("send-message", json!({ "roomId": id, "message": "hello" })).await;
        loop {
            let told = bens.hear("room-created").await;
            if told["room"]["id"] == id {
                assert_eq!(told["room"]["peer"]["username"], "ann");
                break;
            }
        }
        for (method, below) in [("GET", ""), ("GET", "/members"), ("POST", "/join"), ("DELETE", "")] {
            let path = format!("/api/rooms/{id}{below}");
            assert_eq!(eve.refused(method, &path, Value::Null).await, "room_not_found", "admins included");
        }
        assert_eq!(ann.refused("DELETE", &format!("/api/rooms/{id}"), Value::Null).await, "direct_room");
        let path = format!("/api/rooms/{id}/bans/{}", ben.id());
        assert_eq!(ann.refused("PUT", &path, Value::Null).await, "direct_room");

        // Hidden by who leaves, back with the next message.
        ben.rest("POST", &format!("/api/rooms/{id}/leave"), Value::Null).await;
        assert_eq!(ben.rest("GET", "/api/me/rooms", Value::Null).await["data"].as_array().unwrap().len(), 1);
        assert_eq!(bens.ask("load-messages", json!({ "roomId": id })).await["code"], "room_not_found");
        anns.succeed("send-message", json!({ "roomId": id, "message": "still there?" })).await;
        assert_eq!(ben.rest("GET", "/api/me/rooms", Value::Null).await["data"].as_array().unwrap().len(), 2);
        let read = bens.succeed("load-messages", json!({ "roomId": id })).await;
        assert_eq!(read["pagination"]["total"], 2);
    }
}

#[tokio::test]
async fn read_markers_go_forward_and_count_what_others_wrote() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        let mut anns = ann.socket().await;
        anns.succeed("join-room", json!({ "roomId": id })).await;
        let mut bens = ben.socket().await;
        for number in 0..5 {
            anns.succeed("send-message", json!({ "roomId": id, "message": number.to_string() })).await;
        }
        let me = async || ben.rest("GET", &format!("/api/rooms/{id}"), Value::Null).await["me"]["unread"].clone();
        assert_eq!(me().await, 5);
        let marked = bens.succeed("move-read-marker", json!({ "roomId": id, "seq": 3 })).await;
        assert_eq!(marked["data"], json!({ "roomId": id, "seq": 3, "unread": 2 }));
        assert_eq!(bens.hear("read-marker-moved").await, json!({ "roomId": id, "seq": 3, "unread": 2 }));
        let path = format!("/api/rooms/{id}/read-marker");
        assert_eq!(ben.rest("PUT", &path, json!({ "seq": 1 })).await["seq"], 3, "never back");
        assert_eq!(ben.rest("PUT", &path, json!({ "seq": 999 })).await, json!({ "roomId": id, "seq": 5, "unread": 0 }));
        bens.succeed("send-message", json!({ "roomId": id, "message": "mine" })).await;
        assert_eq!(me().await, 0, "one's own are never unread");
        assert_eq!(ben.refused("PUT", &path, json!({ "seq": -1 })).await, "invalid_fields");
    }
}

#[tokio::test]
async fn an_account_is_in_so_many_rooms() {
    let limited: Vec<_> = NO_LIMITS.iter().copied().chain([("MAX_ROOMS_PER_USER", "2")]).collect();
    for database in BOTH {
        let program = Program::on(database, &limited);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        ann.make_room("One", false).await;
        ben.make_room("Two", false).await;
        ben.make_room("Three", true).await;
        let (status, refused) = ben.request("POST", "/api/rooms", json!({ "name": "Four" })).await;
        let too_many = json!({ "code": "too_many_rooms", "message": "Too many rooms: 2 are allowed" });
        assert_eq!((status.as_u16(), &refused["error"]), (429, &too_many));
        assert_eq!(ben.refused("POST", "/api/rooms/one/join", Value::Null).await, "too_many_rooms");
        let refused = ben.socket().await.ask("join-room", json!({ "roomId": "one" })).await;
        assert_eq!(refused["error"], "Too many rooms: 2 are allowed");
        ben.rest("PUT", &format!("/api/me/directs/{}", ann.id()), Value::Null).await;
        ann.rest("POST", "/api/rooms/two/join", Value::Null).await;
        ben.rest("DELETE", "/api/rooms/two", Value::Null).await;
        ben.rest("POST", "/api/rooms/one/join", Value::Null).await;
    }
    let unlimited: Vec<_> = NO_LIMITS.iter().copied().chain([("MAX_ROOMS_PER_USER", "0")]).collect();
    let program = Program::on(super::harness::On::Sqlite, &unlimited);
    let server = program.serve().await;
    Person::new(&program, &server, "ann").make_room("One", false).await;
}

#[tokio::test]
async fn what_leads_nowhere_says_so_in_the_words_of_its_path() {
    let program = Program::on(super::harness::On::Sqlite, NO_LIMITS);
    let server = program.serve().await;
    let nobody = Person::nobody(&server);
    let (no_path, no_method) = ("Not found", "Method not allowed");
    for (method, path) in
        [("GET", "/api/nowhere"), ("POST", "/api/rooms/garden/nowhere"), ("GET", "/api/rooms/%ff"), ("GET", "/api/me")]
    {
        let (status, answer) = nobody.request(method, path, Value::Null).await;
        let wanted = json!({ "error": { "code": "not_found", "message": no_path } });
        assert_eq!(status == 404 && answer == wanted, path != "/api/me", "{method} {path}: {status} {answer}");
    }
    for (method, path) in [
        ("POST", "/api/rooms/garden"),
        ("PUT", "/api/rooms/garden/files"),
        ("PATCH", "/api/me/sessions"),
        ("POST", "/api/files/urls"),
    ] {
        let (status, answer) = nobody.request(method, path, Value::Null).await;
        let wanted = json!({ "error": { "code": "method_not_allowed", "message": no_method } });
        assert_eq!((status.as_u16(), answer), (405, wanted), "{method} {path}");
    }
    for (method, path, message, code) in [
        ("GET", "/api/auth/nowhere", no_path, Some("not_found")),
        ("GET", "/api/auth/login", no_method, Some("method_not_allowed")),
        ("GET", "/api/community/nowhere", no_path, None),
        ("DELETE", "/api/community/chat", no_method, None),
        ("GET", "/nowhere", no_path, None),
    ] {
        let (_, answer) = nobody.request(method, path, Value::Null).await;
        let wanted = match code {
            Some(code) => json!({ "message": message, "error": { "code": code, "message": message } }),
            None => json!({ "message": message }),
        };
        assert_eq!(answer, wanted, "{method} {path}");
    }
}

/// Who is refused for another reason has not spoken.
#[tokio::test]
async fn a_message_that_was_refused_is_no_step() {
    let limited = unlimited(&[("RATE_LIMIT_MESSAGES_PER_MINUTE", "1")]);
    for database in BOTH {
        let program = Program::on(database, &limited);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        ann.rest("PUT", &format!("/api/rooms/{id}/slow-mode"), json!({ "seconds": 30 })).await;
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        let mut socket = ben.socket().await;
        socket.succeed("send-message", json!({ "message": "elsewhere" })).await;
        for _ in 0..2 {
            let refused = socket.ask("send-message", json!({ "roomId": id, "message": "hello" })).await;
            assert_eq!((&refused["code"], &refused["budget"]["left"]), (&json!("slow_down"), &json!(0)));
        }
    }
}

#[tokio::test]
async fn slow_mode_holds_members_and_no_moderators() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        let (mut anns, mut bens) = (ann.socket().await, ben.socket().await);
        bens.succeed("join-room", json!({ "roomId": id })).await;
        let slowed = anns.succeed("set-slow-mode", json!({ "roomId": id, "seconds": 30 })).await;
        assert_eq!(slowed["data"]["slowModeSeconds"], 30);
        assert_eq!(bens.hear("room-edited").await["room"]["slowModeSeconds"], 30);
        let first = json!({ "roomId": id, "message": "one", "clientOffset": "one" });
        let sent = bens.succeed("send-message", first.clone()).await;
        let refused = bens.ask("send-message", json!({ "roomId": id, "message": "two" })).await;
        assert_eq!(
            (&refused["code"], &refused["error"]),
            (&json!("slow_mode"), &json!("Slow mode: one message every 30 seconds"))
        );
        assert!((20_000..=30_000).contains(&refused["retryIn"].as_u64().unwrap()), "{refused}");
        assert_eq!(
            bens.succeed("send-message", first).await["data"]["id"],
            sent["data"]["id"],
            "a repeat does not count"
        );
        for text in ["one", "two"] {
            anns.succeed("send-message", json!({ "roomId": id, "message": text })).await;
        }
        drop(server);
        let server = program.serve().await;
        let mut bens = Socket::with_token(&server.url, &ben.account.token).await;
        let refused = bens.ask("send-message", json!({ "roomId": id, "message": "after a restart" })).await;
        assert_eq!(refused["code"], "slow_mode");
        // What is remembered of the last minute is forgotten; the longest slow mode holds all the same.
        let mut anns = Socket::with_token(&server.url, &ann.account.token).await;
        anns.succeed("set-slow-mode", json!({ "roomId": id, "seconds": 21_600 })).await;
        let refused = bens.ask("send-message", json!({ "roomId": id, "message": "in six hours" })).await;
        assert!(refused["retryIn"].as_u64().unwrap() > 21_000_000, "{refused}");
    }
}

#[tokio::test]
async fn only_direct_rooms_that_are_new_are_counted() {
    for database in BOTH {
        let program = Program::on(database, &unlimited(&[("RATE_LIMIT_CONTACTS_PER_HOUR", "1")]));
        let server = program.serve().await;
        let [ann, ben, cleo] = ["ann", "ben", "cleo"].map(|userid| Person::new(&program, &server, userid));
        let with = |other: &Person| format!("/api/me/directs/{}", other.id());
        let first = ann.rest("PUT", &with(&ben), Value::Null).await;
        for _ in 0..3 {
            assert_eq!(ann.rest("PUT", &with(&ben), Value::Null).await["id"], first["id"]);
        }
        assert_eq!(ann.refusal("PUT", &with(&cleo), Value::Null).await, "429 slow_down");
        assert_eq!(ann.rest("PUT", &with(&ben), Value::Null).await["id"], first["id"]);
    }
}
