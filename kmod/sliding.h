/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a number grew in the last so many nanoseconds. Pure: compiles on the
 * host, too.
 *
 * Whoever looks gives the time and the number. A few of these pairs are kept, a
 * sixteenth of the window apart, and before a pause the last one; the number is
 * compared with what it was a window ago. Where that lies between two pairs that
 * are close the number is taken to have grown evenly between them, so the growth
 * is off by at most what it grew in two steps. Where they are far apart nobody
 * had reason to look: the number did not grow until shortly before the later
 * one. But of a number that is looked at periodically (@is_polled), or could not
 * be looked at (@is_late), that is not so: it is taken to have grown evenly
 * however far apart they are, and the growth is off by at most what it grew
 * between two looks.
 *
 * A number that is less than it was has not grown. All arithmetic on times and
 * numbers is modulo 2^64.
 */
#ifndef _MEMTEL_SLIDING_H
#define _MEMTEL_SLIDING_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/* Steps of a window. */
#define MEMTEL_SLIDING_STEPS	16

/* Two for every step at most, and one that is older than the window. */
#define MEMTEL_SLIDING_PAIRS	(2 * MEMTEL_SLIDING_STEPS + 2)

/**
 * struct memtel_sliding_pair - what a number was
 * @time_ns: when
 * @number: the number
 * @is_even: since the look before it is taken to have grown evenly
 */
struct memtel_sliding_pair {
	__u64 time_ns;
	__u64 number;
	bool is_even;
};

/**
 * struct memtel_sliding - a number's recent past
 * @window_ns: how far back is asked for; at least MEMTEL_SLIDING_STEPS
 * @is_polled: it is looked at whether or not it grew
 * @is_late: it may have grown, and was not looked at, since the last look; for
 *           the next one
 * @nr: pairs there are
 * @newest: the last of them
 * @pairs: a ring
 * @last: at the last look, kept or not
 */
struct memtel_sliding {
	__u64 window_ns;
	bool is_polled;
	bool is_late;
	unsigned int nr;
	unsigned int newest;
	struct memtel_sliding_pair pairs[MEMTEL_SLIDING_PAIRS];
	struct memtel_sliding_pair last;
};

static inline __u64 memtel_sliding_step_ns(const struct memtel_sliding *s)
{
	return s->window_ns / MEMTEL_SLIDING_STEPS;
}

/* Begin anew: what came before does not count. */
static inline void memtel_sliding_start(struct memtel_sliding *s,
					__u64 window_ns, bool is_polled,
					__u64 now_ns, __u64 number)
{
	s->window_ns = window_ns;
	s->is_polled = is_polled;
	s->is_late = false;
	s->nr = 1;
	s->newest = 0;
	s->last = (struct memtel_sliding_pair) {
		.time_ns = now_ns,
		.number = number,
	};
	s->pairs[0] = s->last;
}

static inline void memtel_sliding_keep(struct memtel_sliding *s,
				       struct memtel_sliding_pair pair)
{
	s->newest = (s->newest + 1) % MEMTEL_SLIDING_PAIRS;
	s->pairs[s->newest] = pair;
	if (s->nr < MEMTEL_SLIDING_PAIRS)
		s->nr++;
}

/* The pair that is so many before the newest. */
static inline const struct memtel_sliding_pair *
memtel_sliding_back(const struct memtel_sliding *s, unsigned int back)
{
	return &s->pairs[(s->newest + MEMTEL_SLIDING_PAIRS - back) %
			 MEMTEL_SLIDING_PAIRS];
}

/* What the number was a window ago, between the pairs before and after that. */
static inline __u64
memtel_sliding_between(const struct memtel_sliding *s,
		       const struct memtel_sliding_pair *before,
		       const struct memtel_sliding_pair *after, __u64 now_ns)
{
	__u64 apart_ns = after->time_ns - before->time_ns;
	__u64 into_ns = now_ns - s->window_ns - before->time_ns;
	__s64 grown = after->number - before->number;

	if ((apart_ns > 2 * memtel_sliding_step_ns(s) && !after->is_even) ||
	    !apart_ns)
		return before->number;
	/* In 1024ths, which keeps the product within 64 bits. */
	return before->number + grown / 1024 * (__s64)(into_ns * 1024 / apart_ns) +
	       grown % 1024 * (__s64)(into_ns * 1024 / apart_ns) / 1024;
}

/**
 * memtel_sliding_look() - the growth over the window that ends now
 * @s: the past
 * @now_ns: the time; no less than it was at the last look
 * @number: the number
 * @interval_ns: set to the time it grew in: the window, or what has gone by of
 *               it since the start
 *
 * Return: how much it grew; 0 when it fell.
 */
static inline __u64 memtel_sliding_look(struct memtel_sliding *s, __u64 now_ns,
					__u64 number, __u64 *interval_ns)
{
	struct memtel_sliding_pair now = {
		.time_ns = now_ns,
		.number = number,
		.is_even = s->is_polled || s->is_late,
	};
	const struct memtel_sliding_pair *before, *after = &now;
	unsigned int back = 0;
	__u64 base;

	if (now_ns - s->last.time_ns > memtel_sliding_step_ns(s) &&
	    s->last.time_ns != s->pairs[s->newest].time_ns)
		memtel_sliding_keep(s, s->last);
	s->last = now;

	before = memtel_sliding_back(s, 0);
	while (now_ns - before->time_ns < s->window_ns && back + 1 < s->nr) {
		after = before;
		before = memtel_sliding_back(s, ++back);
	}
	if (now_ns - before->time_ns < s->window_ns) {
		*interval_ns = now_ns - before->time_ns;
		base = before->number;
	} else {
		*interval_ns = s->window_ns;
		base = memtel_sliding_between(s, before, after, now_ns);
	}

	if (now_ns - s->pairs[s->newest].time_ns >= memtel_sliding_step_ns(s))
		memtel_sliding_keep(s, now);
	return (__s64)(number - base) > 0 ? number - base : 0;
}

#endif /* _MEMTEL_SLIDING_H */
