//! A small disk of a test's own. Needs root, a loop device and mkfs.ext4.

use std::{
    path::Path,
    process::{Command, Stdio},
};

fn done(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A file system in a file, mounted until it is dropped.
pub(crate) struct Disk {
    image: String,
    mount: String,
}

impl Disk {
    /// None where it cannot be made.
    pub(crate) fn new(folder: &Path, bytes: u64) -> Option<Self> {
        let shown = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let disk = Self { image: shown("image"), mount: shown("mount") };
        std::fs::create_dir(&disk.mount).unwrap();
        std::fs::File::create(&disk.image).unwrap().set_len(bytes).unwrap();
        let ready = rustix::process::geteuid().is_root() && done("mkfs.ext4", &["-q", "-m", "0", &disk.image]) && disk.mount();
        ready.then_some(disk)
    }

    pub(crate) fn path(&self) -> &Path {
        Path::new(&self.mount)
    }

    /// Bytes that are free on it.
    pub(crate) fn free_bytes(&self) -> u64 {
        let disk = rustix::fs::statvfs(&*self.mount).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    fn mount(&self) -> bool {
        done("mount", &["-o", "loop", &self.image, &self.mount])
    }

    /// Nothing is written back from here on, the file system's own log included.
    pub(crate) fn cut_power(&self) {
        assert!(done("xfs_io", &["-x", "-c", "shutdown", &self.mount]), "xfs_io cannot shut the file system down");
    }

    pub(crate) fn after_power_loss(&self) {
        assert!(done("umount", &[&self.mount]) && self.mount());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        done("umount", &["-l", &self.mount]);
    }
}
