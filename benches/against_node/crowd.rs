//! Who listens and who sends.

use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::contenders::Running;
use crate::harness::socket::NAMESPACE;
use crate::wire::{Wire, frame};

/// One of so many listeners looks at what it hears; the others count.
const SAMPLE: usize = 50;
const JOINING_AT_ONCE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections that hear messages and say nothing.
pub struct Listeners {
    ears: Vec<Arc<Ear>>,
    total: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Ear {
    heard: AtomicU64,
    ended: AtomicBool,
    /// Of a sampled one.
    closely: Option<Mutex<Closely>>,
}

#[derive(Default)]
struct Closely {
    digest: DefaultHasher,
    seq: Option<u64>,
    gaps: u64,
}

impl Listeners {
    pub async fn join(count: usize, server: &Running) -> Listeners {
        let mut listeners = Listeners { ears: Vec::new(), total: Arc::default(), tasks: Vec::new() };
        let mut joining = FuturesUnordered::new();
        for number in 0..count {
            if joining.len() == JOINING_AT_ONCE {
                let wire = joining.next().await.unwrap();
                listeners.add(wire);
            }
            joining.push(Wire::join(&server.address, server.auth(number)));
        }
        while let Some(wire) = joining.next().await {
            listeners.add(wire);
        }
        listeners
    }

    fn add(&mut self, wire: Wire) {
        let closely = self.ears.len().is_multiple_of(SAMPLE).then(Mutex::default);
        let ear = Arc::new(Ear { closely, ..Ear::default() });
        self.ears.push(ear.clone());
        self.tasks.push(tokio::spawn(listen(wire, ear, self.total.clone())));
    }

    pub fn heard(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Waits until everybody heard so many; gives what is to be said against it.
    pub async fn objections(&self, messages: u64) -> Vec<String> {
        let short = || self.ears.iter().filter(|ear| ear.heard.load(Ordering::Relaxed) != messages).count();
        let all_heard = async {
            while short() > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, all_heard).await.ok();
        let mut objections = Vec::new();
        let ended = self.ears.iter().filter(|ear| ear.ended.load(Ordering::Relaxed)).count();
        if ended > 0 {
            objections.push(format!("{ended} of {} listeners were disconnected", self.ears.len()));
        }
        if short() > 0 {
            objections.push(format!("{} of {} listeners did not hear all {messages}", short(), self.ears.len()));
        }
        let sampled: Vec<_> = self.ears.iter().filter_map(|ear| ear.closely.as_ref()?.lock().ok()).collect();
        if sampled.iter().any(|one| one.digest.finish() != sampled[0].digest.finish()) {
            objections.push("sampled listeners did not hear the same in the same order".to_owned());
        }
        let gaps: u64 = sampled.iter().map(|one| one.gaps).sum();
        if gaps > 0 {
            objections.push(format!("{gaps} gaps in `seq`"));
        }
        objections
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(mut wire: Wire, ear: Arc<Ear>, total: Arc<AtomicU64>) {
    let mut open = true;
    while open {
        let mut heard = 0;
        let each = |payload: &[u8]| {
            if is_message(payload) {
                heard += 1;
                if let Some(closely) = &ear.closely {
                    closely.lock().unwrap().look(payload);
                }
            }
        };
        open = wire.read(each).await;
        ear.heard.fetch_add(heard, Ordering::Relaxed);
        total.fetch_add(heard, Ordering::Relaxed);
    }
    ear.ended.store(true, Ordering::Relaxed);
}

/// `42/namespace,["message-received",…`
fn is_message(payload: &[u8]) -> bool {
    const NAME: &[u8] = b"message-received";
    const AT: usize = 2 + NAMESPACE.len() + 3;
    payload.get(AT..AT + NAME.len()) == Some(NAME)
}

impl Closely {
    fn look(&mut self, payload: &[u8]) {
        self.digest.write(payload);
        // Node has none.
        let key = b"\"seq\":";
        let Some(at) = payload.windows(key.len()).rposition(|bytes| bytes == key) else { return };
        let digits = payload[at + key.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        let seq = digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        self.gaps += u64::from(self.seq.is_some_and(|before| seq != before + 1));
        self.seq = Some(seq);
    }
}

/// Connections that send, each with so many unanswered at a time.
pub struct Senders {
    acked: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Senders {
    pub async fn start(connections: usize, in_flight: usize, server: &Running) -> Senders {
        let mut senders = Senders { acked: Arc::default(), stop: Arc::default(), tasks: Vec::new() };
        let mut wires = Vec::new();
        for number in 0..connections {
            wires.push(Wire::join(&server.address, server.auth(number)).await);
        }
        for wire in wires {
            senders.tasks.push(tokio::spawn(keep_sending(
                wire,
                in_flight,
                senders.acked.clone(),
                senders.stop.clone(),
            )));
        }
        senders
    }

    pub fn acked(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
    }

    /// Sends no more and waits for the last answers; gives how many there were in all.
    pub async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            timeout(PATIENCE, task).await.expect("a send is not answered").unwrap();
        }
        self.acked.load(Ordering::Relaxed)
    }
}

async fn keep_sending(mut wire: Wire, in_flight: usize, total: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let (mut sent, mut acked) = (0, 0);
    loop {
        let mut bytes = Vec::new();
        while sent - acked < in_flight && !stop.load(Ordering::Relaxed) {
            bytes.extend(message(sent));
            sent += 1;
        }
        wire.write(&bytes).await;
        if sent == acked {
            return;
        }
        let before = acked;
        assert!(wire.read(|payload| acked += usize::from(is_ack(payload))).await, "a sender was disconnected");
        total.fetch_add((acked - before) as u64, Ordering::Relaxed);
    }
}

/// One connection that waits for each answer; gives how long each took, sorted.
pub async fn one_at_a_time(server: &Running, during: Duration) -> Vec<Duration> {
    let mut wire = Wire::join(&server.address, server.auth(0)).await;
    let mut took = Vec::new();
    let started = Instant::now();
    while started.elapsed() < during {
        let asked = Instant::now();
        wire.write(&message(took.len())).await;
        answered(&mut wire).await;
        took.push(asked.elapsed());
    }
    took.sort_unstable();
    took
}

/// One connection that sends so many a second; gives how many it sent.
pub async fn at_a_rate(server: &Running, per_second: u32, during: Duration) -> u64 {
    let mut wire = Wire::join(&server.address, server.auth(0)).await;
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let started = Instant::now();
    let mut sent = 0;
    loop {
        ticks.tick().await;
        if started.elapsed() >= during {
            return sent;
        }
        wire.write(&message(sent as usize)).await;
        answered(&mut wire).await;
        sent += 1;
    }
}

async fn answered(wire: &mut Wire) {
    let mut came = false;
    while !came {
        assert!(wire.read(|payload| came |= is_ack(payload)).await, "the sender was disconnected");
    }
}

fn message(number: usize) -> Vec<u8> {
    let text = format!("Message {number:09}: as long as what people write to each other, more or less.");
    frame(&format!("42{NAMESPACE},{number}[\"send-message\",{{\"message\":\"{text}\"}}]"))
}

fn is_ack(payload: &[u8]) -> bool {
    if !payload.starts_with(b"43") {
        return false;
    }
    let answer = payload.split(|byte| *byte == b'[').nth(1).unwrap_or_default();
    assert!(answer.starts_with(b"{\"success\":true"), "{}", String::from_utf8_lossy(payload));
    true
}
