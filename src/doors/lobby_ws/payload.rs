//! What a client's frames say.

use serde_json::{Map, Value};

use crate::doors::requests::is_name;
use crate::model::text::trim_like_javascript;

const NAMELESS: &str = "Anonymous";
const MOST_NAME: usize = 50;
/// In UTF-16 units the same may be twice as long.
const MOST_UNITS: usize = 2 * MOST_NAME;

/// The first frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Introduction {
    Guest(String),
    Account(String),
}

/// Any later one.
#[derive(Debug, PartialEq, Eq)]
pub enum Spoken {
    Message(String),
    Typing(bool),
}

pub fn introduction(text: &str) -> Result<Introduction, String> {
    let wanted = || "The first frame must be a JSON object with a username or a token".to_owned();
    let frame = object(text).ok_or_else(wanted)?;
    match (frame.get("token"), frame.get("username")) {
        (Some(Value::String(token)), _) if !token.is_empty() => Ok(Introduction::Account(token.clone())),
        (None | Some(Value::Null | Value::String(_)), Some(Value::Null)) => Ok(Introduction::Guest(NAMELESS.into())),
        (None | Some(Value::Null | Value::String(_)), Some(Value::String(name))) => guest(name),
        (None | Some(Value::Null), Some(_)) => Err("username must be a text".into()),
        (Some(Value::String(_)), None) => Err("token is empty".into()),
        (Some(Value::Null) | None, None) => Err(wanted()),
        (Some(_), _) => Err("token must be a text".into()),
    }
}

fn guest(name: &str) -> Result<Introduction, String> {
    let cut: String = trim_like_javascript(name).chars().take(MOST_NAME).collect();
    let name = match trim_like_javascript(&cut) {
        "" => NAMELESS,
        name => name,
    };
    if is_name(name, MOST_UNITS) {
        Ok(Introduction::Guest(name.to_owned()))
    } else {
        Err("username must be one line that can be seen".into())
    }
}

pub fn spoken(text: &str) -> Result<Spoken, String> {
    let frame = object(text).ok_or("A frame is a JSON object")?;
    match frame.get("type") {
        None | Some(Value::Null) => message(&frame),
        Some(Value::String(kind)) => match kind.as_str() {
            "message" => message(&frame),
            "typing" => match frame.get("is_typing") {
                Some(Value::Bool(typing)) => Ok(Spoken::Typing(*typing)),
                _ => Err("is_typing must be true or false".into()),
            },
            other => Err(format!("Unknown type {other:.40}: message and typing are known")),
        },
        Some(_) => Err("type must be a text".into()),
    }
}

fn message(frame: &Map<String, Value>) -> Result<Spoken, String> {
    match frame.get("content") {
        Some(Value::String(content)) => Ok(Spoken::Message(content.clone())),
        None | Some(Value::Null) => Ok(Spoken::Message(String::new())),
        Some(_) => Err("content must be a text".into()),
    }
}

fn object(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(frame)) => Some(frame),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(frame: &str) -> String {
        match introduction(frame).unwrap() {
            Introduction::Guest(name) => name,
            Introduction::Account(token) => format!("by {token}"),
        }
    }

    #[test]
    fn names_are_cut_and_never_empty() {
        for (frame, name) in [
            (r#"{"username":" Zoe "}"#, "Zoe"),
            (r#"{"username":""}"#, "Anonymous"),
            (r#"{"username":null}"#, "Anonymous"),
            (r#"{"username":"Zoe","token":"T"}"#, "by T"),
            (r#"{"username":"Zoe","token":""}"#, "Zoe"),
        ] {
            assert_eq!(named(frame), name, "{frame}");
        }
        let long = "🦀".repeat(60);
        assert_eq!(named(&format!(r#"{{"username":"{long}"}}"#)), "🦀".repeat(50));
        assert_eq!(named(&format!(r#"{{"username":"{} x"}}"#, "a".repeat(49))), "a".repeat(49), "no blank at the cut");
        for wrong in
            ["", "[]", "{}", "7", r#"{"username":7}"#, r#"{"token":7}"#, r#"{"token":""}"#, r#"{"username":"a\nb"}"#]
        {
            assert!(introduction(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_frame_without_a_type_is_a_message() {
        let message = |text: &str| Ok(Spoken::Message(text.into()));
        assert_eq!(spoken(r#"{"content":"Hi"}"#), message("Hi"));
        assert_eq!(spoken(r#"{"type":"message","content":"Hi"}"#), message("Hi"));
        assert_eq!(spoken(r#"{"type":"message"}"#), message(""));
        assert_eq!(spoken(r#"{"type":"typing","is_typing":true}"#), Ok(Spoken::Typing(true)));
        for wrong in ["no", "[]", r#"{"type":7}"#, r#"{"type":"dance"}"#, r#"{"type":"typing"}"#, r#"{"content":7}"#] {
            assert!(spoken(wrong).is_err(), "{wrong}");
        }
    }
}
