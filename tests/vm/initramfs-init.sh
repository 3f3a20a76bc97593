#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# PID 1 of the initramfs: makes the shared root filesystem writable by an
# overlay in memory and goes there. Everything else is guest-init.sh's.

bb=/bin/busybox

# The end of PID 1 is a panic, which ends the VM: the host shows the console.
set -e

$bb mkdir -p /proc /dev /lower /top /root
$bb mount -t devtmpfs devtmpfs /dev

while read -r module; do
	$bb insmod "/modules/$module"
done </modules/order

$bb mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=131072,cache=loose \
	root /lower
$bb mount -t tmpfs -o mode=755,size=75% top /top
$bb mkdir /top/upper /top/work
$bb mount -t overlay -o lowerdir=/lower,upperdir=/top/upper,workdir=/top/work \
	overlay /root

$bb mount -o move /dev /root/dev
$bb cp /guest-init /root/sbin/memtel-guest-init
exec $bb switch_root /root /sbin/memtel-guest-init
