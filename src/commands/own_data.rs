//! `community-chat user export` and `user erase`.

use std::time::Duration;

use tokio::time::sleep;

use super::users::named;
use super::{open_existing, say};
use crate::app::{Conversation, StartError};
use crate::config::Config;
use crate::model::erasure::Remains;

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Messages {
    /// Keep the texts, without their author
    Anonymise,
    /// Remove the texts
    Remove,
}

/// Between two looks whether the server that runs has done it.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub async fn export(config: &Config, user: &str) -> Result<(), StartError> {
    let store = open_existing(config).await?;
    let user = named(&store, user).await?;
    let chat = Conversation::apart(config, store).await?;
    let failed = |refusal| StartError::new(format!("the export broke off: {refusal:?}"));
    let mut pieces = chat.export_of(user.id, None).await.map_err(failed)?;
    let mut document = String::new();
    while let Some(piece) = pieces.recv().await {
        document.push_str(&piece.map_err(failed)?);
    }
    say(&document)
}

/// Waits until nothing is left of the person. A server that runs does the work itself.
pub async fn erase(config: &Config, user: &str, messages: Messages) -> Result<(), StartError> {
    let store = open_existing(config).await?;
    let user = named(&store, user).await?;
    let remains = match messages {
        Messages::Anonymise => Remains::Anonymise,
        Messages::Remove => Remains::Remove,
    };
    let chat = Conversation::apart(config, store.clone()).await?;
    let failed = |refusal| StartError::new(format!("cannot erase {}: {refusal:?}", user.userid));
    chat.erase(None, user.id, remains).await.map_err(failed)?;
    store.note_changed_user(user.id).await.map_err(StartError::new)?;
    let claim = store.claim().await.map_err(StartError::new)?;
    while !chat.is_all_erased().await.map_err(failed)? {
        match claim {
            Some(_) => chat.erase_next().await.map_err(failed)?,
            None => sleep(LOOK_AGAIN).await,
        }
    }
    drop(claim);
    store.vacuum().await.map_err(StartError::new)?;
    say(&format!("erased {} ({})", user.userid, user.id))
}
