# Activates the new system as a unit of its own, which the end of this connection does not touch. It does not boot yet: a node that restarts now comes up as it was. $1: the system, $2: what the unit does.
locked
printf '%s\n' "$2" > $RUN/switch.sh
exec 9>&-
systemd-run --quiet --unit=clavitor-switch --collect --wait --pipe --service-type=exec --setenv=PATH="$PATH" \
  -- "$(readlink -f "$(command -v sh)")" $RUN/switch.sh "$1" >&2 || fail "the switch ended with $?"
[ "$(readlink -f /run/current-system)" = "$1" ] || fail 'the switch ended, and the new system does not run'
say end
