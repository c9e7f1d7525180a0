# One partition on $DISK for everything, its file system named as the system looks for it, mounted on /mnt.
case $DISK in *[0-9]) partition=${DISK}p1 ;; *) partition=${DISK}1 ;; esac
parted --script "$DISK" mklabel msdos mkpart primary ext4 1MiB 100% set 1 boot on
udevadm settle
mkfs.ext4 -q -F -L nixos "$partition"
mkdir -p /mnt
mount "$partition" /mnt
