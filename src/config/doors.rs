//! Which dialects are spoken, and the rules that one of them has for itself.

use std::num::NonZeroU32;

use toml::Value;

use super::parsing::{choice, limit};
use super::sources::Sources;
use super::values::texts;
use super::{ConfigError, ContentFilter};

#[derive(Clone, Debug)]
pub struct Doors {
    pub open: Vec<Dialect>,
    pub channels: Channels,
    /// Of one address, who come without a token.
    pub rate_limit_guests_per_hour: Option<NonZeroU32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Rooms,
    Channels,
    Lobby,
    PubSub,
}

#[derive(Clone, Debug)]
pub struct Channels {
    pub max_message_chars: Option<NonZeroU32>,
    pub rate_limit_messages_per_minute: Option<NonZeroU32>,
    pub filter: ContentFilter,
}

impl Dialect {
    const NAMES: [(&'static str, Dialect); 4] = [
        ("rooms", Dialect::Rooms),
        ("channels", Dialect::Channels),
        ("lobby", Dialect::Lobby),
        ("pubsub", Dialect::PubSub),
    ];

    fn list(value: &Value) -> Result<Vec<Dialect>, String> {
        let named = |text: &str| Self::NAMES.iter().find(|(name, _)| text.trim().eq_ignore_ascii_case(name));
        let listed: Option<Vec<Dialect>> = texts(value)
            .map(|texts| texts.into_iter().filter(|text| !text.trim().eq_ignore_ascii_case("none")).collect::<Vec<_>>())
            .and_then(|texts| texts.iter().map(|text| named(text).map(|(_, dialect)| *dialect)).collect());
        listed.ok_or_else(|| "a list of rooms, channels, lobby, pubsub is needed (none for no other)".to_owned())
    }
}

impl Doors {
    pub(super) fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        let channels = Channels {
            max_message_chars: from.read("channels.max_message_chars", "CHANNELS_MAX_MESSAGE_CHARS", limit)?,
            rate_limit_messages_per_minute: from.read(
                "channels.rate_limit_messages_per_minute",
                "CHANNELS_RATE_LIMIT_MESSAGES_PER_MINUTE",
                limit,
            )?,
            filter: from.read("channels.filter", "CHANNELS_CONTENT_FILTER", choice(ContentFilter::NAMES))?,
        };
        Ok(Self {
            open: from.read("doors.open", "DOORS", Dialect::list)?,
            channels,
            rate_limit_guests_per_hour: from.read(
                "doors.rate_limit_guests_per_hour",
                "RATE_LIMIT_GUESTS_PER_HOUR",
                limit,
            )?,
        })
    }
}
