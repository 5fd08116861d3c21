//! Accounts from a cache that forgets on change. Unknown ids are always looked up: a new account
//! works at once. While the database is away, what was known goes on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::time::timeout;

use super::platform::PlatformAction;
use super::remembered::{Asked, Remembered};
use super::{Chat, Refusal, patience_with, patiently};
use crate::model::{Actor, Author, ConnectionId, Message, Posted, Standing, User, UserId, UserRole};
use crate::store::{Fault, Store};

const REMEMBERED: u64 = 100_000;
/// Then it is asked again: a net under the notices, for databases where none are to be had.
const BELIEVED_FOR: Duration = Duration::from_secs(30);
/// While the database is away, what was known goes on for so long before it is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Known {
    user: Arc<User>,
    until: Instant,
}

pub struct People {
    store: Store,
    takes_guests: bool,
    /// Guests change nothing about themselves.
    guests: Cache<UserId, Arc<User>>,
    known: Remembered<UserId, Known>,
}

/// Somebody with an account that exists and is not locked by an administrator, or a guest where guests are
/// taken. Only [`Chat::caller`] makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    user: Arc<User>,
    standing: Standing,
    /// Where there is one.
    connection: Option<ConnectionId>,
}

/// Somebody who is acted upon.
#[derive(Debug, Clone)]
pub struct Person {
    pub author: Arc<Author>,
    pub is_admin: bool,
}

impl Caller {
    pub(super) fn guest(user: Arc<User>) -> Caller {
        Caller { user, standing: Standing::Guest, connection: None }
    }

    /// Whoever calls on a live connection.
    pub fn on(self, connection: ConnectionId) -> Caller {
        Caller { connection: Some(connection), ..self }
    }

    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    pub fn user(&self) -> &User {
        &self.user
    }

    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// For what guests cannot do.
    pub fn account(&self) -> Result<&User, Refusal> {
        self.may(PlatformAction::MindOwnAffairs).map_err(|_| Refusal::AccountNeeded)?;
        Ok(&self.user)
    }

    pub fn author(&self) -> Arc<Author> {
        Arc::new(Author { guest: self.standing == Standing::Guest, ..self.user.author() })
    }
}

impl People {
    pub fn new(store: Store, takes_guests: bool) -> People {
        let known = Remembered::new(Cache::builder().max_capacity(REMEMBERED));
        let guests = Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED_FOR).build();
        People { store, takes_guests, guests, known }
    }

    pub fn takes_guests(&self) -> bool {
        self.takes_guests
    }

    /// Somebody without an account. Where no guests are taken, nobody is one.
    pub(super) async fn guest(&self, id: UserId) -> Result<Option<Arc<User>>, Fault> {
        if !self.takes_guests {
            return Ok(None);
        }
        if let Some(guest) = self.guests.get(&id) {
            return Ok(Some(guest));
        }
        let found = self.store.guests(&[id]).await?.pop().map(|guest| Arc::new(User::of_guest(&guest)));
        found.iter().for_each(|guest| self.guests.insert(id, guest.clone()));
        Ok(found)
    }

    pub async fn user(&self, id: UserId) -> Result<Option<Arc<User>>, Fault> {
        let known = self.known.get(&id);
        if let Some(known) = known.as_ref().filter(|known| known.until > Instant::now()) {
            return Ok(Some(known.user.clone()));
        }
        let asked = self.known.ask(id);
        let patience = patience_with(known.as_ref());
        match (timeout(patience, self.store.user(id)).await.unwrap_or(Err(Fault::TooSlow)), known) {
            (Ok(Some(user)), _) => {
                let user = Arc::new(user);
                self.remember(asked, &user, BELIEVED_FOR);
                Ok(Some(user))
            }
            (Ok(None), _) => {
                self.forget(id);
                Ok(None)
            }
            (Err(fault), Some(known)) if fault.is_away() => {
                self.remember(asked, &known.user, ASK_AGAIN);
                Ok(Some(known.user))
            }
            (Err(fault), _) => Err(fault),
        }
    }

    pub fn forget(&self, id: UserId) {
        self.known.forget(&id);
    }

    /// Puts names beside messages. An author whose account is gone keeps an empty name.
    pub async fn beside(&self, messages: Vec<Message>) -> Result<Vec<Posted>, Fault> {
        let of = |guests: bool| messages.iter().filter(move |message| message.guest == guests).map(|m| m.user);
        let mut authors = self.authors(of(false)).await?;
        let guests: BTreeSet<UserId> = of(true).collect();
        if !guests.is_empty() {
            let guests: Vec<UserId> = guests.into_iter().collect();
            authors.extend(self.store.guests(&guests).await?.into_iter().map(|guest| (guest.id, Arc::new(guest))));
        }
        let mut author = |id: UserId, guest: bool| {
            authors.entry(id).or_insert_with(|| Arc::new(Author { guest, ..Author::nameless(id) })).clone()
        };
        let beside = |message: Message| Posted { author: author(message.user, message.guest), message };
        Ok(messages.into_iter().map(beside).collect())
    }

    /// The names of accounts, for as many as there are.
    pub async fn authors(&self, ids: impl Iterator<Item = UserId>) -> Result<HashMap<UserId, Arc<Author>>, Fault> {
        let mut authors: HashMap<UserId, Arc<Author>> = HashMap::new();
        let mut unknown = BTreeSet::new();
        let now = Instant::now();
        for id in ids {
            match self.known.get(&id).filter(|known| known.until > now) {
                Some(known) => drop(authors.entry(id).or_insert_with(|| Arc::new(known.user.author()))),
                None => drop(unknown.insert(id)),
            }
        }
        let unknown: Vec<UserId> = unknown.into_iter().collect();
        let mut asked: HashMap<UserId, _> = unknown.iter().map(|id| (*id, self.known.ask(*id))).collect();
        for user in self.store.users(&unknown).await?.into_iter().map(Arc::new) {
            asked.remove(&user.id).into_iter().for_each(|asked| self.remember(asked, &user, BELIEVED_FOR));
            authors.insert(user.id, Arc::new(user.author()));
        }
        Ok(authors)
    }

    /// Those whose names were known once, for while the database is away.
    pub fn remembered(&self, ids: &[UserId]) -> HashMap<UserId, Arc<Author>> {
        let account = |id: &UserId| Some(self.known.get(id)?.user.author());
        let guest = |id: &UserId| Some(Author { guest: true, ..self.guests.get(id)?.author() });
        ids.iter().filter_map(|id| Some((*id, Arc::new(account(id).or_else(|| guest(id))?)))).collect()
    }

    fn remember(&self, asked: Asked<UserId>, user: &Arc<User>, believed: Duration) {
        self.known.remember(asked, Known { user: user.clone(), until: Instant::now() + believed });
    }
}

impl Chat {
    pub async fn caller(&self, actor: Actor) -> Result<Caller, Refusal> {
        let (id, is_proved) = match actor {
            Actor::Anonymous => return Err(Refusal::NotAuthenticated),
            Actor::Guest(id) => return self.guest(id).await,
            Actor::Claimed(id) => (id, false),
            Actor::User(id) | Actor::Session { user: id, .. } => (id, true),
        };
        // Together, since each may wait as long as a refusal may take.
        let (good, user) = tokio::join!(self.must_be_good(actor), self.inner.known.people.user(id));
        good?;
        match user? {
            Some(user) if !user.is_barred() => {
                let standing = match user.role {
                    UserRole::Support if is_proved => Standing::Support,
                    UserRole::Admin if is_proved => Standing::Admin,
                    // Whoever knows an admin's id must not be one.
                    UserRole::User | UserRole::Support | UserRole::Admin => Standing::User,
                };
                Ok(Caller { user, standing, connection: None })
            }
            _ => Err(Refusal::NotAuthenticated),
        }
    }

    /// Somebody who is acted upon: an account, or a guest.
    pub(super) async fn person(&self, id: UserId) -> Result<Option<Person>, Refusal> {
        if let Some(user) = self.inner.known.people.user(id).await? {
            return Ok(Some(Person { author: Arc::new(user.author()), is_admin: user.role == UserRole::Admin }));
        }
        let guest = patiently(self.inner.store.guests(&[id])).await?.pop();
        Ok(guest.map(|guest| Person { author: Arc::new(guest), is_admin: false }))
    }

    /// Accounts for ids, for as many as there are.
    pub async fn accounts(&self, ids: &[UserId]) -> Result<Vec<Arc<Author>>, Refusal> {
        Ok(patiently(self.inner.known.people.authors(ids.iter().copied())).await?.into_values().collect())
    }

    /// Names for ids, of accounts and guests, for as many as there are.
    pub async fn authors(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<Author>>, Refusal> {
        let mut found = patiently(self.inner.known.people.authors(ids.iter().copied())).await?;
        let rest: Vec<UserId> = ids.iter().copied().filter(|id| !found.contains_key(id)).collect();
        if !rest.is_empty() {
            let guests = patiently(self.inner.store.guests(&rest)).await?;
            found.extend(guests.into_iter().map(|guest| (guest.id, Arc::new(guest))));
        }
        Ok(found)
    }

    /// For a claim that is not proved yet: whether there is such an account at all.
    pub async fn account(&self, actor: Actor) -> Result<Caller, Refusal> {
        match self.caller(actor).await {
            Err(Refusal::NotAuthenticated) => Err(Refusal::UserNotFound),
            answer => answer,
        }
    }
}
