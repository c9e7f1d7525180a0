//! HTTP around the vault: routes, sessions, passkeys, proofs of possession, limits, and the web application's files.
//!
//! Names no SQL and no key. Sealed records pass through as bytes.

pub mod accept;
pub mod acme;
pub mod alert;
pub mod answer;
pub mod app;
mod arrivals;
mod assets;
mod body;
mod client;
pub mod config;
mod connection;
pub mod control;
mod convert;
mod cookie;
pub mod descriptors;
mod digest;
pub mod door;
mod dpop;
pub mod edition;
mod frames;
mod framing;
mod guards;
mod handlers;
mod headers;
pub mod health;
pub mod heartbeat;
pub mod hold;
mod left_out;
pub mod limits;
pub mod listen;
mod metrics;
mod node;
mod offences;
mod openapi;
pub mod operation;
pub mod path;
mod pending;
pub mod plain;
mod proofs;
mod proxy;
pub mod pulse;
mod rates;
pub mod refusal;
pub mod reports;
pub mod router;
pub mod schedule;
pub mod secret_file;
mod shutdown;
pub mod tls;
mod turned;
pub mod vitals;
mod watch;
mod webauthn;
pub mod who;
mod wrong_address;

/// Names, looked up without the C library.
pub mod names {
    pub use clavitor_outbound::addresses;
}

pub use app::App;
pub use config::{Config, system_clock};
pub use limits::Limits;
pub use node::Node;
pub use openapi::openapi;
pub use rates::Prefix;
pub use shutdown::Shutdown;
pub use webauthn::RelyingPartyError;
