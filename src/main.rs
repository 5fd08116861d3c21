use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use community_chat::commands::{self, Command};
use community_chat::config::{self, Config};
use community_chat::ops::telemetry;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A Socket.IO community chat server: takes the place of a Node backend and loses nothing.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file of settings; without it `community-chat.toml` is read where there is one
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(arguments.config.as_deref(), config::environment()) {
        Ok(config) => config,
        Err(error) => return refuse(&error.to_string()),
    };
    telemetry::start(config.log.format, &config.log.filter);
    match commands::run(arguments.command.unwrap_or(Command::Serve { no_migrate: false }), &config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(reason: &str) -> ExitCode {
    // Nobody may be left to read it.
    writeln!(std::io::stderr(), "community-chat: {reason}").ok();
    ExitCode::FAILURE
}
