# Composes the enrolment record: the node's name, the time, its public keys, and a MAC over these lines under the one-time token.
# The token is used by the shell alone; it stands in no argument and no environment of a program.
token=$(<"$STATE/enrolment-token")

escape() { # number: as printf's %b reads a byte
  printf '\\x%02x' "$1"
}

hmac_sha256() { # the message is read from stdin; the key is the token, at most one block of 64 bytes
  local inner='' outer='' at code digest
  for ((at = 0; at < 64; at++)); do
    code=0
    if ((at < ${#token})); then printf -v code '%d' "'${token:at:1}"; fi
    inner+=$(escape $((code ^ 0x36)))
    outer+=$(escape $((code ^ 0x5c)))
  done
  digest=$({ printf '%b' "$inner" && cat; } | sha256sum | cut -c1-64)
  { printf '%b' "$outer" && printf '%b' "$(sed 's/../\\x&/g' <<<"$digest")"; } | sha256sum | cut -c1-64
}

raw() { # path of an SSH public key: the 32 bytes at its end, in base64
  cut -d' ' -f2 "$1" | base64 -d | tail -c 32 | base64
}

if ((${#token} < 32 || ${#token} > 64)); then
  echo "The enrolment token is damaged: $STATE/enrolment-token" >&2
  exit 1
fi

body="clavitor-enrolment 1
node $NODE
time $(date +%s)
wireguard $(<"$STATE/wireguard.pub")
ssh_host $(cut -d' ' -f1,2 "$SSH/ssh_host_ed25519_key.pub")
identity $(raw "$STATE/identity.pub")"
mac=$(printf '%s\n' "$body" | hmac_sha256)

printf '%s\nmac %s\n' "$body" "$mac" >"$RECORD.new"
mv "$RECORD.new" "$RECORD"

echo "This node waits to be enrolled. Its keys:"
ssh-keygen -l -f "$SSH/ssh_host_ed25519_key.pub"
ssh-keygen -l -f "$STATE/identity.pub"
echo "The record, for: fleet node enrol $NODE --record FILE"
cat "$RECORD"
