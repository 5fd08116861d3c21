//! What goes on beside the requests, for as long as the server runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::dialects::Dialects;
use crate::chat::Chat;
use crate::doors::accounts::Accounts;
use crate::doors::budgets::EventBudgets;
use crate::doors::community_socketio::Community;
use crate::doors::edge::rates::Rates;
use crate::doors::requests::Requests;
use crate::doors::socketio::SocketServer;

const TICK: Duration = Duration::from_millis(250);
/// Between two looks for what is to be removed, and while there is more.
const SWEEP: Duration = Duration::from_secs(5);
const SWEEP_ON: Duration = Duration::from_millis(250);
const HOUR: Duration = Duration::from_secs(3600);

/// Removes what was deleted, until told to stop.
pub(super) async fn sweep(chat: Chat, stop: CancellationToken) {
    loop {
        let pause = if chat.sweep().await { SWEEP_ON } else { SWEEP };
        if timeout(pause, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

/// What nobody needs any more.
pub(super) async fn clear_up(chat: Chat) {
    let mut hours = interval(HOUR);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        hours.tick().await;
        chat.forget_expired_sessions().await;
        chat.note_all_names().await;
        chat.forget_old_keys().await;
        chat.forget_old_guests().await;
        chat.clear_reported_texts().await;
        chat.reopen_erasures().await;
    }
}

/// The parts in which time alone brings something about.
pub(super) struct Kept {
    pub requests: Requests,
    pub community: Community,
    pub dialects: Dialects,
    pub rates: Rates,
    pub sockets: Arc<SocketServer>,
    pub accounts: Arc<Accounts>,
    pub budgets: Arc<EventBudgets>,
}

pub(super) async fn tick(chat: Chat, kept: Kept) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        chat.tick().await;
        kept.community.tick().await;
        kept.dialects.tick();
        kept.sockets.tick();
        kept.budgets.forget_idle();
        kept.rates.forget_idle();
        kept.accounts.forget_idle();
        kept.requests.forget_idle();
        kept.requests.take_figures();
    }
}
