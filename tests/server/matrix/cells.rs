//! How each action of the table is tried.

use serde_json::{Value, json};

use super::stage::{Stage, id};
use crate::files::{Form, fetch, link, png};

/// All ways to do one thing end alike.
fn one(ways: &[bool], what: &str) -> bool {
    assert!(ways.iter().all(|way| *way == ways[0]), "{what}: {ways:?}");
    ways[0]
}

impl Stage {
    pub async fn may(&mut self, role: &'static str, action: &str) -> bool {
        let victim = self.victim.id().to_owned();
        let at = |below: &str| format!("/{below}/{victim}");
        let what = format!("{action}, by {role} in {}", self.kind);
        match action {
            "find it: in lists, by id" => self.finds(role, &what).await,
            "read messages, files, `sync`, statistics" => self.reads(role, &what).await,
            "see members and presence" => {
                let members = self.rest(role, "GET", "/members", Value::Null).await;
                let present = self.rest(role, "GET", "/presence", Value::Null).await;
                let watched = self.emit(role, "watch-presence", json!({})).await.is_ok();
                one(&[members, present, watched], &what)
            }
            "send, type" => {
                let sent = self.emit(role, "send-message", json!({ "message": "hello" })).await.is_ok();
                let posted = self.rest(role, "POST", "/messages", json!({ "content": "hello" })).await;
                let typed = self.emit(role, "typing", json!({ "isTyping": true })).await.is_ok();
                one(&[sent, posted, typed], &what)
            }
            "upload, speak as a character" => self.embellishes(role, &what).await,
            "edit one's own" | "delete one's own" => self.alters_own(role, action, &what).await,
            "edit another's" => {
                let [one_message, other] = [self.said_by_victim().await, self.said_by_victim().await];
                one(&[self.edits(role, &one_message).await, self.patches(role, &other).await], &what)
            }
            "delete another's" => {
                let [one_message, other] = [self.said_by_victim().await, self.said_by_victim().await];
                one(&[self.unsays(role, &one_message).await, self.deletes(role, &other).await], &what)
            }
            "report a message" => {
                let message = self.said_by_victim().await;
                let path = format!("/api/me/reports/{message}");
                let by_rest = self.asks(role, "PUT", &path, json!({ "reason": "spam" })).await;
                let message = self.said_by_victim().await;
                let by_event =
                    self.emit(role, "report-message", json!({ "messageId": message, "reason": "spam" })).await;
                one(&[by_rest, by_event.is_ok()], &what)
            }
            "move a read marker" => {
                self.both(role, ("PUT", "/read-marker"), "move-read-marker", json!({ "seq": 1 })).await
            }
            "mute, unmute, slow mode" => {
                let slow = self.both(role, ("PUT", "/slow-mode"), "set-slow-mode", json!({ "seconds": 0 })).await;
                let mute = self.both(role, ("PUT", &at("mutes")), "mute-member", json!({ "seconds": 60 })).await;
                let unmute = self.both(role, ("DELETE", &at("mutes")), "unmute-member", json!({})).await;
                one(&[slow, mute, unmute], &what)
            }
            "kick" => self.both(role, ("DELETE", &at("members")), "kick-member", json!({})).await,
            "ban, unban, list bans and mutes" => {
                let ban = self.both(role, ("PUT", &at("bans")), "ban-member", json!({})).await;
                let unban = self.both(role, ("DELETE", &at("bans")), "unban-member", json!({})).await;
                let bans = self.rest(role, "GET", "/bans", Value::Null).await;
                let mutes = self.rest(role, "GET", "/mutes", Value::Null).await;
                one(&[ban, unban, bans, mutes], &what)
            }
            "invite, withdraw, list invitations" => {
                let invite = self.both(role, ("PUT", &at("invites")), "invite-member", json!({})).await;
                let withdraw = self.both(role, ("DELETE", &at("invites")), "withdraw-invite", json!({})).await;
                let lists = self.rest(role, "GET", "/invites", Value::Null).await;
                one(&[invite, withdraw, lists], &what)
            }
            "give and take roles in the room" => {
                self.both(role, ("PUT", &at("members")), "set-role", json!({ "role": "member" })).await
            }
            "rename, describe" => {
                let (name, description) =
                    (json!({ "name": "Renamed" }), json!({ "description": format!("by {role}") }));
                let renamed = self.both(role, ("PATCH", ""), "edit-room", name).await;
                one(&[renamed, self.both(role, ("PATCH", ""), "edit-room", description).await], &what)
            }
            "archive, reopen, make private, delete" => {
                let archive = self.both(role, ("PUT", "/archive"), "archive-room", json!({})).await;
                let reopen = self.both(role, ("DELETE", "/archive"), "reopen-room", json!({})).await;
                let [hidden, deleted] = self.destroys(role, &what).await;
                one(&[archive, reopen, hidden, deleted], &what)
            }
            "see the room's reports" => {
                let listed = self.of(role).request("GET", &self.queue(), Value::Null).await.1;
                let in_list = listed["data"]
                    .as_array()
                    .is_some_and(|reports| reports.iter().any(|report| report["id"] == self.report));
                let alone =
                    self.asks(role, "GET", &format!("/api/moderation/reports/{}", self.report), Value::Null).await;
                one(&[in_list, alone], &what)
            }
            "see the room's audit" => self.rest(role, "GET", "/audit", Value::Null).await,
            "enter" => self.enters(role, &what).await,
            "leave" => self.leaves(role, &what).await,
            other => panic!("an action that is tried nowhere: {other}"),
        }
    }

    fn queue(&self) -> String {
        format!("/api/moderation/reports?limit=100&roomId={}", self.room)
    }

    async fn finds(&mut self, role: &'static str, what: &str) -> bool {
        let by_id = self.rest(role, "GET", "", Value::Null).await;
        let lists = match role {
            // Has no lists and no records: enters by the event.
            "nobody" => {
                assert!(!by_id, "{what}");
                return self.emit(role, "join-room", json!({})).await.is_ok();
            }
            _ => self.of(role).all("/api/rooms").await,
        };
        let id = self.of("owner").rest("GET", &self.path(""), Value::Null).await["id"].clone();
        let in_list = lists.iter().any(|room| room["id"] == id);
        // An administrator finds what they are not in by its name.
        let expected = by_id && !(role == "admin" && self.kind == 'V');
        assert_eq!(in_list, expected, "{what}: in lists");
        by_id
    }

    async fn reads(&mut self, role: &'static str, what: &str) -> bool {
        let loaded = self.emit(role, "load-messages", json!({})).await.is_ok();
        let synced = self.emit(role, "sync", json!({ "rev": 0 })).await.is_ok();
        let listed = self.rest(role, "GET", "/messages", Value::Null).await;
        let figures = self.rest(role, "GET", "/stats", Value::Null).await;
        let link = link(self.of(role), &self.file).await;
        if let Some((url, _)) = &link {
            assert_eq!(fetch(self.of(role), url).await.status, 200, "{what}");
        }
        one(&[loaded, synced, listed, figures, link.is_some()], what)
    }

    async fn embellishes(&mut self, role: &'static str, what: &str) -> bool {
        let name = format!("{role} of {}", self.room);
        let made = self.of(role).request("POST", "/api/me/characters", json!({ "name": name })).await.1;
        let character = made.get("id").unwrap_or(&json!(1)).clone();
        let said = json!({ "message": "As whom?", "characterId": character });
        let spoken = self.emit(role, "send-message", said).await.is_ok();
        let said = json!({ "content": "As whom?", "characterId": character });
        let posted = self.rest(role, "POST", "/messages", said).await;
        let (status, answer) = Form::file("own.png", &png(8, 8)).upload(self.of(role), &self.room).await;
        assert!(status.is_success() || [401, 403, 404].contains(&status.as_u16()), "{what}: {answer}");
        one(&[spoken, posted, status.is_success()], what)
    }

    async fn edits(&mut self, role: &str, message: &str) -> bool {
        self.emit(role, "edit-message", json!({ "messageId": message, "message": "edited" })).await.is_ok()
    }

    async fn patches(&self, role: &str, message: &str) -> bool {
        self.asks(role, "PATCH", &format!("/api/messages/{message}"), json!({ "content": "edited" })).await
    }

    async fn unsays(&mut self, role: &str, message: &str) -> bool {
        self.emit(role, "delete-message", json!({ "messageId": message })).await.is_ok()
    }

    async fn deletes(&self, role: &str, message: &str) -> bool {
        self.asks(role, "DELETE", &format!("/api/messages/{message}"), Value::Null).await
    }

    /// What they say now; else what they once said here; and who never could has nothing but another's.
    async fn own(&mut self, role: &'static str) -> String {
        if let Ok(sent) = self.emit(role, "send-message", json!({ "message": "mine" })).await {
            return id(&sent["data"]);
        }
        match self.once.get(role) {
            Some(message) => message.clone(),
            None => self.said_by_victim().await,
        }
    }

    async fn alters_own(&mut self, role: &'static str, action: &str, what: &str) -> bool {
        let [first, second] = [self.own(role).await, self.own(role).await];
        let (by_event, by_rest) = match action {
            "edit one's own" => (self.edits(role, &first).await, self.patches(role, &second).await),
            _ => (self.unsays(role, &first).await, self.deletes(role, &second).await),
        };
        if role == "guest" {
            assert!(!by_rest, "{what}: only by the connection that sent it");
            return by_event;
        }
        one(&[by_event, by_rest], what)
    }

    /// Whether they can make a room private, and delete it.
    async fn destroys(&mut self, role: &'static str, what: &str) -> [bool; 2] {
        let is_made = matches!(self.kind, 'P' | 'V');
        let mut rooms = [self.room.clone(), self.room.clone()];
        if is_made {
            rooms = [self.spare_room(role).await, self.spare_room(role).await];
        }
        let [by_rest, by_event] = rooms;
        let path = format!("/api/rooms/{by_rest}");
        let hide = json!({ "isPrivate": true });
        let hidden = self.asks(role, "PATCH", &path, hide.clone()).await;
        let deleted = self.asks(role, "DELETE", &path, Value::Null).await;
        let of_other = |mut payload: Value| {
            payload["roomId"] = json!(by_event);
            payload
        };
        let hidden = [hidden, self.emit(role, "edit-room", of_other(hide)).await.is_ok()];
        let deleted = [deleted, self.emit(role, "delete-room", of_other(json!({}))).await.is_ok()];
        if is_made {
            for room in [by_rest, by_event] {
                let is_left = self.asks("admin", "GET", &format!("/api/rooms/{room}"), Value::Null).await;
                assert_ne!(is_left, deleted[0], "{what}");
                if is_left {
                    self.victim.rest("DELETE", &format!("/api/rooms/{room}"), Value::Null).await;
                }
            }
        }
        [one(&hidden, what), one(&deleted, what)]
    }

    /// By either word, and out again.
    async fn enters(&mut self, role: &'static str, what: &str) -> bool {
        let by_rest = self.rest(role, "POST", "/join", Value::Null).await;
        if by_rest && role != "guest" {
            assert!(self.rest(role, "GET", "/messages", Value::Null).await, "{what}");
            assert!(self.rest(role, "POST", "/leave", Value::Null).await, "{what}");
        }
        let by_event = self.emit(role, "join-room", json!({})).await.is_ok();
        if by_event && role != "guest" {
            assert!(self.emit(role, "load-messages", json!({})).await.is_ok(), "{what}");
            assert!(self.emit(role, "quit-room", json!({})).await.is_ok(), "{what}");
        }
        one(&[by_rest, by_event], what)
    }

    /// By either word, and in again. An owner leaves another behind.
    async fn leaves(&mut self, role: &'static str, what: &str) -> bool {
        let heir = self.path(&format!("/members/{}", self.victim.id()));
        let has_heir = role == "owner" && matches!(self.kind, 'P' | 'V');
        if has_heir {
            assert_eq!(self.of(role).refused("POST", &self.path("/leave"), Value::Null).await, "last_owner");
            self.of("admin").rest("PUT", &heir, json!({ "role": "owner" })).await;
        }
        let by_rest = self.rest(role, "POST", "/leave", Value::Null).await;
        if by_rest {
            assert!(role == "guest" || self.has_left(role).await, "{what}");
            self.back_in(role).await;
        }
        let by_event = self.emit(role, "quit-room", json!({})).await.is_ok();
        if by_event {
            assert!(role == "guest" || self.has_left(role).await, "{what}");
            self.back_in(role).await;
        }
        if has_heir {
            self.of("admin").rest("PUT", &heir, json!({ "role": "member" })).await;
        }
        one(&[by_rest, by_event], what)
    }

    async fn has_left(&self, role: &str) -> bool {
        let mine = self.of(role).all("/api/me/rooms").await;
        mine.iter().all(|room| room["id"] != self.room)
    }
}
