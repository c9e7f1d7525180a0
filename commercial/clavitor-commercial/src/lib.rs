//! The Commercial edition: what a managed fleet adds to a node.

use clavitor_server::edition::{Community, Edition};

/// The Commercial edition.
#[derive(Debug, Clone, Copy)]
pub struct Commercial;

impl Edition for Commercial {
    fn name(&self) -> &'static str {
        "commercial"
    }

    fn alert(&self, kind: &str, message: &str) {
        Community.alert(kind, message);
    }
}
