use uuid::Uuid;

use super::*;

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
