//! People without an account: they come by a name of their own, and are known by their token alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::permissions::Member;
use super::{Caller, Chat, Refusal, patiently};
use crate::model::{Author, ConnectionId, Message, MessageId, Micros, Presence, Standing, User, UserId};
use crate::store::NameBearer;

/// Those without a message are forgotten then.
const KEPT: i64 = 30 * 24 * 3600 * 1_000_000;
/// Messages of one connection of a guest, that can be edited and deleted: the newest.
const MOST_SENT: usize = 1000;
/// Who came a while ago may yet come back, or is still on the way.
const NAME_KEPT: i64 = 10 * 60 * 1_000_000;
/// Between two lots of what is forgotten, so that nobody waits for it.
const PAUSE: Duration = Duration::from_millis(200);

/// What guests sent, by the connection that sent it. Only that one may change it.
#[derive(Default)]
pub struct Sent(Mutex<HashMap<ConnectionId, VecDeque<MessageId>>>);

impl Sent {
    fn note(&self, connection: ConnectionId, message: MessageId) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = sent.entry(connection).or_default();
        if theirs.len() == MOST_SENT {
            theirs.pop_front();
        }
        theirs.push_back(message);
    }

    fn has(&self, connection: ConnectionId, message: MessageId) -> bool {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(&connection).is_some_and(|theirs| theirs.contains(&message))
    }

    fn forget(&self, connection: ConnectionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
    }
}

impl Chat {
    /// Somebody new who gets a token; a name that is borne already gets a number.
    pub async fn welcome_guest(&self, name: &str) -> Result<Author, Refusal> {
        let now = self.now();
        let keeps_name = |guest: &NameBearer| self.is_present(guest.id) || guest.last_seen.0 > now.0 - NAME_KEPT;
        self.add_guest(name, &keeps_name, now).await
    }

    /// Somebody new on a live connection, and no longer than that. Whoever was connected and went leaves the
    /// name to them: a client that comes back has nothing but the name.
    pub async fn welcome_visitor(&self, name: &str) -> Result<Author, Refusal> {
        let now = self.now();
        let has_gone = |guest: UserId| self.inner.known.attendance.has_gone(guest);
        let is_on_the_way = |guest: &NameBearer| {
            guest.last_seen == guest.came_at && guest.came_at.0 > now.0 - NAME_KEPT && !has_gone(guest.id)
        };
        let keeps_name = |guest: &NameBearer| self.is_present(guest.id) || is_on_the_way(guest);
        self.add_guest(name, &keeps_name, now).await
    }

    async fn add_guest(
        &self,
        name: &str,
        keeps_name: &(dyn Fn(&NameBearer) -> bool + Sync),
        now: Micros,
    ) -> Result<Author, Refusal> {
        self.must_take_guests()?;
        patiently(self.inner.store.add_guest(name, keeps_name, now)).await
    }

    fn is_present(&self, guest: UserId) -> bool {
        self.status(guest) != Presence::Offline
    }

    /// Somebody who only looks in, before they have a name: sees what guests see.
    pub fn passer_by(&self) -> Result<Caller, Refusal> {
        self.must_take_guests()?;
        let nobody = Author { guest: true, ..Author::nameless(UserId::nil()) };
        Ok(Caller::guest(Arc::new(User::of_guest(&nobody))))
    }

    /// A room as a passer-by sees it.
    pub async fn look_in(&self, reference: &str) -> Result<Member, Refusal> {
        self.member(&self.passer_by()?, Some(reference)).await
    }

    /// Somebody who was here before goes on.
    pub async fn renew_guest(&self, guest: UserId) -> Result<Author, Refusal> {
        self.must_take_guests()?;
        patiently(self.inner.store.renew_guest(guest, self.now())).await?.ok_or(Refusal::NotAuthenticated)
    }

    /// Whether anybody may come without an account.
    pub fn must_take_guests(&self) -> Result<(), Refusal> {
        if self.inner.known.people.takes_guests() { Ok(()) } else { Err(Refusal::GuestsOff) }
    }

    pub(super) async fn guest(&self, id: UserId) -> Result<Caller, Refusal> {
        let guest = patiently(self.inner.known.people.guest(id)).await?.ok_or(Refusal::NotAuthenticated)?;
        Ok(Caller::guest(guest))
    }

    /// A guest's message is noted as this connection's.
    pub(super) fn note_sent(&self, caller: &Caller, message: MessageId) {
        if let (Standing::Guest, Some(connection)) = (caller.standing(), caller.connection()) {
            self.inner.sent.note(connection, message);
        }
    }

    /// A guest's token may be in several hands; the connection is in one.
    pub(super) fn must_have_sent(&self, caller: &Caller, message: &Message) -> Result<(), Refusal> {
        let sent_here = caller.connection().is_some_and(|connection| self.inner.sent.has(connection, message.id));
        if caller.standing() == Standing::Guest && !sent_here { Err(Refusal::NotYours) } else { Ok(()) }
    }

    /// The connection is no more.
    pub fn forget_sent(&self, connection: ConnectionId) {
        self.inner.sent.forget(connection);
    }

    /// Guests of long ago of whom nothing is left to be shown.
    pub async fn forget_old_guests(&self) {
        loop {
            match self.inner.store.forget_guests(Micros(self.now().0 - KEPT)).await {
                Ok(0) => return,
                Ok(_) => tokio::time::sleep(PAUSE).await,
                Err(fault) => return fault.log("cannot forget guests of long ago"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_newest_of_one_connection_are_known() {
        let (sent, mine, others) = (Sent::default(), ConnectionId(1), ConnectionId(2));
        let first = Uuid::new_v4();
        sent.note(mine, first);
        assert!(sent.has(mine, first) && !sent.has(others, first));
        (0..MOST_SENT).for_each(|_| sent.note(mine, Uuid::new_v4()));
        assert!(!sent.has(mine, first));
        sent.forget(mine);
        assert!(sent.0.lock().unwrap().is_empty());
    }
}
