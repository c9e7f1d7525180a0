//! Handshakes that stop, dribble, or are not ones: each costs the node little and ends in time; and the floods of HTTP/2 over TLS.

use std::{sync::Arc, time::Duration};

use clavitor_server::{
    Limits, system_clock,
    tls::{Slot, Tls, authority::Authority},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use crate::{
    house::{HONEST, House, answers, quick, until_closed},
    http2::{Frame, PREFACE, RST_STREAM, SETTINGS, request},
};

/// A house whose door is TLS, and a client that trusts it.
async fn house(limits: Limits) -> (House, TlsConnector, TempDir) {
    let (folder, names) = (tempfile::tempdir().unwrap(), ["localhost".to_owned()]);
    let now_s = system_clock()() / 1000;
    let authority = Authority::open(folder.path(), &names, now_s).unwrap();
    let slot = Slot::default();
    slot.set(authority.issue(&names, now_s).unwrap()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.certificate()).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let house = House::behind(limits, false, Tls::new(slot, "https://localhost").unwrap()).await;
    (house, TlsConnector::from(Arc::new(client)), folder)
}

/// An honest caller is answered, and nobody else is left.
async fn is_well(house: &House, client: &TlsConnector) {
    house.is_empty().await;
    let socket = house.connect_from("127.0.0.77").await;
    let mut stream = client.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
    stream.write_all(HONEST).await.unwrap();
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said).await;
    assert_eq!(answers(&said, 200), 1, "{said}");
}

#[tokio::test]
async fn a_handshake_that_stops_or_is_none_ends_in_time() {
    let (house, client, _folder) = house(Limits { tls_handshake_ms_max: 500, ..quick() }).await;
    for bytes in [
        &b""[..],
        b"\x16",
        b"\x16\x03\x01\x02\x00",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        // A record as long as one can be announced, and a length that is none.
        b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03",
        b"\x16\x03\x01\xff\xff\x01\xff\xff\xff\x03\x03",
        // An alert, data before a key, and the versions of last century.
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x17\x03\x03\x00\x10aaaaaaaaaaaaaaaa",
        b"\x80\x2e\x01\x03\x01",
        &[0; 64],
        &[0xff; 64],
    ] {
        let mut stream = house.connect().await;
        let _ = stream.write_all(bytes).await;
        assert_eq!(answers(&until_closed(&mut stream).await, 200), 0, "{bytes:?}");
    }
    is_well(&house, &client).await;
}

#[tokio::test]
async fn a_handshake_that_dribbles_or_never_ends_is_cut_off() {
    let (house, client, _folder) = house(Limits { tls_handshake_ms_max: 500, ..quick() }).await;
    // Byte by byte; and empty records for ever, each of which is allowed.
    for (start, piece) in [(&b"\x16\x03\x01\x02\x00"[..], &b"\x01"[..]), (b"", b"\x16\x03\x01\x00\x01\x01")] {
        let mut stream = house.connect().await;
        stream.write_all(start).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let dribbling = tokio::spawn(async move {
            while write.write_all(piece).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let ended = tokio::time::timeout(Duration::from_secs(30), read.read_to_end(&mut Vec::new())).await;
        let _ = ended.expect("the handshake goes on for ever");
        drop(read);
        dribbling.await.unwrap();
    }
    is_well(&house, &client).await;
}

#[tokio::test]
async fn a_crowd_of_half_handshakes_leaves_room_for_a_whole_one() {
    let limits = Limits { tls_handshake_ms_max: 2_000, connections_max: 60, ..quick() };
    let (house, client, _folder) = house(limits).await;
    let mut crowd = Vec::new();
    for address in 1..=120 {
        let mut stream = house.connect_from(&format!("127.0.3.{address}")).await;
        let _ = stream.write_all(b"\x16\x03\x01\x02\x00").await;
        crowd.push(stream);
    }
    let socket = house.connect_from("127.0.0.77").await;
    assert!(client.connect(ServerName::try_from("localhost").unwrap(), socket).await.is_ok());
    assert!(house.counts().evicted >= 60, "{:?}", house.counts());
    drop(crowd);
    is_well(&house, &client).await;
}

#[tokio::test]
async fn rapid_reset_over_tls() {
    let (house, client, _folder) = house(quick()).await;
    let socket = house.connect_from("127.0.0.2").await;
    let mut stream = client.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
    stream.write_all(&[PREFACE, &Frame::new(SETTINGS, 0, 0, &[]).bytes()].concat()).await.unwrap();
    let mut number = 1;
    let flood = async {
        loop {
            let reset = Frame::new(RST_STREAM, 0, number, &8_u32.to_be_bytes()).bytes();
            let both = [Frame::headers(number, &request("GET", "/v1/node")).bytes(), reset].concat();
            if stream.write_all(&both).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            number += 2;
            assert!(number < 200_000, "the node takes it all");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), flood).await.expect("the node takes it all");
    is_well(&house, &client).await;
}

#[tokio::test]
async fn the_door_is_asked_before_the_handshake() {
    let (house, client, _folder) = house(Limits { connections_burst_max: 5, ..quick() }).await;
    for _ in 0..5 {
        drop(house.connect_from("127.0.0.2").await);
    }
    for _ in 0..20 {
        // Not even an alert comes.
        assert_eq!(house.hears_from("127.0.0.2", b"\x16\x03\x01").await, "");
    }
    assert_eq!(house.counts().turned_away, 20);
    is_well(&house, &client).await;
}
