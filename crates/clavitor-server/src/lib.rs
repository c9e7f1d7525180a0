//! HTTP around the vault: routes, sessions, passkeys, proofs of possession, limits, and the web application's files.
//!
//! Names no SQL and no key. Sealed records pass through as bytes.

pub mod accept;
pub mod acme;
pub mod alert;
pub mod answer;
pub mod app;
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
pub mod limits;
pub mod listen;
mod node;
mod openapi;
pub mod operation;
pub mod path;
mod pending;
pub mod plain;
mod proofs;
mod proxy;
mod rates;
pub mod refusal;
pub mod router;
pub mod schedule;
mod shutdown;
pub mod tls;
mod watch;
mod webauthn;
pub mod who;
mod wrong_address;

pub use app::App;
pub use config::{Config, system_clock};
pub use limits::Limits;
pub use node::Node;
pub use openapi::openapi;
pub use rates::Prefix;
pub use shutdown::Shutdown;
pub use webauthn::RelyingPartyError;
