//! The machine's state in the folder `.fleet`, and the inbox through which verbs and deploys speak to a monitor that runs: one file for each input.

use std::collections::BTreeMap;

use super::{Incident, Input, Monitor, Rules};
use crate::{
    inventory::Inventory,
    state_folder::{StateError, StateFolder},
};

const STATE: &str = "monitor.json";
const INBOX: &str = "monitor-inbox";
/// Inputs that wait; more are refused, because nobody reads them.
const INBOX_FILES_MAX: usize = 1_000;

impl Rules {
    /// The numbers of an inventory.
    pub fn of(inventory: &Inventory) -> Self {
        let severity = &inventory.severity;
        Self {
            sev2_silent_s: severity.sev2_silent_s.into(),
            sev1_silent_s: severity.sev1_silent_s.into(),
            storm_fraction: severity.storm_fraction,
            storm_window_s: severity.storm_window_s.into(),
            key_days_max: inventory.fleet.key_days_max,
            ..Self::default()
        }
    }
}

impl Monitor {
    /// What was kept, or a new one; with the rules and the active nodes of the inventory.
    ///
    /// # Errors
    /// [`StateError`]; rules that contradict each other are a [`StateError::Content`] of the inventory.
    pub fn resume(state: &StateFolder, inventory: &Inventory, now_ms: u64) -> Result<Self, StateError> {
        let rules = Rules::of(inventory);
        let contradiction = |why| StateError::Content("[severity] of the inventory".into(), why);
        let mut monitor = match state.read_json::<Self>(STATE)? {
            Some(mut monitor) => {
                monitor.set_rules(rules).map_err(contradiction)?;
                monitor
            }
            None => Self::new(rules).map_err(contradiction)?,
        };
        let active: Vec<String> = inventory.active().map(|(name, _)| name.to_string()).collect();
        let gone: Vec<String> = monitor.watched().filter(|node| !active.iter().any(|name| name == node)).map(ToOwned::to_owned).collect();
        // Outputs of these are in the outbox as well.
        gone.into_iter().for_each(|node| drop(monitor.step(now_ms, Input::Retire(node))));
        active.into_iter().for_each(|node| drop(monitor.step(now_ms, Input::Enlist(node))));
        Ok(monitor)
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn keep(&self, state: &StateFolder) -> Result<(), StateError> {
        state.write_json(STATE, self)
    }
}

/// Open incidents by node, worst first in the words: what a deploy does not touch. None was ever kept: none is open.
///
/// # Errors
/// [`StateError`].
pub fn open_incidents(state: &StateFolder) -> Result<BTreeMap<String, Vec<Incident>>, StateError> {
    let mut by_node: BTreeMap<String, Vec<Incident>> = BTreeMap::new();
    for incident in state.read_json::<Monitor>(STATE)?.iter().flat_map(Monitor::open) {
        by_node.entry(incident.key.node.clone()).or_default().push(incident.clone());
    }
    by_node.values_mut().for_each(|incidents| incidents.sort_by_key(|incident| std::cmp::Reverse(incident.severity)));
    Ok(by_node)
}

/// Everything that was kept, for who only looks.
///
/// # Errors
/// [`StateError`].
pub fn kept(state: &StateFolder) -> Result<Option<Monitor>, StateError> {
    state.read_json(STATE)
}

/// Leaves an input for the monitor, which takes it within a second if it runs, and when it next starts if not.
///
/// # Errors
/// [`StateError`]; too many wait already.
pub fn leave(state: &StateFolder, now_ms: u64, input: &Input) -> Result<(), StateError> {
    let waiting = names(state).len();
    if waiting >= INBOX_FILES_MAX {
        return Err(StateError::Content(state.path(INBOX), format!("{waiting} inputs wait and no monitor takes them")));
    }
    let process = std::process::id();
    state.write_json(&format!("{INBOX}/{now_ms:015}-{process:010}-{waiting:04}.json"), input)
}

/// Opens a maintenance window for a node, as a deploy does before it restarts it. Where no monitor has ever run, nobody is told.
///
/// # Errors
/// As [`leave`].
pub fn open_window(state: &StateFolder, now_ms: u64, node: &str, for_ms: u64, why: &str) -> Result<(), StateError> {
    if !state.path(STATE).exists() {
        return Ok(());
    }
    leave(state, now_ms, &Input::Maintain { node: node.to_owned(), until_ms: now_ms.saturating_add(for_ms), why: why.to_owned() })
}

/// Takes what was left, oldest first. What cannot be understood is taken away too, and told.
///
/// # Errors
/// [`StateError::File`].
pub fn take(state: &StateFolder) -> Result<Vec<Result<Input, StateError>>, StateError> {
    let mut taken = Vec::new();
    for name in names(state) {
        let name = format!("{INBOX}/{name}");
        if let Some(input) = state.read_json(&name).transpose() {
            taken.push(input);
        }
        state.remove(&name)?;
    }
    Ok(taken)
}

fn names(state: &StateFolder) -> Vec<String> {
    let listed = std::fs::read_dir(state.path(INBOX)).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        listed.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(".json")).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_taken_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path());
        leave(&state, 2_000, &Input::Acknowledge { id: 2, by: "operator".to_owned() }).unwrap();
        leave(&state, 1_000, &Input::Tick).unwrap();
        state.write("monitor-inbox/9.json", "{").unwrap();
        let taken = take(&state).unwrap();
        assert!(matches!(taken[..], [Ok(Input::Tick), Ok(Input::Acknowledge { id: 2, .. }), Err(_)]), "{taken:?}");
        assert!(take(&state).unwrap().is_empty());
    }

    #[test]
    fn a_deploy_tells_the_monitor_if_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path());
        open_window(&state, 1_000, "tokyo", 5_000, "rollout 1").unwrap();
        assert!(take(&state).unwrap().is_empty());
        Monitor::new(Rules::default()).unwrap().keep(&state).unwrap();
        open_window(&state, 1_000, "tokyo", 5_000, "rollout 1").unwrap();
        let taken = take(&state).unwrap();
        assert!(matches!(&taken[..], [Ok(Input::Maintain { node, until_ms: 6_000, .. })] if node == "tokyo"), "{taken:?}");
    }

    #[test]
    fn a_monitor_resumes_with_the_inventory_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path());
        let text = crate::inventory::SHIPPED.replacen("state = \"planned\"", "state = \"active\"", 2);
        let inventory = Inventory::parse(&text, "fleet.toml").into_result().unwrap();
        let active = inventory.active().count();
        let mut monitor = Monitor::resume(&state, &inventory, 1_000).unwrap();
        assert_eq!(monitor.watched().count(), active);
        monitor.step(200_000, Input::Tick);
        monitor.keep(&state).unwrap();
        let mut fewer = inventory.clone();
        fewer.nodes.values_mut().for_each(|node| node.state = crate::inventory::State::Planned);
        let resumed = Monitor::resume(&state, &fewer, 201_000).unwrap();
        assert_eq!((resumed.watched().count(), resumed.open().count()), (0, 0));
        assert_eq!(kept(&state).unwrap(), Some(monitor));
    }
}
