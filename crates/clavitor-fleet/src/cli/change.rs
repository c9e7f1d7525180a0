//! Writing the inventory: the difference is shown, the file is replaced whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use super::{Context, Done, Failure, Kind};
use crate::inventory::{Draft, Finding, Keys, NodeName, Refusal};

/// Lines around a change that are shown with it.
const AROUND_LINES: usize = 2;

/// What a change to the inventory did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    schema: &'static str,
    /// The file.
    file: String,
    /// False with `--dry-run`.
    written: bool,
    /// Lines of the difference: `-` goes, `+` comes, a space stays.
    difference: Vec<String>,
}

impl Context {
    /// Changes the inventory and answers with the difference. With `dry_run` nothing is written.
    pub(crate) fn change(&self, dry_run: bool, edit: impl FnOnce(&mut Draft) -> Result<(), Failure>) -> Done {
        let file = self.inventory_path().display().to_string();
        let before = self.text()?;
        let mut draft = Draft::open(&before, &file).map_err(|findings| refused(&file, findings, "does not hold"))?;
        edit(&mut draft)?;
        let after = draft.finish().map_err(|findings| refused(&file, findings, "would not hold after this change; nothing was written"))?;
        if !dry_run {
            replace(self.inventory_path(), &before, &after)?;
        }
        let change = Change { schema: "clavitor.fleet-change/1", file, written: !dry_run, difference: difference(&before, &after) };
        self.answer(&change, || words(&change))
    }
}

impl Context {
    /// Puts a node's public keys into the inventory; says nothing.
    pub(crate) fn write_keys(&self, node: &NodeName, keys: &Keys) -> Done {
        let file = self.inventory_path().display().to_string();
        let before = self.text()?;
        let mut draft = Draft::open(&before, &file).map_err(|findings| refused(&file, findings, "does not hold"))?;
        draft.set_keys(node, keys)?;
        let after = draft.finish().map_err(|findings| refused(&file, findings, "would not hold with the new key; nothing was written"))?;
        replace(self.inventory_path(), &before, &after)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = if matches!(refusal, Refusal::Unknown(_)) { Kind::NotFound } else { Kind::Refused };
        let next = match &refusal {
            Refusal::Unknown(_) => "clavitor-fleet list".to_owned(),
            Refusal::Taken(name) => format!("choose another name, such as {name}-2"),
            Refusal::HubInUse { network, .. } => {
                format!("make another node the hub in [network.{}] first, and roll that out", network.word())
            }
            Refusal::HoldsBackups { of, .. } => {
                format!("give {} another backup first", of.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", "))
            }
            Refusal::Retired(_) => "clavitor-fleet node add, with a new name".to_owned(),
            Refusal::NotEnrolled(name) => format!("clavitor-fleet node enrol {name}"),
            Refusal::Unwritable(_) => "clavitor-fleet validate".to_owned(),
        };
        Self::new(kind, refusal.to_string()).next(next)
    }
}

fn refused(file: &str, findings: Vec<Finding>, how: &str) -> Failure {
    Failure { findings, ..Failure::new(Kind::Inventory, format!("{file} {how}")) }
}

fn words(change: &Change) -> String {
    let file = &change.file;
    let told = match (change.difference.is_empty(), change.written) {
        (true, _) => format!("{file} stays as it is"),
        (false, true) => format!("{file} was changed"),
        (false, false) => format!("{file} would be changed so; nothing was written"),
    };
    change.difference.iter().map(String::as_str).chain([told.as_str()]).collect::<Vec<_>>().join("\n")
}

/// The changed lines with a few around them. One stretch is enough: an edit changes one place.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old == new {
        return Vec::new();
    }
    let same_start = old.iter().zip(&new).take_while(|(one, two)| one == two).count();
    let rest = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(one, two)| one == two).count();
    let (old_end, new_end) = (old.len() - same_end, new.len() - same_end);
    let marked = |mark: &str, lines: &[&str]| lines.iter().map(|line| format!("{mark}{line}")).collect::<Vec<_>>();
    let before_it = &old[same_start.saturating_sub(AROUND_LINES)..same_start];
    let behind_it = &old[old_end..(old_end + AROUND_LINES).min(old.len())];
    let parts =
        [marked(" ", before_it), marked("-", &old[same_start..old_end]), marked("+", &new[same_start..new_end]), marked(" ", behind_it)];
    parts.concat()
}

/// Replaces the file whole: written beside it, synced, renamed. A file that somebody changed meanwhile is left alone.
fn replace(path: &Path, before: &str, after: &str) -> Done {
    let shown = path.display();
    let failed = |error: io::Error| Failure::general(format!("{shown} cannot be written, and is as it was")).why(error);
    // A link is followed, so that the file behind it is replaced and not the link.
    let target = fs::canonicalize(path).map_err(failed)?;
    let beside = target.with_extension(format!("toml.{}.new", std::process::id()));
    let written = write_beside(&target, &beside, after).map_err(failed).and_then(|()| {
        let now = fs::read_to_string(&target).map_err(failed)?;
        if now != before {
            return Err(Failure::new(Kind::Busy, format!("{shown} was changed by somebody else meanwhile")).next("run the command again"));
        }
        fs::rename(&beside, &target).map_err(failed)
    });
    if written.is_err() {
        // The file itself was not touched; a left-over beside it is only untidy.
        let _ = fs::remove_file(&beside);
        return written;
    }
    sync_folder(&target).map_err(|error| Failure::general(format!("{shown} was written, and may be lost with the power")).why(error))
}

fn write_beside(target: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(beside)?;
    file.set_permissions(fs::metadata(target)?.permissions())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A rename is on the disk when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Makes a file that must not be there yet.
pub(super) fn create(path: &Path, text: &str) -> Done {
    let shown = path.display();
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(Kind::Refused, format!("there is a file at {shown} already"))
            .next("clavitor-fleet validate, or name another file with --inventory FILE"),
        _ => Failure::general(format!("{shown} cannot be made")).why(error),
    })?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| sync_folder(&fs::canonicalize(path)?));
    written.map_err(|error| Failure::general(format!("{shown} cannot be written")).why(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_goes_what_comes_and_a_little_around() {
        assert_eq!(difference("a\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n"), [" a", " b", "-c", "+C", " d", " e"]);
        assert_eq!(difference("a\n", "a\nb\n"), [" a", "+b"]);
        assert_eq!(difference("a\na\n", "a\n"), [" a", "-a"]);
        assert!(difference("a\n", "a\n").is_empty());
    }

    #[test]
    fn a_file_is_replaced_whole_and_only_if_nobody_else_changed_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("fleet.toml"), folder.path().join("link.toml"));
        fs::write(&file, "one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, "one", "two").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(replace(&file, "one", "three").unwrap_err().kind, Kind::Busy);
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
        assert_eq!(create(&file, "x").unwrap_err().kind, Kind::Refused);
    }
}
