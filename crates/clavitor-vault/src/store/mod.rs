//! The private store: one SQLite file. Nothing outside of this folder names SQL.
//!
//! One thread owns every write and every checkpoint (`writer`), reads use a few read-only connections (`vault`), checks and copies have their own (`upkeep`), and both see the database only
//! through one narrow transaction type (`tx`). The modules of rows below hold all statements.

pub(crate) mod agents;
mod checked;
mod clean;
#[cfg(test)]
mod columns;
pub(crate) mod copy;
pub(crate) mod engine;
pub(crate) mod entries;
mod examine;
pub(crate) mod folder;
mod log;
mod migrate;
mod options;
pub(crate) mod pace;
pub(crate) mod sessions;
pub(crate) mod shared;
mod shelf;
mod space;
pub(crate) mod tails;
mod transaction;
pub(crate) mod tx;
mod upkeep;
mod vault;
pub(crate) mod vaults;
mod writer;

pub use examine::{Examined, examine};
pub use options::{Disk, Health, OpenError, OpenOptions};
pub use space::Space;
pub(crate) use transaction::Room;
pub use transaction::{Read, Write};
pub use vault::Vault;
