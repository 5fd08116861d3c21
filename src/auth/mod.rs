//! Who is calling: what proves it, and what keeps the proof.

/// Password hashes, old (bcrypt, as Node makes them) and new (argon2id).
pub mod passwords;
/// Access and refresh tokens: JWT, HS256.
pub mod tokens;

pub use passwords::{HashingFailed, PasswordScheme, Passwords};
pub use tokens::{GUEST_TOKEN_TTL, TokenRefusal, Tokens, Verified, fingerprint};
