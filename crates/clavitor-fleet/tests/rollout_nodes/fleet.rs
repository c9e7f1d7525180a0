//! A small fleet in the laboratory: nodes with real sshd and real nix, and an operator who runs the real tool.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    lab::{Lab, Machine, wait_for},
    site,
    stand_ins::{CLAVITOR, SWITCH, SYSTEMCTL, SYSTEMD_RUN},
};

const BIN: &str = env!("CARGO_BIN_EXE_clavitor-fleet");
/// City, country, provider, number. The hubs first.
const PLACES: [(&str, &str, &str, u8); 4] =
    [("zurich", "CH", "hostkey", 1), ("frankfurt", "DE", "vultr", 3), ("seoul", "KR", "vultr", 4), ("tokyo", "JP", "vultr", 2)];

/// The systems that exist, by what they are; store paths.
#[derive(Debug, Clone)]
pub(crate) struct Systems {
    pub(crate) old: String,
    pub(crate) new: String,
    /// Its service does not become ready.
    pub(crate) ill: String,
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
        let systems = systems(&operator)?;
        let mut nodes = BTreeMap::new();
        for name in active {
            let (_, _, _, number) = PLACES.iter().find(|place| place.0 == *name).context("a place")?;
            nodes.insert((*name).to_owned(), node(&mut lab, name, *number)?);
        }
        let fleet = Self { nodes, systems, operator, lab };
        fleet.write_inventory(&BTreeMap::new())?;
        Ok(fleet)
    }

    /// The inventory; host keys can be other ones than the nodes have.
    pub(crate) fn write_inventory(&self, other_keys: &BTreeMap<&str, String>) -> Result<()> {
        let mut text = String::from(HEAD);
        for (place, (name, country, provider, number)) in PLACES.iter().enumerate() {
            let (role, longitude) = (if place < 2 { "hub" } else { "pop" }, 10 * place);
            let node = self.nodes.get(*name);
            let state = if node.is_some() { "active" } else { "planned" };
            let address = node.map_or_else(|| format!("203.0.113.{number}"), |node| node.address.to_string());
            text += &format!(
                "[node.{name}]\ncity = \"{name}\"\ncountry = \"{country}\"\nregion = \"x\"\nlatitude = 40.0\nlongitude = {longitude}.5\nprovider = \"{provider}\"\n\
                 plan = \"{provider}-x\"\nrole = \"{role}\"\nnumber = {number}\naddress = \"{address}\"\nstate = \"{state}\"\n"
            );
            if let Some(node) = node {
                let own = fs::read_to_string(node.path("/srv/ssh/host.pub"))?;
                let key = other_keys.get(name).unwrap_or(&own).trim().to_owned();
                text += &format!(
                    "[node.{name}.keys]\nwireguard = \"{}\"\nssh_host = \"{key}\"\nidentity = \"{}\"\nsince = \"2026-11-22\"\n",
                    key_of(*number),
                    key_of(*number + 100)
                );
            }
        }
        Ok(fs::write(self.lab.folder().join("fleet.toml"), text)?)
    }

    pub(crate) fn node(&self, name: &str) -> &Machine {
        &self.nodes[name]
    }

    /// Which system a node runs, and which one boots.
    pub(crate) fn runs(&self, name: &str) -> Result<(String, String)> {
        let said = self.node(name).run("readlink -f /run/current-system; readlink -f /nix/var/nix/profiles/system")?;
        let mut lines = said.lines().map(str::to_owned);
        Ok((lines.next().context("runs")?, lines.next().context("boots")?))
    }

    /// Nothing is armed, marked or under way.
    pub(crate) fn is_quiet(&self, name: &str) -> bool {
        self.node(name).can("[ ! -e /run/clavitor-fleet/unconfirmed ] && [ -z \"$(ls -A /run/units 2>/dev/null | grep -v code)\" ]")
    }

    fn tool(&self, words: &[&str]) -> Command {
        let folder = self.lab.folder();
        let mut command = self.operator.command(BIN);
        command.arg("--inventory").arg(folder.join("fleet.toml")).args(words);
        command.current_dir(folder);
        command
    }

    /// Flags that a verb with a remote side needs here.
    fn way(&self, verb: &[&str]) -> Vec<String> {
        let folder = self.lab.folder().display().to_string();
        let way = ["--identity".to_owned(), format!("{folder}/id"), "--ca-file".to_owned(), format!("{folder}/ca.pem")];
        verb.iter().map(|word| (*word).to_owned()).chain(way).collect()
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

    /// `deploy` of one system to some nodes, with a short timer.
    pub(crate) fn deploy<'a>(systems: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
        let mut words = vec!["deploy", "--version", "0.2.0", "--confirm-s", "20", "--soak-s", "1", "--yes"];
        words.extend(systems.iter().flat_map(|system| ["--closure", system.as_str()]));
        words.extend(more);
        words
    }
}

impl Running {
    /// Reads events until a node is asked this.
    pub(crate) fn until_asked(&mut self, command: &str) -> Result<()> {
        loop {
            let mut line = String::new();
            ensure!(self.events.read_line(&mut line)? > 0, "it ended before {command} was asked");
            let event: Value = serde_json::from_str(&line)?;
            let asked = &event["command"];
            if event["event"] == "asks" && (asked == command || asked.get(command).is_some()) {
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

/// Four systems in the operator's store.
fn systems(operator: &Machine) -> Result<Systems> {
    operator.run("mount -t tmpfs tmpfs /nix")?;
    let make = |name: &str, version: &str, marks: &str| {
        operator.run_with(&format!("mkdir -p /srv/{name}/bin && cd /srv/{name} && cat >bin/switch-to-configuration && chmod 755 bin/* && echo {version} >version && echo {name} >name && touch {marks} && nix-store --add /srv/{name}"), SWITCH)
    };
    let path = |made: Result<String>| Ok::<_, anyhow::Error>(made?.trim().to_owned());
    Ok(Systems {
        old: path(make("old", "0.1.0", "works"))?,
        new: path(make("new", "0.2.0", "works"))?,
        ill: path(make("ill", "0.2.0", "name"))?,
        cut: path(make("cut", "0.2.0", "works cuts"))?,
    })
}

/// A node that runs and boots the old system as its first generation.
fn node(lab: &mut Lab, name: &str, number: u8) -> Result<Machine> {
    let folder = lab.folder().to_owned();
    let machine = lab.machine(name)?;
    machine.run(&format!(
        "mount -t tmpfs tmpfs /nix && ip addr add 10.84.0.{number}/24 dev pub0 && ip addr add 10.84.1.{number}/24 dev pub0"
    ))?;
    machine.start_sshd(&[22], &fs::read_to_string(folder.join("id.pub"))?)?;
    for (program, text) in [("systemd-run", SYSTEMD_RUN), ("systemctl", SYSTEMCTL), ("clavitor", CLAVITOR)] {
        machine.run_with(&format!("cat >/srv/bin/{program} && chmod 755 /srv/bin/{program}"), text)?;
    }
    machine.run_with(
        "mkdir -p /srv/old/bin && cd /srv/old && cat >bin/switch-to-configuration && chmod 755 bin/* && echo 0.1.0 >version && echo old >name && touch works && \
         system=$(nix-store --add /srv/old) && mkdir -p /nix/var/nix/gcroots && nix-env --profile /nix/var/nix/profiles/system --set $system && ln -s $system /run/current-system",
        SWITCH,
    )?;
    machine.run(&format!(
        "mkdir -p /srv/site && cd /srv/site && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout key.pem -out req.pem 2>/dev/null && \
         printf 'subjectAltName=DNS:{name}.pop.example.com' >ext && openssl x509 -req -in req.pem -CA {0}/ca.pem -CAkey {0}/ca.key -days 20 -extfile ext -out cert.pem 2>/dev/null",
        folder.display()
    ))?;
    let own = std::env::current_exe()?;
    let serve = format!("env {}=/srv/site {} --ignored --exact a_node_serves --nocapture", site::FOLDER, own.display());
    machine.start_daemon(&serve, "site")?;
    wait_for(&format!("{name} serves"), || machine.connects(machine.address, 443))?;
    Ok(machine)
}

const HEAD: &str = r#"schema = 1
[fleet]
name = "Laboratory"
domain = "pop.example.com"
budget_usd = 100.00
latency_goal_ms = 100
[network.a]
subnet = "10.84.0.0/24"
interface = "wg0"
hub = "zurich"
port = 51820
operators = "10.84.0.240/28"
[network.b]
subnet = "10.84.1.0/24"
interface = "wg1"
hub = "frankfurt"
port = 51820
operators = "10.84.1.240/28"
[provider.hostkey]
name = "Hostkey"
[provider.vultr]
name = "Vultr"
[plan.hostkey-x]
provider = "hostkey"
price_usd = 1.00
vcpu = 1
ram_mb = 512
disk_gb = 10
traffic_tb = 1.0
[plan.vultr-x]
provider = "vultr"
price_usd = 1.00
vcpu = 1
ram_mb = 512
disk_gb = 10
traffic_tb = 1.0
"#;
