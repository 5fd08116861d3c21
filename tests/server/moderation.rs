//! Keeping the peace: what a moderator does acts on live connections at once, also on those that come
//! back, and is written down.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::faults::Machine;
use super::harness::program::NO_LIMITS;
use super::harness::socket::as_ack;
use super::harness::{BOTH, On, Person, Program, Socket, eventually};

struct Stage {
    program: Program,
    _server: super::harness::Server,
    ann: Person,
    ben: Person,
    room: String,
}

impl Stage {
    /// Ann owns a public room, Ben is in it.
    async fn on(database: On) -> Stage {
        Stage::of(Program::on(database, NO_LIMITS)).await
    }

    async fn of(program: Program) -> Stage {
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = ann.make_room("Garden", false).await["id"].as_str().unwrap().to_owned();
        ben.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        Stage { program, _server: server, ann, ben, room }
    }

    fn path(&self, below: &str) -> String {
        format!("/api/rooms/{}/{below}/{}", self.room, self.ben.id())
    }

    async fn hearing(&self, person: &Person) -> Socket {
        let mut socket = person.socket().await;
        socket.succeed("join-room", json!({ "roomId": self.room })).await;
        socket
    }
}

#[tokio::test]
async fn a_ban_acts_on_live_connections_and_on_those_that_come_back() {
    for database in BOTH {
        let stage = Stage::on(database).await;
        let (mut anns, mut bens) = (stage.hearing(&stage.ann).await, stage.hearing(&stage.ben).await);
        let banned = stage.ann.rest("PUT", &stage.path("bans"), json!({ "reason": "Spam" })).await;
        assert_eq!(banned["user"]["username"], "ben");
        let told = bens.hear("member-banned").await;
        assert_eq!((&told["reason"], &told["version"]), (&json!("Spam"), &banned["version"]));
        let told = anns.hear("member-banned").await;
        assert!(told["user"]["username"] == "ben" && told.get("reason").is_none(), "why is for him alone: {told}");
        for event in ["send-message", "load-messages", "typing", "join-room"] {
            let answer = bens.ask(event, json!({ "roomId": stage.room, "message": "x" })).await;
            assert_eq!(answer["code"], "room_not_found", "{event}");
        }
        anns.succeed("send-message", json!({ "roomId": stage.room, "message": "he is gone" })).await;
        let resumed = json!({ "token": stage.ben.account.token, "resume": { &stage.room: 0 } });
        let mut back = Socket::connect(&stage.ben.url, resumed).await;
        assert_eq!(back.hear("sync").await["code"], "room_not_found");
        bens.feed("send-message", &json!({ "message": "what all hear" })).await;
        bens.flush().await;
        loop {
            let (name, payload) = bens.event().await;
            assert_ne!(payload["message"], "he is gone");
            if name == "message-received" {
                break;
            }
        }
        let bans = stage.ann.rest("GET", &format!("/api/rooms/{}/bans", stage.room), Value::Null).await;
        let ban = &bans["data"][0];
        assert_eq!((&ban["by"]["username"], &ban["reason"]), (&json!("ann"), &json!("Spam")));
        let again = stage.ann.rest("PUT", &stage.path("bans"), json!({ "reason": "Spam" })).await;
        assert_eq!(again["version"], banned["version"], "twice is once");
        assert_eq!(stage.ann.refused("PUT", &stage.path("invites"), Value::Null).await, "is_banned");
        stage.ann.rest("DELETE", &stage.path("bans"), Value::Null).await;
        assert_eq!(bens.hear("member-unbanned").await["roomId"], json!(stage.room));
        assert_eq!(bens.ask("load-messages", json!({ "roomId": stage.room })).await["code"], "room_not_found");
        bens.succeed("join-room", json!({ "roomId": stage.room })).await;
    }
}

/// Says one thing after another, with hundreds under way at any time, until one is refused; gives the
/// numbers of those that were taken, and the reasons of those that were not.
async fn flood(mut socket: Socket, room: String) -> (Vec<i64>, Vec<String>) {
    let (mut taken, mut refused, mut under_way) = (Vec::new(), Vec::new(), 0);
    while refused.is_empty() || under_way > 0 {
        if refused.is_empty() && under_way < UNDER_WAY / 2 {
            for _ in under_way..UNDER_WAY {
                socket.feed("send-message", &json!({ "roomId": room, "message": "spam" })).await;
            }
            socket.flush().await;
            under_way = UNDER_WAY;
        }
        let frame = socket.frame().await.expect("the connection ended");
        let Some((_, answer)) = as_ack(&frame) else { continue };
        under_way -= 1;
        match answer["data"]["seq"].as_i64() {
            Some(seq) => taken.push(seq),
            None => refused.push(answer["code"].as_str().unwrap().to_owned()),
        }
    }
    (taken, refused)
}

/// Of each connection.
const UNDER_WAY: usize = 300;

/// However much is on its way: when the ban is answered, nothing more of his has a number.
#[tokio::test]
async fn nobody_speaks_after_a_ban() {
    for database in BOTH {
        let stage = Stage::on(database).await;
        let mut anns = stage.hearing(&stage.ann).await;
        let mut floods = Vec::new();
        for _ in 0..3 {
            floods.push(tokio::spawn(flood(stage.hearing(&stage.ben).await, stage.room.clone())));
        }
        for _ in 0..20 {
            anns.hear("message-received").await;
        }
        stage.ann.rest("PUT", &stage.path("bans"), Value::Null).await;
        let after = anns.succeed("send-message", json!({ "roomId": stage.room, "message": "after the ban" })).await;
        let after = after["data"]["seq"].as_i64().unwrap();
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for flood in floods {
            let (of_one, why) = flood.await.unwrap();
            taken.extend(of_one);
            refused.extend(why);
        }
        assert!(refused.len() >= UNDER_WAY && taken.len() >= 20, "{} and {}", refused.len(), taken.len());
        assert!(refused.iter().all(|code| ["room_not_found", "banned"].contains(&code.as_str())), "{refused:?}");
        taken.sort_unstable();
        let before: Vec<i64> = (1..after).collect();
        assert_eq!(taken, before, "{database:?}: all that he was told to have said, and nothing behind");
        let page = stage.ann.rest("GET", &format!("/api/rooms/{}/messages", stage.room), Value::Null).await;
        let last = page["data"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["content"], &last["seq"]), (&json!("after the ban"), &json!(after)));
    }
}

/// What is done to somebody is heard by every connection of theirs, and holds, within a second.
#[tokio::test]
async fn live_connections_hear_within_a_second() {
    const SOON: Duration = Duration::from_secs(1);
    for database in BOTH {
        let stage = Stage::on(database).await;
        let mut bens = [stage.hearing(&stage.ben).await, stage.hearing(&stage.ben).await];
        for (method, below, event, refusal) in [
            ("PUT", "mutes", "member-muted", "muted"),
            ("DELETE", "mutes", "member-unmuted", ""),
            ("DELETE", "members", "member-kicked", "room_not_found"),
            ("PUT", "bans", "member-banned", "room_not_found"),
        ] {
            // Whatever was remembered of him is fresh.
            for socket in &mut bens {
                socket.ask("load-messages", json!({ "roomId": stage.room })).await;
            }
            let began = Instant::now();
            stage.ann.rest(method, &stage.path(below), json!({ "seconds": 60 })).await;
            for socket in &mut bens {
                assert_eq!(socket.hear(event).await["user"]["username"], "ben");
                assert!(began.elapsed() < SOON, "{event} came after {:?}", began.elapsed());
                let answer = socket.ask("send-message", json!({ "roomId": stage.room, "message": "x" })).await;
                assert_eq!(answer["code"].as_str().unwrap_or_default(), refusal, "{event}");
            }
            assert!(began.elapsed() < SOON, "{event} holds after {:?}", began.elapsed());
            if below == "members" {
                stage.ann.rest("PUT", &stage.path("invites"), Value::Null).await;
                for socket in &mut bens {
                    socket.succeed("join-room", json!({ "roomId": stage.room })).await;
                }
            }
        }
    }
}

/// A server whose clock a test moves.
async fn with_a_clock(database: On) -> (Machine, Stage) {
    let mut program = Program::on(database, NO_LIMITS);
    let machine = Machine::under(&mut program);
    (machine, Stage::of(program).await)
}

#[tokio::test]
async fn a_mute_ends_by_itself() {
    for database in BOTH {
        let (machine, stage) = with_a_clock(database).await;
        let mut bens = stage.hearing(&stage.ben).await;
        stage.ann.rest("PUT", &stage.path("mutes"), json!({ "seconds": 600 })).await;
        let say = json!({ "roomId": stage.room, "message": "x" });
        for (ahead, retry_in) in [(0, 600_000), (590, 10_000)] {
            machine.set("clock-ahead-s", ahead);
            let answer = bens.ask("send-message", say.clone()).await;
            let left = answer["retryIn"].as_u64().unwrap_or_else(|| panic!("{answer}"));
            assert!(answer["code"] == "muted" && (retry_in - 5000..=retry_in).contains(&left), "{answer}");
        }
        machine.set("clock-ahead-s", 601);
        bens.succeed("send-message", say).await;
        let mutes = stage.ann.rest("GET", &format!("/api/rooms/{}/mutes", stage.room), Value::Null).await;
        assert_eq!(mutes["data"], json!([]));
    }
}

#[tokio::test]
async fn a_mute_outlasts_leaving_and_holds_edits_too() {
    for database in BOTH {
        let stage = Stage::on(database).await;
        let (mut anns, mut bens) = (stage.hearing(&stage.ann).await, stage.hearing(&stage.ben).await);
        let said = bens.succeed("send-message", json!({ "roomId": stage.room, "message": "before" })).await;
        let muted = anns
            .succeed(
                "mute-member",
                json!({ "roomId": stage.room, "userId": stage.ben.id(), "seconds": 600, "reason": "Shouting" }),
            )
            .await;
        let told = bens.hear("member-muted").await;
        assert_eq!((&told["mutedUntil"], &told["reason"]), (&muted["data"]["mutedUntil"], &json!("Shouting")));
        let message = json!({ "roomId": stage.room, "message": "x", "messageId": said["data"]["id"] });
        for event in ["send-message", "edit-message"] {
            let answer = bens.ask(event, message.clone()).await;
            assert_eq!(
                (&answer["code"], &answer["error"]),
                (&json!("muted"), &json!("You are muted for 10 more minutes"))
            );
            assert!(answer["retryIn"].as_u64().unwrap() > 590_000, "{answer}");
        }
        bens.succeed("load-messages", json!({ "roomId": stage.room })).await;
        bens.succeed("quit-room", json!({ "roomId": stage.room })).await;
        let back = bens.succeed("join-room", json!({ "roomId": stage.room })).await;
        assert_eq!(back["data"]["me"]["mutedUntil"], muted["data"]["mutedUntil"]);
        assert_eq!(bens.ask("send-message", message.clone()).await["code"], "muted");
        let mutes = stage.ann.rest("GET", &format!("/api/rooms/{}/mutes", stage.room), Value::Null).await;
        assert_eq!(mutes["data"].as_array().unwrap().len(), 1);
        bens.succeed("delete-message", json!({ "messageId": said["data"]["id"] })).await;
        anns.succeed("unmute-member", json!({ "roomId": stage.room, "userId": stage.ben.id() })).await;
        bens.hear("member-unmuted").await;
        bens.succeed("send-message", json!({ "roomId": stage.room, "message": "again" })).await;
        for seconds in [json!(0), json!(59), json!(31_536_001), json!("x"), Value::Null] {
            let body = json!({ "seconds": seconds });
            assert_eq!(stage.ann.refused("PUT", &stage.path("mutes"), body).await, "invalid_fields");
        }
    }
}

#[tokio::test]
async fn who_is_kicked_is_out_for_a_minute() {
    for database in BOTH {
        let (machine, stage) = with_a_clock(database).await;
        let (mut anns, mut bens) = (stage.hearing(&stage.ann).await, stage.hearing(&stage.ben).await);
        stage.ann.rest("DELETE", &format!("{}?reason=Shouting", stage.path("members")), Value::Null).await;
        assert_eq!(bens.hear("member-kicked").await["reason"], "Shouting");
        anns.hear("member-kicked").await;
        let answer = bens.ask("join-room", json!({ "roomId": stage.room })).await;
        let left = answer["retryIn"].as_u64().unwrap();
        assert!(answer["code"] == "kicked" && (55_000..=60_000).contains(&left), "{answer}");
        assert_eq!(stage.ben.refused("POST", &format!("/api/rooms/{}/join", stage.room), Value::Null).await, "kicked");
        machine.set("clock-ahead-s", 50);
        let answer = bens.ask("join-room", json!({ "roomId": stage.room })).await;
        assert!(answer["code"] == "kicked" && answer["retryIn"].as_u64().unwrap() <= 10_000, "{answer}");
        machine.set("clock-ahead-s", 61);
        bens.succeed("join-room", json!({ "roomId": stage.room })).await;
        stage.ann.rest("DELETE", &stage.path("members"), Value::Null).await;
        assert_eq!(bens.ask("join-room", json!({ "roomId": stage.room })).await["code"], "kicked");
        // An invitation is an invitation.
        stage.ann.rest("PUT", &stage.path("invites"), Value::Null).await;
        bens.succeed("join-room", json!({ "roomId": stage.room })).await;
    }
}

/// Strictly below, an administrator above owners; the last owner stays one.
#[tokio::test]
async fn ranks() {
    for database in BOTH {
        let stage = Stage::on(database).await;
        let server_of = |userid: &str, role: &str| Person::with_role(&stage.program, &stage._server, userid, role);
        let (mod_one, mod_two, admin) = (server_of("mo", "user"), server_of("mia", "user"), server_of("adam", "admin"));
        let at = |below: &str, who: &Person| format!("/api/rooms/{}/{below}/{}", stage.room, who.id());
        for moderator in [&mod_one, &mod_two] {
            moderator.rest("POST", &format!("/api/rooms/{}/join", stage.room), Value::Null).await;
            let path = at("members", moderator);
            assert_eq!(stage.ann.rest("PUT", &path, json!({ "role": "moderator" })).await["role"], "moderator");
        }
        for target in [&mod_two, &stage.ann, &admin] {
            let refusal = mod_one.refused("PUT", &at("bans", target), Value::Null).await;
            assert_eq!(refusal, "outranked", "{}", target.account.userid);
        }
        assert_eq!(stage.ann.refused("PUT", &at("mutes", &admin), json!({ "seconds": 60 })).await, "outranked");
        assert_eq!(stage.ann.refused("PUT", &at("bans", &stage.ann), Value::Null).await, "yourself");
        assert_eq!(mod_one.refused("PUT", &at("members", &mod_one), json!({ "role": "owner" })).await, "not_allowed");
        let lowered = json!({ "role": "member" });
        assert_eq!(stage.ann.refused("PUT", &at("members", &stage.ann), lowered.clone()).await, "last_owner");
        stage.ann.rest("PUT", &at("members", &mod_two), json!({ "role": "owner" })).await;
        stage.ann.rest("PUT", &at("members", &stage.ann), lowered).await;
        assert_eq!(
            stage.ann.refused("PATCH", &format!("/api/rooms/{}", stage.room), json!({ "name": "x" })).await,
            "not_allowed"
        );
        admin.rest("PUT", &at("bans", &mod_two), Value::Null).await;
        mod_one.rest("PUT", &at("bans", &stage.ben), Value::Null).await;
    }
}

#[tokio::test]
async fn what_was_done_is_written_down() {
    for database in BOTH {
        let stage = Stage::on(database).await;
        let mut bens = stage.hearing(&stage.ben).await;
        let said = bens.succeed("send-message", json!({ "roomId": stage.room, "message": "bad words" })).await;
        let mut anns = stage.hearing(&stage.ann).await;
        let delete = json!({ "messageId": said["data"]["id"], "reason": "Rude" });
        anns.succeed("delete-message", delete.clone()).await;
        anns.succeed("delete-message", delete).await;
        stage.ann.rest("PUT", &stage.path("mutes"), json!({ "seconds": 60, "reason": "Rude" })).await;
        stage.ann.rest("DELETE", &stage.path("mutes"), Value::Null).await;
        stage.ann.rest("PUT", &format!("/api/rooms/{}/slow-mode", stage.room), json!({ "seconds": 5 })).await;
        stage.ann.rest("PATCH", &format!("/api/rooms/{}", stage.room), json!({ "name": "Yard" })).await;
        stage.ann.rest("PUT", &stage.path("bans"), Value::Null).await;
        let entries = stage.ann.all(&format!("/api/rooms/{}/audit?limit=2", stage.room)).await;
        let actions: Vec<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(
            actions,
            ["member-banned", "room-edited", "slow-mode-changed", "member-unmuted", "member-muted", "message-deleted"]
        );
        let deleted = &entries[5];
        assert_eq!((&deleted["by"]["username"], &deleted["target"]["username"]), (&json!("ann"), &json!("ben")));
        assert_eq!((&deleted["reason"], &deleted["messageId"]), (&json!("Rude"), &said["data"]["id"]));
        assert_eq!((&entries[1]["detail"]["name"], &entries[4]["detail"]["seconds"]), (&json!("Garden"), &json!(60)));
        let about_nobody = format!("/api/rooms/{}/audit?userId={}", stage.room, stage.ann.id());
        assert_eq!(stage.ann.rest("GET", &about_nobody, Value::Null).await["data"], json!([]));
    }
}

/// In the main room, which anybody reads, a ban takes speaking and leaves reading.
#[tokio::test]
async fn a_ban_from_the_main_room() {
    for database in BOTH {
        let stage = Stage::on(database).await;
        let admin = Person::with_role(&stage.program, &stage._server, "adam", "admin");
        let mut bens = stage.ben.socket().await;
        let said = bens.succeed("send-message", json!({ "message": "mine" })).await;
        admin.rest("PUT", &format!("/api/rooms/main-chat/bans/{}", stage.ben.id()), json!({})).await;
        let own = json!({ "message": "x", "messageId": said["data"]["id"], "isTyping": true });
        for event in ["send-message", "edit-message", "delete-message", "typing"] {
            let answer = bens.ask(event, own.clone()).await;
            assert_eq!(
                (&answer["code"], &answer["error"]),
                (&json!("banned"), &json!("You are banned from this room")),
                "{event}"
            );
        }
        assert_eq!(bens.succeed("load-messages", json!({})).await["data"].as_array().unwrap().len(), 1);
        let mut admins = admin.socket().await;
        admins.succeed("send-message", json!({ "message": "still heard" })).await;
        while bens.hear("message-received").await["message"] != "still heard" {}
        eventually("he may speak again", async || {
            admin.rest("DELETE", &format!("/api/rooms/main-chat/bans/{}", stage.ben.id()), Value::Null).await;
            bens.ask("send-message", json!({ "message": "thank you" })).await["success"] == true
        })
        .await;
    }
}
