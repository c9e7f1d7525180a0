//! Pins: what this agent has verified before. Nothing older, and nothing different of the same version, is ever accepted again.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use clavitor_api::Id;
use clavitor_crypto::hash::Hash;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// One version of a signed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPin {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its body.
    #[serde(serialize_with = "write_hash", deserialize_with = "read_hash")]
    pub hash: Hash,
}

/// How a signed object stands to the pin of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Never seen, the very same, or a later one.
    Follows,
    /// An older version than the one verified before.
    Rollback,
    /// Another object of the same version, or a next version that does not continue the pinned one.
    Fork,
}

impl ObjectPin {
    /// Judges an object against the pin, if there is one. `previous` is the hash of the version before, as the object names it.
    pub fn judge(pin: Option<&Self>, version: u64, hash: &Hash, previous: &Hash) -> Step {
        match pin {
            None => Step::Follows,
            Some(pin) if version < pin.version => Step::Rollback,
            Some(pin) if version == pin.version && *hash != pin.hash => Step::Fork,
            Some(pin) if Some(version) == pin.version.checked_add(1) && *previous != pin.hash => Step::Fork,
            Some(_) => Step::Follows,
        }
    }
}

/// How far the audit log was seen to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPin {
    /// Events.
    pub size: u64,
    /// Root of their tree.
    #[serde(serialize_with = "write_hash", deserialize_with = "read_hash")]
    pub root: Hash,
}

/// The pins of one vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// The manifest; absent until the first.
    pub manifest: Option<ObjectPin>,
    /// Entry headers.
    pub entries: BTreeMap<Id, ObjectPin>,
    /// The audit log. Once it is there, the node is one that keeps every manifest from the pinned one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPin>,
    /// Entries that something was released of: should one leave the list, a person is told, once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub used: BTreeSet<Id>,
    /// Used entries whose leaving a person was told of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missed: BTreeSet<Id>,
}

impl Pins {
    /// Takes over what another process of this agent has verified meanwhile.
    ///
    /// # Errors
    /// The two have seen different objects of one version: the node told them different stories. What differs is named.
    pub fn merge(&mut self, other: &Self) -> Result<(), String> {
        if let Some(theirs) = &other.manifest {
            let ours = self.manifest.get_or_insert(*theirs);
            merge_one(ours, theirs).map_err(|()| "the manifest".to_owned())?;
        }
        for (entry, theirs) in &other.entries {
            let ours = self.entries.entry(*entry).or_insert(*theirs);
            merge_one(ours, theirs).map_err(|()| format!("entry {entry}"))?;
        }
        if let Some(theirs) = &other.log {
            let ours = self.log.get_or_insert(*theirs);
            if ours.size == theirs.size && ours.root != theirs.root {
                return Err("the audit log".to_owned());
            }
            if theirs.size > ours.size {
                *ours = *theirs;
            }
        }
        self.used.extend(&other.used);
        self.missed.extend(&other.missed);
        Ok(())
    }
}

fn merge_one(ours: &mut ObjectPin, theirs: &ObjectPin) -> Result<(), ()> {
    if ours.version == theirs.version && ours.hash != theirs.hash {
        return Err(());
    }
    if theirs.version > ours.version {
        *ours = *theirs;
    }
    Ok(())
}

fn write_hash<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(hash))
}

fn read_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64.decode(text).map_err(D::Error::custom)?;
    bytes.try_into().map_err(|_| D::Error::custom("not 32 bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn pin(version: u64, byte: u8) -> ObjectPin {
        ObjectPin { version, hash: [byte; 32] }
    }

    #[test]
    fn rollback_fork_and_what_follows() {
        let pinned = pin(5, 1);
        let judge = |version, hash, previous| ObjectPin::judge(Some(&pinned), version, &[hash; 32], &[previous; 32]);
        assert_eq!(judge(4, 9, 9), Step::Rollback);
        assert_eq!(judge(5, 1, 9), Step::Follows);
        assert_eq!(judge(5, 2, 9), Step::Fork);
        assert_eq!(judge(6, 2, 1), Step::Follows);
        assert_eq!(judge(6, 2, 3), Step::Fork);
        assert_eq!(judge(9, 2, 3), Step::Follows, "versions in between were not seen");
        assert_eq!(ObjectPin::judge(None, 1, &[0; 32], &[0; 32]), Step::Follows);
    }

    #[test]
    fn two_processes_agree_or_say_what_differs() {
        let mut ours = Pins { manifest: Some(pin(2, 1)), entries: [(Id([1; 16]), pin(1, 1))].into(), ..Pins::default() };
        let theirs = Pins { manifest: Some(pin(3, 2)), entries: [(Id([2; 16]), pin(1, 1))].into(), ..Pins::default() };
        ours.merge(&theirs).unwrap();
        assert_eq!((ours.manifest, ours.entries.len()), (Some(pin(3, 2)), 2));
        let forked = Pins { manifest: Some(pin(3, 9)), ..Pins::default() };
        assert_eq!(ours.merge(&forked), Err("the manifest".to_owned()));
    }

    #[test]
    fn pins_read_back_from_json() {
        let log = Some(LogPin { size: 9, root: [4; 32] });
        let used = [Id([1; 16])].into();
        let pins = Pins { manifest: Some(pin(2, 1)), entries: [(Id([1; 16]), pin(7, 3))].into(), log, used, missed: BTreeSet::new() };
        let text = serde_json::to_string(&pins).unwrap();
        assert_eq!(serde_json::from_str::<Pins>(&text).unwrap(), pins);
        let before = r#"{"manifest": null, "entries": {}}"#;
        assert_eq!(serde_json::from_str::<Pins>(before).unwrap(), Pins::default(), "a file from before there was more");
    }

    #[test]
    fn two_processes_saw_one_log() {
        let seen = |size, byte| Pins { log: Some(LogPin { size, root: [byte; 32] }), ..Pins::default() };
        let mut ours = seen(5, 1);
        ours.merge(&seen(4, 9)).unwrap();
        ours.merge(&seen(7, 2)).unwrap();
        assert_eq!(ours, seen(7, 2));
        assert_eq!(ours.merge(&seen(7, 3)), Err("the audit log".to_owned()));
    }

    proptest! {
        #[test]
        fn nothing_older_is_ever_accepted(pinned in 1u64..1000, version in 0u64..2000, same in any::<bool>(), chained in any::<bool>()) {
            let hash = if same { [1; 32] } else { [2; 32] };
            let previous = if chained { [1; 32] } else { [3; 32] };
            let step = ObjectPin::judge(Some(&pin(pinned, 1)), version, &hash, &previous);
            let allowed = (version == pinned && same) || (version == pinned + 1 && chained) || version > pinned + 1;
            prop_assert_eq!(step == Step::Follows, allowed);
        }
    }
}
