use std::collections::BTreeSet;
use std::time::Duration;

use super::explain::tests::line_of;
use super::*;

pub(crate) fn load(toml: Option<&str>, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    // An empty file keeps a community-chat.toml of the developer's out of the tests.
    let file = folder.path().join("chat.toml");
    std::fs::write(&file, toml.unwrap_or_default()).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&file), env)
}

pub(crate) fn loaded(env: &[(&str, &str)]) -> Config {
    load(None, env).unwrap()
}

pub(crate) fn refusal(env: &[(&str, &str)]) -> String {
    load(None, env).unwrap_err().to_string()
}

/// The line for a file, its changing name cut down.
pub(crate) fn refusal_of(toml: &str) -> String {
    let line = load(Some(toml), &[]).unwrap_err().to_string();
    let words = line.split(' ').map(|word| match word.rfind("/chat.toml") {
        Some(start) => &word[start + 1..],
        None => word.trim_start_matches('('),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_defaults_are_as_promised() {
    let config = loaded(&[]);
    assert_eq!((config.server.host.as_str(), config.server.port), ("0.0.0.0", 5000));
    assert_eq!(config.server.cors_origin, CorsOrigins::Any);
    assert!(config.server.trust_proxy.is_empty());
    assert_eq!(config.database.kind(), DatabaseKind::Sqlite);
    assert_eq!(config.auth.mode, AuthMode::Token);
    assert_eq!(config.auth.access_token_ttl, Duration::from_secs(15 * 60));
    assert_eq!(config.auth.refresh_token_ttl, Duration::from_secs(7 * 24 * 3600));
    assert_eq!(config.limits.max_message_chars.map(NonZeroU32::get), Some(5000));
    assert_eq!(config.limits.rate_limit_messages_per_minute, None);
    assert_eq!(config.socketio.path, "/socket.io");
    assert_eq!(config.socketio.ping_interval, Duration::from_secs(25));
    assert_eq!(config.socketio.max_http_buffer_size, 1_000_000);
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn the_defaults_file_holds_every_setting_and_no_other() {
    let read: BTreeSet<_> = loaded(&[]).effective.iter().map(|e| e.key.to_owned()).collect();
    let defaults: toml::Table = sources::DEFAULTS.parse().unwrap();
    let listed: BTreeSet<_> = defaults
        .iter()
        .flat_map(|(section, entries)| entries.as_table().unwrap().keys().map(move |name| format!("{section}.{name}")))
        .collect();
    assert_eq!(read, listed);
}

#[test]
fn the_defaults_file_names_every_environment_variable() {
    let words: BTreeSet<_> = sources::DEFAULTS.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for effective in loaded(&[]).effective {
        assert!(words.contains(effective.env), "{}", effective.env);
    }
}

/// Something else than the default, for every environment name.
fn another(env: &str) -> &'static str {
    match env {
        "HOST" | "DATABASE_HOST" => "127.0.0.1",
        "DATA_DIR" => "/srv/chat",
        "TRUST_PROXY" => "10.0.0.0/8, ::1",
        "CORS_ORIGIN" => "https://a.example,https://b.example",
        "DATABASE_URL" => "postgres://u:hush@h/n",
        "DATABASE_NAME" | "DATABASE_USERNAME" => "chat",
        "AUTH_MODE" => "trust-user-id",
        "PASSWORD_HASH" => "bcrypt",
        "RATE_LIMIT_MESSAGES_PER_MINUTE_BY_ROLE" => "guest=10,admin=0",
        "CONTENT_FILTER" | "CHANNELS_CONTENT_FILTER" => "mask",
        "DOORS" => "none",
        "SOCKET_PATH" => "/live/",
        "STORAGE_URL" => "s3://chat-files/here",
        "ALLOW_EIO3" | "ALLOW_GUESTS" => "true",
        "SERVE_CLIENT" => "0",
        "LOG_FORMAT" => "json",
        "RUST_LOG" => "warn,community_chat=debug",
        "ACCESS_TOKEN_SECRET" | "REFRESH_TOKEN_SECRET" | "DATABASE_PASSWORD" => "hush",
        _ => "77",
    }
}

/// What the settings come to, secrets too.
fn typed(config: &Config) -> String {
    let Config { server, database, auth, limits, files, content, socketio, doors, log, names_redis: _, effective: _ } =
        config;
    let secrets = [&auth.access_token_secret, &auth.refresh_token_secret]
        .map(|secret| secret.as_ref().map(|secret| secret.expose().to_owned()));
    let url = database.url.expose();
    format!("{server:?}{database:?}{url}{auth:?}{secrets:?}{limits:?}{files:?}{content:?}{socketio:?}{doors:?}{log:?}")
}

#[test]
fn every_setting_can_be_given_in_the_environment() {
    for setting in &loaded(&[]).effective {
        // The other parts of a database mean nothing without its name.
        let mut env = match setting.env {
            "DATABASE_NAME" | "DATABASE_URL" => vec![],
            _ => vec![("DATABASE_NAME", "chat")],
        };
        let before = loaded(&env);
        env.push((setting.env, another(setting.env)));
        let config = loaded(&env);
        let now = config.effective.iter().find(|e| e.key == setting.key).unwrap();
        assert_eq!(now.from, format!("environment {}", setting.env));
        assert_ne!(now.shown, setting.shown, "{}", setting.env);
        assert_ne!(typed(&config), typed(&before), "{} reaches its field", setting.env);
    }
}

#[test]
fn every_setting_can_be_given_in_the_file() {
    let table = loaded(&[]).effective.into_iter().fold(toml::Table::new(), |mut table, setting| {
        let (section, name) = setting.key.split_once('.').unwrap();
        let section = table.entry(section).or_insert_with(|| toml::Table::new().into());
        section.as_table_mut().unwrap().insert(name.to_owned(), another(setting.env).into());
        table
    });
    let config = load(Some(&table.to_string()), &[]).unwrap();
    assert!(config.effective.iter().all(|e| e.from.starts_with("file ")), "{}", config.explain());
    assert_eq!(config.socketio.path, "/live");
    assert_eq!(config.server.port, 77);
}

/// Secrets are not shown, and so have to be where they were; without them the file is refused.
#[test]
fn what_is_shown_can_be_read_back_and_means_the_same() {
    let every: Vec<_> = loaded(&[]).effective.iter().map(|setting| (setting.env, another(setting.env))).collect();
    let of_parts: Vec<_> = every.iter().copied().filter(|(env, _)| *env != "DATABASE_URL").collect();
    let few = [("DATA_DIR", "/srv/my \"chat\"?#1")];
    let nameless = [("DATABASE_NAME", "chat"), ("DATABASE_HOST", "::1")];
    let sqlite = [("DATABASE_URL", "sqlite://x.db?mode=ro"), ("DATABASE_HOST", "db.example"), ("PORT", "1")];
    for env in [&[][..], &few, &nameless, &sqlite, &of_parts, &every] {
        let config = loaded(env);
        let shown = config.explain();
        let secrets: Vec<_> =
            env.iter().copied().filter(|(env, value)| env.ends_with("SECRET") || value.contains("hush")).collect();
        let back = load(Some(&shown), &secrets).unwrap_or_else(|error| panic!("{error}:\n{shown}"));
        assert_eq!(typed(&back), typed(&config), "{shown}");
        let without = load(Some(&shown), &[]).map(|back| typed(&back)).map_err(|error| error.to_string());
        match without {
            Ok(back) => assert!(secrets.is_empty() && back == typed(&config), "{shown}"),
            Err(refused) => assert!(!secrets.is_empty() && refused.contains("holds ***"), "{refused}"),
        }
    }
}

#[test]
fn the_environment_wins_over_the_file_over_the_defaults() {
    let toml = "[server]\nport = 6000\nhost = \"::\"\ncors_origin = \"https://a.example\"\n\
                trust_proxy = [\"10.0.0.0/8\"]";
    let config = load(Some(toml), &[("PORT", " 7000 "), ("HOST", "")]).unwrap();
    assert_eq!(config.server.port, 7000);
    assert_eq!(config.server.host, "::", "an empty variable is none");
    assert_eq!(config.server.cors_origin, CorsOrigins::Listed(vec!["https://a.example".into()]));
    assert!(config.server.trust_proxy.contains("10.1.1.1".parse().unwrap()));
    assert_eq!(config.socketio.path, "/socket.io");

    let url = "[database]\nurl = \"sqlite://x.db\"";
    let parts = load(Some(url), &[("DATABASE_NAME", "chat")]).unwrap();
    assert_eq!(parts.database.kind(), DatabaseKind::Postgres);
    let parts = "[database]\nname = \"chat\"";
    let url = load(Some(parts), &[("DATABASE_URL", "sqlite://x.db")]).unwrap();
    assert_eq!(url.database.kind(), DatabaseKind::Sqlite);
}

#[test]
fn an_unknown_setting_is_named_with_the_nearest() {
    for (toml, line) in [
        ("[server]\nprot = 1", "server.prot in chat.toml is no setting: did you mean server.port?"),
        (
            "[server]\ninbox_events = 1",
            "server.inbox_events in chat.toml is no setting: did you mean limits.inbox_events?",
        ),
        (
            "[database]\ndatabase_url = \"x\"",
            "database.database_url in chat.toml is no setting: did you mean database.url?",
        ),
        ("port = 1", "port in chat.toml is no setting: did you mean server.port?"),
        ("[sever]\nhost = \"::\"", "sever.host in chat.toml is no setting: did you mean server.host?"),
        ("[limit]", "limit in chat.toml is no setting: did you mean [limits]?"),
        ("server = 1", "server in chat.toml is no setting: [server] is a section"),
        (
            "[server]\nflux_capacitor = 1",
            "server.flux_capacitor in chat.toml is no setting: `community-chat config` lists what there is",
        ),
    ] {
        assert_eq!(refusal_of(toml), line);
    }
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_named() {
    let line = refusal_of("[server]\nport = \n");
    assert!(line.starts_with("chat.toml, line 2, is no TOML: ") && !line.contains("quotes"), "{line}");
    for bare in ["[auth]\nmode = token", "[server]\ndata_dir = ./data\n"] {
        let line = refusal_of(bare);
        assert!(line.ends_with(" a text needs quotes: name = \"text\")"), "{line}");
    }
    let missing = Config::load(Some(Path::new("/nowhere/chat.toml")), []).unwrap_err().to_string();
    assert!(missing.starts_with("the settings file /nowhere/chat.toml: "), "{missing}");
}

#[test]
fn who_vanishes_is_gone_after_a_minute() {
    let socketio = loaded(&[]).socketio;
    assert!(socketio.ping_interval + socketio.ping_timeout <= std::time::Duration::from_secs(60));
}

#[test]
fn secrets_can_stand_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let secret = write("secret", " hush \r\n");
    let url = write("url", "postgres://u:hush@h/n\n");
    let config = loaded(&[
        ("ACCESS_TOKEN_SECRET_FILE", &secret),
        ("REFRESH_TOKEN_SECRET_FILE", &secret),
        ("DATABASE_URL_FILE", &url),
    ]);
    assert_eq!(config.auth.access_token_secret, Some(Secret::new(" hush ")));
    assert_eq!(config.auth.refresh_token_secret, Some(Secret::new(" hush ")));
    assert_eq!(config.database.url.expose(), "postgres://u:hush@h/n");
    assert!(line_of(&config.explain(), "database.url").ends_with("# environment DATABASE_URL_FILE"));

    let parts = loaded(&[("DATABASE_NAME", "n"), ("DATABASE_USERNAME", "u"), ("DATABASE_PASSWORD_FILE", &secret)]);
    assert_eq!(parts.database.url.expose(), "postgres://u:%20hush%20@localhost:5432/n");

    let both = refusal(&[("ACCESS_TOKEN_SECRET", "x"), ("ACCESS_TOKEN_SECRET_FILE", &secret)]);
    assert_eq!(both, "ACCESS_TOKEN_SECRET and ACCESS_TOKEN_SECRET_FILE are both set: only one of them is needed");
    let gone = refusal(&[("ACCESS_TOKEN_SECRET_FILE", "/nowhere")]);
    assert!(
        gone.starts_with(
            r#"ACCESS_TOKEN_SECRET_FILE is "/nowhere": a file that holds ACCESS_TOKEN_SECRET is needed, "#
        )
    );
    let empty = write("empty", "\n");
    assert!(refusal(&[("ACCESS_TOKEN_SECRET_FILE", &empty)]).ends_with("but it is empty"));
    let spoilt = write("spoilt", "u:hush@h");
    let line = refusal(&[("DATABASE_URL_FILE", &spoilt)]);
    assert!(line.starts_with("what DATABASE_URL_FILE points to has no scheme"), "{line}");
}
