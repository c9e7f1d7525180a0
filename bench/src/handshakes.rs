//! Full handshakes of the node over loopback, with all that a connection's coming and going costs it, against the same handshakes between two buffers.
//! Same library, settings, suite, hybrid group and type of key on both sides; nothing is resumed.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion, ServerConfig, ServerConnection,
    pki_types::ServerName,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Runtime,
};
use tokio_rustls::TlsConnector;

use crate::{
    figure::{Figure, Goal, median},
    process::Server,
    tls::{self, Identity},
};

const CALLERS: usize = 4;
const HANDSHAKES: usize = 800;
const ROUNDS: usize = 7;
/// For the server to be done with the last connection.
const ENDS_WITHIN: Duration = Duration::from_millis(50);

/// Handshakes for a second of the server's processor time, against those in memory.
pub(crate) fn figures(folder: &Path) -> Result<Vec<Figure>> {
    let node = Server::start("door", &[folder.to_str().context("path")?, "10"])?;
    let bare = Server::start("bare", &[folder.to_str().context("path")?, "100", "100"])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let memory = Memory::new()?;
    let (mut node_us, mut bare_us, mut memory_us) = (Vec::new(), Vec::new(), Vec::new());
    for server in [&node, &bare] {
        over_loopback(&runtime, server)?;
    }
    for _ in 0..ROUNDS {
        memory_us.push(memory.round()?);
        node_us.push(over_loopback(&runtime, &node)?);
        bare_us.push(over_loopback(&runtime, &bare)?);
    }
    let ratios = |us: &[f64]| -> Vec<f64> { memory_us.iter().zip(us).map(|(memory, over)| memory / over).collect() };
    Ok(vec![
        Figure::new("processor time of one full handshake in memory, server's side, microseconds", median(memory_us.clone()), Goal::None),
        Figure::of_rounds("full handshakes per processor second / rustls in memory", &ratios(&node_us), Goal::AtLeast(0.7)),
        Figure::of_rounds("the same for a bare accept loop: what sockets cost anybody", &ratios(&bare_us), Goal::None),
    ])
}

/// Microseconds of the server's processor time for one.
fn over_loopback(runtime: &Runtime, server: &Server) -> Result<f64> {
    let client = tls::stranger(&server.notes)?;
    let before_s = server.cpu_s()?;
    runtime.block_on(async {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (client, address) = (Arc::clone(&client), server.address);
                tokio::spawn(async move {
                    for _ in 0..HANDSHAKES / CALLERS {
                        come_and_go(TcpStream::connect(address).await?, &client).await?;
                    }
                    Ok::<_, anyhow::Error>(())
                })
            })
            .collect();
        for caller in callers {
            caller.await??;
        }
        tokio::time::sleep(ENDS_WITHIN).await;
        Ok::<_, anyhow::Error>(())
    })?;
    Ok((server.cpu_s()? - before_s) * 1e6 / HANDSHAKES as f64)
}

async fn come_and_go(socket: TcpStream, client: &Arc<ClientConfig>) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut stream = TlsConnector::from(Arc::clone(client)).connect(ServerName::try_from("localhost")?, socket).await?;
    is_full(stream.get_ref().1)?;
    stream.shutdown().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// The comparison is of the same work.
fn is_full(client: &ClientConnection) -> Result<()> {
    ensure!(client.protocol_version() == Some(ProtocolVersion::TLSv1_3), "{:?}", client.protocol_version());
    ensure!(client.handshake_kind() == Some(HandshakeKind::Full), "{:?}", client.handshake_kind());
    let suite = client.negotiated_cipher_suite().map(|suite| suite.suite());
    ensure!(suite == Some(CipherSuite::TLS13_AES_256_GCM_SHA384), "{suite:?}");
    let group = client.negotiated_key_exchange_group().map(|group| group.name());
    ensure!(group == Some(NamedGroup::X25519MLKEM768), "{group:?}");
    Ok(())
}

/// Both ends in this thread, with buffers between them.
struct Memory {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Memory {
    fn new() -> Result<Self> {
        let identity = Identity::make()?;
        let server = Arc::new(clavitor_server::tls::server_config(identity.slot()?)?);
        Ok(Self { server, client: tls::stranger(&identity.told())? })
    }

    /// Microseconds of one, the server's side only.
    fn round(&self) -> Result<f64> {
        let mut spent_s = 0.0;
        for _ in 0..HANDSHAKES {
            spent_s += self.once()?;
        }
        Ok(spent_s * 1e6 / HANDSHAKES as f64)
    }

    fn once(&self) -> Result<f64> {
        let mut client = ClientConnection::new(Arc::clone(&self.client), ServerName::try_from("localhost")?)?;
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        let began_s = thread_s();
        let mut server = ServerConnection::new(Arc::clone(&self.server))?;
        let mut spent_s = thread_s() - began_s;
        while client.is_handshaking() || server.is_handshaking() {
            while client.wants_write() {
                client.write_tls(&mut to_server)?;
            }
            let began_s = thread_s();
            let mut arrived = to_server.as_slice();
            while !arrived.is_empty() {
                server.read_tls(&mut arrived)?;
                server.process_new_packets()?;
            }
            while server.wants_write() {
                server.write_tls(&mut to_client)?;
            }
            spent_s += thread_s() - began_s;
            to_server.clear();
            let mut arrived = to_client.as_slice();
            while !arrived.is_empty() {
                client.read_tls(&mut arrived)?;
                client.process_new_packets()?;
            }
            to_client.clear();
        }
        is_full(&client)?;
        let began_s = thread_s();
        drop(server);
        Ok(spent_s + thread_s() - began_s)
    }
}

/// Seconds of processor time of this thread.
fn thread_s() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
