//! `node rotate` as an operator types it: the real program on a desk, over real tunnels and real sshd, interrupted and killed at its steps, while somebody pings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::Ipv4Addr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use clavitor_fleet::{
    inventory::{Inventory, SHIPPED},
    tunnel::{Plan, PublicKey, Topology},
};

use crate::lab::{Lab, Machine, wait_for};

/// An inventory whose nodes are machines of the laboratory, with tunnels up, and the operator's desk.
pub(crate) struct Site {
    lab: Lab,
    pub(crate) desk: Machine,
    pub(crate) nodes: BTreeMap<&'static str, Machine>,
}

/// How a run of the program is stopped at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stop {
    Interrupted,
    Killed,
}

/// A run that came to its end.
struct Ended {
    code: Option<i32>,
    words: String,
}

impl Site {
    pub(crate) fn new(names: &[&'static str]) -> Result<Self> {
        let mut lab = Lab::new()?;
        let desk = lab.machine("desk")?;
        let (own, login) = (desk.first_boot()?, desk.make_login_key()?);
        let mut text: toml_edit::DocumentMut = SHIPPED.parse()?;
        text["operator"]["soc"]["wireguard"] = toml_edit::value(own.to_string());
        for network in ["a", "b"] {
            text["network"][network]["keepalive_s"] = toml_edit::value(1);
        }
        let mut nodes = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            let machine = lab.machine(name)?;
            let key = machine.first_boot()?;
            let host_key = machine.start_sshd(&[22], &login)?;
            let ssh_host = host_key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            let identity = format!("{}A=", ["b", "c", "d", "e"].get(place).context("few nodes")?.repeat(42));
            let keys = format!("{{ wireguard = \"{key}\", ssh_host = \"{ssh_host}\", identity = \"{identity}\", since = \"2026-01-01\" }}");
            text["node"][*name]["state"] = toml_edit::value("active");
            text["node"][*name]["address"] = toml_edit::value(machine.address.to_string());
            text["node"][*name]["keys"] = toml_edit::value(keys.parse::<toml_edit::Value>()?);
            nodes.insert(*name, machine);
        }
        // Nodes that are only planned make room for the laboratory's addresses.
        for (name, node) in text["node"].as_table_like_mut().context("nodes")?.iter_mut() {
            if !names.contains(&name.get()) {
                node["address"] = toml_edit::value(format!("203.0.113.{}", node["number"].as_integer().context("a number")?));
            }
        }
        let site = Self { lab, desk, nodes };
        fs::write(site.inventory_path(), text.to_string())?;
        site.bring_up()?;
        Ok(site)
    }

    fn bring_up(&self) -> Result<()> {
        let topology = self.topology()?;
        let plan = Plan::of(&topology)?;
        for (name, machine) in &self.nodes {
            machine.bring_up(&plan.nodes[*name])?;
            machine.load_firewall(&plan.nodes[*name])?;
            machine.make_interfaces_in_userspace()?;
        }
        self.desk.bring_up_laptop(&topology, "soc")?;
        let log = "#!/bin/sh\nprintf '%s\\n' \"$*\" >>/srv/ssh.log\nexec /usr/bin/ssh \"$@\"\n";
        self.desk.run_with("mkdir -p /srv/bin && cat >/srv/bin/ssh && chmod 755 /srv/bin/ssh", log)?;
        for name in self.nodes.keys() {
            let (a, b) = (self.address(name, 0)?, self.address(name, 1)?);
            wait_for("the operator reaches everybody", || self.desk.connects(a, 22) && self.desk.connects(b, 22))?;
        }
        Ok(())
    }

    pub(crate) fn inventory_path(&self) -> PathBuf {
        self.lab.folder().join("fleet.toml")
    }

    fn journal(&self, node: &str) -> PathBuf {
        self.lab.folder().join(format!(".fleet/rotation-{node}.json"))
    }

    fn topology(&self) -> Result<Topology> {
        let text = fs::read_to_string(self.inventory_path())?;
        let inventory = Inventory::parse(&text, "fleet.toml").into_result().map_err(|findings| anyhow::anyhow!("{findings:?}"))?;
        Ok(Topology::of(&inventory))
    }

    fn key(&self, node: &str) -> Result<PublicKey> {
        self.topology()?.member(node).and_then(|member| member.key).context("a key")
    }

    /// A node's address in network a (0) or b (1).
    pub(crate) fn address(&self, node: &str, network: u8) -> Result<Ipv4Addr> {
        Ok(Ipv4Addr::new(10, 84, network, self.topology()?.member(node).context("a member")?.number))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(env!("CARGO_BIN_EXE_clavitor-fleet"));
        let path = format!("/srv/bin:{}", std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).arg("--inventory").arg(self.inventory_path()).args(["node", "rotate", "--yes"]);
        command.args(["--identity", "/srv/home/.ssh/id_ed25519"]).args(arguments);
        command
    }

    fn rotate(&self, arguments: &[&str]) -> Result<Ended> {
        let output = self.command(arguments).output()?;
        let words = format!("{}{}", String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        eprintln!("$ clavitor-fleet node rotate {}\n{words}", arguments.join(" "));
        Ok(Ended { code: output.status.code(), words })
    }

    /// Runs until a step of which these words are a part is under way, after so many others of which they are; stops it there, and gives what it said.
    fn stop_at(&self, arguments: &[&str], step: &str, mut after: usize, how: Stop) -> Result<Ended> {
        let mut run = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(run.stderr.take().context("its words")?).lines();
        let mut words = String::new();
        for line in lines.by_ref() {
            let line = line? + "\n";
            words += &line;
            if line.starts_with('[') && line.contains(step) {
                if after > 0 {
                    after -= 1;
                    continue;
                }
                let signal = if how == Stop::Killed { "-KILL" } else { "-INT" };
                // At once: a busy machine would come to the next step before a search of all processes has ended.
                let tool = fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.id()))?;
                Command::new("kill").arg(signal).args(tool.split_whitespace()).status()?;
                break;
            }
        }
        for line in lines {
            words += &(line? + "\n");
        }
        Ok(Ended { code: run.wait()?.code(), words })
    }

    /// Runs again and again, stopped at one of the first steps of each run. Gives every word of it.
    fn stopped_again_and_again(&self, arguments: &[&str]) -> Result<String> {
        let mut all = String::new();
        let every_step = std::env::var_os("CLAVITOR_FLEET_EVERY_STEP").is_some();
        for turn in 0..200 {
            // Killed, the step that was under way comes again; interrupted, it is finished.
            let how = if turn % 3 == 0 { Stop::Killed } else { Stop::Interrupted };
            let ended = self.stop_at(arguments, "", if every_step { 0 } else { 3 + turn % 3 }, how)?;
            all += &ended.words;
            match ended.code {
                Some(0) => return Ok(all),
                code => ensure!(code == (how == Stop::Interrupted).then_some(130), "{how:?}: {code:?}\n{}", ended.words),
            }
        }
        anyhow::bail!("it does not come to its end: {all}")
    }

    /// Nothing that a machine keeps to itself is in an argument of ssh, in the tool's words, in its folder or in the inventory.
    pub(crate) fn ensure_secret(&self, words: &str, secrets: &[String]) -> Result<()> {
        let log = fs::read_to_string(self.desk.path("/srv/ssh.log"))?;
        let kept = Command::new("grep").args(["-rh", "-e", ".", "--"]).arg(self.lab.folder()).output()?;
        let kept = String::from_utf8_lossy(&kept.stdout).into_owned();
        ensure!(kept.contains("HostKeyAlias"), "the tool's folder was looked at");
        for secret in secrets {
            ensure!(secret.trim().len() == 44 && !secret.starts_with("AAAAAAAA"), "a key, and not zeros");
            let secret = secret.trim();
            ensure!(!log.contains(secret) && !words.contains(secret) && !kept.contains(secret), "a secret is where it does not belong");
        }
        Ok(())
    }

    fn peers(&self, node: &str, interface: &str) -> Result<BTreeSet<String>> {
        Ok(self.nodes[node].run(&format!("wg show {interface} allowed-ips"))?.lines().map(str::to_owned).collect())
    }
}

/// Asks five times a second until it is stopped.
fn pinging(machine: &Machine, address: Ipv4Addr) -> Result<Child> {
    Ok(machine.command("ping").args(["-n", "-i", "0.2", &address.to_string()]).stdout(Stdio::piped()).spawn()?)
}

/// Which of the requests were answered.
fn answered(machine: &Machine, mut pinging: Child, address: Ipv4Addr) -> Result<BTreeSet<u32>> {
    machine.run(&format!("pkill -INT -f '[p]ing -n -i 0.2 {address}$'"))?; // the machine sees no processes but its own
    let mut text = String::new();
    pinging.stdout.take().context("its output")?.read_to_string(&mut text)?;
    pinging.wait()?;
    Ok(text.lines().filter_map(|line| line.split_once("icmp_seq=")?.1.split(' ').next()?.parse().ok()).collect())
}

/// Every request was answered in one network or in the other.
fn ensure_one_of(a: &BTreeSet<u32>, b: &BTreeSet<u32>) -> Result<()> {
    let last = a.last().max(b.last()).copied().context("answers")?;
    let neither: Vec<u32> = (1..last).filter(|request| !a.contains(request) && !b.contains(request)).collect();
    eprintln!("{} and {} of {last} answered", a.len(), b.len());
    ensure!(neither.is_empty(), "unanswered in both networks at once: {neither:?} of {last}");
    Ok(())
}

/// The same peers, with another key for one of them.
fn renamed(peers: &BTreeSet<String>, old: PublicKey, new: PublicKey) -> BTreeSet<String> {
    peers.iter().map(|line| line.replace(&old.to_string(), &new.to_string())).collect()
}

#[test]
fn a_nodes_key_changes_however_often_the_tool_is_stopped() -> Result<()> {
    let site = Site::new(&["zurich", "frankfurt", "tokyo"])?;
    let (old, tokyo) = (site.key("tokyo")?, &site.nodes["tokyo"]);
    let peers = || Ok::<_, anyhow::Error>([site.peers("zurich", "wg0")?, site.peers("frankfurt", "wg1")?]);
    let before = peers()?;
    let (a, b) = (site.address("tokyo", 0)?, site.address("tokyo", 1)?);
    let asked = [pinging(&site.nodes["zurich"], a)?, pinging(&site.nodes["frankfurt"], b)?];

    // A node that cannot try its new key keeps the old one, and nothing is left of the new one.
    tokyo.run("mv /srv/bin/ip /srv/bin/ip.kept && printf '#!/bin/sh\\nexit 1\\n' >/srv/bin/ip && chmod 755 /srv/bin/ip")?;
    let ended = site.rotate(&["tokyo"])?;
    assert!(ended.code == Some(8) && ended.words.contains("uses its old key in both networks"), "{}", ended.words);
    assert_eq!((peers()?, site.key("tokyo")?), (before.clone(), old));
    assert!(!tokyo.can("ls /var/lib/fleet/*.next") && !site.journal("tokyo").exists());
    tokyo.run("mv -f /srv/bin/ip.kept /srv/bin/ip")?;

    // One that was taken says that its key is another node's, whose place it would have.
    let taken = format!("#!/bin/sh\n[ \"$1\" = pubkey ] && exec echo {}\nexec /usr/bin/wg \"$@\"\n", site.key("frankfurt")?);
    tokyo.run_with("cat >/srv/bin/wg && chmod 755 /srv/bin/wg", &taken)?;
    let ended = site.rotate(&["tokyo"])?;
    assert!(ended.code == Some(8) && ended.words.contains("one that somebody already has"), "{}", ended.words);
    tokyo.run("rm /srv/bin/wg")?;
    assert_eq!((peers()?, site.key("tokyo")?), (before.clone(), old));

    let halfway = site.stop_at(&["tokyo"], "hub b makes the pair's next secret", 0, Stop::Interrupted)?;
    assert!(halfway.code == Some(130) && halfway.words.contains("or with --abort"), "{}", halfway.words);
    let other = site.rotate(&["zurich"])?;
    assert!(other.code == Some(4) && other.words.contains("a rotation of tokyo is not over"), "{}", other.words);
    let ended = site.rotate(&["tokyo", "--abort"])?;
    assert!(ended.code == Some(8) && ended.words.contains("the operator wanted it"), "{}", ended.words);
    assert_eq!((peers()?, site.key("tokyo")?), (before.clone(), old));

    let words = site.stopped_again_and_again(&["tokyo"])?;
    for step in 1..=25 {
        assert!(words.contains(&format!("\n[{step}/25] ")), "step {step} was never told of:\n{words}");
    }
    let new = site.key("tokyo")?;
    assert!(new != old && words.contains("goes on at step"), "{words}");
    assert_eq!(tokyo.run("wg pubkey </var/lib/fleet/wireguard.key")?.trim(), new.to_string());
    assert_eq!(peers()?, before.map(|peers| renamed(&peers, old, new)));
    assert!(!tokyo.can("ls /var/lib/fleet/*.next") && !tokyo.can("ip link show dev wg0-trial"), "nothing is left over");
    let mut secrets = vec![tokyo.run("cat /var/lib/fleet/wireguard.key")?];
    for (hub, network) in [("zurich", "a"), ("frankfurt", "b")] {
        let here = tokyo.run(&format!("cat /var/lib/fleet/psk-{network}"))?;
        let there = site.nodes[hub].run(&format!("cat /var/lib/fleet/psk-{network}.d/tokyo"))?;
        assert_eq!(here, there, "both ends of a pair have its new secret");
        assert!(!site.nodes[hub].can("ls /var/lib/fleet/*/*.next"));
        secrets.push(here);
    }
    site.ensure_secret(&words, &secrets)?;
    assert!(!site.journal("tokyo").exists());

    let [in_a, in_b] = asked;
    ensure_one_of(&answered(&site.nodes["zurich"], in_a, a)?, &answered(&site.nodes["frankfurt"], in_b, b)?)
}

#[test]
fn a_hubs_key_changes_when_every_spoke_has_learned_it() -> Result<()> {
    let site = Site::new(&["zurich", "frankfurt", "tokyo", "seoul"])?;
    let (old, desk, zurich) = (site.key("zurich")?, &site.desk, &site.nodes["zurich"]);
    let spokes = ["frankfurt", "tokyo", "seoul"];
    let peers = || spokes.iter().map(|name| site.peers(name, "wg0")).collect::<Result<Vec<_>>>();
    let before = peers()?;
    let (a, b) = (site.address("zurich", 0)?, site.address("zurich", 1)?);
    let (tokyo_a, tokyo_b) = (site.address("tokyo", 0)?, site.address("tokyo", 1)?);
    let asked = [pinging(zurich, tokyo_a)?, pinging(&site.nodes["frankfurt"], tokyo_b)?, pinging(desk, a)?, pinging(desk, b)?];

    // A spoke that goes while it is asked: it stops, and says what may be done.
    let seoul = &site.nodes["seoul"];
    let halfway = site.stop_at(&["zurich"], "frankfurt learns", 0, Stop::Interrupted)?;
    assert_eq!(halfway.code, Some(130), "{}", halfway.words);
    seoul.run("kill $(cat /srv/ssh/pid)")?;
    let ended = site.rotate(&["zurich"])?;
    assert!(ended.code == Some(9) && ended.words.contains("if seoul is gone, with --without seoul"), "{}", ended.words);
    let ended = site.rotate(&["zurich", "--without", "seoul"])?;
    assert!(ended.code == Some(8) && ended.words.contains("seoul cannot be reached"), "it was on its way back: {}", ended.words);
    assert_eq!((peers()?, site.key("zurich")?), (before.clone(), old));
    // One that was gone before: nothing is begun.
    let ended = site.rotate(&["zurich"])?;
    assert!(ended.code == Some(6) && ended.words.contains("the same with --without seoul"), "{}", ended.words);
    assert!(!site.journal("zurich").exists());

    // Given up when the hub uses the new key already.
    let halfway = site.stop_at(&["zurich", "--without", "seoul"], "the hub uses its new key", 0, Stop::Interrupted)?;
    assert_eq!(halfway.code, Some(130), "{}", halfway.words);
    assert!(!zurich.pings(tokyo_a), "network a is between two keys");
    let ended = site.rotate(&["zurich", "--without", "seoul", "--abort"])?;
    assert!(ended.code == Some(8) && ended.words.contains("the operator wanted it"), "{}", ended.words);
    assert_eq!((peers()?, site.key("zurich")?), (before.clone(), old));
    wait_for("network a works again", || zurich.pings(tokyo_a) && desk.pings(a))?;

    let words = site.stopped_again_and_again(&["zurich", "--without", "seoul"])?;
    let new = site.key("zurich")?;
    assert!(new != old && words.contains("seoul is not asked"), "{words}");
    assert_eq!(zurich.run("wg pubkey </var/lib/fleet/wireguard.key")?.trim(), new.to_string());
    assert_eq!(zurich.run("wg show wg0 public-key; wg show wg1 public-key")?, format!("{new}\n{new}\n"));
    assert_eq!(peers()?, [renamed(&before[0], old, new), renamed(&before[1], old, new), before[2].clone()]);
    assert!(zurich.pings(tokyo_a) && !zurich.pings(site.address("seoul", 0)?), "who was left out knows the old key only");
    assert!(site.nodes["frankfurt"].pings(site.address("seoul", 1)?), "and is there in the other network");
    assert!(!zurich.can("ls /var/lib/fleet/*.next") && !site.nodes["frankfurt"].can("ls /var/lib/fleet/*/*.next"), "nothing is left over");
    site.ensure_secret(&words, &[zurich.run("cat /var/lib/fleet/wireguard.key")?, zurich.run("cat /var/lib/fleet/psk-b")?])?;

    let [spoke_a, spoke_b, hub_a, hub_b] = asked;
    ensure_one_of(&answered(zurich, spoke_a, tokyo_a)?, &answered(&site.nodes["frankfurt"], spoke_b, tokyo_b)?)?;
    ensure_one_of(&answered(desk, hub_a, a)?, &answered(desk, hub_b, b)?)?;

    // What the tool tells the operators to do opens network a to them again.
    assert!(!desk.pings(a));
    let mut config = desk.command(env!("CARGO_BIN_EXE_clavitor-fleet"));
    config.arg("--inventory").arg(site.inventory_path()).args(["tunnel", "config", "soc", "--folder", "/var/lib/fleet"]);
    let config = config.output()?;
    assert!(config.status.success() && String::from_utf8_lossy(&config.stdout).contains(&new.to_string()));
    fs::write(desk.path("/srv/fleet.conf"), &config.stdout)?;
    desk.run("wg-quick strip /srv/fleet.conf >/srv/stripped && wg setconf fleet /srv/stripped && wg set fleet private-key /var/lib/fleet/wireguard.key")?;
    wait_for("the operator reaches hub a again", || desk.connects(a, 22))
}
