//! Group commit: one task takes what has queued up meanwhile, numbers and stores it in one
//! transaction, then announces, then acknowledges.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::commits::Commits;
use super::foreign::Found;
use super::ledger::{Command, CommandRefusal, Done, Ledger, Outcome};
use super::log_rows::NodeRows;
use super::members::MemberKey;
use super::{Fault, ForeignChanges, Store, messages};
use crate::bus::{Announcement, Bus};
use crate::model::{Clock, Event, Membership, Micros, RoomNumber};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteRefusal {
    /// At that time.
    Refused(CommandRefusal, Micros),
    /// The author's account was removed a moment ago.
    AuthorGone,
    DatabaseAway,
    /// An accident, logged where it happened.
    Failed,
    /// The connection broke while committing: it may be stored. The same client offset settles it.
    OutcomeUnknown,
    Stopping,
}

pub type Answer = oneshot::Receiver<Result<Done, WriteRefusal>>;
type Asker = oneshot::Sender<Result<Done, WriteRefusal>>;

struct Queued {
    command: Command,
    asker: Asker,
}

/// A handle on the one task that writes messages.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Queued>,
    commits: Arc<Commits>,
}

/// So many commands may wait; then their connections do.
const QUEUE: usize = 8192;
/// More in one transaction gain nothing and delay the first.
const BATCH: usize = 1024;
/// Together with waiting for a connection less than the 5 s in which a refusal is due.
const PATIENCE: Duration = Duration::from_secs(4);

/// Longer than anybody takes from being asked whether they may until they stand in the queue.
const SILENCE_REMEMBERED: i64 = 15_000_000;

/// Between two looks whether a commit in doubt is over.
const DOUBT: Duration = Duration::from_secs(1);

enum Failure {
    Before(Fault),
    /// While committing.
    Unknown(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Before(fault)
    }
}

/// What a batch came to.
struct Settled {
    outcomes: Vec<Outcome>,
    /// Told beside it.
    also: Vec<Arc<Event>>,
}

struct Task {
    store: Store,
    bus: Bus,
    clock: Clock,
    queue: mpsc::Receiver<Queued>,
    /// Rooms of commits whose outcome is not known: whatever it was must still be told.
    doubtful: BTreeSet<RoomNumber>,
    silenced: HashMap<MemberKey, (Membership, Micros)>,
    commits: Arc<Commits>,
}

impl Writer {
    /// Starts the task. It ends, when told to stop, after everything that was queued.
    pub fn start(
        store: Store,
        bus: Bus,
        clock: Clock,
        foreign: ForeignChanges,
        stop: CancellationToken,
    ) -> (Writer, JoinHandle<()>) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let commits = Arc::new(Commits::default());
        let task = Task {
            store,
            bus,
            clock,
            queue: receiver,
            doubtful: BTreeSet::new(),
            silenced: HashMap::new(),
            commits: commits.clone(),
        };
        (Writer { queue, commits }, tokio::spawn(task.run(foreign, stop)))
    }

    /// Commands that wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    pub fn commits(&self) -> &Commits {
        &self.commits
    }

    /// Queues a command, in the order of the calls. The answer comes when it is stored and told.
    pub async fn append(&self, command: Command) -> Result<Answer, WriteRefusal> {
        let (asker, answer) = oneshot::channel();
        self.queue.send(Queued { command, asker }).await.map_err(|_| WriteRefusal::Stopping)?;
        Ok(answer)
    }
}

impl Task {
    async fn run(mut self, mut foreign: ForeignChanges, stop: CancellationToken) {
        let mut batch = Vec::new();
        // Goes on while there is traffic.
        let mut doubts = interval(DOUBT);
        doubts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                taken = self.queue.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    self.commit(std::mem::take(&mut batch)).await;
                }
                Some(found) = foreign.next() => self.take_foreign(&found).await,
                _ = doubts.tick(), if !self.doubtful.is_empty() => self.settle_doubts().await,
                () = stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
        }
    }

    async fn commit(&mut self, batch: Vec<Queued>) {
        let (commands, askers): (Vec<Command>, Vec<Asker>) =
            batch.into_iter().map(|queued| (queued.command, queued.asker)).unzip();
        let mut outcome = self.attempt(&commands).await;
        if matches!(&outcome, Err(Failure::Before(fault)) if fault.is_deadlock()) {
            outcome = self.attempt(&commands).await;
        }
        match outcome {
            Ok(settled) => self.announce(settled, askers).await,
            Err(Failure::Before(fault)) if fault.is_conflict() => self.commit_one_by_one(commands, askers).await,
            Err(Failure::Before(fault)) => {
                fault.log("cannot store messages");
                if fault.is_away() {
                    self.refuse(askers, WriteRefusal::DatabaseAway);
                    self.refuse_waiting();
                } else {
                    self.refuse(askers, WriteRefusal::Failed);
                }
            }
            Err(Failure::Unknown(fault)) => {
                fault.log("messages may or may not be stored");
                self.refuse(askers, WriteRefusal::OutcomeUnknown);
                self.doubtful.extend(commands.iter().map(Command::room));
            }
        }
    }

    /// One draft spoils the batch: its author was removed, or another node stored the same client
    /// offset a moment ago. Only that one is refused.
    async fn commit_one_by_one(&mut self, commands: Vec<Command>, askers: Vec<Asker>) {
        let mut waiting = commands.into_iter().zip(askers);
        while let Some((command, asker)) = waiting.next() {
            let command = [command];
            let mut outcome = self.attempt(&command).await;
            if matches!(&outcome, Err(Failure::Before(fault)) if fault.is_conflict() || fault.is_deadlock()) {
                outcome = self.attempt(&command).await;
            }
            match outcome {
                Ok(settled) => self.announce(settled, vec![asker]).await,
                Err(Failure::Before(fault)) if fault.is_conflict() => {
                    self.refuse(vec![asker], WriteRefusal::AuthorGone);
                }
                Err(Failure::Before(fault)) if !fault.is_away() => {
                    fault.log("cannot store a message");
                    self.refuse(vec![asker], WriteRefusal::Failed);
                }
                // The rest would wait as long, one after another.
                Err(failure) => {
                    let refusal = match failure {
                        Failure::Before(fault) => {
                            fault.log("cannot store a message");
                            WriteRefusal::DatabaseAway
                        }
                        Failure::Unknown(fault) => {
                            fault.log("a message may or may not be stored");
                            self.doubtful.insert(command[0].room());
                            WriteRefusal::OutcomeUnknown
                        }
                    };
                    self.refuse(vec![asker], refusal);
                    self.refuse(waiting.map(|(_, asker)| asker).collect(), WriteRefusal::DatabaseAway);
                    return self.refuse_waiting();
                }
            }
        }
    }

    /// Once the rooms can be locked again, the transactions in doubt are over: the feed reads what
    /// became of them.
    async fn settle_doubts(&mut self) {
        let rooms: Vec<RoomNumber> = self.doubtful.iter().copied().collect();
        let locked = async {
            let db = self.store.begin().await?;
            self.store.lock_rooms(&db, &rooms).await?;
            Ok::<_, Fault>(db.rollback().await?)
        };
        if !matches!(timeout(PATIENCE, locked).await, Ok(Ok(()))) {
            self.store.renew_writing_connection().await;
            return self.refuse_waiting();
        }
        self.doubtful.clear();
        for room in rooms {
            self.bus.tell(Event::Unsettled { room }).await;
        }
    }

    async fn attempt(&self, commands: &[Command]) -> Result<Settled, Failure> {
        let attempted = self.try_once(commands).await;
        if attempted.is_err() {
            self.store.renew_writing_connection().await;
        }
        attempted
    }

    async fn try_once(&self, commands: &[Command]) -> Result<Settled, Failure> {
        self.store.must_stand()?;
        let began = self.clock.ticks();
        let prepared = timeout(PATIENCE, self.prepare(commands)).await;
        let (transaction, settled) = prepared.map_err(|_| Fault::TooSlow)??;
        match timeout(PATIENCE, transaction.commit()).await {
            Ok(Ok(())) => {
                self.commits.note_time(self.clock.ticks().0 - began.0);
                Ok(settled)
            }
            Ok(Err(error)) => Err(Failure::Unknown(error.into())),
            Err(_) => Err(Failure::Unknown(Fault::TooSlow)),
        }
    }

    async fn prepare(&self, commands: &[Command]) -> Result<(DatabaseTransaction, Settled), Fault> {
        let db = match self.store.begin().await {
            // The connection may have died with the database's last stop: one more.
            Err(fault) if fault.is_away() => self.store.begin().await?,
            begun => begun?,
        };
        let rooms: Vec<RoomNumber> = commands.iter().map(Command::room).collect::<BTreeSet<_>>().into_iter().collect();
        let rooms = self.store.lock_rooms(&db, &rooms).await?;
        let mut stored = Vec::new();
        let targets: Vec<_> = commands.iter().filter_map(Command::target).collect();
        if !targets.is_empty() {
            stored.extend(messages::by_ids(&db, self.store.kind, &targets).await?);
        }
        let offsets: Vec<_> = commands.iter().filter_map(Command::offset).collect();
        if !offsets.is_empty() {
            stored.extend(messages::by_offsets(&db, self.store.kind, &offsets).await?);
        }
        let mut ledger = Ledger::new(self.clock.now(), rooms, stored);
        self.read_members(&db, commands, &mut ledger).await?;
        let uploads: Vec<_> = commands.iter().filter_map(Command::upload).collect();
        ledger.uploads = self.store.read_uploads(&db, &uploads, ledger.now).await?;
        let outcomes = commands.iter().map(|command| ledger.settle(command.clone())).collect();
        if !ledger.is_unchanged() {
            self.store.write_ledger(&db, &ledger, NodeRows::Write).await?;
        }
        Ok((db, Settled { outcomes, also: ledger.also }))
    }

    async fn read_members(
        &self,
        db: &DatabaseTransaction,
        commands: &[Command],
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        ledger.members.extend(self.silenced.iter().map(|(place, (membership, _))| (*place, *membership)));
        let pairs = ledger.rooms.iter().filter_map(|(number, room)| Some((*number, room.pair?)));
        let mut places: Vec<_> = pairs.flat_map(|(number, (one, other))| [(number, one), (number, other)]).collect();
        places.extend(commands.iter().filter_map(Command::place));
        if !places.is_empty() {
            ledger.members.extend(self.store.memberships(db, &places).await?);
        }
        let rooms: BTreeSet<RoomNumber> = commands.iter().filter_map(Command::asks_for_owners).collect();
        if !rooms.is_empty() {
            ledger.owners = self.store.owners(db, &rooms.into_iter().collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Who loses the right to speak may have been asked before whether they have it: for a while it is
    /// looked at again when the message is numbered.
    fn remember_silenced(&mut self, outcomes: &[Outcome]) {
        let now = self.clock.ticks();
        self.silenced.retain(|_, (_, since)| now.0 - since.0 < SILENCE_REMEMBERED);
        for outcome in outcomes {
            if let Ok((Done::Member(changed), Some(_))) = outcome {
                self.silenced.insert((changed.room.number, changed.who.id), (changed.now, now));
            }
        }
    }

    async fn announce(&mut self, Settled { outcomes, also }: Settled, askers: Vec<Asker>) {
        self.remember_silenced(&outcomes);
        let now = self.clock.now();
        let events = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()?.1.clone()).chain(also);
        let events: Vec<Arc<Event>> = events.collect();
        self.count_messages(&events);
        let acknowledge = move || {
            for (outcome, asker) in outcomes.into_iter().zip(askers) {
                asker.send(outcome.map(|(done, _)| done).map_err(|refusal| WriteRefusal::Refused(refusal, now))).ok();
            }
        };
        self.bus.announce(Announcement { events, then: Some(Box::new(acknowledge)) }).await;
    }

    fn count_messages(&self, events: &[Arc<Event>]) {
        self.commits.note_messages(events.iter().filter(|event| matches!(***event, Event::MessageCreated(_))).count());
    }

    fn refuse(&self, askers: Vec<Asker>, refusal: WriteRefusal) {
        for asker in askers {
            asker.send(Err(refusal)).ok();
        }
    }

    /// What queued up while the database did not answer would wait as long again.
    fn refuse_waiting(&mut self) {
        while let Ok(queued) = self.queue.try_recv() {
            queued.asker.send(Err(WriteRefusal::DatabaseAway)).ok();
        }
    }

    async fn take_foreign(&mut self, found: &Found) {
        let taken = timeout(PATIENCE, self.store.take(found, self.clock.now())).await.unwrap_or(Err(Fault::TooSlow));
        match taken {
            Ok(events) if events.is_empty() => {}
            Ok(events) => {
                self.count_messages(&events);
                self.bus.announce(Announcement { events, then: None }).await;
            }
            Err(fault) => {
                fault.log("cannot take in what other programs wrote");
                if fault.is_away() {
                    self.refuse_waiting();
                }
                self.doubtful.insert(RoomNumber::MAIN);
            }
        }
    }
}
