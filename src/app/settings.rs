//! What the settings come to: each part gets values, never the configuration.

use std::sync::Arc;

use super::StartError;
use crate::auth::{PasswordScheme, Passwords};
use crate::chat::{FileRules, Files, Filter, PerMinute, Rules};
use crate::config::{AuthMode, Config, ContentFilter, CorsOrigins, PasswordHash, TokenSecrets};
use crate::doors::budgets::EventBudgets;
use crate::doors::connection::{InboxLimit, Limits};
use crate::doors::edge::cors::Cors;
use crate::doors::requests::{Allowance, Allowances};
use crate::files::{Links, Pictures, Storage};
use crate::store::Store;

/// Largest packets that may wait in one connection's inbox together.
const INBOX_PACKETS: usize = 2;

/// How many passwords are hashed, and pictures made, at once: each takes a core for a while, and the chat
/// needs some.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}

pub fn passwords(config: &Config, store: &Store) -> Passwords {
    let scheme = match config.auth.password_hash {
        PasswordHash::Bcrypt => PasswordScheme::Bcrypt,
        PasswordHash::Argon2id => PasswordScheme::Argon2id,
        // Node must be able to read them after a roll-back.
        PasswordHash::Auto if store.made_by_node() => PasswordScheme::Bcrypt,
        PasswordHash::Auto => PasswordScheme::Argon2id,
    };
    Passwords::new(scheme, at_once())
}

pub(super) fn warnings(config: &Config, mut warnings: Vec<String>) -> Vec<String> {
    if config.auth.mode == AuthMode::TrustUserId {
        warnings.push(
            "AUTH_MODE is trust-user-id: whoever knows an account's id can speak as that account. \
             Send tokens from your frontend and set AUTH_MODE=token as soon as you can"
                .to_owned(),
        );
    }
    if config.names_redis {
        warnings.push(
            "REDIS_URL is given, but several nodes are not there yet: this one serves its own people only, \
             and must be the only one on its database"
                .to_owned(),
        );
    }
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    warnings
}

/// What a start needs beside the database, from the settings and from DATA_DIR.
pub struct Means {
    pub(super) secrets: TokenSecrets,
    pub(super) files: Files,
}

impl Means {
    pub fn gather(config: &Config) -> Result<Means, StartError> {
        let secrets = config.token_secrets().map_err(StartError::new)?;
        let files = files(config, secrets.access.expose())?;
        Ok(Means { secrets, files })
    }
}

pub(super) fn files(config: &Config, secret: &str) -> Result<Files, StartError> {
    let storage = Storage::open(&config.files.storage).map_err(StartError::new)?;
    let rules = FileRules {
        most_bytes: config.limits.max_upload_bytes.map(std::num::NonZero::get),
        quota: config.limits.upload_quota_bytes.map(std::num::NonZero::get),
        link_seconds: i64::try_from(config.files.url_ttl.as_secs()).unwrap_or(i64::MAX),
    };
    Ok(Files::new(storage, Pictures::new(at_once()), Links::new(secret), rules))
}

pub(super) fn allowances(config: &Config) -> Allowances {
    let limits = &config.limits;
    vec![
        (Allowance::Rooms, limits.rate_limit_rooms_per_hour),
        (Allowance::Contacts, limits.rate_limit_contacts_per_hour),
        (Allowance::Reports, limits.rate_limit_reports_per_hour),
        (Allowance::Exports, limits.rate_limit_exports_per_hour),
        (Allowance::ProfileEdits, limits.rate_limit_profile_edits_per_hour),
        (Allowance::Searches, limits.rate_limit_searches_per_minute),
        (Allowance::Uploads, limits.rate_limit_uploads_per_minute),
        (Allowance::Moderation, limits.rate_limit_moderation_per_minute),
    ]
}

pub(super) fn rules(config: &Config) -> Rules {
    let limits = &config.limits;
    let by_role = limits.rate_limit_messages_per_minute_by_role;
    Rules {
        max_message_chars: limits.max_message_chars.map_or(0, |limit| limit.get() as usize),
        messages_per_minute: PerMinute {
            everybody: limits.rate_limit_messages_per_minute.map_or(0, std::num::NonZero::get),
            guest: by_role.guest,
            user: by_role.user,
            support: by_role.support,
            admin: by_role.admin,
        },
        filter: filter(config),
    }
}

pub(super) fn channels_rules(config: &Config) -> Rules {
    let own = &config.doors.channels;
    Rules {
        max_message_chars: own.max_message_chars.map_or(0, |limit| limit.get() as usize),
        messages_per_minute: PerMinute {
            everybody: own.rate_limit_messages_per_minute.map_or(0, std::num::NonZero::get),
            ..PerMinute::default()
        },
        filter: filter_of(own.filter),
    }
}

pub(super) fn filter(config: &Config) -> Filter {
    filter_of(config.content.filter)
}

fn filter_of(filter: ContentFilter) -> Filter {
    match filter {
        ContentFilter::Off => Filter::Off,
        ContentFilter::Mask => Filter::Mask,
        ContentFilter::Reject => Filter::Reject,
    }
}

pub(super) fn limits(config: &Config) -> Limits {
    let (limits, largest) = (&config.limits, config.socketio.max_http_buffer_size as usize);
    Limits {
        inbox: limits.inbox_events.map(|events| InboxLimit { events, bytes: INBOX_PACKETS * largest }),
        slow_reader_bytes: limits.slow_reader_bytes,
        events_per_second: limits.rate_limit_events_per_second,
        events_burst: limits.rate_limit_events_burst,
        per_address: limits.max_connections_per_ip,
        budgets: Arc::new(EventBudgets::new(
            limits.rate_limit_events_per_second_per_ip,
            limits.rate_limit_events_per_second_per_user,
        )),
        connections: Arc::default(),
    }
}

pub(super) fn cors(config: &Config) -> Cors {
    let origins: &[String] = match &config.server.cors_origin {
        CorsOrigins::Any => &[],
        CorsOrigins::Listed(origins) => origins,
    };
    Cors::new(origins, &config.socketio.path)
}
