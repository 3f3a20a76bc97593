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
	if [ -n "${group:-}" ]; then
		rmdir "$group" 2>/dev/null || true
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
"$memtel" enable slab site reclaim shrinker zonelock fallback

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

# A cgroup of the unified hierarchy; a host may have it elsewhere, or not.
if [ -w /sys/fs/cgroup/cgroup.subtree_control ]; then
	step "a memory cgroup of 4 MiB that reads the large libraries of the system"
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	group=/sys/fs/cgroup/memtel-demo
	mkdir "$group"
	echo 4M >"$group/memory.max"
	sh -c "echo \$\$ >$group/cgroup.procs && exec find /usr/lib \
		-name '*.so*' -size +500k -exec cat {} \; -exec cat {} \;" >/dev/null &
	load=$!
	step "memtel watch --events 1 --for 20"
	"$memtel" watch --events 1 --for 20
	step "memteld: events, and rules over metrics, for 10 s"
	cat >"$work/memteld.conf" <<-CONF
		interval: 1s
		state: $work/history
		builtin_rules: false
		sinks: [{stdout: {}}]
		rules:
		  - alert: DemoAtItsLimit
		    expr: >-
		      increase(memtel_cgroup_memory_events_total{cgroup="/memtel-demo",event="max"}[3s])
		      > 0
		    annotations: {summary: "{{ \$labels.cgroup }} was at its limit"}
	CONF
	cat "$work/memteld.conf"
	timeout --preserve-status 10 "$build/userspace/memteld" \
		--config "$work/memteld.conf" | cut -c -240
	step "memtel reclaim --kind memcg --interval 3 --count 3"
	"$memtel" reclaim --kind memcg --interval 3 --count 3
	step "memtel stalls --top 6"
	"$memtel" stalls --top 6
	kill "$load" 2>/dev/null || true
	wait "$load" 2>/dev/null || true
	load=
fi

step "memory compacted: memtel reclaim --kind compaction"
echo 1 >/proc/sys/vm/compact_memory
"$memtel" reclaim --kind compaction
step "caches dropped: memtel shrinkers --sort total_ns --top 8"
echo 3 >/proc/sys/vm/drop_caches
"$memtel" shrinkers --sort total_ns --top 8
step "memtel locks"
"$memtel" locks
step "memtel fallback"
"$memtel" fallback

step "the load has ended: memtel caches --sort slab_bytes --top 12"
"$memtel" caches --sort slab_bytes --top 12
step "memtel sites --top 8"
"$memtel" sites --top 8
step "memtel caches --matrix --glob 'kmalloc-1*'"
"$memtel" caches --matrix --glob 'kmalloc-1*'
step "memtel nodes"
"$memtel" nodes
step "memtel zones"
"$memtel" zones
