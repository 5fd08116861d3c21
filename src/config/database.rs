//! Which database: one URL, or PostgreSQL in the five parts that Node has, or SQLite in DATA_DIR.

use std::path::{Path, PathBuf};

use super::parsing::{number, quoted, text, text_or_nothing};
use super::sources::{Origin, Sources, complaint};
use super::{ConfigError, Secret};

const SQLITE_FILE: &str = "community-chat.db";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

#[derive(Clone, Debug)]
pub struct Database {
    /// A secret because a password may stand in it. An SQLite file is made when it is missing,
    /// unless its URL says otherwise (`mode=`).
    pub url: Secret,
    pub pool_connections: u32,
    /// What is wrong where no user is named: the system's is taken then, or "anonymous".
    pub lacks_user: Option<&'static str>,
    /// DATA_DIR: the only folder that is made for a database.
    pub home: PathBuf,
    kind: DatabaseKind,
}

impl Database {
    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// Without its password.
    pub fn shown_url(&self) -> String {
        without_password(self.url.expose())
    }

    pub(super) fn read(from: &mut Sources, data_dir: &Path) -> Result<Self, ConfigError> {
        let (url, url_origin) = from.secret_with_origin("database.url", "DATABASE_URL")?;
        let parts = Parts::read(from)?;
        let pool_connections = from.read("database.pool_connections", "DATABASE_POOL_CONNECTIONS", number(1..=1000))?;

        let (url, kind, lacks_user) = match url {
            // The environment's parts win over a file's URL, as for every setting.
            Some(url) if parts.name.is_empty() || url_origin >= parts.name_origin => {
                let url = url.expose().trim();
                let kind = kind_of(url).map_err(|what| complaint("database.url", &url_origin, &what))?;
                from.show("database.url", quoted(&without_password(url)));
                let lacks_user = kind == DatabaseKind::Postgres && !url.contains('@') && !url.contains("user=");
                (url.to_owned(), kind, lacks_user.then_some("DATABASE_URL names no user"))
            }
            _ if !parts.name.is_empty() => {
                let url = parts.url();
                from.nothing("database.url", format!("made of the five below: {}", without_password(&url)));
                (url, DatabaseKind::Postgres, parts.username.is_empty().then_some("DATABASE_USERNAME is empty"))
            }
            _ => {
                parts.must_be_untouched()?;
                let file = data_dir.join(SQLITE_FILE);
                let url = format!("sqlite://{}", encoded(&file.to_string_lossy(), b"/"));
                from.nothing("database.url", format!("default: {url}"));
                (url, DatabaseKind::Sqlite, None)
            }
        };
        let url = Secret::new(made_when_missing(url, kind));
        Ok(Self { url, lacks_user, pool_connections, home: data_dir.to_owned(), kind })
    }
}

struct Parts {
    name: String,
    name_origin: Origin,
    username: String,
    password: Option<Secret>,
    host: String,
    port: u16,
    /// One that was set by hand, as its user knows it.
    touched: Option<String>,
}

impl Parts {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        let (name, name_origin) = from.read_with_origin("database.name", "DATABASE_NAME", text_or_nothing)?;
        let (username, username_origin) =
            from.read_with_origin("database.username", "DATABASE_USERNAME", text_or_nothing)?;
        let (password, password_origin) = from.secret_with_origin("database.password", "DATABASE_PASSWORD")?;
        let (host, host_origin) = from.read_with_origin("database.host", "DATABASE_HOST", text("a host name"))?;
        let (port, port_origin) = from.read_with_origin("database.port", "DATABASE_PORT", number(1..=65535))?;
        let touched = [
            ("database.username", username_origin, username.is_empty()),
            ("database.password", password_origin, password.is_none()),
            ("database.host", host_origin, host == "localhost"),
            ("database.port", port_origin, port == 5432),
        ]
        .into_iter()
        .find_map(|(key, origin, is_as_ever)| match origin {
            Origin::Default => None,
            // A copy of the file of defaults says nothing new.
            Origin::File(_) if is_as_ever => None,
            Origin::Environment(name) => Some(name.to_owned()),
            Origin::EnvironmentFile(name) => Some(name),
            Origin::File(_) => Some(key.to_owned()),
        });
        Ok(Self { name, name_origin, username, password, host, port, touched })
    }

    /// Somebody who gave a host does not expect to find the messages in a local file.
    fn must_be_untouched(&self) -> Result<(), ConfigError> {
        match &self.touched {
            None => Ok(()),
            Some(set) => Err(ConfigError::new(format!(
                "DATABASE_NAME is missing though {set} is set: the name of the PostgreSQL \
                 database is needed, or DATABASE_URL, or neither for SQLite"
            ))),
        }
    }

    fn url(&self) -> String {
        let login = match (&self.username, &self.password) {
            (username, None) if username.is_empty() => String::new(),
            (username, None) => format!("{}@", encoded(username, b"")),
            (username, Some(password)) => {
                format!("{}:{}@", encoded(username, b""), encoded(password.expose(), b""))
            }
        };
        let host = match self.host.parse::<std::net::Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => encoded(&self.host, b""),
        };
        format!("postgres://{login}{host}:{}/{}", self.port, encoded(&self.name, b""))
    }
}

fn kind_of(url: &str) -> Result<DatabaseKind, String> {
    const NEEDED: &str = "sqlite://…, postgres://… or postgresql://… is needed";
    let (scheme, rest) = match url.split_once("://") {
        Some(parts) => parts,
        None if url == "sqlite::memory:" => ("sqlite", url),
        None => return Err(format!("has no scheme: {NEEDED}")),
    };
    match scheme {
        _ if rest.is_empty() => Err(format!("ends after {}: {NEEDED}", quoted(scheme))),
        "sqlite" => Ok(DatabaseKind::Sqlite),
        "postgres" | "postgresql" if is_cut_short(rest) => Err(format!(
            "is {}: it cannot be read, since special characters of a user name, password or database name \
             must be percent-encoded there (# is %23, / is %2F, ? is %3F, @ is %40)",
            quoted(&without_password(url))
        )),
        "postgres" | "postgresql" => Ok(DatabaseKind::Postgres),
        // What stands there may be a password that was cut at the wrong place: only a word is shown.
        other if other.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') && other.len() < 20 => {
            Err(format!("begins with {}: {NEEDED}", quoted(&format!("{other}://"))))
        }
        _ => Err(format!("begins with something else: {NEEDED}")),
    }
}

/// A password may hold what ends the login; what remains of it would be taken for a host and a port, and shown.
fn is_cut_short(rest: &str) -> bool {
    let behind = rest.find(['/', '?', '#']).map_or("", |end| &rest[end..]);
    let before_options = behind.split('=').next().unwrap_or_default();
    before_options.contains('@') || behind.contains('#')
}

/// SQLite opens only what exists, unless it is told otherwise.
fn made_when_missing(url: String, kind: DatabaseKind) -> String {
    match kind {
        DatabaseKind::Sqlite if url.ends_with(":memory:") || url.contains("mode=") => url,
        DatabaseKind::Sqlite if url.contains('?') => format!("{url}&mode=rwc"),
        DatabaseKind::Sqlite => format!("{url}?mode=rwc"),
        DatabaseKind::Postgres => url,
    }
}

/// Hides more rather than less: up to the last `@`, should a password hold one unencoded.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let shown = match rest.rsplit_once('@') {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:***@{place}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let mut masked = format!("{scheme}://");
    for part in shown.split_inclusive(['?', '&']) {
        let pair = part.trim_end_matches(['?', '&']);
        match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => {
                masked.push_str(name);
                masked.push_str("=***");
            }
            _ => masked.push_str(pair),
        }
        masked.push_str(&part[pair.len()..]);
    }
    masked
}

/// Percent-encoded, but for letters, digits, `-._~` and what else is plain.
fn encoded(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::config::tests::{loaded, refusal};

    #[test]
    fn nothing_given_is_sqlite_in_the_data_folder() {
        let database = loaded(&[("DATA_DIR", "/srv/my chat?#1")]).database;
        assert_eq!(database.kind(), DatabaseKind::Sqlite);
        assert_eq!(database.url.expose(), "sqlite:///srv/my%20chat%3F%231/community-chat.db?mode=rwc");
    }

    #[test]
    fn a_url_decides_the_kind() {
        for (url, kind, kept) in [
            ("sqlite://x.db", DatabaseKind::Sqlite, "sqlite://x.db?mode=rwc"),
            ("sqlite://x.db?mode=ro", DatabaseKind::Sqlite, "sqlite://x.db?mode=ro"),
            ("sqlite::memory:", DatabaseKind::Sqlite, "sqlite::memory:"),
            ("postgres://h/n", DatabaseKind::Postgres, "postgres://h/n"),
            ("postgresql://h/n", DatabaseKind::Postgres, "postgresql://h/n"),
        ] {
            let database = loaded(&[("DATABASE_URL", url)]).database;
            assert_eq!((database.kind(), database.url.expose()), (kind, kept));
        }
    }

    #[test]
    fn the_five_of_node_make_a_url() {
        let config = loaded(&[
            ("DATABASE_NAME", "chat/1"),
            ("DATABASE_USERNAME", "me@home"),
            ("DATABASE_PASSWORD", "p:a/s@s#?ü"),
            ("DATABASE_HOST", "db.example"),
            ("DATABASE_PORT", "6543"),
        ]);
        assert_eq!(config.database.kind(), DatabaseKind::Postgres);
        assert_eq!(
            config.database.url.expose(),
            "postgres://me%40home:p%3Aa%2Fs%40s%23%3F%C3%BC@db.example:6543/chat%2F1"
        );
        let few = loaded(&[("DATABASE_NAME", "chat"), ("DATABASE_HOST", "::1")]);
        assert_eq!(few.database.url.expose(), "postgres://[::1]:5432/chat");
        let fewest = loaded(&[("DATABASE_NAME", "c"), ("DATABASE_USERNAME", "node")]);
        assert_eq!(fewest.database.url.expose(), "postgres://node@localhost:5432/c");
    }

    #[test]
    fn a_copy_of_the_defaults_says_nothing_new() {
        let defaults = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.default.toml");
        let config = Config::load(Some(&defaults), []).unwrap();
        assert_eq!(config.database.kind(), DatabaseKind::Sqlite);
    }

    #[test]
    fn parts_without_a_name_are_no_sqlite() {
        assert_eq!(
            refusal(&[("DATABASE_HOST", "db.example")]),
            "DATABASE_NAME is missing though DATABASE_HOST is set: the name of the PostgreSQL \
             database is needed, or DATABASE_URL, or neither for SQLite"
        );
        let url = [("DATABASE_HOST", "db.example"), ("DATABASE_URL", "sqlite://x.db")];
        assert_eq!(loaded(&url).database.kind(), DatabaseKind::Sqlite);
    }

    #[test]
    fn a_bad_url_is_not_repeated() {
        assert_eq!(
            refusal(&[("DATABASE_URL", "mysql://u:hush@h/n")]),
            "DATABASE_URL begins with \"mysql://\": sqlite://…, postgres://… or postgresql://… \
             is needed (from the environment)"
        );
        for bad in ["hush", "u:hush@h", "postgres://", "u:hush pg://x"] {
            let line = refusal(&[("DATABASE_URL", bad)]);
            assert!(line.starts_with("DATABASE_URL ") && !line.contains("hush"), "{line}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_not_shown() {
        for bad in ["p#hush", "5#hush", "5/hush", "5?hush", "p@x/hush", "5/hu@hush"] {
            let line = refusal(&[("DATABASE_URL", &format!("postgres://app:{bad}@127.0.0.1:5599/app"))]);
            assert!(
                line.contains("postgres://app:***@127.0.0.1:5599/app") && line.contains("percent-encoded"),
                "{line}"
            );
            assert!(!line.contains("hush"), "{line}");
        }
        for good in ["postgres://h/n?user=a@b&password=c", "postgres://u:p@ss@h:1/n", "postgres:///n?host=/tmp"] {
            loaded(&[("DATABASE_URL", good)]);
        }
    }

    #[test]
    fn passwords_in_urls_are_hidden() {
        for (url, shown) in [
            ("postgres://u:p@h/n", "postgres://u:***@h/n"),
            ("postgres://u:p@ss/w?o#r@h/n", "postgres://u:***@h/n"),
            ("postgres://u@h/n", "postgres://u@h/n"),
            ("postgres://h/n?user=u&password=p&sslmode=require", "postgres://h/n?user=u&password=***&sslmode=require"),
            ("postgres://h:1/n?user=a@b&password=p", "postgres://h:***@b&password=***"),
            ("postgres://h/n?password=p:q@r", "postgres://h/n?password=***"),
            ("sqlite://./x.db", "sqlite://./x.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
