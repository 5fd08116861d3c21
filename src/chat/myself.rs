//! What somebody says of themselves, and of whom they want to hear nothing.

use std::sync::Arc;

use serde_json::json;

use super::{Caller, Chat, Refusal, patiently};
use crate::model::new_account::is_reserved;
use crate::model::{Audience, Author, Event, Micros, User, UserId};
use crate::store::{Block, FoundUser, ProfileEdit, Waiting};

/// Whom somebody has blocked, and since when.
#[derive(Debug, Clone)]
pub struct Blocked {
    pub who: Arc<Author>,
    pub at: Micros,
}

impl Chat {
    /// The caller as they are now, and what waits for them.
    pub async fn myself(&self, caller: &Caller) -> Result<(Arc<User>, Waiting), Refusal> {
        let id = caller.account()?.id;
        let waiting = patiently(self.inner.store.waiting_for(id, caller.sees_all_reports(), self.now())).await?;
        let user = self.inner.known.people.user(id).await?.ok_or(Refusal::NotAuthenticated)?;
        Ok((user, waiting))
    }

    pub async fn edit_myself(&self, caller: &Caller, mut edit: ProfileEdit) -> Result<(), Refusal> {
        let user = caller.account()?;
        edit.name = edit.name.filter(|name| *name != user.name);
        if edit.name.as_deref().is_some_and(is_reserved) {
            return Err(Refusal::NameTaken);
        }
        edit.bio = edit.bio.filter(|bio| *bio != user.profile.bio);
        edit.direct_from = edit.direct_from.filter(|from| *from != user.profile.direct_from);
        if edit.name.is_none() && edit.bio.is_none() && edit.direct_from.is_none() {
            return Ok(());
        }
        let is_renamed = patiently(self.inner.store.edit_profile(user.id, &edit, self.now())).await?;
        // Here at once; elsewhere when they hear of it.
        self.inner.known.people.forget(user.id);
        self.inner.bus.tell(Event::UserChanged { user: user.id }).await;
        if is_renamed {
            self.inner.bus.tell(Event::UserEdited { user: user.id }).await;
        }
        Ok(())
    }

    /// Somebody with an account.
    pub async fn user(&self, id: UserId) -> Result<Arc<User>, Refusal> {
        self.inner.known.people.user(id).await?.ok_or(Refusal::UserNotFound)
    }

    pub async fn user_with_userid(&self, userid: &str) -> Result<Option<User>, Refusal> {
        patiently(self.inner.store.user_with_userid(userid)).await
    }

    /// Whose username or name begins so, by username.
    pub async fn users_beginning(
        &self,
        beginning: &str,
        after: Option<(String, UserId)>,
        limit: u64,
    ) -> Result<Vec<FoundUser>, Refusal> {
        patiently(self.inner.store.users_beginning(beginning, after, limit)).await
    }

    pub async fn block(&self, caller: &Caller, other: UserId) -> Result<Blocked, Refusal> {
        let mine = caller.account()?.id;
        if mine == other {
            return Err(Refusal::Yourself);
        }
        let who = Arc::new(self.user(other).await?.author());
        let (Block { at, .. }, is_new) = patiently(self.inner.store.block(mine, other, self.now())).await?;
        if is_new {
            self.tell_of_block(mine, "user-blocked", other).await;
        }
        Ok(Blocked { who, at })
    }

    pub async fn unblock(&self, caller: &Caller, other: UserId) -> Result<(), Refusal> {
        let mine = caller.account()?.id;
        if patiently(self.inner.store.unblock(mine, other)).await? {
            self.tell_of_block(mine, "user-unblocked", other).await;
        }
        Ok(())
    }

    /// Nobody but whoever blocks hears of it.
    async fn tell_of_block(&self, to: UserId, name: &str, other: UserId) {
        let payload = json!({ "userId": other });
        self.inner.bus.tell(Event::Noticed { to: Audience::Person(to), name: name.to_owned(), payload }).await;
    }

    /// Whom the caller has blocked, oldest first.
    pub async fn blocks(
        &self,
        caller: &Caller,
        after: Option<(i64, UserId)>,
        limit: u64,
    ) -> Result<Vec<Blocked>, Refusal> {
        let mine = caller.account()?.id;
        let blocks = patiently(self.inner.store.blocks_of(mine, after, limit)).await?;
        let ids: Vec<UserId> = blocks.iter().map(|block| block.blocked).collect();
        let people = self.authors(&ids).await?;
        let named = |id: UserId| people.get(&id).cloned().unwrap_or_else(|| Arc::new(Author::nameless(id)));
        Ok(blocks.into_iter().map(|block| Blocked { who: named(block.blocked), at: block.at }).collect())
    }

    /// Takes in what all accounts are called, whoever named them.
    pub async fn note_all_names(&self) {
        match self.inner.store.note_all_names().await {
            Ok(renamed) => {
                for user in renamed {
                    self.inner.bus.tell(Event::UserEdited { user }).await;
                }
            }
            Err(fault) => fault.log("cannot take in the names of accounts"),
        }
    }
}
