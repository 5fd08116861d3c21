//! The table of rights of docs/wire/own.md, tried cell by cell on the running server: each action, by
//! each role, in each kind of room, by REST and by its event.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, On, Person, Program, Socket, project};

/// Action → column → the kinds of rooms where it is allowed.
fn written() -> HashMap<String, HashMap<&'static str, String>> {
    const COLUMNS: [&str; 8] = ["owner", "moderator", "member", "outside", "guest", "nobody", "support", "admin"];
    let text = std::fs::read_to_string(project("docs/wire/own.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| action | owner |")).skip(2);
    let row = |line: &str| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let by_column = COLUMNS.iter().zip(&cells[1..]).map(|(column, cell)| (*column, allowed(cell))).collect();
        (cells[0].clone(), by_column)
    };
    table.take_while(|line| line.starts_with('|')).map(row).collect()
}

/// What is bound to a condition is tried elsewhere.
fn allowed(cell: &str) -> String {
    let cell = ["reported ones M P V D", "reported ones D", "V if invited", "¹", "²", "(hides it)"]
        .iter()
        .fold(cell.to_owned(), |cell, condition| cell.replace(condition, ""));
    cell.chars().filter(|letter| "MPVD".contains(*letter)).collect()
}

struct Stage {
    kind: char,
    room: String,
    people: HashMap<&'static str, (Person, Socket)>,
    victim: Person,
    victims: Socket,
}

const ROLES: [&str; 7] = ["owner", "moderator", "member", "outside", "nobody", "support", "admin"];

impl Stage {
    async fn new(program: &Program, url: &super::harness::Server, kind: char, name: &str) -> Stage {
        let tag = |role: &str| format!("{role}-{}", name.to_lowercase());
        let account = |role: &str| Person::with_role(program, url, &tag(role), "user");
        let (owner, victim) = (account("owner"), account("victim"));
        let admin = Person::with_role(program, url, &tag("admin"), "admin");
        let room = match (kind, name) {
            ('M', _) => "main-chat".to_owned(),
            ('D', _) => id(&owner.rest("PUT", &format!("/api/me/directs/{}", victim.id()), Value::Null).await),
            (_, "Guild") => id(&owner.rest("POST", "/api/rooms", json!({ "name": name, "kind": "guild" })).await),
            (kind, _) => id(&owner.make_room(name, kind == 'V').await),
        };
        let mut people = HashMap::new();
        let by_role = [
            ("owner", owner),
            ("moderator", account("moderator")),
            ("member", account("member")),
            ("outside", account("outside")),
            ("nobody", Person::nobody(url)),
            ("support", Person::with_role(program, url, &tag("support"), "support")),
            ("admin", admin),
        ];
        for (role, person) in by_role {
            let socket = match role {
                "nobody" => Socket::connect(&url.url, json!({})).await,
                _ => person.socket().await,
            };
            people.insert(role, (person, socket));
        }
        let victims = victim.socket().await;
        let mut stage = Stage { kind, room, people, victim, victims };
        stage.take_places().await;
        stage
    }

    fn of(&self, role: &str) -> &Person {
        &self.people[role].0
    }

    /// In the main room an admin makes the first owner, and everybody is a member.
    async fn take_places(&mut self) {
        let path = |below: &str, who: &Person| format!("/api/rooms/{}/{below}/{}", self.room, who.id());
        if self.kind == 'D' {
            return;
        }
        let above = self.of(if self.kind == 'M' { "admin" } else { "owner" });
        for (role, who) in
            [("moderator", self.of("moderator")), ("member", self.of("member")), ("member", &self.victim)]
        {
            if self.kind != 'M' {
                above.rest("PUT", &path("invites", who), Value::Null).await;
                who.rest("POST", &format!("/api/rooms/{}/join", self.room), Value::Null).await;
            }
            above.rest("PUT", &path("members", who), json!({ "role": role })).await;
        }
        if self.kind == 'M' {
            above.rest("PUT", &path("members", self.of("owner")), json!({ "role": "owner" })).await;
        }
        self.victims.succeed("join-room", json!({ "roomId": self.room })).await;
    }

    /// The victim is as it was, whatever was done to it.
    async fn restore(&mut self) {
        if self.kind == 'D' {
            return;
        }
        let admin = self.of("admin");
        for below in ["mutes", "bans"] {
            admin.rest("DELETE", &format!("/api/rooms/{}/{below}/{}", self.room, self.victim.id()), Value::Null).await;
        }
        if self.kind != 'M' {
            admin.rest("DELETE", &format!("/api/rooms/{}/archive", self.room), Value::Null).await;
            let invite = format!("/api/rooms/{}/invites/{}", self.room, self.victim.id());
            admin.rest("PUT", &invite, Value::Null).await;
            self.victim.rest("POST", &format!("/api/rooms/{}/join", self.room), Value::Null).await;
        }
    }

    async fn said_by_victim(&mut self) -> Value {
        let said = json!({ "roomId": self.room, "message": "I am the victim" });
        self.victims.succeed("send-message", said).await["data"]["id"].clone()
    }

    async fn rest(&self, role: &str, method: &str, below: &str, body: Value) -> bool {
        let path = format!("/api/rooms/{}{below}", self.room);
        let (status, answer) = self.of(role).request(method, &path, body).await;
        assert!(status.is_success() || [401, 403, 404, 409].contains(&status.as_u16()), "{method} {path}: {answer}");
        status.is_success()
    }

    async fn emit(&mut self, role: &str, event: &str, mut payload: Value) -> Result<Value, String> {
        payload["roomId"] = json!(self.room);
        let answer = self.people.get_mut(role).unwrap().1.ask(event, payload).await;
        if answer["success"] == true { Ok(answer) } else { Err(answer["code"].as_str().unwrap().to_owned()) }
    }

    /// By REST and by the event: both say the same, and that is given.
    async fn both(&mut self, role: &str, (method, below): (&str, &str), event: &str, payload: Value) -> bool {
        let by_rest = self.rest(role, method, below, payload.clone()).await;
        self.restore().await;
        let mut payload = payload;
        payload["userId"] = json!(self.victim.id());
        let by_event = self.emit(role, event, payload).await;
        self.restore().await;
        assert_eq!(by_rest, by_event.is_ok(), "{event} by {role} in {}: {by_event:?}", self.kind);
        by_rest
    }

    async fn may(&mut self, role: &'static str, action: &str) -> Option<bool> {
        let victim = self.victim.id().to_owned();
        let at = |below: &str| format!("/{below}/{victim}");
        Some(match action {
            "find it: in lists, by id" => {
                if role == "nobody" {
                    return None;
                }
                self.rest(role, "GET", "", Value::Null).await
            }
            "read messages, files, `sync`, statistics" => {
                let loaded = self.emit(role, "load-messages", json!({})).await.is_ok();
                let synced = self.emit(role, "sync", json!({ "rev": 0 })).await.is_ok();
                assert_eq!(loaded, synced, "{role} in {}", self.kind);
                loaded
            }
            "see members and presence" => {
                let members = self.rest(role, "GET", "/members", Value::Null).await;
                let present = self.rest(role, "GET", "/presence", Value::Null).await;
                let watched = self.emit(role, "watch-presence", json!({})).await.is_ok();
                assert_eq!((members, members), (present, watched), "{role} in {}", self.kind);
                members
            }
            "send, type" => {
                let sent = self.emit(role, "send-message", json!({ "message": "hello" })).await.is_ok();
                let typed = self.emit(role, "typing", json!({ "isTyping": true })).await.is_ok();
                assert_eq!(sent, typed, "{role} in {}", self.kind);
                sent
            }
            "edit one's own" | "delete one's own" => {
                let sent = self.emit(role, "send-message", json!({ "message": "mine" })).await.ok()?;
                let (event, message) = match action {
                    "edit one's own" => ("edit-message", json!("still mine")),
                    _ => ("delete-message", Value::Null),
                };
                let payload = json!({ "messageId": sent["data"]["id"], "message": message });
                self.emit(role, event, payload).await.is_ok()
            }
            "edit another's" => {
                let message = self.said_by_victim().await;
                let payload = json!({ "messageId": message, "message": "not mine" });
                self.emit(role, "edit-message", payload).await.is_ok()
            }
            "delete another's" => {
                let message = self.said_by_victim().await;
                self.emit(role, "delete-message", json!({ "messageId": message })).await.is_ok()
            }
            "move a read marker" => {
                if role == "admin" {
                    return None; // Where it is a member, it has a marker as members have.
                }
                self.both(role, ("PUT", "/read-marker"), "move-read-marker", json!({ "seq": 1 })).await
            }
            "mute, unmute, slow mode" => {
                let slow = self.both(role, ("PUT", "/slow-mode"), "set-slow-mode", json!({ "seconds": 0 })).await;
                let mute = self.both(role, ("PUT", &at("mutes")), "mute-member", json!({ "seconds": 60 })).await;
                let unmute = self.both(role, ("DELETE", &at("mutes")), "unmute-member", json!({})).await;
                assert_eq!((slow, mute), (mute, unmute), "{role} in {}", self.kind);
                mute
            }
            "kick" => self.both(role, ("DELETE", &at("members")), "kick-member", json!({})).await,
            "ban, unban, list bans and mutes" => {
                let ban = self.both(role, ("PUT", &at("bans")), "ban-member", json!({})).await;
                let unban = self.both(role, ("DELETE", &at("bans")), "unban-member", json!({})).await;
                let lists = self.rest(role, "GET", "/bans", Value::Null).await;
                assert_eq!((ban, unban), (unban, lists), "{role} in {}", self.kind);
                ban
            }
            "invite, withdraw, list invitations" => {
                let invite = self.both(role, ("PUT", &at("invites")), "invite-member", json!({})).await;
                let withdraw = self.both(role, ("DELETE", &at("invites")), "withdraw-invite", json!({})).await;
                let lists = self.rest(role, "GET", "/invites", Value::Null).await;
                assert_eq!((invite, withdraw), (withdraw, lists), "{role} in {}", self.kind);
                invite
            }
            "give and take roles in the room" => {
                self.both(role, ("PUT", &at("members")), "set-role", json!({ "role": "member" })).await
            }
            "rename, describe" => {
                self.both(role, ("PATCH", ""), "edit-room", json!({ "description": format!("by {role}") })).await
            }
            "archive, reopen, make private, delete" => {
                let archive = self.both(role, ("PUT", "/archive"), "archive-room", json!({})).await;
                let reopen = self.both(role, ("DELETE", "/archive"), "reopen-room", json!({})).await;
                assert_eq!(archive, reopen, "{role} in {}", self.kind);
                archive
            }
            "upload, speak as a character" => {
                let name = format!("{role} of {}", self.room);
                let made = self.of(role).request("POST", "/api/me/characters", json!({ "name": name })).await.1;
                let said = json!({ "message": "As whom?", "characterId": made.get("id").unwrap_or(&json!(1)) });
                self.emit(role, "send-message", said).await.is_ok()
            }
            "report a message" => {
                let message = self.said_by_victim().await;
                let path = format!("/api/me/reports/{}", message.as_str().unwrap());
                let reason = json!({ "reason": "spam" });
                let by_rest = self.of(role).request("PUT", &path, reason.clone()).await.0.is_success();
                let mut payload = reason;
                payload["messageId"] = message;
                assert_eq!(
                    self.emit(role, "report-message", payload).await.is_ok(),
                    by_rest,
                    "{role} in {}",
                    self.kind
                );
                by_rest
            }
            "see the room's audit" => self.rest(role, "GET", "/audit", Value::Null).await,
            // These change what the person is, or show a part of a list: they have stories of their own.
            "enter" | "leave" | "see the room's reports" => return None,
            other => panic!("an action that is tried nowhere: {other}"),
        })
    }
}

fn id(room: &Value) -> String {
    room["id"].as_str().unwrap().to_owned()
}

async fn try_every_cell(database: On) {
    let table = written();
    let program = Program::on(
        database,
        &[
            NO_LIMITS,
            &[
                ("RATE_LIMIT_MODERATION_PER_MINUTE", "0"),
                ("RATE_LIMIT_CONTACTS_PER_HOUR", "0"),
                ("RATE_LIMIT_REPORTS_PER_HOUR", "0"),
            ],
        ]
        .concat(),
    );
    let server = program.serve().await;
    let mut tried = 0;
    for (kind, name) in [('M', "Main"), ('P', "Public"), ('V', "Private"), ('V', "Guild"), ('D', "Direct")] {
        let mut stage = Stage::new(&program, &server, kind, name).await;
        for (action, columns) in &table {
            for role in ROLES {
                // In the main room everybody is a member; the owner of a direct room is one of its two.
                let place = match (role, kind) {
                    ("outside" | "support", 'M') => "member",
                    ("owner", 'D') => "member",
                    ("moderator" | "member", 'D') => "outside",
                    ("support", _) => "outside",
                    (role, _) => role,
                };
                let mut expected = columns[place].contains(kind);
                if matches!(role, "support" | "admin") {
                    expected |= columns[role].contains(kind);
                }
                if let Some(may) = stage.may(role, action).await {
                    assert_eq!(may, expected, "{database:?}: {action}, by {role} in {name}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 500, "{tried} cells");
}

#[tokio::test]
async fn every_cell_on_sqlite() {
    try_every_cell(On::Sqlite).await;
}

#[tokio::test]
async fn every_cell_on_postgresql() {
    try_every_cell(On::Postgres).await;
}

/// What somebody is not let to do is not done by naming somebody else.
#[tokio::test]
async fn ids_of_others_make_nobody_somebody_else() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = id(&ann.make_room("Den", true).await);
        let mut anns = ann.socket().await;
        anns.succeed("join-room", json!({ "roomId": room })).await;
        let said = anns.succeed("send-message", json!({ "roomId": room, "message": "psst" })).await;
        let message = said["data"]["id"].clone();
        let mut bens = ben.socket().await;
        let foreign = ["userId", "user_id", "id", "actor", "by", "author", "authorId", "senderId", "token", "role"];
        let mut payload =
            json!({ "roomId": room, "messageId": message, "message": "x", "rev": 0, "seq": 1, "seconds": 60 });
        for field in foreign {
            payload[field] = json!(ann.id());
        }
        payload["role"] = json!("owner");
        for event in [
            "send-message",
            "edit-message",
            "delete-message",
            "load-messages",
            "typing",
            "join-room",
            "leave-room",
            "sync",
            "edit-room",
            "archive-room",
            "reopen-room",
            "delete-room",
            "set-slow-mode",
            "quit-room",
            "set-role",
            "kick-member",
            "invite-member",
            "withdraw-invite",
            "mute-member",
            "unmute-member",
            "ban-member",
            "unban-member",
            "move-read-marker",
        ] {
            let answer = bens.ask(event, payload.clone()).await;
            assert!(
                answer["success"] == false
                    && ["room_not_found", "message_not_found"].contains(&answer["code"].as_str().unwrap()),
                "{event}: {answer}"
            );
        }
        let claimed = bens.ask("authenticate-user", json!({ "userId": ann.id() })).await;
        assert_eq!(claimed["code"], "not_authenticated", "{claimed}");
        // Named in his own message, she still did not write it.
        payload["roomId"] = json!("main-chat");
        let sent = bens.succeed("send-message", payload).await;
        assert_eq!((&sent["data"]["user_id"], &sent["data"]["User"]["userid"]), (&json!(ben.id()), &json!("ben")));
        let body = json!({ "name": "Mine", "createdBy": ann.id(), "userId": ann.id(), "id": room, "kind": "public" });
        let made = ben.rest("POST", "/api/rooms", body).await;
        assert_eq!(made["createdBy"], json!(ben.id()));
        // The path counts, whatever the body says.
        let path = format!("/api/rooms/{}/members/{}", made["id"].as_str().unwrap(), ben.id());
        assert_eq!(
            ben.refused("PUT", &path, json!({ "role": "member", "roomId": room, "userId": ann.id() })).await,
            "last_owner"
        );
        let history = anns.succeed("load-messages", json!({ "roomId": room })).await;
        assert_eq!(history["data"], json!([said["data"]]), "nothing of hers was touched");
    }
}
