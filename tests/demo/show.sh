#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Load the module, put load on it, show what it sees: show.sh BUILD
# In a VM or, by `make run HOST=1`, on a host.

set -eu

build=$1
memtel="$build/userspace/memtel"
LD_LIBRARY_PATH="$build/userspace"
export LD_LIBRARY_PATH

step() {
	printf '\n--- %s\n' "$*"
}

finish() {
	if [ -n "${load:-}" ]; then
		kill "$load" 2>/dev/null || true
		wait "$load" 2>/dev/null || true
	fi
	rm -rf "$work"
}

work=$(mktemp -d)
trap finish EXIT

step "insmod memtel.ko"
if [ -d /sys/module/memtel ]; then
	echo "already loaded"
else
	insmod "$build/kmod/memtel.ko"
fi
"$memtel" enable slab

step "stress-ng: files, directories, pipes and sockets, on all CPUs"
(cd "$work" && exec stress-ng --dentry 2 --dentries 500 --sock 2 --pipe 2 \
	--fstat 2 --timeout 120 >/dev/null 2>&1) &
load=$!
sleep 2

step "memtel status"
"$memtel" status

step "memtel caches --interval 3 --count 4 --sort allocs --top 12"
"$memtel" caches --interval 3 --count 4 --sort allocs --top 12

kill "$load" 2>/dev/null || true
wait "$load" 2>/dev/null || true
load=

step "the load has ended: memtel caches --sort slab_bytes --top 12"
"$memtel" caches --sort slab_bytes --top 12
step "memtel caches --matrix --glob 'kmalloc-1*'"
"$memtel" caches --matrix --glob 'kmalloc-1*'
step "memtel nodes"
"$memtel" nodes
step "memtel zones"
"$memtel" zones
