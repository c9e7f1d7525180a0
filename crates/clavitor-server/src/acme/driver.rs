//! The task that renews: asks the policy, does what it says, tells it what came of that, and tells the operator what matters.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use instant_acme::CertificateIdentifier;

use super::{
    AcmeStatus, BUILT_MS, Settings, SettingsError,
    failure::Failure,
    order::{Desk, certified},
    policy::{Event, Next, Policy, Rules},
    store::{Attempts, Certificate, Found, Store, Way},
    teller::{Teller, span},
    transport::Transport,
};
use crate::{
    Shutdown,
    config::Clock,
    edition::Edition,
    tls::{Challenges, Life, Slot},
};

/// The clock is looked at this often, so that one that was set is noticed.
const LOOK_MS: u64 = 30_000;
/// Where the certificate goes and who is told.
pub struct Place {
    /// What handshakes take the certificate from.
    pub slot: Slot,
    /// What port 80 answers.
    pub challenges: Challenges,
    /// Tells the operator.
    pub edition: Arc<dyn Edition>,
    /// The time.
    pub clock: Clock,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// The renewal of this node's certificate. Cheap to clone.
#[derive(Clone)]
pub struct Acme {
    slot: Slot,
    clock: Clock,
    news: Arc<Mutex<News>>,
}

/// What only the task knows.
#[derive(Default)]
struct News {
    last_success_ms: Option<u64>,
    last_error: Option<String>,
    failures: u32,
    next_attempt_ms: Option<u64>,
    directory: Option<String>,
    account: Option<String>,
    ordering: bool,
}

impl Acme {
    /// Puts the kept certificate into its place, if there is one, and starts the task. Must be called inside a runtime.
    ///
    /// # Errors
    /// [`SettingsError`]; nothing was started.
    pub fn start(data: &Path, settings: Settings, place: Place) -> Result<Self, SettingsError> {
        let settings = settings.checked()?;
        let store = Store::open(data)?;
        let transports: Result<Vec<_>, _> = settings
            .authorities
            .iter()
            .map(|authority| clavitor_outbound::client(authority.ca_file.as_deref()).map(Transport::new))
            .collect();
        let news = Arc::new(Mutex::new(News::default()));
        let acme = Self { slot: place.slot.clone(), clock: place.clock.clone(), news: news.clone() };
        let rules = Rules {
            retry_ms_min: settings.retry_ms_min,
            retry_ms_max: settings.retry_ms_max,
            ..Rules::new(settings.authorities.len(), BUILT_MS)
        };
        let policy = Policy::new(rules, seed());
        let teller = Teller::new(place.slot.clone(), place.edition.clone());
        let transports = transports?;
        let mut driver = Driver { settings, store, transports, place, policy, news, present: None, teller, unkept: false };
        driver.take_up()?;
        tokio::spawn(driver.run());
        Ok(acme)
    }

    /// How it is going.
    pub fn status(&self) -> AcmeStatus {
        let news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        AcmeStatus {
            last_success_ms: news.last_success_ms,
            last_error: news.last_error.clone(),
            failures: news.failures,
            next_attempt_ms: news.next_attempt_ms,
            directory: news.directory.clone(),
            account: news.account.clone(),
            ordering: news.ordering,
            ..AcmeStatus::of_life(self.slot.life().as_ref(), (self.clock)())
        }
    }
}

struct Driver {
    settings: Settings,
    store: Store,
    transports: Vec<Transport>,
    place: Place,
    policy: Policy,
    news: Arc<Mutex<News>>,
    present: Option<Certificate>,
    teller: Teller,
    /// The certificate that serves is not on the disk yet.
    unkept: bool,
}

impl Driver {
    /// What an earlier run left: its certificate serves at once, and the failures since then count. In this order: a new certificate ends the pause after
    /// failures, one that was kept does not.
    fn take_up(&mut self) -> Result<(), SettingsError> {
        let now_ms = (self.place.clock)();
        let mut damaged = |path: &Path| tracing::error!(file = %path.display(), "a file of the certificates was damaged; it is replaced");
        let attempts = self.store.attempts()?.or_report(&mut damaged);
        if let Some(kept) = self.store.certificate()?.or_report(&mut damaged) {
            match certified(&kept) {
                Ok((key, life)) if self.place.slot.set(key.clone()).is_ok() => self.kept(kept, &life),
                _ => damaged(&self.store.damaged_certificate()?),
            }
        }
        if let Some(kept) = attempts {
            self.policy.resume(kept.memory, now_ms);
            let failures = self.policy.failures();
            let mut news = self.news();
            (news.directory, news.account, news.failures) = (kept.directory, kept.account, failures);
            news.last_error = kept.last_error.filter(|_| failures > 0);
        }
        self.end_answered_order()?;
        Ok(())
    }

    /// The order that brought the present certificate would bring it again: an earlier run ended between keeping the one and forgetting the other.
    fn end_answered_order(&self) -> io::Result<()> {
        match (self.store.order()?, &self.present) {
            (Found::Whole(open), Some(present)) if open.key.expose() == present.key.expose() => self.store.end_order(),
            _ => Ok(()),
        }
    }

    fn kept(&mut self, kept: Certificate, life: &Life) {
        self.news().last_success_ms = Some(kept.issued_ms);
        let known = self.settings.authorities.iter().any(|authority| authority.directory == kept.directory);
        // Other names, or an authority that is not wanted any more: it serves until the right one is there.
        if known && self.settings.names.iter().all(|name| life.covers(name)) {
            self.policy.apply(kept.issued_ms, Event::Installed(span(life)));
        }
        self.present = Some(kept);
    }

    async fn run(mut self) {
        let shutdown = self.place.shutdown.clone();
        tokio::select! {
            () = self.turn_for_ever() => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn turn_for_ever(&mut self) {
        loop {
            let now_ms = (self.place.clock)();
            let next = self.policy.next(now_ms);
            self.tell(next, now_ms);
            self.keep_again();
            let next_order_ms = self.policy.next_order_ms(now_ms);
            self.news().next_attempt_ms = Some(next_order_ms);
            let pause_ms = match next {
                Next::Wait { until_ms } => until_ms.saturating_sub(now_ms).clamp(10, LOOK_MS),
                Next::FixClock(_) => LOOK_MS,
                Next::AskWindow => {
                    self.ask().await;
                    continue;
                }
                Next::Order { authority } => {
                    self.order(authority).await;
                    continue;
                }
            };
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
    }

    fn tell(&mut self, next: Next, now_ms: u64) {
        let fault = if let Next::FixClock(fault) = next { Some(fault) } else { None };
        match self.teller.clock(fault, now_ms) {
            Some(words) => self.news().last_error = words,
            None => self.teller.level(now_ms),
        }
    }

    /// RFC 9773: when would the authority have it renewed?
    async fn ask(&mut self) {
        let event = self.window().await.unwrap_or(Event::NoWindow);
        self.policy.apply((self.place.clock)(), event);
    }

    async fn window(&self) -> Option<Event> {
        let present = self.present.as_ref()?;
        let place = self.settings.authorities.iter().position(|authority| authority.directory == present.directory)?;
        let (key, _) = certified(present).ok()?;
        let id = CertificateIdentifier::try_from(key.end_entity_cert().ok()?).ok()?;
        let account = self.desk(place).account().await.ok()?;
        self.news().account = Some(account.id().to_owned());
        let (info, again_in) = account.renewal_info(&id).await.ok()?;
        let ms = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
        let (start, end) = (info.suggested_window.start.unix_timestamp(), info.suggested_window.end.unix_timestamp());
        let again_in_ms = u64::try_from(again_in.as_millis()).unwrap_or(u64::MAX);
        Some(Event::Window { start_ms: ms(start), end_ms: ms(end), again_in_ms })
    }

    async fn order(&mut self, authority: usize) {
        {
            let directory = self.settings.authorities[authority].directory.clone();
            let mut news = self.news();
            news.directory = Some(directory);
            news.ordering = true;
        }
        let result = self.issue(authority).await;
        let now_ms = (self.place.clock)();
        match result.and_then(|new| certified(&new).map(|(key, life)| (new, key, life))) {
            Ok((new, key, life)) => {
                self.keep(&new);
                if self.place.slot.set(key).is_ok() {
                    self.succeeded(new, &life, now_ms);
                }
            }
            Err(failure) => self.failed(authority, &failure, now_ms),
        }
        self.news().ordering = false;
        let attempts = {
            let news = self.news();
            let (last_error, directory, account) = (news.last_error.clone(), news.directory.clone(), news.account.clone());
            Attempts { memory: self.policy.memory().clone(), last_error, directory, account }
        };
        if let Err(error) = self.store.keep_attempts(&attempts) {
            tracing::warn!(%error, "how the last attempts went could not be kept");
        }
    }

    /// One attempt. What the authority has forgotten (RFC 8555 section 6.7, `accountDoesNotExist`) is made anew once.
    async fn issue(&self, authority: usize) -> Result<Certificate, Failure> {
        let desk = self.desk(authority);
        let ways = self.ways();
        let old = self.present.as_ref().filter(|old| old.directory == desk.authority.directory).and_then(|old| certified(old).ok());
        let replaces = old.as_ref().and_then(|(key, _)| key.end_entity_cert().ok());
        let attempt = async || {
            let account = desk.account().await?;
            self.news().account = Some(account.id().to_owned());
            desk.issue(&account, &ways, replaces).await
        };
        match attempt().await {
            Err(Failure::NoAccount) => {
                tracing::warn!("the certificate authority has forgotten this node's account; a new one is made");
                self.store.end_account(&desk.authority.directory).map_err(Failure::Disk)?;
                self.store.end_order().map_err(Failure::Disk)?;
                attempt().await
            }
            Err(Failure::OrderGone) => attempt().await,
            result => result,
        }
    }

    /// The way that worked last comes first. The first attempt tries both, later ones take turns: authorities count failed proofs.
    fn ways(&self) -> Vec<Way> {
        let both = match self.present.as_ref().map(|present| present.way) {
            Some(Way::Http) => [Way::Http, Way::TlsAlpn],
            _ => [Way::TlsAlpn, Way::Http],
        };
        match self.policy.failures() as usize {
            0 => both.to_vec(),
            failures => vec![both[failures % 2]],
        }
    }

    /// A disk that is full must not keep a good certificate from serving; then the order stays open and brings it again after a restart.
    fn keep(&mut self, new: &Certificate) {
        let kept = self.store.keep_certificate(new).and_then(|()| self.store.end_order());
        if let Err(error) = &kept {
            tracing::error!(%error, "the new certificate serves and could not be kept; this is tried again");
        }
        self.unkept = kept.is_err();
    }

    fn keep_again(&mut self) {
        if !self.unkept {
            return;
        }
        let kept =
            self.present.as_ref().map_or(Ok(()), |present| self.store.keep_certificate(present)).and_then(|()| self.store.end_order());
        self.unkept = kept.is_err();
    }

    fn succeeded(&mut self, new: Certificate, life: &Life, now_ms: u64) {
        self.policy.apply(now_ms, Event::Installed(span(life)));
        {
            let mut news = self.news();
            (news.last_success_ms, news.last_error, news.failures) = (Some(now_ms), None, 0);
            let account = news.account.clone().unwrap_or_default();
            tracing::info!(
                names = new.names.len(),
                days = life.days_left(now_ms / 1000),
                directory = new.directory,
                account,
                "a new certificate serves"
            );
        }
        self.present = Some(new);
        self.teller.renewed(life, now_ms);
    }

    fn failed(&mut self, authority: usize, failure: &Failure, now_ms: u64) {
        self.policy.apply(now_ms, Event::Failed { authority, blocked_for_ms: failure.blocked_for_ms() });
        let failures = self.policy.failures();
        {
            let mut news = self.news();
            (news.last_error, news.failures) = (Some(failure.to_string()), failures);
        }
        let again_s = self.policy.next_order_ms(now_ms).saturating_sub(now_ms) / 1000;
        tracing::warn!(failures, again_s, "no new certificate: {failure}");
        self.teller.failed(failures, failure.fault(), now_ms);
    }

    fn desk(&self, place: usize) -> Desk<'_> {
        Desk {
            settings: &self.settings,
            store: &self.store,
            slot: &self.place.slot,
            challenges: &self.place.challenges,
            authority: &self.settings.authorities[place],
            first: place == 0,
            transport: &self.transports[place],
            now_ms: (self.place.clock)(),
        }
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not a secret: it spreads nodes over time.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => u64::from(std::process::id()),
    }
}
