//! Whether those who watch the node hear of it, and what its edition counts.

use clavitor_server::control::{State, Told};

use super::finding::Finding;

/// A line for each of those who are told, and one for the edition's figures.
pub(super) fn look(state: &State) -> Vec<Finding> {
    let mut findings: Vec<_> = state.pushes.iter().map(|told| push(told, state.now_ms)).collect();
    if !state.gauges.is_empty() {
        let figures: Vec<_> = state.gauges.iter().map(|(name, value)| format!("{name} {value}")).collect();
        findings.push(Finding::ok("edition", figures.join(", ")));
    }
    findings
}

fn push(told: &Told, now_ms: u64) -> Finding {
    let last = told.arrived_ms.map_or_else(
        || "none arrived yet".to_owned(),
        |arrived_ms| format!("the last arrived {} s ago", now_ms.saturating_sub(arrived_ms) / 1000),
    );
    let what = format!("{}: {last}; {} arrived, {} failed", told.to, told.sent, told.failed);
    match &told.fault {
        Some(fault) => Finding::warn("pushes", format!("{what}: {fault}"), "look at its address and its token; the node's log says more"),
        None => Finding::ok("pushes", what),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Level, *};

    #[test]
    fn who_hears_nothing_is_a_warning_with_its_reason() {
        let told = |fault: Option<&str>| Told {
            to: "kuma".to_owned(),
            sent: 3,
            failed: 2,
            arrived_ms: Some(5_000),
            fault: fault.map(ToOwned::to_owned),
        };
        let well = push(&told(None), 65_000);
        assert!(well.level == Level::Ok && well.text().contains("kuma: the last arrived 60 s ago; 3 arrived, 2 failed"), "{}", well.text());
        let silent = push(&Told { arrived_ms: None, ..told(Some("cannot be reached")) }, 65_000);
        assert!(silent.level == Level::Warn && silent.text().contains("none arrived yet"), "{}", silent.text());
        assert!(silent.text().contains("cannot be reached"));
    }
}
