# Facts, one a line. Changes nothing. $1: the system that shall come.
say "runs $(readlink -f /run/current-system)"
say "boots $(readlink -f $PROFILE)"
say "free_kb $(df -Pk /nix/store /var/lib | awk 'NR > 1 && (low == "" || $4 < low) { low = $4 } END { print low }')"
say "clock_s $(date +%s)"
[ -e $MARK ] && say marked
armed && say armed
busy && say busy
say end
