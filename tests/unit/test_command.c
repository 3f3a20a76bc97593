// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libmemtel's public calls, against the fake kernel: filters, callbacks,
 * errors of a handle.
 */
#include <errno.h>
#include <memtel/memtel.h>
#include <stdlib.h>
#include <string.h>

#include "fake_kernel.h"
#include "tap.h"

/* A handle in a world that behaves so. */
static struct memtel *handle(const char *mode)
{
	struct memtel *m;

	setenv("FAKE_MODE", "", 1);
	if (memtel_open(&m))
		abort();
	setenv("FAKE_MODE", mode, 1);
	return m;
}

static int count_caches(const struct memtel_cache *cache, void *arg)
{
	(void)cache;
	++*(int *)arg;
	return 0;
}

static int return_7(const struct memtel_cache *cache, void *arg)
{
	count_caches(cache, arg);
	return 7;
}

/* A filter of a later library, and of an earlier one. */
struct later_filter {
	struct memtel_cache_filter filter;
	const char *later;
};

static void test_filters(void)
{
	struct memtel *m = handle("");
	struct memtel_cache_filter filter = { .name = "dentry" };
	struct later_filter later = {
		.filter = { .size = sizeof(later), .name = "dentry" },
	};
	int nr = 0;

	ok(!memtel_caches(m, NULL, count_caches, &nr) && nr == 4,
	   "no filter: all rows");
	nr = 0;
	ok(memtel_caches(m, &filter, count_caches, &nr) == -EINVAL && !nr &&
	   strstr(memtel_error(m), "size"), "a filter without a size");
	filter.size = sizeof(filter);
	ok(!memtel_caches(m, &filter, count_caches, &nr) && nr == 1,
	   "a filter");
	nr = 0;
	filter.size = offsetof(struct memtel_cache_filter, name);
	ok(!memtel_caches(m, &filter, count_caches, &nr) && nr == 4,
	   "members beyond size are not read");
	nr = 0;
	ok(!memtel_caches(m, &later.filter, count_caches, &nr) && nr == 1,
	   "a later filter that sets nothing new");
	later.later = "x";
	ok(memtel_caches(m, &later.filter, count_caches, &nr) == -E2BIG,
	   "and one that does");
	memtel_close(m);
}

/* Makes a request from within a row of another. */
static int request_within(const struct memtel_cache *cache, void *arg)
{
	int nr = 0;

	if (memtel_caches(arg, NULL, count_caches, &nr) || nr != 4)
		return -1;
	return strcmp(cache->name, "") ? 0 : -1;
}

static void test_callbacks(void)
{
	struct memtel *m = handle("");
	int nr = 0;

	ok(memtel_caches(m, NULL, return_7, &nr) == 7 && nr == 1,
	   "what row() returns is the result");
	ok(!strcmp(memtel_error(m), ""), "and no error");
	ok(!memtel_caches(m, NULL, request_within, m),
	   "row() may make requests");
	ok(!memtel_cache(m, "dentry", count_caches, &nr) && nr == 2,
	   "one row by name");
	memtel_close(m);
}

static void test_errors(void)
{
	static const struct {
		const char *mode;
		int err;
		const char *words;
	} rows[] = {
		{ "eperm", -EPERM, "CAP_PERFMON or CAP_NET_ADMIN" },
		{ "silent", -ETIMEDOUT, "in time" },
		{ "malformed", -EBADMSG, "attribute order" },
		{ "done-error", -ENODATA, "the table is not there" },
		{ "intr-always", -EAGAIN, "changed" },
		{ "no-errno", -EBADMSG, "no error" },
		{ "positive-errno", -EBADMSG, "no error" },
		{ "unloaded", -ENODEV, "module" },
	};
	struct memtel *m;
	int nr = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m = handle(rows[i].mode);
		ok(memtel_caches(m, NULL, count_caches, &nr) == rows[i].err &&
		   strstr(memtel_error(m), rows[i].words),
		   "%s: %s", rows[i].mode, memtel_error(m));
		setenv("FAKE_MODE", "", 1);
		ok(!memtel_caches(m, NULL, count_caches, &nr) &&
		   !strcmp(memtel_error(m), ""),
		   "and the handle works thereafter");
		memtel_close(m);
	}
	m = handle("reloaded");
	ok(memtel_source_hold(m, "slab") == -ESTALE, "loaded anew: said");
	ok(!memtel_source_hold(m, "slab") && !memtel_source_release(m, "slab"),
	   "once");
	memtel_close(m);
}

static void test_open(void)
{
	struct memtel *m;
	int nr = 0;

	setenv("FAKE_MODE", "absent", 1);
	ok(memtel_open(&m) == -ENODEV && m && strstr(memtel_error(m), "module"),
	   "no module: a handle that says so");
	ok(memtel_caches(m, NULL, count_caches, &nr) == -ENODEV && !nr &&
	   memtel_set_timeout(m, 1) == -ENODEV &&
	   memtel_source_hold(m, "slab") == -ENODEV,
	   "every call on it fails as the open did");
	ok(strstr(memtel_error(m), "module"), "and says why");
	memtel_close(m);
	memtel_close(NULL);
	ok(*memtel_error(NULL), "no handle has an error too");
	m = handle("");
	ok(!memtel_set_timeout(m, 1500) && !memtel_set_timeout(m, 0),
	   "timeouts");
	memtel_close(m);
}

/* Nothing has the module loaded but whoever loads it. */
static void test_load(void)
{
	struct memtel *m, *later;
	int nr = 0;

	setenv("FAKE_MODE", "absent", 1);
	ok(memtel_open(&m) == -ENODEV && !fake_loads &&
	   strstr(memtel_error(m), "modprobe memtel"),
	   "a handle does not have the module loaded, and says how to");
	memtel_close(m);
	setenv("FAKE_MODE", "", 1);
	ok(!memtel_open(&m), "it is loaded");
	/* And somebody unloads it. */
	setenv("FAKE_MODE", "absent-later", 1);
	ok(memtel_caches(m, NULL, count_caches, &nr) == -ENODEV && !nr &&
	   strstr(memtel_error(m), "modprobe memtel") && !fake_loads,
	   "a request does not have it loaded again");
	setenv("FAKE_MODE", "", 1);
	ok(!memtel_open(&later) &&
	   !memtel_caches(later, NULL, count_caches, &nr) && nr == 4,
	   "a handle finds it once it is loaded");
	memtel_close(later);
	memtel_close(m);
}

static void test_snapshot(void)
{
	struct memtel *m = handle("");
	struct memtel_snapshot *snapshot;

	ok(!memtel_snapshot_take(m, NULL, &snapshot) &&
	   memtel_snapshot_nr_caches(snapshot) == 4 &&
	   !memtel_snapshot_source(snapshot)->attached, "a snapshot");
	memtel_snapshot_free(snapshot);
	memtel_snapshot_free(NULL);
	setenv("FAKE_ATTACHED", "1", 1);
	setenv("FAKE_MODE", "reset-always", 1);
	ok(memtel_snapshot_take(m, NULL, &snapshot) == -EAGAIN && !snapshot,
	   "none while the source is reset all the time");
	unsetenv("FAKE_ATTACHED");
	memtel_close(m);
}

int main(void)
{
	test_load();
	test_filters();
	test_callbacks();
	test_errors();
	test_open();
	test_snapshot();
	return tap_done();
}
