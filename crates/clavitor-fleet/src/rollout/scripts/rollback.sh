# The operator's tool goes back, then stops the timer: in this order, so that a connection that breaks in between leaves the timer to do it, and under one lock, so that it is nobody else's timer. $1: the new system.
( back && { ! armed || systemctl stop $TIMER.timer 9>&-; } ) >&2 || exit 1
[ "$(readlink -f /run/current-system)" != "$1" ] || fail 'it runs the new system, and nothing says what was before'
say end
