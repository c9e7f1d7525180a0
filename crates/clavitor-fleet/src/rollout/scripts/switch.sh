# Activates the new system as a unit of its own, which the end of this connection does not touch. It does not boot yet: a node that restarts now comes up as it was. $1: the system.
locked
[ -e $MARK ] && [ "$(sed -n 3p $MARK)" = "$1" ] || fail 'the node is not armed for this system'
armed || fail 'its rollback timer is not armed'
# The lock is for the decision; the timer must be able to go back while a switch hangs.
exec 9>&-
systemd-run --quiet --unit=clavitor-switch --collect --wait --pipe --service-type=exec --setenv=PATH="$PATH" -- "$1/bin/switch-to-configuration" test >&2 || fail "switch-to-configuration ended with $?"
[ "$(readlink -f /run/current-system)" = "$1" ] || fail 'the switch ended, and the new system does not run'
say end
