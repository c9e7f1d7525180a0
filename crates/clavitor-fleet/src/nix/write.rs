//! Writing the rendered files: only what differs, each in one step, and no file of a node that is gone stays behind.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::PRINTED;

/// What became of a file. Files that were as they should be are not named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "change", content = "file")]
pub enum Change {
    /// It was not there.
    New(String),
    /// It was there and said something else.
    Changed(String),
    /// A file that we had printed for a node that is no longer wanted.
    Removed(String),
}

/// Brings a folder to what was rendered. Other files in it stay as they are.
pub fn write(folder: &Path, files: &BTreeMap<String, String>) -> io::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) if bytes == text.as_bytes() => continue,
            Ok(_) => changes.push(Change::Changed(name.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => changes.push(Change::New(name.clone())),
            Err(error) => return Err(error),
        }
        replace(&path, text)?;
    }
    remove_left_over(folder, files, &mut changes)?;
    Ok(changes)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

fn remove_left_over(folder: &Path, files: &BTreeMap<String, String>, changes: &mut Vec<Change>) -> io::Result<()> {
    let mut names: Vec<_> = std::fs::read_dir(folder.join("nodes"))?.collect::<io::Result<_>>()?;
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let Some(name) = entry.file_name().to_str().map(|name| format!("nodes/{name}")) else { continue };
        let ours = || std::fs::read_to_string(entry.path()).is_ok_and(|text| text.starts_with(&format!("# {PRINTED}")));
        if name.ends_with(".nix") && !files.contains_key(&name) && ours() {
            std::fs::remove_file(entry.path())?;
            changes.push(Change::Removed(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_brought_to_what_was_rendered_and_no_further() {
        let folder = tempfile::tempdir().expect("a folder");
        let printed = |text: &str| format!("# {PRINTED}\n{text}\n");
        let file = |name: &str, text: String| (name.to_owned(), text);
        let two = BTreeMap::from([file("nodes/oslo.nix", printed("{ }")), file("nodes/rome.nix", printed("{ }"))]);
        let first = write(folder.path(), &two).expect("written");
        assert_eq!(first, [Change::New("nodes/oslo.nix".into()), Change::New("nodes/rome.nix".into())]);
        assert_eq!(write(folder.path(), &two).expect("written"), []);

        std::fs::write(folder.path().join("nodes/own.nix"), "{ }").expect("a file of the operator's");
        let one = BTreeMap::from([file("nodes/oslo.nix", printed("{ a = 1; }"))]);
        let second = write(folder.path(), &one).expect("written");
        assert_eq!(second, [Change::Changed("nodes/oslo.nix".into()), Change::Removed("nodes/rome.nix".into())]);
        assert!(folder.path().join("nodes/own.nix").exists());
    }
}
