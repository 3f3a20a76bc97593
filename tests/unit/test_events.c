// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subscription, with the fake kernel: what its events say, and what is lost.
 */
#include <errno.h>
#include <memtel/memtel.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "tap.h"

/* As many as an event of the module names. */
#define SITES 28

static void put_site(struct nl_msg *msg, int type, uint64_t id)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	nla_put_u32(msg, MEMTEL_A_SUSPECT_KIND, MEMTEL_SUSPECT_KIND_SITE);
	nla_put_u64(msg, MEMTEL_A_SUSPECT_ID, id);
	nla_nest_end(msg, nest);
}

/* An event; its suspects are @first and those before it. */
static void tell_event(uint64_t sequence, uint64_t first, unsigned int nr)
{
	struct nl_msg *msg = nlmsg_alloc_size(8192);
	struct nlattr *nest;

	genlmsg_put(msg, 0, 0, FAMILY, 0, 0, MEMTEL_CMD_EVENT, 1);
	nest = nla_nest_start(msg, MEMTEL_A_EVENT_MESSAGE_EVENT);
	nla_put_u64(msg, MEMTEL_A_EVENT_SEQUENCE, sequence);
	nla_put_u32(msg, MEMTEL_A_EVENT_KIND, MEMTEL_EVENT_KIND_RAISED);
	for (unsigned int i = 0; i < nr; i++)
		put_site(msg, i ? MEMTEL_A_EVENT_SUSPECT :
				  MEMTEL_A_EVENT_CAUSE, first - i);
	nla_nest_end(msg, nest);
	fake_tell(msg, 0);
}

/* What was told. */
struct seen {
	unsigned int events;
	unsigned int bad;
	uint64_t lost;
};

static void check_site(const struct memtel_suspect *site, struct seen *seen)
{
	char symbol[32];

	snprintf(symbol, sizeof(symbol), "site_%llu",
		 (unsigned long long)site->id);
	if (strcmp(site->symbol, symbol))
		seen->bad++;
}

static int on_notice(const struct memtel_notice *notice, void *arg)
{
	struct seen *seen = arg;

	if (notice->kind == MEMTEL_NOTICE_LOST)
		seen->lost += notice->lost;
	if (notice->kind != MEMTEL_NOTICE_EVENT)
		return 0;
	seen->events++;
	if (notice->event->cause)
		check_site(notice->event->cause, seen);
	for (size_t i = 0; i < notice->event->nr_suspects; i++)
		check_site(notice->event->suspects[i], seen);
	return 0;
}

static struct memtel_events *subscribe(void)
{
	struct memtel_events *ev;

	if (memtel_events_open(&ev, NULL)) {
		printf("# %s\n", memtel_events_error(ev));
		exit(1);
	}
	return ev;
}

static void test_symbols(void)
{
	struct memtel_events *ev = subscribe();
	struct seen seen = { 0 };
	unsigned int nr = 0;

	/* Some sites are of the event before, some are new. */
	for (uint64_t first = SITES; first < 1000; first += 1 + nr % SITES)
		tell_event(++nr, first, SITES);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == nr &&
	   !seen.bad, "all sites of %u events have their symbols", nr);
	seen = (struct seen){ 0 };
	tell_event(++nr, 1000, 100);
	tell_event(++nr, 1000, SITES);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 2 &&
	   seen.bad == 36, "of one with 100 sites the first 64 have theirs");
	memtel_events_close(ev);
}

static void test_overrun(void)
{
	struct memtel_events *ev = subscribe();
	struct seen seen = { 0 };

	/* The receive buffer is full again while it is asked what was lost. */
	fake_sequence = 10;
	fake_sequence_step = 5;
	tell_event(1, 0, 0);
	fake_tell(NULL, NLE_NOMEM);
	fake_tell(NULL, NLE_AGAIN);
	fake_tell(NULL, NLE_NOMEM);
	fake_tell(NULL, NLE_AGAIN);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 1 &&
	   seen.lost == 14, "what is lost meanwhile is told, too");
	fake_sequence = 0;
	fake_sequence_step = 0;
	memtel_events_close(ev);
}

static void test_no_memory(void)
{
	struct memtel_events *ev = subscribe();
	struct seen seen = { 0 };

	fake_tell(NULL, NLE_NOMEM);
	ok(memtel_events_read(ev, on_notice, &seen) == -ENOMEM,
	   "no memory is an error");
	fake_tell(NULL, NLE_AGAIN);
	memtel_events_close(ev);
}

int main(void)
{
	alarm(60);
	test_symbols();
	test_overrun();
	test_no_memory();
	return tap_done();
}
