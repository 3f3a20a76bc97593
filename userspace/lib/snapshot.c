// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All caches at one time, with the state of the source that counts them.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define SLAB_SOURCE "slab"

/* An attach or a reset within each of three dumps is somebody's loop. */
#define SNAPSHOT_TRIES 3

static int keep_source(struct memtel_row *row, void *arg)
{
	struct memtel_row *kept = arg;

	memtel_row_free(kept);
	*kept = *row;
	*row = (struct memtel_row){ 0 };
	return 0;
}

static int keep_cache(struct memtel_row *row, void *arg)
{
	struct memtel_snapshot *snapshot = arg;
	struct memtel_row *caches;
	size_t nr = snapshot->nr_caches;

	/* Grows at each power of two. */
	if (!(nr & (nr - 1))) {
		caches = realloc(snapshot->caches,
				 (nr ? nr : 1) * 2 * sizeof(*caches));
		if (!caches)
			return -ENOMEM;
		snapshot->caches = caches;
	}
	snapshot->caches[nr] = *row;
	snapshot->nr_caches++;
	*row = (struct memtel_row){ 0 };
	return 0;
}

void memtel_snapshot_free(struct memtel_snapshot *snapshot)
{
	if (!snapshot)
		return;
	memtel_row_free(&snapshot->source);
	for (size_t i = 0; i < snapshot->nr_caches; i++)
		memtel_row_free(&snapshot->caches[i]);
	free(snapshot->caches);
	free(snapshot);
}

/* Did one thing count all the time from one reading to the other? */
static bool is_same_run(const struct memtel_source *a,
			const struct memtel_source *b)
{
	return a->attached == b->attached && a->since_ns == b->since_ns;
}

static int snapshot_try(struct memtel *m,
			const struct memtel_cache_filter *filter,
			struct memtel_snapshot *snapshot, bool *is_consistent)
{
	struct memtel_row after = { 0 };
	int err;

	err = memtel_request_source(m, SLAB_SOURCE, keep_source,
				    &snapshot->source);
	if (err)
		return err;
	err = memtel_request_caches(m, filter, keep_cache, snapshot);
	if (err == -ENOMEM)
		return memtel_fail(m, err, "no memory for a snapshot");
	if (err)
		return err;
	err = memtel_request_source(m, SLAB_SOURCE, keep_source, &after);
	if (err)
		return err;
	if (!snapshot->source.data || !after.data)
		err = memtel_fail(m, -EBADMSG, "source-get gave no row");
	else
		*is_consistent = is_same_run(snapshot->source.data, after.data);
	memtel_row_free(&after);
	return err;
}

int memtel_snapshot_take(struct memtel *m,
			 const struct memtel_cache_filter *filter,
			 struct memtel_snapshot **out)
{
	*out = NULL;
	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		struct memtel_snapshot *snapshot = calloc(1, sizeof(*snapshot));
		bool is_consistent = false;
		int err;

		if (!snapshot)
			return memtel_fail(m, -ENOMEM,
					   "no memory for a snapshot");
		err = snapshot_try(m, filter, snapshot, &is_consistent);
		if (!err && is_consistent) {
			*out = snapshot;
			return 0;
		}
		memtel_snapshot_free(snapshot);
		if (err)
			return err;
	}
	return memtel_fail(m, -EAGAIN,
			   "the slab source was attached or reset during each of %d snapshots",
			   SNAPSHOT_TRIES);
}

const struct memtel_source *
memtel_snapshot_source(const struct memtel_snapshot *snapshot)
{
	return snapshot->source.data;
}

size_t memtel_snapshot_nr_caches(const struct memtel_snapshot *snapshot)
{
	return snapshot->nr_caches;
}

const struct memtel_cache *
memtel_snapshot_cache(const struct memtel_snapshot *snapshot, size_t index)
{
	return index < snapshot->nr_caches ? snapshot->caches[index].data : NULL;
}
