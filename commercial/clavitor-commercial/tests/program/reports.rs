//! A node that was told where sends full reports by itself, under the name of its region.

use crate::{
    node::{Folder, TOKEN},
    recorder::{Manner, Recorder},
};

#[test]
fn a_report_comes_at_once_after_the_start_and_names_region_and_edition() {
    let (folder, recorder) = (Folder::new(), Recorder::start(Manner::Status(202)));
    let process = folder.serve(Some(&recorder.url()));
    let report = recorder.wait_for_reports(1).remove(0);
    assert_eq!(report.line, "POST /v1/telemetry HTTP/1.1");
    assert_eq!(report.authorization, format!("Bearer {TOKEN}"));
    for (name, value) in [("node", "eu-west-9"), ("edition", "commercial"), ("db_integrity", "ok")] {
        assert_eq!(report.body[name], value, "{name}: {}", report.body);
    }
    assert!(report.body["seq"] == 1 && report.body["tarpit_held"] == 0 && report.body["uptime_s"].is_number(), "{}", report.body);
    process.stop();
    assert!(recorder.heard().is_empty(), "a report is no alert");
}
