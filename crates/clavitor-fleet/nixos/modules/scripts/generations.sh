# Keeps the newest generations by count, and collects what none of them needs. Never while a deploy is undecided: what it would go back to may be an old one.
# Run by the node's own timer and, over ssh, by the weekly routine. $1: how many are kept, or $GENERATIONS_KEPT. It ends with 75 when it should be tried later.
RUN=${RUN:-/run/clavitor-fleet}
PROFILE=${PROFILE:-/nix/var/nix/profiles/system}
say() { echo "clavitor: $*"; }
fail() { echo "$1" >&2; exit "${2:-1}"; }
undecided() { [ -e "$RUN/unconfirmed" ] || systemctl --quiet is-active clavitor-rollback.timer clavitor-rollback.service clavitor-switch.service; }
free_kb() { df -Pk "${PROFILE%/*}" | tail -n 1 | { read -r _ _ _ free _; echo "$free"; }; }
command -v nix-env >/dev/null || fail 'there is no nix-env on this node: is it NixOS? Nothing was deleted'
[ -e "$PROFILE" ] || fail "there is no $PROFILE on this node: is it NixOS? Nothing was deleted"
# The lock of rollouts: none of their steps begins meanwhile.
mkdir -p "$RUN"
exec 9>"$RUN/rollout.lock"
flock -w 60 9 || fail 'a step of a rollout has been running for a minute; nothing was deleted' 75
if undecided; then fail 'a deploy is unconfirmed; nothing was deleted. End it first: clavitor-fleet deploy --resume, or clavitor-fleet rollout abort' 75; fi
before_kb=$(free_kb)
nix-env --profile "$PROFILE" --delete-generations "+${1:-$GENERATIONS_KEPT}" >&2 9>&- || fail 'generations could not be deleted'
nix-store --gc >&2 9>&- || fail 'garbage could not be collected'
say "freed_kb $(( $(free_kb) - before_kb ))"
say "generations $(find "${PROFILE%/*}" -maxdepth 1 -name "${PROFILE##*/}-*-link" | wc -l)"
say end
