//! Reads payloads as the Node server did, with JavaScript's idea of true, empty and number.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::chat::{Refusal, Text};
use crate::doors::requests;
use crate::doors::requests::MOST_REASON;
use crate::doors::socketio::Payload;
use crate::model::MessageId;
use crate::store::Seek;

/// Fields of a payload; one that is no object has none.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// None when there is nothing to read at all: missing, null, or no JSON.
    pub fn of(payload: Payload) -> Option<Fields> {
        match payload {
            Payload::Missing | Payload::Broken | Payload::Value(Value::Null) => None,
            Payload::Value(Value::Object(fields)) => Some(Fields(fields)),
            Payload::Value(_) => Some(Fields(Map::new())),
        }
    }

    /// Where nothing is as good as an empty object.
    pub fn or_none(payload: Payload) -> Fields {
        Fields::of(payload).unwrap_or_else(|| Fields(Map::new()))
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn for_request(self) -> requests::Fields {
        requests::Fields::new(self.0)
    }

    /// Why a message is deleted; longer is cut.
    pub fn reason(&self) -> Option<String> {
        let reason = self.get("reason")?.as_str()?.trim();
        (!reason.is_empty() && !reason.contains('\0')).then(|| reason.chars().take(MOST_REASON).collect())
    }

    pub fn text(&self) -> Result<Text, Refusal> {
        match self.get("message") {
            Some(Value::String(text)) => Text::new(text),
            value if is_falsy(value) => Err(Refusal::Empty),
            _ => Err(Refusal::Unreadable),
        }
    }

    pub fn message_id(&self) -> Result<MessageId, Refusal> {
        match self.get("messageId") {
            None | Some(Value::Null) => Err(Refusal::MessageNotFound),
            Some(Value::String(id)) => Uuid::parse_str(id).map_err(|_| Refusal::Unreadable),
            Some(_) => Err(Refusal::Unreadable),
        }
    }

    /// The room that is meant; none for the main room.
    pub fn room(&self) -> Result<Option<String>, Refusal> {
        let named =
            ["roomId", "roomID", "communityId"].iter().find_map(|name| self.get(name).filter(|value| !value.is_null()));
        named.map_or(Ok(None), |value| room_reference(value).map(Some))
    }

    pub fn client_offset(&self) -> Result<Option<String>, Refusal> {
        match self.get("clientOffset") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(offset)) => Ok(Some(offset.clone())),
            Some(_) => Err(Refusal::OffsetTooLong { limit: crate::chat::limits::MAX_CLIENT_OFFSET }),
        }
    }

    /// Whom it is spoken as: a number, as text too; nothing chosen is an empty text.
    pub fn character(&self) -> Result<Option<i64>, Refusal> {
        match self.get("characterId") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(value) => whole_number(value).map(Some).ok_or(Refusal::CharacterNotFound),
        }
    }

    /// A page or limit: a default when missing, numbers as text too.
    pub fn count(&self, name: &str, default: i64) -> Result<i64, Refusal> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => whole_number(value).ok_or(Refusal::Unreadable),
        }
    }

    /// Before or after which message a page begins; none where neither is said.
    pub fn seek(&self) -> Result<Option<Seek>, Refusal> {
        let seq = |name: &str| match self.get(name).filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(value) => whole_number(value).filter(|seq| *seq >= 0).map(Some).ok_or(Refusal::Unreadable),
        };
        match (seq("before")?, seq("after")?) {
            (None, None) => Ok(None),
            (Some(before), None) => Ok(Some(Seek::Before(before))),
            (None, Some(after)) => Ok(Some(Seek::After(after))),
            (Some(_), Some(_)) => Err(Refusal::Unreadable),
        }
    }

    pub fn rev(&self, name: &str) -> Result<i64, Refusal> {
        self.get(name).and_then(whole_number).filter(|rev| *rev >= 0).ok_or(Refusal::Unreadable)
    }

    pub fn flag(&self, name: &str) -> bool {
        !is_falsy(self.get(name))
    }
}

/// A bare reference, or an object that names the room.
pub fn room_of(payload: Payload) -> Result<String, Refusal> {
    match payload {
        Payload::Value(value @ (Value::String(_) | Value::Number(_))) => room_reference(&value),
        other => Fields::or_none(other).room()?.ok_or(Refusal::RoomNotFound),
    }
}

fn room_reference(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(reference) => Ok(reference.trim().to_owned()),
        Value::Number(number) if number.is_i64() => Ok(number.to_string()),
        _ => Err(Refusal::RoomNotFound),
    }
}

pub fn whole_number(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    // Beyond 2^53 JavaScript has no whole numbers either.
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

pub fn is_falsy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::Bool(true) | Value::Array(_) | Value::Object(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        Fields::or_none(Payload::Value(value))
    }

    #[test]
    fn numbers_as_text_work_and_nonsense_does_not() {
        assert_eq!(fields(json!({ "page": "2" })).count("page", 1), Ok(2));
        assert_eq!(fields(json!({})).count("page", 1), Ok(1));
        for nonsense in [json!("x"), json!(null), json!([]), json!(1.5), json!("NaN"), json!("inf"), json!(1e300)] {
            assert_eq!(fields(json!({ "page": nonsense })).count("page", 1), Err(Refusal::Unreadable), "{nonsense}");
        }
    }

    #[test]
    fn blank_before_wrong_type() {
        for (message, refusal) in [
            (json!(null), Refusal::Empty),
            (json!(" \u{FEFF}"), Refusal::Empty),
            (json!(5), Refusal::Unreadable),
            (json!([]), Refusal::Unreadable),
        ] {
            assert_eq!(fields(json!({ "message": message })).text().unwrap_err(), refusal);
        }
    }
}
