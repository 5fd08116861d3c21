//! The keys that sign tokens: as given, or on SQLite made once and kept in DATA_DIR.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::{Config, ConfigError, DatabaseKind, Secret};

pub const SECRETS_FILE: &str = "secrets.toml";
const SHORTEST_GOOD_BYTES: usize = 32;
const ACCESS: &str = "ACCESS_TOKEN_SECRET";
const REFRESH: &str = "REFRESH_TOKEN_SECRET";

#[derive(Clone, Debug)]
pub struct TokenSecrets {
    pub access: Secret,
    pub refresh: Secret,
    /// For the log, a line each.
    pub warnings: Vec<String>,
}

impl Config {
    /// On SQLite missing ones are made and kept, so this writes to DATA_DIR; processes that start
    /// at the same time get the same ones. With PostgreSQL a missing one is an error.
    pub fn token_secrets(&self) -> Result<TokenSecrets, ConfigError> {
        let mut warnings = Vec::new();
        let (access, refresh) = match (&self.auth.access_token_secret, &self.auth.refresh_token_secret) {
            (Some(access), Some(refresh)) => (access.clone(), refresh.clone()),
            (access, refresh) if self.database.kind() == DatabaseKind::Sqlite => {
                let kept = keep_in(&self.server.data_dir, &mut warnings)?;
                (access.clone().unwrap_or(kept.0), refresh.clone().unwrap_or(kept.1))
            }
            (None, None) => return Err(missing(&[ACCESS, REFRESH])?),
            (None, Some(_)) => return Err(missing(&[ACCESS])?),
            (Some(_), None) => return Err(missing(&[REFRESH])?),
        };
        for (name, secret) in [(ACCESS, &access), (REFRESH, &refresh)] {
            if secret.expose().len() < SHORTEST_GOOD_BYTES {
                warnings.push(format!(
                    "{name} is shorter than {SHORTEST_GOOD_BYTES} bytes: whoever guesses it can \
                     act as anybody"
                ));
            }
        }
        if access == refresh {
            warnings.push(format!("{ACCESS} and {REFRESH} are the same: one kind of token passes for the other"));
        }
        Ok(TokenSecrets { access, refresh, warnings })
    }
}

fn missing(names: &[&str]) -> Result<ConfigError, ConfigError> {
    let fresh: Result<Vec<_>, _> = names.iter().map(|name| Ok(format!("{name}={}", random_secret()?))).collect();
    let (are, they, ones) = if names.len() == 1 { ("is", "it", "a fresh one") } else { ("are", "they", "fresh ones") };
    Ok(ConfigError::new(format!(
        "{} {are} missing: with PostgreSQL {they} must be given, the same to every node (Node's own, \
         where there is one); {ones}: {}",
        names.join(" and "),
        fresh?.join(" ")
    )))
}

fn random_secret() -> Result<String, ConfigError> {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes)
        .map_err(|fault| ConfigError::new(format!("no random bytes from the system: {fault}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn keep_in(folder: &Path, warnings: &mut Vec<String>) -> Result<(Secret, Secret), ConfigError> {
    let file = folder.join(SECRETS_FILE);
    let complain = |fault: std::io::Error| {
        ConfigError::new(format!(
            "secrets cannot be kept in {} ({fault}): another DATA_DIR is needed, or {ACCESS} and \
             {REFRESH}",
            file.display()
        ))
    };
    if !file.try_exists().map_err(complain)? {
        make_private_folder(folder).map_err(complain)?;
        let draft = folder.join(format!(".{SECRETS_FILE}.{}", &random_secret()?[..16]));
        make_file(&file, &draft, &fresh_secrets()?).map_err(complain)?;
    }
    let text = std::fs::read_to_string(&file).map_err(|fault| {
        ConfigError::new(format!(
            "{} cannot be read ({fault}): the user who runs this needs the right to, or {ACCESS} and {REFRESH} \
             must be given",
            file.display()
        ))
    })?;
    warnings.extend(seen_by_others(&file));
    let table = text.parse::<toml::Table>().unwrap_or_default();
    let entry = |name: &str| match table.get(name).and_then(|value| value.as_str()) {
        Some(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => Err(ConfigError::new(format!(
            "{} has no {name} = \"…\": it is needed there (without the file all secrets are made \
             anew, and everybody has to log in again)",
            file.display()
        ))),
    };
    Ok((entry(&ACCESS.to_ascii_lowercase())?, entry(&REFRESH.to_ascii_lowercase())?))
}

/// Written whole under another name first: a name that appears at once, and only once, is what
/// lets a second process read the winner's secrets and never half of them.
fn make_file(file: &Path, draft: &Path, text: &str) -> std::io::Result<()> {
    let outcome = write_private(draft, text).and_then(|()| std::fs::hard_link(draft, file));
    let _ = std::fs::remove_file(draft);
    match outcome {
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => return Ok(()),
        outcome => outcome?,
    }
    // So that the name outlives a power cut. Not every system opens folders.
    match file.parent().map(std::fs::File::open) {
        Some(Ok(folder)) => folder.sync_all(),
        _ => Ok(()),
    }
}

fn fresh_secrets() -> Result<String, ConfigError> {
    let (access, refresh) = (random_secret()?, random_secret()?);
    Ok(format!(
        "# Made by community-chat. Who has these can act as anybody.\n\
         access_token_secret = \"{access}\"\nrefresh_token_secret = \"{refresh}\"\n"
    ))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Only for us when we make it: the database will stand in it too.
pub fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn seen_by_others(file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0)
        .then(|| format!("{} can be read by others (mode {mode:o}): chmod 600 is needed", file.display()))
}

#[cfg(not(unix))]
fn seen_by_others(_: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::loaded;

    fn on_sqlite(folder: &Path, env: &[(&str, &str)]) -> Config {
        let mut env = env.to_vec();
        let folder = folder.to_string_lossy();
        env.push(("DATA_DIR", &folder));
        loaded(&env)
    }

    #[test]
    fn on_sqlite_they_are_made_once_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let config = on_sqlite(&home.path().join("a/b"), &[]);
        let made = config.token_secrets().unwrap();
        assert_eq!(made.access.expose().len(), 96);
        assert_ne!(made.access, made.refresh);
        assert!(made.warnings.is_empty(), "{:?}", made.warnings);
        let again = config.token_secrets().unwrap();
        assert_eq!((again.access, again.refresh), (made.access, made.refresh));
        let files: Vec<_> = std::fs::read_dir(&config.server.data_dir).unwrap().collect();
        assert_eq!(files.len(), 1, "no draft stays behind");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let config = on_sqlite(home.path(), &[]);
        config.token_secrets().unwrap();
        let file = home.path().join(SECRETS_FILE);
        let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(config.token_secrets().unwrap().warnings[0].contains("mode 644"));
    }

    #[test]
    fn processes_that_start_at_once_agree() {
        for _ in 0..20 {
            let home = tempfile::tempdir().unwrap();
            let config = on_sqlite(&home.path().join("new"), &[]);
            let seen: Vec<_> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| config.token_secrets().unwrap().access)).collect();
                starts.into_iter().map(|start| start.join().unwrap()).collect()
            });
            assert!(seen.iter().all(|secret| secret == &seen[0]));
        }
    }

    #[test]
    fn a_given_one_wins_and_writes_nothing_when_both_are_given() {
        let home = tempfile::tempdir().unwrap();
        let long = "x".repeat(32);
        let one = on_sqlite(home.path(), &[(ACCESS, &long)]).token_secrets().unwrap();
        assert_eq!(one.access.expose(), long);
        assert_eq!(one.refresh.expose().len(), 96);

        let empty = home.path().join("untouched");
        let both = on_sqlite(&empty, &[(ACCESS, &long), (REFRESH, "short")]).token_secrets().unwrap();
        assert!(!empty.exists());
        assert_eq!(both.warnings.len(), 1);
        assert!(both.warnings[0].starts_with("REFRESH_TOKEN_SECRET is shorter than 32 bytes"));
        assert!(!both.warnings[0].contains("\"short\""));
    }

    #[test]
    fn a_spoilt_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(SECRETS_FILE), "access_token_secret = \"hush").unwrap();
        let line = on_sqlite(home.path(), &[]).token_secrets().unwrap_err().to_string();
        assert!(line.contains("secrets.toml has no access_token_secret"), "{line}");
        assert!(!line.contains("hush") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(SECRETS_FILE)).unwrap();
        let line = on_sqlite(home.path(), &[]).token_secrets().unwrap_err().to_string();
        assert!(line.contains("secrets.toml cannot be read (") && !line.contains("another DATA_DIR"), "{line}");
    }

    #[test]
    fn with_postgres_they_must_be_given() {
        let url = ("DATABASE_URL", "postgres://h/n");
        let first = loaded(&[url]).token_secrets().unwrap_err().to_string();
        let second = loaded(&[url]).token_secrets().unwrap_err().to_string();
        assert!(
            first.starts_with("ACCESS_TOKEN_SECRET and REFRESH_TOKEN_SECRET are missing: with PostgreSQL")
                && first.contains(" ACCESS_TOKEN_SECRET=")
                && first.contains(" REFRESH_TOKEN_SECRET="),
            "{first}"
        );
        assert_ne!(first, second, "the suggestion is fresh");
        assert_eq!(first.lines().count(), 1);
        let long = "x".repeat(40);
        let line = loaded(&[url, (ACCESS, &long)]).token_secrets().unwrap_err().to_string();
        assert!(line.starts_with("REFRESH_TOKEN_SECRET is missing"), "{line}");
        let line = loaded(&[url, (REFRESH, &long)]).token_secrets().unwrap_err().to_string();
        assert!(line.starts_with("ACCESS_TOKEN_SECRET is missing"), "{line}");
        let same = loaded(&[url, (ACCESS, &long), (REFRESH, &long)]).token_secrets().unwrap();
        assert!(same.warnings[0].contains("are the same"));
    }
}
