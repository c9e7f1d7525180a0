//! The fleet's rehearsal: from the shipped inventory to files, and a rolling deploy over machines in namespaces, one of which gets a system with a mistake in it.
//!
//! Everything is the real thing but NixOS itself: the product's binary, the fleet's tool, WireGuard, firewall, sshd, ssh, `nix copy` and a Nix store. What plays
//! systemd and the activation of a system are three scripts beside the laboratory. Run it with `make fleet-demo`.

#![allow(clippy::print_stdout)] // it tells a story

mod files;
mod fleet;
#[path = "../../tests/lab/mod.rs"]
mod lab;
mod reader;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

use fleet::{Fleet, SERVING};
use reader::{Reader, Reads};

/// The node whose new system has a mistake in it: third in line.
const UNLUCKY: &str = "seoul";
/// What the tool ends with when a node did not pass and is back.
const ROLLED_BACK: i32 = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((word, [authorities, vaults])) if word == reader::WORD => reader::run(Path::new(authorities), Path::new(vaults)),
        _ => story(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleet demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn story() -> Result<()> {
    let programs = Programs::find()?;
    files::story(&programs.tool)?;
    let began = Instant::now();
    println!("\nA fleet of seven machines in namespaces: two hubs, four nodes, an operator.");
    let mut fleet = Fleet::start()?;
    let (now, next) = (fleet.lab.folder().join("now"), fleet.lab.folder().join("next"));
    fleet::slim(&programs.now, &now)?;
    fleet::slim(&programs.next, &next)?;
    fleet.install(&now, &programs.vault)?;
    let versions = [version(&now)?, version(&next)?];
    println!(
        "  Tunnels, firewalls and logins stand, and {} serve version {}: {:.0} s.",
        SERVING.join(", "),
        versions[0],
        began.elapsed().as_secs_f64()
    );
    println!(
        "  A vault lives on one node and is not copied to others in this version. So each node keeps a vault of its own with the same secret in it,\n  \
         a field of tier 1, and one agent holds a token for each."
    );

    let reader = Reader::start(&fleet)?;
    println!(
        "\nThe agent keeps reading the secret. The operator rolls out {}; the new system of {UNLUCKY} has a mistake: it listens on its own machine only.",
        versions[1]
    );
    let before = fleet.nodes[UNLUCKY].systems()?;
    let listens = |node: &str| if node == UNLUCKY { "127.0.0.1:443" } else { "0.0.0.0:443" };
    let ended = deploy(&fleet, &programs.tool, &versions[1], &systems(&fleet, &SERVING, &next, listens)?)?;
    ensure!(ended == ROLLED_BACK, "the tool should have ended with {ROLLED_BACK}, and ended with {ended}");
    ensure!(fleet.nodes[UNLUCKY].systems()? == before, "{UNLUCKY} should run and boot what it ran before");
    println!("  It ended with {ended}: {UNLUCKY} runs and boots what it ran before, and what came behind it was not touched.");

    fleet.lose_hub_a();
    println!(
        "\nThe mistake is mended. {}, the hub of network a, loses its power; the operator goes on through the other one.",
        fleet::HUB_A
    );
    let left: Vec<&str> =
        SERVING.into_iter().filter(|node| fleet.nodes[*node].systems().is_ok_and(|(runs, _)| !runs.ends_with("-next"))).collect();
    ensure!(left.contains(&UNLUCKY) && left.len() > 1, "left were {left:?}");
    let ended = deploy(&fleet, &programs.tool, &versions[1], &systems(&fleet, &left, &next, |_| "0.0.0.0:443")?)?;
    ensure!(ended == 0, "the tool ended with {ended}");
    let reads = reader.end()?;
    judge(&reads, &versions)?;
    println!("\nDone in {:.0} s; the machines go away with this program.", began.elapsed().as_secs_f64());
    Ok(())
}

/// What is run, as cargo built it.
struct Programs {
    tool: PathBuf,
    now: PathBuf,
    next: PathBuf,
    /// Makes a vault.
    vault: PathBuf,
}

impl Programs {
    fn find() -> Result<Self> {
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(Path::parent).context("the folder of cargo's output")?;
        let [tool, now, next, vault] = ["clavitor-fleet", "clavitor", "examples/next", "examples/vault"].map(|name| folder.join(name));
        let programs = Self { tool, now, next, vault };
        for program in [&programs.tool, &programs.now, &programs.next, &programs.vault] {
            ensure!(program.exists(), "{} is missing: run scripts/fleet-demo, which builds it", program.display());
        }
        Ok(programs)
    }
}

/// What a program says of itself.
fn version(program: &Path) -> Result<String> {
    let said = std::process::Command::new(program).arg("--version").output()?;
    let text = String::from_utf8(said.stdout)?;
    Ok(text.split(' ').nth(1).context("a version")?.to_owned())
}

/// New systems, built on the operator's machine: name and store path of each.
fn systems(fleet: &Fleet, nodes: &[&str], program: &Path, listens: impl Fn(&str) -> &'static str) -> Result<Vec<String>> {
    nodes.iter().map(|node| Ok(format!("{node}={}", fleet.build(node, program, listens(node))?))).collect()
}

/// Runs the tool on the operator's machine; its words go into the story. Gives its exit code.
fn deploy(fleet: &Fleet, tool: &Path, version: &str, systems: &[String]) -> Result<i32> {
    let folder = fleet.lab.folder();
    let mut command = fleet.operator.command(tool.to_str().context("a path in UTF-8")?);
    command.arg("--inventory").arg(folder.join("fleet.toml")).args(["deploy", "--yes", "--connect-s", "3", "--version", version]);
    command.args(["--identity", "/srv/home/.ssh/id_ed25519"]).arg("--ca-file").arg(folder.join("authorities.pem"));
    for system in systems {
        command.args(["--closure", system]);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn()?.wait_with_output()?;
    for line in String::from_utf8_lossy(&output.stderr).lines().chain(String::from_utf8_lossy(&output.stdout).lines()) {
        println!("  | {line}");
    }
    std::io::stdout().flush()?;
    output.status.code().context("the tool was ended by a signal")
}

fn judge(reads: &Reads, versions: &[String; 2]) -> Result<()> {
    println!(
        "\nMeanwhile the agent read the secret {} times, {} of them from another node than the one whose turn it was; {} reads failed.",
        reads.answered, reads.elsewhere, reads.failed
    );
    ensure!(reads.failed == 0 && reads.answered > 0, "a read failed: {reads:?}");
    for (node, seen) in &reads.versions {
        ensure!(seen.iter().all(|version| versions.contains(version)), "{node} said {seen:?}");
        println!("  {node} gave it in version {}", seen.iter().cloned().collect::<Vec<_>>().join(", then in "));
    }
    let all = reads.versions.len() == SERVING.len() && reads.versions.values().all(|seen| seen.len() == versions.len());
    ensure!(all, "every node should have been read in both versions: {:?}", reads.versions);
    Ok(())
}
