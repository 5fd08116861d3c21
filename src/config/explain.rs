//! What `community-chat config` prints.

use std::path::Path;

use super::{Config, SECRETS_FILE};

impl Config {
    /// Every setting that is in force and where it came from, as TOML; secrets are `***`.
    pub fn explain(&self) -> String {
        let lines: Vec<_> = self.effective.iter().map(|e| (e, assignment(e.key, &e.shown))).collect();
        // One long value must not push all comments out of sight.
        const FARTHEST: usize = 56;
        let column =
            lines.iter().map(|(_, line)| line.chars().count()).filter(|width| *width <= FARTHEST).max().unwrap_or(0);

        let mut text = String::new();
        let mut section = "";
        for (effective, line) in &lines {
            let of = effective.key.split('.').next().unwrap_or_default();
            if of != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                text.push_str(&format!("{gap}[{of}]\n"));
                section = of;
            }
            let from = match self.missing_secret(effective.key) {
                Some(remark) => remark,
                None => effective.from.clone(),
            };
            text.push_str(&format!("{line:column$}  # {}\n", printable(&from)));
        }
        text
    }

    fn missing_secret(&self, key: &str) -> Option<String> {
        let secret = match key {
            "auth.access_token_secret" => &self.auth.access_token_secret,
            "auth.refresh_token_secret" => &self.auth.refresh_token_secret,
            _ => return None,
        };
        if secret.is_some() {
            return None;
        }
        Some(match self.database.kind() {
            super::DatabaseKind::Postgres => "missing: must be given".to_owned(),
            super::DatabaseKind::Sqlite => {
                let file: &Path = &self.server.data_dir.join(SECRETS_FILE);
                format!("made at the start, kept in {}", file.display())
            }
        })
    }
}

fn assignment(key: &str, shown: &str) -> String {
    let name = key.rsplit('.').next().unwrap_or(key);
    format!("{name} = {shown}")
}

/// A TOML comment holds no control characters; a file's name might.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use crate::config::tests::{load, loaded};

    pub(in crate::config) fn line_of<'a>(explained: &'a str, key: &str) -> &'a str {
        let (section, name) = key.split_once('.').unwrap();
        let start = explained.find(&format!("[{section}]\n")).unwrap();
        explained[start..].lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap()
    }

    #[test]
    fn no_secret_is_ever_shown() {
        let env = [("ACCESS_TOKEN_SECRET", "hush"), ("REFRESH_TOKEN_SECRET", "hush"), ("DATABASE_PASSWORD", "hush")];
        for database in [("DATABASE_URL", "postgres://u:hush@h/n"), ("DATABASE_NAME", "n")] {
            let mut env = env.to_vec();
            env.extend([database, ("DATABASE_USERNAME", "u")]);
            let config = loaded(&env);
            assert!(config.database.url.expose().contains("hush"));
            let shown = format!("{}{config:?}{config:#?}", config.explain());
            assert!(!shown.contains("hush"), "{shown}");
            assert!(line_of(&config.explain(), "database.url").contains("postgres://u:***@"));
            assert!(line_of(&config.explain(), "auth.access_token_secret").contains(r#"= "***" "#));
        }
    }

    #[test]
    fn the_explanation_is_toml_and_says_where_each_value_came_from() {
        let config =
            load(Some("[limits]\ninbox_events = 7"), &[("PORT", "6000"), ("HOST", "a\"\\"), ("DATA_DIR", "/srv")]);
        let explained = config.unwrap().explain();
        let table: toml::Table = explained.parse().unwrap();
        assert_eq!(table["server"]["host"].as_str(), Some("a\"\\"));
        assert_eq!(table["server"]["port"].as_integer(), Some(6000));
        assert!(line_of(&explained, "server.port").ends_with("  # environment PORT"));
        assert!(line_of(&explained, "limits.inbox_events").ends_with("/chat.toml"));
        assert!(line_of(&explained, "log.filter").ends_with("  # default"));
        assert!(line_of(&explained, "database.url").contains("sqlite:///srv/community-chat.db"));
        assert!(line_of(&explained, "auth.access_token_secret").ends_with("kept in /srv/secrets.toml"));
    }
}
