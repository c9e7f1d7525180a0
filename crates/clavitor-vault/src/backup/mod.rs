//! Backups: one sealed file, taken while the node is live, verified by opening it.
//!
//! The file is `"CLVBKP1\n"`, backup_id\[16\], u16be length of the wrap, the HPKE wrap of the content key, then chunks: u32be length and a record 0x16
//! each, the last one marked as last (docs/FORMAT.md sections 4 and 5). Opened and joined, the chunks are u64be Unix ms, the log key's seed\[32\],
//! u64be length, and the database. The node keeps only the public key of the backup code, so that a thief of the node opens no backup.

mod seal;

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use clavitor_crypto::{Secret, code::Code, random::Os, record::RecordKey, sign::SigningKey, wrap::WrapPublic};
use zeroize::Zeroizing;

use self::seal::{Opener, Sealer};
use crate::{
    Error, Result, Vault, Write,
    store::{
        copy::{Contents, inspect},
        folder::{DATABASE, Folder, LOG_KEY, private_file, sync_file, write_log_key},
    },
};

const COPY_BYTES: usize = 64 * 1024;
/// Room that a backup leaves free.
const SPARE_BYTES: u64 = 1 << 20;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInfo {
    /// When it was taken, Unix milliseconds.
    pub taken_ms: u64,
    /// Bytes of the database in it.
    pub database_bytes: u64,
    /// Chunks it is sealed in.
    pub chunks: u64,
    /// Vaults.
    pub vaults: u64,
    /// Entries, purged ones included.
    pub entries: u64,
}

/// Makes a backup code, keeps its public key, and returns the code as it is shown, once. Later backups are sealed to it.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn make_code(w: &Write<'_>) -> Result<Zeroizing<String>> {
    let code = Code::make_with(&mut Os);
    let public = code.backup_key().public().map_err(|_| Error::Internal("a backup key was refused".to_owned()))?;
    w.put_backup_key(&public.0)?;
    Ok(code.text())
}

/// Whether there is a backup code.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub fn has_code(r: &crate::Read<'_>) -> Result<bool> {
    Ok(r.backup_key()?.is_some())
}

/// Writes a backup to `file`, which must not exist, and verifies what was written by opening it again. Blocks.
///
/// # Errors
/// `BadRequest` if there is no backup code yet or the file exists; `NotValid` if what was written does not open; `Unavailable`, `Internal`.
pub fn write(vault: &Vault, now_ms: u64, file: &Path) -> Result<BackupInfo> {
    let public = vault.read(now_ms, |r| Ok(r.backup_key()?))?.ok_or(Error::BadRequest("there is no backup code yet; make one first"))?;
    if file.exists() {
        return Err(Error::BadRequest("the backup file exists already"));
    }
    check_room(vault, file)?;
    let copy = Temporary::beside(file, "copy");
    vault.copy_to(&copy.0)?;
    let partial = Temporary::beside(file, "partial");
    let key = RecordKey::make();
    let log_key = &vault.shared().log_key;
    let chunks = seal_copy(&copy.0, &partial.0, &WrapPublic(public), &key, (now_ms, log_key)).map_err(|error| io(&partial.0, &error))??;
    flush(&partial.0).map_err(|error| io(&partial.0, &error))?;
    let opened = Temporary::beside(file, "check");
    let info = unpack(&partial.0, &opened.0, |_| Ok(key))?.info;
    if info.chunks != chunks || !same_bytes(&copy.0, &opened.0).map_err(|error| io(&opened.0, &error))? {
        return Err(Error::NotValid("the backup that was written is not what was to be written"));
    }
    fs::rename(&partial.0, file).map_err(|error| io(file, &error))?;
    durable(file)?;
    Ok(info)
}

/// Copy, sealed file and opened file lie beside each other for a while. A backup that cannot fit must not fill the disk that the vault may be on.
fn check_room(vault: &Vault, file: &Path) -> Result<()> {
    let database_bytes = fs::metadata(vault.shared().database()).map_or(0, |file| file.len());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    if disk.f_bavail.saturating_mul(disk.f_frsize) < database_bytes.saturating_mul(3).saturating_add(SPARE_BYTES) {
        return Err(Error::Unavailable("there is no room for a backup: three times the size of the database is needed"));
    }
    Ok(())
}

/// Puts the file on the disk before it gets its name, and out of memory, so that the check reads what the disk holds.
fn flush(path: &Path) -> std::io::Result<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    // Advice only: a file system may have no other place for it than memory.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    Ok(())
}

/// Opens every chunk of a backup with the backup code as people type it, and checks the database in it. Needs room for the database beside the file.
///
/// # Errors
/// `BadRequest` for a code that is not one; `NotValid` for a file that does not open or whose database is damaged.
pub fn verify(file: &Path, code: &str) -> Result<BackupInfo> {
    let opened = Temporary::beside(file, "check");
    Ok(unpack_with_code(file, &opened.0, code)?.info)
}

/// Restores a backup into the data folder `dir` of a node that is not running. A database and a log key that are there are kept under another name.
///
/// # Errors
/// As [`verify`]; `Unavailable` if a node runs on the folder.
pub fn restore(file: &Path, code: &str, dir: &Path, now_ms: u64) -> Result<BackupInfo> {
    let folder = Folder::lock(dir, None).map_err(|error| match error {
        crate::OpenError::InUse(_) => Error::Unavailable("a node is running on the folder; stop it first"),
        other => Error::Internal(other.to_string()),
    })?;
    let database = folder.database();
    let opened = Temporary::beside(&database, "restoring");
    let unpacked = unpack_with_code(file, &opened.0, code)?;
    durable(&opened.0)?;
    // The log beside the old file goes with it: over the new file it would be applied to the wrong database.
    for name in [DATABASE, "clavitor.db-wal", "clavitor.db-shm", LOG_KEY] {
        keep(&dir.join(name), now_ms)?;
    }
    write_log_key(&dir.join(LOG_KEY), &unpacked.log_key).map_err(|error| io(dir, &error))?;
    fs::rename(&opened.0, &database).map_err(|error| io(&database, &error))?;
    durable(&database)?;
    folder.remark(&unpacked.contents.database_id).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(unpacked.info)
}

fn keep(path: &Path, now_ms: u64) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".before-restore-{now_ms}"));
    fs::rename(path, path.with_file_name(name)).map_err(|error| io(path, &error))
}

fn seal_copy(
    copy: &Path,
    target: &Path,
    public: &WrapPublic,
    key: &RecordKey<clavitor_crypto::kinds::BackupChunk>,
    head: (u64, &SigningKey),
) -> std::io::Result<Result<u64>> {
    let (now_ms, log_key) = head;
    let mut source = File::open(copy)?;
    let database_bytes = source.metadata()?.len();
    let out = BufWriter::new(private_file().create_new(true).open(target)?);
    let mut sealer = match Sealer::begin(out, public, key)? {
        Ok(sealer) => sealer,
        Err(error) => return Ok(Err(error)),
    };
    sealer.push(&now_ms.to_be_bytes())?;
    sealer.push(log_key.seed().expose())?;
    sealer.push(&database_bytes.to_be_bytes())?;
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        match source.read(&mut buffer)? {
            0 => return sealer.finish().map(Ok),
            read => sealer.push(&buffer[..read])?,
        }
    }
}

/// What came out of a backup, its database lying in a file.
struct Unpacked {
    info: BackupInfo,
    contents: Contents,
    log_key: SigningKey,
}

fn unpack_with_code(file: &Path, target: &Path, code: &str) -> Result<Unpacked> {
    let code = Code::parse(code).map_err(|_| Error::BadRequest("this is no backup code: it has 34 characters, the last two a check"))?;
    unpack(file, target, |head| head.open_key(&code.backup_key()))
}

/// Opens a backup into `target` and checks it. `open_key` finds the content key.
fn unpack(
    file: &Path,
    target: &Path,
    open_key: impl FnOnce(&seal::Head) -> Result<RecordKey<clavitor_crypto::kinds::BackupChunk>>,
) -> Result<Unpacked> {
    let source = BufReader::new(File::open(file).map_err(|error| io(file, &error))?);
    let mut opener = Opener::begin(source, open_key)?;
    let taken_ms = u64::from_be_bytes(opener.take()?);
    let seed: Secret<32> = Secret::take(opener.take()?);
    let log_key = SigningKey::from_seed(seed).map_err(|_| Error::NotValid("the backup holds no log key"))?;
    let database_bytes = u64::from_be_bytes(opener.take()?);
    let mut out = BufWriter::new(private_file().create_new(true).open(target).map_err(|error| io(target, &error))?);
    let mut left = database_bytes;
    while left > 0 {
        let chunk = opener.next(left)?;
        out.write_all(&chunk).map_err(|error| io(target, &error))?;
        left -= chunk.len() as u64;
    }
    out.flush().map_err(|error| io(target, &error))?;
    let chunks = opener.end()?;
    let contents = inspect(target)?;
    if contents.log_key != log_key.public() {
        return Err(Error::NotValid("the log key in the backup is not its database's"));
    }
    let info = BackupInfo { taken_ms, database_bytes, chunks, vaults: contents.vaults, entries: contents.entries };
    Ok(Unpacked { info, contents, log_key })
}

fn same_bytes(a: &Path, b: &Path) -> std::io::Result<bool> {
    let (mut a, mut b) = (BufReader::new(File::open(a)?), BufReader::new(File::open(b)?));
    let (mut left, mut right) = (vec![0; COPY_BYTES], Vec::with_capacity(COPY_BYTES));
    loop {
        let read = a.read(&mut left)?;
        right.clear();
        b.by_ref().take(if read == 0 { 1 } else { read as u64 }).read_to_end(&mut right)?;
        if left[..read] != right[..] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// A file that is removed again, unless it was renamed away.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(file: &Path, what: &str) -> Self {
        let id = data_encoding::HEXLOWER.encode(&clavitor_crypto::random::make::<8>());
        let mut name = file.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{what}-{id}"));
        Self(file.with_file_name(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Gone already after a rename. What stays after a crash holds sealed records only, and only its owner can read it.
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.as_os_str().to_os_string();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
    }
}

fn durable(path: &Path) -> Result<()> {
    sync_file(path).map_err(|error| Error::Internal(error.to_string()))
}

fn io(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull => Error::Unavailable("the disk is full"),
        std::io::ErrorKind::NotFound => Error::BadRequest("there is no such file"),
        _ => Error::Internal(format!("{}: {error}", path.display())),
    }
}
