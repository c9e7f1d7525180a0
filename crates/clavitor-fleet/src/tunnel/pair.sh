# Gives this machine and a hub a secret that only the two have (WireGuard's pre-shared key). The hub makes it; it comes through a pipe, and stands in no argument, variable or file but the two
# that keep it. Both ends try it before they keep it: without a handshake under it, both go back. Cut off at whatever point, the same again goes on.
set -euo pipefail
HANDSHAKE_S=${HANDSHAKE_S:-40}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
say() { echo "network $network: $*" >&2; }
# A login by the other network: this one's tunnel begins anew.
hub() { (cd "$FLEET" && ssh -F ssh_config "$via" -- "$1"); }
use_at_hub() { hub "wg set $hub_interface peer $own_key remove && wg set $hub_interface peer $own_key preshared-key $1 $hub_settings"; }
use_here() {
  as_root wg set "$INTERFACE" peer "$hub_key" remove
  # shellcheck disable=SC2086 # words
  as_root wg set "$INTERFACE" peer "$hub_key" preshared-key "$1" $own_settings
}
met() { as_root wg show "$INTERFACE" latest-handshakes | grep -F "$hub_key" | grep -qv '[[:space:]]0$'; }
back() {
  say "both ends go back to what they had"
  here=$FOLDER/psk-$network
  as_root test -s "$here" || here=/dev/null
  # The hub first: this end opens the tunnel, and would otherwise believe in one that the hub has forgotten.
  use_at_hub "$hub_file" && hub "rm -f $hub_file.next" && as_root rm -f "$FOLDER/psk-$network.next"
  use_here "$here"
}

# network, the hub by the other one, its interface, both public keys, the hub's file, settings of both peers
pair() {
  network=$1 via=$2 hub_interface=$3 hub_key=$4 own_key=$5 hub_file=$6 hub_settings=$7 own_settings=$8
  local next=$FOLDER/psk-$network.next
  say "$via makes a secret for this machine"
  trap back EXIT
  hub "umask 077; mkdir -p ${hub_file%/*} && { test -s $hub_file.next || wg genpsk >$hub_file.next; } && cat $hub_file.next" |
    as_root sh -c 'umask 077; cat >"$0" && test "$(wc -c <"$0")" -eq 45' "$next"
  say "both ends use it, and wait $HANDSHAKE_S s at most for a handshake"
  use_at_hub "$hub_file.next"
  use_here "$next"
  local left=$HANDSHAKE_S
  until met; do
    if [ "$left" -le 0 ]; then say "no handshake came under the new secret"; exit 1; fi
    left=$((left - 1))
    sleep 1
  done
  trap - EXIT
  as_root mv -f "$next" "$FOLDER/psk-$network"
  hub "mv -f $hub_file.next $hub_file"
  say "done: both ends keep it"
}

as_root wg show "$INTERFACE" >/dev/null || { echo "The tunnel $INTERFACE is not up on this machine: wg-quick up $INTERFACE" >&2; exit 6; }
