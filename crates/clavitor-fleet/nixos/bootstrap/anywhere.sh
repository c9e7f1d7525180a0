#!/usr/bin/env bash
# Installs a node over SSH from whatever Linux it runs, with nixos-anywhere: from 2 GB of memory on, because the installer lives in memory.
# Evaluated and built here; the machine is sent finished closures.
# usage: `clavitor-fleet bootstrap NODE` prints the call, with NODE, ADDRESS, FLAKE and TOKEN_FILE set
set -euo pipefail
: "${NODE:?}" "${ADDRESS:?}" "${FLAKE:?}" "${TOKEN_FILE:?}"
command -v nixos-anywhere >/dev/null || { echo "nixos-anywhere is missing: nix shell nixpkgs#nixos-anywhere" >&2; exit 1; }

build() { nix build --no-link --print-out-paths "$FLAKE#nixosConfigurations.$NODE-first-boot.config.system.build.$1"; }
echo "Building the first system of $NODE; nothing is built on the machine." >&2
partition=$(build nodePartition)
system=$(build toplevel)

if [ -z "${YES:-}" ]; then
  echo "Everything on the disk of $ADDRESS will be overwritten. Type the node's name to go on:" >&2
  read -r answer
  [ "$answer" = "$NODE" ] || { echo "Nothing was done." >&2; exit 7; }
fi
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
# The one-time token goes beside the closure, so that no store holds it.
(umask 077 && mkdir -p "$files/var/lib/fleet" && cat "$TOKEN_FILE" >"$files/var/lib/fleet/enrolment-token")
chmod 755 "$files" "$files/var" "$files/var/lib"
nixos-anywhere --store-paths "$partition" "$system" --extra-files "$files" "root@$ADDRESS"
echo "Done. Once it is up: clavitor-fleet node enrol $NODE" >&2
