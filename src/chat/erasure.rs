//! Forgetting a person for good.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Chat, PATIENCE, Refusal, patiently};
use crate::model::erasure::Remains;
use crate::model::{Audience, Event, MemberState, Room, RoomKind, RoomNumber, RoomRole, UserId, UserRole};
use crate::store::{AuditRow, Command, Deed, Erasure, Fault, MemberCommand};

/// Messages at a time, and the pause between: 200 a second a room at most are told anew.
const TOGETHER: i64 = 50;
const PAUSE: Duration = Duration::from_millis(250);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
const ROOMS_AT_ONCE: u64 = 100;

impl Chat {
    /// At once nobody can be this person any more; what they wrote follows, see [`Chat::erase_on`].
    /// `by` is none for the command line.
    pub async fn erase(&self, by: Option<UserId>, user: UserId, remains: Remains) -> Result<(), Refusal> {
        let known = self.inner.known.people.user(user).await?.ok_or(Refusal::UserNotFound)?;
        if known.role == UserRole::Admin && patiently(self.inner.store.admins()).await? <= 1 {
            return Err(Refusal::LastAdmin);
        }
        self.hand_over_rooms(user).await?;
        let now = self.inner.clock.now();
        let audit = AuditRow::new("user-erased", by.filter(|by| *by != user), now);
        if !patiently(self.inner.store.begin_erasure(user, remains, &[audit], now)).await? {
            return Err(Refusal::UserNotFound);
        }
        self.inner.known.people.forget(user);
        self.inner.bus.tell(Event::UserChanged { user }).await;
        let payload = serde_json::json!({ "userId": user });
        self.inner.bus.tell(Event::Noticed { to: Audience::Everybody, name: "user-erased".into(), payload }).await;
        Ok(())
    }

    /// Rooms go on: each gets another owner before this one leaves.
    async fn hand_over_rooms(&self, user: UserId) -> Result<(), Refusal> {
        let mut after = RoomNumber(0);
        loop {
            let now = self.inner.clock.now();
            let asked = self.inner.store.places_of(user, MemberState::Member, after, now, ROOMS_AT_ONCE);
            let places = patiently(asked).await?;
            let Some((last, _)) = places.last() else { return Ok(()) };
            after = *last;
            for (number, row) in places {
                let room = self.room(&number.0.to_string()).await?;
                if row.membership.role == RoomRole::Owner
                    && let Some(heir) = patiently(self.inner.store.heir_of(number, user)).await?
                {
                    self.do_to(&room, heir, Deed::SetRole(RoomRole::Owner)).await?;
                }
                if room.kind != RoomKind::Main && room.kind != RoomKind::Direct {
                    match self.do_to(&room, user, Deed::Leave).await {
                        // Nobody is left to own it.
                        Ok(()) | Err(Refusal::LastOwner) => {}
                        Err(refusal) => return Err(refusal),
                    }
                }
            }
        }
    }

    async fn do_to(&self, room: &std::sync::Arc<Room>, user: UserId, deed: Deed) -> Result<(), Refusal> {
        let Some(person) = self.person(user).await? else { return Ok(()) };
        let command = MemberCommand {
            room: room.clone(),
            who: person.author,
            who_is_admin: person.is_admin,
            by: None,
            over: None,
            deed,
            reason: None,
        };
        self.settle_member(command).await.map(|_| ())
    }

    /// Works off what erasures have left, one after another, and goes on after a crash.
    pub async fn erase_on(self, stop: CancellationToken) {
        loop {
            let pause = match timeout(PATIENCE, self.inner.store.next_erasure()).await.unwrap_or(Err(Fault::TooSlow)) {
                Ok(Some(erasure)) => match self.erase_some(&erasure).await {
                    Ok(()) => PAUSE,
                    Err(refusal) => {
                        tracing::warn!("cannot go on erasing: {refusal:?}");
                        LOOK_AGAIN
                    }
                },
                Ok(None) => LOOK_AGAIN,
                Err(fault) => {
                    tracing::warn!("cannot look for what is to be erased: {fault}");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// The next few messages of whoever is to be erased.
    pub async fn erase_next(&self) -> Result<(), Refusal> {
        match patiently(self.inner.store.next_erasure()).await? {
            Some(erasure) => self.erase_some(&erasure).await,
            None => Ok(()),
        }
    }

    /// Whether nothing is left to erase of anybody.
    pub async fn is_all_erased(&self) -> Result<bool, Refusal> {
        Ok(patiently(self.inner.store.next_erasure()).await?.is_none())
    }

    async fn erase_some(&self, erasure: &Erasure) -> Result<(), Refusal> {
        let messages = patiently(self.inner.store.messages_to_erase(erasure, TOGETHER)).await?;
        let Some((room, seq, _)) = messages.last().copied() else {
            return patiently(self.inner.store.end_erasure(erasure.user, self.inner.clock.now())).await;
        };
        let mut answers = Vec::new();
        for (room, _, id) in messages {
            let command = Command::Erase { id, room, remains: erasure.remains };
            answers.push(self.inner.writer.append(command).await?);
        }
        for answer in answers {
            match answer.await.map_err(|_| Refusal::OutcomeUnknown)? {
                // A room that was deleted meanwhile takes its messages with it.
                Ok(_) | Err(crate::store::WriteRefusal::Refused(..)) => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        patiently(self.inner.store.note_erased(erasure.user, room, seq)).await
    }
}
