# Keeps the newest generations by count, and never deletes while a deploy is undecided: what it would go back to may be an old one. $1: how many are kept.
set -u
say() { echo "clavitor: $*"; }
fail() { echo "$*" >&2; exit 1; }
RUN=/run/clavitor-fleet
PROFILE=/nix/var/nix/profiles/system
undecided() { [ -e $RUN/unconfirmed ] || systemctl --quiet is-active clavitor-rollback.timer 2>/dev/null; }
command -v nix-env >/dev/null || fail 'there is no nix-env on this node: is it NixOS?'
[ -e $PROFILE ] || fail "there is no $PROFILE on this node: is it NixOS? Nothing was deleted"
mkdir -p $RUN && exec 9>$RUN/rollout.lock
flock -w 60 9 || fail 'a step of a rollout has been running for a minute; nothing was deleted'
if undecided; then fail 'a deploy is unconfirmed; nothing was deleted. End it first: clavitor-fleet deploy, or clavitor-fleet rollback'; fi
free() { df -Pk /nix/store 2>/dev/null | awk 'NR == 2 { print $4 }'; }
before=$(free)
nix-env --profile $PROFILE --delete-generations "+$1" >&2 9>&- || fail 'generations could not be deleted'
nix-store --gc >&2 9>&- || fail 'garbage could not be collected'
say "freed_kb $(( $(free) - before ))"
say "generations $(ls -d $PROFILE-*-link 2>/dev/null | wc -l)"
say end
