//! The command that puts a node's first system on a machine: variables for one of the scripts that stand in the rendered folder.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::{inventory::NodeName, remote::quote};

/// The least memory with which an installer in memory works.
const ANYWHERE_RAM_MB_MIN: u32 = 2_048;

/// How the first system gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// An image is written to the disk from the provider's rescue system; any machine.
    Image,
    /// nixos-anywhere replaces the running Linux; from 2 GB of memory on.
    Anywhere,
    /// An enrolled machine gets its real system, through the tunnel.
    Settle,
}

impl Method {
    /// The one for a machine with this much memory.
    pub const fn for_ram_mb(ram_mb: u32) -> Self {
        if ram_mb >= ANYWHERE_RAM_MB_MIN { Self::Anywhere } else { Self::Image }
    }

    /// Whether a machine with this much memory takes it.
    pub const fn fits(self, ram_mb: u32) -> bool {
        !matches!(self, Self::Anywhere) || ram_mb >= ANYWHERE_RAM_MB_MIN
    }

    /// The script in the rendered folder.
    pub const fn script(self) -> &'static str {
        match self {
            Self::Image => "bootstrap/image.sh",
            Self::Anywhere => "bootstrap/anywhere.sh",
            Self::Settle => "bootstrap/settle.sh",
        }
    }
}

/// Everything that a script must know: variables, by name. No secret is among them; a script reads the token from its file.
#[derive(Debug, Clone)]
pub struct Call {
    /// The node.
    pub node: NodeName,
    /// How.
    pub method: Method,
    /// The rendered folder, absolute.
    pub flake: PathBuf,
    /// What else the script is told.
    pub variables: Vec<(&'static str, String)>,
}

impl Call {
    /// The text, to be looked at and given to a shell.
    pub fn text(&self) -> String {
        let mut text = format!("#!/usr/bin/env bash\n# A system for {}. The script says what it does before it does it.\n", self.node);
        let flake = self.flake.display().to_string();
        let common = [("NODE", self.node.to_string()), ("FLAKE", flake.clone())];
        for (name, value) in common.iter().chain(&self.variables) {
            let _ = writeln!(text, "export {name}={}", quote([value.as_str()])); // writing to a string cannot fail
        }
        let _ = writeln!(text, "exec bash {}", quote([format!("{flake}/{}", self.method.script()).as_str()]));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_machines_get_an_image() {
        assert_eq!((Method::for_ram_mb(512), Method::for_ram_mb(2048)), (Method::Image, Method::Anywhere));
        assert!(Method::Image.fits(512) && Method::Settle.fits(512) && !Method::Anywhere.fits(1024));
    }

    #[test]
    fn a_shell_reads_the_words_as_they_were() {
        let odd = "it's $HOME `x` \"y\" \\ \n;";
        let folder = tempfile::tempdir().expect("a folder").path().join("of someone's, with a blank");
        let script = folder.join(Method::Image.script());
        std::fs::create_dir_all(script.parent().expect("a folder")).expect("made");
        std::fs::write(&script, "printf %s \"$NODE|$FLAKE|$DISK\"").expect("written");
        let flake = folder.display().to_string();
        let call = Call {
            node: "tokyo".parse().expect("a name"),
            method: Method::Image,
            flake: folder,
            variables: vec![("DISK", odd.to_owned())],
        };
        let output = std::process::Command::new("sh").arg("-c").arg(call.text()).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("tokyo|{flake}|{odd}"));
    }
}
