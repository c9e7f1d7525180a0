//! The data folder: who may read it, how much room there is, what kind of file system it is on.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use super::finding::Finding;

const MIB: u64 = 1 << 20;
/// As the store judges: less than 5 % and less than this is little.
const LOW_BYTES: u64 = 256 * MIB;
/// Worth a word well before that.
const SOON_BYTES: u64 = 1 << 30;
/// Entries of a folder that are looked at.
const FILES_MAX: usize = 10_000;
/// File systems that lock and share memory over a network: statfs(2).
const NETWORK: &[(i64, &str)] = &[(0x6969, "NFS"), (0xFF53_4D42, "CIFS"), (0xFE53_4D42, "SMB2"), (0x517B, "SMB")];

/// Everything about the folder. The last element is false when there is no database to look into.
pub(super) fn look(data: &Path) -> (Vec<Finding>, bool) {
    let shown = data.display();
    match fs::metadata(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let todo = format!("clavitor serve --data {shown} makes it; or say the right one with --data");
            return (vec![Finding::fail("folder", format!("{shown} is not there"), todo)], false);
        }
        Err(error) => return (vec![Finding::fail("folder", format!("{shown}: {error}"), format!("ls -ld {shown}"))], false),
        Ok(found) if !found.is_dir() => {
            return (vec![Finding::fail("folder", format!("{shown} is not a folder"), "say the right one with --data")], false);
        }
        Ok(_) => {}
    }
    let has_database = data.join("clavitor.db").exists();
    let mut findings = vec![permissions(data), room(data), file_system(data)];
    if !has_database {
        let todo = "clavitor serve makes one; if there was one, mount its volume or type clavitor restore";
        findings.push(Finding::fail("database", format!("there is none in {shown}"), todo));
    }
    (findings, has_database)
}

fn permissions(data: &Path) -> Finding {
    let mut open = Vec::new();
    if let Err(error) = collect_open(data, &mut open) {
        return Finding::fail("permissions", format!("{}: {error}", data.display()), "run the doctor as the node's user");
    }
    if open.is_empty() {
        return Finding::ok("permissions", "only the node's user can read the folder and what is in it");
    }
    let names = open.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    Finding::fail("permissions", format!("others can read {names}"), format!("chmod -R go= {}", data.display()))
}

/// What others than the owner may use.
fn collect_open(data: &Path, open: &mut Vec<String>) -> io::Result<()> {
    let mut note = |path: &Path| -> io::Result<()> {
        if fs::symlink_metadata(path)?.permissions().mode() & 0o077 != 0 {
            open.push(path.display().to_string());
        }
        Ok(())
    };
    note(data)?;
    for file in fs::read_dir(data)?.take(FILES_MAX) {
        match note(&file?.path()) {
            // Gone since: the log of a database that was just closed.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn room(data: &Path) -> Finding {
    let Ok(disk) = rustix::fs::statvfs(data) else {
        return Finding::warn("disk", "its room cannot be read", format!("df {}", data.display()));
    };
    let (free, all) = (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize));
    judge_room(free, all, disk.f_favail, disk.f_files)
}

fn judge_room(free: u64, all: u64, free_files: u64, files: u64) -> Finding {
    let what = format!("{} of {} free", size(free), size(all));
    let todo = "make room: old backups, logs, packages; df -h shows where";
    if free < (all / 20).min(LOW_BYTES) {
        return Finding::fail("disk", format!("{what}: agents' writes and releases have stopped"), todo);
    }
    // Some file systems count no files.
    if files > 0 && free_files < 1000 {
        return Finding::fail("disk", format!("{what}, but only {free_files} more files can be made"), "df -i shows where they are");
    }
    if free < SOON_BYTES && free < all / 10 { Finding::warn("disk", what, todo) } else { Finding::ok("disk", what) }
}

fn file_system(data: &Path) -> Finding {
    let kind = rustix::fs::statfs(data).map_or(0, |found| found.f_type & 0xFFFF_FFFF);
    match NETWORK.iter().find(|(magic, _)| *magic == kind) {
        Some((_, name)) => Finding::fail(
            "file system",
            format!("the data folder is on {name}; a database over a network loses writes"),
            "stop the node and move the folder to a disk of this machine",
        ),
        None => Finding::ok("file system", "a local one"),
    }
}

/// Who the folder belongs to, and who asks. Files that another user made would lock the node out.
pub(super) fn foreign_owner(data: &Path) -> Option<u32> {
    let owner = fs::metadata(data.join("clavitor.db")).ok()?.uid();
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

/// Whether two paths are on one disk.
pub(super) fn same_disk(a: &Path, b: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    device(a).is_some() && device(a) == device(b)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x1000_0000 => format!("{} MB", bytes / MIB),
        _ => format!("{}.{} GB", bytes >> 30, (bytes >> 20) % 1024 * 10 / 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Level, *};

    #[test]
    fn room_is_judged_as_the_store_does_and_earlier() {
        let gib = 1 << 30;
        let level = |free, all| judge_room(free, all, 1_000_000, 2_000_000).level;
        assert_eq!(level(100 * gib, 200 * gib), Level::Ok);
        assert_eq!(level(gib / 2, 200 * gib), Level::Warn);
        assert_eq!(level(200 * MIB, 200 * gib), Level::Fail);
        assert_eq!(level(gib / 2, gib), Level::Ok, "half of a small disk is enough");
        assert_eq!(level(gib / 30, gib), Level::Fail);
        assert_eq!(judge_room(100 * gib, 200 * gib, 10, 1_000_000).level, Level::Fail);
        assert_eq!(judge_room(100 * gib, 200 * gib, 0, 0).level, Level::Ok);
    }

    #[test]
    fn what_others_can_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let file = folder.path().join("node.key");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(permissions(folder.path()).level, Level::Ok);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let found = permissions(folder.path());
        assert!(
            found.level == Level::Fail && found.text().contains("node.key") && found.text().contains("chmod -R go="),
            "{}",
            found.text()
        );
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!((size(3 * MIB), size(3 << 29), size(40 << 30)), ("3 MB".to_owned(), "1.5 GB".to_owned(), "40.0 GB".to_owned()));
    }
}
