//! Who is typing in which room, as the events say: the dialect tells lists.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::MOST_NAMES;
use crate::model::{Author, ConnectionId, RoomNumber};

#[derive(Default)]
pub struct Typists(Mutex<HashMap<RoomNumber, Vec<Typist>>>);

struct Typist {
    connection: ConnectionId,
    who: Arc<Author>,
}

impl Typists {
    /// Gives the names when they are others than before.
    pub fn note(
        &self,
        room: RoomNumber,
        who: &Arc<Author>,
        connection: ConnectionId,
        typing: bool,
    ) -> Option<Vec<String>> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let typists = rooms.entry(room).or_default();
        let before = names(typists);
        let is_known = typists.iter().any(|typist| typist.connection == connection);
        if !typing {
            typists.retain(|typist| typist.connection != connection);
        } else if !is_known {
            typists.push(Typist { connection, who: who.clone() });
        }
        let after = names(typists);
        if typists.is_empty() {
            rooms.remove(&room);
        }
        (before != after).then_some(after)
    }

    pub fn of(&self, room: RoomNumber) -> Vec<String> {
        let rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&room).map(|typists| names(typists)).unwrap_or_default()
    }
}

/// Who began first stands first; each person once.
fn names(typists: &[Typist]) -> Vec<String> {
    let mut seen = Vec::new();
    for Typist { who, .. } in typists {
        if seen.len() < MOST_NAMES && !seen.iter().any(|(id, _)| *id == who.id) {
            seen.push((who.id, who.handle().to_owned()));
        }
    }
    seen.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_list_is_told_when_it_is_another() {
        let room = RoomNumber(7);
        let person = |id, name: &str| Arc::new(Author { name: name.into(), ..Author::nameless(Uuid::from_u128(id)) });
        let (ann, ben, typists) = (person(1, "Ann"), person(2, "Ben"), Typists::default());
        let note = |who: &Arc<Author>, connection, typing| typists.note(room, who, ConnectionId(connection), typing);
        assert_eq!(note(&ben, 1, true), Some(vec!["Ben".into()]));
        assert_eq!(note(&ann, 2, true), Some(vec!["Ben".into(), "Ann".into()]));
        assert_eq!(note(&ann, 2, true), None, "renewed");
        assert_eq!(note(&ann, 3, true), None, "by another connection");
        assert_eq!(note(&ann, 2, false), None);
        assert_eq!(note(&ben, 1, false), Some(vec!["Ann".into()]));
        assert_eq!(note(&ann, 3, false), Some(vec![]));
        assert_eq!((note(&ann, 3, false), typists.of(room)), (None, vec![]));
        assert!(typists.0.lock().unwrap().is_empty());
    }
}
