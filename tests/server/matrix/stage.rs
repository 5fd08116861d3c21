//! A room of some kind, and somebody in each place.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::files::{Form, png};
use crate::guests::guest;
use crate::harness::{Person, Program, Server, Socket};

pub const ROLES: [&str; 8] = ["owner", "moderator", "member", "outside", "guest", "nobody", "support", "admin"];

pub struct Stage {
    pub kind: char,
    pub room: String,
    /// How the room's kind is called when one is made.
    made_as: &'static str,
    pub people: HashMap<&'static str, (Person, Socket)>,
    pub victim: Person,
    pub victims: Socket,
    /// What those who stand outside wrote while they were in.
    pub once: HashMap<&'static str, String>,
    /// Planted in the room.
    pub file: Value,
    pub report: String,
}

pub fn id(room: &Value) -> String {
    room["id"].as_str().unwrap().to_owned()
}

impl Stage {
    pub async fn new(program: &Program, server: &Server, kind: char, name: &str) -> Stage {
        let tag = |role: &str| format!("{role}-{}", name.to_lowercase());
        let account = |role: &str| Person::new(program, server, &tag(role));
        let staff = |role: &str| Person::with_role(program, server, &tag(role), role);
        let (owner, victim) = (account("owner"), account("victim"));
        let made_as = match name {
            "Private" => "private",
            "Guild" => "guild",
            _ => "public",
        };
        let room = match kind {
            'M' => "main-chat".to_owned(),
            'D' => id(&owner.rest("PUT", &format!("/api/me/directs/{}", victim.id()), Value::Null).await),
            _ => id(&owner.rest("POST", "/api/rooms", json!({ "name": name, "kind": made_as })).await),
        };
        let mut people = HashMap::new();
        for (role, person) in [
            ("owner", owner),
            ("moderator", account("moderator")),
            ("member", account("member")),
            ("outside", account("outside")),
            ("guest", guest(server, &tag("guest")).await),
            ("nobody", Person::nobody(server)),
            ("support", staff("support")),
            ("admin", staff("admin")),
        ] {
            let socket = match role {
                "nobody" => Socket::connect(&server.url, json!({})).await,
                _ => person.socket().await,
            };
            people.insert(role, (person, socket));
        }
        let victims = victim.socket().await;
        let (once, file, report) = Default::default();
        let mut stage = Stage { kind, room, made_as, people, victim, victims, once, file, report };
        stage.take_places().await;
        stage.plant().await;
        stage
    }

    pub fn of(&self, role: &str) -> &Person {
        &self.people[role].0
    }

    pub fn path(&self, below: &str) -> String {
        format!("/api/rooms/{}{below}", self.room)
    }

    /// Somebody comes into a room, whatever kind of room it is, and gets a role there.
    async fn bring(&self, who: &Person, room: &str, role: &str) {
        // Nobody acts on themselves.
        let above = self.of(if who.id() == self.of("admin").id() { "owner" } else { "admin" });
        let path = |below: &str| format!("/api/rooms/{room}/{below}/{}", who.id());
        if self.kind != 'M' {
            above.rest("PUT", &path("invites"), Value::Null).await;
            who.rest("POST", &format!("/api/rooms/{room}/join"), Value::Null).await;
        }
        if above.id() == self.of("admin").id() {
            above.rest("PUT", &path("members"), json!({ "role": role })).await;
        }
    }

    async fn take_places(&mut self) {
        if self.kind == 'D' {
            return;
        }
        if self.kind != 'M' {
            // Each of them was here once.
            for role in ["outside", "support", "admin"] {
                self.bring(self.of(role), &self.room, "member").await;
                let said = self.of(role).rest("POST", &self.path("/messages"), json!({ "content": "bye" })).await;
                self.once.insert(role, id(&said));
                self.of(role).rest("POST", &self.path("/leave"), Value::Null).await;
            }
        }
        for role in ["owner", "moderator", "member"] {
            self.back_in(role).await;
        }
        self.bring(&self.victim, &self.room, "member").await;
        self.victims.succeed("join-room", json!({ "roomId": self.room })).await;
        if self.kind == 'P' {
            self.back_in("guest").await;
        }
    }

    /// Where somebody of this role belongs.
    pub async fn back_in(&mut self, role: &'static str) {
        match role {
            "guest" => drop(self.of(role).rest("POST", &self.path("/join"), Value::Null).await),
            // The next message brings it back.
            "owner" if self.kind == 'D' => drop(self.said_by_victim().await),
            _ => self.bring(self.of(role), &self.room, role).await,
        }
    }

    async fn plant(&mut self) {
        let sent = Form::file("plant.png", &png(8, 8)).sent(&self.victim, &self.room).await;
        self.file = sent["attachment"]["id"].clone();
        let accuser = if self.kind == 'D' { "owner" } else { "member" };
        let path = format!("/api/me/reports/{}", id(&sent));
        self.of(accuser).rest("PUT", &path, json!({ "reason": "other" })).await;
        let path = format!("/api/moderation/reports?roomId={}", self.room);
        self.report = id(&self.of("admin").all(&path).await[0]);
    }

    /// The victim is as it was, whatever was done to it.
    pub async fn restore(&mut self) {
        if self.kind == 'D' {
            return;
        }
        let admin = self.of("admin");
        for below in ["mutes", "bans"] {
            admin.rest("DELETE", &self.path(&format!("/{below}/{}", self.victim.id())), Value::Null).await;
        }
        if self.kind != 'M' {
            admin.rest("DELETE", &self.path("/archive"), Value::Null).await;
            self.bring(&self.victim, &self.room, "member").await;
        }
    }

    pub async fn said_by_victim(&mut self) -> String {
        let said = json!({ "roomId": self.room, "message": "I am the victim" });
        id(&self.victims.succeed("send-message", said).await["data"])
    }

    /// A room of this kind that may be destroyed, with somebody in the place that they have here.
    pub async fn spare_room(&self, role: &'static str) -> String {
        let wanted = json!({ "name": "Spare", "kind": self.made_as });
        let room = id(&self.victim.rest("POST", "/api/rooms", wanted).await);
        if matches!(role, "owner" | "moderator" | "member") {
            self.bring(self.of(role), &room, role).await;
        }
        room
    }

    /// Whether a request is let through; what is refused has a status of refusals.
    pub async fn asks(&self, role: &str, method: &str, path: &str, body: Value) -> bool {
        let (status, answer) = self.of(role).request(method, path, body).await;
        assert!(
            status.is_success() || [401, 403, 404, 409].contains(&status.as_u16()),
            "{method} {path} by {role}: {answer}"
        );
        status.is_success()
    }

    pub async fn rest(&self, role: &str, method: &str, below: &str, body: Value) -> bool {
        self.asks(role, method, &self.path(below), body).await
    }

    pub async fn emit(&mut self, role: &str, event: &str, mut payload: Value) -> Result<Value, String> {
        if payload.get("roomId").is_none() {
            payload["roomId"] = json!(self.room);
        }
        let answer = self.people.get_mut(role).unwrap().1.ask(event, payload).await;
        if answer["success"] == true { Ok(answer) } else { Err(answer["code"].as_str().unwrap().to_owned()) }
    }

    /// By REST and by the event: both say the same, and that is given.
    pub async fn both(&mut self, role: &str, (method, below): (&str, &str), event: &str, payload: Value) -> bool {
        let by_rest = self.rest(role, method, below, payload.clone()).await;
        self.restore().await;
        let mut payload = payload;
        payload["userId"] = json!(self.victim.id());
        let by_event = self.emit(role, event, payload).await;
        self.restore().await;
        assert_eq!(by_rest, by_event.is_ok(), "{event} by {role} in {}: {by_event:?}", self.kind);
        by_rest
    }
}
