//! Who is connected through one door, for what must reach a live connection from outside.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::connection::Live;
use crate::model::{Actor, Clock, ConnectionId, RoomNumber, UserId};

pub struct Visitors<L> {
    here: Mutex<Here<L>>,
    clock: Clock,
    crowd: Arc<Crowd>,
}

struct Here<L> {
    by_connection: HashMap<ConnectionId, Visitor<L>>,
    of_person: HashMap<UserId, HashSet<ConnectionId>>,
}

struct Visitor<L> {
    connection: Arc<L>,
    actor: Actor,
    /// Seconds since 1970.
    token_ends: Option<u64>,
    /// Rooms that it is to hear no more, although it might.
    left: Vec<RoomNumber>,
}

/// How many connections each person has, through whatever door.
pub struct Crowd {
    /// 0: as many as they like.
    most: u32,
    of_person: Mutex<HashMap<UserId, u32>>,
}

/// A person has as many connections as are allowed already.
#[derive(Debug, Clone, Copy)]
pub struct TooMany {
    pub most: u32,
}

impl Crowd {
    pub fn new(most: u32) -> Arc<Crowd> {
        Arc::new(Crowd { most, of_person: Mutex::default() })
    }

    /// Whether one more of this person may come in.
    pub fn has_place_for(&self, person: UserId) -> Result<(), TooMany> {
        let of_person = self.of_person.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = self.most != 0 && of_person.get(&person).is_some_and(|count| *count >= self.most);
        if is_full { Err(TooMany { most: self.most }) } else { Ok(()) }
    }

    fn admit(&self, person: UserId) -> Result<(), TooMany> {
        let mut of_person = self.of_person.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of_person.entry(person).or_default();
        if self.most != 0 && *count >= self.most {
            return Err(TooMany { most: self.most });
        }
        *count += 1;
        Ok(())
    }

    fn let_go(&self, person: UserId) {
        let mut of_person = self.of_person.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of_person.get_mut(&person) {
            *count -= 1;
            if *count == 0 {
                of_person.remove(&person);
            }
        }
    }
}

impl<L: Live> Visitors<L> {
    pub fn new(crowd: Arc<Crowd>, clock: Clock) -> Visitors<L> {
        let here = Here { by_connection: HashMap::new(), of_person: HashMap::new() };
        Visitors { here: Mutex::new(here), clock, crowd }
    }

    fn here(&self) -> MutexGuard<'_, Here<L>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().seconds()).unwrap_or(0)
    }

    /// Said before there is a connection.
    pub fn has_place_for(&self, actor: Actor) -> Result<(), TooMany> {
        actor.person().map_or(Ok(()), |person| self.crowd.has_place_for(person))
    }

    /// Notes who a connection is now.
    pub fn note(&self, connection: &Arc<L>, actor: Actor, token_ends: Option<u64>) -> Result<(), TooMany> {
        let (id, person) = (connection.id(), actor.person());
        let mut here = self.here();
        let before = here.person(id);
        if before != person {
            person.map_or(Ok(()), |person| self.crowd.admit(person))?;
            person.map(|person| here.of_person.entry(person).or_default().insert(id));
            self.take(&mut here, before, id);
        }
        // A new token of the same person takes back nothing that they left.
        let left = here.by_connection.remove(&id).filter(|_| before == person).map(|visitor| visitor.left);
        let visitor = Visitor { connection: connection.clone(), actor, token_ends, left: left.unwrap_or_default() };
        here.by_connection.insert(id, visitor);
        drop(here);
        connection.belongs_to(before, person);
        // They may have been locked or banned, or their session have ended, since that was asked for: nobody
        // knew of this connection then.
        if person.is_some() {
            connection.reconsider();
        }
        Ok(())
    }

    pub fn remove(&self, connection: ConnectionId) {
        let mut here = self.here();
        let before = here.person(connection);
        let visitor = here.by_connection.remove(&connection);
        self.take(&mut here, before, connection);
        drop(here);
        visitor.inspect(|visitor| visitor.connection.belongs_to(before, None));
    }

    fn take(&self, here: &mut Here<L>, person: Option<UserId>, connection: ConnectionId) {
        let Some(person) = person else { return };
        self.crowd.let_go(person);
        if let Some(connections) = here.of_person.get_mut(&person) {
            connections.remove(&connection);
            if connections.is_empty() {
                here.of_person.remove(&person);
            }
        }
    }

    pub fn token_ended(&self, connection: ConnectionId) -> bool {
        self.here().by_connection.get(&connection).is_some_and(|visitor| visitor.token_ended(self.now()))
    }

    /// Nobody, from the moment when its token ends.
    pub fn actor(&self, connection: ConnectionId) -> Actor {
        let here = self.here();
        let visitor = here.by_connection.get(&connection).filter(|visitor| !visitor.token_ended(self.now()));
        visitor.map_or(Actor::Anonymous, |visitor| visitor.actor)
    }

    /// An account was changed, locked or removed, or one of its sessions ended.
    pub fn reconsider(&self, person: UserId) {
        self.of_person(person).iter().for_each(L::reconsider);
    }

    /// Somebody left a room on whichever connection: none of theirs hears it any more.
    pub fn end_hearing_of(&self, person: UserId, room: RoomNumber) {
        let theirs: Vec<ConnectionId> = self.here().of_person.get(&person).into_iter().flatten().copied().collect();
        self.end_hearing(&theirs, room);
    }

    pub fn end_hearing(&self, connections: &[ConnectionId], room: RoomNumber) {
        let mut here = self.here();
        for connection in connections {
            if let Some(visitor) = here.by_connection.get_mut(connection) {
                visitor.left.retain(|left| *left != room);
                visitor.left.push(room);
                visitor.connection.reconsider();
            }
        }
    }

    /// It came again before it had left.
    pub fn came_back(&self, connection: ConnectionId, room: RoomNumber) {
        if let Some(visitor) = self.here().by_connection.get_mut(&connection) {
            visitor.left.retain(|left| *left != room);
        }
    }

    pub fn take_left(&self, connection: ConnectionId) -> Vec<RoomNumber> {
        let mut here = self.here();
        here.by_connection.get_mut(&connection).map(|visitor| std::mem::take(&mut visitor.left)).unwrap_or_default()
    }

    /// They may not be allowed to hear any more what they hear.
    pub fn reconsider_all(&self, connections: &[ConnectionId]) {
        let here = self.here();
        for visitor in connections.iter().filter_map(|connection| here.by_connection.get(connection)) {
            visitor.connection.reconsider();
        }
    }

    /// Looks for tokens that ended on live connections.
    pub fn tick(&self) {
        let (here, now) = (self.here(), self.now());
        let ended = here.by_connection.values().filter(|visitor| visitor.token_ended(now));
        ended.for_each(|visitor| visitor.connection.reconsider());
    }

    pub fn of_person(&self, person: UserId) -> Vec<Arc<L>> {
        let here = self.here();
        let theirs = here.of_person.get(&person).into_iter().flatten();
        theirs.filter_map(|id| Some(here.by_connection.get(id)?.connection.clone())).collect()
    }

    /// All who are somebody.
    pub fn identified(&self) -> Vec<Arc<L>> {
        let here = self.here();
        let identified = here.by_connection.values().filter(|visitor| visitor.actor.person().is_some());
        identified.map(|visitor| visitor.connection.clone()).collect()
    }
}

impl<L> Visitor<L> {
    fn token_ended(&self, now: u64) -> bool {
        self.token_ends.is_some_and(|end| end <= now)
    }
}

impl<L> Here<L> {
    fn person(&self, connection: ConnectionId) -> Option<UserId> {
        self.by_connection.get(&connection).and_then(|visitor| visitor.actor.person())
    }
}
