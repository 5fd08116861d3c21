//! From what was written to a value. The `Err` of each says what would be right.

use std::num::{NonZeroU32, NonZeroU64};
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Value;

/// Gives a text (all that the environment has) the shape that the default of the setting has;
/// what does not fit stays as it is, for the parser to refuse.
pub(super) fn shaped_like(default: &Value, written: Value) -> Value {
    let Value::String(text) = &written else {
        return written;
    };
    let text = text.trim();
    match default {
        Value::Integer(_) => text.parse().map_or(written.clone(), Value::Integer),
        Value::Boolean(_) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Value::Boolean(true),
            "false" | "0" | "no" | "off" => Value::Boolean(false),
            _ => written,
        },
        Value::Array(_) => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Value::String(part.to_owned()))
            .collect::<Vec<_>>()
            .into(),
        Value::String(_) => text.into(),
        _ => written,
    }
}

/// A value on one line, as TOML has it: toml's own writer may take several for a text.
pub(super) fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string().replace('\n', " "),
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 2);
    line.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if c.is_control() => line.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => line.push(c),
        }
    }
    line.push('"');
    line
}

pub(super) fn number<T: TryFrom<i64>>(range: RangeInclusive<i64>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        value
            .as_integer()
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("a number from {} to {} is needed", range.start(), range.end()))
    }
}

pub(super) fn seconds(range: RangeInclusive<i64>) -> impl Fn(&Value) -> Result<Duration, String> {
    move |value| {
        number(range.clone())(value)
            .map(Duration::from_secs)
            .map_err(|_| format!("seconds, from {} to {}, are needed", range.start(), range.end()))
    }
}

pub(super) fn milliseconds(range: RangeInclusive<i64>) -> impl Fn(&Value) -> Result<Duration, String> {
    move |value| {
        number(range.clone())(value)
            .map(Duration::from_millis)
            .map_err(|_| format!("milliseconds, from {} to {}, are needed", range.start(), range.end()))
    }
}

pub(super) const LARGEST_LIMIT: u32 = 1_000_000_000;

pub(super) fn limit(value: &Value) -> Result<Option<NonZeroU32>, String> {
    number(0..=i64::from(LARGEST_LIMIT))(value)
        .map(NonZeroU32::new)
        .map_err(|_| format!("a number from 1 to {LARGEST_LIMIT}, or 0 for off, is needed"))
}

/// As [`limit`], for what is counted in bytes.
pub(super) fn limit_of_bytes(value: &Value) -> Result<Option<NonZeroU64>, String> {
    const LARGEST: i64 = 1 << 50;
    number(0..=LARGEST)(value)
        .map(NonZeroU64::new)
        .map_err(|_| format!("bytes, from 1 to {LARGEST}, or 0 for off, are needed"))
}

pub(super) fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "true or false is needed".to_owned())
}

pub(super) fn choice<T: Copy>(names: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let written = value.as_str().unwrap_or_default().trim();
        let chosen = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(written));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            format!("one of {} is needed", names.join(", "))
        })
    }
}

pub(super) fn text(example: &'static str) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = value.as_str().unwrap_or_default().trim();
        if text.is_empty() || text.contains(char::is_control) {
            return Err(format!("{example} is needed"));
        }
        Ok(text.to_owned())
    }
}

pub(super) fn text_or_nothing(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("a text in quotes is needed")?;
    Ok(text.trim().to_owned())
}

pub(super) fn path(value: &Value) -> Result<String, String> {
    let path = value.as_str().unwrap_or_default().trim().trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let has_odd_step = path.split('/').skip(1).any(|step| matches!(step, "" | "." | ".."));
    if !path.starts_with('/') || !path.chars().all(plain) || has_odd_step {
        return Err("a path such as /socket.io is needed".to_owned());
    }
    if TAKEN_PATHS.iter().any(|taken| is_at_or_below(path, taken)) {
        return Err(format!(
            "a path such as /socket.io is needed, that is not taken as {} are",
            TAKEN_PATHS.join(", ")
        ));
    }
    Ok(path.to_owned())
}

/// What the server itself answers: the page, health, REST.
const TAKEN_PATHS: [&str; 5] = ["/assets", "/chat-client.js", "/healthz", "/readyz", "/api"];

/// Paths of the API are found whatever their case.
fn is_at_or_below(path: &str, taken: &str) -> bool {
    let start = path.get(..taken.len()).is_some_and(|start| start.eq_ignore_ascii_case(taken));
    start && matches!(path.as_bytes().get(taken.len()), None | Some(b'/'))
}

pub(super) fn log_filter(value: &Value) -> Result<String, String> {
    let filter = text("a level such as info")(value)?;
    let mut parts = filter.split(',').map(str::trim).filter(|part| !part.is_empty()).peekable();
    // A bare word that is no level would be a target's name, and silence everything else.
    let is_meant = parts.peek().is_some() && parts.all(|part| part.contains(['=', '[']) || is_level(part));
    if is_meant && filter.parse::<tracing_subscriber::EnvFilter>().is_ok() {
        return Ok(filter);
    }
    Err("levels such as info or info,community_chat=debug are needed".to_owned())
}

fn is_level(word: &str) -> bool {
    ["off", "error", "warn", "info", "debug", "trace"].iter().any(|level| word.eq_ignore_ascii_case(level))
}

/// As [`one_line`], cut where it would not help any more.
pub(super) fn shown_in_error(value: &Value) -> String {
    const ENOUGH: usize = 80;
    let line = one_line(value);
    match line.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{loaded, refusal, refusal_of};

    #[test]
    fn zero_turns_a_limit_off() {
        let config = loaded(&[("INBOX_EVENTS", "0"), ("MAX_MESSAGE_CHARS", "0")]);
        assert_eq!((config.limits.inbox_events, config.limits.max_message_chars), (None, None));
    }

    #[test]
    fn a_bad_value_is_named_with_what_would_be_right() {
        for (name, value, line) in [
            ("PORT", "abc", r#"PORT is "abc": a number from 1 to 65535 is needed (from the environment)"#),
            ("PORT", "0", r#"PORT is "0": a number from 1 to 65535 is needed (from the environment)"#),
            ("AUTH_MODE", "off", r#"AUTH_MODE is "off": one of token, trust-user-id is needed (from the environment)"#),
            ("SERVE_CLIENT", "maybe", r#"SERVE_CLIENT is "maybe": true or false is needed (from the environment)"#),
            (
                "INBOX_EVENTS",
                "-1",
                r#"INBOX_EVENTS is "-1": a number from 1 to 1000000000, or 0 for off, is needed (from the environment)"#,
            ),
            (
                "ACCESS_TOKEN_TTL",
                "15m",
                r#"ACCESS_TOKEN_TTL is "15m": seconds, from 1 to 315360000, are needed (from the environment)"#,
            ),
            (
                "TRUST_PROXY",
                "10.0.0.0/8,x",
                r#"TRUST_PROXY is "10.0.0.0/8,x": addresses or networks such as 10.0.0.0/8 are needed (from the environment)"#,
            ),
            (
                "CORS_ORIGIN",
                "chat",
                r#"CORS_ORIGIN is "chat": origins such as https://chat.example (no path), or * alone, are needed (from the environment)"#,
            ),
            (
                "RATE_LIMIT_MESSAGES_PER_MINUTE_BY_ROLE",
                "guest=10,king=1",
                r#"RATE_LIMIT_MESSAGES_PER_MINUTE_BY_ROLE is "guest=10,king=1": a number for each of guest, user, support, admin, such as guest=10,admin=0 (0 for off), is needed (from the environment)"#,
            ),
            (
                "CONTENT_FILTER",
                "on",
                r#"CONTENT_FILTER is "on": one of off, mask, reject is needed (from the environment)"#,
            ),
            (
                "RUST_LOG",
                "chat=loud",
                r#"RUST_LOG is "chat=loud": levels such as info or info,community_chat=debug are needed (from the environment)"#,
            ),
            (
                "RUST_LOG",
                "loud",
                r#"RUST_LOG is "loud": levels such as info or info,community_chat=debug are needed (from the environment)"#,
            ),
            (
                "CORS_ORIGIN",
                ",,",
                r#"CORS_ORIGIN is ",,": origins such as https://chat.example (no path), or * alone, are needed (from the environment)"#,
            ),
            (
                "SOCKET_PATH",
                "/healthz/",
                r#"SOCKET_PATH is "/healthz/": a path such as /socket.io is needed, that is not taken as /assets, /chat-client.js, /healthz, /readyz, /api are (from the environment)"#,
            ),
            (
                "SOCKET_PATH",
                "a\nb",
                r#"SOCKET_PATH is "a\u000Ab": a path such as /socket.io is needed (from the environment)"#,
            ),
        ] {
            assert_eq!(refusal(&[(name, value)]), line);
        }
    }

    #[test]
    fn each_role_has_one_limit() {
        let name = "RATE_LIMIT_MESSAGES_PER_MINUTE_BY_ROLE";
        let limits = loaded(&[(name, " guest = 10, admin=0 ")]).limits.rate_limit_messages_per_minute_by_role;
        assert_eq!((limits.guest, limits.user, limits.support, limits.admin), (Some(10), None, None, Some(0)));
        for bad in ["guest", "guest=", "guest=-1", "guest=1.5", "guest=1000000001", "user=1,user=2", "Guest=1", "=1"] {
            assert!(refusal(&[(name, bad)]).contains("such as guest=10,admin=0"), "{bad}");
        }
    }

    #[test]
    fn a_filter_of_the_log_names_levels() {
        for good in
            ["warn", "INFO", "off", "info,community_chat=debug", "community_chat=debug", "info,", "warn,[span]=info"]
        {
            assert_eq!(loaded(&[("RUST_LOG", good)]).log.filter, good);
        }
        for bad in ["loud", ",", " , ", "info,community_chat", "community_chat"] {
            assert!(refusal(&[("RUST_LOG", bad)]).ends_with("are needed (from the environment)"), "{bad}");
        }
    }

    #[test]
    fn a_socket_path_is_not_one_that_is_taken() {
        for bad in ["/API/Community", "/api", "/assets/", "/readyz/x", "/a//b", "/..", "/a/./b", "/"] {
            assert!(refusal(&[("SOCKET_PATH", bad)]).contains("a path such as /socket.io is needed"), "{bad}");
        }
        for good in ["/apis", "/healthz2", "/chat", "/a.b/~c"] {
            assert_eq!(loaded(&[("SOCKET_PATH", good)]).socketio.path, good);
        }
    }

    #[test]
    fn a_bad_value_in_the_file_is_named_as_it_stands_there() {
        assert_eq!(
            refusal_of("[server]\nport = 70000"),
            "server.port is 70000: a number from 1 to 65535 is needed in chat.toml)"
        );
        assert_eq!(
            refusal_of("[auth]\naccess_token_secret = 123"),
            "auth.access_token_secret is not shown: a text in quotes is needed in chat.toml)"
        );
    }
}
