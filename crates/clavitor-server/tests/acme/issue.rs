//! First certificates: each kind of proof, several names, an external account, and what is refused.

use clavitor_server::acme::{ExternalAccount, Level};

use crate::{
    keys,
    pebble::{Ask, Pebble, free_port, until},
    place::{Place, ask, settings},
    visitor::Visitor,
};

#[tokio::test]
async fn by_tls_alone_for_several_names() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), free_port())).await;
    let acme = place.start(settings(&["vault.test", "www.vault.test", "VAULT.example.test"], &pebble));
    place.serving().await;
    let visitor = Visitor::new(&pebble.issuing_root().await);
    for name in ["vault.test", "www.vault.test", "vault.example.test"] {
        ask(&mut visitor.connect(place.tls, name).await.unwrap()).await.unwrap();
    }
    until(|| !acme.status().ordering).await;
    let status = acme.status();
    assert_eq!((status.level, status.last_error, status.failures), (Level::Good, None, 0));
    assert!(status.account.unwrap().contains("/my-account/"), "the operator needs it for a CAA record");
    assert_eq!(keys::certificate(place.data.path())["way"], "tlsalpn");
    keys::assert_private(place.data.path());
    assert!(!place.data.path().join("acme/order.json").exists(), "the order is over");
    assert!(place.alerts().is_empty());
    // Another process sees the same, as far as it lies on the disk.
    let kept = clavitor_server::acme::kept(place.data.path(), clavitor_server::system_clock()()).unwrap().unwrap();
    assert_eq!((kept.level, kept.account, kept.failures), (Level::Good, acme.status().account, 0));
}

#[tokio::test]
async fn by_http_where_tls_is_blocked() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(free_port(), place.http.port())).await;
    let acme = place.start(settings(&["vault.test", "www.vault.test"], &pebble));
    place.serving().await;
    until(|| !acme.status().ordering).await;
    assert_eq!(acme.status().failures, 0, "the second kind of proof belongs to the same attempt");
    assert_eq!(keys::certificate(place.data.path())["way"], "http");
}

#[tokio::test]
async fn the_key_is_a_new_one_of_p256() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask { validity_s: 4, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let _acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    let first = place.not_after_s();
    let kept = || keys::certificate(place.data.path())["key"].as_str().unwrap().to_owned();
    let old = kept();
    until(|| place.not_after_s() > first).await;
    let new = kept();
    assert_ne!(old, new);
    let pair = rcgen::KeyPair::from_pem(&new).unwrap();
    assert!(pair.is_compatible(&rcgen::PKCS_ECDSA_P256_SHA256));
}

const KID: &str = "kid-1";
const EXTERNAL: (&str, &str) = (KID, "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W");

#[tokio::test]
async fn with_an_external_account() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask { external: Some(EXTERNAL), ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let mut wanted = settings(&["vault.test"], &pebble);
    let key = data_encoding::BASE64URL_NOPAD.decode(EXTERNAL.1.as_bytes()).unwrap();
    wanted.authorities[0].external = Some(ExternalAccount { kid: KID.to_owned(), key: key.into() });
    wanted.contact = vec!["mailto:ops@vault.test".to_owned()];
    let _acme = place.start(wanted);
    place.serving().await;
}

#[tokio::test]
async fn without_the_external_account_that_is_wanted_the_flag_is_named() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask { external: Some(EXTERNAL), ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    until(|| acme.status().last_error.is_some()).await;
    let words = acme.status().last_error.unwrap();
    assert!(words.contains("--acme-eab-kid"), "{words}");
    until(|| place.alerts() == ["certificate_failing"]).await;
    assert_eq!(acme.status().level, Level::Missing);
}

#[tokio::test]
async fn a_name_that_the_authority_will_not_have() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let acme = place.start(settings(&["vault.blocked.test"], &pebble));
    until(|| acme.status().last_error.is_some()).await;
    let words = acme.status().last_error.unwrap();
    assert!(words.contains("will not issue") && words.contains("CAA"), "{words}");
    assert!(place.slot.life().is_none(), "nothing that is not signed by an authority is shown");
}

#[tokio::test]
async fn a_kept_certificate_serves_without_a_question_to_anybody() {
    let place = Place::open().await;
    let mut pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    until(|| !acme.status().ordering).await;
    let end = place.not_after_s();
    pebble.down();
    let again = Place { data: place.restarted().data, ..Place::open().await };
    assert!(again.slot.life().is_none());
    let acme = again.start(settings(&["vault.test"], &pebble));
    assert_eq!(again.not_after_s(), end, "before anything else");
    assert!(acme.status().last_success_ms.is_some());
}

#[tokio::test]
async fn damaged_files_are_replaced() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let folder = place.data.path().join("acme");
    std::fs::create_dir(&folder).unwrap();
    for name in ["certificate.json", "order.json", "attempts.json"] {
        std::fs::write(folder.join(name), "{\"half\":").unwrap();
    }
    let acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    until(|| !acme.status().ordering).await;
    assert!(folder.join("certificate.damaged").exists());
    assert_eq!(keys::certificate(place.data.path())["names"][0], "vault.test");
}
