//! The subcommands of the program. `main.rs` reads the arguments, this does what they say.

mod governing;
mod own_data;
mod tables;
mod users;

use std::io::Write;

use clap::Subcommand;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

use crate::app::{App, Means, StartError};
use crate::auth::Tokens;
use crate::config::{AuthMode, Config};
use crate::model::{Clock, Room, RoomKind};
use crate::store::{AddRoomError, Missing, NewRoom, Store};
pub use users::UserAction;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (what happens without a subcommand)
    Serve {
        /// Do not change the database: refuse to start when it is not up to date
        #[arg(long)]
        no_migrate: bool,
    },
    /// Bring the tables up to date, take them back, or show where they are
    Migrate {
        #[command(subcommand)]
        direction: Option<Direction>,
    },
    /// Accounts
    User {
        #[command(subcommand)]
        action: UserAction,
    },
    /// Rooms beyond main-chat
    Room {
        #[command(subcommand)]
        action: RoomAction,
    },
    /// Print an access token of an account
    Token {
        /// The account's id or userid
        #[arg(long, value_name = "ID_OR_USERID")]
        user: String,
        /// How long it is good, in seconds
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
        ttl: Option<u32>,
    },
    /// Show every setting, and where its value comes from
    Config,
    /// Take in the history of a Node database ahead of the start
    Adopt {
        /// Only report what would be done, and what is missing
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Direction {
    /// Apply what is missing
    Up,
    /// Take back the newest changes: ours only, never Node's data
    Down {
        /// How many; all of them unless said
        #[arg(long)]
        steps: Option<u32>,
        /// Even while a server runs on this database
        #[arg(long)]
        force: bool,
    },
    /// Show what is applied
    Status,
}

#[derive(Debug, Subcommand)]
pub enum RoomAction {
    /// Make a room
    Add {
        /// Lower-case letters, digits and dashes, beginning with a letter
        #[arg(long)]
        slug: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "")]
        description: String,
        /// Only by invitation
        #[arg(long)]
        private: bool,
    },
    /// List the rooms, the private ones too
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, config: &Config) -> Result<(), StartError> {
    match command {
        Command::Serve { no_migrate } => serve(config, !no_migrate).await,
        Command::Migrate { direction } => tables::migrate(config, direction.unwrap_or(Direction::Up)).await,
        Command::User { action } => users::run(config, action).await,
        Command::Room { action } => room(config, action).await,
        Command::Token { user, ttl } => token(config, &user, ttl).await,
        Command::Config => say(config.explain().trim_end()),
        Command::Adopt { check } => tables::adopt(config, check).await,
    }
}

async fn open(config: &Config) -> Result<Store, StartError> {
    Store::open(&config.database, Missing::IsMade, true).await.map_err(StartError::new)
}

/// For what changes accounts: nothing is made, neither a file nor tables.
async fn open_existing(config: &Config) -> Result<Store, StartError> {
    Store::open(&config.database, Missing::IsRefused, false).await.map_err(StartError::new)
}

async fn open_unprepared(config: &Config, missing: Missing) -> Result<Store, StartError> {
    Store::open_unprepared(&config.database, missing).await.map_err(StartError::new)
}

async fn open_to_read(config: &Config, table: &str) -> Result<Store, StartError> {
    Store::open_to_read(&config.database, table).await.map_err(StartError::new)
}

async fn serve(config: &Config, migrate: bool) -> Result<(), StartError> {
    let address = (config.server.host.as_str(), config.server.port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| StartError::new(format!("cannot listen on {}:{}: {error}", address.0, address.1)))?;
    // Before anybody can see that it is there.
    let stop = told_to_stop().map_err(StartError::new)?;
    let (means, store) = if migrate {
        // A start that is refused for its settings leaves the database as it is.
        let means = Means::gather(config)?;
        (means, open(config).await?)
    } else {
        // One that is to make no database makes no secrets for it either.
        let store = open_existing(config).await?;
        (Means::gather(config)?, store)
    };
    let database = store.place();
    let app = App::build(config, means, store.clone()).await?;
    let mode = match config.auth.mode {
        AuthMode::Token => "token",
        AuthMode::TrustUserId => "trust-user-id",
    };
    let bound = listener.local_addr().map_err(StartError::new)?;
    let shown = if bound.ip().is_unspecified() { format!("localhost:{}", bound.port()) } else { bound.to_string() };
    tracing::info!(
        "community-chat {} listens on http://{shown} ({bound}), database {database}, auth mode {mode}",
        env!("CARGO_PKG_VERSION")
    );
    app.serve(listener, stop).await;
    tokio::time::timeout(CLOSING, store.close()).await.ok();
    Ok(())
}

/// A database that does not answer must not hold up the end: everything is stored by now.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(1);

fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// As JSON has it.
fn word(of: impl serde::Serialize) -> String {
    serde_json::json!(of).as_str().unwrap_or_default().to_owned()
}

fn one_line(field: &str, text: &str) -> Result<String, StartError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 255 || text.chars().any(char::is_control) {
        return Err(StartError::new(format!("--{field} must be one line of 1 to 255 characters")));
    }
    Ok(text.to_owned())
}

async fn room(config: &Config, action: RoomAction) -> Result<(), StartError> {
    match action {
        RoomAction::Add { slug, name, description, private } => {
            let words = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let is_slug = slug.len() <= 50
                && slug.starts_with(|first: char| first.is_ascii_lowercase())
                && slug.bytes().all(words)
                && Uuid::parse_str(&slug).is_err();
            if !is_slug {
                return Err(StartError::new(format!(
                    "--slug is \"{slug}\": lower-case letters, digits and dashes are needed, beginning with a letter, at most 50"
                )));
            }
            let kind = if private { RoomKind::Private } else { RoomKind::Public };
            let new = NewRoom { slug, name: one_line("name", &name)?, description, kind, created_by: None, pair: None };
            let store = open(config).await?;
            let room = store.add_room(&new, Clock::System.now()).await.map_err(|error| match error {
                AddRoomError::SlugTaken => StartError::new("there is a room with this slug already"),
                AddRoomError::Fault(fault) => StartError::new(fault),
            })?;
            say(&format!("made {} (number {}), {}", room.slug, room.number.0, room.id))?;
            remark(&found_in(&store, store.is_new()))
        }
        RoomAction::List { json } => {
            let store = open_to_read(config, "chat_rooms").await?;
            for Room { number, id, slug, name, description, kind, .. } in
                store.rooms().await.map_err(StartError::new)?
            {
                say(&if json {
                    serde_json::json!({ "number": number, "id": id, "slug": slug, "name": name, "description": description, "kind": kind }).to_string()
                } else {
                    format!("{:>6}  {id}  {:<8}  {slug:<20}  {name}", number.0, word(kind))
                })?;
            }
            Ok(())
        }
    }
}

async fn token(config: &Config, user: &str, ttl: Option<u32>) -> Result<(), StartError> {
    let store = open_to_read(config, "Users").await?;
    let account = users::named(&store, user).await?;
    if account.is_barred() {
        let userid = &account.userid;
        remark(&format!("{userid} is locked: this token is refused until `community-chat user unlock {userid}`"))?;
    }
    let secrets = config.token_secrets().map_err(StartError::new)?;
    let ttl = ttl.map_or(config.auth.access_token_ttl, |seconds| std::time::Duration::from_secs(seconds.into()));
    let now = u64::try_from(Clock::System.now().seconds()).unwrap_or(0);
    say(&Tokens::new(secrets.access.expose(), ttl).issue(account.id, now))
}

/// Whoever stands in another folder than the server makes a second database, and should see it.
fn found_in(store: &Store, is_new: bool) -> String {
    format!("in {}{}", store.place(), if is_new { ", which was made just now" } else { "" })
}

fn say(line: &str) -> Result<(), StartError> {
    unless_closed(writeln!(std::io::stdout(), "{line}"))
}

/// To whom it concerns; a program that reads what is said does not hear it.
fn remark(line: &str) -> Result<(), StartError> {
    unless_closed(writeln!(std::io::stderr(), "community-chat: {line}"))
}

/// A closed pipe ends the program quietly, as it ends others.
fn unless_closed(written: std::io::Result<()>) -> Result<(), StartError> {
    match written {
        // Whoever reads has seen enough, such as `head`.
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(StartError::new),
    }
}
