//! Tokens as Node's jsonwebtoken makes and takes them: HS256, claims `{ userId, iat, exp }`. Behind them
//! our access tokens name their session in `sid`; our refresh tokens say so in `typ`, and have a `jti`,
//! so that no two are the same. Guests' tokens name nobody whom Node knows: `{ guestId, iat, exp }`.
//!
//! The library's own checks of time read the clock and round; ours take the time as a parameter
//! and judge as Node does.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Ours have about 200 bytes; Node's may carry more claims.
const LONGEST_TOKEN_BYTES: usize = 8 * 1024;
/// The end of the year 9999: later than that, clocks and calendars overflow.
const LATEST_EXPIRY: u64 = 253_402_300_799;

#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    ttl: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub user: Uuid,
    pub is_guest: bool,
    /// None: Node's, or the command line's.
    pub session: Option<Uuid>,
    pub is_refresh: bool,
    /// Unix seconds; 0 where it does not say.
    pub issued_at: u64,
    /// Unix seconds; from this second on the token is expired. At most the year 9999.
    pub expires_at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    #[error("no token")]
    Missing,
    #[error("invalid token")]
    Invalid,
    #[error("expired token")]
    Expired,
}

#[derive(Default, Serialize)]
struct Claims {
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(rename = "guestId", skip_serializing_if = "Option::is_none")]
    guest_id: Option<Uuid>,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<Uuid>,
}

const REFRESH: &str = "refresh";
pub const GUEST_TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// By which a token is known without being told: its SHA-256.
pub fn fingerprint(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Tokens {
    pub fn new(secret: &str, ttl: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        // Node asks for no audience either, and a token that it took must pass.
        validation.validate_aud = false;
        Self {
            signing: EncodingKey::from_secret(secret.as_bytes()),
            verifying: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            ttl,
        }
    }

    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// `now` in Unix seconds. Two tokens of one user in one second are the same text.
    pub fn issue(&self, user: Uuid, now: u64) -> String {
        self.sign(user, now, None, None)
    }

    /// Good as long as its session is.
    pub fn issue_for(&self, user: Uuid, session: Uuid, now: u64) -> String {
        self.sign(user, now, Some(session), None)
    }

    /// The only one of its kind.
    pub fn issue_refresh(&self, user: Uuid, now: u64) -> String {
        self.sign(user, now, None, Some(Uuid::new_v4()))
    }

    /// Of somebody without an account. Node, which knows only `userId`, refuses it.
    pub fn issue_guest(&self, guest: Uuid, now: u64) -> String {
        let exp = now.saturating_add(GUEST_TOKEN_TTL.as_secs());
        self.encode(&Claims { guest_id: Some(guest), iat: now, exp, ..Claims::default() })
    }

    fn sign(&self, user: Uuid, now: u64, session: Option<Uuid>, refresh: Option<Uuid>) -> String {
        let exp = now.saturating_add(self.ttl.as_secs());
        let typ = refresh.map(|_| REFRESH);
        self.encode(&Claims { user_id: Some(user), iat: now, exp, sid: session, typ, jti: refresh, guest_id: None })
    }

    fn encode(&self, claims: &Claims) -> String {
        // Cannot fail with an HMAC key and these claims; were it to, an empty token opens nothing.
        encode(&Header::new(Algorithm::HS256), claims, &self.signing).unwrap_or_default()
    }

    /// `now` in Unix seconds.
    pub fn verify(&self, token: &str, now: u64) -> Result<Verified, TokenRefusal> {
        if token.is_empty() {
            return Err(TokenRefusal::Missing);
        }
        if token.len() > LONGEST_TOKEN_BYTES {
            return Err(TokenRefusal::Invalid);
        }
        let claims = decode::<Map<String, Value>>(token, &self.verifying, &self.validation)
            .map_err(|_| TokenRefusal::Invalid)?
            .claims;
        judge(&claims, now).ok_or(TokenRefusal::Invalid)?
    }
}

/// `None`: a claim is missing or of the wrong kind, or the token is not good yet.
fn judge(claims: &Map<String, Value>, now: u64) -> Option<Result<Verified, TokenRefusal>> {
    // One or the other: nobody is both.
    let (user, is_guest) = match (claims.get("userId"), claims.get("guestId")) {
        (Some(user), None) => (user, false),
        (None, Some(guest)) => (guest, true),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let user = Uuid::try_parse(user.as_str()?).ok()?;
    let session = match claims.get("sid") {
        None | Some(Value::Null) => None,
        Some(session) => Some(Uuid::try_parse(session.as_str()?).ok()?),
    };
    // Numbers may have a fraction, in JWT as in Node; f64 is exact far beyond the year 9999.
    let expiry = claims.get("exp")?.as_f64()?;
    let now_exact = now as f64;
    if let Some(not_before) = claims.get("nbf")
        && not_before.as_f64()? > now_exact
    {
        return None;
    }
    if now_exact >= expiry {
        return Some(Err(TokenRefusal::Expired));
    }
    // A cast of a float stops at the ends of u64.
    let expires_at = (expiry.ceil() as u64).min(LATEST_EXPIRY);
    let is_refresh = claims.get("typ").and_then(Value::as_str) == Some(REFRESH);
    let issued_at = claims.get("iat").and_then(Value::as_f64).map_or(0, |at| (at as u64).min(LATEST_EXPIRY));
    Some(Ok(Verified { user, is_guest, session, is_refresh, issued_at, expires_at }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "a secret of at least thirty-two bytes";
    const NOW: u64 = 1_800_000_000;
    const USER: &str = "0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e";

    fn tokens() -> Tokens {
        Tokens::new(SECRET, Duration::from_secs(900))
    }

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    fn verdict(claims: Value) -> Result<Verified, TokenRefusal> {
        tokens().verify(&signed(Algorithm::HS256, &claims), NOW)
    }

    /// With an empty signature, or with whatever signature is given.
    fn forged(header: &str, signature: &str) -> String {
        let real = signed(Algorithm::HS256, &json!({ "userId": USER, "exp": NOW + 9 }));
        let claims = real.split('.').nth(1).unwrap();
        format!("{header}.{claims}.{signature}")
    }

    #[test]
    fn an_issued_token_says_who_and_until_when() {
        let user = Uuid::from_u128(7);
        let token = tokens().issue(user, NOW);
        let verified =
            Verified { user, is_guest: false, session: None, is_refresh: false, issued_at: NOW, expires_at: NOW + 900 };
        assert_eq!(tokens().verify(&token, NOW), Ok(verified));
        let session = Uuid::from_u128(8);
        let of_session = tokens().issue_for(user, session, NOW);
        assert_eq!(tokens().verify(&of_session, NOW), Ok(Verified { session: Some(session), ..verified }));
        let refresh = tokens().issue_refresh(user, NOW);
        assert_eq!(tokens().verify(&refresh, NOW), Ok(Verified { is_refresh: true, ..verified }));
        assert_ne!(refresh, tokens().issue_refresh(user, NOW), "no two are the same");
        let guest = tokens().issue_guest(user, NOW);
        let of_guest = Verified { is_guest: true, expires_at: NOW + 86_400, ..verified };
        assert_eq!(tokens().verify(&guest, NOW), Ok(of_guest));
        assert_eq!(verdict(json!({ "userId": USER, "guestId": USER, "exp": NOW + 9 })), Err(TokenRefusal::Invalid));
        assert_eq!(tokens().verify(&token, NOW + 899).map(|v| v.user), Ok(user));
        assert_eq!(tokens().verify(&token, NOW + 900), Err(TokenRefusal::Expired));
        assert_eq!(tokens().verify(&token, NOW + 901), Err(TokenRefusal::Expired));
    }

    #[test]
    fn a_token_of_nodes_library_passes() {
        // jsonwebtoken.sign({ userId, email, role, aud, iat: NOW }, SECRET, { expiresIn: "15m" })
        let token = concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiIwMTkyZjBjMS03YTUyLTdjYzMtOWQwZi0",
            "yYTRlNWI2YzdkOGUiLCJlbWFpbCI6ImFAYi5leGFtcGxlIiwicm9sZSI6InVzZXIiLCJhdWQiOiJ3ZWIiLCJ",
            "pYXQiOjE4MDAwMDAwMDAsImV4cCI6MTgwMDAwMDkwMH0.7oLwo_l_FytdYYEkHbmLaR1MUjuFcju8775s9nU",
            "ncl4",
        );
        let verified = tokens().verify(token, NOW).unwrap();
        assert_eq!(verified.user.to_string(), USER);
        assert_eq!(verified.expires_at, NOW + 900);
    }

    #[test]
    fn other_keys_and_algorithms_are_refused() {
        let good = json!({ "userId": USER, "exp": NOW + 9 });
        let elsewhere = Tokens::new("another secret, also thirty-two bytes", Duration::from_secs(9));
        let token = elsewhere.issue(Uuid::from_u128(7), NOW);
        assert_eq!(tokens().verify(&token, NOW), Err(TokenRefusal::Invalid));
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let token = signed(algorithm, &good);
            assert_eq!(tokens().verify(&token, NOW), Err(TokenRefusal::Invalid));
        }
        let signature = signed(Algorithm::HS256, &good).rsplit('.').next().unwrap().to_owned();
        for header in [
            "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0",  // {"alg":"none","typ":"JWT"}
            "eyJhbGciOiJOb05lIn0",                  // {"alg":"NoNe"}
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9", // {"alg":"RS256","typ":"JWT"}
            "eyJ0eXAiOiJKV1QifQ",                   // {"typ":"JWT"}
        ] {
            for signature in ["", &signature] {
                let token = forged(header, signature);
                assert_eq!(tokens().verify(&token, NOW), Err(TokenRefusal::Invalid), "{token}");
            }
        }
    }

    #[test]
    fn the_expiry_must_be_there_and_a_number() {
        let with = |exp: Value| verdict(json!({ "userId": USER, "exp": exp }));
        assert_eq!(verdict(json!({ "userId": USER })), Err(TokenRefusal::Invalid));
        for exp in [json!("1900000000"), json!(null), json!(true), json!([NOW + 9]), json!({"a": 1})] {
            assert_eq!(with(exp.clone()), Err(TokenRefusal::Invalid), "{exp}");
        }
        for exp in [json!(NOW - 1), json!(NOW), json!(0), json!(-5), json!(NOW as f64 - 0.5)] {
            assert_eq!(with(exp.clone()), Err(TokenRefusal::Expired), "{exp}");
        }
        assert_eq!(with(json!(NOW as f64 + 0.5)).map(|v| v.expires_at), Ok(NOW + 1));
        assert_eq!(with(json!(1e300)).map(|v| v.expires_at), Ok(LATEST_EXPIRY));
        assert_eq!(with(json!(u64::MAX)).map(|v| v.expires_at), Ok(LATEST_EXPIRY));
    }

    #[test]
    fn the_user_must_be_a_uuid_in_a_text() {
        for user in [json!(null), json!(7), json!("7"), json!(""), json!([USER]), json!({ "id": 1 })] {
            let claims = json!({ "userId": user, "exp": NOW + 9 });
            assert_eq!(verdict(claims.clone()), Err(TokenRefusal::Invalid), "{claims}");
        }
        assert_eq!(verdict(json!({ "exp": NOW + 9 })), Err(TokenRefusal::Invalid));
        assert_eq!(verdict(json!({ "userid": USER, "exp": NOW + 9 })), Err(TokenRefusal::Invalid));
        assert!(verdict(json!({ "userId": USER.to_uppercase(), "exp": NOW + 9 })).is_ok());
        for claims in [json!([]), json!("x"), json!(null)] {
            assert_eq!(verdict(claims), Err(TokenRefusal::Invalid));
        }
    }

    /// A token is known by the fingerprint of its text, so there must be one text only.
    #[test]
    fn no_other_text_is_the_same_token() {
        let token = tokens().issue(Uuid::from_u128(7), NOW);
        let (body, last) = token.split_at(token.len() - 1);
        let others = ('A'..='z').chain('0'..='9').chain(['-', '_', '=']);
        for other in others.filter(|other| other.to_string() != last) {
            assert_eq!(tokens().verify(&format!("{body}{other}"), NOW), Err(TokenRefusal::Invalid), "{other}");
        }
        for other in [format!("{token}="), format!("{token} "), format!(" {token}"), format!("{token}\n")] {
            assert_eq!(tokens().verify(&other, NOW), Err(TokenRefusal::Invalid), "{other:?}");
        }
        assert_eq!(fingerprint(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_session_must_be_a_uuid_in_a_text() {
        let with = |sid: Value| verdict(json!({ "userId": USER, "exp": NOW + 9, "sid": sid }));
        assert!(with(json!(USER)).is_ok_and(|verified| verified.session.is_some()));
        assert!(with(json!(null)).is_ok_and(|verified| verified.session.is_none()));
        for sid in [json!(7), json!(""), json!("7"), json!([USER]), json!({ "id": USER }), json!(true)] {
            assert_eq!(with(sid.clone()), Err(TokenRefusal::Invalid), "{sid}");
        }
    }

    #[test]
    fn a_token_for_later_is_refused_until_then() {
        let with = |nbf: Value| verdict(json!({ "userId": USER, "exp": NOW + 9, "nbf": nbf }));
        assert!(with(json!(NOW)).is_ok());
        assert!(with(json!(NOW - 1)).is_ok());
        for nbf in [json!(NOW + 1), json!(NOW as f64 + 0.5), json!("0"), json!(null)] {
            assert_eq!(with(nbf.clone()), Err(TokenRefusal::Invalid), "{nbf}");
        }
    }

    #[test]
    fn rubbish_and_giants_are_refused() {
        assert_eq!(tokens().verify("", NOW), Err(TokenRefusal::Missing));
        for token in [".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", " ", "Bearer x"] {
            assert_eq!(tokens().verify(token, NOW), Err(TokenRefusal::Invalid), "{token}");
        }
        let pad = |bytes| json!({ "userId": USER, "exp": NOW + 9, "pad": "x".repeat(bytes) });
        assert!(verdict(pad(4000)).is_ok());
        assert_eq!(verdict(pad(8000)), Err(TokenRefusal::Invalid));
        let deep = "[".repeat(5000);
        assert_eq!(tokens().verify(&forged("e30", &deep), NOW), Err(TokenRefusal::Invalid));
    }
}
