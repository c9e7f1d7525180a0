//! Writes the vectors that are new or different. With the word `pin` it writes `vectors/pinned/` instead, where a file that is there is never touched.

use std::{error::Error, io::Write as _};

use clavitor_person::vectors::{Folder, cases, pinned};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Folder::default();
    let cases = if std::env::args().nth(1).as_deref() == Some("pin") {
        let present = folder.read()?;
        pinned()?.into_iter().filter(|case| present.iter().all(|old| old.path != case.path)).collect()
    } else {
        cases()?
    };
    let written = folder.write(&cases)?;
    let mut out = std::io::stdout();
    for path in &written {
        writeln!(out, "wrote {path}")?;
    }
    writeln!(out, "{} cases, {} written", cases.len(), written.len())?;
    Ok(())
}
