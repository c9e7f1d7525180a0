//! What the tarpit is compared with: a loop that holds connections and sends each one byte a second over the same TLS, and does nothing else.
//! And the clients of both, who ask for what is not there and wait.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server::TlsStream};

use crate::tls::Identity;

/// As many as are due together; one turn later, the next.
const SPOKES: usize = 50;
const TURN: Duration = Duration::from_millis(20);
/// From one address, as many as the node holds.
const PER_ADDRESS: usize = 10;
/// At once; a slow machine is to be done with each before its deadline.
const HANDSHAKES_MAX: usize = 16;
const HEAD_BYTES_MAX: usize = 1024;
const OPENED_WITHIN: Duration = Duration::from_secs(20);
const HEAD: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
const REQUEST: &[u8] = b"GET /wp-login.php HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";

type Wheel = Rc<RefCell<Vec<Vec<TlsStream<TcpStream>>>>>;

/// Serves until killed.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let identity = Identity::make()?;
        let acceptor = TlsAcceptor::from(Arc::new(clavitor_server::tls::server_config(identity.slot()?)?));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        crate::say(&format!("listening {} {}", listener.local_addr()?, identity.told()))?;
        let wheel: Wheel = Rc::new(RefCell::new((0..SPOKES).map(|_| Vec::new()).collect()));
        tokio::task::spawn_local(turn(Rc::clone(&wheel)));
        for number in 0.. {
            let (socket, _) = listener.accept().await?;
            let (acceptor, wheel) = (acceptor.clone(), Rc::clone(&wheel));
            tokio::task::spawn_local(async move {
                if let Ok(stream) = asked(socket, &acceptor).await {
                    wheel.borrow_mut()[number % SPOKES].push(stream);
                }
            });
        }
        Ok(())
    })
}

async fn asked(socket: TcpStream, acceptor: &TlsAcceptor) -> Result<TlsStream<TcpStream>> {
    socket.set_nodelay(true)?;
    let mut stream = acceptor.accept(socket).await?;
    let mut head = [0; HEAD_BYTES_MAX];
    ensure!(stream.read(&mut head).await? > 0, "left");
    stream.write_all(HEAD).await?;
    stream.flush().await?;
    Ok(stream)
}

async fn turn(wheel: Wheel) {
    let mut turns = tokio::time::interval(TURN);
    for number in 0.. {
        turns.tick().await;
        let held = std::mem::take(&mut wheel.borrow_mut()[number % SPOKES]);
        let mut stay = Vec::with_capacity(held.len());
        for mut stream in held {
            if stream.write_all(b"1\r\n \r\n").await.is_ok() && stream.flush().await.is_ok() {
                stay.push(stream);
            }
        }
        wheel.borrow_mut()[number % SPOKES].append(&mut stay);
    }
}

/// Opens this many connections, each held before it says so; then reads what comes until killed.
pub(crate) fn wait(address: &str, told: &str, count: usize) -> Result<()> {
    let (address, tls): (SocketAddr, _) = (address.parse()?, crate::tls::client(told)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let doors = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        let opening: Vec<_> = (0..count).map(|number| tokio::spawn(held(address, Arc::clone(&tls), Arc::clone(&doors), number))).collect();
        let mut streams = Vec::with_capacity(count);
        for one in opening {
            streams.push(tokio::time::timeout(OPENED_WITHIN, one).await???);
        }
        for mut stream in streams {
            tokio::spawn(async move { tokio::io::copy(&mut stream, &mut tokio::io::sink()).await });
        }
        crate::say(&format!("listening {address} {count}"))?;
        std::future::pending::<()>().await;
        Ok(())
    })
}

async fn held(
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
    doors: Arc<Semaphore>,
    number: usize,
) -> Result<client::TlsStream<TcpStream>> {
    let turn = doors.acquire().await?;
    let socket = TcpSocket::new_v4()?;
    let host = u8::try_from(number / PER_ADDRESS % 250 + 1).context("too many")?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 8, 0, host), 0)))?;
    let mut stream = TlsConnector::from(tls).connect(ServerName::try_from("localhost")?, socket.connect(address).await?).await?;
    stream.write_all(REQUEST).await?;
    drop(turn);
    let mut said = Vec::new();
    while !said.ends_with(b" \r\n") {
        let byte = stream.read_u8().await?;
        said.push(byte);
        if said.len() > HEAD_BYTES_MAX || said.windows(14).any(|words| words.eq_ignore_ascii_case(b"content-length")) {
            bail!("was not held but answered: {}", String::from_utf8_lossy(&said));
        }
    }
    Ok(stream)
}
