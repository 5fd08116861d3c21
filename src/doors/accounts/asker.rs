//! Who asks, as far as a request shows: from where, with what, and whether they have an identity.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::AppendHeaders;
use cookie::{Cookie, SameSite, time};
use serde_json::{Map, Value};

use super::refused::Refused;
use super::{Accounts, MOST_BYTES};
use crate::chat::Caller;
use crate::doors::edge::client_ip::{ByTls, ClientIp};
use crate::model::{Actor, Device};

/// Longer ones say nothing that a person could read.
const LONGEST_USER_AGENT: usize = 255;
const ACCESS: &str = "accessToken";
const REFRESH: &str = "refreshToken";

pub struct Asker {
    pub address: Option<ClientIp>,
    pub device: Device,
    by_tls: bool,
    /// Not a page of somebody else's that makes its visitor's browser ask.
    may_use_cookies: bool,
    refresh_cookie: Option<String>,
}

pub type SetCookies = AppendHeaders<Vec<(HeaderName, String)>>;

impl FromRequestParts<Arc<Accounts>> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, accounts: &Arc<Accounts>) -> Result<Self, Infallible> {
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let address = parts.extensions.get::<ClientIp>().copied();
        let user_agent = text(header::USER_AGENT).map(|agent| agent.chars().take(LONGEST_USER_AGENT).collect());
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut cookies = cookies.flat_map(Cookie::split_parse).flatten();
        Ok(Asker {
            address,
            device: Device { user_agent, address: address.map(|ip| ip.0.to_string()) },
            by_tls: parts.extensions.get::<ByTls>().is_some(),
            may_use_cookies: accounts.cors.may_use_cookies(&parts.headers),
            refresh_cookie: cookies.find(|cookie| cookie.name() == REFRESH).map(|cookie| cookie.value().to_owned()),
        })
    }
}

impl Asker {
    /// The refresh token: from the body, or else from the cookie, and then only for our own pages.
    pub fn refresh_token(&self, fields: &Map<String, Value>) -> Result<Option<Shown>, Refused> {
        match fields.get(REFRESH) {
            Some(Value::String(token)) if !token.is_empty() => {
                return Ok(Some(Shown { token: token.clone(), in_body: true }));
            }
            None | Some(Value::Null | Value::String(_)) => {}
            Some(_) => return Err(Refused::field(REFRESH, "refreshToken must be a text")),
        }
        if !self.may_use_cookies && self.refresh_cookie.is_some() {
            let message = "This page is none of this server's: its origin must stand in CORS_ORIGIN";
            return Err(Refused::new(StatusCode::FORBIDDEN, "foreign_page", message));
        }
        Ok(self.refresh_cookie.clone().map(|token| Shown { token, in_body: false }))
    }

    /// Nothing for a page that could not send them back: it has the tokens from the body.
    pub fn cookies(&self, access: (&str, u64), refresh: (&str, u64)) -> SetCookies {
        let both = [(ACCESS, access), (REFRESH, refresh)];
        let set = both.map(|(name, (token, age))| (header::SET_COOKIE, self.cookie(name, token, age)));
        AppendHeaders(if self.may_use_cookies { set.into() } else { Vec::new() })
    }

    pub fn no_cookies(&self) -> SetCookies {
        self.cookies(("", 0), ("", 0))
    }

    fn cookie(&self, name: &str, token: &str, age: u64) -> String {
        let age = time::Duration::seconds(i64::try_from(age).unwrap_or(i64::MAX));
        let cookie = Cookie::build((name, token)).path("/").max_age(age).http_only(true);
        cookie.same_site(SameSite::Strict).secure(self.by_tls).build().to_string()
    }
}

/// A refresh token as it came.
pub struct Shown {
    pub token: String,
    pub in_body: bool,
}

/// Somebody with an account, and a good access token.
pub struct Known {
    pub actor: Actor,
    pub caller: Caller,
}

impl FromRequestParts<Arc<Accounts>> for Known {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, accounts: &Arc<Accounts>) -> Result<Self, Refused> {
        let actor = accounts.bearers.actor(&parts.headers)?;
        let refused = |refusal| Refused::of(refusal, "authenticate");
        let caller = accounts.chat.caller(actor).await.map_err(refused)?;
        caller.account().map_err(refused)?;
        Ok(Known { actor, caller })
    }
}

/// The fields of a JSON body; anything else than an object is said so, and nothing at all has none.
pub struct Fields(pub Map<String, Value>);

impl FromRequest<Arc<Accounts>> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, accounts: &Arc<Accounts>) -> Result<Self, Refused> {
        let body = Bytes::from_request(request, accounts).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let message = format!("The body is too large (max {} KiB)", MOST_BYTES / 1024);
                return Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message);
            }
            Refused::unreadable("The request cannot be read: its body broke off")
        })?;
        if body.is_empty() {
            return Ok(Fields(Map::new()));
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(Refused::unreadable("The request cannot be read: the body must be a JSON object")),
            Err(error) => {
                Err(Refused::unreadable(format!("The request cannot be read: the body is not JSON: {error}")))
            }
        }
    }
}
