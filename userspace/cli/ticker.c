// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SIGINT and SIGTERM end a stream of refreshes well: they interrupt the wait,
 * or a write that does not get on, and else are seen when the wait begins.
 * They are blocked but while ppoll() sleeps, between looking at the flag and
 * sleeping, so none is missed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "ticker.h"

#define NSEC_PER_SEC INT64_C(1000000000)

static volatile sig_atomic_t is_stopped;
static int64_t interval, next;

static void on_stop(int signal)
{
	(void)signal;
	is_stopped = 1;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/**
 * ticker_start() - the first tick is an interval from now
 */
void ticker_start(uint64_t interval_ns)
{
	/* No SA_RESTART: a write to a full pipe must end. */
	struct sigaction action = { .sa_handler = on_stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	interval = interval_ns;
	next = now() + interval;
}

/**
 * ticker_wait() - sleep until the next tick
 *
 * Ticks keep their distance however long the work between them takes; those
 * that were missed are left out.
 *
 * Return: false when it is time to stop.
 */
bool ticker_wait(void)
{
	sigset_t stops, before;
	int64_t left;

	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, &before);
	while (!is_stopped && (left = next - now()) > 0) {
		struct timespec ts = {
			.tv_sec = left / NSEC_PER_SEC,
			.tv_nsec = left % NSEC_PER_SEC,
		};

		ppoll(NULL, 0, &ts, &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	left = next - now();
	next += interval;
	if (left < 0)
		next += -left / interval * interval;
	return !is_stopped;
}

/**
 * ticker_poll() - sleep until there is something to read
 * Return: false when the tick has come, or it is time to stop.
 */
bool ticker_poll(struct pollfd *fd)
{
	sigset_t stops, before;
	int64_t left = 0;
	int ready = 0;

	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, &before);
	while (!is_stopped && ready <= 0 && (left = next - now()) > 0) {
		struct timespec ts = {
			.tv_sec = left / NSEC_PER_SEC,
			.tv_nsec = left % NSEC_PER_SEC,
		};

		ready = ppoll(fd, 1, &ts, &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !is_stopped && ready > 0;
}

/**
 * ticker_is_stopped() - has a signal said stop?
 */
bool ticker_is_stopped(void)
{
	return is_stopped;
}
