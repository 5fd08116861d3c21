//! One set of stories through every dialect, on both databases: in each there is somebody in the same room,
//! so that every story is told between each two of them as well.

mod dialects;
mod seat;
mod socketio;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::program::unlimited;
use super::harness::{BOTH, On, Person, Program, Server, Settings};
use dialects::{Dialect, EVERY, Heard, Line, Place};
use seat::Seat;

struct Stage {
    program: Program,
    server: Server,
    place: Arc<Place>,
    /// Whose room it is, and who sits nowhere.
    owner: Person,
    people: Vec<Arc<Person>>,
}

impl Stage {
    /// A room, and one person for each dialect, who is called as it is.
    async fn set(database: On, settings: Settings<'_>) -> Stage {
        let program = Program::on(database, &unlimited(settings));
        let server = program.serve().await;
        let owner = Person::new(&program, &server, "owner");
        let room = owner.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern" })).await["id"].clone();
        let names = EVERY.iter().flat_map(|dialect| [dialect.name().to_owned(), format!("new-{}", dialect.name())]);
        let people: Vec<_> = names.map(|name| Arc::new(Person::new(&program, &server, &name))).collect();
        let named = people.iter().map(|person| (person.id().to_owned(), person.account.userid.clone()));
        let number = &program.sql("SELECT number FROM chat_rooms WHERE slug = 'tavern'")[0];
        let place = Place {
            id: room.as_str().unwrap().to_owned(),
            slug: "tavern".into(),
            number: number.parse().unwrap(),
            people: named.chain([(owner.id().to_owned(), "owner".to_owned())]).collect::<HashMap<_, _>>(),
        };
        Stage { place: Arc::new(place), program, server, owner, people }
    }

    async fn after_a_crash(self) -> Stage {
        let port = self.server.url.rsplit(':').next().unwrap().parse().unwrap();
        self.server.kill();
        Stage { server: self.program.serve_on(port).await, ..self }
    }

    fn person(&self, name: &str) -> &Arc<Person> {
        self.people.iter().find(|person| person.account.userid == name).unwrap()
    }

    async fn seat(&self, dialect: Dialect, name: &str) -> Seat {
        Seat::take(&self.server, dialect, self.person(name), &self.place).await
    }

    async fn seats(&self) -> Vec<Seat> {
        let mut seats = Vec::new();
        for dialect in EVERY {
            seats.push(self.seat(dialect, dialect.name()).await);
        }
        seats
    }

    async fn moderate(&self, method: &str, what: &str, who: &Seat, body: Value) {
        let path = format!("/api/rooms/{}/{what}/{}", self.place.id, who.person.id());
        self.owner.rest(method, &path, body).await;
    }

    async fn owner_says(&self, text: &str) -> Line {
        let path = format!("/api/rooms/{}/messages", self.place.id);
        let said = self.owner.rest("POST", &path, json!({ "content": text })).await;
        Line { seq: said["seq"].as_i64().unwrap(), author: "owner".into(), text: text.to_owned() }
    }
}

async fn all_hear(seats: &mut [Seat], line: &Line) {
    for seat in seats {
        assert_eq!(seat.said().await, *line, "{:?}", seat.dialect);
    }
}

async fn all_read(seats: &mut [Seat], lines: &[Line]) {
    for seat in seats {
        assert_eq!(seat.history().await, lines, "{:?}", seat.dialect);
    }
}

/// Each says something; all hear it under the same number.
async fn each_says_something(seats: &mut [Seat], about: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for speaker in 0..seats.len() {
        let text = format!("{about}, by {}", seats[speaker].dialect.name());
        let seq = seats[speaker].say(&text).await.unwrap();
        let line = Line { seq, author: seats[speaker].person.account.userid.clone(), text };
        all_hear(seats, &line).await;
        lines.push(line);
    }
    lines
}

#[tokio::test]
async fn what_one_says_all_hear_and_read_under_the_same_number() {
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        let mut lines = each_says_something(&mut seats, "hello").await;
        lines.extend(each_says_something(&mut seats, "and again, 😀 \"<b>\\ \u{5D0}").await);
        let numbers: Vec<i64> = lines.iter().map(|line| line.seq).collect();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>(), "{database:?}");
        all_read(&mut seats, &lines).await;
    }
}

#[tokio::test]
async fn who_speaks_at_the_same_time_is_heard_in_one_order() {
    const EACH: i64 = 30;
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        let speaking = seats.iter_mut().map(async |seat| {
            for number in 0..EACH {
                seat.say(&format!("{number}")).await.unwrap();
            }
        });
        futures_util::future::join_all(speaking).await;
        let mut orders = Vec::new();
        for seat in &mut seats {
            let mut lines = Vec::new();
            while lines.len() < EVERY.len() * usize::try_from(EACH).unwrap() {
                lines.push(seat.said().await);
            }
            let numbers: Vec<i64> = lines.iter().map(|line| line.seq).collect();
            assert_eq!(numbers, (1..=lines.len() as i64).collect::<Vec<_>>(), "{:?}", seat.dialect);
            orders.push(lines);
        }
        assert!(orders.iter().all(|order| *order == orders[0]), "{database:?}");
        for dialect in EVERY {
            let theirs = orders[0].iter().filter(|line| line.author == dialect.name());
            let texts: Vec<i64> = theirs.map(|line| line.text.parse().unwrap()).collect();
            assert_eq!(texts, (0..EACH).collect::<Vec<_>>(), "{dialect:?} was heard as it spoke");
        }
    }
}

#[tokio::test]
async fn what_one_changes_is_changed_for_all() {
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        let mut lines = each_says_something(&mut seats, "first").await;
        for author in 0..seats.len() {
            let edited = Line { text: format!("edited by {}", seats[author].dialect.name()), ..lines[author].clone() };
            seats[author].edit(&lines[author], &edited.text).await.unwrap();
            for seat in seats.iter_mut().filter(|seat| seat.dialect.tells_changes()) {
                seat.hears(&Heard::Edited(edited.clone())).await;
            }
            lines[author] = edited;
        }
        all_read(&mut seats, &lines).await;
        for author in (0..seats.len()).rev().step_by(2) {
            let gone = lines.remove(author);
            seats[author].delete(gone.seq).await.unwrap();
            for seat in seats.iter_mut().filter(|seat| seat.dialect.tells_changes()) {
                seat.hears(&Heard::Deleted(gone.seq)).await;
            }
        }
        all_read(&mut seats, &lines).await;
    }
}

#[tokio::test]
async fn who_types_is_seen_and_so_is_that_they_stopped() {
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        // Last those whose flag ends by itself, which takes a while.
        for typist in [Dialect::Community, Dialect::Rooms, Dialect::Lobby, Dialect::Channels] {
            let at = EVERY.iter().position(|dialect| *dialect == typist).unwrap();
            for on in [true, false] {
                seats[at].types(on).await;
                for (place, seat) in seats.iter_mut().enumerate() {
                    let is_told = if on { seat.dialect.tells_typing() } else { seat.dialect.tells_end_of_typing() };
                    if place != at && is_told {
                        seat.typing.retain(|who| on != (who == typist.name()));
                        while seat.typing.contains(typist.name()) != on {
                            assert!(matches!(seat.hear().await, Heard::Typing | Heard::Came(_)), "{typist:?}");
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn who_comes_and_goes_is_told_once() {
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        seats.retain(|seat| seat.dialect.tells_who_comes());
        let mut moves: Vec<Vec<Heard>> = vec![Vec::new(); seats.len()];
        for dialect in EVERY {
            let name = format!("new-{}", dialect.name());
            let (came, went) = (Heard::Came(name.clone()), Heard::Went(name.clone()));
            let first = stage.seat(dialect, &name).await;
            for (seat, moves) in seats.iter_mut().zip(&mut moves) {
                moves.extend(seat.moves_until(&came).await);
            }
            let second = stage.seat(dialect, &name).await;
            // Comings are told four times a second: what should not be told would be by then.
            tokio::time::sleep(Duration::from_millis(500)).await;
            first.leave().await;
            let line = Heard::Said(stage.owner_says("still here").await);
            for (seat, moves) in seats.iter_mut().zip(&mut moves) {
                moves.extend(seat.moves_until(&line).await);
            }
            second.leave().await;
            for (seat, moves) in seats.iter_mut().zip(&mut moves) {
                moves.extend(seat.moves_until(&went).await);
            }
        }
        let names = EVERY.map(|dialect| format!("new-{}", dialect.name()));
        let expected: Vec<Heard> =
            names.into_iter().flat_map(|who| [Heard::Came(who.clone()), Heard::Went(who)]).collect();
        for (seat, moves) in seats.iter().zip(moves) {
            assert_eq!(moves, expected, "{:?}", seat.dialect);
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_said_to_the_sender_alone() {
    for database in BOTH {
        let stage = Stage::set(database, &[("CONTENT_FILTER", "reject")]).await;
        let mut seats = stage.seats().await;
        for (text, words) in [
            ("  \n ".to_owned(), ["empty", "empty"]),
            ("x".repeat(5001), ["too long", "exceed"]),
            ("what a fucking mess".to_owned(), ["inappropriate", "inappropriate"]),
        ] {
            for seat in &mut seats {
                let refused = seat.say(&text).await.unwrap_err();
                let is_named = words.iter().any(|word| refused.contains(word));
                assert!(is_named, "{:?} says {refused:?} of {:?}", seat.dialect, &text[..text.len().min(20)]);
            }
        }
        let lines = each_says_something(&mut seats, "fine").await;
        assert_eq!(lines[0].seq, 1, "nothing was stored of it, and nothing heard");
        for meddler in 0..seats.len() {
            let of_another = &lines[(meddler + 1) % lines.len()];
            seats[meddler].edit(of_another, "meddled").await.unwrap_err();
            seats[meddler].delete(of_another.seq).await.unwrap_err();
        }
        all_read(&mut seats, &lines).await;
    }
}

#[tokio::test]
async fn a_pace_is_one_persons_in_all_dialects_together() {
    for database in BOTH {
        let pace = [("RATE_LIMIT_MESSAGES_PER_MINUTE", "5"), ("CHANNELS_RATE_LIMIT_MESSAGES_PER_MINUTE", "5")];
        let stage = Stage::set(database, &pace).await;
        let mut seats = Vec::new();
        for dialect in EVERY {
            seats.push(stage.seat(dialect, "community").await);
        }
        each_says_something(&mut seats, "one of five").await;
        for seat in &mut seats {
            let refused = seat.say("one too many").await.unwrap_err().to_lowercase();
            let is_named = ["slow down", "too fast", "too many"].iter().any(|word| refused.contains(word));
            assert!(is_named, "{:?}: {refused}", seat.dialect);
        }
        let mut another = stage.seat(Dialect::Rooms, "rooms").await;
        assert_eq!(another.say("my own pace").await, Ok(6), "{database:?}");
    }
}

#[tokio::test]
async fn who_is_muted_is_silent_and_who_is_banned_is_out_in_every_dialect() {
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        for seat in &mut seats {
            stage.moderate("PUT", "mutes", seat, json!({ "seconds": 600 })).await;
            let refused = seat.say("mmh").await.unwrap_err();
            assert!(!refused.is_empty(), "{:?}", seat.dialect);
            stage.moderate("DELETE", "mutes", seat, Value::Null).await;
        }
        let lines = each_says_something(&mut seats, "again").await;
        assert_eq!(lines[0].seq, 1);

        let mut witness = stage.seat(Dialect::Lobby, "new-lobby").await;
        for seat in &mut seats {
            stage.moderate("PUT", "bans", seat, json!({ "reason": "Brawling" })).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let heard_by_others = stage.owner_says("they are gone").await;
        assert_eq!(witness.said().await, heard_by_others);
        for seat in &mut seats {
            assert!(seat.is_out_before(&heard_by_others).await, "{:?}", seat.dialect);
        }
    }
}

#[tokio::test]
async fn who_reads_too_slowly_is_closed_and_finds_everything_when_they_are_back() {
    for database in BOTH {
        let stage = Stage::set(database, &[("SLOW_READER_BYTES", "100000")]).await;
        let slow = stage.seats().await;
        let (mut speaker, mut fast) =
            (stage.seat(Dialect::PubSub, "new-pubsub").await, stage.seat(Dialect::Lobby, "new-lobby").await);
        let mut last = 0;
        let closed = || stage.server.logged().matches("slow_reader").count();
        let text = "x".repeat(4000);
        while closed() < slow.len() {
            assert!(last < 10_000, "only {} of {} were closed", closed(), slow.len());
            for _ in 0..50 {
                let seq = speaker.say(&text).await.unwrap();
                assert_eq!(speaker.said().await.seq, seq);
                let heard = fast.said().await;
                assert_eq!((heard.seq, seq), (last + 1, last + 1), "the others do not notice");
                last = seq;
            }
        }
        for mut seat in slow {
            seat.is_closed().await;
            let mut back = stage.seat(seat.dialect, seat.dialect.name()).await;
            let missed = back.missed(last - 80).await;
            let numbers: Vec<i64> = missed.iter().map(|line| line.seq).collect();
            assert_eq!(numbers, (last - 79..=last).collect::<Vec<_>>(), "{:?}", seat.dialect);
            last = speaker.say(&format!("welcome back, {:?}", seat.dialect)).await.unwrap();
            assert_eq!(back.said().await.seq, last, "{:?}", seat.dialect);
        }
    }
}

#[tokio::test]
async fn who_comes_back_after_a_crash_finds_what_was_said_meanwhile() {
    for database in BOTH {
        let stage = Stage::set(database, &[]).await;
        let mut seats = stage.seats().await;
        let mut lines = each_says_something(&mut seats, "before").await;
        let seen = lines.last().unwrap().seq;
        let on_its_way = seats[0].say("just before").await.unwrap();
        lines.push(Line { seq: on_its_way, author: "community".into(), text: "just before".into() });
        let stage = stage.after_a_crash().await;
        for seat in &mut seats {
            seat.is_closed().await;
        }
        lines.push(stage.owner_says("meanwhile").await);
        let mut seats = stage.seats().await;
        let missed: Vec<Line> = lines.iter().filter(|line| line.seq > seen).cloned().collect();
        for seat in &mut seats {
            assert_eq!(seat.missed(seen).await, missed, "{:?}", seat.dialect);
        }
        lines.extend(each_says_something(&mut seats, "after").await);
        all_read(&mut seats, &lines).await;
    }
}
