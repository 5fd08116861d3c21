//! Everybody who is here, and the rooms whose people are followed: the main room always, others while
//! somebody wants to know.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::followed::{Followed, Key, key};
use super::sign::Sign;
use crate::model::{Attendee, Author, Micros, Presence, PresenceChanged, RoomId, RoomNumber, UserId};
use crate::store::Seen;

pub struct Here {
    people: HashMap<UserId, Person>,
    rooms: HashMap<RoomNumber, Followed>,
    /// Came, or changed their names: what they are called and which rooms they belong to must be read. Those
    /// who are being read are not among them, unless there is more news of them meanwhile.
    newcomers: HashSet<UserId>,
    /// What becomes of memberships while some are being read: it counts more than what is read.
    meanwhile: Option<HashMap<(RoomNumber, UserId), bool>>,
    /// Came first or went last, and this is not stored yet.
    unsaved: HashMap<UserId, Seen>,
}

struct Person {
    /// None: not read yet, or there is no such account.
    who: Option<Arc<Author>>,
    is_guest: bool,
    signs: Vec<Arc<Sign>>,
    presence: Presence,
    /// Those of the followed rooms that they are in.
    rooms: Vec<RoomNumber>,
    /// Guests are in a room by hearing it: how many of their connections do.
    heard: HashMap<RoomNumber, u32>,
}

/// What must be read.
#[derive(Debug, Default, PartialEq)]
pub struct Questions {
    pub newcomers: Vec<UserId>,
    /// To which of these do they belong?
    pub rooms: Vec<RoomNumber>,
    /// Who of everybody belongs to these?
    pub unknown: Vec<RoomNumber>,
    pub everybody: Vec<UserId>,
}

impl Here {
    pub fn new(now: Micros) -> Here {
        Here {
            people: HashMap::new(),
            rooms: HashMap::from([(RoomNumber::MAIN, Followed::new(true, now))]),
            newcomers: HashSet::new(),
            meanwhile: None,
            unsaved: HashMap::new(),
        }
    }

    pub fn came(&mut self, seen: Seen, sign: Arc<Sign>, now: Micros) {
        let Seen { id, is_guest, .. } = seen;
        if !self.people.contains_key(&id) {
            self.newcomers.insert(id);
            self.unsaved.insert(id, seen);
        }
        let person = self.people.entry(id).or_insert_with(|| Person {
            who: None,
            is_guest,
            signs: Vec::new(),
            presence: Presence::Online,
            rooms: Vec::new(),
            heard: HashMap::new(),
        });
        person.signs.push(sign);
        self.look_again(id, now);
    }

    /// True when it was the last connection of this person.
    pub fn went(&mut self, id: UserId, sign: &Arc<Sign>, now: Micros, time: Micros) -> bool {
        let Some(person) = self.people.get_mut(&id) else { return false };
        person.signs.retain(|other| !Arc::ptr_eq(other, sign));
        if !person.signs.is_empty() {
            self.look_again(id, now);
            return false;
        }
        let is_guest = person.is_guest;
        for room in std::mem::take(&mut person.rooms) {
            self.put(room, id, false, now);
        }
        self.people.remove(&id);
        self.newcomers.remove(&id);
        self.unsaved.insert(id, Seen { id, at: time, is_guest });
        true
    }

    pub fn presence(&self, id: UserId) -> Presence {
        self.people.get(&id).map_or(Presence::Offline, |person| person.presence)
    }

    /// Accounts and guests.
    pub fn count(&self) -> (usize, usize) {
        let guests = self.people.values().filter(|person| person.is_guest).count();
        (self.people.len() - guests, guests)
    }

    /// A person is online while any connection is, and away when all are.
    pub fn look_again(&mut self, id: UserId, now: Micros) {
        let Here { people, rooms, .. } = self;
        people.get_mut(&id).into_iter().for_each(|person| person.look_again(rooms, now));
    }

    /// Connections that fell silent meanwhile.
    pub fn look_at_all(&mut self, now: Micros) {
        let Here { people, rooms, .. } = self;
        people.values_mut().for_each(|person| person.look_again(rooms, now));
    }

    pub fn renamed(&mut self, id: UserId) {
        if self.people.contains_key(&id) {
            self.newcomers.insert(id);
        }
    }

    /// Somebody came into a room or is out of it.
    pub fn belongs(&mut self, room: RoomNumber, id: UserId, is_in: bool, now: Micros) {
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.insert((room, id), is_in);
        }
        self.put(room, id, is_in, now);
    }

    /// One connection of a guest begins or ends to hear a room.
    pub fn hears(&mut self, room: RoomNumber, id: UserId, begins: bool, now: Micros) {
        let Some(person) = self.people.get_mut(&id).filter(|person| person.is_guest) else { return };
        let count = person.heard.entry(room).or_default();
        *count = if begins { *count + 1 } else { count.saturating_sub(1) };
        let is_in = *count > 0;
        person.heard.retain(|_, count| *count > 0);
        self.put(room, id, is_in, now);
    }

    fn put(&mut self, room: RoomNumber, id: UserId, is_in: bool, now: Micros) {
        let (Some(followed), Some(person)) = (self.rooms.get_mut(&room), self.people.get_mut(&id)) else { return };
        let Some(who) = &person.who else { return };
        if is_in && followed.here.insert(key(who)) {
            person.rooms.push(room);
            followed.note(who, Presence::Offline, person.presence, now);
        } else if !is_in && followed.here.remove(&key(who)) {
            person.rooms.retain(|other| *other != room);
            followed.note(who, person.presence, Presence::Offline, now);
        }
    }

    pub fn follow(&mut self, room: RoomNumber, now: Micros) -> &mut Followed {
        let followed = self.rooms.entry(room).or_insert_with(|| Followed::new(false, now));
        followed.asked(now);
        followed
    }

    pub fn knows(&self, room: RoomNumber) -> bool {
        self.rooms.get(&room).is_some_and(|followed| followed.is_known)
    }

    pub fn watch(&mut self, room: RoomNumber, id: RoomId, now: Micros) {
        self.follow(room, now).watch(id);
    }

    pub fn unwatch(&mut self, room: RoomNumber, now: Micros) {
        self.rooms.get_mut(&room).into_iter().for_each(|followed| followed.unwatch(now));
    }

    /// Rooms that nobody wants to know of any more.
    pub fn forget_unwanted(&mut self, now: Micros) {
        let Here { people, rooms, .. } = self;
        let unwanted = rooms.extract_if(|room, followed| *room != RoomNumber::MAIN && !followed.is_wanted(now));
        for (room, followed) in unwanted {
            for (_, id) in followed.here {
                people.get_mut(&id).into_iter().for_each(|person| person.rooms.retain(|other| *other != room));
            }
        }
    }

    pub fn due(&mut self, now: Micros) -> Vec<PresenceChanged> {
        self.rooms.iter_mut().filter_map(|(room, followed)| followed.due(*room, now)).collect()
    }

    /// How many of a room are here, and some of them; none while it has not been read who belongs there.
    pub fn page(&mut self, room: RoomNumber, after: Option<Key>, limit: usize) -> Option<(usize, Vec<Attendee>)> {
        let Here { people, rooms, .. } = self;
        let followed = rooms.get_mut(&room).filter(|followed| followed.is_known)?;
        let attendee = |id| {
            let person = people.get(&id)?;
            Some(Attendee { who: person.who.clone()?, presence: person.presence })
        };
        Some((followed.here.len(), followed.page(after, limit).filter_map(attendee).collect()))
    }

    pub fn has_questions(&self) -> bool {
        // While some are being read, it is not known yet who they are.
        let reads = self.meanwhile.is_some();
        reads || !self.newcomers.is_empty() || self.rooms.values().any(|followed| !followed.is_known)
    }

    /// What must be read now, by one reader at a time, who comes back with [`Here::place`] or with
    /// [`Here::give_up`].
    pub fn questions(&mut self) -> Option<Questions> {
        if !self.has_questions() {
            return None;
        }
        self.meanwhile = Some(HashMap::new());
        let unknown: Vec<_> =
            self.rooms.iter().filter(|(_, followed)| !followed.is_known).map(|(room, _)| *room).collect();
        Some(Questions {
            newcomers: std::mem::take(&mut self.newcomers).into_iter().collect(),
            rooms: self.rooms.keys().copied().filter(|room| *room != RoomNumber::MAIN).collect(),
            everybody: if unknown.is_empty() { Vec::new() } else { self.people.keys().copied().collect() },
            unknown,
        })
    }

    /// What people are called. Everybody with a name is in the main room.
    pub fn name(&mut self, names: HashMap<UserId, Arc<Author>>, now: Micros) {
        for (id, who) in names {
            let Some(person) = self.people.get_mut(&id) else { continue };
            let before = person.who.replace(who.clone());
            for room in &person.rooms {
                if let (Some(followed), Some(before)) = (self.rooms.get_mut(room), &before) {
                    followed.here.remove(&key(before));
                    followed.here.insert(key(&who));
                }
            }
            self.put(RoomNumber::MAIN, id, true, now);
        }
    }

    /// Who belongs where. Newcomers who were looked for and have no name by now are no accounts.
    pub fn place(&mut self, asked: &Questions, members: Vec<(RoomNumber, UserId)>, now: Micros) {
        let mut places: HashMap<_, _> = members.into_iter().map(|place| (place, true)).collect();
        for id in asked.newcomers.iter().chain(&asked.everybody) {
            let heard = self.people.get(id).into_iter().flat_map(|person| person.heard.keys());
            places.extend(heard.map(|room| ((*room, *id), true)));
        }
        places.extend(self.meanwhile.take().into_iter().flatten());
        for ((room, id), is_in) in places {
            self.put(room, id, is_in, now);
        }
        for room in &asked.unknown {
            self.rooms.get_mut(room).into_iter().for_each(|followed| followed.is_known = true);
        }
    }

    pub fn give_up(&mut self, newcomers: &[UserId]) {
        self.meanwhile = None;
        newcomers.iter().for_each(|id| self.renamed(*id));
    }

    pub fn take_unsaved(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.unsaved).into_values().collect()
    }

    pub fn all_seen(&mut self, time: Micros) -> Vec<Seen> {
        let here = self.people.iter().map(|(id, person)| Seen { id: *id, at: time, is_guest: person.is_guest });
        self.unsaved.extend(here.map(|seen| (seen.id, seen)));
        self.take_unsaved()
    }

    /// What could not be stored, unless there is something newer.
    pub fn put_back(&mut self, seen: Vec<Seen>) {
        for seen in seen {
            self.unsaved.entry(seen.id).or_insert(seen);
        }
    }
}

impl Person {
    fn look_again(&mut self, rooms: &mut HashMap<RoomNumber, Followed>, now: Micros) {
        // Each is asked, since each remembers what it was taken for.
        let online = self.signs.iter().filter(|sign| !sign.is_away(now)).count();
        let presence = if online > 0 { Presence::Online } else { Presence::Away };
        let before = std::mem::replace(&mut self.presence, presence);
        let Some(who) = self.who.as_ref().filter(|_| before != presence) else { return };
        for room in &self.rooms {
            rooms.get_mut(room).into_iter().for_each(|followed| followed.note(who, before, presence, now));
        }
    }
}
