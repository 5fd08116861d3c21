//! A client that talks through everything that goes wrong, and remembers what it asked and was told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::super::harness::socket::as_ack;
use super::super::harness::{Follower, Transport};

/// An answer that has not come by then does not come any more.
const UNANSWERED: Duration = Duration::from_secs(15);
/// Of one who reads through a narrow window: it stands behind all that is yet to be read.
const UNANSWERED_WHEN_SLOW: Duration = Duration::from_secs(60);
/// On their way at once, of one who does not wait.
const BURST: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Talk,
    /// What was begun is finished, nothing new is begun.
    Finish,
    /// Everything up to this rev is read.
    Follow(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The next when the last was answered.
    OneByOne,
    AtOnce,
    /// Reads nothing for a while, now and then.
    Absent,
}

/// A message of this talker's, as it must be in the end.
pub struct Said {
    pub text: String,
    pub message: Option<Value>,
    pub deleted: bool,
    /// Of the connection on which it was answered, at its first try.
    pub first_try: Option<u32>,
}

#[derive(Clone, Debug)]
enum Ask {
    Send { said: usize, again: bool },
    Edit { said: usize, text: String },
    Delete { said: usize },
    Load,
    Type,
}

pub struct Talker {
    pub number: usize,
    pub manner: Manner,
    pub follower: Follower,
    pub said: Vec<Said>,
    pub unanswered: Vec<String>,
    pub refused: u32,
    chance: fastrand::Rng,
    phase: watch::Receiver<Phase>,
    asked: BTreeMap<u64, (Ask, Instant)>,
    again: VecDeque<(Ask, Instant)>,
    connection: u32,
    url: Arc<str>,
    token: Arc<str>,
}

impl Talker {
    pub fn new(number: usize, url: &Arc<str>, token: &Arc<str>, seed: u64, phase: watch::Receiver<Phase>) -> Talker {
        let (manner, transport) = match number % 8 {
            0 => (Manner::Absent, Transport::NarrowWebSocket),
            1 => (Manner::AtOnce, Transport::Polling),
            2 => (Manner::OneByOne, Transport::Polling),
            3 | 4 => (Manner::AtOnce, Transport::WebSocket),
            _ => (Manner::OneByOne, Transport::WebSocket),
        };
        Talker {
            number,
            manner,
            follower: Follower::new(url, token, transport),
            said: Vec::new(),
            unanswered: Vec::new(),
            refused: 0,
            chance: fastrand::Rng::with_seed(seed.wrapping_add(number as u64)),
            phase,
            asked: BTreeMap::new(),
            again: VecDeque::new(),
            connection: 0,
            url: url.clone(),
            token: token.clone(),
        }
    }

    pub async fn talk(mut self) -> Talker {
        let mut next = Instant::now();
        loop {
            let phase = *self.phase.borrow();
            let finished = self.asked.is_empty() && self.again.is_empty();
            if let Phase::Follow(rev) = phase
                && finished
                && self.follower.is_caught_up()
                && self.follower.rev >= rev
            {
                self.follower.socket = None;
                return self;
            }
            let Some(socket) = &mut self.follower.socket else {
                self.come_back().await;
                continue;
            };
            tokio::select! {
                frame = socket.next_frame() => match frame.map(|frame| self.follower.take(frame)) {
                    Some(Some(other)) => if let Some((id, answer)) = as_ack(&other) {
                        self.take_answer(id, &answer);
                    },
                    Some(None) => {}
                    None => self.follower.socket = None,
                },
                () = sleep_until(next) => {
                    next = Instant::now() + Duration::from_millis(self.chance.u64(100..600));
                    self.act(phase).await;
                }
            }
        }
    }

    pub fn connections(&self) -> u32 {
        self.connection
    }

    async fn come_back(&mut self) {
        // In the order of asking, before what was to be asked again later.
        for (_, (ask, _)) in std::mem::take(&mut self.asked).into_iter().rev() {
            self.put_off(ask, Duration::ZERO);
        }
        self.connection += 1;
        // The server may be paused, or gone, or not there yet.
        if timeout(Duration::from_secs(10), self.follower.come_back()).await != Ok(true) {
            self.follower.socket = None;
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn put_off(&mut self, ask: Ask, wait: Duration) {
        let ask = match ask {
            Ask::Load | Ask::Type => return,
            Ask::Send { said, .. } => Ask::Send { said, again: true },
            other => other,
        };
        self.again.push_front((ask, Instant::now() + wait));
    }

    async fn act(&mut self, phase: Phase) {
        let patience = if self.manner == Manner::Absent { UNANSWERED_WHEN_SLOW } else { UNANSWERED };
        let late: Vec<u64> =
            self.asked.iter().filter(|(_, (_, at))| at.elapsed() > patience).map(|(id, _)| *id).collect();
        for id in late {
            let (ask, _) = self.asked.remove(&id).unwrap();
            let (rev, caught_up) = (self.follower.rev, self.follower.is_caught_up());
            self.unanswered
                .push(format!("{ask:?} on connection {} at rev {rev} (caught up: {caught_up})", self.connection));
        }
        let is_free = match self.manner {
            Manner::AtOnce => self.asked.len() < BURST,
            Manner::OneByOne | Manner::Absent => self.asked.is_empty(),
        };
        if !is_free {
            return;
        }
        let most = if self.manner == Manner::AtOnce { BURST } else { 1 };
        while self.follower.socket.is_some()
            && self.asked.len() < most
            && let Some((ask, _)) = self.again.pop_front_if(|(_, at)| *at <= Instant::now())
        {
            self.ask(ask).await;
        }
        // Nobody overtakes what is to be asked again.
        if phase != Phase::Talk || !self.again.is_empty() || !self.asked.is_empty() {
            return;
        }
        match self.chance.u8(0..100) {
            0..2 => self.follower.socket = None,
            2..4 if self.manner == Manner::Absent => self.read_nothing_for_a_while().await,
            4 => self.forget_everything(),
            5..8 => self.ask(Ask::Load).await,
            8..12 => self.ask(Ask::Type).await,
            12..24 => self.change_something().await,
            _ => self.say_something().await,
        }
    }

    async fn say_something(&mut self) {
        let count = if self.manner == Manner::AtOnce { BURST } else { 1 };
        for _ in 0..count {
            let longest = if self.chance.u8(..) == 0 { 4000 } else { 100 };
            let padding = "x".repeat(self.chance.usize(0..longest));
            let text = format!("{}-{} {padding}", self.number, self.said.len());
            self.said.push(Said { text, message: None, deleted: false, first_try: None });
            self.ask(Ask::Send { said: self.said.len() - 1, again: false }).await;
        }
    }

    async fn change_something(&mut self) {
        if self.said.is_empty() {
            return;
        }
        let said = self.chance.usize(self.said.len().saturating_sub(50)..self.said.len());
        let is_busy =
            |ask: &Ask| matches!(ask, Ask::Edit { said: other, .. } | Ask::Delete { said: other } if *other == said);
        let busy = self.asked.values().map(|(ask, _)| ask).chain(self.again.iter().map(|(ask, _)| ask)).any(is_busy);
        let target = &self.said[said];
        if busy || target.deleted || target.message.is_none() {
            return;
        }
        if self.chance.u8(0..3) == 0 {
            self.ask(Ask::Delete { said }).await;
        } else {
            let text = format!("{}-{said} edited {}", self.number, self.chance.u32(..));
            self.ask(Ask::Edit { said, text }).await;
        }
    }

    async fn ask(&mut self, ask: Ask) {
        let id_of = |said: usize| self.said[said].message.as_ref().unwrap()["id"].clone();
        let (event, payload) = match &ask {
            Ask::Send { said, .. } => {
                let offset = format!("{}-{said}", self.number);
                ("send-message", json!({ "message": self.said[*said].text, "clientOffset": offset }))
            }
            Ask::Edit { said, text } => ("edit-message", json!({ "messageId": id_of(*said), "message": text })),
            Ask::Delete { said } => ("delete-message", json!({ "messageId": id_of(*said) })),
            Ask::Load => ("load-messages", json!({ "limit": 20 })),
            Ask::Type => ("typing", json!({ "isTyping": self.chance.bool() })),
        };
        let asked = async {
            let socket = self.follower.socket.as_mut()?;
            let id = socket.try_feed(event, &payload).await?;
            Some((id, socket.try_flush().await))
        };
        match asked.await {
            Some((id, flushed)) => {
                self.asked.insert(id, (ask, Instant::now()));
                if flushed.is_none() {
                    self.follower.socket = None;
                }
            }
            None => {
                self.follower.socket = None;
                self.put_off(ask, Duration::ZERO);
            }
        }
    }

    fn take_answer(&mut self, id: u64, answer: &Value) {
        let Some((ask, _)) = self.asked.remove(&id) else {
            return self.unanswered.push(format!("answered twice, or never asked: {id} {answer}"));
        };
        if answer["success"] != true {
            self.refused += 1;
            match answer["retryIn"].as_u64() {
                Some(wait) => self.put_off(ask, Duration::from_millis(wait)),
                None => self.unanswered.push(format!("{ask:?} was refused for good: {answer}")),
            }
            return;
        }
        match ask {
            Ask::Send { said, again } => {
                self.said[said].message = Some(answer["data"].clone());
                self.said[said].first_try = (!again).then_some(self.connection);
            }
            Ask::Edit { said, text } => self.said[said].text = text,
            Ask::Delete { said } => self.said[said].deleted = true,
            Ask::Load | Ask::Type => {}
        }
    }

    async fn read_nothing_for_a_while(&mut self) {
        let pause = Duration::from_millis(self.chance.u64(1000..8000));
        sleep(pause).await;
        self.asked.values_mut().for_each(|(_, at)| *at += pause);
    }

    /// Somebody new, who reads it all from the beginning.
    fn forget_everything(&mut self) {
        let mut fresh = Follower::new(&self.url, &self.token, self.follower.transport);
        std::mem::swap(&mut self.follower, &mut fresh);
        self.follower.breaches = fresh.breaches;
    }
}
