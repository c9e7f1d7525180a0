//! The part of the rendered folder that is the same for every fleet: Nix and shell, written by hand under `nixos/`.

macro_rules! sources {
    ($($path:literal),* $(,)?) => {
        /// Paths in the rendered folder, and texts.
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../../nixos/", $path)))),*];
    };
}

sources![
    "flake.nix",
    "outputs.nix",
    "bootstrap/anywhere.sh",
    "bootstrap/image.sh",
    "bootstrap/settle.sh",
    "modules/break-glass.nix",
    "modules/clavitor.nix",
    "modules/firewall.nix",
    "modules/first-boot.nix",
    "modules/generations.nix",
    "modules/hub.nix",
    "modules/identity.nix",
    "modules/kernel.nix",
    "modules/machine.nix",
    "modules/node.nix",
    "modules/options.nix",
    "modules/package.nix",
    "modules/ssh.nix",
    "modules/tunnel.nix",
    "modules/scripts/enrolment-page.sh",
    "modules/scripts/enrolment.sh",
    "modules/scripts/generation.sh",
    "modules/scripts/generations.sh",
    "modules/scripts/identity.sh",
    "modules/scripts/partition.sh",
    "modules/scripts/preshared.sh",
];

/// Paths in the rendered folder, and texts.
pub(super) fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    /// A module that is written and not listed would be missing on every node.
    #[test]
    fn every_file_of_the_folder_is_rendered() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("nixos");
        let mut found = BTreeSet::new();
        let mut open = vec![folder.clone()];
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.strip_prefix(&folder).expect("below").to_str().expect("a plain name").to_owned());
                }
            }
        }
        assert_eq!(found, super::files().map(|(path, _)| path.to_owned()).collect());
    }
}
