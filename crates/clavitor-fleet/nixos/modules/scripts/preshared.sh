# Makes each named key file that is missing: 32 zero bytes, which is WireGuard's word for no key of the pair.
set -eu
umask 077
for file in "$@"; do
  mkdir -p "${file%/*}"
  [ -s "$file" ] || printf 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n' >"$file"
done
