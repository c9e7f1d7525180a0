# Facts, one a line. Changes nothing. $1: where the vault is.
say "runs $(readlink -f /run/current-system)"
say "boots $(readlink -f $PROFILE)"
vault=$1
[ -d "$vault" ] || vault=$(dirname "$1")
say "free_kb $(df -Pk /nix/store "$vault" | awk 'NR > 1 && (low == "" || $4 < low) { low = $4 } END { print low }')"
say "clock_s $(date +%s)"
if [ -e $MARK ]; then
  say marked
  say "rollout $(sed -n 4p $MARK)"
  fires=$(sed -n 5p $MARK)
  [ -z "$fires" ] || say "fires_in_s $((fires - $(uptime_s)))"
fi
armed && say armed
busy && say busy
say end
