//! HTTP around the vault: routes, sessions, passkeys, proofs of possession, limits, and the web application's files.
//!
//! Names no SQL and no key. Sealed records pass through as bytes.

pub mod answer;
mod openapi;
pub mod operation;
pub mod path;
pub mod router;
pub mod who;

pub use openapi::openapi;
