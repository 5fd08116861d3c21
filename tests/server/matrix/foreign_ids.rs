//! What somebody is not let to do is not done by naming somebody else: every route and every event that
//! docs/wire/own.md names, by somebody outside and by a plain member, with ids of another in every field.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::stage::id;
use crate::files::{Form, png};
use crate::harness::person::log_in;
use crate::harness::program::unlimited;
use crate::harness::{BOTH, Person, Program, Server, Socket, calls_of_the_tables};

const PASSWORD: &str = "correct horse";
const SAID: &str = "psst, between us";

/// And what stands in the contract alone.
fn named() -> Vec<String> {
    let of_the_contract = ["sync", "typing", "authenticate-user"].map(str::to_owned);
    let mut named = calls_of_the_tables();
    named.extend(of_the_contract);
    named
}

/// How it ends for somebody outside of the room: `own` is done for whoever asks.
fn outside(what: &str) -> &'static str {
    match what {
        // Of nobody but the asker, or open to everybody.
        "GET /api/rooms"
        | "POST /api/rooms"
        | "create-room"
        | "GET /api/me/invites"
        | "GET /api/me"
        | "PATCH /api/me"
        | "DELETE /api/me/avatar"
        | "PUT /api/me/avatar"
        | "GET /api/me/rooms"
        | "GET /api/me/blocks"
        | "PUT /api/me/blocks/{userId}"
        | "block-user"
        | "DELETE /api/me/blocks/{userId}"
        | "unblock-user"
        | "GET /api/me/characters"
        | "POST /api/me/characters"
        | "GET /api/me/export"
        | "GET /api/me/reports"
        | "GET /api/me/sessions"
        | "DELETE /api/me/sessions"
        | "PUT /api/me/directs/{userId}"
        | "open-direct"
        | "GET /api/users"
        | "GET /api/users/{id}"
        | "GET /api/files/urls"
        | "set-presence"
        | "unwatch-presence"
        | "POST /api/auth/signup"
        | "POST /api/auth/register"
        | "POST /api/auth/logout"
        | "GET /api/auth/profile"
        | "GET /api/auth/me" => "own",
        "POST /api/auth/login" | "PUT /api/me/erasure" | "PUT /api/auth/update-password" => "wrong_password",
        "POST /api/auth/refresh" | "POST /api/auth/refresh-token" => "invalid_token",
        "POST /api/auth/guest" => "guests_off",
        "authenticate-user" => "not_authenticated",
        "PATCH /api/me/characters/{id}" | "DELETE /api/me/characters/{id}" => "character_not_found",
        "DELETE /api/me/sessions/{id}" => "session_not_found",
        "GET /api/moderation/reports/{id}" | "PUT /api/moderation/reports/{id}" => "report_not_found",
        "GET /api/files/{id}" | "HEAD /api/files/{id}" => "file_not_found",
        "GET /api/moderation/reports" => "room_not_found",
        moderation if moderation.contains(" /api/moderation/") => "not_allowed",
        "PATCH /api/messages/{id}"
        | "DELETE /api/messages/{id}"
        | "edit-message"
        | "delete-message"
        | "PUT /api/me/reports/{messageId}"
        | "report-message" => "message_not_found",
        room if room.contains(" /api/rooms/{id}") => "room_not_found",
        "join-room" | "leave-room" | "quit-room" | "edit-room" | "archive-room" | "reopen-room" | "delete-room"
        | "set-slow-mode" | "set-role" | "kick-member" | "invite-member" | "withdraw-invite" | "mute-member"
        | "unmute-member" | "ban-member" | "unban-member" | "move-read-marker" | "send-message" | "load-messages"
        | "typing" | "sync" | "watch-presence" => "room_not_found",
        other => panic!("tried nowhere: {other}"),
    }
}

/// And for a plain member of the room.
fn inside(what: &str) -> &'static str {
    match what {
        "GET /api/rooms/{id}"
        | "POST /api/rooms/{id}/join"
        | "join-room"
        | "POST /api/rooms/{id}/leave"
        | "quit-room"
        | "leave-room"
        | "GET /api/rooms/{id}/members"
        | "GET /api/rooms/{id}/messages"
        | "load-messages"
        | "typing"
        | "sync"
        | "PUT /api/rooms/{id}/read-marker"
        | "move-read-marker"
        | "watch-presence"
        | "GET /api/rooms/{id}/presence"
        | "GET /api/rooms/{id}/stats"
        | "GET /api/files/{id}"
        | "HEAD /api/files/{id}"
        | "PUT /api/me/reports/{messageId}"
        | "report-message" => "own",
        // Somebody else's character is nobody's.
        "POST /api/rooms/{id}/messages" | "send-message" | "POST /api/rooms/{id}/files" => "character_not_found",
        "PATCH /api/messages/{id}" | "DELETE /api/messages/{id}" | "edit-message" | "delete-message" => "not_yours",
        other => match outside(other) {
            "room_not_found" => "not_allowed",
            code => code,
        },
    }
}

struct Scene {
    server: Server,
    ann: Person,
    den: String,
    message: String,
    file: Value,
    character: Value,
    session: Value,
    report: String,
}

impl Scene {
    /// And a plain member of her room.
    async fn on(program: &Program) -> (Scene, Person) {
        let server = program.serve().await;
        let mut ann = Person::new(program, &server, "ann");
        program.say(&["user", "password", "ann", "--password", PASSWORD]);
        ann.account.token = log_in(&server, "ann", PASSWORD).await.1["accessToken"].as_str().unwrap().to_owned();
        let cat = Person::new(program, &server, "cat");
        let (den, message, report) = Default::default();
        let mut scene = Scene {
            server,
            ann,
            den,
            message,
            report,
            file: Value::Null,
            character: Value::Null,
            session: Value::Null,
        };
        let ann = &scene.ann;
        scene.den = id(&ann.make_room("Den of Ann", true).await);
        scene.let_in(&cat).await;
        let said = json!({ "content": SAID, "clientOffset": "anns" });
        scene.message = id(&ann.rest("POST", &scene.below(""), said).await);
        scene.file = Form::file("ann.png", &png(8, 8)).sent(ann, &scene.den).await["attachment"]["id"].clone();
        scene.character = ann.rest("POST", "/api/me/characters", json!({ "name": "Annabel" })).await["id"].clone();
        scene.session = ann.all("/api/me/sessions").await[0]["id"].clone();
        ann.rest("PATCH", "/api/me", json!({ "bio": "Anns bio" })).await;
        let theirs = cat.rest("POST", &scene.below(""), json!({ "content": "of Cat" })).await;
        for (who, what) in [(ann, id(&theirs)), (&cat, scene.message.clone())] {
            who.rest("PUT", &format!("/api/me/reports/{what}"), json!({ "reason": "other" })).await;
        }
        // Ann sees what is reported in her room, but for what she wrote.
        scene.report = id(&ann.all("/api/moderation/reports").await[0]);
        (scene, cat)
    }

    fn below(&self, below: &str) -> String {
        format!("/api/rooms/{}/{}", self.den, if below.is_empty() { "messages" } else { below })
    }

    async fn let_in(&self, who: &Person) {
        self.ann.rest("PUT", &self.below(&format!("invites/{}", who.id())), Value::Null).await;
        who.rest("POST", &self.below("join"), Value::Null).await;
    }

    /// Everything that Ann has, without what time and others change by themselves.
    async fn of_ann(&self) -> Value {
        let ann = &self.ann;
        let mut all = Map::new();
        for list in ["me/rooms", "me/blocks", "me/characters", "me/sessions", "me/reports", "me/invites"] {
            all.insert(list.to_owned(), json!(ann.all(&format!("/api/{list}")).await));
        }
        for list in ["bans", "mutes", "invites", "audit", "members"] {
            all.insert(list.to_owned(), json!(ann.all(&self.below(list)).await));
        }
        for path in ["/api/me", "/api/auth/profile", "/api/me/export"] {
            all.insert(path.to_owned(), ann.rest("GET", path, Value::Null).await);
        }
        let mut all = Value::Object(all);
        // Her wrong passwords are counted, and each look at her data is written down.
        let export = all["/api/me/export"].as_object_mut().unwrap();
        export.remove("audit");
        export["account"].as_object_mut().unwrap().remove("updatedAt");
        // Whoever may, opens a conversation with her.
        for rooms in ["/me~1rooms", "/~1api~1me~1export/rooms"] {
            all.pointer_mut(rooms).unwrap().as_array_mut().unwrap().retain(|room| room["kind"] != "direct");
        }
        without(&mut all, &["lastSeen", "last_seen", "lastUsedAt", "isOnline", "status", "exportedAt"]);
        all
    }

    /// A request that names Ann and what is hers in every field that could mean something.
    fn body(&self, what: &str, who: &Person) -> Value {
        let ann = self.ann.id();
        let mut body = json!({
            "roomId": self.den, "messageId": self.message, "characterId": self.character, "fileId": self.file,
            "attachment": { "id": self.file }, "sessionId": self.session, "sid": self.session,
            "reportId": self.report, "idempotencyKey": format!("{what} {}", who.account.userid),
            "user": { "id": ann, "userid": "ann" }, "clientOffset": "anns",
            "name": format!("{} by {}", what.replace(['/', '{', '}'], " "), who.account.userid),
            "content": "x", "message": "x", "isTyping": true, "rev": 0, "seq": 0, "seconds": 60, "isPrivate": true,
            "description": "x", "kind": "private", "reason": "spam", "outcome": "dismissed", "block": [], "allow": [],
            "messages": "remove", "password": "wrong horse", "currentPassword": "wrong horse",
            "newPassword": "another horse", "identifier": "ann", "refreshToken": who.account.token,
            "userid": format!("new{}{}", what.len(), who.account.userid),
            "username": format!("new{}{}", what.len(), who.account.userid),
            "email": format!("new{}{}@example.com", what.len(), who.account.userid),
            "bio": "x", "role": if what.contains("moderation") { "admin" } else { "owner" },
            "status": if what == "set-presence" { "online" } else { "closed" },
        });
        for field in [
            "userId",
            "user_id",
            "id",
            "actor",
            "by",
            "author",
            "authorId",
            "senderId",
            "sender",
            "from",
            "uid",
            "sub",
            "account",
            "accountId",
            "createdBy",
            "owner",
            "ownerId",
            "guestId",
            "target",
            "reporter",
            "as",
            "member",
        ] {
            body[field] = json!(ann);
        }
        body
    }

    fn filled(&self, path: &str) -> String {
        let of = match path {
            sessions if sessions.starts_with("/api/me/sessions") => self.session.as_str().unwrap().to_owned(),
            characters if characters.starts_with("/api/me/characters") => self.character.to_string(),
            files if files.starts_with("/api/files") => self.file.as_str().unwrap().to_owned(),
            messages if messages.starts_with("/api/messages") => self.message.clone(),
            reports if reports.starts_with("/api/moderation/reports") => self.report.clone(),
            users if users.starts_with("/api/users") => self.ann.id().to_owned(),
            _ => self.den.clone(),
        };
        path.replace("{id}", &of).replace("{userId}", self.ann.id()).replace("{messageId}", &self.message)
    }

    /// The code of what is refused, or `own`; and what was answered.
    async fn call(&self, who: &Person, socket: &mut Socket, what: &str) -> (String, Value) {
        let body = self.body(what, who);
        let Some((method, path)) = what.split_once(' ') else {
            let answer = socket.ask(what, body).await;
            return (answer["code"].as_str().unwrap_or("own").to_owned(), answer);
        };
        let mut path = self.filled(path);
        let ann = self.ann.id();
        match (method, path.as_str()) {
            ("GET", "/api/users") => path.push_str("?q=an"),
            ("GET", "/api/files/urls") => path += &format!("?ids={}&u={ann}", self.file.as_str().unwrap()),
            ("GET" | "HEAD" | "DELETE", _) => {
                path += &format!("?userId={ann}&id={ann}&by={ann}&roomId={}&seq=0", self.den);
            }
            _ => {}
        }
        let (status, answer) = if path.ends_with("/files") || path == "/api/me/avatar" && method == "PUT" {
            let mut form = Form::file("x.png", &png(8, 8));
            for (field, value) in body.as_object().unwrap() {
                if path.ends_with("/files") && field != "clientOffset" {
                    form = form.and(field, &value.as_str().map_or(value.to_string(), str::to_owned));
                }
            }
            form.send(who, Method::from_bytes(method.as_bytes()).unwrap(), &path).await
        } else {
            let carries = !matches!(method, "GET" | "HEAD");
            who.request(method, &path, if carries { body } else { Value::Null }).await
        };
        let code = match (status.is_success(), method) {
            (true, _) => "own",
            (false, "HEAD") if status == 404 => "file_not_found",
            (false, _) => answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{what}: {status} {answer}")),
        };
        (code.to_owned(), answer)
    }
}

fn without(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !keys.contains(&key.as_str()));
            fields.values_mut().for_each(|value| without(value, keys));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| without(value, keys)),
        _ => {}
    }
}

/// What changes when a member comes, writes, reads and goes.
const OF_MEMBERS: [&str; 8] = ["unread", "lastSeq", "rev", "version", "memberCount", "members", "joinedAt", "reports"];

#[tokio::test]
async fn ids_of_others_make_nobody_somebody_else() {
    let named = named();
    assert!(named.len() > 110, "{} are found: {named:?}", named.len());
    for database in BOTH {
        let program = Program::on(database, &unlimited(&super::OPEN[1..]));
        let (scene, cat) = Scene::on(&program).await;
        let ben = Person::new(&program, &scene.server, "ben");
        for (who, ends) in [(&ben, outside as fn(&str) -> &'static str), (&cat, inside)] {
            let is_inside = who.account.userid == "cat";
            let kept: &[&str] = if is_inside { &OF_MEMBERS } else { &[] };
            let mut before = scene.of_ann().await;
            without(&mut before, kept);
            let mut socket = who.socket().await;
            for what in &named {
                let (code, answer) = scene.call(who, &mut socket, what).await;
                assert_eq!(code, ends(what), "{database:?}: {what} by {}: {answer}", who.account.userid);
                let said = answer.to_string();
                assert!(!said.contains(&scene.ann.account.email) && !said.contains("Annabel"), "{what}: {said}");
                assert!(!said.contains(scene.session.as_str().unwrap()), "{what}: {said}");
                assert!(is_inside || !said.contains(SAID) && !said.contains("Den of Ann"), "{what}: {said}");
                if is_inside && ["POST /api/rooms/{id}/leave", "quit-room"].contains(&what.as_str()) {
                    scene.let_in(who).await;
                }
            }
            let mut after = scene.of_ann().await;
            without(&mut after, kept);
            assert_eq!(format!("{before:#}"), format!("{after:#}"), "{database:?}: by {}", who.account.userid);
            speaks_for_oneself(&scene, who, &mut socket).await;
        }
        assert_eq!(log_in(&scene.server, "ann", PASSWORD).await.0, 200, "her password is what it was");
    }
}

/// What is done, is done by who asks, whoever is named beside.
async fn speaks_for_oneself(scene: &Scene, who: &Person, socket: &mut Socket) {
    let mut said = scene.body("send-message", who);
    said["roomId"] = json!("main-chat");
    said["characterId"] = Value::Null;
    let sent = socket.succeed("send-message", said.clone()).await["data"].clone();
    assert_eq!((&sent["user_id"], &sent["User"]["userid"]), (&json!(who.id()), &json!(who.account.userid)));
    assert_eq!(sent["message"], "x", "an offset is of one person");
    said["clientOffset"] = json!("another");
    let sent = who.rest("POST", "/api/rooms/main-chat/messages", said.clone()).await;
    assert_eq!(sent["userId"], json!(who.id()));
    let made = who.rest("POST", "/api/rooms", scene.body("a room", who)).await;
    assert_eq!(made["createdBy"], json!(who.id()));
    // The path counts, whatever the body says.
    let path = format!("/api/rooms/{}/members/{}", id(&made), who.id());
    let body = json!({ "role": "member", "roomId": scene.den, "userId": scene.ann.id() });
    assert_eq!(who.refused("PUT", &path, body).await, "last_owner");
    let claimed = json!({ "token": who.account.token, "userId": scene.ann.id() });
    let known = socket.succeed("authenticate-user", claimed).await;
    assert_eq!(known["data"]["id"], json!(who.id()));
}
