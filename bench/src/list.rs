//! A list of ten thousand entries, opened as an agent or a browser does: the grant first, then the summary in it.

use std::time::Instant;

use anyhow::{Context as _, Result};
use clavitor_crypto::{
    EntryId, FieldId, ScopeId, Secret, VaultId,
    keys::{EntryKey1, ScopeKey1},
};

use crate::figure::{Figure, Goal};

const ENTRIES: usize = 10_000;
/// The machine may be busy with other things in one round; not in all of them.
const ROUNDS: usize = 7;
const SUMMARY: &str = r#"{"title":"Reporting database, production","kind":"login","folder":"Work/Data","tags":["reporting"],"favorite":false,"archived":false,"fields":[{"id":"00112233445566778899aabbccddeeff","kind":"username","label":"Username","value":"reporting-service"},{"id":"10112233445566778899aabbccddeeff","kind":"password","label":"Password"},{"id":"20112233445566778899aabbccddeeff","kind":"url","label":"URL","value":"https://reports.example.com"}]}"#;

struct Sealed {
    entry: EntryId,
    grant: Vec<u8>,
    summary: Vec<u8>,
}

/// Microseconds for each of ten thousand summaries.
pub(crate) fn figure() -> Result<Figure> {
    let vault = VaultId::make();
    let scope = ScopeKey1::new(vault, ScopeId::ZERO, 1, Secret::make());
    let sealed = (0..ENTRIES).map(|_| seal(vault, &scope)).collect::<Result<Vec<_>>>()?;
    let mut best_us = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for one in &sealed {
            let key = scope.open_grant(one.entry, 1, &one.grant).ok().context("grant")?;
            std::hint::black_box(key.open_field(FieldId::ZERO, 1, &one.summary).ok().context("summary")?.len());
        }
        best_us = best_us.min(began.elapsed().as_secs_f64() * 1e6 / ENTRIES as f64);
    }
    Ok(Figure::new("summary opened in Rust, grant included, microseconds", best_us, Goal::AtMost(5.0)))
}

fn seal(vault: VaultId, scope: &ScopeKey1) -> Result<Sealed> {
    let entry = EntryId::make();
    let key = EntryKey1::new(vault, entry, 1, Secret::make());
    let salt = clavitor_crypto::random::make();
    Ok(Sealed {
        entry,
        grant: scope.seal_grant(&key, &salt).ok().context("grant")?,
        summary: key.seal_field(FieldId::ZERO, 1, SUMMARY.as_bytes()).ok().context("summary")?,
    })
}
