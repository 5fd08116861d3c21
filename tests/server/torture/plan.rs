//! What goes wrong, and when: drawn from a seed, so that a plan can be run again.

use std::time::Duration;

use super::super::harness::{On, Postgres, Program, Server};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    KillServer,
    StopServer,
    PauseServer,
    KillPostgres,
    StopPostgres,
    PausePostgres,
}

const OF_THE_SERVER: [Fault; 4] = [Fault::KillServer, Fault::KillServer, Fault::StopServer, Fault::PauseServer];
const OF_POSTGRES: [Fault; 3] = [Fault::KillPostgres, Fault::StopPostgres, Fault::PausePostgres];

pub struct Plan {
    chance: fastrand::Rng,
    every: Duration,
    pub faults: u32,
}

impl Plan {
    pub fn new(seed: u64, every: Duration) -> Plan {
        Plan { chance: fastrand::Rng::with_seed(seed), every, faults: 0 }
    }

    /// Goes on until the time is up; leaves everything running.
    pub async fn carry_out(
        &mut self,
        program: &Program,
        server: &mut Option<Server>,
        postgres: &Postgres,
        on: On,
        time: Duration,
    ) {
        let end = tokio::time::Instant::now() + time;
        loop {
            let next = tokio::time::Instant::now() + self.every.mul_f64(self.chance.f64() + 0.5);
            tokio::time::sleep_until(next.min(end)).await;
            if next >= end {
                return;
            }
            let choices =
                if on == On::Sqlite { 0..OF_THE_SERVER.len() } else { 0..OF_THE_SERVER.len() + OF_POSTGRES.len() };
            let fault = OF_THE_SERVER.iter().chain(&OF_POSTGRES).copied().nth(self.chance.usize(choices)).unwrap();
            let pause = Duration::from_millis(self.chance.u64(500..6000));
            eprintln!("  {fault:?}");
            self.faults += 1;
            self.strike(fault, pause, program, server, postgres).await;
        }
    }

    async fn strike(
        &mut self,
        fault: Fault,
        pause: Duration,
        program: &Program,
        server: &mut Option<Server>,
        postgres: &Postgres,
    ) {
        match fault {
            Fault::KillServer | Fault::StopServer => {
                let running = server.take().unwrap();
                let port = running.url.rsplit(':').next().unwrap().parse().unwrap();
                if fault == Fault::KillServer {
                    running.kill();
                } else {
                    assert!(running.stop().await < Duration::from_secs(15));
                }
                *server = Some(program.serve_on(port).await);
            }
            Fault::PauseServer => {
                let running = server.as_ref().unwrap();
                running.signal("STOP");
                tokio::time::sleep(pause / 3).await;
                running.signal("CONT");
            }
            Fault::KillPostgres | Fault::StopPostgres => {
                postgres.end(if fault == Fault::KillPostgres { "KILL" } else { "INT" });
                tokio::time::sleep(pause / 3).await;
                postgres.start();
            }
            Fault::PausePostgres => {
                postgres.signal("STOP");
                tokio::time::sleep(pause).await;
                postgres.signal("CONT");
            }
        }
    }
}
