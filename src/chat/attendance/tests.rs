use uuid::Uuid;

use super::followed::MOST_NAMED;
use super::sign::IDLE;
use super::*;
use crate::model::RoomKind;

/// People who are here, at a time of ours.
struct Stage {
    time: Arc<AtomicI64>,
    attendance: Arc<Attendance>,
}

fn person(number: usize) -> UserId {
    Uuid::from_u128(number as u128)
}

fn author(number: usize) -> Arc<Author> {
    Arc::new(Author { name: format!("Person {number:05}"), ..Author::nameless(person(number)) })
}

fn room(number: i64) -> Arc<Room> {
    Arc::new(Room {
        number: RoomNumber(number),
        id: Uuid::from_u128(7_000_000 + number as u128),
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

const GARDEN: RoomNumber = RoomNumber(2);

impl Stage {
    fn new() -> Stage {
        let time = Arc::new(AtomicI64::new(1_000_000 * SECOND));
        Stage { attendance: Attendance::new(Clock::Fixed(time.clone())), time }
    }

    fn pass(&self, micros: i64) {
        self.time.fetch_add(micros, Ordering::Relaxed);
    }

    fn now(&self) -> Micros {
        Micros(self.time.load(Ordering::Relaxed))
    }

    fn seat(&self, number: usize) -> Seat {
        self.attendance.came(Actor::User(person(number))).unwrap()
    }

    /// Reads who newcomers are; they are members of the garden by these numbers.
    fn get_acquainted(&self, members: &[usize]) {
        let Some(asked) = self.attendance.questions() else { return };
        let number = |id: &UserId| id.as_u128() as usize;
        self.attendance.name(asked.newcomers.iter().map(|id| (*id, author(number(id)))).collect());
        let members = members.iter().map(|number| (GARDEN, person(*number))).collect();
        self.attendance.place(&asked, members);
    }

    fn names(&self, room: RoomNumber) -> Vec<usize> {
        let (online, people) = self.attendance.page(room, None, 1000).unwrap();
        assert_eq!(online, people.len());
        people.iter().map(|attendee| attendee.who.id.as_u128() as usize).collect()
    }

    /// What is told within the next seconds, as (who, how) by name.
    fn told(&self) -> Vec<(usize, Presence)> {
        self.pass(2 * SECOND);
        let changed = self.attendance.due();
        assert!(changed.len() <= 1 && changed.iter().all(|changed| changed.complete));
        let changes = changed.into_iter().flat_map(|changed| changed.changes);
        changes.map(|change| (change.who.id.as_u128() as usize, change.now)).collect()
    }
}

#[test]
fn a_person_is_told_once_however_many_connections() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    let first = stage.seat(1);
    stage.get_acquainted(&[]);
    assert_eq!(stage.told(), [(1, Presence::Online)]);
    let second = stage.seat(1);
    stage.get_acquainted(&[]);
    assert_eq!(stage.told(), []);
    drop(first);
    assert_eq!((stage.told(), stage.attendance.presence(person(1))), (vec![], Presence::Online));
    drop(second);
    assert_eq!(stage.told(), [(1, Presence::Offline)]);
    assert_eq!(stage.attendance.presence(person(1)), Presence::Offline);
    // Two seconds ago, whatever was read of the account before.
    let known = Author { last_seen: Some(Micros(5)), ..(*author(1)).clone() };
    assert_eq!(stage.attendance.last_seen(&known), Some(Micros(stage.now().0 - 2 * SECOND)));
}

#[test]
fn who_comes_back_within_the_second_was_not_gone() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    let seat = stage.seat(1);
    stage.get_acquainted(&[]);
    stage.told();
    drop(seat);
    let seat = stage.seat(1);
    stage.get_acquainted(&[]);
    assert_eq!(stage.told(), []);
    drop(seat);
    drop(stage.seat(2));
    assert_eq!(stage.told(), [(1, Presence::Offline)], "who was never named is not told of");
}

#[test]
fn whoever_was_shown_what_was_between_hears_what_came_of_it() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    let seat = stage.seat(1);
    stage.get_acquainted(&[]);
    assert_eq!(stage.names(RoomNumber::MAIN), [1]);
    drop(seat);
    assert_eq!(stage.told(), [(1, Presence::Offline)]);
}

#[test]
fn away_by_word_until_one_speaks() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    let (one, other) = (stage.seat(1), stage.seat(1));
    stage.get_acquainted(&[]);
    stage.told();
    assert_eq!(one.says(Presence::Away), Presence::Online, "the other connection is online");
    assert_eq!(other.says(Presence::Away), Presence::Away);
    assert_eq!(stage.told(), [(1, Presence::Away)]);
    one.noticed(false);
    assert_eq!(stage.attendance.presence(person(1)), Presence::Away, "it only asked");
    one.noticed(true);
    assert_eq!(stage.told(), [(1, Presence::Online)]);
    assert_eq!(one.says(Presence::Away), Presence::Away);
    assert_eq!(one.says(Presence::Online), Presence::Online);
    assert_eq!(stage.told(), []);
}

#[test]
fn away_by_silence_until_the_next_event() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    let (one, other) = (stage.seat(1), stage.seat(1));
    stage.get_acquainted(&[]);
    stage.told();
    stage.pass(IDLE - 60 * SECOND);
    one.noticed(false);
    stage.pass(60 * SECOND);
    assert_eq!(stage.told(), [], "one of them said something a minute ago");
    stage.pass(IDLE);
    // The look at everybody makes the change, and it is told a second later.
    stage.attendance.due();
    assert_eq!(stage.told(), [(1, Presence::Away)]);
    other.noticed(false);
    assert_eq!(stage.told(), [(1, Presence::Online)]);
}

#[test]
fn a_rush_is_one_notice_that_names_a_hundred() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    let seats: Vec<_> = (0..10_000).map(|number| stage.seat(number)).collect();
    stage.get_acquainted(&[]);
    assert!(stage.attendance.due().is_empty(), "not before a second is over");
    stage.pass(SECOND);
    let told = stage.attendance.due();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].online, told[0].changes.len(), told[0].complete), (10_000, MOST_NAMED, false));
    stage.pass(SECOND);
    assert!(stage.attendance.due().is_empty());
    drop(seats);
    stage.pass(SECOND);
    let told = stage.attendance.due();
    assert_eq!((told[0].online, told[0].changes.len(), told[0].complete), (0, MOST_NAMED, false));
}

#[test]
fn the_more_watch_the_later_they_are_told() {
    let stage = Stage::new();
    let watches: Vec<_> = (0..2500).map(|_| stage.attendance.watch(room(1))).collect();
    let _seat = stage.seat(1);
    stage.get_acquainted(&[]);
    stage.pass(3 * SECOND - 1);
    assert!(stage.attendance.due().is_empty());
    stage.pass(1);
    assert_eq!(stage.attendance.due().len(), 1);
    drop(watches);
    let _other = stage.seat(2);
    stage.get_acquainted(&[]);
    assert_eq!(stage.told(), [], "nobody watches any more");
}

#[test]
fn a_room_has_those_of_its_members_who_are_here() {
    let stage = Stage::new();
    let _seats = [stage.seat(1), stage.seat(2), stage.seat(3)];
    stage.get_acquainted(&[]);
    let _watch = stage.attendance.watch(room(2));
    assert!(stage.attendance.page(GARDEN, None, 10).is_none(), "not read yet");
    stage.get_acquainted(&[1, 3]);
    assert_eq!((stage.names(GARDEN), stage.names(RoomNumber::MAIN)), (vec![1, 3], vec![1, 2, 3]));
    assert_eq!(stage.told(), [], "they stand in the first list");
    stage.attendance.belongs(GARDEN, person(2), true);
    stage.attendance.belongs(GARDEN, person(1), false);
    stage.attendance.belongs(GARDEN, person(9), true);
    assert_eq!(stage.told(), [(1, Presence::Offline), (2, Presence::Online)]);
    let _newcomers = [stage.seat(9), stage.seat(8)];
    stage.get_acquainted(&[9]);
    assert_eq!(stage.names(GARDEN), [2, 3, 9]);
    let page = stage.attendance.page(GARDEN, Some(("Person 00002".into(), person(2))), 1).unwrap();
    assert_eq!((page.0, page.1[0].who.id), (3, person(3)));
}

#[test]
fn what_happens_while_it_is_read_counts_more() {
    let stage = Stage::new();
    let _seats = [stage.seat(1), stage.seat(2), stage.seat(3)];
    stage.attendance.follow(GARDEN);
    let asked = stage.attendance.questions().unwrap();
    stage.attendance.belongs(GARDEN, person(1), false);
    stage.attendance.belongs(GARDEN, person(2), true);
    stage.attendance.name((1..=3).map(|number| (person(number), author(number))).collect());
    stage.attendance.place(&asked, vec![(GARDEN, person(1)), (GARDEN, person(3))]);
    assert_eq!(stage.names(GARDEN), [2, 3]);
}

#[test]
fn what_could_not_be_read_is_asked_again() {
    let stage = Stage::new();
    let _seats = [stage.seat(1), stage.seat(2)];
    let asked = stage.attendance.questions().unwrap();
    assert_eq!(asked.newcomers.len(), 2);
    stage.attendance.name(HashMap::from([(person(1), author(1))]));
    stage.attendance.give_up(&asked.newcomers);
    assert_eq!(stage.names(RoomNumber::MAIN), [1], "who is known is here");
    assert!(!stage.attendance.should_read(), "not at once");
    stage.pass(SECOND);
    assert!(stage.attendance.should_read());
    stage.get_acquainted(&[]);
    assert_eq!(stage.names(RoomNumber::MAIN), [1, 2]);
    assert!(stage.attendance.questions().is_none());
}

#[test]
fn no_account_is_in_no_list() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(1));
    assert!(stage.attendance.came(Actor::Anonymous).is_none());
    let _seat = stage.attendance.came(Actor::Claimed(person(1)));
    let asked = stage.attendance.questions().unwrap();
    stage.attendance.name(HashMap::new());
    stage.attendance.place(&asked, Vec::new());
    assert!(stage.attendance.questions().is_none());
    assert_eq!((stage.names(RoomNumber::MAIN), stage.told()), (vec![], vec![]));
}

#[test]
fn lists_follow_names() {
    let stage = Stage::new();
    let _seats = [stage.seat(1), stage.seat(2)];
    stage.get_acquainted(&[]);
    stage.attendance.renamed(person(1));
    stage.attendance.renamed(person(7));
    let asked = stage.attendance.questions().unwrap();
    assert_eq!(asked.newcomers, [person(1)]);
    let zoe = Author { name: "Zoe".into(), ..(*author(1)).clone() };
    stage.attendance.name(HashMap::from([(person(1), Arc::new(zoe))]));
    stage.attendance.place(&asked, Vec::new());
    assert_eq!(stage.names(RoomNumber::MAIN), [2, 1]);
}

#[test]
fn who_changes_her_name_while_it_is_read_is_read_again() {
    let stage = Stage::new();
    let (_seat, other) = (stage.seat(1), stage.seat(2));
    let asked = stage.attendance.questions().unwrap();
    stage.attendance.renamed(person(1));
    drop(other);
    stage.attendance.name(HashMap::from([(person(1), author(1))]));
    stage.attendance.place(&asked, Vec::new());
    assert_eq!(stage.attendance.questions().unwrap().newcomers, [person(1)]);
    stage.attendance.give_up(&[person(1), person(2)]);
    assert_eq!(stage.attendance.questions().unwrap().newcomers, [person(1)], "who has gone is asked about no more");
    stage.attendance.place(&Questions::default(), Vec::new());
    assert!(stage.attendance.questions().is_none());
}

#[test]
fn whoever_asks_waits_for_those_who_are_being_read() {
    let stage = Stage::new();
    let _seat = stage.seat(1);
    let asked = stage.attendance.questions().unwrap();
    assert!(stage.attendance.has_questions(), "it is not known yet that she is here");
    stage.attendance.name(HashMap::from([(person(1), author(1))]));
    stage.attendance.place(&asked, Vec::new());
    assert!(!stage.attendance.has_questions());
}

#[test]
fn a_guest_is_in_the_rooms_that_they_hear() {
    let stage = Stage::new();
    let _watch = stage.attendance.watch(room(2));
    let (one, other) = (Actor::Guest(person(1)), Actor::Guest(person(2)));
    let (seat, late) = (stage.attendance.came(one).unwrap(), stage.attendance.came(other).unwrap());
    seat.hears(GARDEN, true);
    stage.get_acquainted(&[]);
    late.hears(GARDEN, true);
    assert_eq!(stage.names(GARDEN), [1, 2]);
    seat.hears(GARDEN, false);
    assert_eq!(stage.names(GARDEN), [2]);
    let account = stage.seat(3);
    stage.get_acquainted(&[]);
    account.hears(GARDEN, true);
    assert_eq!(stage.names(GARDEN), [2], "accounts are in by their membership");
}

#[test]
fn rooms_are_forgotten_when_nobody_asks_any_more() {
    let stage = Stage::new();
    let seat = stage.seat(1);
    let watch = stage.attendance.watch(room(2));
    stage.get_acquainted(&[1]);
    stage.pass(1000 * SECOND);
    stage.attendance.due();
    assert_eq!(stage.names(GARDEN), [1]);
    drop(watch);
    stage.pass(30 * SECOND);
    stage.attendance.due();
    assert_eq!(stage.names(GARDEN), [1], "somebody may ask for the next page");
    stage.pass(31 * SECOND);
    stage.attendance.due();
    assert!(stage.attendance.page(GARDEN, None, 1).is_none());
    stage.attendance.follow(GARDEN);
    stage.get_acquainted(&[1]);
    assert_eq!(stage.names(GARDEN), [1]);
    drop(seat);
    assert_eq!(stage.names(GARDEN), [0; 0]);
}

#[test]
fn who_was_seen_is_stored_together_and_again_every_ten_minutes() {
    let stage = Stage::new();
    let ids = |seen: Vec<Seen>| {
        let mut ids: Vec<_> = seen.into_iter().map(|seen| (seen.id.as_u128(), seen.at)).collect();
        ids.sort();
        ids
    };
    let (came, _one, other) = (stage.now(), stage.seat(1), stage.seat(2));
    assert!(stage.attendance.to_save().is_empty());
    stage.pass(SECOND);
    let first = stage.attendance.to_save();
    assert_eq!(ids(first.clone()), [(1, came), (2, came)]);
    let _again = stage.seat(1);
    drop(other);
    let went = stage.now();
    stage.attendance.could_not_save(first);
    stage.pass(SECOND);
    assert_eq!(ids(stage.attendance.to_save()), [(1, came), (2, went)], "the newer one counts");
    stage.pass(SAVE_ALL);
    assert_eq!(ids(stage.attendance.to_save()), [(1, stage.now())]);
    stage.pass(SECOND);
    assert!(stage.attendance.to_save().is_empty());
}
