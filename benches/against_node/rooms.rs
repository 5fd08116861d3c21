//! How soon what is said in the rooms dialect is heard: the figures that its document promises.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::contenders::Running;
use crate::wire::{Wire, frame};

/// Of the rooms dialect, whose packets name no namespace.
const PREFIX: &str = "";
const JOINING_AT_ONCE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(10);
const SENT: &[u8] = b"sent at ";

/// Sorted, and how many deliveries there should have been.
pub struct Delivered {
    pub took: Vec<Duration>,
    pub due: usize,
    /// Of the server, in parts of a core.
    pub processor: f64,
    /// From a send until its answer, sorted: what is told is stored before.
    pub answered: Vec<Duration>,
    /// What the machine does beside this stands in the other figures too. By how much it woke somebody late
    /// who only sleeps, and how long it took to put a few bytes on the disk; sorted.
    pub late: Vec<Duration>,
    pub synced: Vec<Duration>,
}

pub fn milliseconds(sorted: &[Duration], part: f64) -> f64 {
    let at = sorted.len().saturating_sub(1) as f64 * part;
    sorted.get(at as usize).map_or(f64::NAN, Duration::as_secs_f64) * 1000.0
}

/// So many connected, over so many rooms, hear so many messages a second.
pub async fn deliveries(
    server: &Running,
    connected: usize,
    rooms: usize,
    per_second: u32,
    during: Duration,
) -> Delivered {
    let (began, took) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let (mut joining, mut listening) = (FuturesUnordered::new(), Vec::new());
    for number in 0..connected {
        if joining.len() == JOINING_AT_ONCE {
            let wire = joining.next().await.unwrap();
            listening.push(tokio::spawn(listen(wire, began, took.clone())));
        }
        joining.push(join(server, number, number % rooms));
    }
    while let Some(wire) = joining.next().await {
        listening.push(tokio::spawn(listen(wire, began, took.clone())));
    }
    // Until it has been told who came.
    sleep(Duration::from_secs(3)).await;
    let sleeper = std::thread::spawn(move || sleep_badly(during));
    let writer = std::thread::spawn(move || write_now_and_then(during));
    let (used, talking) = (server.cpu(), Instant::now());
    let mut answered = talk(server, rooms, per_second, during, began).await;
    let processor = (server.cpu() - used).as_secs_f64() / talking.elapsed().as_secs_f64();
    let due = answered.len() * connected / rooms;
    let asked = Instant::now();
    while took.lock().unwrap().len() < due && asked.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20)).await;
    }
    listening.iter().for_each(tokio::task::JoinHandle::abort);
    let mut took = std::mem::take(&mut *took.lock().unwrap());
    took.sort_unstable();
    let (mut late, mut synced) = (sleeper.join().unwrap(), writer.join().unwrap());
    [&mut answered, &mut late, &mut synced].into_iter().for_each(|took| took.sort_unstable());
    Delivered { took, due, processor, answered, late, synced }
}

async fn join(server: &Running, number: usize, room: usize) -> Wire {
    let mut wire = Wire::enter(&server.address, PREFIX, server.auth(number)).await;
    wire.write(&frame(&format!("420[\"join-room\",{{\"roomId\":\"room-{room}\"}}]"))).await;
    wire.wait_for("430[{\"success\":true").await;
    wire
}

async fn listen(mut wire: Wire, began: Instant, took: Arc<Mutex<Vec<Duration>>>) {
    let each = |payload: &[u8]| {
        if !payload.starts_with(b"42[\"message-received\"") {
            return;
        }
        let at = payload.windows(SENT.len()).position(|bytes| bytes == SENT).unwrap() + SENT.len();
        let digits = payload[at..].iter().take_while(|byte| byte.is_ascii_digit());
        let sent = digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        took.lock().unwrap().push(began.elapsed().saturating_sub(Duration::from_micros(sent)));
    };
    while wire.read(each).await {}
}

/// Gives how long each took until its answer. For those who hear it, it counts from when it was due: whoever is held up waits too.
async fn talk(server: &Running, rooms: usize, per_second: u32, during: Duration, began: Instant) -> Vec<Duration> {
    let mut wires = Vec::new();
    for room in 0..rooms {
        // Members who listen to nothing here.
        wires.push(Wire::enter(&server.address, PREFIX, server.auth(room)).await);
    }
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (started, mut answered) = (Instant::now(), Vec::new());
    loop {
        let due = ticks.tick().await;
        if started.elapsed() >= during {
            return answered;
        }
        let sent = answered.len();
        let (room, at) = (sent % rooms, due.saturating_duration_since(began).as_micros());
        let text = format!("sent at {at}: as long as what people write to each other, more or less.");
        let (wire, asked) = (&mut wires[room], Instant::now());
        wire.write(&frame(&format!(
            "42{sent}[\"send-message\",{{\"roomId\":\"room-{room}\",\"content\":\"{text}\"}}]"
        )))
        .await;
        wire.wait_for(&format!("43{sent}[{{\"success\":true")).await;
        answered.push(asked.elapsed());
    }
}

fn sleep_badly(during: Duration) -> Vec<Duration> {
    const NAP: Duration = Duration::from_millis(5);
    let (began, mut late) = (std::time::Instant::now(), Vec::new());
    while began.elapsed() < during {
        let asleep = std::time::Instant::now();
        std::thread::sleep(NAP);
        late.push(asleep.elapsed().saturating_sub(NAP));
    }
    late
}

fn write_now_and_then(during: Duration) -> Vec<Duration> {
    const PAUSE: Duration = Duration::from_millis(25);
    let mut file = tempfile::tempfile().unwrap();
    let (began, mut synced) = (std::time::Instant::now(), Vec::new());
    while began.elapsed() < during {
        let asked = std::time::Instant::now();
        file.write_all(&[0; 512]).unwrap();
        file.sync_data().unwrap();
        synced.push(asked.elapsed());
        std::thread::sleep(PAUSE);
    }
    synced
}
