# A verified copy of the vault beside it, every page of it read back and checked; it is removed, or printed for a drill. $1: the data folder. $2: "print" to print it.
set -u
umask 077
say() { echo "clavitor: $*"; }
fail() { echo "$*" >&2; exit 1; }
clavitor=$(systemctl show --property=ExecStart --value clavitor.service 2>/dev/null | sed -n 's/.*[{ ]path=\([^ ;]*\).*/\1/p')
[ -x "$clavitor" ] || clavitor=$(command -v clavitor) || fail 'clavitor.service names no program, and none is in PATH'
file=$1/.routine-$$.clv
trap 'rm -f "$file"' EXIT
"$clavitor" backup create --data "$1" "$file" >&2 || fail 'no verified copy could be made'
say "bytes $(wc -c < "$file")"
if [ "$2" = print ]; then base64 "$file" | sed 's/^/clavitor: piece /'; fi
say end
