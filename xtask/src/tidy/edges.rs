//! Which crate may use which: the table of ARCHITECTURE.md, held against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Finding;

/// Crates of ours that each crate may link. A crate that is not here fails until somebody decides.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clavitor-crypto", &[]),
    ("clavitor-api", &[]),
    ("clavitor-outbound", &[]),
    ("clavitor-vault", &["clavitor-crypto"]),
    ("clavitor-server", &["clavitor-api", "clavitor-outbound", "clavitor-vault"]),
    ("clavitor-agent", &["clavitor-api", "clavitor-crypto", "clavitor-outbound"]),
    ("clavitor", &["clavitor-agent", "clavitor-server", "clavitor-vault"]),
    ("clavitor-person", &["clavitor-crypto"]),
    ("clavitor-commercial", &["clavitor", "clavitor-api", "clavitor-outbound", "clavitor-server"]),
    ("clavitor-hq", &["clavitor-api"]),
    ("clavitor-fleet", &["clavitor-api", "clavitor-outbound"]),
    ("xtask", &[]),
];

/// The bench measures everything, so it may link everything.
const BENCH: &str = "clavitor-bench";

/// Only tests and the bench may build keys that belong to a person.
const TEST_ONLY: &str = "clavitor-person";

/// The one feature there is: two functions that read without an event, to tell what events cost.
const MEASURE: &str = "measure";
/// The crate that has it.
const MEASURED: &str = "clavitor-vault";

/// Libraries that only the named crates may link, so that swapping one stays a matter of one room.
const ROOM_OF: &[(&str, &[&str])] = &[
    ("rusqlite", &["clavitor-vault", BENCH]),
    ("webauthn-rs", &["clavitor-server"]),
    ("hpke", &["clavitor-agent", "clavitor-crypto", TEST_ONLY]),
    ("axum", &["clavitor-server"]),
    ("hyper-rustls", &["clavitor-outbound"]),
];

/// Crates that live in commercial/ and that nothing outside may name.
pub(super) const COMMERCIAL: &[&str] = &["clavitor-commercial", "clavitor-hq"];

/// The part of `cargo metadata` that matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Graph {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
    #[serde(default)]
    features: Vec<String>,
}

impl Dependency {
    fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Graph {
    /// Asks cargo for the workspace's own packages.
    pub(crate) fn of_workspace(root: &Path) -> Result<Self> {
        let asked = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
            .current_dir(root)
            .output()
            .context("cargo metadata")?;
        ensure!(asked.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&asked.stderr));
        serde_json::from_slice(&asked.stdout).context("the answer of cargo metadata")
    }

    /// How many crates there are.
    pub(crate) fn crates(&self) -> usize {
        self.packages.len()
    }

    /// Every dependency that any crate names.
    pub(super) fn used(&self) -> BTreeSet<&str> {
        self.packages.iter().flat_map(|package| &package.dependencies).map(|dependency| dependency.name.as_str()).collect()
    }

    /// Edges that are not in the table.
    pub(crate) fn check(&self) -> Vec<Finding> {
        let edges = self.packages.iter().flat_map(|package| package.dependencies.iter().filter_map(|edge| package.refuse(edge)));
        edges.chain(self.packages.iter().filter_map(Package::refuse_features)).collect()
    }
}

impl Package {
    fn refuse(&self, edge: &Dependency) -> Option<Finding> {
        let why = if edge.path.is_some() { self.refuse_ours(edge) } else { self.refuse_theirs(edge) };
        why.map(|message| Finding { path: format!("{}/Cargo.toml", self.name), line: 0, message })
    }

    /// A feature could turn one edition into the other, and two builds of one program into two programs.
    fn refuse_features(&self) -> Option<Finding> {
        let feature = self.features.keys().find(|feature| (self.name.as_str(), feature.as_str()) != (MEASURED, MEASURE))?;
        let message = format!("no crate of ours has features: an edition is a program, not a switch ({feature})");
        Some(Finding { path: format!("{}/Cargo.toml", self.name), line: 0, message })
    }

    fn refuse_ours(&self, edge: &Dependency) -> Option<String> {
        let (from, to) = (self.name.as_str(), edge.name.as_str());
        if COMMERCIAL.contains(&to) && !COMMERCIAL.contains(&from) {
            return Some(format!("nothing outside commercial/ names {to}"));
        }
        if from != BENCH && edge.features.iter().any(|feature| feature == MEASURE) {
            return Some(format!("only {BENCH} turns the feature {MEASURE} on: it reads without an event"));
        }
        if from == BENCH || edge.is_for_tests() {
            return None;
        }
        if to == TEST_ONLY {
            return Some(format!("{TEST_ONLY} is a dev-dependency or the bench's; a product that links it could build a person's keys"));
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == from) else {
            return Some("this crate is not in the table of xtask/src/tidy/edges.rs; decide what it may use".into());
        };
        (!allowed.contains(&to)).then(|| format!("{from} may not use {to}; see the table in ARCHITECTURE.md"))
    }

    fn refuse_theirs(&self, edge: &Dependency) -> Option<String> {
        let (_, rooms) = ROOM_OF.iter().find(|(name, _)| *name == edge.name)?;
        (!edge.is_for_tests() && !rooms.contains(&self.name.as_str()))
            .then(|| format!("{} is named by {} only", edge.name, rooms.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(from: &str, to: &str, kind: Option<&str>, ours: bool) -> Graph {
        let dependency = Dependency { name: to.into(), kind: kind.map(Into::into), path: ours.then(String::new), features: Vec::new() };
        Graph { packages: vec![Package { name: from.into(), dependencies: vec![dependency], features: BTreeMap::new() }] }
    }

    fn complaint(from: &str, to: &str, kind: Option<&str>, ours: bool) -> Option<String> {
        graph(from, to, kind, ours).check().pop().map(|finding| finding.message)
    }

    #[test]
    fn an_edge_of_the_table_passes() {
        assert_eq!(complaint("clavitor-server", "clavitor-vault", None, true), None);
        assert_eq!(complaint("clavitor-bench", "clavitor-person", None, true), None);
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_found() {
        let found = complaint("clavitor-server", "clavitor-agent", None, true).expect("a finding");
        assert!(found.contains("may not use clavitor-agent"), "{found}");
        assert!(complaint("clavitor-vault", "clavitor-api", None, true).is_some());
    }

    #[test]
    fn the_persons_side_is_for_tests_only() {
        assert!(complaint("clavitor-agent", "clavitor-person", None, true).is_some());
        assert!(complaint("clavitor-agent", "clavitor-person", Some("build"), true).is_some());
        assert_eq!(complaint("clavitor-agent", "clavitor-person", Some("dev"), true), None);
    }

    #[test]
    fn commercial_crates_are_not_named_even_by_tests() {
        assert!(complaint("clavitor", "clavitor-commercial", Some("dev"), true).is_some());
        assert!(complaint("clavitor-bench", "clavitor-hq", None, true).is_some());
    }

    #[test]
    fn a_feature_is_found() {
        let features = BTreeMap::from([("commercial".to_owned(), Vec::new())]);
        let graph = Graph { packages: vec![Package { name: "clavitor".into(), dependencies: Vec::new(), features }] };
        assert!(graph.check()[0].message.contains("not a switch (commercial)"));
    }

    #[test]
    fn reading_without_an_event_is_for_the_bench_only() {
        let mut graph = graph("clavitor-server", "clavitor-vault", None, true);
        graph.packages[0].dependencies[0].features = vec![MEASURE.into()];
        assert!(graph.check().pop().expect("a finding").message.contains("without an event"));
        graph.packages[0].name = BENCH.into();
        assert!(graph.check().is_empty());
    }

    #[test]
    fn a_crate_nobody_decided_about_is_found() {
        assert!(complaint("clavitor-new", "clavitor-api", None, true).expect("a finding").contains("not in the table"));
    }

    #[test]
    fn a_library_stays_in_its_room() {
        assert!(complaint("clavitor-server", "rusqlite", None, false).is_some());
        assert_eq!(complaint("clavitor-vault", "rusqlite", None, false), None);
        assert_eq!(complaint("clavitor-server", "rusqlite", Some("dev"), false), None);
    }
}
