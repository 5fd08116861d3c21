//! Something outside may have changed who a client is, or what it may: its session looks anew.

use super::incoming::CommunitySession;
use super::wire::SessionEndShape;
use super::{NAMESPACE, Trust};
use crate::chat::Refusal;
use crate::model::{Actor, RoomNumber};

impl CommunitySession {
    pub(super) async fn look_anew(&mut self) {
        let shared = self.door.shared.clone();
        let now = u64::try_from(shared.clock.now().seconds()).unwrap_or(0);
        let ended = self.door.visitors().token_ended(self.connection.id, now);
        let standing = shared.chat.caller(self.actor).await;
        let barred = matches!(standing, Err(Refusal::NotAuthenticated));
        let ended_session = match (&standing, self.actor.session()) {
            (Err(Refusal::SessionEnded(reason)), Some(session_id)) => {
                Some(SessionEndShape { session_id, reason: *reason })
            }
            _ => None,
        };
        let becomes_nobody = ended || ended_session.is_some() || (barred && shared.trust == Trust::Token);
        if becomes_nobody && let Some(lock) = shared.chat.lock_on(self.actor).await {
            self.connection.emit(NAMESPACE, "account-locked", &serde_json::json!({ "reason": lock.reason }));
        }
        if let Some(shape) = &ended_session {
            self.connection.emit(NAMESPACE, "session-ended", shape);
        } else if ended {
            self.connection.emit(
                NAMESPACE,
                "token-expired",
                &serde_json::json!({ "message": "Unauthorized - Token expired" }),
            );
        }
        if let Ok(caller) = &standing {
            let role = caller.user().role;
            if self.role.replace(role).is_some_and(|before| before != role) {
                self.connection.emit(NAMESPACE, "account-role-changed", &serde_json::json!({ "role": role }));
            }
        }
        if becomes_nobody {
            self.become_nobody().await;
        } else if barred {
            self.leave_rooms();
        } else {
            self.leave_forbidden_rooms().await;
        }
    }

    pub(super) fn become_this(&mut self, actor: Actor) {
        if self.actor.person() != actor.person() {
            self.seat = self.door.shared.chat.came(actor);
        }
        self.actor = actor;
        self.role = None;
        self.ear.belongs_to(actor.person());
    }

    async fn become_nobody(&mut self) {
        self.leave_rooms();
        self.become_this(Actor::Anonymous);
        self.door.note(&self.connection, Actor::Anonymous, None).ok();
        self.door.shared.chat.stop_typing(self.connection.id).await;
    }

    /// Somebody may have been put out, or the room be gone.
    async fn leave_forbidden_rooms(&mut self) {
        for room in self.rooms.clone() {
            if room != RoomNumber::MAIN && !self.door.shared.chat.may_hear(self.actor, room).await {
                self.listen_no_more(room);
            }
        }
        self.leave_forbidden_watches().await;
    }

    /// Only the main room is for everybody, and that to hear.
    pub(super) fn leave_rooms(&mut self) {
        for room in self.rooms.clone() {
            if room != RoomNumber::MAIN {
                self.listen_no_more(room);
            }
        }
        self.watch_nothing();
    }
}
