# Read before every other script. Where things are on a node; all of them are gone after a restart, and so is an unconfirmed system, because only a confirmed one boots.
set -u
RUN=/run/clavitor-fleet
MARK=$RUN/unconfirmed
PROFILE=/nix/var/nix/profiles/system
ROOT=/nix/var/nix/gcroots/clavitor-rollout
TIMER=clavitor-rollback
PATIENCE='-w 30'
# The operator's connection may break at any moment; what was begun is finished.
trap '' HUP PIPE
say() { echo "clavitor: $*"; }
fail() { echo "$*" >&2; exit 1; }
busy() { systemctl --quiet is-active clavitor-switch.service || systemctl --quiet is-active $TIMER.service; }
armed() { systemctl --quiet is-active $TIMER.timer; }
# Seconds since the start: a clock that is set does not move them.
uptime_s() { cut -d. -f1 /proc/uptime; }
# Arming, switching, confirming and going back exclude each other. The lock is the process's and ends with it.
locked() {
  mkdir -p $RUN
  exec 9>$RUN/rollout.lock
  flock $PATIENCE 9 || fail 'another step of a rollout has been running for half a minute'
}
# The very program that serves, whether or not it is in PATH.
program() {
  found=$(systemctl show --property=ExecStart --value clavitor.service | sed -n 's/.*[{ ]path=\([^ ;]*\).*/\1/p')
  [ -x "$found" ] || found=$(command -v clavitor) || fail 'clavitor.service names no program, and none is in PATH'
  echo "$found"
}
