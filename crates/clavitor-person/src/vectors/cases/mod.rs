//! The cases, by folder. Every value in them comes from a seed named after the case, so that making them again changes nothing.

mod chains;
mod events;
mod headers;
mod keys;
mod logs;
mod manifests;
mod records;
mod unlocking;
mod wraps;

use serde_json::Value as Json;

use super::case::Case;

/// Makes all cases.
///
/// # Errors
/// A message naming a case that does not come out as it says.
pub fn cases() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for make in [
        keys::cases,
        records::cases,
        wraps::cases,
        manifests::cases,
        headers::cases,
        chains::cases,
        logs::cases,
        events::cases,
        unlocking::cases,
    ] {
        cases.extend(make()?);
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    match cases.windows(2).find(|pair| pair[0].path == pair[1].path) {
        Some(pair) => Err(format!("two cases are called {}", pair[0].path)),
        None => Ok(cases),
    }
}

/// `json` with one member set to something else.
fn with(json: &Json, name: &str, value: impl Into<Json>) -> Json {
    let mut json = json.clone();
    json[name] = value.into();
    json
}

/// `N` bytes counting up from `first`.
fn counting<const N: usize>(first: u8) -> [u8; N] {
    let mut bytes = [0; N];
    for (byte, value) in bytes.iter_mut().zip(first..) {
        *byte = value;
    }
    bytes
}

/// A bug in a forger, told with what it was about.
fn lost<T>(value: Option<T>, what: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("could not forge {what}"))
}

/// The good manifest as JSON.
pub(super) fn sample_manifest() -> Result<Json, String> {
    manifests::sample().map(|body| super::bodies::manifest_json(&body))
}

/// The good header as JSON.
pub(super) fn sample_header() -> Json {
    super::bodies::header_json(&headers::sample())
}
