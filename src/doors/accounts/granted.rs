//! The tokens that somebody gets who has proved who they are.

use axum::http::StatusCode;

use super::asker::{Asker, SetCookies};
use super::refused::Refused;
use super::{Accounts, seconds};
use crate::auth::{TokenRefusal, fingerprint};
use crate::chat::Refusal;
use crate::model::{KeptToken, Micros, SessionId, UserId};
use crate::store::{Proved, ShownToken};

const SECOND: i64 = 1_000_000;

pub struct Granted {
    pub access: String,
    pub refresh: String,
    /// When the access token ends, in milliseconds since 1970.
    pub expiry: u64,
    /// How long it is good, in seconds.
    pub expires_in: u64,
}

impl Accounts {
    /// Begins the first session of a new account.
    pub async fn grant(&self, user: UserId, asker: &Asker) -> Result<Granted, Refusal> {
        let (refresh, kept) = self.new_refresh_token(user);
        let session = self.chat.begin_session(user, &kept, &asker.device).await?;
        Ok(self.granted(user, session, refresh))
    }

    /// Begins a session of somebody who proved a password. None: that it is theirs is over.
    pub async fn grant_to(&self, proved: Proved<'_>, asker: &Asker) -> Result<Option<Granted>, Refusal> {
        let (refresh, kept) = self.new_refresh_token(proved.user);
        let session = self.chat.log_in(proved, &kept, &asker.device).await?;
        Ok(session.map(|session| self.granted(proved.user, session, refresh)))
    }

    /// Goes on with the session of a refresh token.
    pub async fn grant_again(&self, shown: &ShownToken, asker: &Asker) -> Result<Granted, Refusal> {
        let (refresh, kept) = self.new_refresh_token(shown.user);
        let session = self.chat.rotate_session(shown, &kept, &asker.device).await?;
        Ok(self.granted(shown.user, session, refresh))
    }

    fn granted(&self, user: UserId, session: SessionId, refresh: String) -> Granted {
        let (now, expires_in) = (self.seconds(), seconds(self.access.ttl()));
        let access = self.access.issue_for(user, session, now);
        Granted { access, refresh, expiry: (now + expires_in) * 1000, expires_in }
    }

    fn new_refresh_token(&self, user: UserId) -> (String, KeptToken) {
        let token = self.refresh.issue_refresh(user, self.seconds());
        // A session outlives all of its tokens.
        let longest = seconds(self.refresh.ttl().max(self.access.ttl()));
        let expires_at = Micros(self.clock.now().0 + i64::try_from(longest).unwrap_or(0) * SECOND);
        let kept = KeptToken { hash: fingerprint(&token), expires_at };
        (token, kept)
    }

    /// What a refresh token says; whether it was used, the store knows.
    pub fn read_refresh_token(&self, token: &str) -> Result<ShownToken, Refused> {
        let verified = self.refresh.verify(token, self.seconds())?;
        // Where both secrets are the same, an access token is no refresh token yet.
        if verified.session.is_some() || verified.is_guest {
            return Err(TokenRefusal::Invalid.into());
        }
        let micros = |seconds: u64| Micros(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND));
        Ok(ShownToken {
            user: verified.user,
            kept: KeptToken { hash: fingerprint(token), expires_at: micros(verified.expires_at) },
            issued_at: micros(verified.issued_at),
            is_foreign: !verified.is_refresh,
        })
    }

    pub fn cookies(&self, asker: &Asker, granted: &Granted) -> SetCookies {
        let refresh = (granted.refresh.as_str(), seconds(self.refresh.ttl()));
        asker.cookies((&granted.access, granted.expires_in), refresh)
    }
}

/// Where an account is locked, whoever locked it.
pub fn locked() -> Refused {
    let message = "Account locked due to too many failed login attempts. Please contact support.";
    Refused::new(StatusCode::FORBIDDEN, "account_locked", message)
}
