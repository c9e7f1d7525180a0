//! Power loss: the file system is cut off the moment something was acknowledged, and nothing in memory reaches it any more. What was acknowledged is there.
//!
//! Needs root, a loop device, mkfs.ext4 and xfs_io. Without them the test says that it was left out.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::house::{Node, clavitor, err, opens, out};

/// Power cuts of one run.
const CUTS: usize = 3;

fn done(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A file system in a file, mounted until it is dropped.
struct Disk {
    image: String,
    mount: String,
}

impl Disk {
    fn new(folder: &Path) -> Option<Self> {
        let shown = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let disk = Self { image: shown("image"), mount: shown("mount") };
        std::fs::create_dir(&disk.mount).unwrap();
        std::fs::File::create(&disk.image).unwrap().set_len(256 << 20).unwrap();
        let ready = rustix::process::geteuid().is_root() && done("mkfs.ext4", &["-q", &disk.image]) && disk.mount();
        ready.then_some(disk)
    }

    fn mount(&self) -> bool {
        done("mount", &["-o", "loop", &self.image, &self.mount])
    }

    /// Nothing is written back from here on, the file system's own log included.
    fn cut_power(&self) {
        assert!(done("xfs_io", &["-x", "-c", "shutdown", &self.mount]), "xfs_io cannot shut the file system down");
    }

    fn after_power_loss(&self) {
        assert!(done("umount", &[&self.mount]) && self.mount());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        done("umount", &["-l", &self.mount]);
    }
}

#[test]
fn what_was_acknowledged_survives_the_loss_of_power() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(folder.path()) else {
        println!("LEFT OUT: a power loss needs root, a loop device, mkfs.ext4 and xfs_io");
        return;
    };
    let data = Path::new(&disk.mount).join("data");
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
