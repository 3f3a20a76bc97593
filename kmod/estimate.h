/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time of all calls of a probe, from the times of some; and how long to
 * keep away from a source that cost too much. Pure: compiles on the host, too.
 *
 * Model. Some calls were timed, and counted in buckets by their length, a
 * bucket having the sum of their times, too. The mean of the samples stands for
 * all calls, with one exception. The CPU may have been taken away in the middle
 * of a sample: by a hypervisor, by interrupts, by another task where probes can
 * be preempted. Such a sample is longer by the pause, which is not the probe's.
 * So the longest sixteenth of the samples is not believed: those of them that
 * lie in a higher bucket than all others count as the mean of the highest bucket
 * that is believed.
 *
 * Error. A pause hits a sample by the chance that one begins while the probe
 * runs: at a thousand pauses a second, that is one sample in a thousand for a
 * probe of 1 us. It would take sixty times as much to reach a sixteenth. What is
 * lost is the time by which a sixteenth of the calls at most are longer than the
 * others: a probe that is slow for fewer calls than that counts as if it never
 * was. One that is slow for more of them counts in full, as then the believed
 * samples reach into the bucket of the slow ones. So a source is disabled for
 * what most, or a considerable share, of its calls take, and for nothing else.
 *
 * Window. The samples of the last readings count, as many readings as it takes
 * to have MEMTEL_ESTIMATE_SAMPLES, so that a probe that becomes slow shows soon
 * and few samples do not speak for many calls.
 *
 * Start. The samples of the first MEMTEL_ESTIMATE_WARM_NS are dropped: the first
 * calls run code and touch counters that no cache of the CPU has, that a
 * hypervisor may have to map first, and give each cache, task and cgroup its
 * place. The calls of that time are made up for later.
 */
#ifndef _MEMTEL_ESTIMATE_H
#define _MEMTEL_ESTIMATE_H

#include <linux/types.h>

#include "hist.h"

/*
 * Buckets of hist.h that tell samples apart: the last has those of half a
 * millisecond and more.
 */
#define MEMTEL_ESTIMATE_BUCKETS	11

/* What a sample counts at most: the time of a longer one was not the probe's. */
#define MEMTEL_ESTIMATE_MAX_NS	(1000 * 1000)

/* Of fewer, one pause could be more than the part that is not believed. */
#define MEMTEL_ESTIMATE_SAMPLES	64

/* One sample in so many may be anything. */
#define MEMTEL_ESTIMATE_UNSURE	16

/* What a share was weighs so many times what it is now, less one. */
#define MEMTEL_ESTIMATE_SMOOTH	8

/*
 * Two readings of one second: attaching ends somewhere in the first, and the
 * first events of each CPU and cache come after it.
 */
#define MEMTEL_ESTIMATE_WARM_NS	(2 * 1000 * 1000 * 1000ULL)

/**
 * struct memtel_timed - samples of about one length
 * @samples: how many
 * @ns: their time
 */
struct memtel_timed {
	__u64 samples;
	__u64 ns;
};

/**
 * struct memtel_reading - counters at a time; each only grows
 * @time_ns: when
 * @events: how many calls there were
 * @timed: those of them that were timed, by their length
 */
struct memtel_reading {
	__u64 time_ns;
	__u64 events;
	struct memtel_timed timed[MEMTEL_ESTIMATE_BUCKETS];
};

/**
 * struct memtel_estimate - what is known of the time of all
 * @begin_ns: when it began
 * @last_ns: time of the last reading that counted
 * @last_events: its events
 * @first_samples: how many were timed at the start
 * @window: the timed calls when the last window of enough samples began, and
 *	    when it ended and the next one began
 * @samples: timed since the start
 * @events: calls since the start, up to the last reading that counted
 * @ns: their time
 * @share_ppm: of all CPUs' time, smoothed over readings
 * @is_known: whether the last three can be said
 */
struct memtel_estimate {
	__u64 begin_ns;
	__u64 last_ns;
	__u64 last_events;
	__u64 first_samples;
	struct memtel_timed window[2][MEMTEL_ESTIMATE_BUCKETS];
	__u64 samples;
	__u64 events;
	__u64 ns;
	__u32 share_ppm;
	bool is_known;
};

/* The bucket of a sample. */
static inline unsigned int memtel_estimate_bucket(__u64 ns)
{
	unsigned int bucket = memtel_hist_bucket(ns);

	return bucket < MEMTEL_ESTIMATE_BUCKETS ? bucket :
						  MEMTEL_ESTIMATE_BUCKETS - 1;
}

static inline __u64 memtel_timed_samples(const struct memtel_timed *timed)
{
	unsigned int i;
	__u64 samples = 0;

	for (i = 0; i < MEMTEL_ESTIMATE_BUCKETS; i++)
		samples += timed[i].samples;
	return samples;
}

static inline void memtel_timed_copy(struct memtel_timed *to,
				     const struct memtel_timed *from)
{
	unsigned int i;

	for (i = 0; i < MEMTEL_ESTIMATE_BUCKETS; i++)
		to[i] = from[i];
}

/**
 * memtel_estimate_mean() - what a call takes, by the samples of a window
 * @from: the samples at its begin
 * @to: the samples at its end
 *
 * Return: the mean time in 1/1024 ns, at least 1; 0 for too few samples.
 */
static inline __u64 memtel_estimate_mean(const struct memtel_timed *from,
					 const struct memtel_timed *to)
{
	__u64 samples = memtel_timed_samples(to) -
			memtel_timed_samples(from);
	__u64 unsure = samples / MEMTEL_ESTIMATE_UNSURE;
	unsigned int top = MEMTEL_ESTIMATE_BUCKETS - 1, i;
	__u64 above = 0, nr, ns = 0;

	if (samples < MEMTEL_ESTIMATE_SAMPLES)
		return 0;
	/* Buckets that the unbelieved samples fill; others remain below. */
	while (above + (to[top].samples - from[top].samples) <= unsure) {
		above += to[top].samples - from[top].samples;
		top--;
	}
	for (i = 0; i <= top; i++)
		ns += to[i].ns - from[i].ns;
	nr = to[top].samples - from[top].samples;
	ns += above * ((to[top].ns - from[top].ns) / nr);
	/* A clock that is too coarse for it is no reason to say nothing. */
	return (ns << 10) / samples ?: 1;
}

/* Begin with a reading. */
static inline void memtel_estimate_start(struct memtel_estimate *e,
					 const struct memtel_reading *now)
{
	*e = (struct memtel_estimate) {
		.begin_ns = now->time_ns,
		.last_ns = now->time_ns,
		.last_events = now->events,
		.first_samples = memtel_timed_samples(now->timed),
	};
	memtel_timed_copy(e->window[0], now->timed);
	memtel_timed_copy(e->window[1], now->timed);
}

/*
 * A share of the CPUs' time, in ppm, smoothed: what it was, and what was spent
 * since then, of so much. Without any time there is nothing new to say.
 */
static inline __u32 memtel_share_smooth(__u32 was_ppm, __u64 ns, __u64 cpu_us)
{
	__s64 share_ppm;

	if (!cpu_us)
		return was_ppm;
	share_ppm = ns * 1000 / cpu_us;
	return was_ppm + (share_ppm - was_ppm) / MEMTEL_ESTIMATE_SMOOTH;
}

/* The mean now; a window that is full makes way for the next. */
static inline __u64 memtel_estimate_window(struct memtel_estimate *e,
					   const struct memtel_reading *now)
{
	__u64 mean = memtel_estimate_mean(e->window[1], now->timed);

	if (!mean)
		return memtel_estimate_mean(e->window[0], now->timed);
	memtel_timed_copy(e->window[0], e->window[1]);
	memtel_timed_copy(e->window[1], now->timed);
	return mean;
}

/**
 * memtel_estimate_look() - take a reading in
 * @e: the estimate
 * @now: the reading, not earlier than the last one
 * @cpus: how many CPUs there are to spend time on, not 0
 */
static inline void memtel_estimate_look(struct memtel_estimate *e,
					const struct memtel_reading *now,
					unsigned int cpus)
{
	__u64 elapsed_us = (now->time_ns - e->last_ns) / 1000 * cpus;
	__u64 events = now->events - e->last_events;
	__u64 mean, ns;

	if (now->time_ns - e->begin_ns < MEMTEL_ESTIMATE_WARM_NS) {
		memtel_timed_copy(e->window[0], now->timed);
		memtel_timed_copy(e->window[1], now->timed);
		return;
	}
	if (!elapsed_us)
		return;
	mean = memtel_estimate_window(e, now);
	if (!mean)
		return;
	ns = events * mean >> 10;
	e->events += events;
	e->ns += ns;
	e->samples = memtel_timed_samples(now->timed) - e->first_samples;
	e->share_ppm = memtel_share_smooth(e->share_ppm, ns, elapsed_us);
	e->is_known = true;
	e->last_ns = now->time_ns;
	e->last_events = now->events;
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
