//! One inventory to a running fleet: NixOS and WireGuard configuration, rolling deploys, the operators' routine. Opens no listening socket and holds no private key.

pub mod bootstrap;
mod cli;
pub mod geography;
pub mod inventory;
pub mod kuma;
pub mod money;
pub mod monitor;
pub mod nix;
pub mod remote;
pub mod rollout;
pub mod routine;
pub mod state_folder;
pub mod status;
pub mod tunnel;

pub use cli::{Failure, Kind, run};
