/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms of times in powers of two. Pure: compiles on the host, too.
 *
 * Bucket 0 counts what is below MEMTEL_TIMING_BUCKET_NS, about the cost of
 * taking the time; each further bucket reaches to twice the bound of the one
 * before; the last has no bound. So 32 buckets reach from 1 us to 18 minutes,
 * and a quantile read from them is at most twice the true one.
 */
#ifndef _MEMTEL_HIST_H
#define _MEMTEL_HIST_H

#include <linux/memtel.h>
#include <linux/types.h>

/* The bucket that counts a time. */
static inline unsigned int memtel_hist_bucket(__u64 ns)
{
	__u64 units = ns / MEMTEL_TIMING_BUCKET_NS;
	unsigned int bucket = units ? 64 - __builtin_clzll(units) : 0;

	return bucket < MEMTEL_TIMING_BUCKETS ? bucket :
						MEMTEL_TIMING_BUCKETS - 1;
}

/* The least time a bucket counts. */
static inline __u64 memtel_hist_from_ns(unsigned int bucket)
{
	return bucket ? (__u64)MEMTEL_TIMING_BUCKET_NS << (bucket - 1) : 0;
}

#endif /* _MEMTEL_HIST_H */
