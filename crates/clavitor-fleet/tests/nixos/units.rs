//! The finished units: the product's is the one in `packaging/`, its sandbox scores as well, and systemd and nft have nothing to say against any of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::evaluated::{OPEN, all, one};

/// The directives of a unit, each with its values in order. Comments are gone, and yes is true.
type Directives = BTreeMap<String, Vec<String>>;

fn packaged(file: &str) -> Directives {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(file);
    let text = std::fs::read_to_string(path).expect("a unit");
    let mut directives = Directives::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', '[']) && !line.is_empty()) {
        let (name, value) = line.split_once('=').expect("a directive");
        directives.entry(name.to_owned()).or_default().push(if value == "yes" { "true".to_owned() } else { value.to_owned() });
    }
    directives
}

/// A value as NixOS writes it into a unit: a list is one line for each.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(lines).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn rendered(unit: &Value, section: &str) -> Directives {
    let mut directives: Directives =
        unit[section].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), lines(value))).collect();
    for (attribute, directive) in [
        ("description", "Description"),
        ("documentation", "Documentation"),
        ("requires", "Requires"),
        ("after", "After"),
        ("wants", "Wants"),
        ("wantedBy", "WantedBy"),
        ("startLimitIntervalSec", "StartLimitIntervalSec"),
        ("startLimitBurst", "StartLimitBurst"),
    ] {
        if let Some(value) = unit.get(attribute) {
            directives.insert(directive.to_owned(), lines(value));
        }
    }
    let environment = unit["environment"].as_object().into_iter().flatten();
    for (name, value) in environment {
        directives.entry("Environment".to_owned()).or_default().push(format!("{name}={}", value.as_str().expect("text")));
    }
    directives
}

/// Lists of units say the same in one line and in several.
fn joined(directives: &Directives) -> BTreeMap<&str, String> {
    directives.iter().map(|(name, values)| (name.as_str(), values.join(" "))).collect()
}

#[test]
fn the_unit_is_the_one_that_is_packaged() {
    let (ours, theirs) = (rendered(&one("tokyo")["systemd"]["services"]["clavitor"], "serviceConfig"), packaged("clavitor.service"));
    let (ours, theirs) = (joined(&ours), joined(&theirs));
    let names: BTreeSet<&str> = ours.keys().chain(theirs.keys()).copied().collect();
    for name in names {
        match name {
            // The program by its store path, and settings without a file.
            "ExecStart" => {
                assert_eq!(theirs[name], "/usr/bin/clavitor serve --data %S/clavitor");
                assert!(
                    ours[name].starts_with("/store/") && ours[name].ends_with("/bin/clavitor serve --data %S/clavitor"),
                    "{}",
                    ours[name]
                );
            }
            "EnvironmentFile" => assert_eq!(ours.get(name), None),
            "Environment" => assert!(ours[name].contains(&theirs[name]), "{}", ours[name]),
            _ => assert_eq!(ours.get(name), theirs.get(name), "{name}"),
        }
    }
    for (socket, file) in [("clavitor", "clavitor.socket"), ("clavitor-http", "clavitor-http.socket")] {
        let ours = rendered(&one("tokyo")["systemd"]["sockets"][socket], "socketConfig");
        assert_eq!(joined(&ours), joined(&packaged(file)), "{file}");
    }
}

/// A unit as text, with programs that exist.
fn text(unit: &Value, section: &str, header: &str) -> String {
    let mut text = String::from("[Unit]\n");
    let unit_words = ["Description", "Documentation", "Requires", "After", "Wants", "StartLimitIntervalSec", "StartLimitBurst"];
    let directives = rendered(unit, section);
    for (name, values) in directives.iter().filter(|(name, _)| unit_words.contains(&name.as_str())) {
        let _ = writeln!(text, "{name}={}", values.join(" "));
    }
    let _ = writeln!(text, "[{header}]");
    for (name, values) in directives.iter().filter(|(name, _)| !unit_words.contains(&name.as_str()) && *name != "WantedBy") {
        for value in values {
            let value = if name.starts_with("Exec") { "/bin/true" } else { value };
            let _ = writeln!(text, "{name}={value}");
        }
    }
    if unit.get("script").is_some() {
        text.push_str("ExecStart=/bin/true\n");
    }
    text
}

fn analyze(arguments: &[&str], files: &[PathBuf]) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(arguments).args(files).output().expect("systemd-analyze: scripts/install test");
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn the_sandbox_scores_as_well_as_the_packaged_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clavitor.service");
    std::fs::write(&file, text(&one("tokyo")["systemd"]["services"]["clavitor"], "serviceConfig", "Service")).expect("written");
    let (good, said) = analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"], &[file]);
    assert!(good, "an exposure above 1.5:\n{said}");
}

#[test]
fn systemd_has_nothing_to_say_against_any_unit() {
    for name in ["tokyo", "zurich", OPEN] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Vec::new();
        for (kind, section, header) in [
            ("services", "serviceConfig", "Service"),
            ("sockets", "socketConfig", "Socket"),
            ("timers", "timerConfig", "Timer"),
            ("paths", "pathConfig", "Path"),
        ] {
            for (unit, value) in one(name)["systemd"][kind].as_object().into_iter().flatten().filter(|(unit, _)| *unit != "sshd") {
                let file = folder.path().join(format!("{unit}.{}", kind.trim_end_matches('s')));
                std::fs::write(&file, text(value, section, header)).expect("written");
                files.push(file);
            }
        }
        assert!(files.len() >= 8, "{name}: {files:?}");
        let (good, said) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &files);
        assert!(good && said.trim().is_empty(), "{name}:\n{said}");
    }
}

#[test]
fn nft_takes_every_rule() {
    for (name, config) in all() {
        let firewall = &config["networking"]["firewall"];
        let rules = |option: &str| firewall[option].as_str().expect("rules").to_owned();
        let table = format!(
            "table inet t {{\nchain input {{\n{}\n}}\nchain forward {{\n{}\n}}\n}}\n",
            rules("extraInputRules"),
            rules("extraForwardRules")
        );
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rules");
        std::fs::write(&file, &table).expect("written");
        // A namespace of its own, so that no right of the machine's is needed and nothing of it is looked at.
        let output =
            Command::new("unshare").args(["--map-root-user", "--net", "nft", "--check", "--file"]).arg(&file).output().expect("unshare");
        assert!(output.status.success(), "{name}: {}\n{table}", String::from_utf8_lossy(&output.stderr));
    }
}
