//! Every event says what it is, in words that are ours, and its line of the log has every figure.

use std::collections::BTreeSet;

use self::lines::Lines;
use super::{Alert, Detail, DiskState};

#[path = "../../tests/server/lines.rs"]
mod lines;

fn logged(alert: Alert) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
    tracing::subscriber::with_default(subscriber, || alert.log());
    lines.text()
}

/// The kinds that `kind` can give, as the source has them.
fn kinds_in_source() -> BTreeSet<&'static str> {
    let source = include_str!("../alert.rs");
    let body = source.split("pub fn kind").nth(1).unwrap().split("pub fn message").next().unwrap();
    body.split('"').skip(1).step_by(2).collect()
}

#[test]
fn the_list_of_every_event_misses_none() {
    let listed: BTreeSet<&str> = Alert::every(1, -1, 1).iter().map(Alert::kind).collect();
    assert_eq!(listed, kinds_in_source());
    assert!(listed.len() > 10);
}

#[test]
fn names_are_plain_words_and_so_is_what_is_not_a_number() {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    for alert in Alert::every(u64::MAX, i64::MIN, u8::MAX) {
        assert!(plain(alert.kind()), "{alert:?}");
        assert!(!alert.message().is_empty() && !alert.message().ends_with('.'), "{alert:?}");
        for (name, detail) in alert.details() {
            assert!(plain(name), "{alert:?}");
            assert!(matches!(detail, Detail::Number(_)) || plain(&detail.to_string()), "{alert:?}");
        }
    }
}

#[test]
fn the_log_line_has_type_message_and_every_figure() {
    for alert in Alert::every(7, -3, 12) {
        let line = logged(alert);
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(line.contains(&format!("OPERATOR ALERT [{}]: {}", alert.kind(), alert.message())), "{line}");
        for (name, detail) in alert.details() {
            let field = match detail {
                Detail::Number(number) => format!(" {name}={number}"),
                Detail::Word(word) => format!(" {name}=\"{word}\""),
            };
            assert!(line.contains(&field), "{field} is not in {line}");
        }
    }
}

#[test]
fn figures_that_an_event_does_not_have_are_not_logged() {
    let line = logged(Alert::Disk { state: DiskState::Full });
    assert!(line.contains("state=\"full\"") && !line.contains("failures") && !line.contains("None"), "{line}");
}
