# The node's own word: the running service, asked on its own machine. $1: where the vault is.
runs=$(readlink -f /run/current-system)
say "runs $runs"
systemctl --quiet is-active clavitor.service && say active
clavitor=$(program) || exit 1
"$clavitor" vitals --data "$1"
