# Makes the new system the one that boots; then it is confirmed. The timer may be faster, and whoever takes the mark decides. $1: the system.
locked
[ -e $MARK ] && [ "$(sed -n 3p $MARK)" = "$1" ] || fail 'it has gone back already: its timer was faster'
[ "$(readlink -f /run/current-system)" = "$1" ] || fail 'it does not run the new system'
busy && fail 'it is going back at this moment'
# Neither may take so long that the timer, which waits for the lock, waits for ever.
timeout 60 nix-env --profile $PROFILE --set "$1" >&2 9>&- || fail 'the new system could not be made the one that boots'
timeout 60 "$1/bin/switch-to-configuration" boot >&2 9>&- || fail 'the boot loader could not be written'
rm -f $MARK $ROOT-new $ROOT-old
armed && systemctl stop $TIMER.timer 9>&-
say end
