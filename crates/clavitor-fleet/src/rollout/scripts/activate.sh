# What the unit does that switches. The decision is its own, under the lock: a timer that fires before finds no unit to stop, and one that fires after stops it. $1: the system.
locked
[ -e $MARK ] && [ "$(sed -n 3p $MARK)" = "$1" ] || fail 'the node is not armed for this system'
armed || fail 'its rollback timer is not armed'
# The timer must be able to go back while a switch hangs.
exec 9>&-
exec "$1/bin/switch-to-configuration" test
