// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one table of fields. The order of rows is the order of columns.
 *
 * A row's help says what memtel.yaml says, shorter; the help of a number that
 * is derived says how.
 */
#include <string.h>

#include "field_get.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MEMBER(strukt, member) \
	.offset = offsetof(struct strukt, member), \
	.size = sizeof(((struct strukt *)0)->member)
#define PART(row, member) .part = offsetof(struct row, member) + 1

/* A member of the library's struct: attribute, struct, member, key, ... */
#define PLAIN(ATTR, strukt, member, k, h, KIND, SHOW, text) { \
	.key = k, .head = h, .kind = FIELD_##KIND, .shown = FIELD_##SHOW, \
	.get = field_get_member, .attr = MEMTEL_A_##ATTR, \
	MEMBER(strukt, member), .help = text }
#define DERIVED(getter, k, h, KIND, SHOW, text) { \
	.key = k, .head = h, .kind = FIELD_##KIND, .shown = FIELD_##SHOW, \
	.get = field_get_##getter, .help = text }
#define LIST(of, set, k, inner, text) { \
	.key = k, .head = k, .kind = FIELD_NEST, .shown = FIELD_HIDDEN, \
	.get = field_get_nest, .nest = &field_##of##_nest, \
	.nest_set = &field_##set##_set, .is_inner = inner, .help = text }

static const struct field status_fields[] = {
	PLAIN(STATUS_VERSION, memtel_status, version, "version", "MODULE",
	      TEXT, SHOWN, "version of the loaded module"),
	PLAIN(STATUS_KERNEL, memtel_status, kernel, "kernel", "KERNEL",
	      TEXT, SHOWN, "release of the running kernel"),
	LIST(capability, capability, "capability", false,
	     "what memtel can and cannot do on this kernel"),
	PLAIN(STATUS_EVENT_SEQUENCE, memtel_status, event_sequence,
	      "event_sequence", "EVENTS", COUNT, SHOWN,
	      "number of the last event since the module was loaded"),
	PLAIN(STATUS_EVENTS_UNSENT, memtel_status, events_unsent,
	      "events_unsent", "UNSENT", COUNT, SHOWN,
	      "lost: events that could not be sent for want of memory"),
	PLAIN(STATUS_COST_LIMIT_PPM, memtel_status, cost_limit_ppm,
	      "cost_limit_ppm", "LIMIT-PPM", COUNT, SHOWN,
	      "millionths of all CPUs' time that its probes and works may take"),
	PLAIN(STATUS_SUBSCRIBERS, memtel_status, subscribers,
	      "subscribers", "SUBSCRIBERS", COUNT, SHOWN,
	      "sockets that are subscribed to events"),
	LIST(work, work, "work", false, "what memtel does by itself"),
};

static const struct field capability_fields[] = {
	PLAIN(CAPABILITY_NAME, memtel_capability, name, "name", "CAPABILITY",
	      TEXT, SHOWN, "what it is"),
	DERIVED(available, "available", "AVAILABLE", FLAG, SHOWN,
		"this kernel has it: there is no reason against it"),
	PLAIN(CAPABILITY_REASON, memtel_capability, reason, "reason", "REASON",
	      TEXT, SHOWN, "why this kernel lacks it; absent when it is there"),
	PLAIN(CAPABILITY_WARNING, memtel_capability, warning, "warning",
	      "WARNING", TEXT, SHOWN_PRESENT,
	      "why its numbers are not complete here"),
};

static const char *const work_kinds[] = {
	[MEMTEL_WORK_KIND_LOOKS] = "looks",
	[MEMTEL_WORK_KIND_READINGS] = "readings",
	[MEMTEL_WORK_KIND_RESTRAINT] = "restraint",
};

static const struct field work_fields[] = {
	{ .key = "kind", .head = "WORK", .kind = FIELD_ENUM,
	  .shown = FIELD_SHOWN, .get = field_get_member,
	  .attr = MEMTEL_A_WORK_KIND, MEMBER(memtel_work, kind),
	  .names = work_kinds, .nr_names = ARRAY_SIZE(work_kinds),
	  .help = "looks: at the triggers; readings: of the caches, for triggers; restraint: once a second, the sum of what memtel costs" },
	PLAIN(WORK_RUNS, memtel_work, runs, "runs", "RUNS", COUNT, SHOWN,
	      "how often it was done since the module was loaded"),
	PLAIN(WORK_NS, memtel_work, ns, "ns", "COST", NS, SHOWN,
	      "time on a CPU"),
	PLAIN(WORK_SHARE_PPM, memtel_work, share_ppm, "share_ppm", "COST-PPM",
	      COUNT, SHOWN, "that time in millionths of all CPUs' time"),
};

#define SOURCE(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(SOURCE_##ATTR, memtel_source, member, #member, h, KIND, SHOW, text)
static const struct field source_fields[] = {
	SOURCE(NAME, name, "SOURCE", TEXT, SHOWN, "name of the source"),
	SOURCE(ATTACHED, attached, "ATTACHED", FLAG, SHOWN,
	       "its probes are registered and it counts"),
	SOURCE(HOLDS, holds, "HOLDS", COUNT, SHOWN, "how many hold it"),
	SOURCE(SINCE_NS, since_ns, "SINCE", NS, HIDDEN,
	       "boot-time clock when its counts were last zero"),
	SOURCE(NOW_NS, now_ns, "NOW", NS, HIDDEN,
	       "boot-time clock when this was read"),
	DERIVED(counting, "counting_ns", "COUNTING", NS, SHOWN,
		"for how long it has counted: now_ns less since_ns"),
	SOURCE(PROBES, probes, "PROBES", COUNT, SHOWN,
	       "tracepoint probes registered"),
	SOURCE(MEMORY_BYTES, memory_bytes, "MEMORY", BYTES, SHOWN,
	       "memory its counters take"),
	SOURCE(SLOTS_USED, slots_used, "SLOTS", COUNT, SHOWN_PRESENT,
	       "caches, cgroups or shrinkers that have a slot in its table"),
	SOURCE(SLOTS_TOTAL, slots_total, "OF", COUNT, SHOWN_PRESENT,
	       "slots in its table"),
	SOURCE(UNPLACED_ALLOCS, unplaced_allocs, "UNPLACED-ALLOCS", COUNT,
	       SHOWN_PRESENT, "lost: allocations while the table was full"),
	SOURCE(UNPLACED_FREES, unplaced_frees, "UNPLACED-FREES", COUNT,
	       SHOWN_PRESENT, "lost: frees while the table was full"),
	SOURCE(RECURSIONS, recursions, "RECURSIONS", COUNT, SHOWN_PRESENT,
	       "lost: events within a probe's slow path"),
	SOURCE(FAILED_ALLOCS, failed_allocs, "FAILED-ALLOCS", COUNT,
	       SHOWN_PRESENT, "allocations that returned NULL"),
	SOURCE(UNPAIRED_BEGINS, unpaired_begins, "UNPAIRED-BEGINS", COUNT,
	       SHOWN_PRESENT, "lost: begin events whose end was not seen"),
	SOURCE(UNPAIRED_ENDS, unpaired_ends, "UNPAIRED-ENDS", COUNT,
	       SHOWN_PRESENT, "lost: end events whose begin was not seen"),
	SOURCE(UNPLACED_BEGINS, unplaced_begins, "UNPLACED-BEGINS", COUNT,
	       SHOWN_PRESENT, "lost: begin events while too many were open"),
	SOURCE(UNPLACED_ROWS, unplaced_rows, "UNPLACED-ROWS", COUNT,
	       SHOWN_PRESENT, "lost: events while the table was full"),
	SOURCE(UNATTRIBUTED, unattributed, "UNATTRIBUTED", COUNT,
	       SHOWN_PRESENT, "lost: samples whose wanted node is not known"),
	SOURCE(UNTRACED, untraced, "UNTRACED", COUNT, SHOWN_PRESENT,
	       "allocations the kernel counted but fired no event for"),
	SOURCE(SAMPLING, sampling, "SAMPLING", COUNT, SHOWN_PRESENT,
	       "one of so many allocations is looked at"),
	SOURCE(UNPLACED_NS, unplaced_ns, "UNPLACED", NS, SHOWN_PRESENT,
	       "lost: time of tasks and cgroups that made room for others"),
	SOURCE(COST_EVENTS, cost_events, "PROBE-CALLS", COUNT, SHOWN_PRESENT,
	       "calls of its probes"),
	SOURCE(COST_NS, cost_ns, "COST", NS, SHOWN_PRESENT,
	       "time in its probes, by the mean of those timed"),
	SOURCE(COST_SHARE_PPM, cost_share_ppm, "COST-PPM", COUNT,
	       SHOWN_PRESENT, "that time in millionths of all CPUs' time"),
	SOURCE(COST_SAMPLES, cost_samples, "COST-SAMPLES", COUNT,
	       SHOWN_PRESENT, "calls that were timed"),
	SOURCE(SHED, shed, "SHED", FLAG, SHOWN_PRESENT,
	       "not attached, though held: it cost too much"),
	SOURCE(SHEDS, sheds, "SHEDS", COUNT, HIDDEN,
	       "how often it was shed"),
	SOURCE(RESTORE_NS, restore_ns, "RESTORE", NS, HIDDEN,
	       "boot-time clock when it is taken back"),
};

static const char *const hold_kinds[] = {
	[MEMTEL_HOLD_KIND_SOCKET] = "socket",
	[MEMTEL_HOLD_KIND_ADMIN] = "admin",
	[MEMTEL_HOLD_KIND_TRIGGER] = "trigger",
};

#define HOLD(ATTR, member, h, KIND, text) \
	PLAIN(HOLD_##ATTR, memtel_hold, member, #member, h, KIND, SHOWN, text)
static const struct field hold_fields[] = {
	HOLD(ID, id, "HOLD", COUNT, "number of the hold"),
	HOLD(SOURCE, source, "SOURCE", TEXT, "what is held"),
	{ .key = "kind", .head = "KIND", .kind = FIELD_ENUM,
	  .shown = FIELD_SHOWN, .get = field_get_member,
	  .attr = MEMTEL_A_HOLD_KIND, MEMBER(memtel_hold, kind),
	  .names = hold_kinds, .nr_names = ARRAY_SIZE(hold_kinds),
	  .help = "socket: until it closes; admin: until disabled; trigger: until deleted" },
	HOLD(PID, pid, "PID", COUNT, "process that asked for it"),
	HOLD(COMM, comm, "COMM", TEXT, "name of the task that asked for it"),
	HOLD(PORTID, portid, "PORTID", COUNT, "netlink port of the socket"),
	HOLD(TRIGGER, trigger, "TRIGGER", COUNT, "the trigger it is for"),
};

static const char *const cache_kinds[] = {
	[MEMTEL_CACHE_KIND_SLAB] = "slab",
	[MEMTEL_CACHE_KIND_LARGE_KMALLOC] = "large-kmalloc",
};

/* Of the cache as a whole. */
#define CACHE(ATTR, member, h, KIND, SHOW, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_##SHOW, .get = field_get_member, \
	PART(field_cache_row, cache), .attr = MEMTEL_A_CACHE_##ATTR, \
	MEMBER(memtel_cache, member), .help = text }
/* Of one of its nodes, or their sum. */
#define CNODE(ATTR, member, getter, h, KIND, SHOW, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_##SHOW, .get = field_get_##getter, \
	PART(field_cache_row, node), .attr = MEMTEL_A_CACHE_NODE_##ATTR, \
	MEMBER(memtel_cache_node, member), .is_inner = true, .help = text }
#define RATE(ATTR, member, h, KIND, SHOW, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_##SHOW, .get = field_get_member, \
	PART(field_cache_row, rate), .attr = MEMTEL_A_CACHE_NODE_##ATTR, \
	MEMBER(memtel_rate, member), .is_inner = true, .help = text }
#define CDERIVED(getter, k, h, KIND, SHOW, text) { \
	.key = k, .head = h, .kind = FIELD_##KIND, .shown = FIELD_##SHOW, \
	.get = field_get_##getter, .is_inner = true, .help = text }

static const struct field cache_fields[] = {
	{ .key = "name", .head = "CACHE", .kind = FIELD_TEXT,
	  .shown = FIELD_SHOWN, .get = field_get_cache_name,
	  PART(field_cache_row, cache), .attr = MEMTEL_A_CACHE_NAME,
	  MEMBER(memtel_cache, name), .help = "name of the cache" },
	CNODE(NODE_ID, node_id, member, "NODE", COUNT, SHOWN_NODE,
	      "node of the objects' memory; absent in a sum over nodes"),
	CNODE(OBJECTS_IN_USE, objects_in_use, in_use, "IN-USE", COUNT, SHOWN,
	      "objects in use, as SLUB counts them; ~ marks an estimate"),
	CNODE(OBJECTS_IN_USE_ERROR, objects_in_use_error, member, "+-", COUNT,
	      HIDDEN, "bound of that estimate's error; absent when exact"),
	CNODE(OBJECTS_TOTAL, objects_total, member, "TOTAL", COUNT, SHOWN,
	      "objects its slabs hold"),
	CACHE(SIZE_BYTES, size_bytes, "SIZE", BYTES, SHOWN,
	      "bytes an object takes"),
	CACHE(OBJECT_SIZE_BYTES, object_size_bytes, "OBJSIZE", BYTES, HIDDEN,
	      "bytes of an object that its user may use"),
	CACHE(OBJECTS_PER_SLAB, objects_per_slab, "PERSLAB", COUNT, HIDDEN,
	      "objects in a slab of the preferred order"),
	CACHE(ORDER, order, "ORDER", COUNT, HIDDEN,
	      "preferred order of its slabs"),
	CNODE(SLABS, slabs, member, "SLABS", COUNT, SHOWN, "its slabs"),
	CNODE(PARTIAL_SLABS, partial_slabs, member, "PARTIAL", COUNT, HIDDEN,
	      "slabs on its partial lists"),
	CNODE(SLAB_BYTES, slab_bytes, member, "BYTES", BYTES, SHOWN,
	      "memory of its slabs"),
	CDERIVED(fragmentation, "fragmentation_percent", "FRAG%", PERCENT,
		 SHOWN, "share of slab_bytes that no object in use takes"),
	CNODE(ALLOCS, allocs, member, "ALLOCS", COUNT, SHOWN,
	      "objects allocated while the slab source counted"),
	CNODE(FREES, frees, member, "FREES", COUNT, SHOWN, "objects freed"),
	RATE(ALLOCS, allocs_per_s, "ALLOCS/S", RATE, SHOWN_RATE,
	     "allocs per second since the last refresh"),
	RATE(FREES, frees_per_s, "FREES/S", RATE, SHOWN_RATE,
	     "frees per second since the last refresh"),
	RATE(BYTES_REQUESTED, bytes_requested_per_s, "REQ/S", BYTE_RATE, HIDDEN,
	     "bytes_requested per second since the last refresh"),
	RATE(BYTES_ALLOCATED, bytes_allocated_per_s, "GOT/S", BYTE_RATE, HIDDEN,
	     "bytes_allocated per second since the last refresh"),
	RATE(REMOTE_ALLOCS, remote_allocs_per_s, "REMALLOCS/S", RATE, HIDDEN,
	     "remote_allocs per second since the last refresh"),
	RATE(REMOTE_FREES, remote_frees_per_s, "REMFREES/S", RATE, HIDDEN,
	     "remote_frees per second since the last refresh"),
	CNODE(BYTES_REQUESTED, bytes_requested, member, "REQUESTED", BYTES,
	      SHOWN, "bytes that allocs asked for"),
	CNODE(BYTES_ALLOCATED, bytes_allocated, member, "ALLOCATED", BYTES,
	      SHOWN, "bytes that allocs took"),
	CDERIVED(waste, "waste_bytes", "WASTE", BYTES, SHOWN,
		 "bytes_allocated less bytes_requested"),
	CNODE(REMOTE_ALLOCS, remote_allocs, member, "REMALLOCS", COUNT, HIDDEN,
	      "allocs made by a CPU of another node"),
	CNODE(REMOTE_FREES, remote_frees, member, "REMFREES", COUNT, HIDDEN,
	      "frees made by a CPU of another node"),
	CDERIVED(remote, "remote_percent", "REMOTE%", PERCENT, SHOWN,
		 "remote_allocs of allocs"),
	CACHE(ID, id, "ID", COUNT, HIDDEN,
	      "tells a cache from a later one of the same name"),
	{ .key = "kind", .head = "KIND", .kind = FIELD_ENUM,
	  .shown = FIELD_HIDDEN, .get = field_get_member,
	  PART(field_cache_row, cache), .attr = MEMTEL_A_CACHE_KIND,
	  MEMBER(memtel_cache, kind),
	  .names = cache_kinds, .nr_names = ARRAY_SIZE(cache_kinds),
	  .help = "slab, or large-kmalloc: what kmalloc() takes from the page allocator" },
	CACHE(GONE, gone, "GONE", FLAG, HIDDEN,
	      "destroyed while it was counted"),
	CACHE(ALIASES, aliases, "ALIASES", COUNT, HIDDEN,
	      "how many caches were merged into it"),
	DERIVED(alias_names, "alias_names", "ALSO", NAMES, SHOWN_ALIAS,
		"names of those, from /sys/kernel/slab; with --aliases"),
	LIST(cache_node, cache_inner, "node", false,
	     "the same by node of the objects"),
	LIST(cpu_node, cpu_node, "cpu_node", true,
	     "allocs and frees by node of the CPU; where a row is one node"),
};

#define CPU_NODE(ATTR, member, h, text) \
	PLAIN(CPU_NODE_##ATTR, memtel_cpu_node, member, #member, h, COUNT, \
	      SHOWN, text)
static const struct field cpu_node_fields[] = {
	CPU_NODE(NODE_ID, node_id, "CPU-NODE", "node of the CPUs"),
	CPU_NODE(ALLOCS, allocs, "ALLOCS", "objects they allocated"),
	CPU_NODE(FREES, frees, "FREES", "objects they freed"),
};

#define MATRIX(member, h, text) { \
	.key = #member, .head = h, .kind = FIELD_COUNT, \
	.shown = FIELD_SHOWN, .get = field_get_always, \
	MEMBER(field_matrix_row, member), .help = text }
static const struct field matrix_fields[] = {
	MATRIX(cpu_node_id, "CPU-NODE", "node of the CPUs"),
	MATRIX(node_id, "NODE", "node of the objects' memory"),
	MATRIX(allocs, "ALLOCS", "objects of that node those CPUs allocated"),
	MATRIX(frees, "FREES", "objects of that node those CPUs freed"),
};

/* A timing that another row has: how many, and how long in all. */
#define HAS_TIMING(strukt, timing_, h, what) \
	{ .key = #timing_ "_count", .head = h, .kind = FIELD_COUNT, \
	  .shown = FIELD_HIDDEN, .get = field_get_member, \
	  PART(strukt, timing_), .attr = MEMTEL_A_TIMING_COUNT, \
	  MEMBER(memtel_timing, count), .help = "how many " what }, \
	{ .key = #timing_ "_total_ns", .head = h "-TIME", .kind = FIELD_NS, \
	  .shown = FIELD_SHOWN_PRESENT, .get = field_get_member, \
	  PART(strukt, timing_), .attr = MEMTEL_A_TIMING_TOTAL_NS, \
	  MEMBER(memtel_timing, total_ns), .help = "time of " what }, \
	{ .key = #timing_ "_longest_ns", .head = h "-MAX", .kind = FIELD_NS, \
	  .shown = FIELD_HIDDEN, .get = field_get_member, \
	  PART(strukt, timing_), .attr = MEMTEL_A_TIMING_LONGEST_NS, \
	  MEMBER(memtel_timing, longest_ns), .help = "longest of " what }

#define NODE(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(NODE_##ATTR, memtel_node, member, #member, h, KIND, SHOW, text)
static const struct field node_fields[] = {
	NODE(ID, id, "NODE", COUNT, SHOWN, "id; absent in the sum of all"),
	NODE(MANAGED_BYTES, managed_bytes, "MANAGED", BYTES, SHOWN,
	     "memory the page allocator manages"),
	NODE(FREE_BYTES, free_bytes, "FREE", BYTES, SHOWN, "free memory"),
	NODE(SLAB_RECLAIMABLE_BYTES, slab_reclaimable_bytes, "RECLAIMABLE",
	     BYTES, SHOWN, "memory in reclaimable slabs"),
	NODE(SLAB_UNRECLAIMABLE_BYTES, slab_unreclaimable_bytes,
	     "UNRECLAIMABLE", BYTES, SHOWN, "memory in other slabs"),
	DERIVED(slab_bytes, "slab_bytes", "SLAB", BYTES, HIDDEN,
		"memory in slabs: the sum of both"),
	DERIVED(slab_share, "slab_percent", "SLAB%", PERCENT, SHOWN,
		"slab_bytes of managed_bytes"),
	NODE(NUMA_HIT, numa_hit, "HIT", COUNT, SHOWN,
	     "pages allocated here as wanted, since boot"),
	NODE(NUMA_MISS, numa_miss, "MISS", COUNT, SHOWN,
	     "pages allocated here though another node was wanted"),
	NODE(NUMA_FOREIGN, numa_foreign, "FOREIGN", COUNT, SHOWN,
	     "pages wanted here and allocated elsewhere"),
	NODE(NUMA_INTERLEAVE, numa_interleave, "INTERLEAVE", COUNT, HIDDEN,
	     "interleaved pages allocated here as wanted"),
	NODE(NUMA_LOCAL, numa_local, "LOCAL", COUNT, SHOWN,
	     "pages allocated here by a CPU of this node"),
	NODE(NUMA_OTHER, numa_other, "OTHER", COUNT, SHOWN,
	     "pages allocated here by a CPU of another node"),
	DERIVED(hit_share, "numa_hit_percent", "HIT%", PERCENT, HIDDEN,
		"numa_hit of numa_hit and numa_miss"),
	HAS_TIMING(memtel_node, direct_reclaim, "DIRECT",
		   "direct reclaims; while the reclaim source counts"),
	HAS_TIMING(memtel_node, kswapd, "KSWAPD",
		   "rounds of kswapd; while the reclaim source counts"),
	HAS_TIMING(memtel_node, node_reclaim, "NODERECLAIM",
		   "node reclaims; while the reclaim source counts"),
	HAS_TIMING(memtel_node, throttle, "THROTTLE",
		   "throttled reclaims; while the reclaim source counts"),
	HAS_TIMING(memtel_node, lock_wait, "LOCKWAIT",
		   "waits for zone locks; while the zonelock source counts"),
};

#define ZONE(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(ZONE_##ATTR, memtel_zone, member, #member, h, KIND, SHOW, text)
static const struct field zone_fields[] = {
	ZONE(NODE_ID, node_id, "NODE", COUNT, SHOWN, "node it belongs to"),
	ZONE(NAME, name, "ZONE", TEXT, SHOWN, "the kernel's name for it"),
	ZONE(MANAGED_BYTES, managed_bytes, "MANAGED", BYTES, SHOWN,
	     "memory the page allocator manages"),
	ZONE(PRESENT_BYTES, present_bytes, "PRESENT", BYTES, HIDDEN,
	     "memory that exists in it"),
	ZONE(SPANNED_BYTES, spanned_bytes, "SPANNED", BYTES, HIDDEN,
	     "its extent, holes included"),
	ZONE(FREE_BYTES, free_bytes, "FREE", BYTES, SHOWN, "free memory"),
	ZONE(WATERMARK_MIN_BYTES, watermark_min_bytes, "MIN", BYTES, SHOWN,
	     "watermark below which only reserves are left"),
	ZONE(WATERMARK_LOW_BYTES, watermark_low_bytes, "LOW", BYTES, SHOWN,
	     "watermark at which kswapd is woken"),
	ZONE(WATERMARK_HIGH_BYTES, watermark_high_bytes, "HIGH", BYTES, SHOWN,
	     "watermark at which kswapd stops"),
	DERIVED(zone_order, "fragmentation_order", "ORDER", COUNT, SHOWN,
		"order fragmentation_index is for: 9, or the highest below"),
	DERIVED(zone_fragmentation, "fragmentation_index", "FRAGINDEX", MILLI,
		SHOWN,
		"an allocation of that order would: -1.000 not fail; near 0 fail for lack of memory; near 1 fail for fragmentation. In JSON times 1000"),
	HAS_TIMING(memtel_zone, direct_reclaim, "DIRECT",
		   "direct reclaims; while the reclaim source counts"),
	HAS_TIMING(memtel_zone, compaction, "COMPACT",
		   "compactions waited for; while the reclaim source counts"),
	HAS_TIMING(memtel_zone, lock_wait, "LOCKWAIT",
		   "waits for the zone's lock; while the zonelock source counts"),
	LIST(free_blocks, order_inner, "free_blocks", false,
	     "free blocks by order"),
};

#define ORDER_ZONE(ATTR, member, h, KIND, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_SHOWN, .get = field_get_member, \
	PART(field_order_row, zone), .attr = MEMTEL_A_ZONE_##ATTR, \
	MEMBER(memtel_zone, member), .help = text }
#define ORDER_AREA(ATTR, member, h, text) { \
	.key = #member, .head = h, .kind = FIELD_COUNT, \
	.shown = FIELD_SHOWN, .get = field_get_member, \
	PART(field_order_row, area), .attr = MEMTEL_A_FREE_BLOCKS_##ATTR, \
	MEMBER(memtel_free_blocks, member), .is_inner = true, .help = text }
static const struct field order_fields[] = {
	ORDER_ZONE(NODE_ID, node_id, "NODE", COUNT, "node it belongs to"),
	ORDER_ZONE(NAME, name, "ZONE", TEXT, "the kernel's name for it"),
	ORDER_AREA(ORDER, order, "ORDER", "a block is 2^order pages"),
	ORDER_AREA(BLOCKS, blocks, "BLOCKS", "free blocks of that order"),
	CDERIVED(order_bytes, "free_bytes", "FREE", BYTES, SHOWN,
		 "memory of those blocks"),
	CDERIVED(order_fragmentation, "fragmentation_index", "FRAGINDEX", MILLI,
		 SHOWN, "as in zones, for this order"),
	CDERIVED(order_unusable, "unusable_index", "UNUSABLE", MILLI, SHOWN,
		 "share of free memory in blocks of a lower order. In JSON times 1000"),
};

/* What reclaim, shrinkers and locks have in common. */
#define TIMED(row_, ATTR, member, k, h, KIND, SHOW, text) { \
	.key = k, .head = h, .kind = FIELD_##KIND, .shown = FIELD_##SHOW, \
	.get = field_get_member, PART(field_timed_row, row), \
	.attr = MEMTEL_A_##ATTR, MEMBER(memtel_##row_, member), .help = text }
#define TIMED_ENUM(row_, ATTR, member, k, h, SHOW, names_, text) { \
	.key = k, .head = h, .kind = FIELD_ENUM, .shown = FIELD_##SHOW, \
	.get = field_get_member, PART(field_timed_row, row), \
	.attr = MEMTEL_A_##ATTR, MEMBER(memtel_##row_, member), \
	.names = names_, .nr_names = ARRAY_SIZE(names_), .help = text }
#define TIMING(ATTR, member, h, KIND, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_SHOWN, .get = field_get_member, \
	PART(field_timed_row, timing), .attr = MEMTEL_A_TIMING_##ATTR, \
	MEMBER(memtel_timing, member), .help = text }
#define PACE(ATTR, member, h, KIND, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_SHOWN_RATE, .get = field_get_member, \
	PART(field_timed_row, pace), .attr = MEMTEL_A_TIMING_##ATTR, \
	MEMBER(field_pace, member), .help = text }
#define TIMINGS \
	TIMING(COUNT, count, "COUNT", COUNT, \
	       "how many, while the source counted"), \
	TIMING(TOTAL_NS, total_ns, "TIME", NS, "their time in sum"), \
	DERIVED(mean, "mean_ns", "MEAN", NS, SHOWN, "total_ns by count"), \
	DERIVED(p99, "p99_ns", "P99", NS, SHOWN, \
		"99 % took at most this; at most twice what is true"), \
	TIMING(LONGEST_NS, longest_ns, "LONGEST", NS, "the longest"), \
	PACE(COUNT, count_per_s, "COUNT/S", RATE, \
	     "count per second since the last refresh"), \
	PACE(TOTAL_NS, busy_percent, "BUSY%", PERCENT, \
	     "total_ns of the time since the last refresh; above 100 where several waited"), \
	LIST(bucket, bucket, "bucket", false, "histogram of their times")

static const struct field bucket_fields[] = {
	PLAIN(TIMING_BUCKET_FROM_NS, memtel_timing_bucket, from_ns, "from_ns",
	      "FROM", NS, SHOWN, "times from this to its double"),
	PLAIN(TIMING_BUCKET_COUNT, memtel_timing_bucket, count, "count",
	      "COUNT", COUNT, SHOWN, "how many"),
};

static const struct field reclaim_order_fields[] = {
	PLAIN(RECLAIM_ORDER_ORDER, memtel_reclaim_order, order, "order",
	      "ORDER", COUNT, SHOWN, "for 2^order pages"),
	PLAIN(RECLAIM_ORDER_COUNT, memtel_reclaim_order, count, "count",
	      "COUNT", COUNT, SHOWN, "how many"),
};

static const char *const gfp_classes[] = {
	[MEMTEL_GFP_CLASS_NOIO] = "noio",
	[MEMTEL_GFP_CLASS_NOFS] = "nofs",
	[MEMTEL_GFP_CLASS_MOVABLE] = "movable",
	[MEMTEL_GFP_CLASS_USER] = "user",
	[MEMTEL_GFP_CLASS_KERNEL] = "kernel",
};

#define ENUM(ATTR, strukt, member, k, h, names_, text) { \
	.key = k, .head = h, .kind = FIELD_ENUM, .shown = FIELD_SHOWN, \
	.get = field_get_member, .attr = MEMTEL_A_##ATTR, \
	MEMBER(strukt, member), .names = names_, \
	.nr_names = ARRAY_SIZE(names_), .help = text }
static const struct field reclaim_gfp_fields[] = {
	ENUM(RECLAIM_GFP_CLASS, memtel_reclaim_gfp, class_, "class", "CLASS",
	     gfp_classes, "class of the gfp mask"),
	PLAIN(RECLAIM_GFP_COUNT, memtel_reclaim_gfp, count, "count",
	      "COUNT", COUNT, SHOWN, "how many"),
};

static const char *const outcomes[] = {
	[MEMTEL_COMPACTION_OUTCOME_SUCCESS] = "success",
	[MEMTEL_COMPACTION_OUTCOME_COMPLETE] = "complete",
	[MEMTEL_COMPACTION_OUTCOME_PARTIAL_SKIPPED] = "partial-skipped",
	[MEMTEL_COMPACTION_OUTCOME_CONTENDED] = "contended",
	[MEMTEL_COMPACTION_OUTCOME_OTHER] = "other",
};

static const struct field reclaim_outcome_fields[] = {
	ENUM(RECLAIM_OUTCOME_OUTCOME, memtel_reclaim_outcome, outcome,
	     "outcome", "OUTCOME", outcomes, "what came of it"),
	PLAIN(RECLAIM_OUTCOME_COUNT, memtel_reclaim_outcome, count, "count",
	      "COUNT", COUNT, SHOWN, "how many"),
};

static const char *const reclaim_kinds[] = {
	[MEMTEL_RECLAIM_KIND_DIRECT] = "direct",
	[MEMTEL_RECLAIM_KIND_KSWAPD] = "kswapd",
	[MEMTEL_RECLAIM_KIND_NODE] = "node",
	[MEMTEL_RECLAIM_KIND_MEMCG] = "memcg",
	[MEMTEL_RECLAIM_KIND_COMPACTION] = "compaction",
	[MEMTEL_RECLAIM_KIND_BACKGROUND_COMPACTION] = "background-compaction",
	[MEMTEL_RECLAIM_KIND_THROTTLE] = "throttle",
};

static const char *const reasons[] = {
	[MEMTEL_THROTTLE_REASON_WRITEBACK] = "writeback",
	[MEMTEL_THROTTLE_REASON_ISOLATED] = "isolated",
	[MEMTEL_THROTTLE_REASON_NOPROGRESS] = "noprogress",
	[MEMTEL_THROTTLE_REASON_CONGESTED] = "congested",
};

#define RECLAIM(ATTR, member, h, KIND, SHOW, text) \
	TIMED(reclaim, RECLAIM_##ATTR, member, #member, h, KIND, SHOW, text)
static const struct field reclaim_fields[] = {
	TIMED_ENUM(reclaim, RECLAIM_KIND, kind, "kind", "KIND", SHOWN,
		   reclaim_kinds, "kind of reclaim"),
	RECLAIM(NODE_ID, node_id, "NODE", COUNT, SHOWN_PRESENT, "node"),
	RECLAIM(ZONE, zone, "ZONE", TEXT, SHOWN_PRESENT,
		"zone; of direct, the highest that the request could use"),
	TIMED_ENUM(reclaim, RECLAIM_REASON, reason, "reason", "REASON",
		   SHOWN_PRESENT, reasons, "why tasks were throttled"),
	RECLAIM(CGROUP_ID, cgroup_id, "CGROUP-ID", COUNT, HIDDEN,
		"inode number of the cgroup's directory"),
	RECLAIM(CGROUP_PATH, cgroup_path, "CGROUP", TEXT, SHOWN_PRESENT,
		"path of the cgroup of the tasks that reclaimed"),
	TIMINGS,
	RECLAIM(PAGES_SCANNED, pages_scanned, "SCANNED", COUNT, SHOWN_PRESENT,
		"pages scanned"),
	RECLAIM(PAGES_RECLAIMED, pages_reclaimed, "RECLAIMED", COUNT,
		SHOWN_PRESENT, "pages freed, but for those of shrinkers"),
	RECLAIM(FAILURES, failures, "FAILED", COUNT, SHOWN_PRESENT,
		"those that got fewer pages than asked for"),
	RECLAIM(VISITS, visits, "VISITS", COUNT, HIDDEN,
		"times a direct reclaim came to this node"),
	RECLAIM(WAKEUPS, wakeups, "WAKEUPS", COUNT, HIDDEN,
		"times an allocation woke kswapd"),
	RECLAIM(LANDED_HERE, landed_here, "HERE", COUNT, HIDDEN,
		"allocations then served from this node"),
	RECLAIM(LANDED_ELSEWHERE, landed_elsewhere, "ELSEWHERE", COUNT, HIDDEN,
		"allocations then served from another node"),
	RECLAIM(LANDED_NOWHERE, landed_nowhere, "NOWHERE", COUNT, HIDDEN,
		"allocations that then failed"),
	LIST(reclaim_order, reclaim_order, "order", false,
	     "count by order of the request"),
	LIST(reclaim_gfp, reclaim_gfp, "gfp", false,
	     "count by class of the gfp mask"),
	LIST(reclaim_outcome, reclaim_outcome, "outcome", false,
	     "count by outcome"),
};

#define SHRINKER(ATTR, member, h, KIND, SHOW, text) \
	TIMED(shrinker, SHRINKER_##ATTR, member, #member, h, KIND, SHOW, text)
static const struct field shrinker_fields[] = {
	SHRINKER(NAME, name, "SHRINKER", TEXT, SHOWN,
		 "its name, or its scan function's"),
	SHRINKER(ID, id, "ID", COUNT, SHOWN,
		 "tells those of one name apart"),
	SHRINKER(NODE_ID, node_id, "NODE", COUNT, SHOWN, "node shrunk"),
	TIMINGS,
	SHRINKER(OBJECTS_SCANNED, objects_scanned, "SCANNED", COUNT, SHOWN,
		 "objects it scanned"),
	SHRINKER(OBJECTS_FREED, objects_freed, "FREED", COUNT, SHOWN,
		 "objects it freed"),
};

static const char *const lock_kinds[] = {
	[MEMTEL_LOCK_KIND_ZONE] = "zone",
};

#define LOCK(ATTR, member, h, KIND, text) \
	TIMED(lock, LOCK_##ATTR, member, #member, h, KIND, SHOWN, text)
static const struct field lock_fields[] = {
	TIMED_ENUM(lock, LOCK_KIND, kind, "kind", "LOCK", SHOWN, lock_kinds,
		   "what the lock is of"),
	LOCK(NODE_ID, node_id, "NODE", COUNT, "node of the zone"),
	LOCK(ZONE, zone, "ZONE", TEXT, "the zone"),
	TIMINGS,
};

#define FALLBACK(ATTR, member, h, KIND, SHOW, text) { \
	.key = #member, .head = h, .kind = FIELD_##KIND, \
	.shown = FIELD_##SHOW, .get = field_get_member, \
	PART(field_fallback_row, fallback), .attr = MEMTEL_A_FALLBACK_##ATTR, \
	MEMBER(memtel_fallback, member), .help = text }
static const struct field fallback_fields[] = {
	FALLBACK(WANTED_NODE_ID, wanted_node_id, "WANTED", COUNT, SHOWN,
		 "node wanted"),
	FALLBACK(WANTED_ZONE, wanted_zone, "ZONE", TEXT, SHOWN, "zone wanted"),
	FALLBACK(NODE_ID, node_id, "GOT", COUNT, SHOWN, "node got"),
	FALLBACK(ZONE, zone, "ZONE", TEXT, SHOWN, "zone got"),
	FALLBACK(SAMPLES, samples, "SAMPLES", COUNT, HIDDEN,
		 "allocations looked at"),
	DERIVED(estimate, "allocs", "ALLOCS", COUNT, SHOWN,
		"samples times the source's sampling; ~ marks an estimate"),
	DERIVED(fell, "fell_to_another", "FELL", TEXT, SHOWN,
		"fell to another node or zone; absent when it did not"),
};

static const char *const metrics[] = {
	[MEMTEL_METRIC_DIRECT_RECLAIM_TIME] = "direct-reclaim-time",
	[MEMTEL_METRIC_KSWAPD_TIME] = "kswapd-time",
	[MEMTEL_METRIC_NODE_RECLAIM_TIME] = "node-reclaim-time",
	[MEMTEL_METRIC_MEMCG_RECLAIM_TIME] = "memcg-reclaim-time",
	[MEMTEL_METRIC_COMPACTION_TIME] = "compaction-time",
	[MEMTEL_METRIC_THROTTLE_TIME] = "throttle-time",
	[MEMTEL_METRIC_STALL_TIME] = "stall-time",
	[MEMTEL_METRIC_SHRINKER_TIME] = "shrinker-time",
	[MEMTEL_METRIC_ZONE_LOCK_WAIT_TIME] = "zone-lock-wait-time",
	[MEMTEL_METRIC_COMPACTION_FAILURES] = "compaction-failures",
	[MEMTEL_METRIC_FALLBACK_ALLOCS] = "fallback-allocs",
	[MEMTEL_METRIC_SLAB_GROWTH] = "slab-growth",
	[MEMTEL_METRIC_SLAB_ALLOCS] = "slab-allocs",
};

static const char *const event_kinds[] = {
	[MEMTEL_EVENT_KIND_RAISED] = "raised",
	[MEMTEL_EVENT_KIND_CLEARED] = "cleared",
	[MEMTEL_EVENT_KIND_SHED] = "shed",
	[MEMTEL_EVENT_KIND_RESTORED] = "restored",
};

static const char *const suspect_kinds[] = {
	[MEMTEL_SUSPECT_KIND_CACHE] = "cache",
	[MEMTEL_SUSPECT_KIND_SITE] = "site",
	[MEMTEL_SUSPECT_KIND_NODE] = "node",
	[MEMTEL_SUSPECT_KIND_ZONE] = "zone",
	[MEMTEL_SUSPECT_KIND_SHRINKER] = "shrinker",
	[MEMTEL_SUSPECT_KIND_LOCK] = "lock",
	[MEMTEL_SUSPECT_KIND_TASK] = "task",
	[MEMTEL_SUSPECT_KIND_CGROUP] = "cgroup",
};

static const char *const measures[] = {
	[MEMTEL_MEASURE_GROWTH_BYTES] = "growth-bytes",
	[MEMTEL_MEASURE_ALLOCS] = "allocs",
	[MEMTEL_MEASURE_ALLOCATED_BYTES] = "allocated-bytes",
	[MEMTEL_MEASURE_STALL_NS] = "stall-ns",
	[MEMTEL_MEASURE_SHRINK_NS] = "shrink-ns",
	[MEMTEL_MEASURE_WAIT_NS] = "wait-ns",
	[MEMTEL_MEASURE_RECLAIM_NS] = "reclaim-ns",
	[MEMTEL_MEASURE_COMPACTION_NS] = "compaction-ns",
};

#define SITE(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(SITE_##ATTR, memtel_site, member, #member, h, KIND, SHOW, text)
static const struct field site_fields[] = {
	SITE(ID, id, "ID", COUNT, HIDDEN,
	     "stands for call site and cache"),
	SITE(CACHE, cache, "CACHE", TEXT, SHOWN,
	     "name of the cache it allocates from, or "
	     MEMTEL_LARGE_KMALLOC_NAME),
	SITE(SYMBOL, symbol, "SITE", TEXT, SHOWN,
	     "where in the kernel: function+offset/size [module]. Absent "
	     "for who lacks CAP_SYSLOG, as symbols are in /proc/kallsyms"),
	SITE(ALLOCS, allocs, "ALLOCS", COUNT, SHOWN,
	     "estimated allocations: samples times the sampling rate, "
	     "those of allocs_error included"),
	SITE(BYTES, bytes, "BYTES", BYTES, SHOWN,
	     "estimated bytes given by those allocs"),
	SITE(ALLOCS_ERROR, allocs_error, "ERROR", COUNT, SHOWN,
	     "most by which allocs may be too high because the table was "
	     "full and the site took the place of another"),
};

#define STALL(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(STALL_##ATTR, memtel_stall, member, #member, h, KIND, SHOW, text)
static const struct field stall_fields[] = {
	{ .key = "kind", .head = "KIND", .kind = FIELD_ENUM,
	  .shown = FIELD_SHOWN, .get = field_get_member,
	  .attr = MEMTEL_A_STALL_KIND, MEMBER(memtel_stall, kind),
	  .names = suspect_kinds,
	  .nr_names = ARRAY_SIZE(suspect_kinds),
	  .help = "task or cgroup" },
	STALL(PID, pid, "PID", COUNT, SHOWN,
	      "of a task, in the initial pid namespace"),
	STALL(COMM, comm, "COMM", TEXT, SHOWN,
	      "the task's name when it last lost time"),
	STALL(CGROUP_ID, cgroup_id, "CGROUP-ID", COUNT, HIDDEN,
	      "of a cgroup"),
	STALL(CGROUP_PATH, cgroup_path, "CGROUP", TEXT, SHOWN,
	      "the cgroup's path from the root of its hierarchy, its "
	      "beginning left out if it is too long"),
	STALL(COUNT, count, "COUNT", COUNT, SHOWN,
	      "how often time was lost"),
	STALL(TOTAL_NS, total_ns, "LOST", NS, SHOWN,
	      "time lost to direct, node and memory-cgroup reclaim and to "
	      "compaction, ns, that of total_ns_error included"),
	STALL(TOTAL_NS_ERROR, total_ns_error, "ERROR", NS, SHOWN,
	      "most by which total_ns may be too high because the table was "
	      "full and the row took the place of another"),
};

#define TRIGGER(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(TRIGGER_##ATTR, memtel_trigger, member, #member, h, KIND, SHOW, text)
static const struct field trigger_fields[] = {
	TRIGGER(ID, id, "TRIGGER", COUNT, SHOWN,
	        "the trigger's number, never used twice while the module is "
	        "loaded"),
	{ .key = "metric", .head = "METRIC", .kind = FIELD_ENUM,
	  .shown = FIELD_SHOWN, .get = field_get_member,
	  .attr = MEMTEL_A_TRIGGER_METRIC, MEMBER(memtel_trigger, metric),
	  .names = metrics,
	  .nr_names = ARRAY_SIZE(metrics),
	  .help = "what is measured" },
	TRIGGER(THRESHOLD, threshold, "THRESHOLD", COUNT, SHOWN,
	        "in the metric's unit"),
	TRIGGER(CLEAR, clear, "CLEAR", COUNT, HIDDEN,
	        "a raised trigger is cleared when the value is no more than "
	        "this"),
	TRIGGER(WINDOW_NS, window_ns, "WINDOW", NS, SHOWN,
	        "length of the sliding window, ns"),
	TRIGGER(HOLD_NS, hold_ns, "HOLD-NS", NS, HIDDEN,
	        "how long the value must stay over the threshold before the "
	        "trigger is raised, ns"),
	TRIGGER(NODE_ID, node_id, "NODE", COUNT, SHOWN_PRESENT,
	        "only this node, where the metric has nodes"),
	TRIGGER(ZONE, zone, "ZONE", TEXT, SHOWN_PRESENT,
	        "only this zone"),
	TRIGGER(CACHE, cache, "CACHE", TEXT, SHOWN_PRESENT,
	        "only this cache"),
	TRIGGER(SHRINKER, shrinker, "SHRINKER", TEXT, SHOWN_PRESENT,
	        "only this shrinker"),
	TRIGGER(CGROUP_ID, cgroup_id, "CGROUP", COUNT, SHOWN_PRESENT,
	        "only this cgroup (inode number of its directory)"),
	TRIGGER(NO_EVIDENCE, no_evidence, "NO-EVIDENCE", FLAG, HIDDEN,
	        "hold only the source the metric needs"),
	TRIGGER(PORTID, portid, "PORTID", COUNT, HIDDEN,
	        "netlink port of the socket that added it"),
	TRIGGER(UID, uid, "UID", COUNT, HIDDEN,
	        "user that added it, in the initial user namespace"),
	TRIGGER(PID, pid, "PID", COUNT, SHOWN,
	        "process (tgid in the initial pid namespace) that added it"),
	TRIGGER(COMM, comm, "COMM", TEXT, SHOWN,
	        "name of the task that added it"),
	TRIGGER(RAISED, raised, "RAISED", FLAG, SHOWN,
	        "it was raised and has not cleared"),
	TRIGGER(VALUE, value, "VALUE", COUNT, SHOWN,
	        "the metric's growth in the window, when last looked at"),
	TRIGGER(EVENTS, events, "EVENTS", COUNT, SHOWN,
	        "events it has made"),
	TRIGGER(LAST_SEQUENCE, last_sequence, "LAST-SEQUENCE", COUNT, HIDDEN,
	        "sequence number of its last event"),
	TRIGGER(BLIND, blind, "BLIND", FLAG, SHOWN_PRESENT,
	        "the source of its metric is shed: it sees nothing"),
	TRIGGER(EVIDENCE_LACKS, evidence_lacks, "EVIDENCE-LACKS", TEXT,
	        SHOWN_PRESENT,
	        "sources that are not held for its evidence"),
	TRIGGER(GONE, gone, "GONE", FLAG, SHOWN_PRESENT,
	        "the cgroup of its scope was removed"),
};

#define SUSPECT(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(SUSPECT_##ATTR, memtel_suspect, member, #member, h, KIND, SHOW, text)
static const struct field suspect_fields[] = {
	{ .key = "kind", .head = "KIND", .kind = FIELD_ENUM,
	  .shown = FIELD_HIDDEN, .get = field_get_member,
	  .attr = MEMTEL_A_SUSPECT_KIND, MEMBER(memtel_suspect, kind),
	  .names = suspect_kinds,
	  .nr_names = ARRAY_SIZE(suspect_kinds),
	  .help = "what it is" },
	SUSPECT(NAME, name, "NAME", TEXT, HIDDEN,
	        "name of the cache, zone, shrinker or task"),
	SUSPECT(NODE_ID, node_id, "NODE-ID", COUNT, HIDDEN,
	        "where, of kinds that have a node; of a cache or a shrinker, "
	        "where it has more than half of value"),
	SUSPECT(ID, id, "ID", COUNT, HIDDEN,
	        "the cache's, site's, shrinker's or cgroup's id, or the "
	        "task's pid"),
	SUSPECT(CGROUP_PATH, cgroup_path, "CGROUP-PATH", TEXT, HIDDEN,
	        "of a cgroup, its path as in stalls"),
	SUSPECT(CACHE, cache, "CACHE", TEXT, HIDDEN,
	        "of a site, name of the cache it allocates from"),
	{ .key = "measure", .head = "MEASURE", .kind = FIELD_ENUM,
	  .shown = FIELD_HIDDEN, .get = field_get_member,
	  .attr = MEMTEL_A_SUSPECT_MEASURE, MEMBER(memtel_suspect, measure),
	  .names = measures,
	  .nr_names = ARRAY_SIZE(measures),
	  .help = "what value is" },
	SUSPECT(VALUE, value, "VALUE", COUNT, HIDDEN,
	        "its part, over evidence_interval_ns or caches_interval_ns"),
	SUSPECT(TOTAL, total, "TOTAL", COUNT, HIDDEN,
	        "what all of the kind have together (of a site, all sites of "
	        "its cache); of a shrinker that is a cause, the time of "
	        "reclaim"),
	SUSPECT(SHARE_BP, share_bp, "SHARE-BP", COUNT, HIDDEN,
	        "value of total, in hundredths of a percent"),
	{ .key = "symbol", .head = "SYMBOL", .kind = FIELD_TEXT,
	  .shown = FIELD_HIDDEN, .get = field_get_symbol,
	  .help = "of a site: function+offset/size, where one may see it" },
};

#define EVENT(ATTR, member, h, KIND, SHOW, text) \
	PLAIN(EVENT_##ATTR, memtel_event, member, #member, h, KIND, SHOW, text)
static const struct field event_fields[] = {
	EVENT(SEQUENCE, sequence, "SEQUENCE", COUNT, HIDDEN,
	      "one more than the event's before it"),
	EVENT(TIME_NS, time_ns, "TIME-NS", NS, HIDDEN,
	      "boot-time clock (CLOCK_BOOTTIME, ns) when it was seen"),
	{ .key = "kind", .head = "KIND", .kind = FIELD_ENUM,
	  .shown = FIELD_HIDDEN, .get = field_get_member,
	  .attr = MEMTEL_A_EVENT_KIND, MEMBER(memtel_event, kind),
	  .names = event_kinds,
	  .nr_names = ARRAY_SIZE(event_kinds),
	  .help = "what happened" },
	EVENT(TRIGGER_ID, trigger_id, "TRIGGER-ID", COUNT, HIDDEN,
	      "id of the trigger"),
	EVENT(PORTID, portid, "PORTID", COUNT, HIDDEN,
	      "netlink port of the trigger's socket"),
	{ .key = "metric", .head = "METRIC", .kind = FIELD_ENUM,
	  .shown = FIELD_HIDDEN, .get = field_get_member,
	  .attr = MEMTEL_A_EVENT_METRIC, MEMBER(memtel_event, metric),
	  .names = metrics,
	  .nr_names = ARRAY_SIZE(metrics),
	  .help = "the trigger's metric" },
	EVENT(THRESHOLD, threshold, "THRESHOLD", COUNT, HIDDEN,
	      "the trigger's threshold, in the metric's unit"),
	EVENT(CLEAR, clear, "CLEAR", COUNT, HIDDEN,
	      "the trigger's value to clear at"),
	EVENT(WINDOW_NS, window_ns, "WINDOW-NS", NS, HIDDEN,
	      "the trigger's window, ns"),
	EVENT(NODE_ID, node_id, "NODE-ID", COUNT, HIDDEN,
	      "the trigger's scope"),
	EVENT(ZONE, zone, "ZONE", TEXT, HIDDEN,
	      "the trigger's scope"),
	EVENT(CACHE, cache, "CACHE", TEXT, HIDDEN,
	      "the trigger's cache"),
	EVENT(SHRINKER, shrinker, "SHRINKER", TEXT, HIDDEN,
	      "the trigger's shrinker"),
	EVENT(CGROUP_ID, cgroup_id, "CGROUP-ID", COUNT, HIDDEN,
	      "the trigger's scope"),
	EVENT(VALUE, value, "VALUE", COUNT, HIDDEN,
	      "by how much the metric grew in interval_ns"),
	EVENT(INTERVAL_NS, interval_ns, "INTERVAL-NS", NS, HIDDEN,
	      "time over which value grew, ns"),
	EVENT(PEAK, peak, "PEAK", COUNT, HIDDEN,
	      "of a cleared trigger, its highest value since it was raised"),
	EVENT(RAISED_NS, raised_ns, "RAISED-NS", NS, HIDDEN,
	      "of a cleared trigger, how long it was raised, ns"),
	EVENT(OPEN, open, "OPEN", COUNT, HIDDEN,
	      "stalls, of those in value, that have not ended"),
	EVENT(EVIDENCE_INTERVAL_NS, evidence_interval_ns, "EVIDENCE", NS,
	      HIDDEN,
	      "time over which the suspects were measured, ns"),
	LIST(event_cause, suspect, "cause", false,
	     "the module's best single answer to who caused it"),
	LIST(event_suspect, suspect, "suspect", false,
	     "evidence: of each kind and measure the few that have most of it, in descending order"),
	EVENT(SOURCE, source, "SOURCE", TEXT, HIDDEN,
	      "the source that was shed or restored"),
	EVENT(COST_NS, cost_ns, "COST-NS", NS, HIDDEN,
	      "of shed, time in its probes since it was attached, ns"),
	EVENT(COST_SHARE_PPM, cost_share_ppm, "COST-PPM", COUNT, HIDDEN,
	      "of shed, its share of all CPUs' time in millionths"),
	EVENT(SHED_NS, shed_ns, "SHED-NS", NS, HIDDEN,
	      "of shed, after what time it is taken back, ns"),
	EVENT(EVIDENCE_OF, evidence_of, "EVIDENCE-OF", COUNT, HIDDEN,
	      "sequence number of the event whose suspects these are, too"),
	EVENT(CACHES_INTERVAL_NS, caches_interval_ns, "CACHES", NS, HIDDEN,
	      "time over which suspects that are caches were measured, ns"),
	EVENT(EVIDENCE_LACKS, evidence_lacks, "EVIDENCE-LACKS", TEXT, HIDDEN,
	      "kinds of suspects of which some may be missing"),
};

#define DEFINE_SET(noun) \
	const struct field_set field_##noun##_set = { \
		#noun, noun##_fields, ARRAY_SIZE(noun##_fields), false }
DEFINE_SET(status);
DEFINE_SET(capability);
DEFINE_SET(work);
DEFINE_SET(source);
DEFINE_SET(hold);
DEFINE_SET(cache);
DEFINE_SET(cpu_node);
DEFINE_SET(matrix);
DEFINE_SET(node);
DEFINE_SET(zone);
DEFINE_SET(order);
DEFINE_SET(bucket);
DEFINE_SET(reclaim_order);
DEFINE_SET(reclaim_gfp);
DEFINE_SET(reclaim_outcome);
DEFINE_SET(reclaim);
DEFINE_SET(shrinker);
DEFINE_SET(lock);
DEFINE_SET(fallback);
DEFINE_SET(site);
DEFINE_SET(stall);
DEFINE_SET(trigger);
DEFINE_SET(suspect);
DEFINE_SET(event);

const struct field_set field_cache_inner_set = {
	"cache_node", cache_fields, ARRAY_SIZE(cache_fields), true
};

const struct field_set field_order_inner_set = {
	"free_blocks", order_fields, ARRAY_SIZE(order_fields), true
};

const struct field_set *const field_sets[] = {
	&field_status_set, &field_capability_set, &field_work_set,
	&field_source_set,
	&field_hold_set, &field_cache_set, &field_cache_inner_set,
	&field_cpu_node_set, &field_matrix_set, &field_node_set,
	&field_zone_set, &field_order_set, &field_order_inner_set,
	&field_bucket_set, &field_reclaim_order_set, &field_reclaim_gfp_set,
	&field_reclaim_outcome_set, &field_reclaim_set, &field_shrinker_set,
	&field_lock_set, &field_fallback_set, &field_site_set,
	&field_stall_set, &field_trigger_set, &field_suspect_set,
	&field_event_set, NULL
};

/**
 * field_find() - a field by its key
 * @key: not necessarily terminated
 * @length: its length
 * Return: the field, or NULL.
 */
const struct field *field_find(const struct field_set *set, const char *key,
			       size_t length)
{
	for (size_t i = 0; i < set->nr; i++)
		if (field_is_used(set, &set->fields[i]) &&
		    strlen(set->fields[i].key) == length &&
		    !memcmp(set->fields[i].key, key, length))
			return &set->fields[i];
	return NULL;
}

/**
 * field_read() - a field of a row
 */
struct field_value field_read(const struct field *field, const void *row)
{
	struct field_value value = { 0 };

	value.is_present = field->get(field, row, &value);
	return value;
}

/**
 * field_is_left() - is its column aligned to the left?
 */
bool field_is_left(const struct field *field)
{
	return field->kind == FIELD_TEXT || field->kind == FIELD_NAMES ||
	       field->kind == FIELD_ENUM || field->kind == FIELD_FLAG;
}

/**
 * field_is_used() - does the set have this field of its array?
 */
bool field_is_used(const struct field_set *set, const struct field *field)
{
	return !set->only_inner || field->is_inner;
}
