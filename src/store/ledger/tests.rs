use uuid::Uuid;

use super::super::deeds::Deed;
use super::*;
use crate::model::{Room, RoomKind};

fn ledger() -> Ledger {
    let state = RoomState {
        id: Uuid::nil(),
        last_seq: 7,
        last_rev: 9,
        last_at: 500,
        visible: 3,
        members: 0,
        version: 0,
        pair: None,
        is_open: true,
        is_archived: false,
    };
    Ledger::new(Micros(100), BTreeMap::from([(RoomNumber::MAIN, state)]), Vec::new())
}

fn author() -> Arc<Author> {
    Arc::new(Author { userid: "ann".into(), name: "Ann".into(), ..Author::nameless(Uuid::nil()) })
}

fn create(text: &str, offset: Option<&str>) -> Command {
    Command::Create(Draft {
        id: Uuid::new_v4(),
        room: RoomNumber::MAIN,
        author: author(),
        kind: MessageKind::Text,
        text: text.into(),
        client_offset: offset.map(Into::into),
        character: None,
        upload: None,
        unsilenced: false,
    })
}

fn message(done: Done) -> Arc<Posted> {
    match done {
        Done::Message(posted) => posted,
        Done::Member(changed) => panic!("{changed:?}"),
    }
}

#[test]
fn numbers_without_gap_and_times_that_rise_even_when_the_clock_went_back() {
    let mut ledger = ledger();
    let sent: Vec<_> = (0..3)
        .filter_map(|_| ledger.settle(create("hi", None)).ok())
        .map(|(done, _)| message(done).message.clone())
        .collect();
    assert_eq!(
        sent.iter().map(|message| (message.seq, message.rev, message.created_at.0)).collect::<Vec<_>>(),
        [(8, 10, 501), (9, 11, 502), (10, 12, 503)]
    );
    assert_eq!(ledger.rooms[&RoomNumber::MAIN].visible, 6);
}

#[test]
fn a_repeat_in_the_same_batch_is_the_first_message_and_announced_once() {
    let mut ledger = ledger();
    let (first, told) = ledger.settle(create("one", Some("a"))).unwrap();
    let (again, told_again) = ledger.settle(create("two", Some("a"))).unwrap();
    assert_eq!(message(first), message(again));
    assert!(told.is_some() && told_again.is_none());
    assert_eq!(ledger.rooms[&RoomNumber::MAIN].last_seq, 8);
}

#[test]
fn a_deleted_message_cannot_be_edited_and_is_deleted_once() {
    let mut ledger = ledger();
    let (posted, _) = ledger.settle(create("one", None)).unwrap();
    let id = message(posted).message.id;
    let delete = Command::Delete { id, room: RoomNumber::MAIN, author: author(), moderation: None };
    assert!(ledger.settle(delete.clone()).unwrap().1.is_some());
    assert!(ledger.settle(delete).unwrap().1.is_none());
    let edit = Command::Edit { id, room: RoomNumber::MAIN, author: author(), text: "new".into(), moderation: None };
    assert_eq!(ledger.settle(edit).unwrap_err(), CommandRefusal::MessageNotFound);
    assert_eq!((ledger.rooms[&RoomNumber::MAIN].visible, ledger.rooms[&RoomNumber::MAIN].last_rev), (3, 11));
}

fn garden() -> Arc<Room> {
    Arc::new(Room {
        number: RoomNumber(2),
        id: Uuid::nil(),
        slug: "garden".into(),
        name: "Garden".into(),
        description: String::new(),
        kind: RoomKind::Public,
        created_by: None,
        created_at: Micros(0),
        updated_at: Micros(0),
        archived_at: None,
        slow_mode_seconds: 0,
        pair: None,
    })
}

/// In a room that was public when it was asked for.
fn in_garden(is_open: bool, is_archived: bool) -> Ledger {
    let mut ledger = ledger();
    let state = ledger.rooms.remove(&RoomNumber::MAIN).unwrap();
    ledger.rooms.insert(RoomNumber(2), RoomState { is_open, is_archived, ..state });
    ledger
}

fn deed(who: u128, deed: Deed, reason: Option<&str>) -> MemberCommand {
    MemberCommand {
        room: garden(),
        who: Arc::new(Author::nameless(Uuid::from_u128(who))),
        who_is_admin: false,
        by: Some(Uuid::nil()),
        over: None,
        deed,
        reason: reason.map(Into::into),
    }
}

#[test]
fn a_room_that_was_closed_meanwhile_lets_nobody_in() {
    let join = |ledger: &mut Ledger, who_is_admin: bool| {
        ledger.settle(Command::Member(MemberCommand { who_is_admin, ..deed(1, Deed::Join, None) })).map(|_| ())
    };
    assert_eq!(join(&mut in_garden(true, false), false), Ok(()));
    assert_eq!(join(&mut in_garden(true, true), false), Err(CommandRefusal::Archived));
    assert_eq!(join(&mut in_garden(false, true), false), Err(CommandRefusal::RoomNotFound));
    assert_eq!(join(&mut in_garden(false, false), true), Ok(()));
    let invite = Command::Member(deed(1, Deed::Invite { expires_at: Micros(200) }, None));
    let mut by_invitation = in_garden(false, false);
    assert!(by_invitation.settle(invite.clone()).is_ok());
    assert_eq!(join(&mut by_invitation, false), Ok(()));
    assert_eq!(in_garden(false, true).settle(invite).unwrap_err(), CommandRefusal::Archived);
}

#[test]
fn a_room_that_was_closed_meanwhile_lets_nobody_speak() {
    let say = |guest: bool, unsilenced: bool| match create("hi", None) {
        Command::Create(draft) => Command::Create(Draft {
            room: RoomNumber(2),
            author: Arc::new(Author { guest, ..Author::nameless(Uuid::nil()) }),
            unsilenced,
            ..draft
        }),
        other => other,
    };
    let mut ledger = in_garden(true, false);
    let id = message(ledger.settle(say(true, false)).unwrap().0).message.id;
    let edit = Command::Edit { id, room: RoomNumber(2), author: author(), text: "x".into(), moderation: None };
    ledger.rooms.get_mut(&RoomNumber(2)).unwrap().is_open = false;
    for said in [say(true, false), edit.clone()] {
        assert_eq!(ledger.settle(said).unwrap_err(), CommandRefusal::RoomNotFound, "guests are no members");
    }
    assert!(ledger.settle(say(false, false)).is_ok());
    ledger.rooms.get_mut(&RoomNumber(2)).unwrap().is_archived = true;
    let moderation = Some(Moderation { by: Uuid::nil(), reason: None });
    let by_admin = Command::Edit { id, room: RoomNumber(2), author: author(), text: "x".into(), moderation };
    for said in [say(false, false), say(false, true), by_admin] {
        assert_eq!(ledger.settle(said).unwrap_err(), CommandRefusal::Archived);
    }
    let delete = Command::Delete { id, room: RoomNumber(2), author: author(), moderation: None };
    assert!(ledger.settle(delete).is_ok());
}

#[test]
fn why_somebody_was_silenced_outlasts_what_they_do_in_the_same_batch() {
    let mut ledger = in_garden(true, false);
    let place = (RoomNumber(2), Uuid::from_u128(1));
    for (deed_done, reason, stands) in [
        (Deed::Join, None, None),
        (Deed::Mute { seconds: 60 }, Some("Shouting"), Some("Shouting")),
        (Deed::Leave, None, Some("Shouting")),
        (Deed::Ban, None, None),
    ] {
        ledger.settle(Command::Member(deed(1, deed_done, reason))).unwrap();
        assert_eq!(ledger.touched[&place].reason.as_deref(), stands, "{deed_done:?}");
    }
    assert_eq!(ledger.touched[&place].membership.set_by, Some(Uuid::nil()));
}
