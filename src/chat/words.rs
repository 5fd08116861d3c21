//! The operator's own list of words: one for all nodes, in the database, taken over without a restart.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::content::{Content, Filter, says_something};
use super::platform::PlatformAction;
use super::{Caller, Chat, PATIENCE, Refusal, patiently};
use crate::model::{Event, WordLists};
use crate::store::{AuditRow, Fault, Store};

/// A net under the notices: another process may change the list.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// While the database is away. The last list goes on.
const TRY_AGAIN: Duration = Duration::from_secs(1);

const MOST_WORDS: usize = 5000;
const MOST_CHARS: usize = 50;

/// The filter, and how far it has followed the list in the database.
pub struct Words {
    store: Store,
    list: Followed,
    changed: Notify,
    /// Whether names are looked at; of messages the door's rules say it.
    names: bool,
}

#[derive(Default)]
struct Followed {
    content: Content,
    version: AtomicI64,
    /// One list at a time is built, so that one that takes long cannot come behind a newer one.
    taking: Mutex<()>,
}

impl Followed {
    /// What was read earlier and comes later is old.
    fn take(&self, lists: &WordLists) {
        let _turn = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        if lists.version > self.version() {
            self.content.replace_lists(&lists.block, &lists.allow);
            self.version.store(lists.version, Ordering::SeqCst);
        }
    }

    fn version(&self) -> i64 {
        self.version.load(Ordering::SeqCst)
    }
}

/// Why a list was not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum WordsRefusal {
    Refused(Refusal),
    /// The fields that are wrong, each with what is, in words that begin with its name.
    Fields(Vec<(&'static str, String)>),
}

impl From<Refusal> for WordsRefusal {
    fn from(refusal: Refusal) -> Self {
        WordsRefusal::Refused(refusal)
    }
}

impl Words {
    pub async fn load(store: Store, names: Filter) -> Result<Words, Fault> {
        let words = Words { list: Followed::default(), changed: Notify::new(), names: names != Filter::Off, store };
        if words.names {
            words.content().warm_up();
        }
        words.reload().await?;
        Ok(words)
    }

    pub(super) fn content(&self) -> &Content {
        &self.list.content
    }

    /// Another node, or this one, replaced the list.
    pub(super) fn changed(&self, version: i64) {
        if version > self.list.version() {
            self.changed.notify_one();
        }
    }

    /// Takes over what changes, for ever.
    pub async fn follow(self: Arc<Self>) {
        let mut wait = LOOK_AGAIN;
        loop {
            // A notice that comes while the list is read is not lost.
            timeout(wait, self.changed.notified()).await.ok();
            wait = match timeout(PATIENCE, self.catch_up()).await.unwrap_or(Err(Fault::TooSlow)) {
                Ok(()) => LOOK_AGAIN,
                Err(fault) => {
                    fault.log("cannot read the list of words, the last one goes on");
                    TRY_AGAIN
                }
            };
        }
    }

    async fn catch_up(&self) -> Result<(), Fault> {
        if self.store.words_version().await? == self.list.version() { Ok(()) } else { self.reload().await }
    }

    async fn reload(&self) -> Result<(), Fault> {
        self.list.take(&self.store.words().await?);
        Ok(())
    }
}

impl Chat {
    /// Whether a room, a person or a character may be called so.
    pub fn check_name(&self, name: &str) -> Result<(), Refusal> {
        let words = &self.inner.known.words;
        if !words.names || words.content().allows_name(name) { Ok(()) } else { Err(Refusal::Inappropriate) }
    }

    /// Whether somebody may say this of themselves or of a room.
    pub fn check_description(&self, text: &str) -> Result<(), Refusal> {
        let words = &self.inner.known.words;
        if !words.names {
            return Ok(());
        }
        words.content().screen(text.to_owned(), Filter::Reject).map(|_| ())
    }

    /// The operator's list, as it stands in the database.
    pub async fn words(&self, caller: &Caller) -> Result<WordLists, Refusal> {
        caller.may(PlatformAction::Oversee)?;
        patiently(self.inner.store.words()).await
    }

    /// Puts another list in its place. It acts here before the answer, elsewhere within a second.
    pub async fn set_words(
        &self,
        caller: &Caller,
        block: Vec<String>,
        allow: Vec<String>,
    ) -> Result<WordLists, WordsRefusal> {
        caller.may(PlatformAction::Oversee)?;
        let mut faults = Vec::new();
        let mut tidy = |name: &'static str, words: Vec<String>| {
            tidied(words).unwrap_or_else(|what| {
                faults.push((name, format!("{name} {what}")));
                Vec::new()
            })
        };
        let (block, allow) = (tidy("block", block), tidy("allow", allow));
        if !faults.is_empty() {
            return Err(WordsRefusal::Fields(faults));
        }
        let audit = AuditRow::new("words-changed", Some(caller.user().id), self.inner.clock.now());
        let lists = patiently(self.inner.store.replace_words(block, allow, audit)).await?;
        self.inner.known.words.list.take(&lists);
        self.inner.bus.tell(Event::WordsChanged { version: lists.version }).await;
        Ok(lists)
    }
}

/// Trimmed, and each word once.
fn tidied(words: Vec<String>) -> Result<Vec<String>, String> {
    if words.len() > MOST_WORDS {
        return Err(format!("may have at most {MOST_WORDS} words"));
    }
    let mut tidy: Vec<String> = Vec::with_capacity(words.len());
    let mut known = std::collections::HashSet::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim();
        if word.chars().count() > MOST_CHARS || word.chars().any(char::is_control) {
            return Err(format!(
                "must hold words of one line and at most {MOST_CHARS} characters: number {} is none",
                at + 1
            ));
        }
        if !says_something(word) {
            return Err(format!("must hold words with a letter or a digit: number {} has none", at + 1));
        }
        if known.insert(word.to_owned()) {
            tidy.push(word.to_owned());
        }
    }
    Ok(tidy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_takes_long_to_build_does_not_come_behind_a_newer_one() {
        let long: Vec<String> = (0..MOST_WORDS).map(|number| format!("long{number}word")).collect();
        for version in (1..21).step_by(2) {
            let list = Followed::default();
            let (older, newer) = (
                WordLists { block: long.clone(), allow: Vec::new(), version },
                WordLists { block: vec!["turnip".into()], allow: Vec::new(), version: version + 1 },
            );
            std::thread::scope(|scope| {
                scope.spawn(|| list.take(&older));
                scope.spawn(|| list.take(&newer));
            });
            list.take(&older);
            assert_eq!(list.version(), newer.version);
            assert!(!list.content.allows_name("turnip"), "version {}", newer.version);
            assert!(list.content.allows_name("long7word"));
        }
    }
}
