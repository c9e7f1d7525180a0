//! Which edition these tests are about: this one, not configured, with a tarpit that is quick.

use std::sync::Arc;

use clavitor_commercial::{
    Commercial, Unset,
    tarpit::{Limits, Measures},
};
use clavitor_server::edition::Edition;

/// A round is a thousandth of a second, so that an answer is whole before a test becomes impatient.
pub(crate) fn quick() -> Limits {
    let measures = Measures { spokes: 1, ..Limits::default().measures };
    Limits { measures, turn_ms: 1, ..Limits::default() }
}

/// The edition of every node of this test program.
pub(crate) fn under_test() -> Arc<dyn Edition> {
    Arc::new(Commercial::new(Err(Unset::Nothing), quick()))
}
