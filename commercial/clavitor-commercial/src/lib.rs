//! The Commercial edition: what a managed fleet adds to a node.

use clavitor_server::edition::Edition;

/// The Commercial edition.
#[derive(Debug, Clone, Copy)]
pub struct Commercial;

impl Edition for Commercial {
    fn name(&self) -> &'static str {
        "commercial"
    }
}
