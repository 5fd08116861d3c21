//! What came with a request, whichever way: body, query and path are one. Readers note what is wrong,
//! so that all of it can be said at once.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Failure, Route};
use crate::auth::fingerprint;
use crate::model::UserId;
use crate::model::text::{is_legible, javascript_length, trim_like_javascript};
use crate::store::RequestKey;

/// More are answered as these.
const MOST_LISTED: u64 = 100;
pub const LISTED: u64 = 50;
pub const MOST_REASON: usize = 500;
pub const KEY: &str = "idempotencyKey";
const MOST_KEY: usize = 128;

#[derive(Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    /// Method and path of what is asked.
    asked: (String, &'static str),
    faults: Vec<(&'static str, String)>,
}

impl Fields {
    pub fn new(values: Map<String, Value>) -> Fields {
        Fields { values, ..Fields::default() }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn is_asked_of(&mut self, route: &Route) {
        self.asked = (route.method.to_string(), route.path);
    }

    /// What the client calls this request, so that a repeat makes nothing new.
    pub fn key(&mut self, owner: UserId) -> Option<RequestKey> {
        let name = self.get(KEY)?.as_str().map(str::to_owned);
        let fits = |name: &String| (1..=MOST_KEY).contains(&javascript_length(name)) && !name.contains('\0');
        let Some(name) = name.filter(fits) else {
            self.fault(KEY, format!("{KEY} must be a text of 1 to {MOST_KEY} characters"));
            return None;
        };
        let said: BTreeMap<_, _> = self.values.iter().filter(|(field, _)| *field != KEY).collect();
        let request = fingerprint(&json!([self.asked.0, self.asked.1, said]).to_string());
        Some(RequestKey { owner, name, request })
    }

    pub fn fault(&mut self, name: &'static str, what: impl Into<String>) {
        self.faults.push((name, what.into()));
    }

    /// Says all that was wrong, if anything was.
    pub fn check(&mut self) -> Result<(), Failure> {
        if self.faults.is_empty() { Ok(()) } else { Err(Failure::Fields(std::mem::take(&mut self.faults))) }
    }

    /// The room that is meant.
    pub fn room(&self) -> Result<String, Failure> {
        match self.get("roomId") {
            Some(Value::String(reference)) => Ok(reference.trim().to_owned()),
            Some(Value::Number(number)) if number.is_i64() => Ok(number.to_string()),
            _ => Err(Failure::Unreadable("a roomId is needed".into())),
        }
    }

    pub fn id(&self, name: &'static str) -> Result<Uuid, Failure> {
        let id = self.get(name).and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        id.ok_or_else(|| Failure::Unreadable(format!("{name} must be an id")))
    }

    pub fn user(&self) -> Result<UserId, Failure> {
        self.id("userId")
    }

    /// An id that need not be there.
    pub fn optional_id(&self, name: &'static str) -> Result<Option<Uuid>, Failure> {
        if self.get(name).is_none() { Ok(None) } else { self.id(name).map(Some) }
    }

    /// With commas between them. None where none were given, or where they are wrong.
    pub fn ids(&mut self, name: &'static str, most: usize) -> Option<Vec<Uuid>> {
        let given = self.get(name)?.as_str().unwrap_or_default();
        let ids: Option<Vec<Uuid>> = given.split(',').map(|id| Uuid::parse_str(id.trim()).ok()).collect();
        let ids = ids.filter(|ids| ids.len() <= most);
        if ids.is_none() {
            self.fault(name, format!("{name} must be at most {most} ids, with commas between them"));
        }
        ids
    }

    /// A text, trimmed. None where none was given.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        let text = match self.get(name)? {
            Value::String(text) => Some(trim_like_javascript(text).to_owned()),
            _ => None,
        };
        match text {
            Some(text) if javascript_length(&text) <= most && !text.contains('\0') => Some(text),
            _ => {
                self.fault(name, format!("{name} must be a text of at most {most} characters"));
                None
            }
        }
    }

    pub fn reason(&mut self) -> Option<String> {
        self.text("reason", MOST_REASON).filter(|reason| !reason.is_empty())
    }

    /// A name of a room, a person or a character. None where none was given, or where it is wrong.
    pub fn name(&mut self, name: &'static str, most: usize) -> Option<String> {
        let given = self.get(name)?.as_str().map(|text| trim_like_javascript(text).to_owned());
        match given {
            Some(text) if is_name(&text, most) => Some(text),
            _ => {
                self.fault(name, format!("{name} must be one line of 1 to {most} characters"));
                None
            }
        }
    }

    pub fn needed<T: Default>(&mut self, name: &'static str, value: Option<T>) -> T {
        if value.is_none() && !self.faults.iter().any(|(faulty, _)| *faulty == name) {
            self.fault(name, format!("{name} is required"));
        }
        value.unwrap_or_default()
    }

    /// Of what has no default: notes that it is missing, where nothing else is wrong with it.
    pub fn chosen<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.needed(name, None::<bool>);
        }
        value
    }

    /// A list of texts, which must be there.
    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let given = match self.get(name) {
            Some(Value::Array(given)) => given.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
            None => return self.needed(name, None),
        };
        given.unwrap_or_else(|| {
            self.fault(name, format!("{name} must be a list of texts"));
            Vec::new()
        })
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => {
                self.fault(name, format!("{name} must be true or false"));
                None
            }
        }
    }

    /// A whole number within bounds, as text too.
    pub fn number(&mut self, name: &'static str, least: i64, most: i64) -> Option<i64> {
        let number = match self.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.fault(name, format!("{name} must be a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let given = self.get(name)?.as_str().map(str::to_owned);
        let found = given.and_then(|given| words.iter().find(|(word, _)| *word == given));
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("{name} must be one of: {}", words.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    pub fn limit(&mut self) -> u64 {
        self.limit_or(LISTED)
    }

    /// The length of a page, and another than usual unless it is said.
    pub fn limit_or(&mut self, usual: u64) -> u64 {
        self.limit_within(usual, MOST_LISTED)
    }

    pub fn limit_within(&mut self, usual: u64, most: u64) -> u64 {
        let asked = self.get("limit").is_some().then(|| self.number("limit", 1, i64::MAX)).flatten();
        asked.map_or(usual, |limit| u64::try_from(limit).unwrap_or(1).min(most))
    }

    /// The sort key behind which a list goes on.
    pub fn after<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        let Some(cursor) = self.get("after") else { return Ok(None) };
        let decoded = cursor.as_str().and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok());
        let key = decoded.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        key.map(Some).ok_or(Failure::NoSuchCursor)
    }
}

pub fn is_name(text: &str, most: usize) -> bool {
    javascript_length(text) <= most && is_legible(text)
}

/// A page of a list: the key of its last row leads to the next, when there is one.
pub fn listed<K: serde::Serialize>(mut rows: Vec<(K, Value)>, limit: u64) -> Value {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).and_then(|(key, _)| serde_json::to_vec(key).ok());
    let next = next.map(|key| URL_SAFE_NO_PAD.encode(key));
    let data: Vec<Value> = rows.into_iter().map(|(_, shown)| shown).collect();
    serde_json::json!({ "data": data, "next": next })
}
