//! This server beside the Node server that it takes the place of (`benches/peers/node`), by turns on
//! the same PostgreSQL and under the same load. What counts are the ratios: both run on the machine
//! that also makes the load, and whatever else it does disturbs both.
//!
//! `BENCH_SECONDS` (how long each load is measured), `BENCH_ROUNDS` (3), `BENCH_ONLY`
//! (some of acks,flood,steady,memory,rooms). The last is our rooms dialect alone: how soon is heard what is said
//! (`BENCH_ONLY=rooms BENCH_ROUNDS=1 make bench`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "against_node/contenders.rs"]
mod contenders;
#[path = "against_node/crowd.rs"]
mod crowd;
#[allow(dead_code, unused_imports)]
#[path = "../tests/server/harness/mod.rs"]
mod harness;
#[path = "against_node/report.rs"]
mod report;
#[path = "against_node/rooms.rs"]
mod rooms;
#[path = "against_node/wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use contenders::{BOTH, Contenders, ROOMS, Who, cpu};
use crowd::{Listeners, Senders, at_a_rate, one_at_a_time};
use report::Report;
use tokio::time::sleep;

/// Each hears all others too, so a few connections with many sends on their way each: that measures
/// storing and answering more than telling.
const ACKS: (usize, usize) = (20, 50);
/// Enough to keep either server busy.
const FLOOD: (usize, usize) = (8, 50);
const LISTENERS: usize = 1000;
const IDLE: usize = 2000;
const PER_SECOND: u32 = 20;
const WARM_UP: Duration = Duration::from_secs(1);
const REST: Duration = Duration::from_secs(3);

struct Plan {
    rounds: usize,
    seconds: Option<u64>,
    only: Vec<String>,
}

impl Plan {
    fn of_environment() -> Plan {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let number = |name| variable(name).map(|value| value.parse().expect("a whole number"));
        let only = variable("BENCH_ONLY").map(|only| only.split(',').map(str::to_owned).collect());
        Plan {
            rounds: number("BENCH_ROUNDS").unwrap_or(3) as usize,
            seconds: number("BENCH_SECONDS"),
            only: only.unwrap_or_default(),
        }
    }

    fn has(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }

    fn during(&self, seconds: u64) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(seconds))
    }
}

/// One thread for all of the load: the servers are to have the rest of the machine.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("This measures; `make bench` runs it.");
        return;
    }
    let plan = Plan::of_environment();
    let contenders = Contenders::prepare().await;
    let started = Instant::now();
    let mut report = Report::default();
    for round in 1..=plan.rounds {
        eprintln!("round {round} of {}", plan.rounds);
        if plan.has("acks") {
            for who in BOTH {
                acks(&contenders, who, &plan, &mut report).await;
            }
        }
        if plan.has("flood") || plan.has("steady") {
            for who in BOTH {
                listeners(&contenders, who, &plan, &mut report).await;
            }
        }
        if plan.has("memory") {
            for who in BOTH {
                memory(&contenders, who, &mut report).await;
            }
        }
        if plan.has("rooms") {
            delivery(&contenders, &plan, &mut report).await;
        }
    }
    println!("{}; medians of {} rounds by turns", contenders.describe(), plan.rounds);
    report.print();
    println!("in {} s", started.elapsed().as_secs());
    contenders.clear_away();
}

async fn acks(contenders: &Contenders, who: Who, plan: &Plan, report: &mut Report) {
    let rows = contenders.rows(who);
    let server = contenders.start(who).await;
    let senders = Senders::start(ACKS.0, ACKS.1, &server).await;
    sleep(WARM_UP).await;
    let (before, began) = (senders.acked(), Instant::now());
    sleep(plan.during(5)).await;
    let rate = (senders.acked() - before) as f64 / began.elapsed().as_secs_f64();
    let acked = senders.stop().await;
    report.more(who, "stored and acknowledged, 20 connections × 50 on their way", "/s", rate);

    let took = one_at_a_time(&server, plan.during(3)).await;
    let part = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    report.less(who, "send until ack, 1 connection, one at a time, median", "ms", 2, part(0.5));
    report.less(who, "send until ack, 1 connection, one at a time, p99", "ms", 2, part(0.99));
    check_rows(contenders, who, rows + acked + took.len() as u64, report);
}

async fn listeners(contenders: &Contenders, who: Who, plan: &Plan, report: &mut Report) {
    let rows = contenders.rows(who);
    let server = contenders.start(who).await;
    let listeners = Listeners::join(LISTENERS, &server).await;
    let mut messages = 0;
    if plan.has("steady") {
        messages += at_a_rate(&server, PER_SECOND, WARM_UP).await;
        let (before, began) = (server.cpu(), Instant::now());
        messages += at_a_rate(&server, PER_SECOND, plan.during(8)).await;
        let used = (server.cpu() - before).as_secs_f64() / began.elapsed().as_secs_f64();
        report.less(who, "processor at 20 messages/s to 1,000 listeners", "% of a core", 1, used * 100.0);
    }
    if plan.has("flood") {
        let senders = Senders::start(FLOOD.0, FLOOD.1, &server).await;
        sleep(WARM_UP * 2).await;
        let (heard, used, own, began) = (listeners.heard(), server.cpu(), cpu("self"), Instant::now());
        sleep(plan.during(6)).await;
        let heard = (listeners.heard() - heard) as f64;
        let (used, own, took) = (server.cpu() - used, cpu("self") - own, began.elapsed().as_secs_f64());
        messages += senders.stop().await;
        report.more(who, "deliveries to 1,000 listeners, as many as it can", "/s", heard / took);
        let per_thousand = used.as_secs_f64() * 1000.0 / (heard / 1000.0);
        report.less(who, "processor per 1,000 deliveries then", "ms", 3, per_thousand);
        let own = own.as_secs_f64() / took * 100.0;
        report.beside(who, "(processor of who makes and counts the load then)", "% of a core", own);
    }
    for objection in listeners.objections(messages).await {
        report.object(who, &objection);
    }
    check_rows(contenders, who, rows + messages, report);
}

/// What was acknowledged must be there, once.
fn check_rows(contenders: &Contenders, who: Who, expected: u64, report: &mut Report) {
    let rows = contenders.rows(who);
    if rows != expected {
        report.object(who, &format!("{rows} messages are stored instead of {expected}"));
    }
}

async fn memory(contenders: &Contenders, who: Who, report: &mut Report) {
    let server = contenders.start(who).await;
    sleep(WARM_UP).await;
    let before = server.memory();
    let idle = Listeners::join(IDLE, &server).await;
    sleep(REST).await;
    let grown = (server.memory() - before) as f64;
    drop(idle);
    report.less(who, "memory per idle connection, of 2,000", "kB", 1, grown / IDLE as f64);
}

/// Of our rooms dialect. Node has none.
async fn delivery(contenders: &Contenders, plan: &Plan, report: &mut Report) {
    const OVER_SOME: [&str; 7] = [
        "rooms: heard after, 20/s, 1,000 in 10 rooms, p50",
        "rooms: heard after, 20/s, 1,000 in 10 rooms, p95",
        "rooms: heard after, 20/s, 1,000 in 10 rooms, p99",
        "rooms: processor then, 1,000 in 10 rooms",
        "rooms: until the answer then, 1,000 in 10 rooms, longest",
        "(rooms: woken late then, 1,000 in 10 rooms, longest)",
        "(rooms: fsync of 512 bytes then, 1,000 in 10 rooms, longest)",
    ];
    const IN_ONE: [&str; 7] = [
        "rooms: heard after, 20/s, 1,000 in one room, p50",
        "rooms: heard after, 20/s, 1,000 in one room, p95",
        "rooms: heard after, 20/s, 1,000 in one room, p99",
        "rooms: processor then, 1,000 in one room",
        "rooms: until the answer then, 1,000 in one room, longest",
        "(rooms: woken late then, 1,000 in one room, longest)",
        "(rooms: fsync of 512 bytes then, 1,000 in one room, longest)",
    ];
    for (rooms, [p50, p95, p99, processor, answered, late, synced]) in [(ROOMS, OVER_SOME), (1, IN_ONE)] {
        let server = contenders.start(Who::Us).await;
        let delivered = rooms::deliveries(&server, LISTENERS, rooms, PER_SECOND, plan.during(10)).await;
        for (name, part) in [(p50, 0.5), (p95, 0.95), (p99, 0.99)] {
            report.alone(name, "ms", 2, rooms::milliseconds(&delivered.took, part));
        }
        report.alone(processor, "% of a core", 1, delivered.processor * 100.0);
        for (name, took) in [(answered, &delivered.answered), (late, &delivered.late), (synced, &delivered.synced)] {
            report.alone(name, "ms", 2, rooms::milliseconds(took, 1.0));
        }
        if delivered.took.len() != delivered.due {
            let heard = delivered.took.len();
            report.object(Who::Us, &format!("{heard} deliveries in rooms instead of {}", delivered.due));
        }
    }
}
