//! Changes on their way into the store, and what they cost.

use std::sync::Arc;

use super::limits::{Budget, Spent};
use super::{Caller, Chat, Inner, Refusal};
use crate::model::{MessageId, Posted, RoomNumber, UserId};
use crate::store::{Answer, Done};

/// A change that is queued in its place; settled when it is stored and told to everybody.
pub struct Pending {
    pub(super) answer: Answer,
    /// None for a change of what is there.
    pub(super) taken: Option<Taken>,
}

/// What was stored, and what its author may still send, where that is limited.
pub struct Settled {
    pub posted: Arc<Posted>,
    /// False of a repeat.
    pub is_new: bool,
    pub budget: Option<Budget>,
}

/// What a new message costs of its author's pace.
pub(super) struct Taken {
    pub chat: Chat,
    pub caller: Caller,
    /// Where it was sent to.
    pub room: RoomNumber,
    pub id: MessageId,
    pub author: UserId,
    /// The room in slow mode.
    pub step: Option<RoomNumber>,
    pub spent: Option<Spent>,
    pub budget: Option<Budget>,
}

impl Pending {
    pub async fn settled(self) -> Result<Settled, Refusal> {
        let answer = match self.answer.await {
            Ok(Ok(Done::Message(posted))) => Ok(posted),
            Ok(Ok(Done::Member(_))) => Err(Refusal::Failed),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(_) => Err(Refusal::OutcomeUnknown),
        };
        if let (Some(taken), Ok(posted)) = (&self.taken, &answer) {
            taken.must_see(posted).await.inspect_err(|_| taken.give_back())?;
        }
        let draft = self.taken.as_ref().map(|taken| taken.id);
        let budget = self.taken.and_then(|taken| taken.settle(&answer));
        let posted = answer?;
        Ok(Settled { is_new: draft == Some(posted.message.id), posted, budget })
    }
}

impl Taken {
    /// What was said before under the same offset may stand in another room, which its author was put out of.
    async fn must_see(&self, posted: &Posted) -> Result<(), Refusal> {
        if posted.message.room != self.room {
            self.chat.member(&self.caller, Some(&posted.message.room.0.to_string())).await?;
        }
        Ok(())
    }

    /// Only what was stored costs something, and only once. What may have been stored does.
    fn settle(self, answer: &Result<Arc<Posted>, Refusal>) -> Option<Budget> {
        let costs = match answer {
            Ok(posted) => posted.message.id == self.id,
            Err(refusal) => *refusal == Refusal::OutcomeUnknown,
        };
        if costs {
            return self.budget;
        }
        self.give_back();
        let Inner { pace, clock, .. } = &*self.chat.inner;
        self.budget.map(|budget| pace.budget(self.author, budget.limit, clock.ticks()))
    }

    pub fn give_back(&self) {
        let pace = &self.chat.inner.pace;
        if let Some(room) = self.step {
            pace.take_back_step(room, self.author);
        }
        if let Some(spent) = self.spent {
            pace.give_back(spent);
        }
    }
}
