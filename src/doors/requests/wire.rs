//! The shapes of docs/wire/own.md.

use serde_json::{Map, Value, json};

use crate::chat::Chat;
use crate::chat::files::Link;
use crate::chat::members::Listed;
use crate::chat::permissions::Place;
use crate::chat::records::{Me, Record};
use crate::model::{
    Author, MemberChanged, Membership, Message, Micros, Posted, Presence, Room, RoomKind, RoomRole, User, UserRole,
};
use crate::store::AuditEntry;

pub fn iso(time: Option<Micros>) -> Value {
    time.map_or(Value::Null, |time| time.to_iso_millis().into())
}

pub fn role_name(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Member => "member",
        RoomRole::Moderator => "moderator",
        RoomRole::Owner => "owner",
    }
}

pub fn user_role_name(role: UserRole) -> &'static str {
    match role {
        UserRole::User => "user",
        UserRole::Support => "support",
        UserRole::Admin => "admin",
    }
}

fn kind_name(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Main => "main",
        RoomKind::Public => "public",
        RoomKind::Private => "private",
        RoomKind::Guild => "guild",
        RoomKind::Direct => "direct",
    }
}

/// `U`.
pub fn person(chat: &Chat, who: &Author) -> Value {
    attendee(chat, who, chat.status(who.id), chat.last_seen(who))
}

/// `U` of somebody whose presence is told.
pub fn attendee(chat: &Chat, who: &Author, presence: Presence, last_seen: Option<Micros>) -> Value {
    let mut shape = json!({
        "id": (!who.guest).then_some(who.id),
        "username": who.userid,
        "avatarUrl": who.avatar.map(|file| chat.avatar_url(file)),
        "isOnline": presence != Presence::Offline,
        "lastSeen": iso(last_seen),
        "name": who.name,
        "status": presence,
    });
    if let (true, Some(shape)) = (who.guest, shape.as_object_mut()) {
        shape.insert("guest".into(), true.into());
        shape.insert("guestId".into(), who.id.to_string().into());
    }
    shape
}

/// `U` of an account, with what only it may see.
pub fn account(chat: &Chat, user: &User) -> Map<String, Value> {
    let mut shape = match person(chat, &user.author()) {
        Value::Object(shape) => shape,
        _ => Map::new(),
    };
    shape.insert("email".into(), user.email.clone().into());
    shape.insert("role".into(), user_role_name(user.role).into());
    shape
}

/// `R` in what a whole room hears.
pub fn room(room: &Room, members: i64, version: i64) -> Value {
    let counts_nobody = room.kind == RoomKind::Main;
    json!({
        "id": room.id,
        "name": room.name,
        "description": room.description,
        "isPrivate": matches!(room.kind, RoomKind::Private | RoomKind::Guild | RoomKind::Direct),
        "createdBy": room.created_by,
        "createdAt": room.created_at.to_iso_millis(),
        "updatedAt": room.updated_at.to_iso_millis(),
        "slug": room.slug,
        "kind": kind_name(room.kind),
        "memberCount": (!counts_nobody).then_some(members),
        "archivedAt": iso(room.archived_at),
        "slowModeSeconds": room.slow_mode_seconds,
        "version": version,
    })
}

/// `R` as one reader sees it.
pub fn record(chat: &Chat, record: &Record) -> Value {
    let mut shape = room(&record.room, record.counts.members, record.counts.version);
    let Some(fields) = shape.as_object_mut() else { return shape };
    if let Some(peer) = &record.peer {
        fields.insert("name".into(), peer.name.clone().into());
    }
    if record.me.is_some_and(|me| me.is_guest) {
        fields.insert("memberCount".into(), Value::Null);
    }
    fields.insert("lastSeq".into(), record.counts.last_seq.into());
    fields.insert("rev".into(), record.counts.last_rev.into());
    fields.insert("peer".into(), record.peer.as_ref().map_or(Value::Null, |peer| person(chat, peer)));
    fields.insert("me".into(), record.me.as_ref().map_or(Value::Null, |me| mine(me, chat.now())));
    shape
}

/// What its reader is in a room.
pub fn mine(me: &Me, now: Micros) -> Value {
    let Membership { role, muted_until, last_read_seq, .. } = me.membership;
    let state = match me.place {
        _ if me.is_guest => "present",
        Place::Invited => "invited",
        Place::Outside | Place::Member | Place::Moderator | Place::Owner => "member",
    };
    json!({
        "state": state,
        "role": role_name(role),
        "mutedUntil": iso(muted_until.filter(|until| *until > now)),
        "lastReadSeq": (last_read_seq > 0).then_some(last_read_seq),
        "unread": me.unread,
    })
}

/// `M` below `/api/rooms`.
pub fn message(chat: &Chat, posted: &Posted) -> Value {
    let Message { id, room_id, seq, rev, user, guest, kind, .. } = posted.message;
    let message = &posted.message;
    let mut shape = json!({
        "id": id,
        "roomId": room_id,
        "userId": (!guest).then_some(user),
        "content": message.text,
        "type": kind.name(),
        "isEdited": message.edited_at.is_some(),
        "createdAt": message.created_at.to_iso_millis(),
        "updatedAt": message.updated_at.to_iso_millis(),
        "seq": seq,
        "rev": rev,
        "isDeleted": message.deleted,
        "clientOffset": message.client_offset,
        "user": person(chat, &posted.author),
    });
    if let Some(shape) = shape.as_object_mut() {
        if let Some(character) = &message.character {
            shape.insert("character".into(), json!({ "id": character.number, "name": character.name }));
        }
        if let Some(attachment) = &message.attachment {
            shape.insert("attachment".into(), json!(**attachment));
        }
    }
    shape
}

/// What is told of a message that was deleted.
pub fn deleted(message: &Message) -> Value {
    json!({ "messageId": message.id, "roomId": message.room_id, "rev": message.rev, "isDeleted": true })
}

/// A line of a list of members.
pub fn member(chat: &Chat, listed: &Listed) -> Value {
    let Membership { role, joined_at, muted_until, .. } = listed.row.membership;
    json!({
        "user": person(chat, &listed.who),
        "role": role_name(role),
        "joinedAt": joined_at.to_iso_millis(),
        "mutedUntil": iso(muted_until.filter(|until| *until > chat.now())),
    })
}

/// A line of a list of bans or mutes.
pub fn barred(chat: &Chat, listed: &Listed) -> Value {
    json!({
        "user": person(chat, &listed.who),
        "by": listed.by.as_ref().map(|by| person(chat, by)),
        "reason": listed.row.reason,
        "at": iso(listed.row.membership.set_at),
        "mutedUntil": iso(listed.row.membership.muted_until.filter(|until| *until > chat.now())),
    })
}

/// An invitation.
pub fn invitation(chat: &Chat, room: &Value, listed: &Listed) -> Value {
    json!({
        "room": room,
        "user": person(chat, &listed.who),
        "by": listed.by.as_ref().map(|by| person(chat, by)),
        "invitedAt": iso(listed.row.membership.set_at),
        "expiresAt": iso(listed.row.membership.expires_at),
    })
}

/// A member after a change of role.
pub fn changed_member(chat: &Chat, changed: &MemberChanged) -> Value {
    json!({
        "user": person(chat, &changed.who),
        "role": role_name(changed.now.role),
        "joinedAt": changed.now.joined_at.to_iso_millis(),
        "mutedUntil": iso(changed.now.muted_until.filter(|until| *until > chat.now())),
        "version": changed.version,
    })
}

/// Where a file can be fetched.
pub fn link(link: &Link) -> Value {
    json!({
        "id": link.file,
        "url": link.url,
        "thumbnailUrl": link.thumbnail,
        "expiresAt": link.ends.to_iso_millis(),
    })
}

/// An entry of the audit.
pub fn audit(entry: &AuditEntry, named: impl Fn(crate::model::UserId) -> Value) -> Value {
    json!({
        "id": entry.id,
        "at": entry.at.to_iso_millis(),
        "by": entry.actor.map(&named),
        "action": entry.action,
        "roomId": entry.room_id,
        "target": entry.target.map(&named),
        "messageId": entry.message_id,
        "reason": entry.reason,
        "detail": entry.detail,
    })
}
