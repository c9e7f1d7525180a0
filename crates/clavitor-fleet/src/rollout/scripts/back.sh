# Goes back. Run by the timer, and by the operator's tool; the mark says where to, and without it there is nothing to do.
back() {
  locked
  [ -e $MARK ] || return 0
  boots=$(sed -n 1p $MARK)
  runs=$(sed -n 2p $MARK)
  systemctl stop clavitor-switch.service 2>/dev/null 9>&-
  failed=
  if [ "$(readlink -f $PROFILE)" != "$boots" ]; then
    # Nix waits for whoever holds its store: what runs is set right all the same, and the rest at the next try.
    timeout 60 nix-env --profile $PROFILE --set "$boots" 9>&- && timeout 60 "$boots/bin/switch-to-configuration" boot 9>&- || failed=1
  fi
  if [ "$(readlink -f /run/current-system)" != "$runs" ]; then timeout 300 "$runs/bin/switch-to-configuration" test 9>&- || failed=1; fi
  # A unit that does not start is the old system's own trouble; that it runs is what counts.
  [ "$(readlink -f /run/current-system)" = "$runs" ] || fail "it could not go back to $runs"
  [ "$(readlink -f $PROFILE)" = "$boots" ] || fail "it still boots $(readlink -f $PROFILE)"
  rm -f $MARK $ROOT-new $ROOT-old
  [ -z "$failed" ] || echo "$runs runs again, and says that not all of it is well" >&2
}
