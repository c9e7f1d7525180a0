//! Headers of every response.

use std::{mem, sync::LazyLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::config::Config;

/// The policy of everything that is not a page of the web application.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(self), display-capture=(), fullscreen=(), \
    geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-create=(self), \
    publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=()";

const ALWAYS: [(HeaderName, &str); 9] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, NOTHING),
];

/// All of them: a map is copied in far less time than it is filled.
static READY: LazyLock<HeaderMap> =
    LazyLock::new(|| ALWAYS.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect());

/// Whether browsers reach the node through TLS and shall never come without. Not for `localhost`: other programs of the machine serve there too.
pub(crate) fn demands_tls(config: &Config) -> bool {
    config.origin.starts_with("https://") && config.rp_id != "localhost" && !config.rp_id.ends_with(".localhost")
}

/// Adds what is not there yet. `demand_tls` is what [`demands_tls`] says.
pub(crate) fn add(headers: &mut HeaderMap, demand_tls: bool) {
    let own = mem::replace(headers, READY.clone());
    // What the answer says itself takes the place of what is always said.
    headers.extend(own);
    if demand_tls {
        let years = HeaderValue::from_static("max-age=63072000; includeSubDomains; preload");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(years);
    }
}
