//! Everything goes wrong while many talk: afterwards nothing is lost, nothing stands twice, and everybody
//! has seen the same. A short plan unless one says `TORTURE_SECONDS` and `TORTURE_EVERY` (seconds between
//! faults), as `make torture` does. A run prints its seed; `TORTURE_SEED` plans it again.

mod plan;
mod talker;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use self::plan::Plan;
use self::talker::{Manner, Phase, Talker};
use super::harness::follower::fresh_history;
use super::harness::program::NO_LIMITS;
use super::harness::{Follower, On, Postgres, Program, Socket, Transport, eventually, free_port};
use super::slow_readers::held_by;

const TALKERS: usize = 24;
/// After the last fault, for everybody to be answered and to catch up.
const AFTERMATH: Duration = Duration::from_secs(90);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn seconds(name: &str, default: u64) -> Duration {
    Duration::from_secs(setting(name, default))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    run(On::Sqlite, seconds("TORTURE_SECONDS", 15), seconds("TORTURE_EVERY", 2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql() {
    run(On::Postgres, seconds("TORTURE_SECONDS", 25), seconds("TORTURE_EVERY", 3)).await;
}

async fn run(database: On, time: Duration, every: Duration) {
    let seed = setting("TORTURE_SEED", fastrand::u64(..));
    eprintln!("{database:?}, TORTURE_SEED={seed}");
    let postgres = Postgres::of_its_own();
    let folder = tempfile::tempdir().unwrap();
    let url = match database {
        On::Sqlite => format!("sqlite://{}/chat.db?mode=rwc", folder.path().display()),
        On::Postgres => postgres.database(),
    };
    let program = Program::on_url(folder, url, NO_LIMITS);
    let port = free_port();
    let mut server = Some(program.serve_on(port).await);
    let url: Arc<str> = server.as_ref().unwrap().url.as_str().into();
    let (phase, phases) = watch::channel(Phase::Talk);
    let mut talking = Vec::new();
    for number in 0..TALKERS {
        program.account(&format!("talker{number}"));
        let token = program.say(&["token", "--user", &format!("talker{number}"), "--ttl", "86400"]).into();
        talking.push(tokio::spawn(Talker::new(number, &url, &token, seed, phases.clone()).talk()));
    }
    let mut plan = Plan::new(seed, every);
    plan.carry_out(&program, &mut server, &postgres, database, time).await;
    drop(phases);

    let reader = program.account("reader").token;
    phase.send(Phase::Finish).unwrap();
    let (history, rev, everything) = settled(&url, &reader).await;
    phase.send(Phase::Follow(rev)).unwrap();
    let mut talkers = Vec::new();
    for (number, talker) in talking.into_iter().enumerate() {
        let ended = timeout(AFTERMATH, talker).await;
        talkers.push(ended.unwrap_or_else(|_| panic!("talker {number} does not come to its end")).unwrap());
    }
    let evidence = check(&talkers, &history, &everything);
    let (said, refused): (usize, u32) =
        (talkers.iter().map(|talker| talker.said.len()).sum(), talkers.iter().map(|talker| talker.refused).sum());
    eprintln!(
        "{database:?}: {} faults, {said} messages, {rev} revs, {refused} refusals, {} connections were made",
        plan.faults,
        talkers.iter().map(Talker::connections).sum::<u32>(),
    );
    for (kind, cases) in &evidence {
        eprintln!("  {kind:<14} {}", cases.len());
        cases.iter().take(5).for_each(|case| eprintln!("      {}", case.chars().take(500).collect::<String>()));
    }
    assert!(evidence.values().all(Vec::is_empty), "TORTURE_SEED={seed}");
    assert!(said > 100 && plan.faults > 1, "that was no torture");
    let server = server.unwrap();
    eventually("no ghost is left", async || held_by(&server) == 0).await;
}

/// When nothing is begun any more and the history stays as it is: what a list shows of it, its last rev,
/// and all of it with what was deleted.
async fn settled(url: &str, token: &str) -> (Vec<Value>, i64, BTreeMap<i64, Value>) {
    let mut last = -1;
    let mut quiet = 0;
    for _ in 0..AFTERMATH.as_secs() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut socket = Socket::with_token(url, token).await;
        let answer = socket.ask("load-messages", serde_json::json!({ "limit": 1 })).await;
        quiet = if answer["rev"] == last { quiet + 1 } else { 0 };
        last = answer["rev"].as_i64().unwrap_or(-1);
        // Longer than a refused one waits until it asks again.
        if quiet == 5 {
            break;
        }
    }
    let (history, rev) = fresh_history(&mut Socket::with_token(url, token).await).await;
    let mut everything = Follower::new(url, token, Transport::WebSocket);
    everything.follow_to(rev).await;
    assert_eq!(everything.breaches, Vec::<String>::new());
    (history, rev, everything.everything())
}

type Evidence = BTreeMap<&'static str, Vec<String>>;

fn check(talkers: &[Talker], history: &[Value], everything: &BTreeMap<i64, Value>) -> Evidence {
    const KINDS: [&str; 8] =
        ["lost", "changed", "twice", "invented", "out of order", "gaps, repeats", "other state", "unanswered"];
    let mut evidence: Evidence = KINDS.iter().map(|kind| (*kind, Vec::new())).collect();
    let mut found = |kind: &'static str, case: String| evidence.entry(kind).or_default().push(case);

    for (expected, number) in (1..).zip(everything.keys()) {
        if expected != *number {
            found("gaps, repeats", format!("number {expected} is missing"));
            break;
        }
    }
    let mut by_offset: HashMap<&str, Vec<&Value>> = HashMap::new();
    for message in everything.values() {
        by_offset.entry(message["clientOffset"].as_str().unwrap_or("none")).or_default().push(message);
    }
    for talker in talkers {
        let mut last_of_connection = (0, 0);
        for (number, said) in talker.said.iter().enumerate() {
            let stored = by_offset.remove(format!("{}-{number}", talker.number).as_str()).unwrap_or_default();
            if stored.len() > 1 {
                found("twice", format!("{stored:?}"));
            }
            let (Some(stored), Some(acknowledged)) = (stored.first(), &said.message) else {
                found("lost", format!("{} was acknowledged as {:?}, and is {stored:?}", said.text, said.message));
                continue;
            };
            if stored["id"] != acknowledged["id"] || stored["seq"] != acknowledged["seq"] {
                found("lost", format!("{stored} was acknowledged as {acknowledged}"));
            }
            if stored["is_deleted"] != said.deleted || (!said.deleted && stored["message"] != said.text.trim()) {
                found("changed", format!("{stored} should be {} (deleted: {})", said.text, said.deleted));
            }
            let seq = stored["seq"].as_i64().unwrap();
            let comparable = talker.manner != Manner::AtOnce || said.first_try == Some(last_of_connection.0);
            if comparable && seq < last_of_connection.1 {
                found("out of order", format!("{} is number {seq}, said after {}", said.text, last_of_connection.1));
            }
            last_of_connection = (said.first_try.unwrap_or(0), seq);
        }
        talker
            .follower
            .breaches
            .iter()
            .for_each(|breach| found("gaps, repeats", format!("{}: {breach}", talker.number)));
        talker.unanswered.iter().for_each(|case| found("unanswered", format!("{}: {case}", talker.number)));
        if talker.follower.visible() != history {
            found(
                "other state",
                format!("talker {} shows {} of {}", talker.number, talker.follower.visible().len(), history.len()),
            );
        }
    }
    by_offset.into_values().flatten().for_each(|message| found("invented", message.to_string()));
    let shown: Vec<&Value> = everything.values().filter(|message| message["is_deleted"] != true).collect();
    if !shown.iter().copied().eq(history) {
        found("other state", "what is synced is not what is listed".into());
    }
    evidence
}
