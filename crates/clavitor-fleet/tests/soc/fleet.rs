//! A desk with an inventory, and nodes that it reaches at their tunnel addresses.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clavitor_fleet::inventory::{Inventory, NetworkName, SHIPPED};
use serde_json::Value;

use super::lab::{Lab, Machine, wait_for};

pub(crate) struct Fleet {
    lab: Lab,
    desk: Machine,
    nodes: Vec<Machine>,
    program: PathBuf,
}

/// The node's program as the workspace's tests have built it; built if it is not there.
fn program() -> PathBuf {
    let program = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("clavitor");
    if !program.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "-q", "-p", "clavitor", "--bin", "clavitor"]).status().unwrap();
        assert!(built.success(), "the node's program does not build");
    }
    program
}

/// Starts the service, as the stand-in for systemd knows it.
fn start_unit(node: &Machine, serve: &str) {
    drop(node.start_daemon(&format!("sh -c 'echo $$ >/run/units/clavitor.service; exec {serve}'"), "node").unwrap());
    wait_for("the node serves", || node.can("/srv/bin/clavitor vitals --data /var/lib/clavitor")).unwrap();
}

impl Fleet {
    /// Machines for some nodes; others stand in the inventory only.
    pub(crate) fn new(there: &[&str], gone: &[&str]) -> Self {
        let mut lab = Lab::new().unwrap();
        let desk = lab.machine("desk").unwrap();
        desk.run("ip addr add 10.84.0.241/24 dev pub0").unwrap();
        let login = desk.make_login_key().unwrap();
        let inventory = Inventory::parse(SHIPPED, "fleet.toml").into_result().unwrap();
        let mut text: toml_edit::DocumentMut = SHIPPED.parse().unwrap();
        let mut nodes = Vec::new();
        for (place, name) in there.iter().chain(gone).enumerate() {
            let mut host_key = format!("ssh-ed25519 {}", "AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH");
            if there.contains(name) {
                let machine = lab.machine(name).unwrap();
                let address = inventory.tunnel_address(&name.parse().unwrap(), NetworkName::A).unwrap();
                machine.run(&format!("ip addr add {address}/24 dev pub0")).unwrap();
                host_key = machine.start_sshd(&[22], &login).unwrap();
                nodes.push(machine);
            }
            let letter = ["B", "C", "D", "E"][place];
            let key = format!("{}A=", letter.repeat(42));
            let identity = format!("{}A=", letter.to_lowercase().repeat(42));
            let ssh_host = host_key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            let keys = format!("{{ wireguard = \"{key}\", ssh_host = \"{ssh_host}\", identity = \"{identity}\", since = \"2026-11-01\" }}");
            text["node"][*name]["state"] = toml_edit::value("active");
            text["node"][*name]["keys"] = toml_edit::value(keys.parse::<toml_edit::Value>().unwrap());
        }
        let fleet = Self { lab, desk, nodes, program: program() };
        fs::write(fleet.inventory(), text.to_string()).unwrap();
        for node in &fleet.nodes {
            node.play_systemd().unwrap();
            // A store of its own: this machine's is never touched.
            node.run("mkdir -p /nix && mount -t tmpfs tmpfs /nix").unwrap();
            node.run(&format!("ln -s {} /srv/bin/clavitor", fleet.program.display())).unwrap();
        }
        fleet
    }

    fn inventory(&self) -> PathBuf {
        self.lab.folder().join("fleet.toml")
    }

    pub(crate) fn program(&self) -> &str {
        self.program.to_str().unwrap()
    }

    pub(crate) fn node(&self, name: &str) -> &Machine {
        self.nodes.iter().find(|node| node.name == name).unwrap()
    }

    /// Starts the real node.
    pub(crate) fn serve(&self, name: &str) {
        let node = self.node(name);
        // The machine ends it.
        start_unit(node, &format!("/srv/bin/clavitor serve --data /var/lib/clavitor --telemetry-node {name}"));
    }

    /// Starts the real node as the world sees it: at its public address, over TLS, under its own name. Returns whom the desk must trust to believe it.
    pub(crate) fn serve_the_world(&self, name: &str) -> String {
        let node = self.node(name);
        let inventory = Inventory::parse(&fs::read_to_string(self.inventory()).unwrap(), "fleet.toml").into_result().unwrap();
        let (name, front) = (name.parse().unwrap(), inventory.node(&name.parse().unwrap()).unwrap().address);
        node.run(&format!("ip addr add {front}/24 dev pub0")).unwrap();
        self.desk.run("ip addr add 203.0.113.250/24 dev pub0").unwrap();
        let serve = format!(
            "/srv/bin/clavitor serve --data /var/lib/clavitor --domain {} --dev-ca --https-bind {front}:443 --http-bind none",
            inventory.host_name(&name)
        );
        // The machine ends it.
        start_unit(node, &serve);
        let authority = self.lab.folder().join("authority.pem");
        fs::copy(node.path("/var/lib/clavitor/dev-ca/ca.crt"), &authority).unwrap();
        authority.to_str().unwrap().to_owned()
    }

    /// Sets a number of the inventory.
    pub(crate) fn set(&self, table: &str, key: &str, value: i64) {
        let mut text: toml_edit::DocumentMut = fs::read_to_string(self.inventory()).unwrap().parse().unwrap();
        text[table][key] = toml_edit::value(value);
        fs::write(self.inventory(), text.to_string()).unwrap();
    }

    /// Since when these nodes' keys are in use.
    pub(crate) fn keys_since(&self, names: &[&str], day: &str) {
        let mut text: toml_edit::DocumentMut = fs::read_to_string(self.inventory()).unwrap().parse().unwrap();
        for name in names {
            text["node"][*name]["keys"]["since"] = toml_edit::value(day);
        }
        fs::write(self.inventory(), text.to_string()).unwrap();
    }

    /// A node that was taken: whatever is asked over ssh, this is what runs.
    pub(crate) fn taken(&self, name: &str, script: &str) {
        let node = self.node(name);
        fs::write(node.path("/srv/taken"), script).unwrap();
        node.run("echo 'ForceCommand sh /srv/taken' >>/srv/ssh/config && kill -HUP $(cat /srv/ssh/pid)").unwrap();
    }

    /// What the tool keeps under a name; nothing before it is there.
    pub(crate) fn state(&self, name: &str) -> Value {
        let kept = fs::read_to_string(self.lab.folder().join(".fleet").join(name)).ok();
        kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// A program that a node finds before the system's.
    pub(crate) fn stand_in(&self, name: &str, program: &str, text: &str) {
        let path = self.node(name).path(&format!("/srv/bin/{program}"));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Backups take as long as /srv/slow is there.
    pub(crate) fn slow_backups(&self, name: &str) {
        let node = self.node(name);
        fs::write(node.path("/srv/slow"), "").unwrap();
        node.run("/srv/bin/clavitor backup code --data /var/lib/clavitor && rm /srv/bin/clavitor").unwrap();
        let text =
            format!("#!/bin/sh\nwhile [ \"$1\" = backup ] && [ -e /srv/slow ]; do sleep 0.1; done\nexec {} \"$@\"\n", self.program());
        self.stand_in(name, "clavitor", &text);
    }

    /// Generations in the node's own store, made by real Nix.
    pub(crate) fn generations(&self, name: &str, count: usize) {
        let make = format!(
            "mkdir -p /nix/var/nix/profiles && for i in $(seq {count}); do echo $i > /srv/system && \
             nix-env --profile /nix/var/nix/profiles/system --set $(nix-store --add /srv/system) || exit 1; done"
        );
        self.node(name).run(&make).unwrap();
        assert_eq!(self.count_generations(name), count);
    }

    pub(crate) fn count_generations(&self, name: &str) -> usize {
        self.node(name).run("ls -d /nix/var/nix/profiles/system-*-link | wc -l").unwrap().trim().parse().unwrap()
    }

    /// The folder with backup codes.
    pub(crate) fn keep_code(&self, name: &str, code: &str) -> String {
        let folder = self.lab.folder().join("codes");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), code).unwrap();
        folder.to_str().unwrap().to_owned()
    }

    /// The tool, on the desk.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(env!("CARGO_BIN_EXE_clavitor-fleet"));
        command.arg("--inventory").arg(self.inventory()).args(arguments);
        if ["status", "diagnose", "routine", "monitor"].contains(&arguments[0]) {
            command.args(["--identity", self.desk_key()]);
        }
        command
    }

    /// The tool, with a wall clock that runs so many times as fast.
    pub(crate) fn fast_command(&self, times: u8, arguments: &[&str]) -> Command {
        let mut command = self.desk.command("faketime");
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").args(["-f", &format!("+0 x{times}"), env!("CARGO_BIN_EXE_clavitor-fleet")]);
        command.arg("--inventory").arg(self.inventory()).args(arguments);
        command
    }

    /// ssh reads it inside the desk.
    fn desk_key(&self) -> &'static str {
        assert!(Path::new(&self.desk.path("/srv/home/.ssh/id_ed25519")).exists());
        "/srv/home/.ssh/id_ed25519"
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(&[arguments, &["--json"]].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), value)
    }

    pub(crate) fn words(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let words = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        eprintln!("$ clavitor-fleet {}\n{words}", arguments.join(" "));
        (output.status.code().unwrap(), words)
    }

    /// Ctrl-C for the tool that runs on the desk, which has processes of its own only.
    pub(crate) fn interrupt(&self) {
        self.desk.run("kill -INT $(pgrep -f '[c]lavitor-fleet --inventory')").unwrap();
    }
}
