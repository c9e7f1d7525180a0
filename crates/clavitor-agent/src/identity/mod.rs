//! Who this agent is: the keys it was enrolled with, the vault it belongs to, and what it has verified before.

pub mod guarded;
mod keys;
mod pins;
mod profile;

pub use keys::{AgentKeys, Identity};
pub use pins::{LogPin, ObjectPin, Pins, Step};
pub use profile::{Incident, PinsError, Profile, Store};
