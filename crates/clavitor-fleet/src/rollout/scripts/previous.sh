# The generation before the one that boots.
now=$(readlink $PROFILE | sed -n 's/^.*system-\([0-9]*\)-link$/\1/p')
[ -n "$now" ] || fail 'the system profile has no generations'
best=
for link in /nix/var/nix/profiles/system-*-link; do
  number=$(echo "$link" | sed -n 's/^.*system-\([0-9]*\)-link$/\1/p')
  if [ "$number" -lt "$now" ] && { [ -z "$best" ] || [ "$number" -gt "$best" ]; }; then best=$number; fi
done
[ -n "$best" ] || fail "generation $now is the only one that is left"
say "previous $(readlink -f /nix/var/nix/profiles/system-$best-link)"
say end
