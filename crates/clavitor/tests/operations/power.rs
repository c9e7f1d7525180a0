//! Power loss: the file system is cut off the moment something was acknowledged, and nothing in memory reaches it any more. What was acknowledged is there.
//!
//! Needs root, a loop device, mkfs.ext4 and xfs_io. Without them the test says that it was left out.

use crate::{
    house::{Node, clavitor, err, opens, out},
    mount::Disk,
};

/// Power cuts of one run.
const CUTS: usize = 3;
const DISK_BYTES: u64 = 256 << 20;

#[test]
fn what_was_acknowledged_survives_the_loss_of_power() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(folder.path(), DISK_BYTES) else {
        println!("LEFT OUT: a power loss needs root, a loop device, mkfs.ext4 and xfs_io");
        return;
    };
    let data = disk.path().join("data");
    let shown = data.to_str().unwrap();
    for cut in 0..CUTS {
        let node = Node::start(&data, &[]);
        // Each code replaces the one before; only the last that was shown opens later backups.
        let codes: Vec<String> = (0..=cut * 2).map(|_| out(&clavitor(&["backup", "code", "--data", shown]))).collect();
        disk.cut_power();
        node.signal("-KILL");
        node.ended();
        disk.after_power_loss();
        let file = folder.path().join(format!("{cut}.clv"));
        let created = clavitor(&["backup", "create", "--data", shown, file.to_str().unwrap()]);
        assert!(created.status.success(), "{}", err(&created));
        assert!(opens(&file, codes.last().unwrap()), "the last code that was shown was lost");
    }
}
