//! Where settings come from: environment, then file, then the defaults that the binary carries.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use toml::{Table, Value};

use super::parsing::{one_line, quoted, shaped_like, shown_in_error};
use super::{ConfigError, Secret};

pub(super) const DEFAULTS: &str = include_str!("../../config.default.toml");
const FILE_IN_WORKING_DIRECTORY: &str = "community-chat.toml";

/// The later wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Default,
    File(String),
    Environment(&'static str),
    /// The environment named a file that holds the value.
    EnvironmentFile(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) => write!(f, "file {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::EnvironmentFile(name) => write!(f, "environment {name}"),
        }
    }
}

/// One setting as it is in force, ready to be shown: a secret is `***` here already.
#[derive(Clone, Debug)]
pub(super) struct Effective {
    pub key: &'static str,
    pub env: &'static str,
    pub shown: String,
    pub from: String,
}

struct Found {
    value: Value,
    origin: Origin,
}

pub(super) struct Sources {
    defaults: Table,
    file: Option<(String, Table)>,
    environment: HashMap<String, String>,
    effective: Vec<Effective>,
}

impl Sources {
    pub fn gather(file: Option<&Path>, env: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Ok(Self {
            defaults: table("config.default.toml", DEFAULTS)?,
            file: read_file(file)?,
            environment: env.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            effective: Vec::new(),
        })
    }

    pub fn read<T>(
        &mut self,
        key: &'static str,
        env: &'static str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        Ok(self.read_with_origin(key, env, parse)?.0)
    }

    pub fn read_with_origin<T>(
        &mut self,
        key: &'static str,
        env: &'static str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<(T, Origin), ConfigError> {
        let default = entry(&self.defaults, key)
            .cloned()
            .ok_or_else(|| ConfigError::new(format!("config.default.toml lacks {key}")))?;
        let written = if let Some(text) = self.environment.get(env) {
            Found { value: text.as_str().into(), origin: Origin::Environment(env) }
        } else {
            self.in_file(key).unwrap_or_else(|| Found { value: default.clone(), origin: Origin::Default })
        };
        let value = shaped_like(&default, written.value.clone());
        let parsed = parse(&value).map_err(|needed| {
            let shown = shown_in_error(&written.value);
            complaint(key, &written.origin, &format!("is {shown}: {needed}"))
        })?;
        self.note(key, env, one_line(&value), &written.origin);
        Ok((parsed, written.origin))
    }

    /// What a library reads for itself, by the names that its users know. Never shown.
    pub fn variables_of(&self, beginning: &str) -> Vec<(String, Secret)> {
        let of_it = self.environment.iter().filter(|(name, _)| name.starts_with(beginning));
        let mut variables: Vec<_> = of_it.map(|(name, value)| (name.clone(), Secret::new(value))).collect();
        variables.sort_by(|(one, _), (other, _)| one.cmp(other));
        variables
    }

    pub fn names(&self, env: &str) -> bool {
        self.environment.contains_key(env)
    }

    /// Like [`Self::read`], but never shown; `NAME_FILE` may hold the path of a file with it.
    pub fn secret(&mut self, key: &'static str, env: &'static str) -> Result<Option<Secret>, ConfigError> {
        Ok(self.secret_with_origin(key, env)?.0)
    }

    pub fn secret_with_origin(
        &mut self,
        key: &'static str,
        env: &'static str,
    ) -> Result<(Option<Secret>, Origin), ConfigError> {
        let found = match (self.environment.get(env), self.secret_file(env)?) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(format!("{env} and {env}_FILE are both set: only one of them is needed")));
            }
            (Some(text), None) => Found { value: text.as_str().into(), origin: Origin::Environment(env) },
            (None, Some(found)) => found,
            (None, None) => self.in_file(key).unwrap_or(Found { value: "".into(), origin: Origin::Default }),
        };
        let Some(text) = found.value.as_str() else {
            return Err(complaint(key, &found.origin, "is not shown: a text in quotes is needed"));
        };
        if matches!(found.origin, Origin::File(_)) && is_hidden(text) {
            let what = format!(
                "holds ***, which `community-chat config` shows in place of a secret: {env} is needed in the environment, or the secret there"
            );
            return Err(complaint(key, &found.origin, &what));
        }
        let secret = (!text.is_empty()).then(|| Secret::new(text));
        let shown = if secret.is_some() { "\"***\"" } else { "\"\"" };
        self.note(key, env, shown.to_owned(), &found.origin);
        Ok((secret, found.origin))
    }

    fn secret_file(&self, env: &'static str) -> Result<Option<Found>, ConfigError> {
        let variable = format!("{env}_FILE");
        let Some(path) = self.environment.get(&variable) else {
            return Ok(None);
        };
        let complain = |what: &str| {
            let path = shown_in_error(&path.as_str().into());
            ConfigError::new(format!("{variable} is {path}: a file that holds {env} is needed, {what}"))
        };
        let text = std::fs::read_to_string(path).map_err(|fault| complain(&fault.to_string()))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(complain("but it is empty"));
        }
        let origin = Origin::EnvironmentFile(variable);
        Ok(Some(Found { value: text.into(), origin }))
    }

    fn in_file(&self, key: &str) -> Option<Found> {
        let (name, table) = self.file.as_ref()?;
        let value = entry(table, key)?.clone();
        Some(Found { value, origin: Origin::File(name.clone()) })
    }

    fn note(&mut self, key: &'static str, env: &'static str, shown: String, from: &Origin) {
        self.effective.push(Effective { key, env, shown, from: from.to_string() });
    }

    /// Shows more of a secret than that there is one.
    pub fn show(&mut self, key: &str, shown: String) {
        self.with(key, |effective| effective.shown = shown);
    }

    /// Says what it comes to that nothing is written: nothing is what can be read back.
    pub fn nothing(&mut self, key: &str, comes_to: String) {
        self.with(key, |effective| {
            effective.shown = quoted("");
            effective.from = comes_to;
        });
    }

    fn with(&mut self, key: &str, change: impl FnOnce(&mut Effective)) {
        self.effective.iter_mut().find(|effective| effective.key == key).map(change);
    }

    /// Everything that was read, once it is sure that the file holds nothing else.
    pub fn finish(self) -> Result<Vec<Effective>, ConfigError> {
        let Some((file, table)) = &self.file else {
            return Ok(self.effective);
        };
        for (section, entries) in table {
            let Some(entries) = entries.as_table() else {
                return Err(self.unknown(file, section));
            };
            for name in entries.keys() {
                let key = format!("{section}.{name}");
                if !self.effective.iter().any(|effective| effective.key == key) {
                    return Err(self.unknown(file, &key));
                }
            }
            if !self.defaults.contains_key(section) {
                return Err(self.unknown(file, section));
            }
        }
        Ok(self.effective)
    }

    fn unknown(&self, file: &str, written: &str) -> ConfigError {
        let name = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
        let far = |effective: &Effective| {
            // Right name in the wrong section, and the environment's name, are near too.
            let distances = [
                distance(written, effective.key),
                distance(&name(written), &name(effective.key)) + 1,
                distance(&name(written), effective.env) + 1,
            ];
            distances.into_iter().min()
        };
        let nearest = self.effective.iter().min_by_key(|effective| far(effective));
        let section = self.defaults.keys().min_by_key(|section| distance(written, section));
        let hint = match (nearest, section) {
            _ if self.defaults.contains_key(written) => format!("[{written}] is a section"),
            (_, Some(section)) if distance(written, section) <= 2 => {
                format!("did you mean [{section}]?")
            }
            (Some(nearest), _) if far(nearest) <= Some(4) => {
                format!("did you mean {}?", nearest.key)
            }
            _ => "`community-chat config` lists what there is".to_owned(),
        };
        ConfigError::new(format!("{written} in {file} is no setting: {hint}"))
    }
}

/// Names the setting as the user knows it.
pub(super) fn complaint(key: &str, origin: &Origin, what: &str) -> ConfigError {
    ConfigError::new(match origin {
        Origin::Environment(name) => format!("{name} {what} (from the environment)"),
        Origin::EnvironmentFile(name) => format!("what {name} points to {what}"),
        Origin::File(name) => format!("{key} {what} (in {name})"),
        Origin::Default => format!("{key} {what} (the default)"),
    })
}

fn read_file(given: Option<&Path>) -> Result<Option<(String, Table)>, ConfigError> {
    let path = given.unwrap_or(Path::new(FILE_IN_WORKING_DIRECTORY));
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((name.clone(), table(&name, &text)?))),
        Err(fault) if given.is_none() && fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(ConfigError::new(format!("the settings file {name}: {fault}"))),
    }
}

fn table(name: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|fault| {
        let start = fault.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
        let hint =
            if lacks_quotes(text.lines().nth(line - 1)) { " (a text needs quotes: name = \"text\")" } else { "" };
        ConfigError::new(format!("{name}, line {line}, is no TOML: {}{hint}", fault.message()))
    })
}

fn lacks_quotes(line: Option<&str>) -> bool {
    let value = line.and_then(|line| line.split_once('=')).map(|(_, value)| value.trim());
    value.is_some_and(|value| value.starts_with(|first: char| first.is_alphabetic() || "/.*".contains(first)))
}

/// What `community-chat config` prints in place of a secret; a file of it may be a setting's file again.
fn is_hidden(text: &str) -> bool {
    text == "***" || text.contains(":***@") || text.contains("=***")
}

fn entry<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let (section, name) = key.split_once('.')?;
    table.get(section)?.get(name)
}

/// How many letters to add, drop or change (Levenshtein), case apart.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
