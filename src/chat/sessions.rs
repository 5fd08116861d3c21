//! Sessions: who may go on with a token, and how everybody hears that one ended.

use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::time::timeout;

use super::remembered::Remembered;
use super::{Chat, Refusal, patience_with, patiently};
use crate::model::{Actor, Device, EndReason, Event, KeptToken, LoginSession, SessionId, UserId};
use crate::store::{Fault, NewPassword, Proved, Rotation, SessionState, Sessions as Which, ShownToken, Store, Told};

const REMEMBERED: u64 = 200_000;
/// Then it is asked again: a net under the bus.
const BELIEVED_FOR: Duration = Duration::from_secs(30);
/// While the database is away, what was known to be good goes on for so long before it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

#[derive(Clone, Copy)]
struct Known {
    state: SessionState,
    until: Instant,
}

/// Which sessions are good. One that ended never comes back, so that is known for good.
pub struct Sessions {
    store: Store,
    known: Remembered<SessionId, Known>,
}

impl Sessions {
    pub fn new(store: Store) -> Sessions {
        Sessions { store, known: Remembered::new(Cache::builder().max_capacity(REMEMBERED)) }
    }

    pub(super) fn note_end(&self, session: SessionId, user: UserId, reason: EndReason) {
        let state = SessionState { user, ended: Some(reason) };
        self.known.learn(session, Known { state, until: Instant::now() + BELIEVED_FOR });
    }

    /// Refuses a session that ended, that nobody has heard of, or that is somebody else's.
    async fn must_be_good(&self, session: SessionId, user: UserId) -> Result<(), Refusal> {
        let state = self.state(session).await?.unwrap_or(SessionState { user, ended: Some(EndReason::Ended) });
        match state.ended {
            None if state.user == user => Ok(()),
            None => Err(Refusal::SessionEnded(EndReason::Ended)),
            Some(reason) => Err(Refusal::SessionEnded(reason)),
        }
    }

    async fn state(&self, session: SessionId) -> Result<Option<SessionState>, Fault> {
        let known = self.known.get(&session);
        if let Some(known) = known.filter(|known| known.state.ended.is_some() || known.until > Instant::now()) {
            return Ok(Some(known.state));
        }
        let asked = self.known.ask(session);
        let patience = patience_with(known.as_ref());
        let (state, believed) = match (timeout(patience, self.store.session_state(session)).await, known) {
            (Ok(Ok(state)), _) => (state, BELIEVED_FOR),
            (Ok(Err(fault)), Some(known)) if fault.is_away() => (Some(known.state), ASK_AGAIN),
            (Err(_), Some(known)) => (Some(known.state), ASK_AGAIN),
            (Ok(Err(fault)), _) => return Err(fault),
            (Err(_), None) => return Err(Fault::TooSlow),
        };
        if let Some(state) = state {
            self.known.remember(asked, Known { state, until: Instant::now() + believed });
        }
        Ok(state)
    }
}

impl Chat {
    /// Whether this actor's session, if there is one, is still good.
    pub(super) async fn must_be_good(&self, actor: Actor) -> Result<(), Refusal> {
        match actor {
            Actor::Anonymous | Actor::Claimed(_) | Actor::User(_) | Actor::Guest(_) => Ok(()),
            Actor::Session { user, session } => self.inner.known.sessions.must_be_good(session, user).await,
        }
    }

    pub async fn begin_session(&self, user: UserId, token: &KeptToken, device: &Device) -> Result<SessionId, Refusal> {
        Ok(self.inner.store.begin_session(user, token, device, self.inner.clock.now()).await?)
    }

    /// None: the password is another one by now, or the account was locked meanwhile.
    pub async fn log_in(
        &self,
        proved: Proved<'_>,
        token: &KeptToken,
        device: &Device,
    ) -> Result<Option<SessionId>, Refusal> {
        Ok(self.inner.store.log_in(proved, token, device, self.inner.clock.now()).await?)
    }

    /// The session that goes on with the child of a refresh token.
    pub async fn rotate_session(
        &self,
        shown: &ShownToken,
        child: &KeptToken,
        device: &Device,
    ) -> Result<SessionId, Refusal> {
        match self.inner.store.rotate_session(shown, child, device, self.inner.clock.now()).await? {
            Rotation::GoesOn(session) => Ok(session),
            Rotation::Ended => Err(Refusal::SessionEnded(EndReason::Ended)),
            Rotation::EndsNow(session) => {
                self.tell_ended(shown.user, &[session], EndReason::Reuse).await;
                Err(Refusal::SessionEnded(EndReason::Reuse))
            }
        }
    }

    /// Ends the session of a refresh token, if it has one that is alive.
    pub async fn end_session_of(&self, shown: &ShownToken, reason: EndReason) -> Result<(), Refusal> {
        let ended = self.inner.store.end_session_of(shown, reason, self.inner.clock.now()).await?;
        self.tell_ended(shown.user, ended.as_slice(), reason).await;
        Ok(())
    }

    /// One of this user's sessions.
    pub async fn end_session(&self, user: UserId, session: SessionId, reason: EndReason) -> Result<(), Refusal> {
        let ended = self.end_sessions(user, Which::One(session), reason).await?;
        if ended.is_empty() { Err(Refusal::SessionNotFound) } else { Ok(()) }
    }

    /// Ends sessions of this user; gives those that were alive.
    pub async fn end_sessions(&self, user: UserId, which: Which, reason: EndReason) -> Result<Vec<SessionId>, Refusal> {
        let now = self.inner.clock.now();
        let ended = self.inner.store.end_sessions(user, which, reason, Told::ByCaller, now).await?;
        self.tell_ended(user, &ended, reason).await;
        Ok(ended)
    }

    /// Gives the account another password and ends its sessions but the asker's. False: the password
    /// was changed meanwhile.
    pub async fn change_password(&self, actor: Actor, user: UserId, new: &NewPassword) -> Result<bool, Refusal> {
        let others = actor.session().map_or(Which::All, Which::AllBut);
        let now = self.inner.clock.now();
        let Some(ended) = self.inner.store.set_password(user, new, others, Told::ByCaller, now).await? else {
            return Ok(false);
        };
        self.tell_ended(user, &ended, EndReason::Password).await;
        Ok(true)
    }

    pub async fn sessions_of(
        &self,
        user: UserId,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<LoginSession>, Refusal> {
        patiently(self.inner.store.sessions_of(user, after, limit, self.inner.clock.now())).await
    }

    pub async fn forget_expired_sessions(&self) {
        if let Err(fault) = self.inner.store.forget_expired_sessions(self.inner.clock.now()).await {
            fault.log("cannot clear up expired sessions");
        }
        if let Err(fault) = self.inner.store.forget_oldest_guesses().await {
            fault.log("cannot clear up wrong passwords");
        }
    }

    /// Acts at once; the answer of whoever ended them waits until this node's doors have told it.
    async fn tell_ended(&self, user: UserId, ended: &[SessionId], reason: EndReason) {
        self.tell_at_once(self.note_ended(user, ended, reason)).await;
    }

    /// What is to be told of sessions that ended; here they are good no more.
    pub(super) fn note_ended(&self, user: UserId, ended: &[SessionId], reason: EndReason) -> Vec<Event> {
        for session in ended {
            self.inner.known.sessions.note_end(*session, user, reason);
        }
        ended.iter().map(|session| Event::SessionEnded { session: *session, user, reason }).collect()
    }
}
