//! Tells everyone: what was announced here reaches the feed of every node in the order of the calls.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::model::Event;

/// Events of one commit, and what is to be done when this node's doors have told them: the
/// acknowledgements, since the broadcast goes out before the sender's ack.
pub struct Announcement {
    pub events: Vec<Arc<Event>>,
    pub then: Option<Box<dyn FnOnce() + Send>>,
}

/// So many announcements may wait for the feed; then writers wait.
const WAITING: usize = 1024;

#[derive(Clone)]
pub struct Bus {
    local: mpsc::Sender<Announcement>,
}

impl Bus {
    /// A bus of one node, and the end that its feed hears.
    pub fn local() -> (Bus, mpsc::Receiver<Announcement>) {
        let (local, feed) = mpsc::channel(WAITING);
        (Bus { local }, feed)
    }

    pub async fn announce(&self, announcement: Announcement) {
        // Fails only when the feed has stopped, which is after every writer.
        self.local.send(announcement).await.ok();
    }

    pub async fn tell(&self, event: Event) {
        self.announce(Announcement { events: vec![Arc::new(event)], then: None }).await;
    }
}
