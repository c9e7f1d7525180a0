//! Where the certificate comes from, and who keeps it fresh: one place for all sources.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use clavitor_server::{
    Config, Shutdown,
    acme::{self, Acme},
    tls::{
        Challenges, Slot,
        authority::{self, Authority},
        files,
    },
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use crate::{acme::Acme as AcmeFlags, print, reach::Certificate};

/// How often the operator's files are looked at.
const FILES_LOOK: Duration = Duration::from_secs(5);

/// Where handshakes find the certificate, and port 80 its answers.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) slot: Slot,
    pub(super) challenges: Challenges,
    /// How asking an authority is going, where that is where it comes from.
    pub(super) acme: Option<Acme>,
}

/// Fills the slot, or starts who will. Files that cannot be used end the start: nobody watches yet who could be told later.
pub(super) fn start(
    (wanted, flags): (&Certificate, &AcmeFlags),
    data: &Path,
    config: &Config,
    shutdown: &Shutdown,
) -> anyhow::Result<Filled> {
    let (mut filled, reload) = (Filled::default(), hangups(shutdown)?);
    let (slot, now_s) = (filled.slot.clone(), (config.clock)() / 1000);
    match wanted {
        Certificate::None => {}
        Certificate::Files(files) => {
            slot.set(files.load(&config.names, now_s)?).context("--tls-cert")?;
            tokio::spawn(files::watch(files.clone(), slot, config.clone(), FILES_LOOK, reload, shutdown.clone()));
        }
        Certificate::Local => {
            let authority = Authority::open(data, &config.names, now_s)?;
            slot.set(authority.issue(&config.names, now_s)?)?;
            print::words(&trust(&authority));
            tokio::spawn(authority::renew(authority, slot, config.clone(), shutdown.clone()));
        }
        Certificate::Acme => {
            let place = acme::Place {
                slot,
                challenges: filled.challenges.clone(),
                edition: config.edition.clone(),
                clock: config.clock.clone(),
                shutdown: shutdown.clone(),
            };
            filled.acme = Some(Acme::start(data, flags.settings(&config.names)?, place)?);
            if filled.slot.life().is_none() {
                tracing::warn!("there is no certificate yet; handshakes fail until there is");
            }
        }
    }
    Ok(filled)
}

/// What SIGHUP means: read the files again. Where there are none it means nothing; without us it would end the process.
fn hangups(shutdown: &Shutdown) -> anyhow::Result<Arc<Notify>> {
    let (mut hangups, shutdown, reload) = (signal(SignalKind::hangup())?, shutdown.clone(), Arc::new(Notify::new()));
    let told = reload.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = hangups.recv() => told.notify_one(),
                () = shutdown.cancelled() => return,
            }
        }
    });
    Ok(reload)
}

/// How to trust the authority, and what that means.
fn trust(authority: &Authority) -> String {
    let file = std::path::absolute(authority.certificate()).unwrap_or_else(|_| authority.certificate().to_owned());
    let file = file.display();
    let state = if authority.is_new() {
        "A new development certificate authority was made"
    } else {
        "Certificates come from the development authority"
    };
    format!(
        "{state}: {file}\n\
         It is for development on your own machines: whoever reads the data folder can sign for these names. Browsers take it once you trust it:\n\
         \x20 Debian    sudo cp {file} /usr/local/share/ca-certificates/clavitor-dev.crt && sudo update-ca-certificates\n\
         \x20 Chromium  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n clavitor-dev -i {file}      (package libnss3-tools)\n\
         \x20 Firefox   Settings, Privacy & Security, View Certificates, Authorities, Import; or certutil as above with -d sql: and the profile folder\n\
         \x20 macOS     security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {file}\n\
         \x20 curl      curl --cacert {file} …"
    )
}
