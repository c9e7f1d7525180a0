//! What the scripts say on a node, read strictly, and the judgement over it. Pure.

use clavitor_api::{CheckState, HealthCheck};
use serde::Deserialize;

use crate::remote::plain;

use super::{
    command::{Report, Sight, System},
    plan::ANY_VERSION,
};

/// Marks our lines among whatever else a node prints.
const PREFIX: &str = "clavitor: ";

/// What a node must have before it is touched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needs {
    /// Free where the store and the vault lie.
    pub free_kb_min: u64,
    /// How far its clock may be off.
    pub clock_off_s_max: u64,
    /// What must be left of its certificate's life.
    pub life_left_min: f64,
}

impl Default for Needs {
    fn default() -> Self {
        Self { free_kb_min: 1 << 20, clock_off_s_max: 10, life_left_min: 0.15 }
    }
}

/// The lines of a script that ran to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Facts<'a> {
    /// Nothing unless the last line is there: a script that was cut off says nothing.
    pub(super) fn read(out: &'a str) -> Option<Self> {
        let lines: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix(PREFIX)).map(str::trim_end).collect();
        (lines.last() == Some(&"end")).then_some(Self { lines })
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.lines.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
    }

    fn says(&self, word: &str) -> bool {
        self.lines.contains(&word)
    }

    /// The answer to a look.
    pub(super) fn sight(&self, closure: &str) -> Option<Sight> {
        let system =
            |key| self.value(key).filter(|path| !path.is_empty()).map(|path| if path == closure { System::New } else { System::Old });
        Some(Sight {
            runs: system("runs")?,
            boots: system("boots")?,
            is_armed: self.says("armed"),
            is_marked: self.says("marked"),
            is_busy: self.says("busy"),
        })
    }

    /// The answer to the preflight of a rollout, as far as the node itself knows. `before_s` and `after_s`: the operator's clock around the question.
    pub(super) fn judge(&self, rollout: &str, closure: &str, needs: &Needs, before_s: u64, after_s: u64) -> Report {
        let Some(sight) = self.sight(closure) else { return Report::Failed("it does not say what it runs; is it NixOS?".to_owned()) };
        if sight.is_marked && self.value("rollout") == Some(rollout) {
            return Report::Unsettled;
        }
        if sight.is_armed || sight.is_marked || sight.is_busy {
            return Report::Failed(self.another());
        }
        if sight.runs == System::New && sight.boots == System::New {
            return Report::Already;
        }
        let number = |key| self.value(key).and_then(|text| text.parse::<u64>().ok());
        let (Some(free_kb), Some(clock_s)) = (number("free_kb"), number("clock_s")) else {
            return Report::Failed("it does not say how much disk is free, or what time it is".to_owned());
        };
        if free_kb < needs.free_kb_min {
            let (free, min) = (free_kb >> 10, needs.free_kb_min >> 10);
            return Report::Failed(format!(
                "its disk is full: {free} MB are free, and {min} MB must be. Collect garbage there with `clavitor-fleet routine weekly`, or give it a larger plan"
            ));
        }
        let off_s = before_s.saturating_sub(clock_s).max(clock_s.saturating_sub(after_s));
        if off_s > needs.clock_off_s_max {
            return Report::Failed(format!(
                "its clock is off by {off_s} s, or this machine's is: certificates and proofs depend on it. `timedatectl` on both says which"
            ));
        }
        Report::Done
    }

    /// Whose the node is, and until when.
    fn another(&self) -> String {
        let whose = self
            .value("rollout")
            .map_or_else(|| "its rollback timer is armed, or runs".to_owned(), |name| plain(&format!("it is unconfirmed since {name}")));
        let until = match self.value("fires_in_s").and_then(|text| text.parse::<i64>().ok()) {
            Some(left_s) if left_s > 0 => format!("its own timer takes it back in {left_s} s"),
            _ => "its own timer takes it back at any moment".to_owned(),
        };
        format!(
            "another rollout has not ended there: {whose}, and {until}. Wait for that, or look with `clavitor-fleet rollout show` where it was begun"
        )
    }
}

/// Where the generation before the current one leads.
pub(super) fn previous(out: &str) -> Option<String> {
    Facts::read(out)?.value("previous").filter(|path| !path.is_empty()).map(str::to_owned)
}

/// The part of a node's report that counts here.
#[derive(Debug, Deserialize)]
struct Vitals {
    version: String,
    ready: bool,
    #[serde(default)]
    checks: Vec<HealthCheck>,
}

/// The node's own word: its service is active, runs this system, and reports this version and no failing check.
pub(super) fn own_word(out: &str, closure: &str, version: &str) -> Report {
    let says = |fact: &str| out.lines().any(|line| line.strip_prefix(PREFIX).is_some_and(|line| line.trim_end() == fact));
    if !says(&format!("runs {closure}")) {
        return Report::Failed("it does not run the new system".to_owned());
    }
    if !says("active") {
        return Report::Failed("clavitor.service is not active".to_owned());
    }
    let vitals = out.lines().filter(|line| line.starts_with('{')).find_map(|line| serde_json::from_str::<Vitals>(line).ok());
    let Some(vitals) = vitals else { return Report::Failed("its service gives no report".to_owned()) };
    if vitals.version != version && version != ANY_VERSION {
        return Report::Failed(format!("it reports version {}, and should report {version}", plain(&vitals.version)));
    }
    if vitals.ready {
        return Report::Done;
    }
    let failing = vitals.checks.iter().filter(|check| check.state == CheckState::Fail);
    let words: Vec<String> = failing.map(|check| format!("{}: {}", check.check, check.detail)).collect();
    Report::Failed(format!("it reports that it is not ready: {}", plain(&words.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "/nix/store/new";

    fn judged(lines: &[&str]) -> Report {
        let text: String = lines.iter().map(|line| format!("clavitor: {line}\n")).collect();
        let text = format!("Welcome!\n{text}clavitor: end\n");
        Facts::read(&text).unwrap().judge("this", NEW, &Needs::default(), 1000, 1002)
    }

    fn refused(lines: &[&str], because: &str) {
        let report = judged(lines);
        assert!(matches!(&report, Report::Failed(why) if why.contains(because)), "{report:?}");
    }

    #[test]
    fn a_node_that_can() {
        assert_eq!(judged(&["runs /old", "boots /old", "free_kb 2000000", "clock_s 1001"]), Report::Done);
        assert_eq!(judged(&["runs /nix/store/new", "boots /nix/store/new"]), Report::Already);
    }

    #[test]
    fn nodes_that_cannot() {
        refused(&["runs /old", "boots /old", "free_kb 900000", "clock_s 1001"], "disk is full");
        refused(&["runs /old", "boots /old", "free_kb 2000000", "clock_s 980"], "clock is off by 20 s");
        refused(&["runs /old", "boots /old", "free_kb 2000000", "clock_s 1100"], "clock is off by 98 s");
        refused(&["runs /old", "boots /old", "free_kb 2000000", "clock_s 1001", "armed"], "another rollout");
        refused(&["runs /nix/store/new", "boots /nix/store/new", "marked"], "another rollout");
        refused(&["runs ", "boots /old"], "NixOS");
        refused(&["runs /old", "boots /old", "free_kb x"], "how much disk");
    }

    #[test]
    fn an_undecided_node_is_this_rollouts_own_or_says_whose_it_is_and_until_when() {
        let marked = |more: &[&str]| judged(&[&["runs /old", "boots /old", "marked", "armed"], more].concat());
        assert_eq!(marked(&["rollout this", "fires_in_s 80"]), Report::Unsettled);
        let of_another = marked(&["rollout that", "fires_in_s 80"]);
        assert!(
            matches!(&of_another, Report::Failed(why) if why.contains("unconfirmed since that") && why.contains("in 80 s")),
            "{of_another:?}"
        );
        let late = marked(&["rollout that", "fires_in_s -1"]);
        assert!(matches!(&late, Report::Failed(why) if why.contains("at any moment")), "{late:?}");
    }

    #[test]
    fn a_script_that_was_cut_off_says_nothing() {
        assert_eq!(Facts::read("clavitor: runs /old\nclavitor: boots /old\n"), None);
        let facts =
            Facts::read("clavitor: runs /nix/store/new\nclavitor: boots /old\nclavitor: marked\nclavitor: armed\nclavitor: end\n").unwrap();
        let sight = facts.sight(NEW).unwrap();
        assert_eq!(
            (sight.runs, sight.boots, sight.is_armed, sight.is_marked, sight.is_busy),
            (System::New, System::Old, true, true, false)
        );
    }

    #[test]
    fn the_nodes_own_word() {
        let said = |report: &str| own_word(&format!("clavitor: runs {NEW}\nclavitor: active\n{report}\n"), NEW, "0.2.0");
        assert_eq!(said(r#"{"version":"0.2.0","ready":true,"checks":[],"ram_mb":40}"#), Report::Done);
        assert!(matches!(said(r#"{"version":"0.1.0","ready":true}"#), Report::Failed(why) if why.contains("version 0.1.0")));
        let ill = r#"{"version":"0.2.0","ready":false,"checks":[{"check":"disk","state":"fail","detail":"nearly full"}]}"#;
        assert!(matches!(said(ill), Report::Failed(why) if why.contains("disk: nearly full")));
        assert!(matches!(said(""), Report::Failed(why) if why.contains("no report")));
        assert!(matches!(own_word("clavitor: runs /nix/store/new\n", NEW, "0.2.0"), Report::Failed(why) if why.contains("not active")));
    }
}
