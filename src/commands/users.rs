//! `community-chat user`.

use std::io::{BufRead, IsTerminal};

use clap::Subcommand;
use uuid::Uuid;

use super::own_data::{self, Messages};
use super::{found_in, governing, open, open_existing, open_to_read, remark, say, word};
use crate::app::{self, StartError};
use crate::config::Config;
use crate::model::new_account::password_fault;
use crate::model::{Clock, EndReason, NewAccount, SessionId, User, UserRole};
use crate::store::{AddUserError, NewPassword, NewUser, Sessions, Store, Told, UserGender};

#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// Make an account
    Add {
        #[arg(long)]
        userid: String,
        /// The name that others see; the userid unless said
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        email: String,
        /// Without one, nobody can log in by password
        #[arg(long)]
        password: Option<String>,
        #[arg(long, default_value = "user")]
        role: RoleName,
        /// Print the account as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an account another password and end its sessions; also undoes a lock by wrong passwords
    Password {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
        /// Asked for without it, or read as a line where no terminal is there to ask
        #[arg(long)]
        password: Option<String>,
    },
    /// List the sessions of an account, or end them
    Sessions {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
        /// End this one
        #[arg(long, value_name = "ID", conflicts_with = "end_all")]
        end: Option<Uuid>,
        /// End all
        #[arg(long)]
        end_all: bool,
    },
    /// Give an account another role
    Role {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
        role: RoleName,
    },
    /// Lock an account: its sessions end, and its live connections go on as nobody
    Lock {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
        /// Shown to its owner
        #[arg(long)]
        reason: Option<String>,
    },
    /// Undo a lock, also one by wrong passwords
    Unlock {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
    },
    /// Print everything that is stored of somebody, as JSON
    Export {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
    },
    /// Forget somebody for good: their account, files, and who wrote their messages
    Erase {
        #[arg(value_name = "ID_OR_USERID")]
        user: String,
        /// What becomes of their messages
        #[arg(long)]
        messages: Messages,
    },
    /// List the accounts
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum RoleName {
    User,
    Support,
    Admin,
}

impl From<RoleName> for UserRole {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::User => UserRole::User,
            RoleName::Support => UserRole::Support,
            RoleName::Admin => UserRole::Admin,
        }
    }
}

pub async fn run(config: &Config, action: UserAction) -> Result<(), StartError> {
    match action {
        UserAction::Add { userid, name, email, password, role, json } => {
            let (userid, email) = (userid.trim(), email.trim());
            let name = name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            add(config, NewAccount { userid, name, email, password: password.as_deref() }, role, json).await
        }
        UserAction::Password { user, password } => change_password(config, &user, password).await,
        UserAction::Sessions { user, end, end_all } => {
            let store = open_existing(config).await?;
            let user = named(&store, &user).await?;
            match (end, end_all) {
                (Some(session), _) => end_session(&store, &user, session).await,
                (None, true) => end_all_sessions(&store, &user).await,
                (None, false) => list_sessions(&store, &user).await,
            }
        }
        UserAction::Export { user } => own_data::export(config, &user).await,
        UserAction::Erase { user, messages } => own_data::erase(config, &user, messages).await,
        UserAction::Role { user, role } => governing::set_role(&open_existing(config).await?, &user, role.into()).await,
        UserAction::Lock { user, reason } => governing::lock(&open_existing(config).await?, &user, reason).await,
        UserAction::Unlock { user } => governing::unlock(&open_existing(config).await?, &user).await,
        UserAction::List { json } => list_users(&open_to_read(config, "Users").await?, json).await,
    }
}

async fn add(config: &Config, asked: NewAccount<'_>, role: RoleName, json: bool) -> Result<(), StartError> {
    let faults: Vec<_> = asked.faults().into_iter().map(|(_, fault)| format!("--{fault}")).collect();
    if !faults.is_empty() {
        return Err(StartError::new(faults.join("; ")));
    }
    let store = open(config).await?;
    let password_hash = match asked.password {
        Some(password) => hash(config, &store, password).await?,
        // No hash begins like this: nothing fits it.
        None => "!".to_owned(),
    };
    let new = NewUser {
        userid: asked.userid.to_owned(),
        name: asked.name.unwrap_or(asked.userid).to_owned(),
        email: asked.email.to_owned(),
        password_hash,
        dob: Default::default(),
        gender: UserGender::RatherNotSay,
        role: role.into(),
    };
    let user = store.add_user(new, Clock::System.now()).await.map_err(|error| match error {
        AddUserError::EmailTaken => StartError::new("there is an account with this email already"),
        AddUserError::UseridTaken => StartError::new(format!("there is an account \"{}\" already", asked.userid)),
        AddUserError::Fault(fault) => StartError::new(fault),
    })?;
    say(&if json { shown(&user) } else { format!("made {} ({}), {}", user.userid, user.name, user.id) })?;
    remark(&found_in(&store, store.is_new()))
}

async fn change_password(config: &Config, user: &str, password: Option<String>) -> Result<(), StartError> {
    let store = open_existing(config).await?;
    let user = named(&store, user).await?;
    let password = match password {
        Some(password) => password,
        None => ask_for_password()?,
    };
    if let Some(fault) = password_fault("the password", &password) {
        return Err(StartError::new(fault));
    }
    let new = NewPassword { hash: hash(config, &store, &password).await?, was: None };
    let now = Clock::System.now();
    let changed = store.set_password(user.id, &new, Sessions::All, Told::ByNote, now).await.map_err(StartError::new)?;
    let ended = changed.ok_or_else(|| StartError::new("the account is gone"))?.len();
    say(&format!("changed the password of {}, ended {}", user.userid, counted(ended)))
}

fn ask_for_password() -> Result<String, StartError> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("New password: ").map_err(StartError::new);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(StartError::new)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn hash(config: &Config, store: &Store, password: &str) -> Result<String, StartError> {
    app::passwords(config, store).hash(password.to_owned()).await.map_err(StartError::new)
}

async fn end_session(store: &Store, user: &User, session: SessionId) -> Result<(), StartError> {
    let now = Clock::System.now();
    let ended = store.end_sessions(user.id, Sessions::One(session), EndReason::Ended, Told::ByNote, now).await;
    match ended.map_err(StartError::new)?.len() {
        0 => Err(StartError::new(format!("{} has no session {session} that is alive", user.userid))),
        count => say(&format!("ended {}", counted(count))),
    }
}

async fn end_all_sessions(store: &Store, user: &User) -> Result<(), StartError> {
    let ended = store.end_all_sessions(user.id, governing::governor()).await.map_err(StartError::new)?;
    say(&format!("ended {}", counted(ended.map_err(governing::refused)?.len())))
}

pub(super) fn counted(sessions: usize) -> String {
    format!("{sessions} session{}", if sessions == 1 { "" } else { "s" })
}

async fn list_sessions(store: &Store, user: &User) -> Result<(), StartError> {
    let mut after = None;
    loop {
        let page = store.sessions_of(user.id, after, 500, Clock::System.now()).await.map_err(StartError::new)?;
        let Some(last) = page.last() else {
            return if after.is_none() { remark(&format!("{} has no sessions", user.userid)) } else { Ok(()) };
        };
        after = Some(last.id);
        for session in &page {
            let (begun, used) = (session.created_at.to_iso_millis(), session.last_used_at.to_iso_millis());
            let address = session.device.address.as_deref().unwrap_or("-");
            let agent = session.device.user_agent.as_deref().unwrap_or("-");
            say(&format!("{}  begun {begun}  used {used}  {address:<15}  {agent}", session.id))?;
        }
    }
}

pub(super) async fn named(store: &Store, name: &str) -> Result<User, StartError> {
    let found = store.user_named(name).await.map_err(StartError::new)?;
    found.ok_or_else(|| {
        StartError::new(format!(
            "there is no account \"{name}\" in {}: `community-chat user list` shows those that are",
            store.place()
        ))
    })
}

async fn list_users(store: &Store, json: bool) -> Result<(), StartError> {
    let mut after = String::new();
    loop {
        let users = store.users_after(&after, 500).await.map_err(StartError::new)?;
        let Some(last) = users.last() else {
            return if after.is_empty() { remark(&format!("no accounts {}", found_in(store, false))) } else { Ok(()) };
        };
        after.clone_from(&last.userid);
        for user in &users {
            say(&if json {
                shown(user)
            } else {
                let (role, status) = (word(user.role), word(user.status));
                format!("{}  {:<20}  {role:<7}  {status:<8}  {:<24}  {}", user.id, user.userid, user.name, user.email)
            })?;
        }
    }
}

fn shown(user: &User) -> String {
    serde_json::json!({ "id": user.id, "userid": user.userid, "name": user.name, "email": user.email, "role": user.role, "status": user.status }).to_string()
}
