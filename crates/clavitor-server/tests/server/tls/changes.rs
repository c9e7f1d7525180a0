//! What changes while connections stay open: certificates, files, and the end of the node.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use clavitor_server::{
    Shutdown,
    alert::{Alert, CertificateFault},
    tls::files::{self, Files},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream, sync::Notify};
use tokio_rustls::client::TlsStream;

use super::{NAME, Served, ask, get};
use crate::alerts::Recorder;

fn certificate(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_renewal_leaves_open_connections_alone() {
    let served = Served::start().await;
    let mut old = served.dial().await;
    assert!(ask(&mut old, &get("/", NAME, "*/*")).await.0.starts_with("http/1.1 200"));
    for _ in 0..3 {
        served.renew();
        assert!(ask(&mut old, &get("/", NAME, "*/*")).await.0.starts_with("http/1.1 200"));
        assert_ne!(certificate(&served.dial().await), certificate(&old));
    }
}

/// A self-signed pair in PEM: here only the files matter, not who trusts them.
fn pair(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}

#[tokio::test]
async fn files_that_change_are_taken_and_a_broken_pair_is_told_once() {
    let served = Served::start().await;
    let files = Files { certificate: served.folder().join("full.pem"), key: served.folder().join("private.pem") };
    let put = |(certificate, key): (String, String)| {
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    };
    put(pair(NAME));
    let recorder = Arc::new(Recorder::default());
    let mut config = served.node.app.node().config().clone();
    config.names = vec![NAME.to_owned()];
    config.edition = recorder.clone();
    config.clock = clavitor_server::system_clock();
    let (shutdown, reload) = (Shutdown::default(), Arc::new(Notify::new()));
    let watching = files::watch(files.clone(), served.slot.clone(), config, Duration::from_millis(20), reload.clone(), shutdown.clone());
    let watching = tokio::spawn(watching);
    tokio::time::sleep(Duration::from_millis(100)).await;

    let before = served.slot.life();
    put((pair(NAME).0, pair(NAME).1));
    until(|| !recorder.0.lock().unwrap().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let alerts = recorder.0.lock().unwrap().clone();
    assert!(matches!(alerts[..], [Alert::CertificateFailing { failures: 1, cause: CertificateFault::Files, .. }]), "{alerts:?}");
    assert_eq!(served.slot.life(), before, "what was in use stays");

    put(pair(NAME));
    until(|| served.slot.life() != before).await;
    assert_eq!(served.slot.life().unwrap().names, [NAME]);
    served.renew();
    reload.notify_one();
    until(|| served.slot.life().unwrap().names == [NAME]).await;
    shutdown.cancel();
    watching.await.unwrap();
}

#[tokio::test]
async fn at_a_stop_a_quiet_connection_gets_one_last_answer_and_is_told_so() {
    let served = Served::start().await;
    let (mut used, mut fresh) = (served.dial().await, served.dial().await);
    ask(&mut used, &get("/", NAME, "*/*")).await;
    served.shutdown.cancel();
    for _ in 0..1_000 {
        if served.node.app.node().stopping() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for stream in [&mut used, &mut fresh] {
        let (head, _) = ask(stream, &get("/", NAME, "*/*")).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("connection: close"), "{head}");
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
    served.stop().await;
}
