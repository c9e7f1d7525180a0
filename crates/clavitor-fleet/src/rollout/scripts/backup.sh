# An online backup of the vault beside it; only the one before the last rollout is kept. $1: the rollout's name, $2: where the vault is.
clavitor=$(program) || exit 1
FOLDER=$2/backups
mkdir -p $RUN "$FOLDER"
# One whose connection broke goes on; the next one waits for it.
exec 8>$RUN/backup.lock
flock -w 600 8 || fail 'another backup has been running for ten minutes'
rm -f "$FOLDER"/rollout-*.clv
"$clavitor" backup create --data "$2" "$FOLDER/rollout-$1.clv" >&2 || fail 'no backup could be made; a node without a backup code gets one with: clavitor backup code'
mv -f "$FOLDER/rollout-$1.clv" "$FOLDER/before-rollout.clv" || fail 'the backup was made and could not be moved'
say end
