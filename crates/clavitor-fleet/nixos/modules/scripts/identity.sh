# Makes the keys that are missing: the SSH host's, WireGuard's, the node's identity. A key appears whole or not at all.
umask 077
mkdir -p "$STATE" "$SSH"
chmod 0755 "$SSH"

pair() { # path, comment
  [ ! -s "$1" ] || return 0
  rm -f "$1.new" "$1.new.pub"
  ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1.new"
  mv "$1.new.pub" "$1.pub"
  mv "$1.new" "$1"
  chmod 0644 "$1.pub"
}

pair "$SSH/ssh_host_ed25519_key" "host $NODE"
if [ ! -s "$STATE/wireguard.key" ]; then
  wg genkey >"$STATE/wireguard.key.new"
  wg pubkey <"$STATE/wireguard.key.new" >"$STATE/wireguard.pub"
  mv "$STATE/wireguard.key.new" "$STATE/wireguard.key"
fi
pair "$STATE/identity" "node $NODE"
