//! TLS: the certificate in use, the answers to a certificate authority's challenges, and the settings of every handshake.
//!
//! A certificate that nobody's authority signed is never shown here, except to the authority that asks for one.

pub mod authority;
mod challenges;
pub mod files;
mod front;
mod handshake;
mod life;
mod slot;

pub use challenges::Challenges;
pub use front::Tls;
pub use handshake::server_config;
pub use life::{Life, Unreadable};
pub use slot::Slot;
