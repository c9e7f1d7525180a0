//! A small fleet in the laboratory: nodes with real sshd and real nix, and an operator who runs the real tool.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::lab::{
    Lab, Machine,
    inventory::{Entry, Keys, inventory},
    nixos::{System, write_program},
};

const BIN: &str = env!("CARGO_BIN_EXE_clavitor-fleet");
/// Name, country, number. The hubs first.
const PLACES: [(&str, &str, u8); 4] = [("zurich", "CH", 1), ("frankfurt", "DE", 3), ("seoul", "KR", 4), ("tokyo", "JP", 2)];

/// What is in the /etc of the system that nodes have at first.
const OLD: &[(&str, &str)] = &[("version", "0.1.0"), ("ready", "")];

/// The systems that exist, by what they are; store paths.
#[derive(Debug, Clone)]
pub(crate) struct Systems {
    pub(crate) old: String,
    pub(crate) new: String,
    /// Its service does not become ready.
    pub(crate) ill: String,
    /// It serves, and what it says of itself is no report.
    pub(crate) mute: String,
    /// It takes the network away.
    pub(crate) cut: String,
}

/// Nodes, an operator, and what they have.
pub(crate) struct Fleet {
    pub(crate) nodes: BTreeMap<String, Machine>,
    pub(crate) systems: Systems,
    operator: Machine,
    lab: Lab,
}

/// A run of the tool that was started.
pub(crate) struct Running {
    child: Child,
    events: BufReader<ChildStdout>,
}

/// What it said at its end.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) words: String,
}

impl Fleet {
    /// Those of the four places that are named are active.
    pub(crate) fn new(active: &[&str]) -> Result<Self> {
        let mut lab = Lab::new()?;
        let operator = lab.machine("operator")?;
        operator.run("ip addr add 10.84.0.241/24 dev pub0 && ip addr add 10.84.1.241/24 dev pub0")?;
        authority(&operator, lab.folder().to_str().context("a path")?)?;
        let program = lab.folder().join("clavitor");
        write_program(&program, include_str!("clavitor"))?;
        let systems = systems(&operator, &program)?;
        let mut nodes = BTreeMap::new();
        for name in active {
            let (_, _, number) = PLACES.iter().find(|place| place.0 == *name).context("a place")?;
            nodes.insert((*name).to_owned(), node(&mut lab, &program, name, *number)?);
        }
        let fleet = Self { nodes, systems, operator, lab };
        fleet.write_inventory(&BTreeMap::new())?;
        Ok(fleet)
    }

    /// The inventory; host keys can be other ones than the nodes have.
    pub(crate) fn write_inventory(&self, other_keys: &BTreeMap<&str, String>) -> Result<()> {
        let mut entries = Vec::new();
        for (place, (name, country, number)) in PLACES.into_iter().enumerate() {
            let node = self.nodes.get(name);
            let keys = |node: &Machine| {
                let own = fs::read_to_string(node.path("/srv/ssh/host.pub"))?;
                let ssh_host = other_keys.get(name).unwrap_or(&own).trim().to_owned();
                Ok::<_, anyhow::Error>(Keys { wireguard: key_of(number), ssh_host, identity: key_of(number + 100) })
            };
            let address = node.map_or_else(|| format!("203.0.113.{number}"), |node| node.address.to_string());
            let keys = node.map(keys).transpose()?;
            entries.push(Entry { name, country, number, is_hub: place < 2, is_active: node.is_some(), address, backup: None, keys });
        }
        let text = inventory("pop.example.com", [PLACES[0].0, PLACES[1].0], "", &entries);
        Ok(fs::write(self.lab.folder().join("fleet.toml"), text)?)
    }

    /// A folder of the operator's.
    pub(crate) fn folder(&self) -> &Path {
        self.lab.folder()
    }

    /// Whether the process on the operator's machine whose number stands in this file still runs.
    pub(crate) fn is_running(&self, file: &Path) -> bool {
        self.operator.can(&format!("kill -0 $(cat {})", file.display()))
    }

    pub(crate) fn node(&self, name: &str) -> &Machine {
        &self.nodes[name]
    }

    /// Takes a network away from the operator, as a hub does that loses its power: what is sent there is not answered.
    pub(crate) fn lose_network_a(&self) -> Result<()> {
        let rules = "table inet lost { chain out { type filter hook output priority 0; ip daddr 10.84.0.0/24 drop; }; chain in { type filter hook input priority 0; ip saddr 10.84.0.0/24 drop; }; }";
        self.operator.run_with("nft -f -", rules).map(drop)
    }

    /// A flake on the operator's machine in which a node's system is what this script puts into `$out`; gives its folder.
    pub(crate) fn flake(&self, node: &str, script: &str) -> Result<String> {
        let folder = self.lab.folder().join("flake of ours");
        fs::create_dir_all(&folder)?;
        let system = format!(
            "derivation {{ name = \"nixos-system-{node}\"; system = \"x86_64-linux\"; builder = \"/bin/sh\"; args = [ \"-c\" ''{script}'' ]; }}"
        );
        let outputs = format!("{{ nixosConfigurations.{node}.config.system.build.toplevel = {system}; }}");
        fs::write(folder.join("flake.nix"), format!("{{ outputs = _: {outputs}; }}\n"))?;
        folder.to_str().map(str::to_owned).context("a path")
    }

    fn tool(&self, words: &[&str]) -> Command {
        let folder = self.lab.folder();
        let mut command = self.operator.command(BIN);
        // Root builds without a sandbox of its own inside the laboratory.
        command.env("NIX_CONFIG", "sandbox = false\nbuild-users-group =\nsubstituters =\n");
        command.arg("--inventory").arg(folder.join("fleet.toml")).args(words);
        command.current_dir(folder);
        command
    }

    /// Flags that a verb with a remote side needs here.
    fn way(&self, verb: &[&str]) -> Vec<String> {
        let folder = self.lab.folder().display().to_string();
        let way = ["--identity".to_owned(), format!("{folder}/id"), "--ca-file".to_owned(), format!("{folder}/ca.pem")];
        let patience = ["--connect-s", "2"].map(str::to_owned);
        verb.iter().map(|word| (*word).to_owned()).chain(way).chain(patience).collect()
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Result<Said> {
        let words = self.way(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run_bare(&words)
    }

    /// The same without the usual flags.
    pub(crate) fn run_bare(&self, words: &[&str]) -> Result<Said> {
        let output = self.tool(words).output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ok(Said { code: output.status.code(), words: said })
    }

    /// Starts it with one event a line.
    pub(crate) fn start(&self, words: &[&str]) -> Result<Running> {
        let words = self.way(words);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--json"]).collect();
        let mut child = self.tool(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let events = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Running { child, events })
    }

    /// `deploy` of one system to some nodes, without watching between waves.
    pub(crate) fn deploy<'a>(systems: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
        let mut words = vec!["deploy", "--version", "0.2.0", "--soak-s", "0", "--yes"];
        words.extend(systems.iter().flat_map(|system| ["--closure", system.as_str()]));
        words.extend(more);
        words
    }
}

impl Running {
    /// Reads events until a node is asked this.
    pub(crate) fn until_asked(&mut self, command: &str) -> Result<()> {
        self.until(command, |event| {
            let asked = &event["command"];
            event["event"] == "asks" && (asked == command || asked.get(command).is_some())
        })
    }

    /// Reads events until this check is made.
    pub(crate) fn until_asked_check(&mut self, check: &str) -> Result<()> {
        self.until(check, |event| event["event"] == "asks" && event["command"]["check"] == check)
    }

    /// Reads events until Ctrl-C has been taken.
    pub(crate) fn until_interrupted(&mut self) -> Result<()> {
        self.until("Ctrl-C", |event| event["event"] == "interrupted")
    }

    fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Result<()> {
        loop {
            let mut line = String::new();
            ensure!(self.events.read_line(&mut line)? > 0, "it ended before {what}");
            if is_it(&serde_json::from_str(&line)?) {
                return Ok(());
            }
        }
    }

    /// Sends the tool itself a signal.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let holder = self.child.id();
        let tool = fs::read_to_string(format!("/proc/{holder}/task/{holder}/children"))?;
        ensure!(Command::new("kill").args([signal, tool.trim()]).status()?.success(), "kill {signal} {tool}");
        Ok(())
    }

    pub(crate) fn end(mut self) -> Result<Said> {
        let mut words = String::new();
        self.events.read_to_string(&mut words)?;
        let mut err = String::new();
        self.child.stderr.take().context("its words")?.read_to_string(&mut err)?;
        Ok(Said { code: self.child.wait()?.code(), words: words + &err })
    }
}

/// 32 bytes in base64 that differ by number.
fn key_of(number: u8) -> String {
    let digit = |value: u8| char::from(b'A' + value % 26);
    format!("{}{}{}=", digit(number), digit(number / 26), "B".repeat(40) + "A")
}

/// A certificate authority, and the operator's own key.
fn authority(operator: &Machine, folder: &str) -> Result<()> {
    operator.run(&format!(
        "cd {folder} && ssh-keygen -q -t ed25519 -N '' -f id && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
         -subj /CN=authority -keyout ca.key -out ca.pem 2>/dev/null"
    ))?;
    Ok(())
}

/// The systems in the operator's store.
fn systems(operator: &Machine, program: &Path) -> Result<Systems> {
    let add = |name: &str, etc: &[(&str, &str)]| operator.add_system(&System { name, program, arguments: "serve", etc });
    Ok(Systems {
        old: add("old", OLD)?,
        new: add("new", &[("version", "0.2.0"), ("ready", "")])?,
        ill: add("ill", &[("version", "0.2.0")])?,
        mute: add("mute", &[("version", "0.2.0"), ("ready", ""), ("mute", "")])?,
        cut: add("cut", &[("version", "0.2.0"), ("ready", ""), ("no-network", "")])?,
    })
}

/// A node that runs and boots the old system as its first generation.
fn node(lab: &mut Lab, program: &Path, name: &str, number: u8) -> Result<Machine> {
    let folder = lab.folder().display().to_string();
    let machine = lab.machine(name)?;
    machine.run(&format!("ip addr add 10.84.0.{number}/24 dev pub0 && ip addr add 10.84.1.{number}/24 dev pub0"))?;
    machine.start_sshd(&[22], &fs::read_to_string(lab.folder().join("id.pub"))?)?;
    machine.run(&format!(
        "mkdir -p /srv/site && cd /srv/site && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout key.pem -out req.pem 2>/dev/null && \
         printf 'subjectAltName=DNS:{name}.pop.example.com' >ext && openssl x509 -req -in req.pem -CA {folder}/ca.pem -CAkey {folder}/ca.key -days 20 -extfile ext -out cert.pem 2>/dev/null && \
         ln -s {} /srv/serves",
        site()?.display()
    ))?;
    let system = machine.add_system(&System { name: "old", program, arguments: "serve", etc: OLD })?;
    machine.install(&system)?;
    Ok(machine)
}

/// The program that nodes serve with, as the workspace's tests have built it; built if it is not there.
fn site() -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let program = tests.ancestors().nth(2).context("a target folder")?.join("examples/site");
    if !program.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "-q", "-p", "clavitor-fleet", "--example", "site"]).status()?;
        ensure!(built.success() && program.exists(), "the nodes' program does not build");
    }
    Ok(program)
}
