//! `community-chat user export` and `user erase`.

use std::io::Write;
use std::time::Duration;

use tokio::time::sleep;

use super::governing::refused;
use super::users::named;
use super::{open_existing, say, unless_closed};
use crate::app::{Conversation, StartError};
use crate::chat::Refusal;
use crate::config::Config;
use crate::model::erasure::Remains;
use crate::store::GovernRefusal;

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
    // As they come: a long life does not fit into the memory of everybody's machine.
    let mut out = std::io::stdout();
    while let Some(piece) = pieces.recv().await {
        unless_closed(out.write_all(piece.map_err(failed)?.as_bytes()))?;
    }
    say("")
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
    let failed = |refusal| match refusal {
        Refusal::LastAdmin => refused(GovernRefusal::LastAdmin),
        other => StartError::new(format!("cannot erase {}: {other:?}", user.userid)),
    };
    chat.erase(None, user.id, remains).await.map_err(failed)?;
    let mut claim = None;
    while !chat.is_all_erased().await.map_err(failed)? {
        // The server that runs may end before it is done.
        if claim.is_none() {
            claim = store.claim().await.map_err(StartError::new)?;
        }
        let goes_on = claim.is_some() && chat.erase_next().await.map_err(failed)?;
        if !goes_on {
            sleep(LOOK_AGAIN).await;
        }
    }
    drop(claim);
    store.vacuum().await.map_err(StartError::new)?;
    say(&format!("erased {} ({})", user.userid, user.id))
}
