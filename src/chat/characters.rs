//! Whom people speak as.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::permissions::{Action, Member};
use super::remembered::Remembered;
use super::{Caller, Chat, Refusal, patiently};
use crate::model::new_account::is_reserved;
use crate::model::{Character, UserId};
use crate::store::{CharacterRefusal, Made, OwnCharacter, RequestKey};

/// Of one account, deleted ones not counted.
const MOST_CHARACTERS: i64 = 20;
/// Short, since another process may change them.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
const REMEMBERED: u64 = 10_000;

/// Those that are spoken as at the moment.
pub struct Characters {
    spoken: Remembered<(UserId, i64), Arc<Character>>,
}

impl Default for Characters {
    fn default() -> Self {
        Characters { spoken: Remembered::new(Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR)) }
    }
}

impl From<CharacterRefusal> for Refusal {
    fn from(refusal: CharacterRefusal) -> Self {
        match refusal {
            CharacterRefusal::NotFound => Refusal::CharacterNotFound,
            CharacterRefusal::NameTaken => Refusal::NameTaken,
            CharacterRefusal::TooMany => Refusal::TooManyCharacters { limit: MOST_CHARACTERS as usize },
        }
    }
}

impl Chat {
    pub async fn characters(&self, caller: &Caller, after: i64, limit: u64) -> Result<Vec<OwnCharacter>, Refusal> {
        patiently(self.inner.store.characters_of(caller.account()?.id, after, limit)).await
    }

    /// Makes a character; gives whether it is new, or what this request made before, as it is now.
    pub async fn make_character(
        &self,
        caller: &Caller,
        name: &str,
        key: Option<RequestKey>,
    ) -> Result<(OwnCharacter, bool), Refusal> {
        let owner = caller.account()?.id;
        self.check_name(name)?;
        if let Some(earlier) = self.made_before(key.as_ref()).await? {
            return self.made_character(owner, &earlier).await;
        }
        if is_reserved(name) {
            return Err(Refusal::NameTaken);
        }
        let added = self.inner.store.add_character(owner, name, MOST_CHARACTERS, key.as_ref(), self.now());
        match patiently(added).await?? {
            Made::New(made) => Ok((made, true)),
            Made::Before(earlier) => self.made_character(owner, &earlier).await,
            Made::Other => Err(Refusal::KeyReused),
        }
    }

    async fn made_character(&self, owner: UserId, number: &str) -> Result<(OwnCharacter, bool), Refusal> {
        let number = number.parse().map_err(|_| Refusal::CharacterNotFound)?;
        let made = patiently(self.inner.store.character_of(owner, number)).await?;
        Ok((made.ok_or(Refusal::CharacterNotFound)?, false))
    }

    pub async fn rename_character(&self, caller: &Caller, number: i64, name: &str) -> Result<OwnCharacter, Refusal> {
        let owner = caller.account()?.id;
        let before = patiently(self.inner.store.character_of(owner, number)).await?;
        let before = before.ok_or(Refusal::CharacterNotFound)?;
        if before.character.name == name {
            return Ok(before);
        }
        self.check_name(name)?;
        if is_reserved(name) {
            return Err(Refusal::NameTaken);
        }
        let renamed = patiently(self.inner.store.rename_character(owner, number, name)).await??;
        self.inner.characters.spoken.forget(&(owner, number));
        Ok(renamed)
    }

    pub async fn delete_character(&self, caller: &Caller, number: i64) -> Result<(), Refusal> {
        let owner = caller.account()?.id;
        let was_there = patiently(self.inner.store.delete_character(owner, number, self.now())).await?;
        self.inner.characters.spoken.forget(&(owner, number));
        if was_there { Ok(()) } else { Err(Refusal::CharacterNotFound) }
    }

    /// One of the caller's own, as whom they may speak here.
    pub(super) async fn spoken_as(&self, member: &Member, number: i64) -> Result<Arc<Character>, Refusal> {
        let owner = member.caller().account()?.id;
        member.may(Action::Embellish)?;
        let key = (owner, number);
        let known = &self.inner.characters.spoken;
        if let Some(character) = known.get(&key) {
            return Ok(character);
        }
        let asked = known.ask(key);
        let found = patiently(self.inner.store.character_of(owner, number)).await?;
        let character = found.ok_or(Refusal::CharacterNotFound)?.character;
        known.remember(asked, character.clone());
        Ok(character)
    }

    /// What a request of this key made, if it came before.
    pub(super) async fn made_before(&self, key: Option<&RequestKey>) -> Result<Option<String>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        match patiently(self.inner.store.made_before(key, self.now())).await? {
            Made::New(()) => Ok(None),
            Made::Before(made) => Ok(Some(made)),
            Made::Other => Err(Refusal::KeyReused),
        }
    }

    /// What was asked too long ago to be a repeat's.
    pub async fn forget_old_keys(&self) {
        loop {
            match self.inner.store.forget_old_keys(self.now()).await {
                Ok(0) => return,
                Ok(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                Err(fault) => return fault.log("cannot forget old keys of requests"),
            }
        }
    }
}
