//! Drills: what breaks, what the operator sees, and that the node gets out of it by itself.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clavitor_server::{
    acme::{AcmeStatus, Authority, Level},
    alert::{Alert, CertificateFault},
};

use crate::{
    keys,
    pebble::{Ask, Pebble, free_port, until},
    place::{Place, ask, settings, settings_at},
    relay::Relay,
    visitor::Visitor,
};

const DAY_MS: u64 = 86_400_000;

fn words(status: &AcmeStatus) -> String {
    status.last_error.clone().unwrap_or_default()
}

#[tokio::test]
async fn an_authority_that_is_down_and_comes_back() {
    let place = Place::open().await;
    let mut pebble = Pebble::ready(&Ask::new(place.tls.port(), place.http.port()));
    let acme = place.start(settings(&["vault.test"], &pebble));
    until(|| acme.status().failures >= 3).await;
    assert!(words(&acme.status()).contains("cannot be reached") && acme.status().failing(), "{}", words(&acme.status()));
    assert_eq!(place.alerts(), ["certificate_failing"], "once, however often it fails");
    let told = place.told.0.lock().unwrap()[0];
    assert!(matches!(told, Alert::CertificateFailing { cause: CertificateFault::Unreachable, .. }), "{told:?}");
    pebble.up().await;
    place.serving().await;
    until(|| place.alerts() == ["certificate_failing", "certificate_renewed"]).await;
    assert_eq!((acme.status().last_error.clone(), acme.status().failing()), (None, false));
}

#[tokio::test]
async fn an_authority_that_is_down_until_the_certificate_has_expired() {
    let place = Place::open().await;
    let mut pebble = Pebble::start(&Ask { validity_s: 6, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    pebble.down();
    until(|| acme.status().level == Level::Expired).await;
    let expired = place.not_after_s();
    assert!(acme.status().days_left.unwrap() <= 0);
    until(|| place.alerts().contains(&"certificate_expiring")).await;
    // It still serves: a browser's warning says more than a closed door, and an agent's refusal is the same.
    let stranger = Visitor::new(&std::fs::read_to_string(&pebble.authority.root).unwrap());
    assert!(stranger.connect(place.tls, "vault.test").await.is_err());
    assert_eq!(place.not_after_s(), expired);
    pebble.up().await;
    until(|| place.not_after_s() > expired).await;
    until(|| place.alerts().last() == Some(&"certificate_renewed")).await;
    let visitor = Visitor::new(&pebble.issuing_root().await);
    ask(&mut visitor.connect(place.tls, "vault.test").await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_authority_that_has_forgotten_the_account() {
    let place = Place::open().await;
    let mut pebble = Pebble::start(&Ask { validity_s: 8, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    until(|| !acme.status().ordering).await;
    let (first, old) = (place.not_after_s(), acme.status().account.unwrap());
    pebble.down();
    pebble.up().await;
    until(|| place.not_after_s() > first).await;
    until(|| !acme.status().ordering).await;
    assert_ne!(acme.status().account.unwrap(), old);
}

#[tokio::test]
async fn a_clock_in_the_past_asks_nobody_anything() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let (trap, connections) = trap();
    let right_ms = clavitor_server::system_clock()();
    place.clock_off_ms.store(0_u64.wrapping_sub(right_ms - 365 * DAY_MS), Ordering::SeqCst); // 1971
    let acme = place.start(settings_at(&["vault.test"], trap, &pebble.authority.root));
    until(|| acme.status().last_error.is_some()).await;
    assert!(words(&acme.status()).contains("timedatectl") && acme.status().failing(), "{}", words(&acme.status()));
    let told = place.told.0.lock().unwrap()[0];
    assert!(matches!(told, Alert::CertificateFailing { cause: CertificateFault::Clock, .. }), "{told:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_clock_in_the_future_orders_nothing() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let relay = Relay::start(&pebble).await;
    place.clock_off_ms.store(60 * DAY_MS, Ordering::SeqCst);
    let acme = place.start(settings_at(&["vault.test"], relay.directory(), &pebble.authority.root));
    until(|| acme.status().failures >= 2).await;
    assert!(words(&acme.status()).contains("ours is ahead"), "{}", words(&acme.status()));
    assert_eq!(relay.seen().orders, 0);
    place.clock_off_ms.store(0, Ordering::SeqCst);
    place.serving().await;
}

#[tokio::test]
async fn a_name_that_leads_elsewhere() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    pebble.move_name("vault.test", "127.0.0.9").await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    until(|| acme.status().last_error.is_some()).await;
    let said = words(&acme.status());
    assert!(said.contains("vault.test must lead to this node") && said.contains("port 80"), "{said}");
    let told = place.told.0.lock().unwrap()[0];
    assert!(matches!(told, Alert::CertificateFailing { cause: CertificateFault::Challenge, .. }), "{told:?}");
    pebble.move_name("vault.test", "127.0.0.1").await;
}

#[tokio::test]
async fn a_rate_limit_is_waited_for() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let relay = Relay::start(&pebble).await;
    relay.limit(3);
    let acme = place.start(settings_at(&["vault.test"], relay.directory(), &pebble.authority.root));
    until(|| relay.seen().limited == 1).await;
    until(|| acme.status().last_error.is_some()).await;
    assert!(words(&acme.status()).contains("asks to wait 1 minutes: too many certificates"), "{}", words(&acme.status()));
    place.serving().await;
    let seen = relay.seen();
    assert_eq!((seen.limited, seen.too_early), (1, 0));
}

#[tokio::test]
async fn the_second_authority_after_three_failures() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let mut wanted = settings_at(&["vault.test"], format!("https://localhost:{}/dir", free_port()), &pebble.authority.root);
    let root = Some(pebble.authority.root.clone());
    wanted.authorities.push(Authority { directory: pebble.directory(), ca_file: root, external: None });
    wanted.profile = Some("shortlived".to_owned()); // which the second one does not have
    let acme = place.start(wanted);
    place.serving().await;
    until(|| !acme.status().ordering).await;
    assert_eq!(acme.status().directory.unwrap(), pebble.directory());
}

#[tokio::test]
async fn a_restart_in_the_middle_goes_on_with_the_order() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let relay = Relay::start(&pebble).await;
    relay.hold(true);
    let wanted = || settings_at(&["vault.test"], relay.directory(), &pebble.authority.root);
    let _acme = place.start(wanted());
    until(|| relay.seen().finalizing == 1).await;
    let place = place.restarted();
    relay.hold(false);
    let _acme = place.start(wanted());
    place.serving().await;
    assert_eq!(relay.seen().orders, 1, "the order that was begun is the one that is finished");
}

#[tokio::test]
async fn a_restart_between_failed_attempts_does_not_begin_to_count_afresh() {
    let place = Place::open().await;
    let mut pebble = Pebble::start(&Ask { validity_s: 8, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    until(|| !acme.status().ordering).await;
    pebble.down();
    until(|| acme.status().failures >= 3).await;
    let place = place.restarted();
    let again = place.start(settings(&["vault.test"], &pebble));
    // Nothing else ran yet: this is what the earlier run left.
    assert!(again.status().failures >= 3 && place.slot.life().is_some(), "{} failures", again.status().failures);
    assert!(words(&again.status()).contains("cannot be reached"), "{}", words(&again.status()));
}

#[tokio::test]
async fn a_disk_that_takes_nothing_keeps_no_certificate_from_serving() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask { validity_s: 8, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    until(|| !acme.status().ordering).await;
    let (first, kept) = (place.not_after_s(), keys::certificate(place.data.path()));
    // Stands for a full disk, which root cannot be shown otherwise: the file that would be written is a folder.
    let obstacle = place.data.path().join("acme/certificate.json.tmp");
    std::fs::create_dir(&obstacle).unwrap();
    until(|| place.not_after_s() > first).await;
    until(|| !acme.status().ordering).await;
    assert_eq!(keys::certificate(place.data.path()), kept, "the old one is whole");
    std::fs::remove_dir(&obstacle).unwrap();
    until(|| keys::certificate(place.data.path()) != kept).await;
    until(|| !place.data.path().join("acme/order.json").exists()).await;
}

/// An address that counts who comes.
fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = format!("https://localhost:{}/dir", listener.local_addr().unwrap().port());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    (directory, count)
}
