//! `version`: which program this is.

use clavitor_server::edition::Edition;

use crate::print;

/// Name, version and edition, in one line.
pub(crate) fn print(edition: &dyn Edition) -> anyhow::Result<()> {
    print::data(&format!("clavitor {} {}", edition.version(), edition.name()))
}

/// The same, and what the edition adds, one line each.
pub(crate) fn print_all(edition: &dyn Edition) -> anyhow::Result<()> {
    print(edition)?;
    edition.modules().iter().try_for_each(|module| print::data(module))
}
