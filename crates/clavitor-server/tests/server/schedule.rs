//! Scheduled backups as a running node makes them: verified, kept by count, told about when they fail.

use std::{fs, path::Path, time::Duration};

use clavitor_server::{
    Shutdown,
    alert::BackupFault,
    schedule::{
        Schedule,
        plan::Plan,
        shelf::{self, Checksum, Shelf, ShelfError},
        start,
    },
};
use clavitor_vault::backup;

use crate::node::TestNode;

const EVERY_MS: u64 = 3_600_000;
const LOOK: Duration = Duration::from_millis(5);

fn schedule(folder: &Path, keep: usize) -> Schedule {
    Schedule { folder: folder.to_owned(), plan: Plan { every_ms: EVERY_MS, keep }, look_every: LOOK }
}

/// Waits until it is so. A test that waits for ever is ended by its runner.
async fn until(so: impl Fn() -> bool) {
    while !so() {
        tokio::time::sleep(LOOK).await;
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_made_on_time_verified_and_kept_by_count() {
    let (node, folder, shutdown) = (TestNode::new(), tempfile::tempdir().unwrap(), Shutdown::default());
    let shelf = folder.path().join("backups");
    let code = node.vault.write_wait(node.now_ms(), backup::make_code).unwrap();
    let running = start(node.app.node(), schedule(&shelf, 2), &shutdown);
    let status = || node.app.node().backups().status();
    for number in 1..=4 {
        until(|| status().newest.is_some_and(|newest| newest.number == number)).await;
        assert_eq!(status().age_ms(node.now_ms()), Some(0));
        let taken = status().newest.unwrap();
        assert_eq!(shelf::recheck(&shelf, taken).unwrap(), Checksum::Holds);
        let file = names(&shelf).into_iter().find(|name| name.starts_with(&format!("clavitor-{number:06}-")) && name.ends_with(".clv"));
        assert!(backup::verify(&shelf.join(file.unwrap()), &code).is_ok());
        node.pass(EVERY_MS / 1000);
    }
    until(|| status().kept == 2 && status().newest.is_some_and(|newest| newest.number == 5)).await;
    shutdown.cancel();
    running.await.unwrap();
    let kept: Vec<_> = shelf::kept(&shelf).unwrap().iter().map(|kept| kept.number).collect();
    assert_eq!(kept, [4, 5]);
    assert_eq!(names(&shelf).len(), 5, "two backups, their checksums, and whose they are: {:?}", names(&shelf));
    assert!(!status().is_old(node.now_ms()) && status().failures == 0);
    assert!(status().is_old(node.now_ms() + 2 * EVERY_MS + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_fails_takes_none_of_the_old_ones_with_it() {
    let (node, folder, shutdown) = (TestNode::new(), tempfile::tempdir().unwrap(), Shutdown::default());
    let status = || node.app.node().backups().status();
    start(node.app.node(), schedule(folder.path(), 1), &shutdown);
    until(|| status().cause == Some(BackupFault::NoCode)).await;
    node.vault.write_wait(node.now_ms(), backup::make_code).unwrap();
    node.pass(300);
    until(|| status().newest.is_some()).await;
    assert_eq!((status().failures, status().cause), (0, None));
    // A folder of this name stands where the next backup would be written to.
    let blocked = folder.path().join("clavitor-000002-20261122T130500Z.clv");
    fs::create_dir(&blocked).unwrap();
    node.pass(EVERY_MS / 1000);
    until(|| status().failures == 1).await;
    assert_eq!(status().kept, 1);
    assert_eq!(shelf::recheck(folder.path(), status().newest.unwrap()).unwrap(), Checksum::Holds);
    fs::remove_dir(&blocked).unwrap();
    node.pass(300);
    until(|| status().newest.is_some_and(|newest| newest.number == 2)).await;
    shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_used_is_tried_again() {
    let (node, folder, shutdown) = (TestNode::new(), tempfile::tempdir().unwrap(), Shutdown::default());
    node.vault.write_wait(node.now_ms(), backup::make_code).unwrap();
    let path = folder.path().join("not-a-folder");
    fs::write(&path, "").unwrap();
    start(node.app.node(), schedule(&path, 1), &shutdown);
    let status = || node.app.node().backups().status();
    until(|| status().cause == Some(BackupFault::NotWritable)).await;
    assert!(status().is_old(node.now_ms()), "there is none, and there should be");
    fs::remove_file(&path).unwrap();
    // A look that began before the file was gone still fails; the one after it does not.
    until(|| {
        node.pass(60);
        status().newest.is_some()
    })
    .await;
    shutdown.cancel();
}

#[test]
fn a_folder_is_one_nodes_and_what_was_cut_off_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(folder.path(), &[1; 32]).unwrap();
    assert!(matches!(Shelf::open(folder.path(), &[1; 32]), Err(ShelfError::InUse(_))));
    drop(shelf);
    assert!(matches!(Shelf::open(folder.path(), &[2; 32]), Err(ShelfError::Foreign(_))));
    let (cut, whole) = ("clavitor-000001-20270115T080000Z.clv.partial-00", "clavitor-000001-20270115T080000Z.clv");
    for (name, bytes) in
        [(cut, b"CLVBKP1\n".as_slice()), (whole, b"CLVBKP1\n..."), ("clavitor-000002-20270115T080000Z.clv", b""), ("notes", b"")]
    {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let shelf = Shelf::open(folder.path(), &[1; 32]).unwrap();
    assert!(!names(folder.path()).contains(&cut.to_owned()) && names(folder.path()).contains(&"notes".to_owned()));
    let kept: Vec<_> = shelf.kept().unwrap().iter().map(|kept| kept.number).collect();
    assert_eq!(kept, [1], "an empty file is no backup");
}

#[tokio::test]
async fn a_checksum_finds_a_changed_byte() {
    let folder = tempfile::tempdir().unwrap();
    let node = TestNode::new();
    node.vault.write_wait(node.now_ms(), backup::make_code).unwrap();
    let path = folder.path().join("clavitor-000001-20270115T080000Z.clv");
    backup::write(&node.vault, node.now_ms(), &path).unwrap();
    let kept = shelf::kept(folder.path()).unwrap()[0];
    assert_eq!(shelf::recheck(folder.path(), kept).unwrap(), Checksum::Missing);
    let sum = std::process::Command::new("sha256sum").arg(path.file_name().unwrap()).current_dir(folder.path()).output().unwrap();
    fs::write(path.with_added_extension("sha256"), &sum.stdout).unwrap();
    assert_eq!(shelf::recheck(folder.path(), kept).unwrap(), Checksum::Holds, "as sha256sum writes it");
    let mut bytes = fs::read(&path).unwrap();
    bytes[1000] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(shelf::recheck(folder.path(), kept).unwrap(), Checksum::Differs);
}
