//! Accounts from a cache that forgets on change. Unknown ids are always looked up: a new account
//! works at once. While the database is away, what was known goes on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::time::timeout;

use super::{Chat, PATIENCE, Refusal};
use crate::model::{Actor, Author, Message, Posted, User, UserId};
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
    known: Cache<UserId, Known>,
    /// Counts what was forgotten: what was read before that must not be remembered after it.
    forgotten: AtomicU64,
}

/// Somebody with an account that exists and is not locked by an administrator. Only
/// [`Chat::caller`] makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    user: Arc<User>,
}

impl Caller {
    pub fn user(&self) -> &User {
        &self.user
    }

    pub fn author(&self) -> Arc<Author> {
        Arc::new(self.user.author())
    }
}

impl People {
    pub fn new(store: Store) -> People {
        let known = Cache::builder().max_capacity(REMEMBERED).build();
        People { store, known, forgotten: AtomicU64::new(0) }
    }

    pub async fn user(&self, id: UserId) -> Result<Option<Arc<User>>, Fault> {
        let known = self.known.get(&id);
        if let Some(known) = known.as_ref().filter(|known| known.until > Instant::now()) {
            return Ok(Some(known.user.clone()));
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        match (timeout(PATIENCE, self.store.user(id)).await.unwrap_or(Err(Fault::TooSlow)), known) {
            (Ok(Some(user)), _) => {
                let user = Arc::new(user);
                self.remember(&user, before, BELIEVED_FOR);
                Ok(Some(user))
            }
            (Ok(None), _) => {
                self.forget(id);
                Ok(None)
            }
            (Err(fault), Some(known)) if fault.is_away() => {
                self.remember(&known.user, before, ASK_AGAIN);
                Ok(Some(known.user))
            }
            (Err(fault), _) => Err(fault),
        }
    }

    pub fn forget(&self, id: UserId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(&id);
    }

    /// Puts names beside messages. An author whose account is gone keeps an empty name.
    pub async fn beside(&self, messages: Vec<Message>) -> Result<Vec<Posted>, Fault> {
        let mut authors: HashMap<UserId, Arc<Author>> = HashMap::new();
        let mut unknown = BTreeSet::new();
        let now = Instant::now();
        for id in messages.iter().map(|message| message.user) {
            match self.known.get(&id).filter(|known| known.until > now) {
                Some(known) => drop(authors.entry(id).or_insert_with(|| Arc::new(known.user.author()))),
                None => drop(unknown.insert(id)),
            }
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let unknown: Vec<UserId> = unknown.into_iter().collect();
        for user in self.store.authors(&unknown).await?.into_iter().map(Arc::new) {
            self.remember(&user, before, BELIEVED_FOR);
            authors.insert(user.id, Arc::new(user.author()));
        }
        let mut author = |id: UserId| authors.entry(id).or_insert_with(|| Arc::new(nameless(id))).clone();
        Ok(messages.into_iter().map(|message| Posted { author: author(message.user), message }).collect())
    }

    fn remember(&self, user: &Arc<User>, before: u64, believed: Duration) {
        if self.forgotten.load(Ordering::SeqCst) == before {
            self.known.insert(user.id, Known { user: user.clone(), until: Instant::now() + believed });
        }
    }
}

fn nameless(id: UserId) -> Author {
    Author { id, userid: String::new(), name: String::new() }
}

impl Chat {
    pub async fn caller(&self, actor: Actor) -> Result<Caller, Refusal> {
        let id = actor.user().ok_or(Refusal::NotAuthenticated)?;
        match self.inner.people.user(id).await? {
            Some(user) if !user.is_barred() => Ok(Caller { user }),
            _ => Err(Refusal::NotAuthenticated),
        }
    }

    /// For a claim that is not proved yet: whether there is such an account at all.
    pub async fn account(&self, id: UserId) -> Result<Caller, Refusal> {
        match self.caller(Actor::User(id)).await {
            Err(Refusal::NotAuthenticated) => Err(Refusal::UserNotFound),
            answer => answer,
        }
    }
}
