//! The node as it is, behind TLS, with a vault in it; and the requests of its callers.

use std::{future, net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use clavitor_crypto::{Secret, sign::SigningKey};
use clavitor_server::{App, Config, Limits, Node, accept, config::system_clock};
use http_body_util::Full;
use hyper::Request;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{
    load::Make,
    unlogged::Unlogged,
    world::{World, now_ms},
};

const ORIGIN: &str = "https://localhost:1984";
const TOLD: &str = "told.json";
/// Where the product's routes are.
pub(crate) const AUDITED: &str = "/v1";
/// Where the same reads are without their events.
pub(crate) const UNLOGGED: &str = "/unlogged";

/// What the load has to know of the vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    session: String,
    hosted: String,
    agent: String,
    seed: Vec<u8>,
    /// Entry, field of tier 1, field of tier 2.
    entries: Vec<(String, String, String)>,
}

impl Told {
    /// Reads what the server in this folder has told.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(TOLD))?)?)
    }

    fn of(world: &World) -> Self {
        Self {
            session: world.session.clone(),
            hosted: world.hosted.token.to_string(),
            agent: world.agent.id().to_string(),
            seed: world.agent.signing_key().seed().expose().to_vec(),
            entries: world.entries.iter().map(|(id, one, two)| (id.to_string(), one.to_string(), two.to_string())).collect(),
        }
    }

    fn entry(&self, connection: usize, number: u64) -> Result<&(String, String, String)> {
        let at = (number.wrapping_mul(31) + connection as u64) % self.entries.len().max(1) as u64;
        self.entries.get(usize::try_from(at)?).context("no entries")
    }
}

/// Fills an empty folder for a node's own program: its data are in `data`. What the load has to know is written beside them.
pub(crate) fn make(folder: &Path, entries: usize) -> Result<World> {
    let world = World::make(&folder.join("data"), entries)?;
    std::fs::write(folder.join(TOLD), serde_json::to_vec(&Told::of(&world))?)?;
    Ok(world)
}

/// Serves until killed: a folder that is empty, how many entries to put there, and whether one neighbour may come as often as it likes.
pub(crate) fn serve(folder: &Path, entries: usize, open: bool) -> Result<()> {
    let world = make(folder, entries)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(listen(world, open))
}

async fn listen(world: World, open: bool) -> Result<()> {
    let (front, told) = crate::tls::front()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut config = config(address);
    if open {
        config.limits.connections_per_minute_max = 100_000_000;
        config.limits.connections_burst_max = 100_000_000;
        config.limits.stranger_connections_per_minute_max = 100_000_000;
        config.limits.stranger_connections_burst_max = 100_000_000;
    }
    let node = Node::new(world.vault.clone(), config)?;
    crate::say(&format!("listening {address} {told}"))?;
    accept::serve(App::new(node), listener, front, future::pending()).await;
    Ok(())
}

/// The product's limits, except those that a load from one address and one agent would meet at once.
fn config(listen: SocketAddr) -> Config {
    let limits = Limits {
        connections_per_prefix_max: 1_024,
        agent_per_minute_max: 100_000_000,
        agent_burst_max: 100_000_000,
        proofs_max: 5_000_000,
        proofs_per_agent_max: 5_000_000,
        ..Limits::default()
    };
    Config {
        origin: ORIGIN.into(),
        rp_id: "localhost".into(),
        listen,
        names: Vec::new(),
        trusted_proxies: Vec::new(),
        proxy_protocol: false,
        limits,
        edition: Arc::new(Unlogged),
        clock: system_clock(),
        vitals: clavitor_server::vitals::Settings::default(),
    }
}

/// A hosted agent reads a value of tier 1.
pub(crate) fn hosted_value(told: &Told, under: &'static str) -> Make {
    let told = told.clone();
    Arc::new(move |connection, number| {
        let (entry, field, _) = told.entry(connection, number)?;
        let request = Request::get(format!("{under}/hosted/entries/{entry}/fields/{field}")).header("host", "localhost:1984");
        Ok(request.header("authorization", format!("Bearer {}", told.hosted)).body(Full::default())?)
    })
}

/// An enrolled agent has a field of tier 2 released.
pub(crate) fn release(told: &Told, under: &'static str) -> Result<Make> {
    let told = told.clone();
    let seed = Secret::from_slice(&told.seed).context("seed")?;
    let key = SigningKey::from_seed(seed).map_err(|_| anyhow!("seed"))?;
    let path = format!("{under}/agent/release");
    Ok(Arc::new(move |connection, number| {
        let (entry, _, field) = told.entry(connection, number)?;
        let body = release_body(entry, field);
        let proof = proof(&key, &told.agent, &body, &path, connection, number);
        let request = Request::post(path.as_str()).header("host", "localhost:1984").header("content-type", "application/json");
        let request = request.header("authorization", format!("DPoP {}", told.agent)).header("dpop", proof);
        Ok(request.body(Full::from(Bytes::from(body)))?)
    }))
}

/// The owner reads an entry: the same rows as a release, and no event.
pub(crate) fn entry(told: &Told) -> Make {
    let told = told.clone();
    Arc::new(move |connection, number| {
        let (entry, _, _) = told.entry(connection, number)?;
        let request = Request::get(format!("/v1/entries/{entry}")).header("host", "localhost:1984");
        Ok(request.header("cookie", format!("__Host-clavitor={}", told.session)).body(Full::default())?)
    })
}

/// Asks for one field.
pub(crate) fn release_body(entry: &str, field: &str) -> String {
    format!(r#"{{"entry_id":"{entry}","field_ids":["{field}"],"mode":"use"}}"#)
}

/// RFC 9449, as docs/API.md narrows it.
pub(crate) fn proof(key: &SigningKey, agent: &str, body: &str, path: &str, connection: usize, number: u64) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.public().as_bytes());
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}}"#);
    let hash = |text: &str| URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()));
    let claims = format!(
        r#"{{"jti":"{:08x}-{:04}-{number:08}","htm":"POST","htu":"{ORIGIN}{path}","iat":{},"ath":"{}","cdg":"{}"}}"#,
        std::process::id(),
        connection,
        now_ms() / 1000,
        hash(agent),
        hash(body)
    );
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign_bytes(message.as_bytes()).as_ref());
    format!("{message}.{signature}")
}
