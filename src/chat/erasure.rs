//! Forgetting a person for good.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Chat, PATIENCE, Refusal, patiently};
use crate::model::erasure::Remains;
use crate::model::{Audience, Event, MemberState, MessageId, Room, RoomKind, RoomNumber, RoomRole, UserId};
use crate::store::{Command, Deed, Doomed, Erasure, Fault, Governor, MemberCommand, Told, WriteRefusal};

/// Messages at a time, and the pause between: 200 a second a room at most are told anew.
const TOGETHER: i64 = 50;
const PAUSE: Duration = Duration::from_millis(250);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
const ROOMS_AT_ONCE: u64 = 100;
/// Whoever was asked before the erasure whether they may has done it by then, and a server that runs has
/// heard of it from the command line.
const UNDER_WAY: i64 = 3_000_000;

impl Chat {
    /// At once nobody can be this person any more; what they wrote follows, see [`Chat::erase_on`].
    /// `by` is none for the command line.
    pub async fn erase(&self, by: Option<UserId>, user: UserId, remains: Remains) -> Result<(), Refusal> {
        let told = if by.is_some() { Told::ByCaller } else { Told::ByNote };
        let governor = Governor { by: by.filter(|by| *by != user), told, now: self.inner.clock.now() };
        let is_new = self.inner.store.begin_erasure(user, remains, governor).await??;
        self.inner.known.people.forget(user);
        self.inner.bus.tell(Event::UserChanged { user }).await;
        if let Err(refusal) = self.hand_over_rooms(user).await {
            tracing::warn!("rooms of who was erased are handed over later: {refusal:?}");
        }
        if !is_new {
            return Ok(());
        }
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
                    let themselves = match self.do_to(&room, user, Deed::Leave).await {
                        Ok(()) => 0,
                        // Nobody is left to own it.
                        Err(Refusal::LastOwner) => 1,
                        Err(refusal) => return Err(refusal),
                    };
                    let is_hidden = matches!(room.kind, RoomKind::Private | RoomKind::Guild);
                    if is_hidden && self.counts(&room).await?.members <= themselves {
                        // What only they could read is theirs: its name goes with them.
                        self.remove_room(&room, &[]).await?;
                    }
                }
            }
        }
    }

    async fn do_to(&self, room: &Arc<Room>, user: UserId, deed: Deed) -> Result<(), Refusal> {
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
                    Ok(_) => PAUSE,
                    Err(Refusal::DatabaseAway { .. }) => LOOK_AGAIN,
                    Err(refusal) => {
                        tracing::warn!("cannot go on erasing: {refusal:?}");
                        LOOK_AGAIN
                    }
                },
                Ok(None) => LOOK_AGAIN,
                Err(fault) => {
                    fault.log("cannot look for what is to be erased");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// The next few messages of whoever is to be erased. False: it is too early to go on.
    pub async fn erase_next(&self) -> Result<bool, Refusal> {
        match patiently(self.inner.store.next_erasure()).await? {
            Some(erasure) => self.erase_some(&erasure).await,
            None => Ok(true),
        }
    }

    /// Whether nothing is left to erase of anybody.
    pub async fn is_all_erased(&self) -> Result<bool, Refusal> {
        Ok(patiently(self.inner.store.next_erasure()).await?.is_none())
    }

    async fn erase_some(&self, erasure: &Erasure) -> Result<bool, Refusal> {
        let (store, user) = (&self.inner.store, erasure.user);
        let messages = patiently(store.messages_to_erase(user, TOGETHER)).await?;
        if messages.is_empty() {
            let now = self.inner.clock.now();
            if (0..UNDER_WAY).contains(&(now.0 - erasure.asked_at.0)) {
                return Ok(false);
            }
            self.hand_over_rooms(user).await?;
            let ended = store.end_erasure(user, now).await?;
            ended.iter().flatten().for_each(|direct| self.inner.known.rooms.forget(*direct));
            self.inner.known.people.forget(user);
            self.inner.bus.tell(Event::UserChanged { user }).await;
            return Ok(true);
        }
        let (unseen, seen): (Vec<Doomed>, Vec<Doomed>) = messages.into_iter().partition(|message| message.is_unseen);
        if !unseen.is_empty() {
            let unseen: Vec<MessageId> = unseen.iter().map(|message| message.id).collect();
            patiently(store.erase_unseen(user, &unseen)).await?;
        }
        let mut answers = Vec::new();
        for Doomed { id, room, .. } in seen {
            let command = Command::Erase { id, room, remains: erasure.remains };
            answers.push(self.inner.writer.append(command).await?);
        }
        for answer in answers {
            match answer.await.map_err(|_| Refusal::OutcomeUnknown)? {
                // The next look finds what became of it: its room was deleted meanwhile.
                Ok(_) | Err(WriteRefusal::Refused(..)) => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Ok(true)
    }

    /// What was written since in the name of somebody who was erased goes as well.
    pub async fn reopen_erasures(&self) {
        if let Err(refusal) = patiently(self.inner.store.reopen_erasures()).await {
            tracing::warn!("cannot look for what is left of who was erased: {refusal:?}");
        }
    }
}
