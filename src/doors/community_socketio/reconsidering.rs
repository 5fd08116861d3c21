//! Something outside may have changed who a client is, or what it may: its session looks anew.

use super::incoming::CommunitySession;
use super::wire::SessionEndShape;
use super::{NAMESPACE, Trust};
use crate::doors::visitors::TooMany;
use crate::model::Actor;

impl CommunitySession {
    pub(super) async fn look_anew(&mut self) {
        let shared = self.door.shared.clone();
        let anew = self.visit.look_anew().await;
        let ended_session = anew.ended_session().zip(self.visit.actor().session());
        let ended_session = ended_session.map(|(reason, session_id)| SessionEndShape { session_id, reason });
        // Who was taken at their word goes on being asked for it.
        let becomes_nobody = anew.is_over() && (!anew.is_barred() || anew.token_ended || shared.trust == Trust::Token);
        if becomes_nobody && let Some(lock) = shared.chat.lock_on(self.visit.actor()).await {
            self.visit.connection.emit(NAMESPACE, "account-locked", &serde_json::json!({ "reason": lock.reason }));
        }
        if let Some(shape) = &ended_session {
            self.visit.connection.emit(NAMESPACE, "session-ended", shape);
        } else if anew.token_ended {
            self.visit.connection.emit(
                NAMESPACE,
                "token-expired",
                &serde_json::json!({ "message": "Unauthorized - Token expired" }),
            );
        }
        if let Ok(caller) = &anew.standing {
            let role = caller.user().role;
            if self.role.replace(role).is_some_and(|before| before != role) {
                self.visit.connection.emit(NAMESPACE, "account-role-changed", &serde_json::json!({ "role": role }));
            }
        }
        if becomes_nobody {
            self.become_this(Actor::Anonymous, None).await.ok();
        } else if anew.is_barred() {
            self.leave_rooms();
        } else {
            self.leave_forbidden_rooms().await;
        }
    }

    pub(super) async fn become_this(&mut self, actor: Actor, token_ends: Option<u64>) -> Result<(), TooMany> {
        let before = self.visit.actor().person();
        self.visit.become_this(actor, token_ends).await?;
        self.role = None;
        if before != actor.person() {
            self.watch_nothing();
        }
        Ok(())
    }

    /// Somebody may have been put out, or the room be gone.
    async fn leave_forbidden_rooms(&mut self) {
        for room in self.visit.leave_forbidden_rooms().await {
            self.watch_no_more(room);
        }
        self.leave_forbidden_watches().await;
    }

    fn leave_rooms(&mut self) {
        self.visit.leave_rooms();
        self.watch_nothing();
    }
}
