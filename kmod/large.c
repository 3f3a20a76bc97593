// SPDX-License-Identifier: GPL-2.0
/*
 * Large kmallocs that fire their event twice.
 *
 * From 6.10 on some functions of the kmalloc() family fire kmem:kmalloc for
 * what the page allocator serves, and so does the function that they call for
 * it: one allocation, two events, of which the first names a place inside the
 * allocator as its call site. Such places are few and known once they are seen:
 * at load one such allocation is made through each function, and what fires
 * twice tells. An event that comes from one of them is none.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <trace/events/kmem.h>

#include "large.h"
#include "probe.h"

/* More than any slab serves. */
#define LARGE_BYTES	(KMALLOC_MAX_CACHE_SIZE + 1)

#define MAX_INNER	8

static unsigned long inner[MAX_INNER] __ro_after_init;
static unsigned int nr_inner __ro_after_init;

/* What the task that loads the module has seen; written by it alone. */
static struct {
	struct task_struct *task;
	unsigned int nr;
	unsigned long call_sites[2];
	const void *objects[2];
} seen __initdata;

/* kmem:kmalloc, any context */
static void __init large_on_kmalloc(MEMTEL_ARGS_KMALLOC)
{
	if (current != READ_ONCE(seen.task) || !in_task() ||
	    bytes_req != LARGE_BYTES || seen.nr >= ARRAY_SIZE(seen.objects))
		return;
	seen.call_sites[seen.nr] = call_site;
	seen.objects[seen.nr++] = ptr;
}

static struct memtel_probe large_probes[] __initdata = {
	MEMTEL_PROBE(kmalloc, large_on_kmalloc),
};

static void *__init by_kmalloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static void *__init by_kmalloc_node(size_t size)
{
	return kmalloc_node(size, GFP_KERNEL, numa_mem_id());
}

static void *__init by_track_caller(size_t size)
{
	return kmalloc_track_caller(size, GFP_KERNEL);
}

static void *__init by_node_track_caller(size_t size)
{
	return kmalloc_node_track_caller(size, GFP_KERNEL, numa_mem_id());
}

static void *__init by_kvmalloc(size_t size)
{
	return kvmalloc(size, GFP_KERNEL);
}

static void __init look_at(void *(*allocate)(size_t size))
{
	/* Not known to the compiler, or it would call the inner function. */
	size_t size = LARGE_BYTES;
	void *object;
	unsigned int i;

	OPTIMIZER_HIDE_VAR(size);
	seen.nr = 0;
	object = allocate(size);
	kvfree(object);
	if (!object || seen.nr != 2 || seen.objects[0] != object ||
	    seen.objects[1] != object)
		return;
	for (i = 0; i < nr_inner; i++)
		if (inner[i] == seen.call_sites[0])
			return;
	if (nr_inner < MAX_INNER)
		inner[nr_inner++] = seen.call_sites[0];
}

/* Find out; without the tracepoint or memory for it, nothing is found. */
void __init memtel_large_init(void)
{
	memtel_probes_find(large_probes, ARRAY_SIZE(large_probes));
	WRITE_ONCE(seen.task, current);
	if (memtel_probes_attach(large_probes, ARRAY_SIZE(large_probes)))
		return;
	look_at(by_kmalloc);
	look_at(by_kmalloc_node);
	look_at(by_track_caller);
	look_at(by_node_track_caller);
	look_at(by_kvmalloc);
	memtel_probes_detach(large_probes, ARRAY_SIZE(large_probes));
}

/* Whether this kernel has events that are none. */
bool memtel_large_is_twice(void)
{
	return nr_inner;
}

/**
 * memtel_large_is_inner() - whether a large kmalloc's event is none
 * @call_site: what the event names
 *
 * Return: true where another event follows for the same object.
 */
bool memtel_large_is_inner(unsigned long call_site)
{
	unsigned int i;

	for (i = 0; i < nr_inner; i++)
		if (inner[i] == call_site)
			return true;
	return false;
}
