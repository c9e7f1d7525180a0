# Facts, one a line. Changes nothing. $1: where the vault is.
say "runs $(readlink -f /run/current-system)"
say "boots $(readlink -f $PROFILE)"
vault=$1
[ -d "$vault" ] || vault=$(dirname "$1")
say "free_kb $(df -Pk /nix/store "$vault" | awk 'NR > 1 && (low == "" || $4 < low) { low = $4 } END { print low }')"
say "clock_s $(date +%s)"
[ -e $MARK ] && say marked
armed && say armed
busy && say busy
say end
