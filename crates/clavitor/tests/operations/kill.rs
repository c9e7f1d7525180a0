//! Killed in the middle of a backup: no half file has a whole one's name, and the next start clears what is left.

use std::{fs, path::Path};

use crate::house::{Node, names, opens, prepared};

const KILLS: usize = 6;
/// The machine may be slow to look; so many starts are enough for the kills.
const STARTS_MAX: usize = 60;

fn is_whole(name: &str) -> bool {
    name.ends_with(".clv")
}

fn is_left_over(name: &str) -> bool {
    name.contains(".clv.") && !name.ends_with(".sha256")
}

/// Starts a node whose backup is due at once and kills it when a temporary file of the stage is there. Whether it came in time.
fn kill_at(data: &Path, shelf: &Path, stage: &str) -> bool {
    let node = Node::start(data, &["--backup-dir", shelf.to_str().unwrap()]);
    loop {
        let found = names(shelf);
        if found.iter().any(|name| name.contains(stage)) {
            node.signal("-KILL");
            node.ended();
            return names(shelf).iter().any(|name| is_left_over(name));
        }
        if found.iter().any(|name| is_whole(name)) {
            return false;
        }
    }
}

#[test]
fn a_kill_during_a_backup_leaves_nothing_that_looks_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (data, shelf, whole) = (folder.path().join("data"), folder.path().join("shelf"), folder.path().join("whole"));
    let code = prepared(&data);
    fs::create_dir(&whole).unwrap();
    let (mut kills, mut starts) = (0, 0);
    while kills < KILLS {
        starts += 1;
        assert!(starts <= STARTS_MAX, "{kills} kills in {starts} starts");
        kills += usize::from(kill_at(&data, &shelf, [".copy-", ".partial-", ".check-"][starts % 3]));
        // Whatever has the name of a whole one is whole. It is moved away, so that the next backup is due again.
        for name in names(&shelf).into_iter().filter(|name| is_whole(name)) {
            let file = whole.join(format!("{starts}-{name}"));
            let _ = fs::remove_file(shelf.join(format!("{name}.sha256")));
            fs::rename(shelf.join(&name), &file).unwrap();
            assert!(opens(&file, &code), "{name}");
        }
    }
    let node = Node::start(&data, &["--backup-dir", shelf.to_str().unwrap()]);
    while !names(&shelf).iter().any(|name| name.ends_with(".sha256")) {
        std::thread::yield_now();
    }
    assert_eq!(node.stop().0, Some(0));
    let left = names(&shelf);
    assert!(!left.iter().any(|name| is_left_over(name)), "{left:?}");
    let last = left.iter().find(|name| is_whole(name)).unwrap();
    assert!(opens(&shelf.join(last), &code));
}
