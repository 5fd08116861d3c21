//! Who is inside of which room, through whatever door: whoever has a connection that hears it. Comings and
//! goings are told a few times a second, once for each person.

use std::collections::{HashMap, HashSet};

use crate::model::{RoomNumber, UserId};

/// Of one room at once. In a rush the others come and go untold; lists have them.
const TOLD_TOGETHER: usize = 20;

#[derive(Default)]
pub struct Comings {
    rooms: HashMap<RoomNumber, HashMap<UserId, Inside>>,
    changed: HashSet<(RoomNumber, UserId)>,
}

#[derive(Default)]
struct Inside {
    connections: u32,
    is_told: bool,
}

/// Who came into a room and who went since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub came: Vec<UserId>,
    pub gone: Vec<UserId>,
}

impl Comings {
    pub fn hears(&mut self, room: RoomNumber, person: UserId, begins: bool) {
        let inside = self.rooms.entry(room).or_default().entry(person).or_default();
        let before = inside.connections;
        inside.connections = if begins { before + 1 } else { before.saturating_sub(1) };
        if (before == 0) != (inside.connections == 0) {
            self.changed.insert((room, person));
        }
    }

    /// Whoever comes back before it is told that they went was never away.
    pub fn due(&mut self) -> HashMap<RoomNumber, Traffic> {
        let mut due: HashMap<RoomNumber, Traffic> = HashMap::new();
        for (room, person) in self.changed.drain() {
            let Some(people) = self.rooms.get_mut(&room) else { continue };
            let Some(inside) = people.get_mut(&person) else { continue };
            let is_here = inside.connections > 0;
            let was_told = std::mem::replace(&mut inside.is_told, is_here);
            if !is_here {
                people.remove(&person);
                if people.is_empty() {
                    self.rooms.remove(&room);
                }
            }
            if was_told == is_here {
                continue;
            }
            let traffic = due.entry(room).or_default();
            let told = if is_here { &mut traffic.came } else { &mut traffic.gone };
            if told.len() < TOLD_TOGETHER {
                told.push(person);
            }
        }
        due
    }

    /// How many are inside, and some of them.
    pub fn inside(&self, room: RoomNumber, most: usize) -> (usize, Vec<UserId>) {
        let Some(people) = self.rooms.get(&room) else { return (0, Vec::new()) };
        let here = || people.iter().filter(|(_, inside)| inside.connections > 0).map(|(person, _)| *person);
        (here().count(), here().take(most).collect())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ROOM: RoomNumber = RoomNumber(7);

    fn traffic(comings: &mut Comings) -> (usize, usize) {
        let due = comings.due().remove(&ROOM).unwrap_or_default();
        (due.came.len(), due.gone.len())
    }

    #[test]
    fn each_person_comes_and_goes_once_whatever_their_connections_do() {
        let (mut comings, ann) = (Comings::default(), Uuid::from_u128(1));
        comings.hears(ROOM, ann, true);
        comings.hears(ROOM, ann, true);
        assert_eq!(traffic(&mut comings), (1, 0));
        comings.hears(ROOM, ann, false);
        assert_eq!((traffic(&mut comings), comings.inside(ROOM, 10)), ((0, 0), (1, vec![ann])));
        comings.hears(ROOM, ann, false);
        comings.hears(ROOM, ann, true);
        assert_eq!(traffic(&mut comings), (0, 0), "never away");
        comings.hears(ROOM, ann, false);
        assert_eq!((traffic(&mut comings), comings.inside(ROOM, 10)), ((0, 1), (0, vec![])));
        assert!(comings.rooms.is_empty());
        comings.hears(ROOM, ann, true);
        comings.hears(ROOM, ann, false);
        assert_eq!(traffic(&mut comings), (0, 0), "came and went untold");
    }

    #[test]
    fn a_rush_is_not_told_one_by_one() {
        let mut comings = Comings::default();
        (0..1000).for_each(|id| comings.hears(ROOM, Uuid::from_u128(id), true));
        assert_eq!(traffic(&mut comings), (TOLD_TOGETHER, 0));
        assert_eq!((traffic(&mut comings), comings.inside(ROOM, 5).0), ((0, 0), 1000));
    }
}
