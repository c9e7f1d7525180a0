//! The word that the node is going away, for everything that runs beside the requests.

use std::sync::Arc;

use tokio::sync::watch;

/// Begins once and never ends. Cheap to clone; every clone hears the same word.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// From now on every clone is cancelled. A second time changes nothing.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether the node is going away.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when the node goes away; at once if it already does.
    pub async fn cancelled(&self) {
        // We hold the sender ourselves, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_hears_it_before_and_after() {
        let shutdown = Shutdown::default();
        let waiting = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.cancelled().await }
        });
        assert!(!shutdown.is_cancelled());
        shutdown.clone().cancel();
        waiting.await.unwrap();
        shutdown.cancelled().await;
        assert!(shutdown.is_cancelled());
    }
}
