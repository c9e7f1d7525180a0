//! Everything a person's browser does to a vault, in Rust: for tests, vectors and benches. No product crate links it, because it holds every key.
//!
//! [`Person`] is an unlocked vault. Its methods return [`Changes`]: plain bytes in the shape of one change on the wire.

mod agents;
mod changes;
mod double;
mod draft;
mod entries;
mod error;
pub mod feed;
mod grant_body;
mod hierarchy;
mod kinds;
mod person;
mod prf;
mod rotation;
mod seeded;
mod unlock;
mod unlockers;
pub mod vectors;

pub use agents::{AgentTerms, HostedAgent, Invitation};
pub use changes::{Changes, EnrolmentChange, EntryChange, Grant, HostedTokenChange, ScopeWrapChange, UnlockerChange};
pub use double::AgentDouble;
pub use draft::{Draft, FieldDraft, Value};
pub use entries::{Entry, StoredEntry};
pub use error::Error;
pub use grant_body::{GrantBody, GrantScope};
pub use hierarchy::VaultKeys;
pub use kinds::{EnrolGrant, Grant2, PreviousVmk, Tier2, Tier3, UnlockerRecord, UskRecord};
pub use person::{Genesis, Person};
pub use prf::{PasskeyPrf, Way};
pub use seeded::Seeded;
pub use unlock::{Pin, Step, Stored, Unlocked, unlock};
