#!/usr/bin/env bash
# The real system of a machine that is enrolled and still runs its first boot: built here, copied through the tunnel, tried, and only then
# made the one that boots. Later versions come with `clavitor-fleet deploy`.
# usage: `clavitor-fleet bootstrap NODE --method settle` prints the call, with NODE, TUNNEL (addresses), HOST_KEY and FLAKE set
set -euo pipefail
: "${NODE:?}" "${TUNNEL:?}" "${HOST_KEY:?}" "${FLAKE:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for address in $TUNNEL; do printf '%s %s\n' "$address" "$HOST_KEY"; done >"$work/known_hosts"
# Only the key that the inventory holds is taken for the machine's.
options=(-o "UserKnownHostsFile=$work/known_hosts" -o StrictHostKeyChecking=yes -o ConnectTimeout=10)
export NIX_SSHOPTS="${options[*]}"
node() { ssh "${options[@]}" "root@$reached" "$@"; }

reached=
for address in $TUNNEL; do
  reached=$address
  if node true; then break; fi
  reached=
done
if [ -z "$reached" ]; then
  echo "$NODE is not reached through the tunnel ($TUNNEL). Deploy the hubs first, so that they know it; then run this again." >&2
  exit 6
fi
if node systemctl --quiet is-active clavitor.service; then
  echo "$NODE serves already: clavitor-fleet deploy --only $NODE" >&2
  exit 4
fi

echo "Building the system of $NODE." >&2
system=$(nix build --no-link --print-out-paths "$FLAKE#nixosConfigurations.$NODE.config.system.build.toplevel")
echo "Copying it to $reached." >&2
nix copy --to "ssh://root@$reached" "$system"
echo "Trying it; a restart of the machine would still bring the first boot back." >&2
node "$system/bin/switch-to-configuration" test
# A connection of its own: the way in survived.
node nix-env --profile /nix/var/nix/profiles/system --set "$system"
node "$system/bin/switch-to-configuration" boot
echo "Done: $NODE runs and boots its own system. Next: clavitor-fleet node activate $NODE" >&2
