//! What an operator is told while a node runs, and that it is told once.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use clavitor_server::{
    Limits,
    alert::{Alert, BackupFault},
    edition::Edition,
    schedule::{self, Schedule, plan::Plan},
    vitals::watch_every,
};
use clavitor_vault::backup;
use serde_json::json;

use crate::{
    agent::Agent,
    node::{Asker, TestNode},
    story::{PASSWORD, household, login, terms},
};

const LOOK: Duration = Duration::from_millis(5);
const HOUR_S: u64 = 3_600;

/// An edition that remembers what its operator was told.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<Alert>>);

impl Edition for Recorder {
    fn name(&self) -> &'static str {
        "community"
    }

    fn alert(&self, alert: &Alert) {
        self.0.lock().unwrap().push(*alert);
    }
}

impl Recorder {
    fn told(&self) -> Vec<Alert> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until as many were told. A test that waits for ever is ended by its runner.
    async fn until(&self, count: usize) {
        while self.told().len() < count {
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn recorded() -> (Arc<Recorder>, TestNode) {
    let recorder = Arc::new(Recorder::default());
    let node = TestNode::of(recorder.clone(), Limits::default());
    (recorder, node)
}

#[tokio::test]
async fn a_clock_that_is_set_forward_or_back_is_told_and_shown() {
    let (recorder, node) = recorded();
    let watching = tokio::spawn(watch_every(node.app.node().clone(), LOOK, node.shutdown.clone()));
    // The first reading has to be of the clock as it was.
    while node.app.node().vitals().cpu_percent.is_none() {
        tokio::time::sleep(LOOK).await;
    }
    node.pass(2 * HOUR_S);
    recorder.until(1).await;
    node.back(3 * HOUR_S);
    recorder.until(2).await;
    assert_eq!(recorder.told(), [Alert::ClockJumped { by_s: 7_200 }, Alert::ClockJumped { by_s: -10_800 }]);
    let ready = String::from_utf8(node.get(&Asker::Nobody, "/readyz").await.bytes).unwrap();
    assert!(ready.contains("it jumped by -10800 s"), "{ready}");
    node.shutdown.cancel();
    watching.await.unwrap();
}

#[tokio::test]
async fn agents_that_are_locked_are_told_by_number() {
    let (recorder, node) = recorded();
    let (mut browser, scope) = household(&node, "greedy").await;
    let mut entries = Vec::new();
    for number in 0..4 {
        let (entry, changes) = browser.person.add_entry(login(&format!("Login {number}"), scope), node.now_ms()).unwrap();
        browser.change(&node, changes).await.ok();
        entries.push(entry.to_string());
    }
    let one = Agent::enrolled(&node, &mut browser, &terms(&node, "one", scope), "one").await;
    let two = Agent::enrolled(&node, &mut browser, &terms(&node, "two", scope), "two").await;
    for agent in [one, two] {
        for refusal in ["budget_exceeded", "agent_locked"] {
            for (number, entry) in entries.iter().enumerate() {
                let ask = json!({"entry_id": entry, "field_ids": [PASSWORD.to_string()], "mode": "use"});
                let reply = node.post(&Asker::Agent(&agent), "/v1/agent/release", &ask).await;
                assert_eq!(reply.code(), if number == 3 { refusal } else { "" }, "{number}");
            }
            node.pass(HOUR_S / 4);
        }
    }
    let watching = tokio::spawn(watch_every(node.app.node().clone(), LOOK, node.shutdown.clone()));
    recorder.until(1).await;
    // Many looks later it is still the only one.
    tokio::time::sleep(20 * LOOK).await;
    assert_eq!(recorder.told(), [Alert::AgentLocked { agents: 2 }]);
    node.shutdown.cancel();
    watching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_grows_too_old_is_told_besides_its_failures() {
    let (recorder, node) = recorded();
    let folder = tempfile::tempdir().unwrap();
    node.vault.write_wait(node.now_ms(), backup::make_code).unwrap();
    let plan = Plan { every_ms: HOUR_S * 1000, keep: 2 };
    schedule::start(node.app.node(), Schedule { folder: folder.path().to_owned(), plan, look_every: LOOK }, &node.shutdown);
    while node.app.node().backups().status().newest.is_none() {
        tokio::time::sleep(LOOK).await;
    }
    // A folder of this name stands where the next backup would be written to.
    fs::create_dir(folder.path().join("clavitor-000002-20261122T130000Z.clv")).unwrap();
    node.pass(HOUR_S);
    recorder.until(1).await;
    assert_eq!(recorder.told(), [Alert::BackupFailed { failures: 1, cause: BackupFault::NotWritable }]);
    fs::create_dir(folder.path().join("clavitor-000002-20261122T150001Z.clv")).unwrap();
    node.pass(2 * HOUR_S + 1);
    recorder.until(2).await;
    assert_eq!(recorder.told()[1..], [Alert::BackupOld { age_h: 3, age_h_max: 2 }]);
}
