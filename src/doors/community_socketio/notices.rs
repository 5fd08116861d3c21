//! Tells what is no message: rooms, members, and what concerns one person (docs/wire/own.md, "What a
//! client hears").

use std::sync::Arc;

use engineioxide::Str;
use serde_json::{Value, json};

use super::outgoing::Frame;
use super::{Community, NAMESPACE};
use crate::chat::merging::{Gathering, Merging};
use crate::doors::requests::wire;
use crate::doors::socketio::packet;
use crate::model::{Actor, Audience, Event, MemberChange, MemberChanged, Room, RoomChange, RoomNumber, UserId};

/// More comings and goings a second are told as one, and so are more new rooms.
const COMINGS_A_SECOND: u32 = 20;
const NEW_ROOMS_A_SECOND: u32 = 5;
/// Whose new names and faces are told of at a time.
const MOST_EDITED: usize = 100;

/// What is told in one piece when it is too much.
pub(super) struct News {
    comings: Merging<RoomNumber, Value>,
    new_rooms: Merging<(), ()>,
    changed_rooms: Merging<(), ()>,
    edited: Gathering<UserId>,
}

impl Default for News {
    fn default() -> Self {
        News {
            comings: Merging::new(COMINGS_A_SECOND),
            new_rooms: Merging::new(NEW_ROOMS_A_SECOND),
            changed_rooms: Merging::new(1),
            edited: Gathering::new(MOST_EDITED),
        }
    }
}

/// A frame for those in a room who have an identity.
pub(super) fn for_members(name: &str, payload: &Value, room: RoomNumber, not_to: Option<UserId>) -> Frame {
    Frame::new(packet::event(NAMESPACE, name, payload), room).for_members(not_to)
}

fn frame(name: &str, payload: &Value) -> Str {
    packet::event(NAMESPACE, name, payload).into()
}

impl Community {
    /// What is due of what was merged.
    pub(super) async fn tell_news(&self) {
        let (now, news) = (self.shared.clock.ticks(), &self.shared.news);
        for (room, payload) in news.comings.due(now) {
            self.shared.audience.tell(room, &[for_members("members-changed", &payload, room, None)]).await;
        }
        // More new rooms were told of with those that changed.
        news.new_rooms.due(now);
        for ((), ()) in news.changed_rooms.due(now) {
            self.tell_everybody(&frame("rooms-changed", &json!({})));
        }
        if let Some((users, is_complete)) = news.edited.due(now) {
            let door = self.clone();
            tokio::spawn(async move { door.tell_of_edited(&users, is_complete).await });
        }
    }

    /// As they are now, whatever they were called in between.
    async fn tell_of_edited(&self, users: &[UserId], is_complete: bool) {
        let chat = &self.shared.chat;
        match chat.authors(users).await {
            Ok(people) => {
                let users: Vec<Value> = people.values().map(|who| wire::person(chat, who)).collect();
                self.tell_everybody(&frame("users-edited", &json!({ "users": users, "complete": is_complete })));
            }
            // While the database is away: later.
            Err(_) => users.iter().for_each(|user| self.shared.news.edited.add(*user)),
        }
    }

    fn tell_everybody(&self, frame: &Str) {
        self.shared.visitors.identified().iter().for_each(|connection| connection.send(frame.clone()));
    }

    fn tell_person(&self, person: UserId, frame: &Str) {
        self.shared.visitors.of_person(person).iter().for_each(|connection| connection.send(frame.clone()));
    }

    /// Tells those whom an event concerns beside its room; gives what the room hears.
    pub(super) fn notice(&self, event: &Event) -> Option<Frame> {
        match event {
            Event::UserEdited { user } => {
                self.shared.news.edited.add(*user);
                None
            }
            Event::MemberChanged(changed) => self.tell_of_member(changed),
            Event::RoomCreated { room, members, to } => {
                self.tell_of_new_room(room, *members, *to);
                None
            }
            Event::DirectBegun { room, to } => {
                self.tell_of_direct(*room, *to);
                None
            }
            Event::RoomChanged { room, change, version, members, listed } => {
                if *listed {
                    self.tell_of_changed_rooms();
                }
                Some(told_of_room(room, *change, *version, *members))
            }
            Event::Noticed { to, name, payload } => {
                let frame = frame(name, payload);
                match to {
                    Audience::Everybody => self.tell_everybody(&frame),
                    Audience::Person(person) => self.tell_person(*person, &frame),
                }
                None
            }
            Event::MessageCreated(_)
            | Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::TypingChanged { .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::PeopleMoved { .. }
            | Event::PresenceChanged(_)
            | Event::Unsettled { .. }
            | Event::UserChanged { .. }
            | Event::SessionEnded { .. }
            | Event::HearingEnded { .. }
            | Event::WordsChanged { .. } => None,
        }
    }

    fn tell_of_new_room(&self, room: &Arc<Room>, members: i64, to: Option<UserId>) {
        match to {
            Some(person) if room.pair.is_some() => self.tell_of_direct(room.number, person),
            Some(person) => {
                let payload = json!({ "room": wire::room(room, members, 1) });
                self.tell_person(person, &frame("room-created", &payload));
            }
            None => {
                if self.shared.news.new_rooms.admit((), (), self.shared.clock.ticks()).is_some() {
                    let payload = json!({ "room": wire::room(room, members, 1) });
                    self.tell_everybody(&frame("room-created", &payload));
                } else {
                    self.tell_of_changed_rooms();
                }
            }
        }
    }

    /// Once a second, whatever it is that changed.
    fn tell_of_changed_rooms(&self) {
        if self.shared.news.changed_rooms.admit((), (), self.shared.clock.ticks()).is_some() {
            self.tell_everybody(&frame("rooms-changed", &json!({})));
        }
    }

    /// A direct room looks another to each of its two. What that takes is read beside the feed.
    fn tell_of_direct(&self, room: RoomNumber, person: UserId) {
        let door = self.clone();
        tokio::spawn(async move {
            let chat = &door.shared.chat;
            let Ok(caller) = chat.caller(Actor::User(person)).await else { return };
            if let Ok(record) = chat.record(&caller, &room.0.to_string()).await {
                let payload = json!({ "room": wire::record(chat, &record) });
                door.tell_person(person, &frame("room-created", &payload));
            }
        });
    }

    fn tell_of_member(&self, changed: &MemberChanged) -> Option<Frame> {
        let (room, who) = (&changed.room, changed.who.id);
        let user = wire::person(&self.shared.chat, &changed.who);
        let base = |more: Value| {
            let mut payload = json!({ "roomId": room.id, "user": user });
            if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
                payload.extend(more);
            }
            payload
        };
        let version = changed.version;
        let change = changed.change?;
        let (name, payload) = match change {
            MemberChange::Joined => {
                let role = wire::role_name(changed.now.role);
                ("member-joined", base(json!({ "role": role, "version": version })))
            }
            MemberChange::Left => ("member-left", base(json!({ "version": version }))),
            MemberChange::Kicked => ("member-kicked", base(json!({ "version": version }))),
            MemberChange::RoleChanged => {
                let role = wire::role_name(changed.now.role);
                ("role-changed", base(json!({ "role": role, "version": version })))
            }
            MemberChange::Muted => {
                let until = wire::iso(changed.now.muted_until);
                ("member-muted", base(json!({ "mutedUntil": until, "version": version })))
            }
            MemberChange::Unmuted => ("member-unmuted", base(json!({ "version": version }))),
            MemberChange::Banned => ("member-banned", base(json!({ "version": version }))),
            MemberChange::Unbanned => ("member-unbanned", base(json!({ "version": version }))),
            MemberChange::Invited => {
                self.tell_of_invitation(changed);
                return None;
            }
            MemberChange::InviteWithdrawn => {
                self.tell_person(who, &frame("invite-withdrawn", &json!({ "roomId": room.id })));
                return None;
            }
            MemberChange::InviteRenewed | MemberChange::Returned => return None,
            MemberChange::MarkerMoved => {
                self.tell_of_marker(changed);
                return None;
            }
        };
        let comes_or_goes = matches!(change, MemberChange::Joined | MemberChange::Left);
        let mut theirs = payload.clone();
        if let (Some(theirs), Some(reason)) = (theirs.as_object_mut(), &changed.reason) {
            theirs.insert("reason".into(), reason.clone().into());
        }
        self.tell_person(who, &frame(name, &theirs));
        if comes_or_goes {
            let merged = json!({ "roomId": room.id, "memberCount": changed.members, "version": version });
            self.shared.news.comings.admit(room.number, merged, self.shared.clock.ticks())?;
        }
        Some(for_members(name, &payload, room.number, Some(who)))
    }

    fn tell_of_invitation(&self, changed: &MemberChanged) {
        let (room, who, by, end) = (changed.room.clone(), changed.who.id, changed.by, changed.now.expires_at);
        let shape = wire::room(&room, changed.members, changed.version);
        let door = self.clone();
        tokio::spawn(async move {
            let chat = &door.shared.chat;
            let by = match by {
                Some(by) => chat.authors(&[by]).await.ok().and_then(|mut found| found.remove(&by)),
                None => None,
            };
            let payload = json!({
                "roomId": room.id,
                "room": shape,
                "by": by.map(|by| wire::person(chat, &by)),
                "expiresAt": wire::iso(end),
            });
            door.tell_person(who, &frame("invite-received", &payload));
        });
    }

    fn tell_of_marker(&self, changed: &MemberChanged) {
        let (room, who, seq) = (changed.room.clone(), changed.who.id, changed.now.last_read_seq);
        let door = self.clone();
        tokio::spawn(async move {
            let chat = &door.shared.chat;
            let Ok(caller) = chat.caller(Actor::User(who)).await else { return };
            let Ok(unread) = chat.unread_in(&caller, &room, seq).await else { return };
            let payload = json!({ "roomId": room.id, "seq": seq, "unread": unread });
            door.tell_person(who, &frame("read-marker-moved", &payload));
        });
    }
}

fn told_of_room(room: &Room, change: RoomChange, version: i64, members: i64) -> Frame {
    let (name, payload) = match change {
        RoomChange::Edited => {
            let shape = wire::room(room, members, version);
            ("room-edited", json!({ "roomId": room.id, "room": shape, "version": version }))
        }
        RoomChange::Archived => {
            let at = wire::iso(room.archived_at);
            ("room-archived", json!({ "roomId": room.id, "archivedAt": at, "version": version }))
        }
        RoomChange::Deleted => ("room-deleted", json!({ "roomId": room.id })),
    };
    Frame::new(packet::event(NAMESPACE, name, &payload), room.number)
}
