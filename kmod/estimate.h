/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time of all events, from the time of some; and how long to keep away
 * from what was too dear. Pure: compiles on the host, too.
 *
 * Of the events between two readings some were timed. Their mean, or when they
 * are few the mean of all timed since the start, stands for all of them.
 * Before there are MEMTEL_ESTIMATE_SAMPLES nothing is said, and what happened
 * until then is made up for once there are.
 */
#ifndef _MEMTEL_ESTIMATE_H
#define _MEMTEL_ESTIMATE_H

#include <linux/types.h>

/* A mean of fewer is none. */
#define MEMTEL_ESTIMATE_SAMPLES	64

/* What a share was weighs so many times what it is now, less one. */
#define MEMTEL_ESTIMATE_SMOOTH	8

/**
 * struct memtel_reading - counters at a time; each only grows
 * @time_ns: when
 * @events: how many there were; may begin anew
 * @samples: how many were timed
 * @sampled_ns: their time
 */
struct memtel_reading {
	__u64 time_ns;
	__u64 events;
	__u64 samples;
	__u64 sampled_ns;
};

/**
 * struct memtel_estimate - what is known of the time of all
 * @first: reading at the start
 * @last: the last reading that counted
 * @events: since the start, up to @last
 * @ns: their time
 * @share_ppm: of all CPUs' time, smoothed over readings
 * @is_known: whether the last two can be said
 */
struct memtel_estimate {
	struct memtel_reading first;
	struct memtel_reading last;
	__u64 events;
	__u64 ns;
	__u32 share_ppm;
	bool is_known;
};

static inline void memtel_estimate_start(struct memtel_estimate *e,
					 const struct memtel_reading *now)
{
	*e = (struct memtel_estimate) { .first = *now, .last = *now };
}

/* The mean time in 1/1024 ns, 0 when there is none. */
static inline __u64 memtel_estimate_mean(const struct memtel_reading *from,
					 const struct memtel_reading *to)
{
	__u64 samples = to->samples - from->samples;

	if (samples < MEMTEL_ESTIMATE_SAMPLES)
		return 0;
	return ((to->sampled_ns - from->sampled_ns) << 10) / samples;
}

/**
 * memtel_estimate_look() - take a reading in
 * @e: the estimate
 * @now: the reading, later than the last one
 * @cpus: how many CPUs there are to spend time on, not 0
 */
static inline void memtel_estimate_look(struct memtel_estimate *e,
					const struct memtel_reading *now,
					unsigned int cpus)
{
	__u64 elapsed_us = (now->time_ns - e->last.time_ns) / 1000 * cpus;
	__u64 mean = memtel_estimate_mean(&e->last, now);
	__u64 events, ns;
	__s64 share_ppm;

	if (!mean)
		mean = memtel_estimate_mean(&e->first, now);
	if (!mean || !elapsed_us)
		return;
	events = now->events >= e->last.events ?
		 now->events - e->last.events : now->events;
	ns = events * mean >> 10;
	e->events += events;
	e->ns += ns;
	share_ppm = ns * 1000 / elapsed_us;
	e->share_ppm += (share_ppm - e->share_ppm) / MEMTEL_ESTIMATE_SMOOTH;
	e->is_known = true;
	e->last = *now;
}

/**
 * struct memtel_backoff - how long to keep away
 * @wait_ns: the last time, 0 before the first
 * @back_ns: when that was over and it was tried again
 */
struct memtel_backoff {
	__u64 wait_ns;
	__u64 back_ns;
};

/**
 * memtel_backoff_wait() - how long this time
 * @b: what was
 * @now: the time
 * @least: the shortest wait, not 0
 * @most: the longest
 *
 * Return: twice as long as the last time, unless it went well for so long.
 */
static inline __u64 memtel_backoff_wait(struct memtel_backoff *b, __u64 now,
					__u64 least, __u64 most)
{
	if (b->wait_ns && now - b->back_ns < b->wait_ns * 2)
		b->wait_ns *= 2;
	else
		b->wait_ns = least;
	if (b->wait_ns > most)
		b->wait_ns = most;
	return b->wait_ns;
}

#endif /* _MEMTEL_ESTIMATE_H */
