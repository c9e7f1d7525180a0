#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test crate are test code too")]
//! The inventory's verbs through the real program: exit codes, what goes where, files that are replaced whole.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with an inventory in it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn shipped() -> Self {
        let desk = Self::empty();
        assert_eq!(desk.run(&["init"]).code, 0);
        desk
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("fleet.toml")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{from}");
        std::fs::write(self.file(), text.replacen(from, to, 1)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run_in(self.folder.path(), arguments)
    }

    /// A line of the documentation, as somebody types it.
    fn shell(&self, line: &str) -> Said {
        let program = Path::new(env!("CARGO_BIN_EXE_clavitor-fleet")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        said(Command::new("sh").args(["-c", line]).current_dir(self.folder.path()).env("PATH", path))
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let said = self.run(&[arguments, &["--json"]].concat());
        (said.code, serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no JSON: {} {}", said.out, said.words)))
    }
}

struct Said {
    code: i32,
    out: String,
    words: String,
}

fn run_in(folder: &Path, arguments: &[&str]) -> Said {
    said(Command::new(env!("CARGO_BIN_EXE_clavitor-fleet")).args(arguments).current_dir(folder))
}

fn said(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = command.env_remove("CLAVITOR_FLEET").output().unwrap();
    Said { code: status.code().unwrap(), out: String::from_utf8(stdout).unwrap(), words: String::from_utf8(stderr).unwrap() }
}

#[test]
fn the_shipped_inventory_is_made_once_and_holds() {
    let desk = Desk::shipped();
    let again = desk.run(&["init"]);
    assert_eq!(again.code, 4);
    assert!(again.words.contains("there is a file at fleet.toml already"), "{}", again.words);
    let said = desk.run(&["validate"]);
    assert_eq!(said.code, 0, "{}", said.words);
    assert_eq!(said.out, "fleet.toml holds: 16 nodes, 1 warning\n");
    assert!(said.words.contains("fleet.toml:") && said.words.contains("ssh_keys = []"), "{}", said.words);
    assert_eq!(desk.run(&["validate", "--strict"]).code, 2);
}

#[test]
fn mistakes_are_shown_with_line_and_column() {
    let desk = Desk::shipped();
    desk.edit("number = 11", "number = 2");
    desk.edit("longitude = 126.978", "lonitude = 126.978");
    desk.edit("number = 3\n", "number = 1\n");
    let said = desk.run(&["validate"]);
    assert_eq!(said.code, 2);
    assert_eq!(said.out, "");
    let line = desk.text().lines().position(|line| line.starts_with("lonitude")).unwrap() + 1;
    let shown = format!("fleet.toml:{line}:12: error: the key lonitude is not known in [node.seoul]\n  {line} | lonitude = 126.978\n");
    assert!(said.words.contains(&shown), "{}\n{shown}", said.words);
    assert!(said.words.contains("did you mean longitude?"), "{}", said.words);
    assert!(
        said.words.contains("error: the number 1 is taken by frankfurt") || said.words.contains("the number 1 is taken by zurich"),
        "{}",
        said.words
    );
    let (code, answer) = desk.json(&["validate"]);
    assert_eq!((code, answer["code"].as_str(), answer["exit_code"].as_i64()), (2, Some("inventory"), Some(2)));
    let keys: Vec<&str> = answer["findings"].as_array().unwrap().iter().map(|finding| finding["key"].as_str().unwrap()).collect();
    assert!(keys.contains(&"node.seoul.lonitude") && keys.contains(&"node.seoul.longitude"), "{keys:?}");
}

#[test]
fn list_and_show_say_what_follows_from_the_inventory() {
    let desk = Desk::shipped();
    let (code, nodes) = desk.json(&["list"]);
    assert_eq!((code, nodes.as_array().unwrap().len()), (0, 16));
    assert_eq!(nodes[1]["name"], "tokyo");
    assert_eq!((&nodes[1]["tunnel_a"], &nodes[1]["tunnel_b"]), (&"10.84.0.2".into(), &"10.84.1.2".into()));
    assert_eq!(nodes[0]["hub_of"], serde_json::json!(["a"]));
    let shown = desk.run(&["show", "sao-paulo"]);
    assert!(shown.out.contains("São Paulo, BR") && shown.out.contains("sao-paulo.pop.clavitor.com"), "{}", shown.out);
    let missing = desk.run(&["show", "sao-paolo"]);
    assert_eq!(missing.code, 3);
    assert!(missing.words.contains("the inventory has sao-paulo"), "{}", missing.words);
}

#[test]
fn cost_and_coverage_are_calculated() {
    let desk = Desk::shipped();
    let (code, cost) = desk.json(&["cost"]);
    assert_eq!((code, &cost["total_usd"], &cost["remaining_usd"]), (0, &40.5.into(), &59.5.into()));
    let bill = desk.run(&["cost"]).out;
    assert!(bill.contains("total               16    $40.50   of $100.00, $59.50 remain"), "{bill}");
    let (_, model) = desk.json(&["coverage"]);
    assert_eq!((&model["reach_km"], &model["sites"], model["order"].as_array().unwrap().len()), (&4500.0.into(), &16.into(), 16));
    let (_, changed) = desk.json(&["coverage", "--add", "Singapore", "--add", "-33.45,-70.67", "--without", "sao-paulo", "--suggest", "1"]);
    assert_eq!((&changed["sites"], &changed["share_before"]), (&17.into(), &model["share"]));
    assert!(changed["suggestions"][0]["share"].as_f64() > changed["share"].as_f64());
    for (wrong, code) in [(["--add", "Atlantis"], 3), (["--add", "91,0"], 64), (["--without", "oslo"], 3), (["--detour", "0.5"], 64)] {
        assert_eq!(desk.run(&[&["coverage"], &wrong[..]].concat()).code, code, "{wrong:?}");
    }
}

#[test]
fn a_node_comes_and_goes_and_comments_stay() {
    let desk = Desk::shipped();
    let before = desk.text();
    let add =
        ["node", "add", "singapore", "--city", "Singapore", "--region", "South-East Asia", "--provider", "vultr", "--plan", "vultr-512"];
    let add = [&add[..], &["--address", "203.0.113.17"]].concat();
    let dry = desk.run(&[&add[..], &["--dry-run"]].concat());
    assert_eq!((dry.code, desk.text() == before), (0, true));
    assert!(dry.out.contains("+[node.singapore]") && dry.out.contains("nothing was written"), "{}", dry.out);
    let (code, change) = desk.json(&add);
    assert_eq!((code, change["written"].as_bool()), (0, Some(true)));
    assert!(desk.text().starts_with(before.trim_end()), "nothing before it changed");
    let (_, node) = desk.json(&["show", "singapore"]);
    assert_eq!((&node["number"], &node["country"], &node["state"]), (&17.into(), &"SG".into(), &"planned".into()));
    assert_eq!(desk.run(&add).code, 4, "the name is taken");
    assert_eq!(desk.run(&["node", "retire", "singapore"]).code, 0);
    assert_eq!(desk.json(&["list"]).1.as_array().unwrap().len(), 16);
    assert_eq!(desk.json(&["list", "--all"]).1.as_array().unwrap().len(), 17);
    assert_eq!(desk.run(&add).code, 4, "and stays taken");
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn a_change_that_would_break_the_fleet_is_not_made() {
    let desk = Desk::shipped();
    let before = desk.text();
    let hub = desk.run(&["node", "retire", "zurich"]);
    assert_eq!(hub.code, 4);
    assert!(
        hub.words.contains("zurich is the hub of network a, and 15 nodes meet there\n  next: make another node the hub"),
        "{}",
        hub.words
    );
    let duplicate = ["node", "add", "osaka", "--city", "Osaka", "--region", "Asia East", "--provider", "vultr", "--plan", "vultr-512"];
    let duplicate = desk.run(&[&duplicate[..], &["--address", "203.0.113.2"]].concat());
    assert_eq!(duplicate.code, 2);
    assert!(duplicate.words.contains("the address 203.0.113.2 is taken by"), "{}", duplicate.words);
    let nowhere = ["node", "add", "atlantis", "--city", "Atlantis", "--region", "Sea", "--provider", "vultr", "--plan", "vultr-512"];
    let nowhere = desk.run(&[&nowhere[..], &["--address", "203.0.113.99"]].concat());
    assert_eq!(nowhere.code, 3);
    let early = desk.json(&["node", "activate", "tokyo"]);
    assert_eq!((early.0, early.1["next"].as_str()), (4, Some("clavitor-fleet node enrol tokyo")));
    assert_eq!(desk.text(), before);
}

#[test]
fn without_an_inventory_the_way_to_one_is_said() {
    let desk = Desk::empty();
    let said = desk.run(&["validate"]);
    assert_eq!(said.code, 3);
    assert!(said.words.contains("next: clavitor-fleet init"), "{}", said.words);
    std::fs::write(desk.file(), "x".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(desk.run(&["validate"]).code, 2, "a huge file is not read");
    assert_eq!(desk.run(&["conquer"]).code, 64);
    assert_eq!(desk.run(&["--help"]).code, 0);
    let (code, usage) = desk.json(&["coverage", "--detour", "0.5"]);
    assert_eq!((code, usage["code"].as_str()), (64, Some("usage")));
    assert_eq!(desk.run(&["--inventory", "elsewhere/fleet.toml", "list"]).code, 3);
}

#[test]
fn every_verb_answers_in_json() {
    let desk = Desk::shipped();
    let verbs: [&[&str]; 9] = [
        &["validate"],
        &["list"],
        &["show", "zurich"],
        &["cost"],
        &["coverage"],
        &["map"],
        &["schema"],
        &["man", "pages"],
        &["node", "retire", "dallas", "--dry-run"],
    ];
    for verb in verbs {
        let (_, answer) = desk.json(verb);
        assert!(answer.is_object() || answer.is_array(), "{verb:?}");
    }
    let (_, nothing) = desk.json(&["map", "--active"]);
    assert_eq!((&nothing["share"], nothing["nodes"].as_array().unwrap().len()), (&0.0.into(), 0));
    assert!(desk.run(&["map", "--active", "--form", "page"]).out.ends_with("</html>\n"), "an empty fleet has a page too");
    let shown = desk.run(&["show", "zurich", "--json"]).out;
    assert_eq!(shown.matches("\"cost_usd\"").count(), 1, "a member stands once: {shown}");
    assert!(desk.run(&["completions", "bash"]).out.contains("clavitor-fleet"));
    assert!(desk.folder.path().join("pages/clavitor-fleet-coverage.1").is_file());
}

#[test]
fn the_published_schema_is_the_programs() {
    let said = Desk::empty().run(&["schema"]);
    let published = include_str!("../../../docs/fleet.schema.json");
    assert_eq!(said.out, published, "write it again: clavitor-fleet schema > docs/fleet.schema.json");
}

/// Every block marked `console` in the documentation is run, in order, in one folder.
#[test]
fn the_documentation_shows_what_the_program_prints() {
    let documentation = include_str!("../../../docs/FLEET.md");
    let desk = Desk::empty();
    let blocks: Vec<&str> = documentation.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 5, "{}", blocks.len());
    for command in blocks.iter().flat_map(|block| block.split("$ ").skip(1)) {
        let (line, printed) = command.split_once('\n').unwrap();
        let said = desk.shell(line);
        let answer = if said.out.is_empty() { said.words } else { said.out };
        assert_eq!(answer, printed, "$ {line}");
    }
}

#[test]
fn the_documentation_has_every_exit_code() {
    let documentation = include_str!("../../../docs/FLEET.md");
    let table = documentation.split(". Exit codes\n").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ") && line.contains('`') && !line.contains("`code`")).collect();
    assert_eq!(rows.len(), clavitor_fleet::Kind::ALL.len());
    for (row, kind) in rows.iter().zip(clavitor_fleet::Kind::ALL) {
        assert!(row.starts_with(&format!("| {} | `{}` | ", kind.exit_code(), kind.word())), "{row}");
    }
}

/// The steps of a machine that is made anew, in words and as data.
fn steps_of(desk: &Desk, node: &str) -> Vec<String> {
    let (code, plan) = desk.json(&["reprovision", node]);
    assert_eq!((code, plan["schema"].as_str()), (0, Some("clavitor.fleet-reprovision/1")));
    let said = desk.run(&["reprovision", node]);
    let lines: Vec<String> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|step| step["next"].as_array().unwrap().clone())
        .map(|line| line.as_str().unwrap().to_owned())
        .collect();
    assert!(lines.iter().all(|line| said.out.contains(line)), "{}", said.out);
    lines
}

/// That these come in this order, each once.
fn in_order(lines: &[String], wanted: &[&str]) {
    let mut rest = lines.iter();
    for part in wanted {
        assert!(rest.any(|line| line.contains(part)), "{part} is not in its place in {lines:#?}");
    }
}

#[test]
fn the_plan_of_a_machine_that_is_made_anew_names_every_step_to_the_end() {
    let desk = Desk::shipped();
    in_order(
        &steps_of(&desk, "tokyo"),
        &[
            "incident maintain tokyo",
            "backup create",
            "systemctl stop",
            "bootstrap tokyo --nixos rendered --again >tokyo.sh",
            "bash tokyo.sh",
            "node enrol tokyo",
            "render",
            "bootstrap tokyo --nixos rendered --method settle | bash",
            "node activate tokyo",
            "kuma sync",
            "clavitor restore",
            "diagnose tokyo",
            "node rotate tokyo",
            "maintain tokyo --minutes 0",
        ],
    );
    // In service, the other ends of its tunnels have secrets that the new machine does not know.
    let mut text: toml_edit::DocumentMut = desk.text().parse().unwrap();
    for (place, name) in ["zurich", "frankfurt", "tokyo", "seoul"].into_iter().enumerate() {
        let letter = ["B", "C", "D", "E"][place];
        let keys = format!(
            "{{ wireguard = \"{}A=\", ssh_host = \"ssh-ed25519 {}{letter}\", identity = \"{}A=\", since = \"2026-11-01\" }}",
            letter.repeat(42),
            "AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
            letter.to_lowercase().repeat(42)
        );
        text["node"][name]["state"] = toml_edit::value("active");
        text["node"][name]["keys"] = toml_edit::value(keys.parse::<toml_edit::Value>().unwrap());
    }
    std::fs::write(desk.file(), text.to_string()).unwrap();
    let spoke = steps_of(&desk, "tokyo");
    in_order(
        &spoke,
        &[
            "for node in zurich; do (cd .fleet && ssh -F ssh_config $node.a -- rm -f /var/lib/fleet/psk-a.d/tokyo); done",
            "for node in frankfurt; do (cd .fleet && ssh -F ssh_config $node.a -- rm -f /var/lib/fleet/psk-b.d/tokyo); done",
            "deploy --version VERSION --flake rendered --only frankfurt,zurich",
            "--method settle",
        ],
    );
    assert!(!spoke.iter().any(|line| line.contains("activate")), "{spoke:?}");
    in_order(
        &steps_of(&desk, "zurich"),
        &[
            "status --network b",
            "for node in frankfurt seoul tokyo; do (cd .fleet && ssh -F ssh_config $node.b -- rm -f /var/lib/fleet/psk-a); done",
            "--only frankfurt,seoul,tokyo --network b",
            "--method settle",
        ],
    );
}
