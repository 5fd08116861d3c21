//! What is asked of a new account, whoever makes it: at sign-up and on the command line.

use super::erasure::ERASED_NAME;
use super::text::{folded, is_legible};

/// Node's columns hold so much.
const MOST_CHARS: usize = 255;
const LEAST_PASSWORD: usize = 6;
/// Argon2 hashes all of it; bcrypt looks at 72 bytes.
const MOST_PASSWORD: usize = 1024;

/// What the program itself goes by.
const RESERVED: [&str; 5] = ["system", "erased", ERASED_NAME, "guest", "anonymous"];
const OF_GUESTS: [&str; 2] = ["guest", "anonymous"];

/// Texts are trimmed, but for the password. A missing text is empty.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    pub userid: &'a str,
    /// The userid stands in for it.
    pub name: Option<&'a str>,
    pub email: &'a str,
    /// `None`: nobody will log in by password.
    pub password: Option<&'a str>,
}

impl NewAccount<'_> {
    /// The fields that are wrong, each with what is, in words that begin with its name.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let too_long = |field: &str| format!("{field} must be one line of at most {MOST_CHARS} characters");
        let mut faults = Vec::new();
        if self.userid.is_empty() {
            faults.push(("userid", "userid is required".to_owned()));
        } else if self.userid.contains('@') {
            faults.push(("userid", "userid must not contain @: it is no email address".to_owned()));
        } else if !is_one_line(self.userid) {
            faults.push(("userid", too_long("userid")));
        } else if is_reserved(self.userid) {
            faults.push(("userid", "userid is a reserved name".to_owned()));
        }
        if self.email.is_empty() {
            faults.push(("email", "email is required".to_owned()));
        } else if !looks_like_email(self.email) {
            faults.push(("email", "email must be an address like ann@example.com".to_owned()));
        } else if !is_one_line(self.email) {
            faults.push(("email", too_long("email")));
        }
        if self.name.is_some_and(|name| !is_one_line(name)) {
            faults.push(("name", too_long("name")));
        } else if self.name.is_some_and(is_reserved) {
            faults.push(("name", "name is a reserved name".to_owned()));
        }
        if let Some(fault) = self.password.and_then(|password| password_fault("password", password)) {
            faults.push(("password", fault));
        }
        faults
    }
}

/// What is wrong with a new password, in words that begin with the field's name.
pub fn password_fault(field: &str, password: &str) -> Option<String> {
    let fits = password.chars().count() >= LEAST_PASSWORD && password.len() <= MOST_PASSWORD;
    let needed =
        || format!("{field} must have at least {LEAST_PASSWORD} characters, and at most {MOST_PASSWORD} bytes");
    (!fits).then(needed)
}

/// Guests are called as guests are called.
pub fn is_free_to_guests(name: &str) -> bool {
    let name = folded(name);
    RESERVED.iter().all(|reserved| folded(reserved) != name || OF_GUESTS.contains(reserved))
}

/// Whether a name is, or looks like, one that the program itself goes by.
pub fn is_reserved(name: &str) -> bool {
    let name = folded(name);
    RESERVED.iter().any(|reserved| folded(reserved) == name)
}

fn is_one_line(text: &str) -> bool {
    text.chars().count() <= MOST_CHARS && is_legible(text)
}

/// Enough to catch a slip; only a letter to it proves an address.
fn looks_like_email(email: &str) -> bool {
    !email.contains(char::is_whitespace)
        && email
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
}
