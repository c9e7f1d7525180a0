# Keeps the newest $GENERATIONS_KEPT generations, and collects what no generation needs. Removes nothing while a deploy is not
# confirmed: the generation that it would go back to may be the one that a count would remove.
# The lock of rollouts: none of their steps begins meanwhile.
exec 9>"$RUN/rollout.lock"
if ! flock -w 60 9; then
  echo "A step of a rollout has been running for a minute: nothing is removed."
  exit 0
fi
if [ -e "$RUN/unconfirmed" ]; then
  echo "A deploy is not confirmed ($RUN/unconfirmed): nothing is removed."
  exit 0
fi
if systemctl --quiet is-active clavitor-rollback.timer clavitor-rollback.service; then
  echo "A rollback is armed (clavitor-rollback): nothing is removed."
  exit 0
fi
nix-env --profile "$PROFILE" --delete-generations "+$GENERATIONS_KEPT" 9>&-
nix-store --gc 9>&-
