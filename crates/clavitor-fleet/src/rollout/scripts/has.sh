# Whether the system is there, whole. $1: its path.
[ -x "$1/bin/switch-to-configuration" ] && nix-store --check-validity "$1" || fail 'not there'
say end
