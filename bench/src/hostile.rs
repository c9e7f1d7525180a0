//! Hostile clients beside honest ones: a mix of slow, endless and flooding connections from many addresses of this machine, and what is left for the others.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    pin::Pin,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::TcpSocket,
};
use tokio_rustls::TlsConnector;

use crate::{
    figure::{Figure, Goal},
    load::Callers,
    process::Server,
    product::{self, Told},
};

const ROUNDS: usize = 3;
const CONNECTIONS: usize = 4;
const WARM_UP: u64 = 500;
/// Of each connection; all take about two seconds.
const REQUESTS: u64 = 20_000;
const ENTRIES: usize = 100;
/// The mix is at full strength after this long, and every bucket of the door is still full.
const OPENS: Duration = Duration::from_secs(1);
/// What the buckets give at once is spent after this long more: from then on it is as it will be for hours.
const SETTLES: Duration = Duration::from_secs(8);
/// After the mix has ended.
const ENDS: Duration = Duration::from_secs(2);
/// Between two tries of one hostile client.
const BREATH: Duration = Duration::from_millis(50);

const GET: &[u8] = b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";
const WRONG: &[u8] = b"GET /v1/agent HTTP/1.1\r\nhost: localhost:1984\r\nauthorization: Bearer cvt1-wrong\r\n\r\n";
const DOCUMENT: &[u8] = b"GET /v1/openapi.json HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";
const SLOW_HEADER: &[u8] = b"GET /v1/node HTTP/1.1\r\nhost: localhost:1984\r\nx-slow: ";
const SLOW_BODY: &[u8] =
    b"POST /v1/session/begin HTTP/1.1\r\nhost: localhost:1984\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n ";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingping";
const UNMATCHED: &[u8] = b"GET /wp-login.php HTTP/1.1\r\nhost: localhost:1984\r\n\r\n";

/// The honest callers' throughput beside the mix, against the same while the mix is at another node of this machine: what the clients themselves take of two
/// processors, and each change from one of their processes to another, is on both sides. Rounds alternate, so that the machine's mood is the same for both.
pub(crate) fn figures(folder: &Path) -> Result<Vec<Figure>> {
    let node = |name: &str, start: fn(&str, &[&str]) -> Result<Server>| -> Result<(Server, Told)> {
        let folder = folder.join(name);
        std::fs::create_dir(&folder)?;
        Ok((start("node", &[folder.to_str().context("path")?, &ENTRIES.to_string()])?, Told::read(&folder)?))
    };
    let ((server, told), (other, _)) = (node("honest", Server::start)?, node("other", Server::start_behind)?);
    let tls = crate::tls::client(&server.notes)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rate = |requests: u64| -> Result<Rate> {
        let (before_s, all) = (server.cpu_s()?, (requests * CONNECTIONS as u64) as f64);
        let elapsed_s = runtime.block_on(async {
            let mut callers = Callers::connect(server.address, &tls, CONNECTIONS).await?;
            callers.run(requests, 0, &product::entry(&told)).await
        })?;
        Ok(Rate { second: all / elapsed_s, cpu_second: all / (server.cpu_s()? - before_s) })
    };
    rate(WARM_UP)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let alone = rate(REQUESTS)?;
        let mix = Mix::start(other.address, &other.notes, Part::All)?;
        std::thread::sleep(OPENS + SETTLES);
        let elsewhere = rate(REQUESTS)?;
        drop(mix);
        let mix = Mix::start(server.address, &server.notes, Part::All)?;
        std::thread::sleep(OPENS);
        let opening = rate(REQUESTS)?;
        std::thread::sleep(SETTLES);
        let beside = rate(REQUESTS)?;
        drop(mix);
        std::thread::sleep(ENDS);
        rounds.push(Round { alone, elsewhere, opening, beside });
    }
    let figure = |name: &str, goal: Goal, of: fn(&Round) -> f64| Figure::of_rounds(name, &rounds.iter().map(of).collect::<Vec<_>>(), goal);
    let kept = "honest requests a second beside hostile clients / these at another node";
    Ok(vec![
        figure(kept, Goal::AtLeast(0.9), |round| round.beside.second / round.elsewhere.second),
        figure("the same for a second of the node's processor time", Goal::None, |round| {
            round.beside.cpu_second / round.elsewhere.cpu_second
        }),
        figure("the same while the hostile clients arrive", Goal::None, |round| round.opening.second / round.elsewhere.second),
        figure("beside hostile clients / alone on the machine", Goal::None, |round| round.beside.second / round.alone.second),
        figure("while these are at another node / alone on the machine", Goal::None, |round| round.elsewhere.second / round.alone.second),
        figure("honest requests a second alone", Goal::None, |round| round.alone.second),
    ])
}

/// Honest requests: a second, and for a second of the node's processor time.
struct Rate {
    second: f64,
    cpu_second: f64,
}

struct Round {
    alone: Rate,
    /// While the mix is at another node.
    elsewhere: Rate,
    opening: Rate,
    beside: Rate,
}

/// The mix in a process of its own, so that it can be ended; it gets what processor time the others leave, as traffic from elsewhere costs this machine none.
pub(crate) struct Mix(Child);

impl Mix {
    /// Starts a part of it. `told` is the certificate to trust, or `-` for plain HTTP.
    pub(crate) fn start(address: SocketAddr, told: &str, part: Part) -> Result<Self> {
        let ours = std::env::current_exe()?;
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(ours).args(["hostile", &address.to_string(), told, part.word()]);
        Ok(Self(command.stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Mix {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Who comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everybody, far more than there are places.
    All,
    /// Those who look for what is not there, so many that a tarpit is full of them.
    Scanners,
    /// Some of each of the others, who fit in beside a full tarpit.
    Some,
}

impl Part {
    const EVERY: [Self; 3] = [Self::All, Self::Scanners, Self::Some];

    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Scanners => "scanners",
            Self::Some => "some",
        }
    }

    fn read(word: &str) -> Result<Self> {
        Self::EVERY.into_iter().find(|part| part.word() == word).context("no such part")
    }

    fn mix(self) -> &'static [(Attack, u8, usize)] {
        match self {
            Self::All => MIX,
            Self::Scanners => SCANNERS,
            Self::Some => SOME,
        }
    }

    /// Between the first connections of two: scanners who are let go after thirty seconds should not all be let go together, and a slow machine would not end
    /// a thousand handshakes at once before their deadline. The others come at once.
    fn step(self) -> Option<Duration> {
        (self == Self::Scanners).then_some(Duration::from_millis(30))
    }

    /// Each part has addresses of its own: what one does is not counted against another.
    fn network(self) -> u8 {
        match self {
            Self::All => 9,
            Self::Scanners => 10,
            Self::Some => 11,
        }
    }
}

/// What one hostile client does with each of its connections.
#[derive(Clone, Copy)]
enum Attack {
    /// Comes and goes.
    Knock,
    /// Says nothing, or half a handshake.
    Silent,
    /// Sends this, then a byte now and then.
    Dribble(&'static [u8]),
    /// Sends this for ever and reads what comes.
    Flood(&'static [u8]),
    /// Asks for much and reads nothing.
    Deaf,
    /// Opens requests over HTTP/2 and takes them back.
    RapidReset,
    /// Repeats this frame over HTTP/2.
    Frames(&'static [u8]),
}

/// Who attacks, from how many addresses, with how many connections each.
const MIX: &[(Attack, u8, usize)] = &[
    (Attack::Knock, 8, 4),
    (Attack::Silent, 8, 16),
    (Attack::Dribble(SLOW_HEADER), 8, 16),
    (Attack::Dribble(SLOW_BODY), 4, 8),
    (Attack::Dribble(b"PRI * HTTP/2"), 4, 8),
    (Attack::Flood(GET), 4, 8),
    (Attack::Flood(WRONG), 4, 8),
    (Attack::Flood(b"GET / HTTP/1.1\nhost: localhost\n\n"), 2, 4),
    (Attack::Flood(UNMATCHED), 63, 16),
    (Attack::Deaf, 4, 8),
    (Attack::RapidReset, 4, 8),
    (Attack::Frames(PING), 4, 8),
];

/// The tarpit has 1,000 places, 16 of them for one address. With everybody else there stay more than 16 of the node's 1,024 places, below which it lets go of
/// those whom it holds.
const SCANNERS: &[(Attack, u8, usize)] = &[(Attack::Flood(UNMATCHED), 58, 16)];

/// 48 of them.
const SOME: &[(Attack, u8, usize)] = &[
    (Attack::Knock, 2, 1),
    (Attack::Silent, 4, 3),
    (Attack::Dribble(SLOW_HEADER), 4, 3),
    (Attack::Dribble(SLOW_BODY), 2, 3),
    (Attack::Dribble(b"PRI * HTTP/2"), 2, 2),
    (Attack::Flood(GET), 1, 2),
    (Attack::Flood(WRONG), 1, 2),
    (Attack::Deaf, 2, 2),
    (Attack::RapidReset, 1, 2),
    (Attack::Frames(PING), 1, 2),
];

/// Attacks until killed.
pub(crate) fn attack(address: &str, told: &str, part: &str) -> Result<()> {
    let part = Part::read(part)?;
    let target = Target { address: address.parse()?, tls: if told == "-" { None } else { Some(crate::tls::client(told)?) } };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for (number, (attack, addresses, connections)) in (1_u8..).zip(part.mix()) {
            for host in 1..=*addresses {
                for _ in 0..*connections {
                    if let Some(step) = part.step() {
                        tokio::time::sleep(step).await;
                    }
                    let (target, from) = (target.clone(), Ipv4Addr::new(127, part.network(), number, host));
                    tokio::spawn(async move {
                        loop {
                            // Whatever the end was, it was the node's or ours: on to the next.
                            let _ = target.once(from, *attack).await;
                            tokio::time::sleep(BREATH).await;
                        }
                    });
                }
            }
        }
        std::future::pending::<()>().await;
    });
    Ok(())
}

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

#[derive(Clone)]
struct Target {
    address: SocketAddr,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Target {
    async fn once(&self, from: Ipv4Addr, attack: Attack) -> Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
        let mut plain = socket.connect(self.address).await?;
        let tls = match (attack, &self.tls) {
            (Attack::Silent, _) => {
                // The start of a TLS handshake, or of nothing.
                plain.write_all(b"\x16\x03\x01\x02").await?;
                return drain(&mut plain).await;
            }
            (_, Some(tls)) => TlsConnector::from(Arc::clone(tls)),
            (_, None) => return act(Box::pin(plain), attack).await,
        };
        act(Box::pin(tls.connect(ServerName::try_from("localhost")?, plain).await?), attack).await
    }
}

async fn drain(stream: &mut (impl AsyncRead + Unpin)) -> Result<()> {
    tokio::io::copy(stream, &mut tokio::io::sink()).await?;
    Ok(())
}

async fn act(mut stream: Pin<Box<dyn Stream>>, attack: Attack) -> Result<()> {
    match attack {
        Attack::Knock | Attack::Silent => Ok(()),
        Attack::Deaf => {
            stream.write_all(&DOCUMENT.repeat(400)).await?;
            std::future::pending().await
        }
        Attack::Dribble(start) => {
            stream.write_all(start).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(500)).await;
                stream.write_all(b"a").await?;
            }
        }
        Attack::Flood(request) => repeat(stream, &[], |_| request.repeat(20)).await,
        Attack::Frames(frame) => repeat(stream, PREFACE, |_| frame.repeat(50)).await,
        Attack::RapidReset => repeat(stream, PREFACE, |round| (0..20).flat_map(|one| reset(2 * (round * 20 + one) + 1)).collect()).await,
    }
}

/// Writes for ever, and reads what comes, so that nothing but the node ends it.
async fn repeat(stream: Pin<Box<dyn Stream>>, start: &[u8], piece: impl Fn(u32) -> Vec<u8>) -> Result<()> {
    let (mut read, mut write) = tokio::io::split(stream);
    write.write_all(start).await?;
    let writing = async {
        for round in 0.. {
            write.write_all(&piece(round)).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = writing => ended,
        ended = drain(&mut read) => ended,
    }
}

/// A request (RFC 9113 section 6.2; the fields are of HPACK's static table) and its reset.
fn reset(stream: u32) -> Vec<u8> {
    let [a, b, c, d] = stream.to_be_bytes();
    [&[0, 0, 3, 1, 5, a, b, c, d, 0x82, 0x87, 0x84][..], &[0, 0, 4, 3, 0, a, b, c, d, 0, 0, 0, 8]].concat()
}
