//! Renewal: under load, by the authority's window, and by life alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    pebble::{Ask, Pebble, until},
    place::{Place, ask, settings, settings_at},
    relay::Relay,
    visitor::Visitor,
};

/// Certificates that live for so many seconds are renewed so many times; `CLAVITOR_ACME_RENEWALS` makes it more.
const LIFE_S: u64 = 14;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_lived_certificates_are_renewed_under_load_and_nobody_notices() {
    let renewals: usize = std::env::var("CLAVITOR_ACME_RENEWALS").ok().and_then(|count| count.parse().ok()).unwrap_or(3);
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask { validity_s: LIFE_S, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let _acme = place.start(settings(&["vault.test"], &pebble));
    place.serving().await;
    let visitor = Arc::new(Visitor::new(&pebble.issuing_root().await));
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let visitors: Vec<_> = (0..4).map(|_| tokio::spawn(visit(visitor.clone(), place.tls, stop.clone(), asked.clone()))).collect();
    for _ in 0..renewals {
        let before = place.not_after_s();
        until(|| place.not_after_s() > before).await;
    }
    stop.store(true, Ordering::SeqCst);
    for visitor in visitors {
        visitor.await.unwrap().expect("a request failed");
    }
    assert!(asked.load(Ordering::SeqCst) > 40);
    assert!(place.alerts().is_empty(), "{:?}", place.alerts());
}

/// One connection is kept open all the time, and a new one is opened for every other request; each request must be answered.
async fn visit(visitor: Arc<Visitor>, address: std::net::SocketAddr, stop: Arc<AtomicBool>, asked: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut kept = visitor.connect(address, "vault.test").await?;
    while !stop.load(Ordering::SeqCst) {
        ask(&mut kept).await?;
        ask(&mut visitor.connect(address, "vault.test").await?).await?;
        asked.fetch_add(2, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

#[tokio::test]
async fn the_window_of_the_authority_decides_and_the_order_says_what_it_replaces() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask { validity_s: 120, ..Ask::new(place.tls.port(), place.http.port()) }).await;
    let relay = Relay::start(&pebble).await;
    let mut wanted = settings_at(&["vault.test"], relay.directory(), &pebble.authority.root);
    wanted.profile = Some("shortlived".to_owned());
    let acme = place.start(wanted);
    place.serving().await;
    let first = place.not_after_s();
    until(|| relay.seen().windows_asked > 0).await;
    let window = relay.window_of_present().unwrap();
    until(|| acme.status().next_attempt_ms.is_some_and(|next_ms| window.contains(&(next_ms / 1000)))).await;
    relay.renew_now();
    until(|| place.not_after_s() > first).await;
    let seen = relay.seen();
    assert_eq!((seen.profiles.as_slice(), seen.replaced), (["shortlived".to_owned(), "shortlived".to_owned()].as_slice(), 1));
}

#[tokio::test]
async fn a_profile_that_the_authority_does_not_have_is_named() {
    let place = Place::open().await;
    let pebble = Pebble::start(&Ask::new(place.tls.port(), place.http.port())).await;
    let relay = Relay::start(&pebble).await;
    let mut wanted = settings_at(&["vault.test"], relay.directory(), &pebble.authority.root);
    wanted.profile = Some("forever".to_owned());
    let acme = place.start(wanted);
    until(|| acme.status().last_error.is_some()).await;
    let words = acme.status().last_error.unwrap();
    assert!(words.contains("--acme-profile"), "{words}");
}
