#!/usr/bin/env bash
# Puts a node's first-boot image on its disk while the machine runs its provider's rescue system. Works from 512 MB of memory on:
# everything is evaluated and built here, and the machine only writes what it is sent.
# usage: `clavitor-fleet bootstrap NODE` prints the call, with NODE, ADDRESS, DISK, FLAKE and TOKEN_FILE set
#        YES=1 does not ask
set -euo pipefail
: "${NODE:?}" "${ADDRESS:?}" "${DISK:?}" "${FLAKE:?}" "${TOKEN_FILE:?}"

case $DISK in *[0-9]) partition=${DISK}p1 ;; *) partition=${DISK}1 ;; esac
rescue() { ssh -o ConnectTimeout=10 "root@$ADDRESS" "$@"; }

echo "Building the image of $NODE; nothing is built on the machine." >&2
image=$(nix build --no-link --print-out-paths "$FLAKE#nixosConfigurations.$NODE-first-boot.config.system.build.nodeImage")/nixos.img

# A machine that runs from the disk that is about to be written is not in a rescue system.
if rescue findmnt --noheadings --output SOURCE / | grep -q "^$DISK"; then
  echo "$ADDRESS runs from $DISK: boot the provider's rescue system first." >&2
  exit 1
fi
if [ -z "${YES:-}" ]; then
  echo "Everything on $DISK of $ADDRESS will be overwritten. Type the node's name to go on:" >&2
  read -r answer
  [ "$answer" = "$NODE" ] || { echo "Nothing was done." >&2; exit 7; }
fi

echo "Writing $(du -h --apparent-size "$image" | cut -f1) to $DISK of $ADDRESS." >&2
gzip -1 <"$image" | rescue "gzip -d | dd of=$DISK bs=4M conv=fsync status=none && partprobe $DISK"
# The one-time token goes past the image, so that no store and no copy of the image holds it.
rescue "mkdir -p /mnt && mount $partition /mnt && umask 077 && mkdir -p /mnt/var/lib/fleet &&
  cat >/mnt/var/lib/fleet/enrolment-token && sync && umount /mnt" <"$TOKEN_FILE"
echo "Done. Leave the rescue system; the console then shows the keys, and: clavitor-fleet node enrol $NODE" >&2
