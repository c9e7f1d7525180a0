//! A machine becomes a node: the operator's command, the machine's own scripts, the record over the wire, and what the inventory says afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clavitor_fleet::inventory::{Inventory, SHIPPED};

use crate::fleet::ssh_key;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("nixos/modules/scripts").join(name)
}

/// An operator's folder with an inventory and a rendered flake, and a machine's folders.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        let keys = format!(
            "ssh_keys = [\"{}\"]\nbreak_glass = \"{}\"",
            ssh_key("ssh-ed25519", 200).as_str(),
            ssh_key("sk-ssh-ed25519@openssh.com", 201).as_str()
        );
        fs::write(desk.path("fleet.toml"), SHIPPED.replace("ssh_keys = []", &keys)).expect("written");
        desk.done(&["render", "--out", "nixos"]);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fleet(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clavitor-fleet")).args(arguments).current_dir(self.0.path()).output().expect("the tool")
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.fleet(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn refused(&self, arguments: &[&str], code: i32, says: &str) {
        let output = self.fleet(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(says), "{arguments:?}: {:?}\n{said}", output.status.code());
    }

    fn node_runs(&self, name: &str, script_name: &str) {
        let output = Command::new("bash")
            .arg("-e")
            .arg(script(script_name))
            .env("NODE", name)
            .env("STATE", self.path("machine/state"))
            .env("SSH", self.path("machine/ssh"))
            .env("RECORD", self.path("machine/enrolment"))
            .output()
            .expect("bash");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The machine's first boot, with the token that the operator's command gave it.
    fn first_boot(&self, name: &str) {
        self.node_runs(name, "identity.sh");
        fs::copy(self.path(&format!(".fleet/enrolment/{name}.token")), self.path("machine/state/enrolment-token")).expect("the token");
        self.node_runs(name, "enrolment.sh");
    }

    fn inventory(&self) -> Inventory {
        let text = fs::read_to_string(self.path("fleet.toml")).expect("an inventory");
        Inventory::parse(&text, "fleet.toml").inventory.expect("it holds")
    }
}

#[test]
fn a_machine_is_enrolled_once_with_its_own_keys() {
    let desk = Desk::new();
    let call = desk.done(&["bootstrap", "tokyo", "--nixos", "nixos"]);
    let token = fs::read_to_string(desk.path(".fleet/enrolment/tokyo.token")).expect("a token");
    assert!(call.contains("/nixos/bootstrap/image.sh\n") && !call.contains(token.trim()), "{call}");
    desk.refused(&["bootstrap", "tokyo", "--nixos", "nixos"], 4, "--again");
    desk.refused(&["bootstrap", "tokyo", "--nixos", "nixos", "--method", "anywhere"], 4, "lives in memory");
    desk.refused(&["bootstrap", "seoul", "--nixos", "elsewhere"], 3, "clavitor-fleet render");

    desk.first_boot("tokyo");
    desk.refused(&["node", "enrol", "seoul", "--record", "machine/enrolment"], 3, "clavitor-fleet bootstrap seoul");
    let good = fs::read_to_string(desk.path("machine/enrolment")).expect("a record");
    fs::write(desk.path("changed"), good.replace("node tokyo", "node seoul")).expect("written");
    desk.refused(&["node", "enrol", "tokyo", "--record", "changed"], 4, "token");
    assert!(desk.inventory().nodes["tokyo"].keys.is_none());

    desk.done(&["node", "enrol", "tokyo", "--record", "machine/enrolment", "--dry-run"]);
    desk.done(&["node", "enrol", "tokyo", "--record", "machine/enrolment"]);
    let keys = desk.inventory().nodes["tokyo"].keys.clone().expect("keys");
    assert_eq!(keys.wireguard.as_str(), fs::read_to_string(desk.path("machine/state/wireguard.pub")).expect("a key").trim());
    assert!(!desk.path(".fleet/enrolment/tokyo.token").exists(), "a token is used once");
    desk.refused(&["node", "enrol", "tokyo", "--record", "machine/enrolment"], 3, "enrolled already");
}

/// The machine serves its record with its own script, on its own address and port 80, in a network of its own.
#[test]
fn the_record_is_fetched_from_the_machine() {
    let desk = Desk::new();
    desk.done(&["bootstrap", "tokyo", "--nixos", "nixos"]);
    desk.first_boot("tokyo");
    let address = desk.inventory().nodes["tokyo"].address;
    let inside = "ip link set lo up && ip address add \"$ADDRESS\" dev lo
        systemd-socket-activate --listen \"$ADDRESS:80\" --accept --inetd --setenv=RECORD --setenv=PATH bash -e \"$PAGE\" &
        served=$!
        trap 'kill $served' EXIT
        for _ in $(seq 200); do ss --listening --tcp --no-header --numeric | grep -q :80 && break; sleep 0.05; done
        \"$FLEET\" node enrol tokyo";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "bash", "-c", inside])
        .env("ADDRESS", address.to_string())
        .env("PAGE", script("enrolment-page.sh"))
        .env("RECORD", desk.path("machine/enrolment"))
        .env("FLEET", env!("CARGO_BIN_EXE_clavitor-fleet"))
        .current_dir(desk.0.path())
        .output()
        .expect("unshare");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(desk.inventory().nodes["tokyo"].keys.is_some());
}

#[test]
fn break_glass_is_opened_shown_rendered_and_closed() {
    let desk = Desk::new();
    let open = [
        "break-glass",
        "enable",
        "tokyo",
        "--operator",
        "soc",
        "--from",
        "203.0.113.7",
        "--until",
        "4h",
        "--reason",
        "hub A moves",
        "--out",
        "nixos",
    ];
    desk.done(&open);
    let rendered = || fs::read_to_string(desk.path("nixos/nodes/tokyo.nix")).expect("a node");
    assert!(rendered().contains("breakGlass = {") && rendered().contains("reason = \"hub A moves\";"));
    let list = desk.done(&["break-glass", "list"]);
    assert!(
        list.contains("tokyo") && list.contains("open") && list.contains("soc from 203.0.113.7") && list.contains("hub A moves"),
        "{list}"
    );
    let json: serde_json::Value = serde_json::from_str(&desk.done(&["break-glass", "list", "--json"])).expect("JSON");
    assert_eq!((&json[0]["node"], &json[0]["state"]), (&serde_json::json!("tokyo"), &serde_json::json!("open")));

    let until = |time| ["break-glass", "enable", "tokyo", "--operator", "soc", "--from", "203.0.113.7", "--until", time, "--reason", "x"];
    desk.refused(&until("48h"), 4, "more than a day");
    let nobody = ["break-glass", "enable", "tokyo", "--operator", "nobody", "--from", "203.0.113.7", "--until", "1h", "--reason", "x"];
    desk.refused(&nobody, 3, "no operator is called nobody");
    desk.refused(&until("1h"), 4, "is open already, for soc from 203.0.113.7");
    desk.done(&[&until("1h")[..], &["--again", "--out", "nixos"]].concat());
    assert!(rendered().contains("reason = \"x\";"), "{}", rendered());
    desk.done(&["break-glass", "disable", "tokyo", "--out", "nixos"]);
    assert!(!rendered().contains("breakGlass"));
    assert!(desk.done(&["break-glass", "list"]).contains("closed on every node"));
}

/// Programs that write down how they were called stand for Nix and the network; the scripts themselves run.
#[test]
fn the_scripts_ask_before_they_overwrite_and_send_the_token_past_the_image() {
    let desk = Desk::new();
    let call = desk.done(&["bootstrap", "tokyo", "--nixos", "nixos"]);
    fs::create_dir_all(desk.path("image")).expect("a folder");
    fs::write(desk.path("image/nixos.img"), "the image").expect("written");
    let pretend = |name: &str, does: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(desk.path("bin")).expect("a folder");
        let file = desk.path(&format!("bin/{name}"));
        fs::write(&file, format!("#!/bin/bash\necho \"{name} $*\" >>{}\n{does}\n", desk.path("calls").display())).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    pretend("nix", &format!("echo {}", desk.path("image").display()));
    pretend(
        "ssh",
        &format!(
            "case $* in *findmnt*) cat {} ;; *dd*) cat >{} ;; *cat*) cat >{} ;; esac",
            desk.path("root").display(),
            desk.path("disk").display(),
            desk.path("token").display()
        ),
    );
    let run = |answer: &str| {
        use std::io::Write as _;
        let path = format!("{}:{}", desk.path("bin").display(), std::env::var("PATH").expect("a path"));
        let mut child = Command::new("bash")
            .arg("-c")
            .arg(&call)
            .env("PATH", path)
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("bash");
        // A script that refuses does not read it.
        let _ = child.stdin.take().expect("stdin").write_all(answer.as_bytes());
        child.wait_with_output().expect("it ends")
    };
    fs::write(desk.path("root"), "/dev/vda1\n").expect("written");
    let output = run("tokyo\n");
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("rescue system first"), "{output:?}");
    fs::write(desk.path("root"), "rootfs\n").expect("written");
    assert_eq!(run("no\n").status.code(), Some(7));
    assert!(!desk.path("disk").exists());
    let output = run("tokyo\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let token = fs::read_to_string(desk.path(".fleet/enrolment/tokyo.token")).expect("a token");
    assert_eq!(fs::read_to_string(desk.path("token")).expect("sent"), token);
    let calls = fs::read_to_string(desk.path("calls")).expect("calls");
    assert!(!calls.contains(token.trim()) && calls.contains("tokyo-first-boot.config.system.build.nodeImage"), "{calls}");
    assert_eq!(&fs::read(desk.path("disk")).expect("sent")[..2], [0x1f, 0x8b], "compressed on the way");
}

#[test]
fn an_enrolled_machine_is_reached_by_its_own_key_tried_and_then_made_to_boot_so() {
    let desk = Desk::new();
    desk.refused(&["bootstrap", "tokyo", "--nixos", "nixos", "--method", "settle"], 4, "node enrol tokyo");
    desk.done(&["bootstrap", "tokyo", "--nixos", "nixos"]);
    desk.first_boot("tokyo");
    desk.done(&["node", "enrol", "tokyo", "--record", "machine/enrolment"]);
    let call = desk.done(&["bootstrap", "tokyo", "--nixos", "nixos", "--method", "settle"]);
    let calls = || fs::read_to_string(desk.path("calls")).unwrap_or_default();
    let pretend = |name: &str, does: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(desk.path("bin")).expect("a folder");
        let file = desk.path(&format!("bin/{name}"));
        fs::write(&file, format!("#!/bin/bash\necho \"{name} $*\" >>{}\n{does}\n", desk.path("calls").display())).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    let run = || {
        let path = format!("{}:{}", desk.path("bin").display(), std::env::var("PATH").expect("a path"));
        Command::new("bash").arg("-c").arg(&call).env("PATH", path).output().expect("bash")
    };
    pretend("nix", "case $* in *build*) echo /nix/store/abc-system ;; esac");
    pretend("ssh", "exit 255");
    assert_eq!(run().status.code(), Some(6), "nobody answers");
    // The first hub is gone; the node answers through the second, and serves no vault yet.
    pretend(
        "ssh",
        "cat \"${2#UserKnownHostsFile=}\" >>$(dirname $0)/../known; case $* in *10.84.0.*) exit 255 ;; *is-active*) exit 3 ;; esac",
    );
    let output = run();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let host_key = desk.inventory().nodes["tokyo"].keys.clone().expect("keys").ssh_host.without_comment();
    assert!(fs::read_to_string(desk.path("known")).expect("hosts").contains(&format!("10.84.1.2 {host_key}\n")));
    let said = calls();
    let order = [
        "nix build",
        "nix copy --to ssh://root@10.84.1.2 /nix/store/abc-system",
        "switch-to-configuration test",
        "--set /nix/store/abc-system",
        "switch-to-configuration boot",
    ];
    let places: Vec<_> = order.iter().map(|part| said.find(part).unwrap_or_else(|| panic!("{part}: {said}"))).collect();
    assert!(places.is_sorted(), "{said}");
    assert!(!said.contains("StrictHostKeyChecking=no") && said.contains("StrictHostKeyChecking=yes"), "{said}");

    pretend("ssh", "exit 0");
    assert_eq!(run().status.code(), Some(4), "a node that serves is deployed to, not settled");
}
