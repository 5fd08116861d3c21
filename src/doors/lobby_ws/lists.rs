//! Who is inside of a room, told to all of it when somebody came or went. Names may have to be read, so it
//! is done beside the feed; one room after another, so that an older list never comes last.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::{Lobby, MOST_NAMES, wire};
use crate::chat::Refusal;
use crate::doors::hearing::Frame;
use crate::doors::websocket::Connection;
use crate::model::RoomNumber;

pub struct Lists {
    changed: Mutex<BTreeSet<RoomNumber>>,
    turn: Arc<Semaphore>,
}

impl Default for Lists {
    fn default() -> Self {
        Lists { changed: Mutex::default(), turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Lists {
    fn changed(&self) -> MutexGuard<'_, BTreeSet<RoomNumber>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note_change(&self, room: RoomNumber) {
        self.changed().insert(room);
    }
}

impl Lobby {
    /// Whatever comes while this is done already is told at the next tick.
    pub(super) fn tell_lists(&self) {
        let lists = &self.shared.lists;
        if lists.changed().is_empty() {
            return;
        }
        let Ok(turn) = lists.turn.clone().try_acquire_owned() else { return };
        let (lobby, rooms) = (self.clone(), std::mem::take(&mut *lists.changed()));
        tokio::spawn(async move {
            for room in rooms {
                match lobby.list(room).await {
                    Ok(list) => lobby.door.audience.tell(room, &[Frame::new(list, room)]).await,
                    // At the next tick.
                    Err(_) => lobby.shared.lists.note_change(room),
                }
            }
            drop(turn);
        });
    }

    /// To somebody who has just come.
    pub(super) async fn show_list(self, connection: Arc<Connection>, room: RoomNumber) {
        let Ok(_turn) = self.shared.lists.turn.acquire().await else { return };
        match self.list(room).await {
            Ok(list) => connection.send(list),
            Err(_) => self.shared.lists.note_change(room),
        }
    }

    async fn list(&self, room: RoomNumber) -> Result<String, Refusal> {
        let (count, people) = self.door.chat.inside(room, MOST_NAMES).await?;
        let mut names: Vec<&str> = people.iter().map(|who| who.handle()).collect();
        names.sort_unstable();
        Ok(wire::users_list(&names, count))
    }
}
