//! Password hashes: made in one scheme, checked in both, a few at a time and off the event loop.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// As Node's usual `bcrypt.hash(password, 10)`.
const BCRYPT_COST: u32 = 10;
/// What nobody's password is compared with, so that an account without one takes as long to
/// refuse as any other. The parameters must be those of new hashes.
const DUMMY_BCRYPT: &str = "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const DUMMY_ARGON2ID: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordScheme {
    /// `$2b$`, which Node can read. Looks at the first 72 bytes of a password only.
    Bcrypt,
    Argon2id,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hashing a password failed: {0}")]
pub struct HashingFailed(String);

#[derive(Clone)]
pub struct Passwords {
    scheme: PasswordScheme,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// `at_once`: each takes a core for about 50 ms, and with argon2id 19 MiB.
    pub fn new(scheme: PasswordScheme, at_once: usize) -> Self {
        Self { scheme, turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    pub async fn hash(&self, password: String) -> Result<String, HashingFailed> {
        let scheme = self.scheme;
        self.in_turn(move || hash(scheme, &password)).await?
    }

    /// Also false, and as late, when `stored` is no hash at all, such as the `!` of an account
    /// without a password: then what `instead` costs is paid, the hash of somebody else.
    pub async fn verify(&self, password: String, stored: String, instead: Option<String>) -> bool {
        let scheme = self.scheme;
        self.in_turn(move || verify(scheme, &password, &stored, instead.as_deref())).await.unwrap_or(false)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashingFailed> {
        let failed = |fault: &dyn std::fmt::Display| HashingFailed(fault.to_string());
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|fault| failed(&fault))?;
        // The work goes on when its caller has gone away, so it holds the turn itself.
        spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        })
        .await
        .map_err(|fault| failed(&fault))
    }
}

fn hash(scheme: PasswordScheme, password: &str) -> Result<String, HashingFailed> {
    match scheme {
        PasswordScheme::Bcrypt => bcrypt::hash(password, BCRYPT_COST).map_err(|fault| HashingFailed(fault.to_string())),
        PasswordScheme::Argon2id => Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|fault| HashingFailed(fault.to_string())),
    }
}

fn verify(scheme: PasswordScheme, password: &str, stored: &str, instead: Option<&str>) -> bool {
    compare(password, stored).unwrap_or_else(|| {
        let dummy = match scheme {
            PasswordScheme::Bcrypt => DUMMY_BCRYPT,
            PasswordScheme::Argon2id => DUMMY_ARGON2ID,
        };
        if std::hint::black_box(instead.and_then(|other| compare(password, other))).is_none() {
            let _ = std::hint::black_box(compare(password, dummy));
        }
        false
    })
}

/// `None`: `stored` is no hash of a kind that is known here, and nothing was computed.
fn compare(password: &str, stored: &str) -> Option<bool> {
    if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix)) {
        return bcrypt::verify(password, stored).ok();
    }
    if !stored.starts_with("$argon2id$") {
        return None;
    }
    match Argon2::default().verify_password(password.as_bytes(), stored) {
        Ok(()) => Some(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Some(false),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const BOTH: [PasswordScheme; 2] = [PasswordScheme::Bcrypt, PasswordScheme::Argon2id];

    async fn verify(password: &str, stored: &str) -> bool {
        let passwords = Passwords::new(PasswordScheme::Argon2id, 2);
        passwords.verify(password.to_owned(), stored.to_owned(), None).await
    }

    #[tokio::test]
    async fn each_scheme_makes_its_hashes_and_checks_both() {
        for (scheme, prefix) in BOTH.into_iter().zip(["$2b$10$", "$argon2id$v=19$m=19456,t=2,p=1$"]) {
            let passwords = Passwords::new(scheme, 1);
            let stored = passwords.hash("pässword".to_owned()).await.unwrap();
            assert!(stored.starts_with(prefix), "{stored}");
            assert_ne!(stored, passwords.hash("pässword".to_owned()).await.unwrap());
            for reader in BOTH.map(|scheme| Passwords::new(scheme, 1)) {
                assert!(reader.verify("pässword".to_owned(), stored.clone(), None).await);
                assert!(!reader.verify("password".to_owned(), stored.clone(), None).await);
                assert!(!reader.verify(String::new(), stored.clone(), None).await);
            }
        }
    }

    #[tokio::test]
    async fn hashes_of_other_makers_are_read() {
        let long = "x".repeat(100);
        for (password, stored) in [
            // bcryptjs in Node.
            ("pässword", "$2b$10$d/kRy/xcCKB1XaVTVCOBZ.I2njfyMajIE50PICYnOtlewrAhOgPv6"),
            (long.as_str(), "$2b$04$q8HAKaWRFcBopP7/EDgFRO7V.35Jt91CipiFkjKHDEJzATd7QtdS."),
            // crypt(3) of libxcrypt.
            ("pässword", "$2y$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG"),
            (long.as_str(), "$2a$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"),
            // The tests of the argon2 reference implementation: other parameters than ours.
            (
                "password",
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
                 CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            ),
        ] {
            assert!(verify(password, stored).await, "{stored}");
            assert!(!verify("another", stored).await, "{stored}");
        }
    }

    #[tokio::test]
    async fn bcrypt_looks_at_72_bytes_as_in_node() {
        let passwords = Passwords::new(PasswordScheme::Bcrypt, 1);
        for length in [71, 72, 73, 255, 256, 5000] {
            let long = "x".repeat(length);
            let stored = passwords.hash(long.clone()).await.unwrap();
            assert!(passwords.verify(long.clone(), stored.clone(), None).await, "{length}");
            let longer = passwords.verify(long + "y", stored, None).await;
            assert_eq!(longer, length >= 72, "{length}");
        }
        // Cut in the middle of a letter of two bytes.
        let umlauts = "a".to_owned() + &"ä".repeat(40);
        let stored = passwords.hash(umlauts.clone()).await.unwrap();
        assert!(passwords.verify(umlauts, stored, None).await);
    }

    #[tokio::test]
    async fn what_is_no_hash_is_nobodys() {
        for stored in [
            "",
            "!",
            "password",
            "$2b$",
            "$2b$10$short",
            "$2x$10$LK9XRuhNxHHCvjX3tdkRKei1QiCDUKrJRhZv7WWZPuQGRUM92rOUa",
            "$2b$99$LK9XRuhNxHHCvjX3tdkRKei1QiCDUKrJRhZv7WWZPuQGRUM92rOUa",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=1,t=0,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
            "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
            "é$2b$10$",
        ] {
            assert!(!verify("password", stored).await, "{stored}");
            assert!(!verify(stored, stored).await, "{stored}");
        }
    }

    #[test]
    fn the_dummies_cost_what_new_hashes_cost() {
        for (scheme, dummy, parameters) in
            [(PasswordScheme::Bcrypt, DUMMY_BCRYPT, 2), (PasswordScheme::Argon2id, DUMMY_ARGON2ID, 3)]
        {
            assert_eq!(compare("x", dummy), Some(false), "computed, not refused unread");
            let made = hash(scheme, "x").unwrap();
            let cost = |text: &str| text.split('$').skip(1).take(parameters).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(cost(&made), cost(dummy));
            assert_eq!(made.len(), dummy.len());
        }
    }

    #[tokio::test]
    async fn an_account_without_a_password_is_refused_no_sooner() {
        for scheme in BOTH {
            let passwords = Passwords::new(scheme, 1);
            let stored = passwords.hash("right".to_owned()).await.unwrap();
            let mut fastest = [Duration::MAX; 2];
            for (fastest, stored) in fastest.iter_mut().zip([stored.as_str(), "!"]) {
                for _ in 0..3 {
                    let start = Instant::now();
                    assert!(!passwords.verify("wrong".to_owned(), stored.to_owned(), None).await);
                    *fastest = start.elapsed().min(*fastest);
                }
            }
            assert!(fastest[1] * 3 > fastest[0], "{scheme:?}: {fastest:?}");
        }
    }

    #[tokio::test]
    async fn a_caller_who_left_does_not_free_the_turn_early() {
        let passwords = Passwords::new(PasswordScheme::Bcrypt, 1);
        let gone = passwords.hash("x".to_owned());
        let _ = tokio::time::timeout(Duration::from_millis(1), gone).await;
        assert_eq!(passwords.turns.available_permits(), 0);
        assert!(passwords.hash("y".to_owned()).await.is_ok());
    }
}
