//! One certificate from one authority: account, order, proofs, request, certificate. Nothing here decides when.
//!
//! The order and the key for its certificate are kept before the first proof, so that a restart at any moment goes on with that order.

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, ExternalAccountKey, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use super::{
    Authority, Settings,
    challenge::Shown,
    failure::{Failure, one_line, words},
    store::{Certificate, KeyPem, OpenOrder, Store, Way},
    transport::Transport,
};
use crate::tls::{Challenges, Life, Slot};

/// An authority's clock may be this far from ours.
const CLOCK_DIFFERENCE_S_MAX: i64 = 3600;
/// An authority decides on proofs, and makes a certificate, within this time.
const DECISION_S_MAX: u64 = 90;
/// A nonce that is refused is replaced; so many times beyond what the library does itself.
const NONCES_MAX: u32 = 4;

/// Repeats a request that was refused for its nonce only (RFC 8555 section 6.5): such a refusal has changed nothing.
macro_rules! patiently {
    ($call:expr) => {{
        let mut left = NONCES_MAX;
        loop {
            match $call.await {
                Err(Error::Api(problem)) if left > 0 && kind(&problem) == "badNonce" => left -= 1,
                result => break result,
            }
        }
    }};
}

/// What an order needs.
pub(super) struct Desk<'a> {
    pub settings: &'a Settings,
    pub store: &'a Store,
    pub slot: &'a Slot,
    pub challenges: &'a Challenges,
    pub authority: &'a Authority,
    /// Whether it is the one that the operator prefers.
    pub first: bool,
    pub transport: &'a Transport,
    pub now_ms: u64,
}

impl Desk<'_> {
    /// A certificate, by the first of `ways` that works. `replaces` is the one that it takes the place of (RFC 9773 section 5).
    pub(super) async fn issue(
        &self,
        account: &Account,
        ways: &[Way],
        replaces: Option<&CertificateDer<'_>>,
    ) -> Result<Certificate, Failure> {
        let mut failure = Failure::OrderGone;
        for &way in ways {
            match self.issue_by(account, way, replaces).await {
                // An order that was begun before a restart may have died meanwhile.
                Err(Failure::OrderGone) => failure = Failure::OrderGone,
                Err(challenge @ Failure::Challenge { .. }) => failure = challenge,
                result => return result,
            }
        }
        Err(failure)
    }

    /// The account at this authority, made if there is none, and a look at both clocks.
    pub(super) async fn account(&self) -> Result<Account, Failure> {
        let directory = &self.authority.directory;
        let builder = Account::builder_with_http(Box::new(self.transport.clone()));
        let mut damaged =
            |path: &std::path::Path| tracing::error!(file = %path.display(), "an account's file was damaged; a new account is made");
        let account = match self.store.account(directory).map_err(Failure::Disk)?.or_report(&mut damaged) {
            Some(kept) => builder.from_credentials(kept).await.map_err(|error| self.failure(error))?,
            None => {
                let contact: Vec<&str> = self.settings.contact.iter().map(String::as_str).collect();
                let wanted =
                    NewAccount { contact: &contact, terms_of_service_agreed: self.settings.agree_tos, only_return_existing: false };
                let external =
                    self.authority.external.as_ref().map(|external| ExternalAccountKey::new(external.kid.clone(), external.key.as_slice()));
                let (account, credentials) =
                    builder.create(&wanted, directory.clone(), external.as_ref()).await.map_err(|error| self.failure(error))?;
                self.store.keep_account(directory, &credentials).map_err(Failure::Disk)?;
                account
            }
        };
        self.compare_clocks()?;
        Ok(account)
    }

    fn compare_clocks(&self) -> Result<(), Failure> {
        let Some(date_s) = self.transport.heard().date_s else { return Ok(()) };
        let ahead_s = date_s - i64::try_from(self.now_ms / 1000).unwrap_or(i64::MAX);
        if ahead_s.abs() > CLOCK_DIFFERENCE_S_MAX { Err(Failure::Clock { authority_ahead_s: ahead_s }) } else { Ok(()) }
    }

    async fn issue_by(&self, account: &Account, way: Way, replaces: Option<&CertificateDer<'_>>) -> Result<Certificate, Failure> {
        let (mut order, open) = match self.begun(account).await? {
            Some(begun) => begun,
            None => self.begin(account, way, replaces).await?,
        };
        let result = self.carry(&mut order, &open).await;
        // What may still become a certificate is kept: an authority that is down, or a disk that is full, is no reason to pay for another order.
        let lasting = matches!(result, Err(Failure::Unreachable { .. } | Failure::Limited { .. } | Failure::Disk(_)));
        if !lasting && result.is_err() {
            self.store.end_order().map_err(Failure::Disk)?;
        }
        result
    }

    /// The order that an earlier attempt began, if it is still good for something.
    async fn begun(&self, account: &Account) -> Result<Option<(Order, OpenOrder)>, Failure> {
        let mut damaged =
            |path: &std::path::Path| tracing::error!(file = %path.display(), "an order's file was damaged; a new order is made");
        let Some(open) = self.store.order().map_err(Failure::Disk)?.or_report(&mut damaged) else { return Ok(None) };
        if open.directory == self.authority.directory && open.names == self.settings.names {
            match patiently!(account.order(open.url.clone())) {
                Ok(mut order) => {
                    if order.state().status != OrderStatus::Invalid {
                        return Ok(Some((order, open)));
                    }
                }
                Err(error) => {
                    let failure = self.failure(error);
                    if matches!(failure, Failure::Unreachable { .. } | Failure::Limited { .. } | Failure::NoAccount) {
                        return Err(failure);
                    }
                }
            }
        }
        self.store.end_order().map_err(Failure::Disk)?;
        Ok(None)
    }

    async fn begin(&self, account: &Account, way: Way, replaces: Option<&CertificateDer<'_>>) -> Result<(Order, OpenOrder), Failure> {
        let names: Vec<Identifier> = self.settings.names.iter().cloned().map(Identifier::Dns).collect();
        // A second authority need not have the first one's profiles.
        let profile = self.settings.profile.as_deref().filter(|wanted| self.first || account.profiles().any(|known| known.name == *wanted));
        let plain = || match profile {
            Some(profile) => NewOrder::new(&names).profile(profile),
            None => NewOrder::new(&names),
        };
        let made = match replaces.and_then(|old| CertificateIdentifier::try_from(old).ok()) {
            Some(old) => {
                let wanted = plain().replaces(old);
                match patiently!(account.new_order(&wanted)) {
                    // Not every authority knows what it issued, or lets it be replaced twice; the certificate matters more than the link.
                    Err(Error::Unsupported(_)) => patiently!(account.new_order(&plain())),
                    Err(Error::Api(problem)) if ["alreadyReplaced", "malformed", "unauthorized"].contains(&kind(&problem)) => {
                        patiently!(account.new_order(&plain()))
                    }
                    other => other,
                }
            }
            None => patiently!(account.new_order(&plain())),
        };
        let order = made.map_err(|error| self.failure(error))?;
        let key = KeyPair::generate().map_err(|_| unusable("no key could be made"))?;
        let open = OpenOrder {
            directory: self.authority.directory.clone(),
            url: order.url().to_owned(),
            names: self.settings.names.clone(),
            way,
            key: KeyPem::new(key.serialize_pem()),
        };
        self.store.keep_order(&open).map_err(Failure::Disk)?;
        Ok((order, open))
    }

    /// From whatever state the order is in to its certificate.
    async fn carry(&self, order: &mut Order, open: &OpenOrder) -> Result<Certificate, Failure> {
        let mut shown = Shown::new(self.slot, self.challenges);
        if order.state().status == OrderStatus::Pending {
            self.prove(order, open.way, &mut shown).await?;
        }
        if order.state().status == OrderStatus::Ready {
            let request = request(&open.names, &open.key)?;
            patiently!(order.finalize_csr(&request)).map_err(|error| self.failure(error))?;
        }
        let chain = patiently!(order.poll_certificate(&polling())).map_err(|error| self.failure(error))?;
        let certificate = Certificate {
            directory: open.directory.clone(),
            names: open.names.clone(),
            way: open.way,
            issued_ms: self.now_ms,
            key: open.key.clone(),
            chain,
        };
        certified(&certificate)?;
        Ok(certificate)
    }

    async fn prove(&self, order: &mut Order, way: Way, shown: &mut Shown<'_>) -> Result<(), Failure> {
        let mut left = NONCES_MAX;
        loop {
            match self.show(order, way, shown).await {
                Err(Error::Api(problem)) if left > 0 && kind(&problem) == "badNonce" => left -= 1,
                Err(error) => {
                    let failure = self.failure(error);
                    return Err(self.explained(order, way).await.unwrap_or(failure));
                }
                Ok(()) => break,
            }
        }
        match patiently!(order.poll_ready(&polling())) {
            Ok(OrderStatus::Ready) => Ok(()),
            Ok(_) => Err(self.explained(order, way).await.unwrap_or(Failure::OrderGone)),
            Err(error) => {
                let failure = self.failure(error);
                Err(self.explained(order, way).await.unwrap_or(failure))
            }
        }
    }

    /// Shows the proof of every name that still needs one, and tells the authority so.
    async fn show(&self, order: &mut Order, way: Way, shown: &mut Shown<'_>) -> Result<(), Error> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            let name = authorization.identifier().to_string();
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let wanted = match way {
                Way::TlsAlpn => ChallengeType::TlsAlpn01,
                Way::Http => ChallengeType::Http01,
            };
            let Some(mut challenge) = authorization.challenge(wanted) else { continue };
            let proof = challenge.key_authorization();
            if !shown.has(&name) {
                match way {
                    Way::TlsAlpn => shown.by_tls(&name, &proof).map_err(|error| Error::Other(Box::new(error)))?,
                    Way::Http => shown.by_http(&name, &challenge.token, &proof),
                }
            }
            challenge.set_ready().await?;
        }
        Ok(())
    }

    /// What the authority found when it looked for the proofs; nothing, if it does not say.
    async fn explained(&self, order: &mut Order, way: Way) -> Option<Failure> {
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            patiently!(async { authorization.refresh().await.map(|_| ()) }).ok()?;
            let name = authorization.identifier().to_string();
            let problem = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
            match problem {
                Some(problem) if kind(problem) == "rateLimited" => return Some(self.failure(Error::Api(problem.clone()))),
                Some(problem) => return Some(Failure::Challenge { name, way, why: words(problem) }),
                None => {}
            }
        }
        None
    }

    fn failure(&self, error: Error) -> Failure {
        match error {
            Error::Api(problem) => Failure::of_problem(&problem, self.transport.heard().retry_after_ms),
            Error::Other(error) => self.unreachable(clavitor_outbound::innermost(&*error)),
            Error::Str(why) => self.unreachable(why.to_owned()),
            Error::Json(_) => self.unreachable("what answers there does not speak ACME; check --acme-directory".to_owned()),
            Error::Unsupported(what) => Failure::Settings { why: format!("it has no {what}") },
            Error::Timeout(_) => Failure::Authority { why: "it did not decide in time".to_owned() },
            other => Failure::Authority { why: one_line(&other.to_string()) },
        }
    }

    fn unreachable(&self, why: String) -> Failure {
        Failure::Unreachable { directory: self.authority.directory.clone(), why: one_line(&why) }
    }
}

fn polling() -> RetryPolicy {
    RetryPolicy::new().backoff(1.5).timeout(Duration::from_secs(DECISION_S_MAX))
}

/// The last word of a problem's type.
fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}

fn unusable(why: &str) -> Failure {
    Failure::Unusable { why: why.to_owned() }
}

/// A certificate signing request for exactly these names.
fn request(names: &[String], key: &KeyPem) -> Result<Vec<u8>, Failure> {
    let build = || {
        let pair = KeyPair::from_pem(key.expose())?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        Ok(params.serialize_request(&pair)?.der().to_vec())
    };
    build().map_err(|error: rcgen::Error| unusable(&error.to_string()))
}

/// What handshakes use, if key and chain belong together and the leaf is for all the names.
pub(super) fn certified(certificate: &Certificate) -> Result<(Arc<CertifiedKey>, Life), Failure> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.chain.as_bytes()).collect();
    let chain = chain.map_err(|_| unusable("the chain is not PEM"))?;
    let leaf = chain.first().ok_or_else(|| unusable("the chain is empty"))?;
    let life = Life::of(leaf).map_err(|error| unusable(&error.to_string()))?;
    if let Some(missing) = certificate.names.iter().find(|name| !life.covers(name)) {
        return Err(unusable(&format!("it is not for {missing}")));
    }
    let key = PrivateKeyDer::from_pem_slice(certificate.key.expose().as_bytes()).map_err(|_| unusable("the key is not PEM"))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = CertifiedKey::from_der(chain, key, &provider).map_err(|error| unusable(&error.to_string()))?;
    Ok((Arc::new(key), life))
}
