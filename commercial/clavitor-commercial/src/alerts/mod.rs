//! Alerts on their way to whoever operates the fleet: a durable queue, and one task that empties it.

pub mod delivery;
pub mod event;
pub(crate) mod post;
pub mod queue;

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::rand;
use clavitor_server::{Shutdown, alert::Alert, system_clock};
use tokio::{sync::Notify, time::Instant};

use crate::settings::Settings;
use delivery::{Delivery, Fate, Next};
use event::{Event, Sender};
use post::Post;
use queue::{Queue, QueueLimits};

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module alerts";

/// The folder of the queue in the data folder.
const FOLDER: &str = "alerts";
/// How long the end of the process waits for what is still queued.
const FINISH_MS_MAX: u64 = 3_000;

/// The way of an alert from here to the receiver.
pub(crate) struct Alerts {
    settings: Settings,
    sender: Sender,
    queue: Mutex<Option<Queue>>,
    queued: Notify,
    /// How many are in the queue, for whoever asks and must not wait for a disk.
    waiting: AtomicU64,
    /// Held while an alert is on its way, so that the end of the process does not send it twice.
    sending: tokio::sync::Mutex<()>,
    dropped: AtomicU64,
    /// Of these, the ones that the receiver does not know of yet.
    untold: AtomicU64,
    given_up: AtomicU64,
}

impl Alerts {
    /// Nothing is opened or sent yet.
    pub(crate) fn new(settings: Settings) -> Self {
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let sender = Sender { hostname, region: settings.region.clone() };
        let (waiting, dropped, untold, given_up) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self {
            settings,
            sender,
            queue: Mutex::new(None),
            queued: Notify::new(),
            waiting,
            sending: tokio::sync::Mutex::new(()),
            dropped,
            untold,
            given_up,
        }
    }

    /// Opens the queue in the data folder. Alerts that an earlier process could not send are in it.
    pub(crate) fn open(&self, data: &Path) {
        self.open_within(data, QueueLimits::default());
    }

    fn open_within(&self, data: &Path, limits: QueueLimits) {
        match Queue::open(&data.join(FOLDER), limits) {
            Ok(queue) => {
                if !queue.is_durable() {
                    tracing::error!("the queue of alerts cannot be written: alerts are kept in memory until it can");
                }
                let mut opened = self.lock();
                self.count(&queue);
                *opened = Some(queue);
            }
            Err(error) => tracing::error!(%error, "the queue of alerts cannot be opened: alerts are only logged"),
        }
    }

    /// Queues an alert; it is on the disk when this returns, or the log says why not.
    pub(crate) fn raise(&self, alert: &Alert, unix_s: u64) {
        let event = Event::new(alert, &self.sender, unix_s);
        let pushed = self.lock().as_mut().map(|queue| {
            let pushed = queue.push(event);
            self.count(queue);
            pushed
        });
        let Some(pushed) = pushed else { return };
        if !pushed.durable {
            tracing::error!("an alert could not be written to its queue; it is lost if the node ends before it is sent");
        }
        self.untold.fetch_add(pushed.dropped, Ordering::Relaxed);
        if pushed.dropped > 0 && self.dropped.fetch_add(pushed.dropped, Ordering::Relaxed) == 0 {
            tracing::error!("the queue of alerts is full; the oldest of the most frequent kind are dropped");
        }
        self.queued.notify_one();
    }

    /// How many wait. Does not wait itself.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Called with the lock held, after each change.
    fn count(&self, queue: &Queue) {
        self.waiting.store(queue.len() as u64, Ordering::Relaxed);
    }

    /// How many were dropped because the queue was full, and how many because the receiver refused them for good.
    pub(crate) fn lost(&self) -> (u64, u64) {
        (self.dropped.load(Ordering::Relaxed), self.given_up.load(Ordering::Relaxed))
    }

    /// Sends what is queued, for as long as the node runs. What is on its way is not broken off: [`Alerts::finish`] waits for it.
    pub(crate) async fn deliver(&self, shutdown: Shutdown) {
        let Some(post) = self.post() else { return };
        let (began, mut delivery) = (Instant::now(), Delivery::default());
        while !shutdown.is_cancelled() {
            let wait_until = match delivery.next(since_ms(began), self.waiting() > 0) {
                Next::Send => {
                    self.send_oldest(&post, &mut delivery, began).await;
                    continue;
                }
                Next::Wait { until_ms } => Some(began + Duration::from_millis(until_ms)),
                Next::Idle => None,
            };
            tokio::select! {
                () = self.until(wait_until) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Until then, or until something is queued.
    async fn until(&self, then: Option<Instant>) {
        match then {
            Some(then) => tokio::time::sleep_until(then).await,
            None => self.queued.notified().await,
        }
    }

    async fn send_oldest(&self, post: &Post, delivery: &mut Delivery, began: Instant) {
        let _sending = self.sending.lock().await;
        let Some(event) = self.oldest() else { return };
        let failed_before = delivery.failures() > 0;
        let answer = post.send(&event).await;
        let fate = delivery.hear(since_ms(began), answer, chance());
        match fate {
            Fate::Taken if failed_before => tracing::info!(waiting = self.waiting(), "alerts arrive again"),
            Fate::Kept if !failed_before => {
                tracing::warn!(?answer, host = self.settings.host, "alerts do not arrive; they are kept and tried again");
            }
            Fate::GivenUp => {
                self.given_up.fetch_add(1, Ordering::Relaxed);
                tracing::error!(?answer, event = event.id, kind = event.kind, "an alert was refused for good and is dropped");
            }
            _ => {}
        }
        if fate != Fate::Kept {
            self.end(&event);
        }
    }

    /// One last attempt at each, until one fails or the time is up. What stays is sent by the next process.
    pub(crate) async fn finish(&self) {
        if self.waiting() == 0 {
            return;
        }
        let in_time = tokio::time::timeout(Duration::from_millis(FINISH_MS_MAX), self.send_all()).await;
        if in_time != Ok(true) {
            tracing::warn!(waiting = self.waiting(), "alerts wait for the next start");
        }
    }

    async fn send_all(&self) -> bool {
        let _sending = self.sending.lock().await;
        let Some(post) = self.post() else { return false };
        while let Some(event) = self.oldest() {
            if Delivery::default().hear(0, post.send(&event).await, 0) != Fate::Taken {
                return false;
            }
            self.end(&event);
        }
        true
    }

    fn post(&self) -> Option<Post> {
        Post::new(&self.settings).inspect_err(|error| tracing::error!(%error, "alerts cannot be sent")).ok()
    }

    fn oldest(&self) -> Option<Event> {
        self.lock().as_ref().and_then(|queue| queue.front().cloned())
    }

    fn end(&self, event: &Event) {
        if let Some(queue) = self.lock().as_mut() {
            queue.end(&event.id);
            self.tell_of_dropped(queue);
            self.count(queue);
        }
    }

    /// Once everything else has arrived: before that there is no room, and nobody who listens.
    fn tell_of_dropped(&self, queue: &mut Queue) {
        if !queue.is_empty() {
            return;
        }
        let dropped = self.untold.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let alert = Alert::AlertsDropped { dropped };
            alert.log();
            queue.push(Event::new(&alert, &self.sender, system_clock()() / 1000));
        }
    }

    /// The queue is changed in whole steps; a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Option<Queue>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn since_ms(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn chance() -> u64 {
    let mut bytes = [0_u8; 8];
    // Without chance the waits are the shortest ones.
    let _ = rand::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn unopened() -> Alerts {
        let token = Zeroizing::new("a-token".to_owned());
        Alerts::new(Settings { host: "https://collector.example".to_owned(), token, frequency_s: 300, region: String::new() })
    }

    fn alerts(data: &Path) -> Alerts {
        let alerts = unopened();
        alerts.open(data);
        alerts
    }

    #[test]
    fn how_many_were_dropped_is_the_last_that_arrives_and_comes_once() {
        let (folder, alerts) = (tempfile::tempdir().unwrap(), unopened());
        alerts.open_within(folder.path(), QueueLimits { entries_max: 3, ..QueueLimits::default() });
        for _ in 0..8 {
            alerts.raise(&Alert::StoreStopped, 1_795_348_800);
        }
        assert_eq!((alerts.waiting(), alerts.lost()), (3, (5, 0)));
        let mut arrived = Vec::new();
        while let Some(event) = alerts.oldest() {
            assert!(arrived.len() < 10, "there is no end of them");
            alerts.end(&event);
            arrived.push(event);
        }
        let kinds: Vec<&str> = arrived.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["store_stopped", "store_stopped", "store_stopped", "alerts_dropped"]);
        assert!(arrived[3].body.contains(r#""details":{"dropped":5}"#), "{}", arrived[3].body);
        assert_eq!(alerts.waiting(), 0);
    }

    #[test]
    fn the_counts_do_not_wait_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let first = alerts(folder.path());
        assert_eq!(first.waiting(), 0);
        first.raise(&Alert::StoreStopped, 1_795_348_800);
        let writing = first.lock();
        assert_eq!((first.waiting(), first.lost()), (1, (0, 0)));
        drop(writing);
        drop(first);
        let second = alerts(folder.path());
        assert_eq!(second.waiting(), 1, "what an earlier process left counts");
        let event = second.oldest().unwrap();
        second.end(&event);
        assert_eq!(second.waiting(), 0);
    }
}
