# Marks the node, and arms the timer that goes back to what runs and boots now. $1: the system that shall come, $2: seconds, $3: the rollout's name, $4: the script that goes back.
locked
[ -x "$1/bin/switch-to-configuration" ] || fail "$1 is not on this node, or is no system"
runs=$(readlink -f /run/current-system)
boots=$(readlink -f $PROFILE)
[ "$runs" != "$1" ] || fail 'it runs the new system already'
if [ -e $MARK ]; then
  [ "$(sed -n 3,4p $MARK)" = "$(printf '%s\n' "$1" "$3")" ] || fail "it is unconfirmed since another rollout: $(cat $MARK)"
  busy && fail 'it is switching or going back at this moment'
  # This very order has been here before, and its answer was lost: its timer begins anew.
  armed && systemctl stop $TIMER.timer 9>&-
elif armed || busy; then fail 'a rollback of another rollout is armed or running'; fi
# One that failed would keep its name.
systemctl reset-failed $TIMER.timer $TIMER.service 2>/dev/null
undo() { rm -f $MARK $ROOT-new $ROOT-old; fail "$1"; }
# Neither system may be collected while this is undecided.
ln -sfn "$1" $ROOT-new
ln -sfn "$runs" $ROOT-old
printf '%s\n' "$boots" "$runs" "$1" "$3" "$(($(uptime_s) + $2))" > $MARK.new
mv $MARK.new $MARK
# In a file, so that no service manager reads variables or per cent signs into it.
printf '%s\n' "$4" > $RUN/back.sh
systemd-run --quiet --unit=$TIMER --on-active="$2" --timer-property=AccuracySec=1s --setenv=PATH="$PATH" --description='Goes back to the system before' \
  -- "$(readlink -f "$(command -v sh)")" $RUN/back.sh >&2 9>&- || undo 'the timer could not be armed'
armed || undo 'the timer is not armed'
say end
