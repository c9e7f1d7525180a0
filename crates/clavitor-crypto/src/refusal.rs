//! The errors of this crate: one for everything that is sealed, and one that names the layer for what is public anyway.

use thiserror::Error;

/// A record, wrap, token or code was refused. It says nothing more, so that nobody can use it as an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("could not be opened")]
pub struct Refused;

/// A signed object, a public string or a proof was refused. What it is about is no secret, so the layer is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Too short, too long, or not the form at all.
    #[error("has the wrong shape")]
    Shape,
    /// The signature, MAC or check does not fit.
    #[error("is not signed by the expected key")]
    Signature,
    /// The body is not the deterministic CBOR of docs/FORMAT.md section 6.
    #[error("is not canonical CBOR of the expected members")]
    Cbor,
    /// The body breaks a rule of the format.
    #[error("breaks a rule of the format")]
    Rule,
    /// It does not follow from the version before.
    #[error("does not follow the version before it")]
    Chain,
}
