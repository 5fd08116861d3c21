//! Who is in a room: coming, going, roles, and keeping the peace.

use axum::http::Method;
use serde_json::json;

use super::fields::listed;
use super::rooms::shown;
use super::wire;
use super::{Allowance, Asker, Failure, Fields, Reply, Requests, Route};
use crate::chat::{Act, Listed};
use crate::model::{MemberState, RoomNumber, RoomRole, UserId};
use crate::store::MemberList;

pub const ROUTES: &[Route] = &[
    Route::new(Method::POST, "/api/rooms/{roomId}/join", |requests, asker, fields| {
        Box::pin(join(requests, asker, fields))
    }),
    Route::new(Method::POST, "/api/rooms/{roomId}/leave", |requests, asker, fields| {
        Box::pin(quit(requests, asker, fields))
    })
    .event("quit-room"),
    Route::new(Method::GET, "/api/rooms/{roomId}/members", |requests, asker, fields| {
        Box::pin(members(requests, asker, fields))
    }),
    Route::new(Method::PUT, "/api/rooms/{roomId}/members/{userId}", |requests, asker, fields| {
        Box::pin(set_role(requests, asker, fields))
    })
    .event("set-role")
    .counts_as(Allowance::Moderation),
    Route::new(Method::DELETE, "/api/rooms/{roomId}/members/{userId}", |requests, asker, fields| {
        Box::pin(kick(requests, asker, fields))
    })
    .event("kick-member")
    .counts_as(Allowance::Moderation),
    Route::new(Method::PUT, "/api/rooms/{roomId}/invites/{userId}", |requests, asker, fields| {
        Box::pin(invite(requests, asker, fields))
    })
    .event("invite-member")
    .counts_as(Allowance::Contacts),
    Route::new(Method::DELETE, "/api/rooms/{roomId}/invites/{userId}", |requests, asker, fields| {
        Box::pin(act(requests, asker, fields, Act::WithdrawInvite))
    })
    .event("withdraw-invite"),
    Route::new(Method::GET, "/api/rooms/{roomId}/invites", |requests, asker, fields| {
        Box::pin(invites(requests, asker, fields))
    }),
    Route::new(Method::GET, "/api/me/invites", |requests, asker, fields| Box::pin(my_invites(requests, asker, fields))),
    Route::new(Method::GET, "/api/me/rooms", |requests, asker, fields| Box::pin(my_rooms(requests, asker, fields))),
    Route::new(Method::PUT, "/api/rooms/{roomId}/mutes/{userId}", |requests, asker, fields| {
        Box::pin(mute(requests, asker, fields))
    })
    .event("mute-member")
    .counts_as(Allowance::Moderation),
    Route::new(Method::DELETE, "/api/rooms/{roomId}/mutes/{userId}", |requests, asker, fields| {
        Box::pin(act(requests, asker, fields, Act::Unmute))
    })
    .event("unmute-member")
    .counts_as(Allowance::Moderation),
    Route::new(Method::PUT, "/api/rooms/{roomId}/bans/{userId}", |requests, asker, fields| {
        Box::pin(ban(requests, asker, fields))
    })
    .event("ban-member")
    .counts_as(Allowance::Moderation),
    Route::new(Method::DELETE, "/api/rooms/{roomId}/bans/{userId}", |requests, asker, fields| {
        Box::pin(act(requests, asker, fields, Act::Unban))
    })
    .event("unban-member")
    .counts_as(Allowance::Moderation),
    Route::new(Method::GET, "/api/rooms/{roomId}/bans", |requests, asker, fields| {
        Box::pin(barred(requests, asker, fields, false))
    }),
    Route::new(Method::GET, "/api/rooms/{roomId}/mutes", |requests, asker, fields| {
        Box::pin(barred(requests, asker, fields, true))
    }),
    Route::new(Method::PUT, "/api/rooms/{roomId}/read-marker", |requests, asker, fields| {
        Box::pin(move_marker(requests, asker, fields))
    })
    .event("move-read-marker"),
];

const LEAST_MUTE: i64 = 60;
const LONGEST_MUTE: i64 = 365 * 24 * 3600;

async fn join(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    asker.caller()?;
    let room = requests.chat().enter(asker.actor, &fields.room()?).await?;
    Ok(Reply::Shown(shown(requests, asker, &room.id.to_string()).await?))
}

async fn quit(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    requests.chat().quit(asker.caller()?, &fields.room()?, None).await?;
    Ok(Reply::Nothing)
}

const ROLES: &[(&str, RoomRole)] =
    &[("owner", RoomRole::Owner), ("moderator", RoomRole::Moderator), ("member", RoomRole::Member)];

async fn members(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let role = fields.word("role", ROLES);
    page(requests, asker, fields, MemberList::Members(role)).await
}

async fn barred(requests: &Requests, asker: &Asker, fields: &mut Fields, mutes: bool) -> Result<Reply, Failure> {
    page(requests, asker, fields, if mutes { MemberList::Muted } else { MemberList::Banned }).await
}

async fn page(requests: &Requests, asker: &Asker, fields: &mut Fields, list: MemberList) -> Result<Reply, Failure> {
    let caller = asker.caller()?;
    let reference = fields.room()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64, UserId)>()?;
    let chat = requests.chat();
    let found = chat.members(caller, &reference, list, after, limit + 1).await?;
    let row = |one: &Listed| match list {
        MemberList::Members(_) | MemberList::Invited => (one.row.membership.joined_at.0, wire::member(chat, one)),
        MemberList::Banned | MemberList::Muted => {
            (one.row.membership.set_at.map_or(0, |at| at.0), wire::barred(chat, one))
        }
    };
    let rows = found.iter().map(|one| {
        let (at, shape) = row(one);
        ((at, one.row.user), shape)
    });
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn set_role(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (reference, user) = (fields.room()?, fields.user()?);
    let role = fields.word("role", ROLES);
    if role.is_none() {
        fields.needed("role", None::<String>);
    }
    fields.check()?;
    let Some(role) = role else { return Err(Failure::Unreadable("a role is needed".into())) };
    let chat = requests.chat();
    let (_, changed) = chat.act(caller, &reference, user, Act::SetRole(role), None).await?;
    Ok(Reply::Shown(wire::changed_member(chat, &changed)))
}

/// What is answered by nothing.
async fn act(requests: &Requests, asker: &Asker, fields: &mut Fields, act: Act) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (reference, user) = (fields.room()?, fields.user()?);
    let reason = fields.reason();
    fields.check()?;
    requests.chat().act(caller, &reference, user, act, reason).await?;
    Ok(Reply::Nothing)
}

/// Of oneself it is leaving.
async fn kick(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    if fields.user()? != caller.user().id {
        return act(requests, asker, fields, Act::Kick).await;
    }
    let (reference, reason) = (fields.room()?, fields.reason());
    fields.check()?;
    requests.chat().quit(caller, &reference, reason).await?;
    Ok(Reply::Nothing)
}

async fn mute(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (reference, user) = (fields.room()?, fields.user()?);
    let seconds = fields.number("seconds", LEAST_MUTE, LONGEST_MUTE);
    let seconds = fields.needed("seconds", seconds);
    let reason = fields.reason();
    fields.check()?;
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let chat = requests.chat();
    let (who, changed) = chat.act(caller, &reference, user, Act::Mute { seconds }, reason).await?;
    Ok(Reply::Shown(json!({
        "user": wire::person(chat, &who),
        "mutedUntil": wire::iso(changed.now.muted_until),
        "version": changed.version,
    })))
}

async fn ban(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (reference, user) = (fields.room()?, fields.user()?);
    let reason = fields.reason();
    fields.check()?;
    let chat = requests.chat();
    let (who, changed) = chat.act(caller, &reference, user, Act::Ban, reason).await?;
    Ok(Reply::Shown(json!({
        "user": wire::person(chat, &who),
        "bannedAt": wire::iso(changed.now.set_at),
        "version": changed.version,
    })))
}

async fn invite(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let (reference, user) = (fields.room()?, fields.user()?);
    let chat = requests.chat();
    let (who, changed) = chat.act(caller, &reference, user, Act::Invite, None).await?;
    Ok(Reply::Shown(json!({
        "room": shown(requests, asker, &reference).await?,
        "user": wire::person(chat, &who),
        "by": wire::person(chat, &caller.author()),
        "invitedAt": wire::iso(changed.now.set_at.filter(|_| changed.now.state == MemberState::Invited)),
        "expiresAt": wire::iso(changed.now.expires_at),
    })))
}

async fn invites(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.caller()?;
    let reference = fields.room()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64, UserId)>()?;
    let chat = requests.chat();
    let found = chat.members(caller, &reference, MemberList::Invited, after, limit + 1).await?;
    let room = shown(requests, asker, &reference).await?;
    let rows =
        found.iter().map(|one| ((one.row.membership.joined_at.0, one.row.user), wire::invitation(chat, &room, one)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn my_invites(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64,)>()?.map_or(0, |(number,)| number);
    let chat = requests.chat();
    let found = chat.invitations(caller, RoomNumber(after), limit + 1).await?;
    let rows = found
        .iter()
        .map(|(record, one)| ((record.room.number.0,), wire::invitation(chat, &wire::record(chat, record), one)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

/// All that the asker is in, the main room first.
async fn my_rooms(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let limit = fields.limit();
    fields.check()?;
    let after = fields.after::<(i64,)>()?.map_or(0, |(number,)| number);
    let chat = requests.chat();
    let mut numbers: Vec<RoomNumber> = (after < RoomNumber::MAIN.0).then_some(RoomNumber::MAIN).into_iter().collect();
    let found = chat.places_of(caller, MemberState::Member, RoomNumber(after.max(1)), limit + 1).await?;
    numbers.extend(found.into_iter().map(|(number, _)| number));
    numbers.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
    let records = chat.records_numbered(caller, &numbers).await?;
    let rows = records.iter().map(|record| ((record.room.number.0,), wire::record(chat, record)));
    Ok(Reply::Shown(listed(rows.collect(), limit)))
}

async fn move_marker(requests: &Requests, asker: &Asker, fields: &mut Fields) -> Result<Reply, Failure> {
    let caller = asker.account()?;
    let reference = fields.room()?;
    let seq = fields.number("seq", 0, 1 << 53);
    let seq = fields.needed("seq", seq);
    fields.check()?;
    let chat = requests.chat();
    let (room, seq) = chat.move_marker(caller, &reference, seq).await?;
    let unread = chat.unread_in(caller, &room, seq).await?;
    Ok(Reply::Shown(json!({ "roomId": room.id, "seq": seq, "unread": unread })))
}
