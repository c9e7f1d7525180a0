//! An alert arrives once it can, whatever happens to the process and to the receiver; and it is never sent by a node that was not told where.

use std::{net::TcpListener, process::Command};

use crate::{
    node::{Folder, TOKEN, exists},
    recorder::{Manner, Recorder},
};

#[test]
fn an_alert_that_was_on_its_way_when_the_process_was_killed_comes_again_with_its_id() {
    let (folder, recorder) = (Folder::new(), Recorder::start(Manner::Silent));
    folder.damage();
    let process = folder.start(Some(&recorder.url()));
    let first = recorder.wait_for(1).remove(0);
    let log = process.kill();
    assert!(log.contains("OPERATOR ALERT [database_damaged]: "), "{log}");
    assert_eq!(folder.queued(), [first.event_id()], "it is on the disk, for it has not arrived");

    recorder.behave(Manner::Status(202));
    folder.mend();
    let process = folder.serve(Some(&recorder.url()));
    let again = recorder.wait_for(2).remove(1);
    assert_eq!((again.event_id(), &again.body), (first.event_id(), &first.body));
    process.stop();
    assert!(folder.queued().is_empty());

    folder.serve(Some(&recorder.url())).stop();
    assert_eq!(recorder.heard().len(), 2, "what has arrived is not sent again");
}

#[test]
fn an_alert_is_sent_before_a_node_that_cannot_start_ends() {
    let (folder, recorder) = (Folder::new(), Recorder::start(Manner::Status(200)));
    folder.damage();
    let (code, log) = folder.start(Some(&recorder.url())).end();
    assert_eq!(code, Some(1), "{log}");
    let heard = recorder.wait_for(1).remove(0);
    assert_eq!((heard.line.as_str(), heard.authorization.clone()), ("POST /v1/alerts HTTP/1.1", format!("Bearer {TOKEN}")));
    let hostname = String::from_utf8(Command::new("uname").arg("-n").output().unwrap().stdout).unwrap();
    let body = &heard.body;
    assert_eq!(
        (&body["edition"], &body["type"], &body["pop_region"]),
        (&"commercial".into(), &"database_damaged".into(), &"eu-west-9".into())
    );
    assert_eq!((&body["hostname"], &body["details"]), (&hostname.trim().into(), &serde_json::json!({"check": "start"})));
    assert_eq!(body.as_object().unwrap().len(), 8);
    assert!(folder.queued().is_empty());
}

#[test]
fn alerts_wait_through_restarts_for_a_receiver_that_is_away_and_arrive_in_order() {
    let folder = Folder::new();
    let away = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    folder.damage();
    for started in 1..=3 {
        let (code, log) = folder.start(Some(&format!("http://{away}"))).end();
        assert_eq!(code, Some(1));
        assert!(log.contains("alerts wait for the next start"), "{log}");
        assert_eq!(folder.queued().len(), started);
    }
    let (waiting, recorder) = (folder.queued(), Recorder::start(Manner::Status(503)));
    folder.mend();
    let process = folder.serve(Some(&recorder.url()));
    recorder.wait_for(1);
    recorder.behave(Manner::Status(204));
    let heard: Vec<String> = recorder.wait_for(4).iter().map(|heard| heard.event_id().to_owned()).collect();
    assert_eq!(heard[1..], waiting, "the first one again, then the others");
    let log = process.stop();
    assert_eq!(log.matches("alerts do not arrive").count(), 1, "said once for each change");
    assert_eq!(log.matches("alerts arrive again").count(), 1);
}

#[test]
fn without_configuration_it_works_only_logs_and_says_so_once() {
    let folder = Folder::new();
    let log = folder.serve(None).stop();
    assert_eq!(log.matches("telemetry is not configured").count(), 1, "{log}");
    folder.damage();
    let (code, log) = folder.start(None).end();
    assert_eq!(code, Some(1));
    assert!(log.contains("OPERATOR ALERT [database_damaged]: ") && log.contains("check=\"start\""), "{log}");
    assert!(!exists(&folder.data().join("alerts")));
}

#[test]
fn it_says_which_edition_it_is_and_what_it_consists_of() {
    let said = Command::new(env!("CARGO_BIN_EXE_clavitor-commercial")).arg("version").output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(format!("clavitor {} commercial", env!("CARGO_PKG_VERSION")).as_str()));
    assert!(lines.clone().count() >= 10 && lines.all(|line| line.starts_with("clavitor-commercial module ")), "{text}");
}
