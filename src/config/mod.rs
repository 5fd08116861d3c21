//! The settings: read once at the start from environment, file and defaults, then plain values.

mod database;
mod doors;
mod explain;
mod files;
mod parsing;
mod secrets;
mod sources;
mod values;

use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use database::{Database, DatabaseKind};
pub use doors::{Dialect, Doors};
pub use files::{Files, StoragePlace};
pub use secrets::{SECRETS_FILE, TokenSecrets, make_private_folder};
pub use values::{
    AddressRange, AuthMode, ContentFilter, CorsOrigins, LogFormat, MessagesByRole, PasswordHash, Secret, TrustedProxies,
};

use parsing::{choice, flag, limit, limit_of_bytes, log_filter, milliseconds, number, path, seconds, text};
use sources::{Effective, Sources};

/// One line that names the setting and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    fn new(line: impl Into<String>) -> Self {
        Self(line.into().replace(['\n', '\r'], " "))
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub auth: Auth,
    pub limits: Limits,
    pub files: Files,
    pub content: Content,
    pub doors: Doors,
    pub socketio: SocketIo,
    pub log: Log,
    /// `REDIS_URL` was given, which nothing reads yet.
    pub names_redis: bool,
    effective: Vec<Effective>,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub trust_proxy: TrustedProxies,
    pub cors_origin: CorsOrigins,
    pub shutdown_grace: Duration,
    pub data_dir: PathBuf,
}

/// The secrets are as given: what is missing, [`Config::token_secrets`] adds.
#[derive(Clone, Debug)]
pub struct Auth {
    pub mode: AuthMode,
    pub allow_guests: bool,
    pub access_token_secret: Option<Secret>,
    pub refresh_token_secret: Option<Secret>,
    pub access_token_ttl: Duration,
    pub refresh_token_ttl: Duration,
    pub password_hash: PasswordHash,
}

/// A limit that is `None` is off (0 in the settings).
#[derive(Clone, Debug)]
pub struct Limits {
    pub max_message_chars: Option<NonZeroU32>,
    pub rate_limit_messages_per_minute: Option<NonZeroU32>,
    pub rate_limit_messages_per_minute_by_role: MessagesByRole,
    pub rate_limit_events_per_second: Option<NonZeroU32>,
    /// `None`: no more at once than a second's worth.
    pub rate_limit_events_burst: Option<NonZeroU32>,
    pub rate_limit_events_per_second_per_user: Option<NonZeroU32>,
    pub rate_limit_events_per_second_per_ip: Option<NonZeroU32>,
    pub max_connections_per_ip: Option<NonZeroU32>,
    pub max_connections_per_user: Option<NonZeroU32>,
    pub inbox_events: Option<NonZeroU32>,
    pub slow_reader_bytes: Option<NonZeroU32>,
    pub rate_limit_http_per_minute: Option<NonZeroU32>,
    pub rate_limit_rooms_per_hour: Option<NonZeroU32>,
    pub rate_limit_contacts_per_hour: Option<NonZeroU32>,
    pub rate_limit_reports_per_hour: Option<NonZeroU32>,
    pub rate_limit_exports_per_hour: Option<NonZeroU32>,
    pub rate_limit_profile_edits_per_hour: Option<NonZeroU32>,
    pub rate_limit_searches_per_minute: Option<NonZeroU32>,
    pub rate_limit_moderation_per_minute: Option<NonZeroU32>,
    pub rate_limit_signups_per_hour: Option<NonZeroU32>,
    pub rate_limit_refreshes_per_minute: Option<NonZeroU32>,
    pub rate_limit_uploads_per_minute: Option<NonZeroU32>,
    pub max_rooms_per_user: Option<NonZeroU32>,
    pub max_upload_bytes: Option<NonZeroU64>,
    pub upload_quota_bytes: Option<NonZeroU64>,
}

#[derive(Clone, Debug)]
pub struct Content {
    pub filter: ContentFilter,
}

#[derive(Clone, Debug)]
pub struct SocketIo {
    /// Begins with a slash and does not end with one.
    pub path: String,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    pub max_http_buffer_size: u32,
    pub allow_eio3: bool,
    pub serve_client: bool,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    /// Parses as a `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

impl Config {
    /// Without `file`, `community-chat.toml` in the working directory is read if it is there.
    pub fn load(file: Option<&Path>, env: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut from = Sources::gather(file, env)?;
        let server = Server::read(&mut from)?;
        let database = Database::read(&mut from, &server.data_dir)?;
        Ok(Self {
            auth: Auth::read(&mut from)?,
            limits: Limits::read(&mut from)?,
            files: Files::read(&mut from, &server.data_dir)?,
            content: Content::read(&mut from)?,
            doors: Doors::read(&mut from)?,
            socketio: SocketIo::read(&mut from)?,
            log: Log::read(&mut from)?,
            server,
            database,
            names_redis: from.names("REDIS_URL"),
            effective: from.finish()?,
        })
    }
}

/// The process's variables. Bytes that are not UTF-8 become U+FFFD, as in Node, so that a
/// variable that is none of ours cannot stop the start.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect()
}

impl Server {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            host: from.read("server.host", "HOST", text("an address such as 0.0.0.0"))?,
            port: from.read("server.port", "PORT", number(1..=65535))?,
            trust_proxy: from.read("server.trust_proxy", "TRUST_PROXY", TrustedProxies::parse)?,
            cors_origin: from.read("server.cors_origin", "CORS_ORIGIN", CorsOrigins::parse)?,
            shutdown_grace: from.read("server.shutdown_seconds", "SHUTDOWN_SECONDS", seconds(0..=3600))?,
            data_dir: from.read("server.data_dir", "DATA_DIR", text("a folder such as ./data")).map(PathBuf::from)?,
        })
    }
}

impl Auth {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        const TEN_YEARS: i64 = 10 * 365 * 24 * 3600;
        Ok(Self {
            mode: from.read("auth.mode", "AUTH_MODE", choice(AuthMode::NAMES))?,
            allow_guests: from.read("auth.allow_guests", "ALLOW_GUESTS", flag)?,
            access_token_secret: from.secret("auth.access_token_secret", "ACCESS_TOKEN_SECRET")?,
            refresh_token_secret: from.secret("auth.refresh_token_secret", "REFRESH_TOKEN_SECRET")?,
            access_token_ttl: from.read("auth.access_token_ttl_seconds", "ACCESS_TOKEN_TTL", seconds(1..=TEN_YEARS))?,
            refresh_token_ttl: from.read(
                "auth.refresh_token_ttl_seconds",
                "REFRESH_TOKEN_TTL",
                seconds(1..=TEN_YEARS),
            )?,
            password_hash: from.read("auth.password_hash", "PASSWORD_HASH", choice(PasswordHash::NAMES))?,
        })
    }
}

impl Limits {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        let rate_limit_messages_per_minute_by_role = from.read(
            "limits.rate_limit_messages_per_minute_by_role",
            "RATE_LIMIT_MESSAGES_PER_MINUTE_BY_ROLE",
            MessagesByRole::parse,
        )?;
        let mut read = |key, env| from.read(key, env, limit);
        Ok(Self {
            max_message_chars: read("limits.max_message_chars", "MAX_MESSAGE_CHARS")?,
            rate_limit_messages_per_minute: read(
                "limits.rate_limit_messages_per_minute",
                "RATE_LIMIT_MESSAGES_PER_MINUTE",
            )?,
            rate_limit_messages_per_minute_by_role,
            rate_limit_events_per_second: read("limits.rate_limit_events_per_second", "RATE_LIMIT_EVENTS_PER_SECOND")?,
            rate_limit_events_burst: read("limits.rate_limit_events_burst", "RATE_LIMIT_EVENTS_BURST")?,
            rate_limit_events_per_second_per_user: read(
                "limits.rate_limit_events_per_second_per_user",
                "RATE_LIMIT_EVENTS_PER_SECOND_PER_USER",
            )?,
            rate_limit_events_per_second_per_ip: read(
                "limits.rate_limit_events_per_second_per_ip",
                "RATE_LIMIT_EVENTS_PER_SECOND_PER_IP",
            )?,
            max_connections_per_ip: read("limits.max_connections_per_ip", "MAX_CONNECTIONS_PER_IP")?,
            max_connections_per_user: read("limits.max_connections_per_user", "MAX_CONNECTIONS_PER_USER")?,
            inbox_events: read("limits.inbox_events", "INBOX_EVENTS")?,
            slow_reader_bytes: read("limits.slow_reader_bytes", "SLOW_READER_BYTES")?,
            rate_limit_http_per_minute: read("limits.rate_limit_http_per_minute", "RATE_LIMIT_HTTP_PER_MINUTE")?,
            rate_limit_rooms_per_hour: read("limits.rate_limit_rooms_per_hour", "RATE_LIMIT_ROOMS_PER_HOUR")?,
            rate_limit_contacts_per_hour: read("limits.rate_limit_contacts_per_hour", "RATE_LIMIT_CONTACTS_PER_HOUR")?,
            rate_limit_reports_per_hour: read("limits.rate_limit_reports_per_hour", "RATE_LIMIT_REPORTS_PER_HOUR")?,
            rate_limit_exports_per_hour: read("limits.rate_limit_exports_per_hour", "RATE_LIMIT_EXPORTS_PER_HOUR")?,
            rate_limit_profile_edits_per_hour: read(
                "limits.rate_limit_profile_edits_per_hour",
                "RATE_LIMIT_PROFILE_EDITS_PER_HOUR",
            )?,
            rate_limit_searches_per_minute: read(
                "limits.rate_limit_searches_per_minute",
                "RATE_LIMIT_SEARCHES_PER_MINUTE",
            )?,
            rate_limit_moderation_per_minute: read(
                "limits.rate_limit_moderation_per_minute",
                "RATE_LIMIT_MODERATION_PER_MINUTE",
            )?,
            rate_limit_signups_per_hour: read("limits.rate_limit_signups_per_hour", "RATE_LIMIT_SIGNUPS_PER_HOUR")?,
            rate_limit_refreshes_per_minute: read(
                "limits.rate_limit_refreshes_per_minute",
                "RATE_LIMIT_REFRESHES_PER_MINUTE",
            )?,
            rate_limit_uploads_per_minute: read(
                "limits.rate_limit_uploads_per_minute",
                "RATE_LIMIT_UPLOADS_PER_MINUTE",
            )?,
            max_rooms_per_user: read("limits.max_rooms_per_user", "MAX_ROOMS_PER_USER")?,
            max_upload_bytes: from.read("limits.max_upload_bytes", "MAX_UPLOAD_BYTES", limit_of_bytes)?,
            upload_quota_bytes: from.read("limits.upload_quota_bytes", "UPLOAD_QUOTA_BYTES", limit_of_bytes)?,
        })
    }
}

impl Content {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        Ok(Self { filter: from.read("content.filter", "CONTENT_FILTER", choice(ContentFilter::NAMES))? })
    }
}

impl SocketIo {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        const DAY_MS: i64 = 24 * 3600 * 1000;
        Ok(Self {
            path: from.read("socketio.path", "SOCKET_PATH", path)?,
            ping_interval: from.read("socketio.ping_interval", "PING_INTERVAL", milliseconds(1..=DAY_MS))?,
            ping_timeout: from.read("socketio.ping_timeout", "PING_TIMEOUT", milliseconds(1..=DAY_MS))?,
            max_http_buffer_size: from.read(
                "socketio.max_http_buffer_size",
                "MAX_HTTP_BUFFER_SIZE",
                number(1..=1_000_000_000),
            )?,
            allow_eio3: from.read("socketio.allow_eio3", "ALLOW_EIO3", flag)?,
            serve_client: from.read("socketio.serve_client", "SERVE_CLIENT", flag)?,
        })
    }
}

impl Log {
    fn read(from: &mut Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            format: from.read("log.format", "LOG_FORMAT", choice(LogFormat::NAMES))?,
            filter: from.read("log.filter", "RUST_LOG", log_filter)?,
        })
    }
}

#[cfg(test)]
mod tests;
