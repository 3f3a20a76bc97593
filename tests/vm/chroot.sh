#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# chroot.sh ROOT SOURCE COMMAND... - run COMMAND in ROOT, leaving ROOT as it is
#
# Runs as PID 1 of fresh mount and PID namespaces (unshare in rootfs.py): its
# mounts and whatever COMMAND leaves running end with it. What it changed does,
# too, unless CHROOT_KEEP names a directory for that: its upper/ is then a layer
# over ROOT, to go on from.
set -eu

root=$1 source=$2
shift 2

# ROOT is a lower layer only. The upper one is in memory, mounted over /mnt
# for this namespace alone.
mount -t tmpfs -o mode=755 tmpfs /mnt
keep=${CHROOT_KEEP:-/mnt}
mkdir -p "$keep/upper" "$keep/work" /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=$keep/upper,workdir=$keep/work" \
	overlay /mnt/root
root=/mnt/root

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
# After /tmp: the source tree may be below it.
mkdir -p "$root$source"
mount --rbind "$source" "$root$source"

status=0
# shellcheck disable=SC2016 # for the inner shell to expand
chroot "$root" /bin/sh -c 'cd "$1" && shift && "$@"; exit $?' sh \
	"$source" "$@" || status=$?
exit "$status"
