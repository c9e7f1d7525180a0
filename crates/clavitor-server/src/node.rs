//! The node: the vault, and what the network side remembers in memory.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use clavitor_vault::{Read, Vault, Write};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use crate::{
    alert::Alert,
    assets::Assets,
    config::Config,
    door::{Door, DoorCounts},
    left_out::LeftOut,
    openapi::openapi,
    proofs::{NotTaken, ProofId, Proofs},
    pulse::Pulse,
    rates::{Buckets, Rate, Rates, Requests},
    refusal::Refusal,
    reports::Reports,
    schedule::Backups,
    vitals::Keeper,
    webauthn::{RelyingParty, RelyingPartyError},
    who::CallerKey,
};

/// A node. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    vault: Vault,
    relying_party: RelyingParty,
    assets: Assets,
    description: OnceLock<Bytes>,
    proofs: Mutex<Proofs>,
    rates: Mutex<Rates>,
    requests: Mutex<Requests>,
    door: Door,
    agents: Mutex<Buckets<CallerKey>>,
    large_bodies: Semaphore,
    reports: Reports,
    stopping: AtomicBool,
    backups: Backups,
    request_names: RandomState,
    request_count: AtomicU64,
    pulse: Pulse,
    started_s: u64,
    keeper: Keeper,
    left_out: LeftOut,
}

/// A lock is never held over code that can panic half-way through a change; a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    /// A node around an open vault.
    ///
    /// # Errors
    /// [`RelyingPartyError`] if origin and relying party id do not fit.
    pub fn new(vault: Vault, config: Config) -> Result<Self, RelyingPartyError> {
        let relying_party = RelyingParty::new(&config.rp_id, &config.origin)?;
        let limits = &config.limits;
        let proofs = Proofs::new(limits.proofs_max, limits.proofs_per_agent_max, limits.proof_skew_s_max);
        let rates = Rates::new(limits.anonymous_per_minute_max, limits.expensive_per_minute_max, limits.prefixes_max, (config.clock)());
        let agent_rate = Rate { per_minute: limits.agent_per_minute_max, burst: limits.agent_burst_max };
        let agents = Buckets::new(agent_rate, limits.agent_rates_max);
        let inner = Inner {
            vault,
            relying_party,
            assets: Assets::embedded(),
            description: OnceLock::new(),
            proofs: Mutex::new(proofs),
            rates: Mutex::new(rates),
            requests: Mutex::new(Requests::new(limits, (config.clock)())),
            door: Door::new(limits),
            agents: Mutex::new(agents),
            reports: Reports::default(),
            large_bodies: Semaphore::new(config.limits.large_bodies_max),
            stopping: AtomicBool::new(false),
            backups: Backups::default(),
            request_names: RandomState::new(),
            request_count: AtomicU64::new(0),
            pulse: Pulse::default(),
            started_s: (config.clock)() / 1000,
            keeper: Keeper::default(),
            left_out: LeftOut::default(),
            config,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The vault.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Passkeys.
    pub fn relying_party(&self) -> &RelyingParty {
        &self.inner.relying_party
    }

    /// The web application.
    pub fn assets(&self) -> &Assets {
        &self.inner.assets
    }

    /// What browsers reported of pages.
    pub fn reports(&self) -> &Reports {
        &self.inner.reports
    }

    /// The API description, made when it is first asked for: a start does not wait for it.
    pub fn description(&self) -> Bytes {
        self.inner.description.get_or_init(|| format!("{:#}\n", openapi()).into()).clone()
    }

    /// Names the next request. Not a secret; no two of a process are alike but by chance, and they do not say how many there were.
    pub(crate) fn next_request(&self) -> String {
        format!("{:016x}", self.inner.request_names.hash_one(self.inner.request_count.fetch_add(1, Ordering::Relaxed)))
    }

    /// How backups on a schedule are doing.
    pub fn backups(&self) -> &Backups {
        &self.inner.backups
    }

    /// What vital signs are made of.
    pub fn keeper(&self) -> &Keeper {
        &self.inner.keeper
    }

    /// Whether the accept loops turn.
    pub fn pulse(&self) -> &Pulse {
        &self.inner.pulse
    }

    /// Counts a refusal that has no line in the log; how many there were, if it is time to say so.
    pub(crate) fn left_out(&self, now_ms: u64) -> Option<u64> {
        self.inner.left_out.count(now_ms)
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        (self.inner.config.clock)()
    }

    /// When the node began to remember proofs, Unix seconds.
    pub(crate) fn started_s(&self) -> u64 {
        self.inner.started_s
    }

    /// Tells the operator something that needs a person.
    pub fn alert(&self, alert: &Alert) {
        self.inner.config.edition.alert(alert);
    }

    /// From now on the node is not ready.
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the node is going away.
    pub fn stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Relaxed)
    }

    /// Reads, inline: a point read costs less than handing it over.
    ///
    /// # Errors
    /// What `job` returns.
    pub fn read<T>(&self, job: impl FnOnce(&Read<'_>) -> clavitor_vault::Result<T>) -> Result<T, Refusal> {
        Ok(self.inner.vault.read(self.now_ms(), job)?)
    }

    /// Reads what is asked for again and again, as [`Vault::look`] does.
    ///
    /// # Errors
    /// What `job` returns.
    pub fn look<T>(&self, job: impl Fn(&Read<'_>) -> clavitor_vault::Result<T>) -> Result<T, Refusal> {
        Ok(self.inner.vault.look(self.now_ms(), job)?)
    }

    /// Writes on the writer thread and waits until it is durable.
    ///
    /// # Errors
    /// What `job` returns; `unavailable` if the writer is gone.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>) -> clavitor_vault::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.done(|done| self.inner.vault.write(self.now_ms(), job, done)).await
    }

    /// Waits for an operation that reports to a function.
    ///
    /// # Errors
    /// What the operation reports; `unavailable` if it never does.
    pub async fn done<T: Send + 'static>(&self, start: impl FnOnce(Done<T>)) -> Result<T, Refusal> {
        let (sender, receiver) = oneshot::channel();
        start(Box::new(move |result| {
            // A caller who hung up does not hear of it; what was done is done.
            let _ = sender.send(result);
        }));
        match receiver.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(clavitor_vault::Error::Unavailable("the writer ended").into()),
        }
    }

    /// Waits for room for a large body; the room is taken as long as the permit lives.
    pub(crate) async fn room_for_large_body(&self) -> Option<SemaphorePermit<'_>> {
        self.inner.large_bodies.acquire().await.ok()
    }

    /// Uses a proof up.
    ///
    /// # Errors
    /// `unauthenticated` if it was seen; `rate_limited` if there is no room to remember it.
    pub fn take_proof(&self, id: &ProofId) -> Result<(), Refusal> {
        lock(&self.inner.proofs).take(id, self.now_ms() / 1000).map_err(|why| match why {
            NotTaken::Seen => Refusal::unauthenticated().logged("proof was used before"),
            NotTaken::Full => Refusal::rate_limited(self.inner.config.limits.proof_skew_s_max),
        })
    }

    /// Forgets a proof that was nobody's.
    pub fn forget_proof(&self, id: &ProofId) {
        lock(&self.inner.proofs).forget(id);
    }

    /// Who is connected.
    pub(crate) fn door(&self) -> &Door {
        &self.inner.door
    }

    /// Connections that are open, were not served, or had to leave.
    pub fn door_counts(&self) -> DoorCounts {
        self.inner.door.counts()
    }

    /// Whether so few places are left at the door that whoever need not be connected should go.
    pub fn is_nearly_full(&self) -> bool {
        let places = self.inner.config.limits.connections_max as u64;
        places.saturating_sub(self.door_counts().open) <= places / 64
    }

    /// Counts a request of whatever kind without a caller.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn count_request(&self, from: IpAddr) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        let is_known = || self.inner.door.is_known(from, now_ms);
        lock(&self.inner.requests).take(from.into(), is_known, now_ms).map_err(Refusal::rate_limited)
    }

    /// Counts a request that needs no caller. Where somebody is known, strangers elsewhere do not use up what there is for all.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn count_anonymous(&self, from: IpAddr, expensive: bool) -> Result<(), Refusal> {
        let expensive = expensive && !self.inner.door.is_known(from, self.now_ms());
        lock(&self.inner.rates).take(from.into(), expensive, self.now_ms()).map_err(Refusal::rate_limited)
    }

    /// Counts a request of an agent.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn count_agent(&self, agent: CallerKey) -> Result<(), Refusal> {
        lock(&self.inner.agents).take(agent, 1, self.now_ms()).map_err(Refusal::rate_limited)
    }

    /// Counts a caller who could not be proved.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn count_failed(&self, from: IpAddr) -> Result<(), Refusal> {
        lock(&self.inner.rates).failed(from.into(), self.now_ms()).map_err(Refusal::rate_limited)
    }
}

/// What the vault reports to.
pub(crate) type Done<T> = Box<dyn FnOnce(clavitor_vault::Result<T>) + Send>;
