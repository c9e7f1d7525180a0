# What a node says of itself, and what its machine says of it. Changes nothing. $1: the data folder.
set -u
say() { echo "clavitor: $*"; }
one_line() { tr '\n' ' ' | cut -c 1-12000; }
# The very program that serves, whether or not it is in PATH.
clavitor=$(systemctl show --property=ExecStart --value clavitor.service 2>/dev/null | sed -n 's/.*[{ ]path=\([^ ;]*\).*/\1/p')
[ -x "$clavitor" ] || clavitor=$(command -v clavitor)
say "clock_s $(date +%s)"
say "service $(systemctl is-active clavitor.service 2>/dev/null)"
if report=$("$clavitor" vitals --data "$1" 2>&1); then say "report $(printf %s "$report" | one_line)"; else say "no_report $(printf %s "$report" | one_line)"; fi
df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print "clavitor: disk_kb " $2 " " $3 " " $4 }'
awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { free = $2 } END { print "clavitor: memory_kb " total " " free }' /proc/meminfo
[ -r /run/clavitor-fleet/nix_gen ] && say "generation $(head -c 20 /run/clavitor-fleet/nix_gen)"
say "generations $(ls -d /nix/var/nix/profiles/system-*-link 2>/dev/null | wc -l)"
[ -e /run/clavitor-fleet/unconfirmed ] && say unconfirmed
[ -e /run/current-system ] && say "system_s $(stat -c %Y /nix/var/nix/profiles/system 2>/dev/null)"
# On a hub, pairs that share no secret yet have a file of zeros. Nothing of a secret is said.
for file in /var/lib/fleet/psk-?.d/*; do
  case $file in *.next) continue ;; esac
  [ -f "$file" ] && [ -z "$(tr -d 'A=\n' <"$file")" ] && say "bare $(echo "$file" | sed 's|^.*/psk-\(.\)[.]d/|\1 |')"
done
say end
