//! The log. Never a token, a session id or a message text.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// The transport's crates log handshakes, with their tokens, below this.
const QUIET: [&str; 4] = ["engineioxide=info", "sqlx=error", "sea_orm_migration=warn", "hyper=info"];

pub fn start(format: LogFormat, filter: &str) {
    let mut filter = EnvFilter::new(filter);
    for directive in QUIET {
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Told on the standard error output too: where that is closed, the attempt would be a panic.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.with_target(false).init(),
    }
}
