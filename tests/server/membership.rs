//! Being in a room: coming back to a conversation, stepping down, leaving for good, read markers; and
//! what may not slip in while a room is being closed. On both databases.

use std::time::Instant;

use serde_json::{Value, json};

use super::guests::guest;
use super::harness::person::log_in;
use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, On, Person, Postgres, Program, Server, Socket, eventually};

async fn stage(database: super::harness::On) -> (Program, Server, Person, Person) {
    let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("ALLOW_GUESTS", "true")]).collect();
    let program = Program::on(database, &settings);
    let server = program.serve().await;
    let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
    (program, server, ann, ben)
}

fn id(room: &Value) -> String {
    room["id"].as_str().unwrap().to_owned()
}

/// Whether a message of the room reaches the connection: another one comes behind it, which all hear.
async fn hears(listener: &mut Socket, speaker: &mut Socket, room: &str) -> bool {
    let mark = format!("is anybody there? {:?}", Instant::now());
    for said in [json!({ "roomId": room, "message": mark }), json!({ "message": mark })] {
        speaker.succeed("send-message", said).await;
    }
    let mut heard = false;
    loop {
        let told = listener.hear("message-received").await;
        match told["message"] == mark.as_str() {
            true if told["room_id"] == room => heard = true,
            true => return heard,
            false => {}
        }
    }
}

#[tokio::test]
async fn a_direct_room_that_was_left_opens_again() {
    for database in BOTH {
        let (_program, _server, ann, ben) = stage(database).await;
        let (to_ben, to_ann) = (format!("/api/me/directs/{}", ben.id()), format!("/api/me/directs/{}", ann.id()));
        let room = id(&ann.rest("PUT", &to_ben, Value::Null).await);
        let (path, leave) = (format!("/api/rooms/{room}"), format!("/api/rooms/{room}/leave"));
        let (mut anns, mut bens) = (ann.socket().await, ben.socket().await);
        anns.succeed("send-message", json!({ "roomId": room, "message": "hello" })).await;

        ben.rest("POST", &leave, Value::Null).await;
        assert_eq!(ben.refused("GET", &path, Value::Null).await, "room_not_found");
        let before = ann.rest("GET", &path, Value::Null).await;
        assert_eq!(before["memberCount"], 1);
        for _ in 0..2 {
            let opened = ben.rest("PUT", &to_ann, Value::Null).await;
            assert_eq!((&opened["id"], &opened["memberCount"]), (&json!(room), &json!(2)), "{opened}");
            assert_eq!(opened["version"], before["version"].as_i64().unwrap() + 1, "twice is once");
        }
        bens.succeed("send-message", json!({ "roomId": room, "message": "here I am again" })).await;

        // Both leave, and one comes back; the other with the first message.
        for person in [&ann, &ben] {
            person.rest("POST", &leave, Value::Null).await;
        }
        assert_eq!(ben.refused("GET", &path, Value::Null).await, "room_not_found", "and that is remembered");
        let opened = ann.rest("PUT", &to_ben, Value::Null).await;
        assert_eq!((&opened["id"], &opened["memberCount"]), (&json!(room), &json!(1)));
        anns.succeed("send-message", json!({ "roomId": room, "message": "still there?" })).await;
        bens.succeed("send-message", json!({ "roomId": room, "message": "yes" })).await;
        let together = ann.rest("GET", &path, Value::Null).await;
        assert_eq!(together["memberCount"], 2);
        assert_eq!(together["version"], opened["version"].as_i64().unwrap() + 1);
        bens.succeed("join-room", json!({ "roomId": room })).await;
        let read = bens.succeed("load-messages", json!({ "roomId": room })).await;
        assert_eq!(read["pagination"]["total"], 4);
    }
}

/// Who may not write to somebody does not speak by editing either, nor shows that they type.
#[tokio::test]
async fn a_block_holds_edits_and_typing_too() {
    for database in BOTH {
        let (_program, _server, ann, ben) = stage(database).await;
        let room = id(&ann.rest("PUT", &format!("/api/me/directs/{}", ben.id()), Value::Null).await);
        let mut bens = ben.socket().await;
        let said = bens.succeed("send-message", json!({ "roomId": room, "message": "hello" })).await;
        let edit = json!({ "messageId": said["data"]["id"], "message": "and another thing" });
        let types = json!({ "roomId": room, "isTyping": true });
        bens.succeed("edit-message", edit.clone()).await;
        bens.succeed("typing", types.clone()).await;
        ann.rest("PUT", &format!("/api/me/blocks/{}", ben.id()), Value::Null).await;
        for (event, payload) in [("edit-message", &edit), ("typing", &types)] {
            assert_eq!(bens.ask(event, payload.clone()).await["code"], "not_accepting", "{event}");
        }
        bens.succeed("typing", json!({ "roomId": room, "isTyping": false })).await;
        bens.succeed("delete-message", json!({ "messageId": said["data"]["id"] })).await;
    }
}

/// However much is on its way: when the archiving is answered, nothing more has a number.
#[tokio::test]
async fn nothing_is_said_after_a_room_was_archived() {
    for database in BOTH {
        let (_program, _server, ann, ben) = stage(database).await;
        let room = id(&ann.make_room("Garden", false).await);
        ben.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        let mut floods = Vec::new();
        for _ in 0..4 {
            let (mut socket, room) = (ben.socket().await, room.clone());
            floods.push(tokio::spawn(async move {
                let mut last = 0;
                for number in 0..1500 {
                    last = socket.feed("send-message", &json!({ "roomId": room, "message": number.to_string() })).await;
                }
                socket.flush().await;
                loop {
                    let frame = socket.frame().await.unwrap();
                    if super::harness::socket::as_ack(&frame).is_some_and(|(ack, _)| ack == last) {
                        return;
                    }
                }
            }));
        }
        let path = format!("/api/rooms/{room}");
        let last = async || ann.rest("GET", &path, Value::Null).await["lastSeq"].as_i64().unwrap();
        eventually("many speak", async || last().await > 100).await;
        ann.rest("PUT", &format!("{path}/archive"), Value::Null).await;
        let then = last().await;
        for flood in floods {
            flood.await.unwrap();
        }
        assert!(then < 6000, "the flood was over too soon: {then}");
        assert_eq!(last().await, then);
    }
}

/// Whoever moves a read marker in the main room has a row there, and is no more than everybody.
#[tokio::test]
async fn reading_the_main_room_makes_nobody_somebody_there() {
    for database in BOTH {
        let (program, server, ann, ben) = stage(database).await;
        let admin = Person::with_role(&program, &server, "adam", "admin");
        let members = async |query: &str| {
            let path = format!("/api/rooms/main-chat/members{query}");
            let page = ann.rest("GET", &path, Value::Null).await["data"].clone();
            page.as_array().unwrap().iter().map(|one| one["user"]["username"].clone()).collect::<Vec<_>>()
        };
        let owner = format!("/api/rooms/main-chat/members/{}", ann.id());
        admin.rest("PUT", &owner, json!({ "role": "owner" })).await;
        let mut bens = ben.socket().await;
        bens.succeed("send-message", json!({ "message": "one" })).await;
        bens.succeed("move-read-marker", json!({ "roomId": "main-chat", "seq": 1 })).await;
        assert_eq!(program.sql("SELECT count(*) FROM chat_members WHERE room = 1"), ["2"]);
        assert_eq!(members("").await, ["ann"]);
        assert_eq!(members("?role=member").await, [""; 0]);
        assert_eq!(members("?role=owner").await, ["ann"]);

        // Nobody leaves it, in whichever words.
        let oneself = format!("/api/rooms/main-chat/members/{}", ben.id());
        assert_eq!(ben.refused("DELETE", &oneself, Value::Null).await, "main_room");
        assert_eq!(ben.refused("POST", "/api/rooms/main-chat/leave", Value::Null).await, "main_room");
        let kick = json!({ "roomId": "main-chat", "userId": ben.id() });
        assert_eq!(bens.ask("kick-member", kick).await["code"], "main_room");
        assert_eq!(program.sql("SELECT state FROM chat_members WHERE room = 1 AND role = 'member'"), ["member"]);

        // And nobody inherits it by having read there.
        program.say(&["user", "erase", "ann", "--messages", "anonymise"]);
        assert_eq!(program.sql("SELECT role FROM chat_members WHERE room = 1"), ["member"]);
    }
}

#[tokio::test]
async fn moderators_and_owners_step_down() {
    for database in BOTH {
        let (program, server, ann, ben) = stage(database).await;
        let admin = Person::with_role(&program, &server, "adam", "admin");
        let garden = id(&ann.make_room("Garden", false).await);
        ben.rest("POST", &format!("/api/rooms/{garden}/join"), Value::Null).await;
        for (room, above) in [(garden.as_str(), &ann), ("main-chat", &admin)] {
            let path = format!("/api/rooms/{room}/members/{}", ben.id());
            let role = async |person: &Person, role: &str| person.rest("PUT", &path, json!({ "role": role })).await;
            for given in ["moderator", "owner"] {
                role(above, given).await;
                assert_eq!(role(&ben, given).await["role"], given, "it is so already");
                let lowered = role(&ben, "member").await;
                assert_eq!((&lowered["role"], &role(&ben, "member").await), (&json!("member"), &lowered), "{room}");
                for higher in ["moderator", "owner"] {
                    assert_eq!(ben.refused("PUT", &path, json!({ "role": higher })).await, "not_allowed");
                }
            }
            role(above, "moderator").await;
            assert_eq!(ben.refused("PUT", &path, json!({ "role": "owner" })).await, "not_allowed");
        }
        // Who is not in a room has no role to lower.
        let eve = Person::new(&program, &server, "eve");
        let path = format!("/api/rooms/{garden}/members/{}", eve.id());
        assert_eq!(eve.refused("PUT", &path, json!({ "role": "member" })).await, "not_allowed");
    }
}

#[tokio::test]
async fn invitations_that_ended_are_in_no_list() {
    for database in BOTH {
        let (program, _server, ann, ben) = stage(database).await;
        let mut rooms = Vec::new();
        for name in ["One", "Two", "Three", "Four"] {
            let room = id(&ann.make_room(name, true).await);
            ann.rest("PUT", &format!("/api/rooms/{room}/invites/{}", ben.id()), Value::Null).await;
            rooms.push(room);
        }
        let ended =
            format!("(SELECT number FROM chat_rooms WHERE name = 'One') AND user_id = {}", quoted(&program, &ben));
        program.sql(&format!("UPDATE chat_members SET expires_at = 1 WHERE room = {ended}"));
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = ben.rest("GET", &format!("/api/me/invites?limit=1{after}"), Value::Null).await;
            for invitation in page["data"].as_array().unwrap() {
                seen.push((invitation["room"]["name"].clone(), invitation["user"]["username"].clone()));
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, ["Two", "Three", "Four"].map(|name| (json!(name), json!("ben"))));
        for (room, count) in rooms.iter().zip([0, 1]) {
            let listed = ann.rest("GET", &format!("/api/rooms/{room}/invites"), Value::Null).await;
            assert_eq!(listed["data"].as_array().unwrap().len(), count);
        }
    }
}

/// An id as the database has it.
fn quoted(program: &Program, person: &Person) -> String {
    match program.database_url.starts_with("postgres") {
        true => format!("'{}'", person.id()),
        false => format!("x'{}'", person.id().replace('-', "")),
    }
}

/// Whoever is here was last seen now.
fn without_user(mut answer: Value) -> Value {
    assert!(answer["user"].take()["username"].is_string());
    answer
}

/// Of a mute, ban or invitation: by whom, when and why, whatever its person does afterwards.
#[tokio::test]
async fn bans_and_mutes_are_listed_as_they_were_set() {
    for database in BOTH {
        let (program, server, ann, ben) = stage(database).await;
        let room = id(&ann.make_room("Garden", false).await);
        let (eve, mo) = (Person::new(&program, &server, "eve"), Person::new(&program, &server, "mo"));
        for person in [&ben, &eve, &mo] {
            person.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        }
        let at = |below: &str, who: &Person| format!("/api/rooms/{room}/{below}/{}", who.id());
        let list = async |below: &str| {
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let path = format!("/api/rooms/{room}/{below}?limit=1{after}");
                let page = ann.rest("GET", &path, Value::Null).await;
                seen.extend(page["data"].as_array().unwrap().clone());
                match page["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => return seen,
                }
            }
        };
        let names = |seen: &[Value]| seen.iter().map(|one| one["user"]["username"].clone()).collect::<Vec<_>>();
        ann.rest("PUT", &at("members", &mo), json!({ "role": "moderator" })).await;

        // The same request once more has the same answer.
        let mute = json!({ "seconds": 600, "reason": "Shouting" });
        let muted = ann.rest("PUT", &at("mutes", &ben), mute.clone()).await;
        assert_eq!(without_user(ann.rest("PUT", &at("mutes", &ben), mute).await), without_user(muted));
        let before = list("mutes").await;
        assert_eq!((&before[0]["by"]["username"], &before[0]["reason"]), (&json!("ann"), &json!("Shouting")));
        let mut bens = ben.socket().await;
        ann.rest("POST", &format!("/api/rooms/{room}/messages"), json!({ "content": "hello" })).await;
        bens.succeed("move-read-marker", json!({ "roomId": room, "seq": 1 })).await;
        ann.rest("PUT", &at("members", &ben), json!({ "role": "moderator" })).await;
        ben.rest("POST", &format!("/api/rooms/{room}/leave"), Value::Null).await;
        ben.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        let set = |mute: &Value| ["reason", "at", "mutedUntil"].map(|field| mute[field].clone());
        let mutes = list("mutes").await;
        assert_eq!(set(&mutes[0]), set(&before[0]), "whatever its person does");
        assert_eq!(mutes[0]["by"]["username"], "ann");
        // Another one takes its place, and has no reason.
        mo.rest("PUT", &at("mutes", &ben), json!({ "seconds": 700 })).await;
        let after = list("mutes").await;
        assert_eq!((&after[0]["by"]["username"], &after[0]["reason"]), (&json!("mo"), &Value::Null));
        assert_ne!(after[0]["at"], before[0]["at"]);
        ann.rest("PUT", &at("mutes", &eve), json!({ "seconds": 600 })).await;
        assert_eq!(names(&list("mutes").await), ["eve", "ben"], "newest first");

        let banned = ann.rest("PUT", &at("bans", &ben), json!({ "reason": "Spam" })).await;
        let again = ann.rest("PUT", &at("bans", &ben), json!({ "reason": "Spam" })).await;
        assert_eq!(without_user(again), without_user(banned.clone()));
        ann.rest("PUT", &at("bans", &eve), Value::Null).await;
        let bans = list("bans").await;
        assert_eq!(names(&bans), ["eve", "ben"], "newest first");
        assert_eq!((&bans[1]["at"], &bans[1]["reason"]), (&banned["bannedAt"], &json!("Spam")));

        let den = id(&ann.make_room("Den", true).await);
        let path = format!("/api/rooms/{den}/invites/{}", ben.id());
        let invited = ann.rest("PUT", &path, Value::Null).await;
        assert_eq!(without_user(ann.rest("PUT", &path, Value::Null).await), without_user(invited.clone()));
        let listed = ann.rest("GET", &format!("/api/rooms/{den}/invites"), Value::Null).await;
        assert_eq!(listed["data"][0]["invitedAt"], invited["invitedAt"]);
    }
}

#[tokio::test]
async fn a_kick_lifts_no_ban_of_a_guest() {
    for database in BOTH {
        let (_program, server, ann, _ben) = stage(database).await;
        let room = id(&ann.make_room("Garden", false).await);
        let zoe = guest(&server, "Zoe").await;
        ann.rest("PUT", &format!("/api/rooms/{room}/bans/{}", zoe.id()), Value::Null).await;
        ann.rest("DELETE", &format!("/api/rooms/{room}/members/{}", zoe.id()), Value::Null).await;
        let bans = ann.rest("GET", &format!("/api/rooms/{room}/bans"), Value::Null).await;
        assert_eq!(bans["data"][0]["user"]["guestId"], json!(zoe.id()));
        assert_eq!(zoe.refused("POST", &format!("/api/rooms/{room}/join"), Value::Null).await, "room_not_found");
    }
}

/// Those who need not be members to hear a room leave it as well.
#[tokio::test]
async fn guests_and_administrators_hear_no_more_of_what_they_left() {
    for database in BOTH {
        let (program, server, ann, _ben) = stage(database).await;
        let room = id(&ann.make_room("Garden", false).await);
        let mut anns = ann.socket().await;
        let admin = Person::with_role(&program, &server, "adam", "admin");
        let zoe = guest(&server, "Zoe").await;
        let leave = format!("/api/rooms/{room}/leave");
        for person in [&zoe, &admin] {
            // An administrator hears without being a member by coming back to it.
            let resumed = json!({ "token": person.account.token, "resume": { &room: 0 } });
            let mut sockets = [
                Socket::connect(&server.url, resumed.clone()).await,
                Socket::connect(&server.url, resumed.clone()).await,
            ];
            for socket in &mut sockets {
                while socket.hear("sync").await["roomId"] != room.as_str() {}
                socket.succeed("watch-presence", json!({ "roomId": room })).await;
                assert!(hears(socket, &mut anns, &room).await, "{database:?}");
            }
            sockets[0].succeed("quit-room", json!({ "roomId": room })).await;
            for socket in &mut sockets {
                assert!(!hears(socket, &mut anns, &room).await, "{database:?}");
            }
            // Left and come back at once is come back.
            let mut ids = Vec::new();
            for event in ["join-room", "quit-room", "join-room"] {
                ids.push(sockets[0].feed(event, &json!({ "roomId": room })).await);
            }
            sockets[0].flush().await;
            sockets[0].succeed("load-messages", json!({ "roomId": room })).await;
            assert!(hears(&mut sockets[0], &mut anns, &room).await);
            person.rest("POST", &leave, Value::Null).await;
            assert!(!hears(&mut sockets[0], &mut anns, &room).await);
        }
        assert_eq!(ann.rest("GET", &format!("/api/rooms/{room}"), Value::Null).await["memberCount"], 1);
    }
}

/// They leave on another connection while this one is being given a new token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_of_the_same_person_takes_back_nothing_that_they_left() {
    let (program, server, ann, _ben) = stage(On::Postgres).await;
    let room = id(&ann.make_room("Garden", false).await);
    let admin = Person::with_role(&program, &server, "adam", "admin");
    program.say(&["user", "password", "adam", "--password", "correct horse"]);
    let token = log_in(&server, "adam", "correct horse").await.1["accessToken"].clone();
    let (mut socket, mut anns) = (admin.socket().await, ann.socket().await);
    socket.succeed("join-room", json!({ "roomId": room })).await;
    assert!(hears(&mut socket, &mut anns, &room).await);

    let (postgres, url) = (Postgres::shared(), &program.database_url);
    let held_up = postgres.hold(url, "LOCK TABLE chat_sessions IN ACCESS EXCLUSIVE MODE").await;
    socket.feed("authenticate-user", &json!({ "token": token })).await;
    socket.flush().await;
    eventually("its session is asked for", async || postgres.is_waited_for(url)).await;
    admin.rest("POST", &format!("/api/rooms/{room}/leave"), Value::Null).await;
    assert!(postgres.is_waited_for(url), "it left too late");
    held_up.join().unwrap();
    socket.succeed("typing", json!({ "isTyping": false })).await;
    assert!(!hears(&mut socket, &mut anns, &room).await);
}

#[tokio::test]
async fn typing_is_told_as_it_is() {
    for database in BOTH {
        let (_program, _server, ann, ben) = stage(database).await;
        let room = id(&ann.make_room("Garden", false).await);
        let (mut anns, mut bens) = (ann.socket().await, ben.socket().await);
        for socket in [&mut anns, &mut bens] {
            socket.succeed("join-room", json!({ "roomId": room })).await;
        }
        // Who did not type does not stop.
        bens.succeed("typing", json!({ "roomId": room, "isTyping": false })).await;
        bens.succeed("typing", json!({ "roomId": room, "isTyping": true })).await;
        assert_eq!(anns.hear("user-typing").await["isTyping"], true);
        for (below, body) in [("mutes", json!({ "seconds": 60 })), ("bans", Value::Null)] {
            let path = format!("/api/rooms/{room}/{below}/{}", ben.id());
            ann.rest("PUT", &path, body).await;
            let silenced = Instant::now();
            assert_eq!(anns.hear("user-typing").await["isTyping"], false);
            assert!(silenced.elapsed().as_secs() < 5, "by itself it ends after 10 s");
            if below == "mutes" {
                ann.rest("DELETE", &path, Value::Null).await;
                bens.succeed("typing", json!({ "roomId": room, "isTyping": true })).await;
                assert_eq!(anns.hear("user-typing").await["isTyping"], true);
            }
        }
    }
}

/// What comes faster than one a second is stored together, and counts at once.
#[tokio::test]
async fn read_markers_that_hurry_are_stored_together() {
    for database in BOTH {
        let (program, server, ann, ben) = stage(database).await;
        let room = id(&ann.make_room("Garden", false).await);
        ben.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        let (mut anns, mut bens) = (ann.socket().await, ben.socket().await);
        for number in 0..60 {
            anns.succeed("send-message", json!({ "roomId": room, "message": number.to_string() })).await;
        }
        let mut other = ben.socket().await;
        let stored = || program.sql("SELECT max(last_read_seq) FROM chat_members WHERE joined_at > 0 AND room <> 1");
        let began = Instant::now();
        for seq in 1..=60 {
            let moved = bens.succeed("move-read-marker", json!({ "roomId": room, "seq": seq })).await;
            assert_eq!(moved["data"], json!({ "roomId": room, "seq": seq, "unread": 60 - seq }));
        }
        let late = bens.succeed("move-read-marker", json!({ "roomId": room, "seq": 7 })).await;
        assert_eq!(late["data"]["seq"], 60, "never back");
        let beyond = bens.succeed("move-read-marker", json!({ "roomId": room, "seq": 999 })).await;
        assert_eq!(beyond["data"]["seq"], 60);
        let me = ben.rest("GET", &format!("/api/rooms/{room}"), Value::Null).await["me"].clone();
        assert_eq!((&me["lastReadSeq"], &me["unread"]), (&json!(60), &json!(0)), "it counts already");
        let mut told = 1;
        while other.hear("read-marker-moved").await["seq"] != 60 {
            told += 1;
        }
        let seconds = began.elapsed().as_secs();
        assert!(told <= seconds + 2, "{told} times in {seconds} s");
        assert_eq!(stored(), ["60"]);

        // A server that stops keeps none to itself.
        for number in 0..3 {
            anns.succeed("send-message", json!({ "roomId": room, "message": number.to_string() })).await;
            bens.succeed("move-read-marker", json!({ "roomId": room, "seq": 61 + number })).await;
        }
        server.stop().await;
        assert_eq!(stored(), ["63"]);
    }
}

/// Neither in lists, nor by the key of what they said there.
#[tokio::test]
async fn who_is_banned_finds_no_trace_of_the_room() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let room = ann.make_room("Garden", false).await;
        let (id, path) = (room["id"].as_str().unwrap(), format!("/api/rooms/{}", room["id"].as_str().unwrap()));
        ben.rest("POST", &format!("{path}/join"), Value::Null).await;
        let said = json!({ "content": "mine", "clientOffset": "once" });
        let first = ben.rest("POST", &format!("{path}/messages"), said.clone()).await;
        assert_eq!(ben.rest("POST", "/api/rooms/main-chat/messages", said.clone()).await, first, "a repeat");
        ann.rest("PUT", &format!("{path}/bans/{}", ben.id()), Value::Null).await;
        assert_eq!(ben.refused("POST", "/api/rooms/main-chat/messages", said).await, "room_not_found");
        for list in ["/api/rooms", "/api/rooms?q=gar", "/api/chat/channels"] {
            let listed = ben.rest("GET", list, Value::Null).await.to_string();
            assert!(!listed.contains("Garden") && !listed.contains(id), "{list}: {listed}");
            assert!(ann.rest("GET", list, Value::Null).await.to_string().contains("Garden"), "{list}");
        }
    }
}

#[tokio::test]
async fn what_contradicts_itself_or_is_kept_is_refused() {
    let program = Program::on(BOTH[0], NO_LIMITS);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    for (kind, private) in [("public", true), ("private", false), ("guild", false)] {
        let wanted = json!({ "name": "Odd", "kind": kind, "isPrivate": private });
        assert_eq!(ann.refused("POST", "/api/rooms", wanted).await, "invalid_fields", "{kind}");
    }
    for name in ["system", "Erased user"] {
        let answer = ann.refused("PATCH", "/api/me", json!({ "name": name })).await;
        assert_eq!(answer, "name_taken", "{name}");
    }
}
