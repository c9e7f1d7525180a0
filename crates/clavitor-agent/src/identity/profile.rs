//! Profiles: one folder for each vault this user's agents belong to, with the key file, the pins, and an alarm if there was one.

use std::{
    env,
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Identity, Pins, guarded};
use crate::{
    alarm::Alarm,
    clock,
    failure::{Failure, Kind},
};

/// Where profiles are kept.
pub struct Store {
    root: PathBuf,
}

/// One profile.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    folder: PathBuf,
}

/// What is written when a node sends what must be refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Incident {
    /// When, RFC 3339.
    pub at: String,
    /// What was refused.
    pub what: String,
    /// The node that sent it.
    pub node: String,
}

const NAME_CHARS_MAX: usize = 64;

impl Store {
    /// The folder given, or `$XDG_CONFIG_HOME/clavitor/agents`, or `~/.config/clavitor/agents`.
    ///
    /// # Errors
    /// There is neither a folder nor a home.
    pub fn open(given: Option<&Path>) -> Result<Self, Failure> {
        if let Some(root) = given {
            return Ok(Self { root: root.to_owned() });
        }
        let config = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || env::var_os("HOME").map(PathBuf::from).filter(|path| path.is_absolute()).map(|home| home.join(".config"));
        let config = config.or_else(home).ok_or_else(|| {
            Failure::general("there is no home folder to keep the key file in").remedy("give --config FOLDER or set CLAVITOR_CONFIG")
        })?;
        Ok(Self { root: config.join("clavitor/agents") })
    }

    /// The profile with this name, whether or not it exists.
    ///
    /// # Errors
    /// The name cannot be a folder's.
    pub fn profile(&self, name: &str) -> Result<Profile, Failure> {
        let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
        if name.is_empty() || name.len() > NAME_CHARS_MAX || name.starts_with('.') || !name.chars().all(fits) {
            return Err(Failure::general("a profile's name is made of letters, digits, - _ and ., at most 64"));
        }
        Ok(Profile { name: name.to_owned(), folder: self.root.join(name) })
    }

    /// Every profile that has a key file, by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn profiles(&self) -> Result<Vec<Profile>, Failure> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::general(format!("cannot read {}: {error}", self.root.display()))),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut profiles: Vec<Profile> =
            names.filter_map(|name| self.profile(&name).ok()).filter(|profile| profile.key_path().exists()).collect();
        profiles.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(profiles)
    }

    /// The profile to use when a verb names no vault: the one asked for, or the only one.
    ///
    /// # Errors
    /// None, or several and none asked for.
    pub fn chosen(&self, asked: Option<&str>) -> Result<Profile, Failure> {
        if let Some(name) = asked {
            let profile = self.profile(name)?;
            return if profile.key_path().exists() { Ok(profile) } else { Err(not_enrolled(&format!("there is no profile {name}"))) };
        }
        let mut profiles = self.profiles()?;
        match profiles.len() {
            0 => Err(not_enrolled("this machine has no enrolled agent")),
            1 => Ok(profiles.remove(0)),
            _ => {
                let names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
                Err(Failure::general(format!("there are several profiles: {}", names.join(", ")))
                    .remedy("give --profile NAME or set CLAVITOR_PROFILE"))
            }
        }
    }

    /// A name for a new profile, made of the vault's name, that no profile has yet.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn free_name(&self, vault_name: &str) -> Result<String, Failure> {
        let plain: String = vault_name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' })
            .collect();
        let trimmed = plain.trim_matches('-');
        let base: String = if trimmed.is_empty() { "vault" } else { trimmed }.chars().take(NAME_CHARS_MAX - 4).collect();
        let taken: Vec<String> = self.profiles()?.into_iter().map(|profile| profile.name).collect();
        let numbered = (2..100).map(|number| format!("{base}-{number}"));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        candidates.find(|name| !taken.contains(name)).ok_or_else(|| Failure::general("there are too many profiles of this name"))
    }
}

impl Profile {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn key_path(&self) -> PathBuf {
        self.folder.join("key.json")
    }

    fn pins_path(&self) -> PathBuf {
        self.folder.join("pins.json")
    }

    fn incident_path(&self) -> PathBuf {
        self.folder.join("alarm.json")
    }

    /// Reads the key file after checking who can read it.
    ///
    /// # Errors
    /// It is missing, open to others, or damaged.
    pub fn identity(&self) -> Result<Identity, Failure> {
        let bytes = guarded::read(&self.key_path())?.ok_or_else(|| not_enrolled(&format!("profile {} has no key file", self.name)))?;
        Identity::parse(&bytes)
    }

    /// A profile is never overwritten.
    ///
    /// # Errors
    /// There is one of this name.
    pub fn refuse_taken(&self) -> Result<(), Failure> {
        match self.key_path().exists() {
            true => Err(Failure::general(format!("profile {} exists already", self.name)).remedy("give another name with --profile")),
            false => Ok(()),
        }
    }

    /// Stores a new identity; an existing one is never overwritten.
    ///
    /// # Errors
    /// There is one already, or the file system refuses.
    pub fn create(&self, identity: &Identity) -> Result<(), Failure> {
        self.refuse_taken()?;
        guarded::make_folder(&self.folder)?;
        guarded::write(&self.key_path(), &identity.to_file()?)
    }

    /// What was verified before.
    ///
    /// # Errors
    /// The file is open to others or damaged: without pins a rollback would go unseen, so nothing goes on without them.
    pub fn pins(&self) -> Result<Pins, Failure> {
        let Some(bytes) = guarded::read(&self.pins_path())? else { return Ok(Pins::default()) };
        serde_json::from_slice(&bytes).map_err(|_| {
            Failure::new(
                Kind::IdentityMismatch,
                format!("{} is damaged; without it an old vault could be passed off as the current one", self.pins_path().display()),
            )
            .remedy("restore it from a copy, or ask the owner for a new enrolment string")
        })
    }

    /// Adds what has been verified now to what is stored, under a lock shared with other processes of this agent.
    ///
    /// # Errors
    /// The node told another process a different story (an alarm), or the file system refuses.
    pub fn keep(&self, verified: &Pins) -> Result<(), PinsError> {
        let _lock = self.lock().map_err(PinsError::Failure)?;
        let stored = self.pins().map_err(PinsError::Failure)?;
        let mut merged = stored.clone();
        merged.merge(verified).map_err(|what| PinsError::Alarm(Alarm::fork(&what)))?;
        if merged == stored {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&merged).map_err(|_| PinsError::Failure(Failure::general("pins could not be written as JSON")))?;
        guarded::write(&self.pins_path(), &bytes).map_err(PinsError::Failure)
    }

    fn lock(&self) -> Result<File, Failure> {
        let path = self.folder.join("lock");
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let locked = open.and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| Failure::general(format!("cannot lock {}: {error}", path.display())))
    }

    /// The incident that stopped this profile, if there was one.
    ///
    /// # Errors
    /// The file is open to others.
    pub fn incident(&self) -> Result<Option<Incident>, Failure> {
        let Some(bytes) = guarded::read(&self.incident_path())? else { return Ok(None) };
        let unreadable = || Incident { at: "an unknown time".into(), what: "unreadable".into(), node: String::new() };
        Ok(Some(serde_json::from_slice(&bytes).unwrap_or_else(|_| unreadable())))
    }

    /// Records an alarm, so that nothing is opened until a person has looked, and says so. The first incident stays on file.
    pub fn raise(&self, alarm: &Alarm, node: &str) -> Failure {
        if !self.incident_path().exists() {
            let incident = Incident { at: clock::rfc3339(clock::now_ms()), what: alarm.to_string(), node: node.to_owned() };
            if let Ok(bytes) = serde_json::to_vec_pretty(&incident) {
                // The alarm is raised in any case; a full disk must not silence it.
                let _ = guarded::write(&self.incident_path(), &bytes);
            }
        }
        alarm.failure(&self.name)
    }

    /// Forgets the incident, after a person has looked into it.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn clear_incident(&self) -> Result<(), Failure> {
        match fs::remove_file(self.incident_path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::general(format!("cannot remove {}: {error}", self.incident_path().display())))
            }
            _ => Ok(()),
        }
    }
}

/// Why pins could not be kept.
#[derive(Debug)]
pub enum PinsError {
    /// The node told two stories.
    Alarm(Alarm),
    /// Anything else.
    Failure(Failure),
}

fn not_enrolled(what: &str) -> Failure {
    Failure::new(Kind::Auth, what).remedy("ask the owner for an enrolment string (Agents, New agent), then: clavitor agent enroll -")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_folder_are_refused() {
        let store = Store { root: "/nowhere".into() };
        for name in ["", ".", "..", "../x", "a/b", ".hidden", "a b", &"x".repeat(65)] {
            assert!(store.profile(name).is_err(), "{name}");
        }
        assert!(store.profile("home-2.old_A").is_ok());
    }

    #[test]
    fn a_new_name_comes_from_the_vault() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store { root: folder.path().into() };
        assert_eq!(store.free_name("My Vault!").unwrap(), "my-vault");
        assert_eq!(store.free_name("保管庫").unwrap(), "vault");
        fs::create_dir(folder.path().join("vault")).unwrap();
        fs::write(folder.path().join("vault/key.json"), "").unwrap();
        assert_eq!(store.free_name("保管庫").unwrap(), "vault-2");
    }

    #[test]
    fn without_a_profile_it_says_how_to_enrol() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store { root: folder.path().join("none") };
        let failure = store.chosen(None).err().unwrap();
        assert_eq!(failure.kind, Kind::Auth);
        assert!(failure.remedy.unwrap().contains("clavitor agent enroll"));
    }
}
