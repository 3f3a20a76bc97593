#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# PID 1 of the initramfs: makes the shared root filesystem writable by an
# overlay in memory, mounts all else the guest needs and goes there. All of it
# is done from here, as static busybox in memory starts ten times faster, when
# emulated, than the programs of the root filesystem.

bb=/bin/busybox

# The end of PID 1 is a panic, which ends the VM: the host shows the console.
set -e

# 9p takes a buffer of msize from a slab cache for each request, in the memory
# under test: more than this is no faster, but a costly order to allocate.
share() { # TAG DIRECTORY OPTIONS
	$bb mkdir -p "$2"
	$bb mount -t 9p -o "trans=virtio,version=9p2000.L,msize=32768,$3" \
		"$1" "$2"
}

mount_root() {
	share root /lower ro,cache=loose
	$bb mkdir -p /top /root
	$bb mount -t tmpfs -o mode=755,size=75% top /top
	$bb mkdir /top/upper /top/work
	$bb mount -t overlay overlay /root \
		-o lowerdir=/lower,upperdir=/top/upper,workdir=/top/work
}

mount_filesystems() {
	$bb mount -o move /dev /root/dev
	# In other systems this is udev's work.
	$bb ln -s /proc/self/fd /root/dev/fd
	$bb ln -s fd/0 /root/dev/stdin
	$bb ln -s fd/1 /root/dev/stdout
	$bb ln -s fd/2 /root/dev/stderr
	$bb mkdir -p /root/dev/pts /root/dev/shm
	$bb mount -t devpts -o mode=620,gid=5,ptmxmode=666 devpts /root/dev/pts
	$bb mount -t tmpfs -o mode=1777 shm /root/dev/shm
	$bb mount -t tmpfs -o mode=755 run /root/run
	$bb mount -t tmpfs -o mode=1777 tmp /root/tmp
	$bb mount -t proc proc /root/proc
	$bb mount -t sysfs sysfs /root/sys
	$bb mount -t debugfs debugfs /root/sys/kernel/debug
	$bb mount -t tracefs tracefs /root/sys/kernel/tracing
	$bb mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
	if [ -d /root/sys/kernel/security ]; then
		$bb mount -t securityfs securityfs /root/sys/kernel/security
	fi
}

$bb mkdir -p /dev
$bb mount -t devtmpfs devtmpfs /dev
while read -r module; do
	$bb insmod "/modules/$module"
done </modules/order

mount_root
mount_filesystems
share out /root/out cache=mmap
# shellcheck source=/dev/null
. /root/out/job
# After /tmp: the source tree may be below it.
share source "/root$MEMTEL_SRC" ro,cache=mmap

$bb hostname memtel
$bb ip link set lo up
$bb cp /guest-init /root/run/guest-init
exec $bb switch_root /root /run/guest-init
