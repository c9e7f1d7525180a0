//! What a handshake can and cannot agree on.

use std::{process::Stdio, sync::Arc, time::Duration};

use clavitor_server::Limits;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ALL_VERSIONS, HandshakeKind, NamedGroup, ProtocolVersion,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
};

use super::{NAME, Served, ask, get};

#[tokio::test]
async fn a_client_that_trusts_the_authority_alone_is_served_over_both_versions_of_http() {
    let served = Served::start().await;
    let mut config = served.client(ALL_VERSIONS);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = served.connect(&Arc::new(config.clone()), NAME).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get("https://vault.test/").body(Empty::<bytes::Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age=63072000"));
    assert!(answer.into_body().collect().await.unwrap().to_bytes().starts_with(b"<!doctype html>"));

    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut stream = served.connect(&Arc::new(config), NAME).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(ask(&mut stream, &get("/", NAME, "*/*")).await.0.starts_with("http/1.1 200"));
    let mut stream = served.dial().await;
    assert!(ask(&mut stream, &get("/", NAME, "*/*")).await.0.starts_with("http/1.1 200"), "and without a word about protocols");
}

#[tokio::test]
async fn a_client_without_the_authority_refuses() {
    let (served, other) = (Served::start().await, Served::start().await);
    let error = served.connect(&Arc::new(other.client(ALL_VERSIONS)), NAME).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn the_hybrid_key_exchange_is_agreed_on_and_sessions_are_resumed() {
    let served = Served::start().await;
    for version in [&TLS13, &TLS12] {
        let config = Arc::new(served.client(&[version]));
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = served.connect(&config, NAME).await.unwrap();
            // Tickets of TLS 1.3 come after the handshake.
            ask(&mut stream, &get("/", NAME, "*/*")).await;
            let session = stream.get_ref().1;
            assert_eq!(session.protocol_version(), Some(version.version));
            if version.version == ProtocolVersion::TLSv1_3 {
                assert_eq!(session.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
            }
            kinds.push(session.handshake_kind().unwrap());
        }
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed], "{version:?}");
    }
}

/// What OpenSSL says to a handshake with these options.
async fn openssl(served: &Served, options: &[&str]) -> String {
    let address = served.https.to_string();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address, "-servername", NAME, "-verify_return_error", "-CAfile"]).arg(served.trusted());
    let output = command.args(options).stdin(Stdio::null()).output().await.unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[tokio::test]
async fn old_versions_and_suites_without_an_aead_are_refused() {
    let served = Served::start().await;
    for good in [&["-tls1_3"][..], &["-tls1_2"], &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]] {
        let said = openssl(&served, good).await;
        assert!(said.contains("Verify return code: 0 (ok)") && !said.contains("Cipher is (NONE)"), "{good:?}: {said}");
    }
    for bad in [
        &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"][..],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"],
        &["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
    ] {
        let said = openssl(&served, bad).await;
        assert!(said.contains("Cipher is (NONE)"), "{bad:?}: {said}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_ours_ends_before_a_certificate_is_sent_and_no_name_gets_one() {
    let served = Served::start().await;
    let config = Arc::new(served.client(ALL_VERSIONS));
    let error = served.connect(&config, "evil.test").await.unwrap_err().to_string();
    assert!(error.contains("AccessDenied"), "an alert, not a certificate for somebody else: {error}");
    assert!(served.connect(&config, "zurich.test").await.is_ok(), "a second name of ours");
    let mut nameless = served.client(ALL_VERSIONS);
    nameless.enable_sni = false;
    assert!(served.connect(&Arc::new(nameless), NAME).await.is_ok());
}

#[tokio::test]
async fn without_a_certificate_every_handshake_fails_and_nothing_self_signed_is_shown() {
    let served = Served::without_certificate(Limits::default()).await;
    let config = Arc::new(served.client(ALL_VERSIONS));
    let error = served.connect(&config, NAME).await.unwrap_err().to_string();
    assert!(error.contains("AccessDenied"), "{error}");
    assert!(openssl(&served, &[]).await.contains("no peer certificate available"));
    served.renew();
    assert!(served.connect(&config, NAME).await.is_ok());
}

#[tokio::test]
async fn a_challenge_is_shown_to_whoever_asks_by_its_protocol_and_to_nobody_else() {
    let served = Served::start().await;
    let asked = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(asked.signing_key.serialize_der()).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let challenge = rustls::sign::CertifiedKey::from_der(vec![asked.cert.der().clone()], key, &provider).unwrap();
    let fingerprint = || async {
        let said = openssl(&served, &["-alpn", "acme-tls/1", "-verify_return_error", "-ign_eof"]).await;
        (said.contains("ALPN protocol: acme-tls/1") || said.contains("self-signed"), said)
    };
    assert!(!fingerprint().await.0, "no challenge, no answer");
    served.slot.challenge(NAME, Arc::new(challenge));
    let (shown, said) = fingerprint().await;
    assert!(shown, "{said}");
    served.dial().await; // the certificate of the authority, for everybody else
    served.slot.end_challenge(NAME);
    assert!(!fingerprint().await.0);
}

#[tokio::test]
async fn a_handshake_that_dribbles_is_cut_off() {
    let served = Served::without_certificate(Limits { tls_handshake_ms_max: 200, ..Limits::default() }).await;
    served.renew();
    for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut stream = TcpStream::connect(served.https).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
        let _ = reading.await.expect("the connection stays open");
        assert!(answer.is_empty());
    }
}

#[tokio::test]
async fn whoever_speaks_plain_http_to_the_port_of_https_is_told_the_address() {
    let served = Served::start().await;
    let mut stream = TcpStream::connect(served.https).await.unwrap();
    let (head, body) = ask(&mut stream, &get("/", NAME, "text/html")).await;
    assert!(head.starts_with("http/1.1 400") && !head.contains("location"), "{head}");
    assert_eq!(body, "This port speaks HTTPS. Use https://vault.test\n");
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "and that was all");
}
