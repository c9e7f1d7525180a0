# What runs, boots and is armed. Changes nothing.
say "runs $(readlink -f /run/current-system)"
say "boots $(readlink -f $PROFILE)"
[ -e $MARK ] && say marked
armed && say armed
busy && say busy
say end
