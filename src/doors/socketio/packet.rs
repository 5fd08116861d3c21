//! Socket.IO's packets as text, protocol 5 (and 4, which differs only in what CONNECT carries).
//! `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
    /// Comes in several frames; we take none of its attachments.
    BinaryEvent,
    BinaryAck,
}

/// A packet cut into its parts; nothing is copied and the JSON is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub kind: Kind,
    /// So many binary messages follow it.
    pub attachments: u32,
    /// Without its query, which only protocol 4 has.
    pub namespace: &'a str,
    pub ack: Option<&'a str>,
    pub json: &'a str,
}

/// JavaScript counts ack ids from 0; 20 digits hold any 64-bit number.
const MAX_ACK_DIGITS: usize = 20;

impl<'a> Packet<'a> {
    pub fn parse(text: &'a str) -> Option<Packet<'a>> {
        let (kind, mut rest) = match text.as_bytes().first()? {
            b'0' => (Kind::Connect, &text[1..]),
            b'1' => (Kind::Disconnect, &text[1..]),
            b'2' => (Kind::Event, &text[1..]),
            b'3' => (Kind::Ack, &text[1..]),
            b'4' => (Kind::ConnectError, &text[1..]),
            b'5' => (Kind::BinaryEvent, &text[1..]),
            b'6' => (Kind::BinaryAck, &text[1..]),
            _ => return None,
        };
        let mut attachments = 0;
        if matches!(kind, Kind::BinaryEvent | Kind::BinaryAck) {
            let (count, after) = rest.split_once('-')?;
            if !count.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            (attachments, rest) = (count.parse().ok()?, after);
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
            namespace = namespace.split('?').next().unwrap_or(namespace);
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > MAX_ACK_DIGITS {
            return None;
        }
        let (ack, json) = rest.split_at(digits);
        Some(Packet { kind, attachments, namespace, ack: (digits > 0).then_some(ack), json })
    }
}

/// How packets of a namespace begin after their type: nothing for `/`.
fn prefix(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}

pub fn connected(namespace: &str, sid: Option<&str>) -> String {
    match sid {
        Some(sid) => format!("0{}{{\"sid\":\"{sid}\"}}", prefix(namespace)),
        None => format!("0{}", prefix(namespace)),
    }
}

/// `body` is an object in protocol 5 and a text in 4.
pub fn connect_error(namespace: &str, body: &impl Serialize) -> String {
    format!("4{}{}", prefix(namespace), json(body))
}

pub fn event(namespace: &str, name: &str, payload: &impl Serialize) -> String {
    format!("2{}[{},{}]", prefix(namespace), json(name), json(payload))
}

pub fn ack(namespace: &str, id: &str, body: &impl Serialize) -> String {
    format!("3{}{id}[{}]", prefix(namespace), json(body))
}

/// Our own shapes always serialize.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cuts_packets_into_their_parts() {
        let parsed = |text| Packet::parse(text).map(|packet| (packet.kind, packet.namespace, packet.ack, packet.json));
        assert_eq!(parsed("0"), Some((Kind::Connect, "/", None, "")));
        assert_eq!(parsed("0/a,{\"t\":1}"), Some((Kind::Connect, "/a", None, "{\"t\":1}")));
        assert_eq!(parsed("0/a?x=1,"), Some((Kind::Connect, "/a", None, "")));
        assert_eq!(parsed("0/a"), Some((Kind::Connect, "/a", None, "")));
        assert_eq!(parsed("2/a,12[\"x\"]"), Some((Kind::Event, "/a", Some("12"), "[\"x\"]")));
        assert_eq!(parsed("2[\"x,/\",1]"), Some((Kind::Event, "/", None, "[\"x,/\",1]")));
        assert_eq!(parsed("51-/a,7[\"x\"]"), Some((Kind::BinaryEvent, "/a", Some("7"), "[\"x\"]")));
        for broken in ["", "9", "x", "5[\"x\"]", "5x-[\"x\"]", "2123456789012345678901[]", "é"] {
            assert_eq!(Packet::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn writes_what_a_client_reads() {
        assert_eq!(connected("/", Some("s")), "0{\"sid\":\"s\"}");
        assert_eq!(connected("/a", None), "0/a,");
        assert_eq!(event("/a", "x", &json!({"b": 1})), "2/a,[\"x\",{\"b\":1}]");
        assert_eq!(ack("/a", "3", &json!(true)), "3/a,3[true]");
        assert_eq!(connect_error("/a", &json!({"message": "no"})), "4/a,{\"message\":\"no\"}");
    }
}
