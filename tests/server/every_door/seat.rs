//! One who sits in a room through one of the doors, and what each dialect calls what happens there.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::harness::plain::Plain;
use super::super::harness::{Person, Server, Socket};
use super::dialects::Dialect::{self, Channels, Community, Lobby, PubSub, Rooms};
use super::dialects::{Heard, Line, Place};
use super::socketio::Session;

pub enum Wire {
    Session(Session),
    Plain(Box<Plain>),
}

pub struct Seat {
    pub dialect: Dialect,
    pub person: Arc<Person>,
    pub place: Arc<Place>,
    pub wire: Wire,
    /// Who types, as far as was told.
    pub typing: BTreeSet<String>,
    waiting: VecDeque<Heard>,
    /// Numbers of messages by their ids, for dialects that name what was deleted by its id.
    numbers: HashMap<String, i64>,
}

async fn plain(server: &Server, path: &str) -> Wire {
    Wire::Plain(Box::new(Plain::open(server, path).await))
}

impl Seat {
    pub async fn take(server: &Server, dialect: Dialect, person: &Arc<Person>, place: &Arc<Place>) -> Seat {
        let (token, number) = (&person.account.token, place.number);
        let wire = match dialect {
            Community => Wire::Session(Session::community(Socket::open(&server.url).await, token).await),
            Rooms => Wire::Session(Session::rooms(Socket::open(&server.url).await, token).await),
            Channels => plain(server, &format!("/api/chat/ws/{number}?token={token}")).await,
            Lobby => plain(server, &format!("/ws/chat/{number}")).await,
            PubSub => plain(server, &format!("/ws?token={token}")).await,
        };
        let mut seat = Seat {
            dialect,
            person: person.clone(),
            place: place.clone(),
            wire,
            typing: BTreeSet::new(),
            waiting: VecDeque::new(),
            numbers: HashMap::new(),
        };
        seat.enter().await;
        seat
    }

    /// Afterwards all is heard that happens, and nothing waits that happened before.
    async fn enter(&mut self) {
        let (room, slug) = (json!({ "roomId": self.place.id }), json!(self.place.slug));
        match self.dialect {
            Community | Rooms => {
                let entered = self.session().ask("join-room", room).await;
                assert_eq!(entered["success"], true, "{entered}");
            }
            Channels => {
                self.plain().send(&json!({ "type": "ping" })).await;
                self.plain().hear("pong").await;
            }
            Lobby => {
                let token = self.person.account.token.clone();
                self.plain().send(&json!({ "token": token })).await;
                self.plain().hear("connected").await;
            }
            PubSub => {
                self.plain().send(&json!({ "type": "join", "room": slug })).await;
                // Behind the announcement and what was said before.
                let nothing = json!({ "type": "history", "room": slug, "since": i64::MAX });
                self.plain().send(&nothing).await;
                while self.plain().hear("history").await["data"]["messages"] != json!([]) {}
            }
        }
    }

    fn session(&mut self) -> &mut Session {
        match &mut self.wire {
            Wire::Session(session) => session,
            Wire::Plain(_) => unreachable!("no Socket.IO in this dialect"),
        }
    }

    pub fn plain(&mut self) -> &mut Plain {
        match &mut self.wire {
            Wire::Plain(plain) => plain,
            Wire::Session(_) => unreachable!("no plain WebSocket in this dialect"),
        }
    }

    /// The number that it got, or the words in which it was refused.
    pub async fn say(&mut self, text: &str) -> Result<i64, String> {
        let place = self.place.clone();
        match self.dialect {
            Community => {
                self.ask("send-message", json!({ "roomId": place.id, "message": text })).await.map(|data| seq(&data))
            }
            Rooms => self
                .ask("send-message", json!({ "roomId": place.id, "content": text }))
                .await
                .map(|data| seq(if data["seq"].is_null() { &data["message"] } else { &data })),
            Channels => {
                let path = format!("/api/chat/channels/{}/messages", place.number);
                let (status, answer) = self.person.request("POST", &path, json!({ "content": text })).await;
                let refused = || answer["detail"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
                if status.is_success() { Ok(answer["message_id"].as_i64().unwrap()) } else { Err(refused()) }
            }
            Lobby => self.send_and_see(json!({ "type": "message", "content": text }), text).await,
            PubSub => {
                let data = json!({ "room": place.slug, "content": text });
                self.send_and_see(json!({ "type": "message", "data": data }), text).await
            }
        }
    }

    async fn ask(&mut self, event: &str, payload: Value) -> Result<Value, String> {
        let mut answer = self.session().ask(event, payload).await;
        let refused = match &answer["error"] {
            Value::String(text) => text.clone(),
            error => error["message"].as_str().unwrap_or_default().to_owned(),
        };
        if answer["success"] == true { Ok(answer["data"].take()) } else { Err(refused) }
    }

    /// These dialects answer by showing the message, or an error.
    async fn send_and_see(&mut self, frame: Value, text: &str) -> Result<i64, String> {
        self.plain().send(&frame).await;
        let (mut before, me) = (VecDeque::new(), self.person.account.userid.clone());
        let answer = loop {
            match self.hear().await {
                Heard::Said(line) if line.author == me && line.text == text.trim() => {
                    let seq = line.seq;
                    before.push_back(Heard::Said(line));
                    break Ok(seq);
                }
                Heard::Refused(text) => break Err(text),
                other => before.push_back(other),
            }
        };
        before.append(&mut self.waiting);
        self.waiting = before;
        answer
    }

    /// Where a dialect has no word for it, by the REST that all accounts have.
    pub async fn edit(&mut self, line: &Line, text: &str) -> Result<(), String> {
        let id = self.id_of(line.seq).await;
        match self.dialect {
            Community => self.ask("edit-message", json!({ "messageId": id, "message": text })).await.map(|_| ()),
            Rooms => self.ask("edit-message", json!({ "messageId": id, "content": text })).await.map(|_| ()),
            Channels | Lobby | PubSub => self.rest("PATCH", &id, json!({ "content": text })).await,
        }
    }

    pub async fn delete(&mut self, seq: i64) -> Result<(), String> {
        let id = self.id_of(seq).await;
        match self.dialect {
            Community | Rooms => self.ask("delete-message", json!({ "messageId": id })).await.map(|_| ()),
            Channels | Lobby | PubSub => self.rest("DELETE", &id, Value::Null).await,
        }
    }

    async fn rest(&self, method: &str, id: &str, body: Value) -> Result<(), String> {
        let (status, answer) = self.person.request(method, &format!("/api/messages/{id}"), body).await;
        let text = answer["error"]["message"].as_str().unwrap_or_default().to_owned();
        if status.is_success() { Ok(()) } else { Err(text) }
    }

    async fn id_of(&self, seq: i64) -> String {
        let page = self.page(seq - 1).await;
        let found = page.iter().find(|message| message["seq"] == seq);
        found.unwrap_or_else(|| panic!("no message {seq}"))["id"].as_str().unwrap().to_owned()
    }

    async fn page(&self, after: i64) -> Vec<Value> {
        let path = format!("/api/rooms/{}/messages?limit=100&after={after}", self.place.id);
        self.person.rest("GET", &path, Value::Null).await["data"].as_array().unwrap().clone()
    }

    pub async fn types(&mut self, on: bool) {
        let room = self.place.id.clone();
        match self.dialect {
            Community => {
                self.session().ask("typing", json!({ "roomId": room, "isTyping": on })).await;
            }
            Rooms => {
                let event = if on { "typing-start" } else { "typing-stop" };
                self.session().ask(event, json!({ "roomId": room })).await;
            }
            Channels if on => self.plain().send(&json!({ "type": "typing" })).await,
            Lobby => self.plain().send(&json!({ "type": "typing", "is_typing": on })).await,
            // No word for it: it ends by itself, or with the next message.
            Channels | PubSub => {}
        }
    }

    /// What its own history shows, oldest first, without what was deleted.
    pub async fn history(&mut self) -> Vec<Line> {
        self.missed(0).await
    }

    /// What was said after a number, in whatever way its clients catch up.
    pub async fn missed(&mut self, after: i64) -> Vec<Line> {
        let (number, id) = (self.place.number, self.place.id.clone());
        let newest =
            async |path: &str| self.person.rest("GET", &format!("{path}/messages?limit=100"), Value::Null).await;
        let listed = match self.dialect {
            Community if after == 0 => {
                self.session().ask("load-messages", json!({ "roomId": id, "limit": 1000 })).await["data"].take()
            }
            Community => self.synced(after).await,
            Rooms => Value::Array(self.page(after).await),
            Channels => newest(&format!("/api/chat/channels/{number}")).await,
            Lobby => newest(&format!("/api/chat/rooms/{number}")).await,
            PubSub => {
                let mut messages = self.replayed(after).await;
                while let Some(last) = messages.last().map(|message| message["sequence"].as_i64().unwrap()) {
                    let more = self.replayed(last).await;
                    if more.is_empty() {
                        break;
                    }
                    messages.extend(more);
                }
                Value::Array(messages)
            }
        };
        let lines = listed.as_array().unwrap_or_else(|| panic!("{listed}")).iter().map(|row| self.line(row));
        lines.filter(|line| line.seq > after && line.text != "[Message deleted]").collect()
    }

    async fn replayed(&mut self, after: i64) -> Vec<Value> {
        let slug = self.place.slug.clone();
        self.plain().send(&json!({ "type": "history", "room": slug, "since": after })).await;
        loop {
            let mut frame = self.next_frame().await;
            if frame["type"] == "history" {
                return frame["data"]["messages"].as_array_mut().unwrap().drain(..).collect();
            }
            self.note(&frame);
        }
    }

    /// As long as nothing was changed, the revs of a room are its numbers.
    async fn synced(&mut self, after: i64) -> Value {
        let (mut messages, mut rev, mut more) = (Vec::new(), json!(after), true);
        while more {
            let asked = json!({ "roomId": self.place.id, "rev": rev });
            let page = self.session().ask("sync", asked).await["data"].take();
            messages.extend(page["messages"].as_array().unwrap().iter().cloned());
            (rev, more) = (page["rev"].clone(), page["more"] == true);
        }
        Value::Array(messages)
    }

    async fn next_frame(&mut self) -> Value {
        self.plain().next().await.unwrap_or_else(|closed| panic!("{closed:?}"))
    }

    fn line(&self, row: &Value) -> Line {
        let (seq, author, text) = match self.dialect {
            Community => (&row["seq"], &row["User"]["userid"], &row["message"]),
            Rooms => (&row["seq"], &row["user"]["username"], &row["content"]),
            Channels => (&row["message_id"], &row["username"], &row["content"]),
            Lobby => (&row["id"], &row["username"], &row["content"]),
            PubSub => (&row["sequence"], &row["user"], &row["content"]),
        };
        let said = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{row}")).to_owned();
        Line { seq: seq.as_i64().unwrap(), author: said(author), text: said(text) }
    }

    /// The next of what happens in the room.
    pub async fn hear(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.waiting.pop_front() {
                return heard;
            }
            match &mut self.wire {
                Wire::Session(session) => {
                    let (name, payload) = session.event().await;
                    self.note_event(&name, &payload);
                }
                Wire::Plain(_) => {
                    let frame = self.next_frame().await;
                    self.note(&frame);
                }
            }
        }
    }

    /// The next message; what else happens is passed over.
    pub async fn said(&mut self) -> Line {
        loop {
            if let Heard::Said(line) = self.hear().await {
                return line;
            }
        }
    }

    pub async fn hears(&mut self, awaited: &Heard) {
        while self.hear().await != *awaited {}
    }

    /// Which newcomers came and went, up to this.
    pub async fn moves_until(&mut self, last: &Heard) -> Vec<Heard> {
        let mut moves = Vec::new();
        loop {
            let heard = self.hear().await;
            let is_last = heard == *last;
            if matches!(&heard, Heard::Came(who) | Heard::Went(who) if who.starts_with("new-")) {
                moves.push(heard);
            }
            if is_last {
                return moves;
            }
        }
    }

    /// Reads until it is closed.
    pub async fn is_closed(&mut self) {
        loop {
            match &mut self.wire {
                Wire::Session(session) => match session.next().await {
                    Some((name, payload)) => self.note_event(&name, &payload),
                    None => return,
                },
                Wire::Plain(plain) => match plain.next().await {
                    Ok(frame) => self.note(&frame),
                    Err(_) => return,
                },
            }
        }
    }

    /// Whether it can say nothing any more, and has not heard this.
    pub async fn is_out_before(&mut self, line: &Line) -> bool {
        let is_silent = match self.dialect {
            Channels | Lobby => {
                self.is_closed().await;
                true
            }
            Community | Rooms | PubSub => self.say("but").await.is_err(),
        };
        is_silent && !self.waiting.contains(&Heard::Said(line.clone()))
    }

    pub async fn leave(self) {
        if let Wire::Plain(plain) = self.wire {
            plain.close().await;
        }
    }

    fn who(&self, id: &Value) -> String {
        id.as_str().and_then(|id| self.place.people.get(id)).unwrap_or_else(|| panic!("nobody is {id}")).clone()
    }

    fn types_now(&mut self, who: String, on: bool) -> Heard {
        if on {
            self.typing.insert(who)
        } else {
            self.typing.remove(&who)
        };
        Heard::Typing
    }

    /// The words of the two Socket.IO dialects.
    fn note_event(&mut self, name: &str, payload: &Value) {
        let (room, message) = match self.dialect {
            Rooms => (&payload["roomId"], &payload["message"]),
            _ => (&payload["room_id"], payload),
        };
        let of_here = [room, &message["roomId"], &payload["roomId"]].iter().any(|room| **room == self.place.id);
        if !of_here {
            return;
        }
        let heard = match name {
            "message-received" | "message-edited" => {
                let mut row = message.clone();
                if self.dialect == Rooms {
                    row["user"] = payload["user"].clone();
                }
                let line = self.line(&row);
                self.numbers.insert(row["id"].as_str().unwrap().to_owned(), line.seq);
                if name == "message-received" { Heard::Said(line) } else { Heard::Edited(line) }
            }
            "message-deleted" => {
                let id = payload["id"].as_str().or(payload["messageId"].as_str()).unwrap();
                Heard::Deleted(self.numbers[id])
            }
            "user-typing" | "typing-indicator" => {
                self.types_now(self.who(&payload["userId"]), payload["isTyping"] == true)
            }
            "user-joined" if self.dialect == Rooms => Heard::Came(said(&payload["user"]["username"])),
            "user-left" if self.dialect == Rooms => Heard::Went(self.who(&payload["userId"])),
            _ => return,
        };
        self.waiting.push_back(heard);
    }

    /// The words of the plain dialects.
    fn note(&mut self, frame: &Value) {
        let kind = frame["type"].as_str().unwrap_or_else(|| panic!("{frame}"));
        let heard = match (self.dialect, kind) {
            (Channels, "new_message") => Heard::Said(self.line(&frame["data"])),
            (Channels, "message_edited") => Heard::Edited(self.line(&frame["data"])),
            (Channels, "message_deleted") => Heard::Deleted(frame["data"]["message_id"].as_i64().unwrap()),
            (Channels, "user_typing") => self.types_now(said(&frame["username"]), true),
            (Channels, "user_joined") => Heard::Came(self.who(&frame["user_id"])),
            (Channels, "user_left") => Heard::Went(self.who(&frame["user_id"])),
            (Channels, "error") => Heard::Refused(said(&frame["detail"])),
            (Lobby, "message") => Heard::Said(self.line(frame)),
            (Lobby, "typing") => {
                self.typing = frame["users"].as_array().unwrap().iter().map(said).collect();
                Heard::Typing
            }
            (Lobby, "system") => moved(&frame["content"]),
            (Lobby, "error") => Heard::Refused(said(&frame["content"])),
            (PubSub, "message") if frame["data"]["user"] == "system" => moved(&frame["data"]["content"]),
            (PubSub, "message") => Heard::Said(self.line(&frame["data"])),
            (PubSub, "error") => Heard::Refused(said(&frame["data"]["message"])),
            _ => return,
        };
        self.waiting.push_back(heard);
    }
}

fn seq(message: &Value) -> i64 {
    message["seq"].as_i64().unwrap_or_else(|| panic!("{message}"))
}

fn said(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// `Ann joined the room`, `Ann left the room`.
fn moved(content: &Value) -> Heard {
    let text = said(content);
    match (text.strip_suffix(" joined the room"), text.strip_suffix(" left the room")) {
        (Some(who), _) => Heard::Came(who.to_owned()),
        (_, Some(who)) => Heard::Went(who.to_owned()),
        (None, None) => panic!("{text}"),
    }
}
