//! Sessions and their refresh tokens.

use sea_orm::{DatabaseTransaction, QueryResult};
use uuid::Uuid;

use super::sql::{Sql, row, rows, run};
use super::{Fault, Store};
use crate::model::{Device, EndReason, Event, KeptToken, LoginSession, Micros, SessionId, UserId};

/// A refresh token that somebody shows.
#[derive(Debug, Clone)]
pub struct ShownToken {
    pub user: UserId,
    pub kept: KeptToken,
    pub issued_at: Micros,
    /// Node signed it, or we before there were sessions: it is taken over at its first use.
    pub is_foreign: bool,
}

/// What becomes of a family when one of its tokens is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    GoesOn(SessionId),
    /// It had ended before, or nobody knows this token.
    Ended,
    /// It ended with this.
    EndsNow(SessionId),
}

/// A session that has begun, as whoever checks a token sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    pub user: UserId,
    pub ended: Option<EndReason>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    One(SessionId),
    All,
    AllBut(SessionId),
}

/// Who tells a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Whoever calls, over the bus.
    ByCaller,
    /// The note that is left for it.
    ByNote,
}

/// Two tabs, or an answer that was lost: so long a used token gets another child.
const REUSABLE_FOR: i64 = 10_000_000;
/// By which notes of ended sessions are known.
pub(super) const NOTED: &str = "chat_sessions";

const FIND: Sql = Sql {
    postgres: "SELECT t.session, t.used_at, s.user_id, s.ended_at FROM chat_session_tokens t \
               JOIN chat_sessions s ON s.id = t.session WHERE t.hash = $1 FOR UPDATE",
    sqlite: "SELECT t.session, t.used_at, s.user_id, s.ended_at FROM chat_session_tokens t \
             JOIN chat_sessions s ON s.id = t.session WHERE t.hash = $1",
};

/// A token's row, and of what family.
struct Found {
    session: SessionId,
    user: UserId,
    used_at: Option<Micros>,
    ended: bool,
}

impl Store {
    pub async fn begin_session(
        &self,
        user: UserId,
        token: &KeptToken,
        device: &Device,
        now: Micros,
    ) -> Result<SessionId, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let id = insert_session(&db, user, device, token.expires_at, now).await?;
            insert_token(&db, id, token, now, None).await?;
            db.commit().await?;
            Ok(id)
        })
        .await
    }

    /// Uses a token: the family goes on with a child, or ends. All in one transaction, so that whoever
    /// got no answer can try again within [`REUSABLE_FOR`].
    pub async fn rotate_session(
        &self,
        shown: &ShownToken,
        child: &KeptToken,
        device: &Device,
        now: Micros,
    ) -> Result<Rotation, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let rotation = self.use_token(&db, shown, device, now).await?;
            if let Rotation::GoesOn(session) = rotation {
                insert_token(&db, session, child, now, None).await?;
                note_use(&db, session, device, child.expires_at, now).await?;
            }
            db.commit().await?;
            Ok(rotation)
        })
        .await
    }

    async fn use_token(
        &self,
        db: &DatabaseTransaction,
        shown: &ShownToken,
        device: &Device,
        now: Micros,
    ) -> Result<Rotation, Fault> {
        let Some(found) = self.token_for_update(db, shown).await? else {
            if !shown.is_foreign || self.is_reset(db, shown).await? {
                return Ok(Rotation::Ended);
            }
            return Ok(Rotation::GoesOn(self.take_over(db, shown, device, now).await?));
        };
        if found.ended || found.user != shown.user {
            return Ok(Rotation::Ended);
        }
        if found.used_at.is_some_and(|used| now.0 - used.0 > REUSABLE_FOR) {
            end(db, found.user, Sessions::One(found.session), EndReason::Reuse, now).await?;
            return Ok(Rotation::EndsNow(found.session));
        }
        let used = "UPDATE chat_session_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";
        run(db, used, [shown.kept.hash.as_str().into(), now.0.into()]).await?;
        Ok(Rotation::GoesOn(found.session))
    }

    /// Ends the family of a token, whatever state the token is in. One of Node's is used up.
    pub async fn end_session_of(
        &self,
        shown: &ShownToken,
        reason: EndReason,
        now: Micros,
    ) -> Result<Option<SessionId>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let session = match self.token_for_update(&db, shown).await? {
                Some(found) if found.user == shown.user => found.session,
                None if shown.is_foreign && !self.is_reset(&db, shown).await? => {
                    self.take_over(&db, shown, &Device::default(), now).await?
                }
                Some(_) | None => return Ok(None),
            };
            let ended = end(&db, shown.user, Sessions::One(session), reason, now).await?;
            db.commit().await?;
            Ok(ended.into_iter().next())
        })
        .await
    }

    /// Gives those that were alive until now.
    pub async fn end_sessions(
        &self,
        user: UserId,
        which: Sessions,
        reason: EndReason,
        told: Told,
        now: Micros,
    ) -> Result<Vec<SessionId>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let ended = end(&db, user, which, reason, now).await?;
            if told == Told::ByNote {
                self.note_ended(&db, &ended).await?;
            }
            db.commit().await?;
            Ok(ended)
        })
        .await
    }

    pub async fn session_state(&self, id: SessionId) -> Result<Option<SessionState>, Fault> {
        let asked = "SELECT user_id, ended_at, ended_for FROM chat_sessions WHERE id = $1";
        row(&self.pool, asked, [id.into()]).await?.as_ref().map(state).transpose()
    }

    /// Those that are alive, the newest first, from behind this one on.
    pub async fn sessions_of(
        &self,
        user: UserId,
        after: Option<SessionId>,
        limit: u64,
        now: Micros,
    ) -> Result<Vec<LoginSession>, Fault> {
        let listed = "SELECT id, user_id, created_at, last_used_at, expires_at, user_agent, address FROM chat_sessions \
                      WHERE user_id = $1 AND id < $2 AND ended_at IS NULL AND expires_at > $3 ORDER BY id DESC LIMIT $4";
        let after = after.unwrap_or(Uuid::max());
        let values = [user.into(), after.into(), now.0.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
        rows(&self.pool, listed, values).await?.iter().map(shown).collect()
    }

    /// What is over by its own date. A used token of Node's stays as long as it could come back.
    pub async fn forget_expired_sessions(&self, now: Micros) -> Result<(), Fault> {
        run(self.single()?, "DELETE FROM chat_session_tokens WHERE expires_at <= $1", [now.0.into()]).await?;
        let childless = "DELETE FROM chat_sessions WHERE expires_at <= $1 \
                         AND NOT EXISTS (SELECT 1 FROM chat_session_tokens t WHERE t.session = chat_sessions.id)";
        run(self.single()?, childless, [now.0.into()]).await?;
        Ok(())
    }

    async fn token_for_update(&self, db: &DatabaseTransaction, shown: &ShownToken) -> Result<Option<Found>, Fault> {
        let found = row(db, FIND.text(self.kind), [shown.kept.hash.as_str().into()]).await?;
        found
            .map(|row| {
                Ok(Found {
                    session: row.try_get("", "session")?,
                    user: row.try_get("", "user_id")?,
                    used_at: row.try_get::<Option<i64>>("", "used_at")?.map(Micros),
                    ended: row.try_get::<Option<i64>>("", "ended_at")?.is_some(),
                })
            })
            .transpose()
    }

    /// Whether all sessions of the account were ended since this token was signed, or it was erased.
    async fn is_reset(&self, db: &DatabaseTransaction, shown: &ShownToken) -> Result<bool, Fault> {
        let asked = "SELECT 1 AS found FROM chat_session_resets WHERE user_id = $1 AND at > $2 \
                     UNION ALL SELECT 1 FROM chat_erasures WHERE user_id = $1";
        Ok(row(db, asked, [shown.user.into(), shown.issued_at.0.into()]).await?.is_some())
    }

    async fn take_over(
        &self,
        db: &DatabaseTransaction,
        shown: &ShownToken,
        device: &Device,
        now: Micros,
    ) -> Result<SessionId, Fault> {
        let id = insert_session(db, shown.user, device, shown.kept.expires_at, now).await?;
        insert_token(db, id, &shown.kept, shown.issued_at, Some(now)).await?;
        Ok(id)
    }

    /// In the transaction that ended them: a server that runs looks for notes each second.
    pub(super) async fn note_ended(&self, db: &DatabaseTransaction, ended: &[SessionId]) -> Result<(), Fault> {
        for session in ended {
            let note = "INSERT INTO chat_foreign (source, row_id) VALUES ($1, $2)";
            run(db, note, [NOTED.into(), (*session).into()]).await?;
        }
        self.notify(db).await
    }
}

/// What is to be told of sessions that somebody noted as ended.
pub(super) async fn ended_events(db: &DatabaseTransaction, noted: &[SessionId]) -> Result<Vec<Event>, Fault> {
    let mut events = Vec::new();
    for session in noted {
        let asked = "SELECT user_id, ended_at, ended_for FROM chat_sessions WHERE id = $1";
        let state = row(db, asked, [(*session).into()]).await?.as_ref().map(state).transpose()?;
        if let Some(SessionState { user, ended: Some(reason) }) = state {
            events.push(Event::SessionEnded { session: *session, user, reason });
        }
    }
    Ok(events)
}

pub(super) async fn end(
    db: &DatabaseTransaction,
    user: UserId,
    which: Sessions,
    reason: EndReason,
    now: Micros,
) -> Result<Vec<SessionId>, Fault> {
    let (condition, named) = match which {
        Sessions::One(session) => ("id = $4", session),
        Sessions::AllBut(session) => ("id <> $4", session),
        Sessions::All => ("id <> $4", Uuid::nil()),
    };
    if !matches!(which, Sessions::One(_)) {
        let reset = "INSERT INTO chat_session_resets (user_id, at) VALUES ($1, $2) \
                     ON CONFLICT (user_id) DO UPDATE SET at = excluded.at";
        run(db, reset, [user.into(), now.0.into()]).await?;
    }
    let ending = format!(
        "UPDATE chat_sessions SET ended_at = $2, ended_for = $3 \
         WHERE user_id = $1 AND {condition} AND ended_at IS NULL AND expires_at > $2 RETURNING id"
    );
    let ended = rows(db, &ending, [user.into(), now.0.into(), reason.word().into(), named.into()]).await?;
    ended.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

pub(super) async fn insert_session(
    db: &DatabaseTransaction,
    user: UserId,
    device: &Device,
    expires_at: Micros,
    now: Micros,
) -> Result<SessionId, Fault> {
    let id = Uuid::now_v7();
    let values = [
        id.into(),
        user.into(),
        now.0.into(),
        expires_at.0.into(),
        device.user_agent.clone().into(),
        device.address.clone().into(),
    ];
    let insert = "INSERT INTO chat_sessions (id, user_id, created_at, last_used_at, expires_at, user_agent, address) \
                  VALUES ($1, $2, $3, $3, $4, $5, $6)";
    run(db, insert, values).await?;
    Ok(id)
}

async fn note_use(
    db: &DatabaseTransaction,
    session: SessionId,
    device: &Device,
    expires_at: Micros,
    now: Micros,
) -> Result<(), Fault> {
    let values = [
        session.into(),
        now.0.into(),
        expires_at.0.into(),
        device.user_agent.clone().into(),
        device.address.clone().into(),
    ];
    let update =
        "UPDATE chat_sessions SET last_used_at = $2, expires_at = $3, user_agent = $4, address = $5 WHERE id = $1";
    run(db, update, values).await.map(drop)
}

pub(super) async fn insert_token(
    db: &DatabaseTransaction,
    session: SessionId,
    token: &KeptToken,
    issued_at: Micros,
    used_at: Option<Micros>,
) -> Result<(), Fault> {
    let values = [
        token.hash.as_str().into(),
        session.into(),
        issued_at.0.into(),
        token.expires_at.0.into(),
        used_at.map(|at| at.0).into(),
    ];
    let insert =
        "INSERT INTO chat_session_tokens (hash, session, issued_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5)";
    run(db, insert, values).await.map(drop)
}

fn state(row: &QueryResult) -> Result<SessionState, Fault> {
    let ended: Option<i64> = row.try_get("", "ended_at")?;
    let reason: Option<String> = row.try_get("", "ended_for")?;
    let reason = reason.as_deref().and_then(EndReason::of_word).unwrap_or(EndReason::Ended);
    Ok(SessionState { user: row.try_get("", "user_id")?, ended: ended.map(|_| reason) })
}

fn shown(row: &QueryResult) -> Result<LoginSession, Fault> {
    Ok(LoginSession {
        id: row.try_get("", "id")?,
        user: row.try_get("", "user_id")?,
        created_at: Micros(row.try_get("", "created_at")?),
        last_used_at: Micros(row.try_get("", "last_used_at")?),
        expires_at: Micros(row.try_get("", "expires_at")?),
        device: Device { user_agent: row.try_get("", "user_agent")?, address: row.try_get("", "address")? },
    })
}
