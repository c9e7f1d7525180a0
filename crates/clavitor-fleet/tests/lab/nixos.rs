//! A machine with as much of NixOS as a rollout touches: a Nix store (real), systems in it, what runs and what boots; systemd and the activation are played by three scripts.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{Machine, find};

/// Systems and their profile, as on NixOS.
const PROFILE: &str = "/nix/var/nix/profiles/system";

/// A system that a node can run, before it is in any store.
pub(crate) struct System<'a> {
    /// Stands in its store path.
    pub(crate) name: &'a str,
    /// The program that it serves with.
    pub(crate) program: &'a Path,
    /// How the program is called, without its name.
    pub(crate) arguments: &'a str,
    /// What else stands in its /etc.
    pub(crate) etc: &'a [(&'a str, &'a str)],
}

impl System<'_> {
    /// Lays the system out in a folder.
    fn lay_out(&self, folder: &Path) -> Result<()> {
        for part in ["bin", "sw/bin", "etc"] {
            fs::create_dir_all(folder.join(part))?;
        }
        write_program(&folder.join("bin/switch-to-configuration"), include_str!("nixos/switch-to-configuration"))?;
        fs::write(folder.join("etc/clavitor.args"), self.arguments)?;
        for (name, text) in self.etc {
            fs::write(folder.join("etc").join(name), text)?;
        }
        fs::copy(self.program, folder.join("sw/bin/clavitor"))?;
        Ok(())
    }
}

impl Machine {
    /// Puts a system into this machine's store; gives its path, which is the same on every machine.
    pub(crate) fn add_system(&self, system: &System<'_>) -> Result<String> {
        ensure!(find("nix-store").is_some(), "nix is missing: run scripts/install test first.");
        let folder = format!("/srv/systems/{}", system.name);
        system.lay_out(&self.path(&folder))?;
        let added = self.run(&format!("nix-store --add {folder} && rm -r {folder}"))?;
        Ok(added.lines().last().context("a store path")?.trim().to_owned())
    }

    /// Puts what plays systemd on a machine. A unit is a file in /run/units with the number of its process.
    pub(crate) fn play_systemd(&self) -> Result<()> {
        fs::create_dir_all(self.path("/srv/bin"))?;
        fs::create_dir_all(self.path("/run/units"))?;
        write_program(&self.path("/srv/bin/systemctl"), include_str!("nixos/systemctl"))?;
        write_program(&self.path("/srv/bin/systemd-run"), include_str!("nixos/systemd-run"))
    }

    /// Lets a machine run and boot its first system, with what plays systemd on it.
    pub(crate) fn install(&self, system: &str) -> Result<()> {
        self.play_systemd()?;
        self.run("mkdir -p -m 700 /var/lib/clavitor")?;
        self.run(&format!(
            "export PATH=/srv/bin:$PATH; nix-env --quiet --profile {PROFILE} --set {system} && {system}/bin/switch-to-configuration test"
        ))?;
        Ok(())
    }

    /// Holds a lock file of this machine, as a step does that does not end; it is free when the file is dropped.
    pub(crate) fn hold(&self, file: &str) -> Result<fs::File> {
        let path = self.path(file);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        let file = fs::File::create(path)?;
        file.lock()?;
        Ok(file)
    }

    /// Whether no rollout is undecided here: nothing is armed, marked or under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.can("[ ! -e /run/clavitor-fleet/unconfirmed ] && ! /srv/bin/systemctl is-active clavitor-rollback.timer clavitor-rollback.service clavitor-switch.service")
    }

    /// The system that runs, and the one that boots.
    pub(crate) fn systems(&self) -> Result<(String, String)> {
        let text = self.run(&format!("readlink -f /run/current-system; readlink -f {PROFILE}"))?;
        let (runs, boots) = text.trim().split_once('\n').context("two paths")?;
        Ok((runs.to_owned(), boots.to_owned()))
    }
}

/// Writes a program.
pub(crate) fn write_program(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
