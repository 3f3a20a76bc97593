// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subscription, with the fake kernel: what its events say, and what is lost.
 */
#include <errno.h>
#include <linux/genetlink.h>
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

/* nlctrl's word of a family: CTRL_CMD_NEWFAMILY or CTRL_CMD_DELFAMILY. */
static void tell_family(int cmd, uint16_t family)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, cmd, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, MEMTEL_FAMILY_NAME);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, family);
	fake_tell(msg, 0);
}

/* What was told; @refuse says what to refuse. */
struct seen {
	unsigned int events;
	unsigned int bad;
	uint64_t lost;
	unsigned int gone, back, refused;
	enum memtel_notice_kind refuse;
};

/* What the callback refuses with. */
#define NO 7

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

	int err = notice->kind == seen->refuse ? NO : 0;

	seen->gone += notice->kind == MEMTEL_NOTICE_GONE;
	seen->back += notice->kind == MEMTEL_NOTICE_BACK;
	seen->refused += notice->kind == MEMTEL_NOTICE_REFUSED;
	if (notice->kind == MEMTEL_NOTICE_LOST)
		seen->lost += notice->lost;
	if (notice->kind != MEMTEL_NOTICE_EVENT)
		return err;
	seen->events++;
	if (notice->event->cause)
		check_site(notice->event->cause, seen);
	for (size_t i = 0; i < notice->event->nr_suspects; i++)
		check_site(notice->event->suspects[i], seen);
	return err;
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

/* An event with its number, and evidence or the number of who has that. */
static void put_event(struct nl_msg *msg, uint64_t sequence, unsigned int nr,
		      uint64_t of)
{
	struct nlattr *nest = nla_nest_start(msg, MEMTEL_A_EVENT_MESSAGE_EVENT);

	nla_put_u64(msg, MEMTEL_A_EVENT_SEQUENCE, sequence);
	nla_put_u32(msg, MEMTEL_A_EVENT_KIND, MEMTEL_EVENT_KIND_RAISED);
	if (nr)
		nla_put_u64(msg, MEMTEL_A_EVENT_EVIDENCE_INTERVAL_NS, 1000 + nr);
	for (unsigned int i = 0; i < nr; i++)
		put_site(msg, MEMTEL_A_EVENT_SUSPECT, sequence * 100 + i);
	if (of)
		nla_put_u64(msg, MEMTEL_A_EVENT_EVIDENCE_OF, of);
	nla_nest_end(msg, nest);
}

/* Counts the events whose suspects are of the event they should be of. */
static int count_joined(const struct memtel_notice *notice, void *arg)
{
	static const struct {
		size_t nr;
		uint64_t of;
	} want[] = { { 3, 1 }, { 3, 1 }, { 2, 3 }, { 3, 1 }, { 2, 3 }, { 0, 0 } };
	const struct memtel_event *event = notice->event;
	size_t i, nr = want[event->sequence - 1].nr;
	unsigned int *good = arg;
	char symbol[32];

	if (event->nr_suspects != nr ||
	    memtel_has(event, MEMTEL_A_EVENT_SUSPECT) != (nr != 0) ||
	    event->evidence_interval_ns != (nr ? 1000 + nr : 0))
		return 0;
	for (i = 0; i < nr; i++) {
		snprintf(symbol, sizeof(symbol), "site_%llu",
			 (unsigned long long)event->suspects[i]->id);
		if (event->suspects[i]->id !=
		    want[event->sequence - 1].of * 100 + i ||
		    strcmp(event->suspects[i]->symbol, symbol))
			return 0;
	}
	++*good;
	return 0;
}

static void test_evidence_of(void)
{
	struct memtel_events *ev = subscribe();
	struct nl_msg *msg = nlmsg_alloc_size(8192);
	unsigned int good = 0;

	genlmsg_put(msg, 0, 0, FAMILY, 0, 0, MEMTEL_CMD_EVENT, 1);
	put_event(msg, 1, 3, 0);
	put_event(msg, 2, 0, 1);
	put_event(msg, 3, 2, 0);
	put_event(msg, 4, 0, 1);
	put_event(msg, 5, 0, 3);
	/* Of none in this message: a module says no such thing. */
	put_event(msg, 6, 0, 77);
	fake_tell(msg, 0);
	ok(!memtel_events_read(ev, count_joined, &good) && good == 6,
	   "evidence that stands once is each event's: %u of 6", good);
	memtel_events_close(ev);
}

/* All that comes while it is asked for events is kept; the answer may be lost. */
static void test_subscribe(void)
{
	struct memtel_events *ev;
	struct seen seen = { 0 };

	fake_sequence = 40;
	ev = subscribe();
	fake_tell_events(FAMILY, 43, 44);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 2 &&
	   seen.lost == 2, "it knows which event comes first");
	/* Word of the next module stands before the answer of that. */
	fake_family = FAMILY + 1;
	tell_family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	fake_tell_events(FAMILY + 1, 41, 42);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 4 &&
	   seen.lost == 2 && seen.back == 1, "what stands beside the answer is kept");
	memtel_events_close(ev);
	fake_family = FAMILY;
	fake_subscribed = 0;
	setenv("FAKE_MODE", "no-room", 1);
	ev = subscribe();
	ok(fake_subscribed == 2, "an answer that found no room is asked for again");
	fake_tell_events(FAMILY, 39, 41);
	seen = (struct seen){ 0 };
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 3 &&
	   !seen.lost, "and any event may be the first");
	setenv("FAKE_MODE", "", 1);
	memtel_events_close(ev);
	setenv("FAKE_MODE", "eperm", 1);
	ok(memtel_events_open(&ev, NULL) == -EPERM &&
	   strstr(memtel_events_error(ev), "CAP_NET_ADMIN"),
	   "who may not is told what it takes");
	setenv("FAKE_MODE", "", 1);
	memtel_events_close(ev);
	fake_sequence = 0;
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

static const struct memtel_trigger_spec spec = {
	.size = sizeof(spec),
	.metric = MEMTEL_METRIC_STALL_TIME,
};

/* A subscription with a trigger. */
static struct memtel_events *watch(void)
{
	struct memtel_events *ev;

	fake_family = FAMILY;
	ev = subscribe();
	if (memtel_events_add(ev, &spec))
		exit(1);
	fake_added = 0;
	return ev;
}

/* What nlctrl said may be old when it is read. */
static void test_old_words(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { 0 };

	tell_family(CTRL_CMD_NEWFAMILY, FAMILY);
	ok(!memtel_events_read(ev, on_notice, &seen) && !seen.gone &&
	   !seen.back && !fake_added,
	   "word of the module that is joined is no news");
	fake_family = FAMILY + 3;
	for (uint16_t id = FAMILY; id < FAMILY + 3; id++) {
		tell_family(CTRL_CMD_DELFAMILY, id);
		tell_family(CTRL_CMD_NEWFAMILY, id + 1);
	}
	fake_tell_events(FAMILY + 3, 1, 1);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.gone == 1 &&
	   seen.back == 1 && fake_added == 1 && seen.events == 1,
	   "loaded anew three times: told, and the trigger added, once");
	tell_family(CTRL_CMD_DELFAMILY, FAMILY + 3);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.gone == 2 &&
	   seen.back == 1, "and then unloaded");
	memtel_events_close(ev);
}

/* Of the module before, which a request has found gone meanwhile. */
static void test_old_events(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { 0 };

	fake_family = FAMILY + 1;
	for (uint64_t i = 1; i <= 3; i++)
		tell_event(i, 1, 1);
	tell_family(CTRL_CMD_DELFAMILY, FAMILY);
	tell_family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 3 &&
	   !seen.lost && seen.gone == 1 && seen.back == 1 &&
	   fake_added == 1, "its last events are told");
	ok(seen.bad == 3, "without symbols, which only it had");
	memtel_events_close(ev);
}

/* The new module is not asked for what the old one had. */
static void test_added_between(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { 0 };

	fake_family = FAMILY + 1;
	ok(memtel_events_add(ev, &spec) == -ESTALE &&
	   memtel_events_add(ev, &spec) == -ESTALE,
	   "triggers added before the news is read");
	tell_family(CTRL_CMD_DELFAMILY, FAMILY);
	tell_family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.back == 1 &&
	   fake_added == 3, "are added once");
	memtel_events_close(ev);
}

static void test_refusal(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { .refuse = MEMTEL_NOTICE_EVENT };

	fake_tell_events(FAMILY, 1, 3);
	for (unsigned int i = 1; i <= 3; i++)
		ok(memtel_events_read(ev, on_notice, &seen) == NO &&
		   seen.events == i, "refused, it ends the call: %u", i);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 3 &&
	   !seen.lost, "and none is told twice");
	seen.refuse = MEMTEL_NOTICE_LOST;
	fake_tell_events(FAMILY, 6, 7);
	ok(memtel_events_read(ev, on_notice, &seen) == NO && seen.lost == 2 &&
	   seen.events == 3, "a loss is refused");
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.lost == 2 &&
	   seen.events == 5, "what follows it comes with the next call");
	memtel_events_close(ev);
}

static struct memtel_trigger_spec trigger(const char *text)
{
	struct memtel_trigger_error error;
	struct memtel_trigger_spec parsed;

	if (memtel_trigger_parse(text, &parsed, &error))
		abort();
	return parsed;
}

static void test_refused_news(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { .refuse = MEMTEL_NOTICE_GONE };

	/* That it had gone was lost. */
	fake_family = FAMILY + 1;
	tell_family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	ok(memtel_events_read(ev, on_notice, &seen) == NO && seen.gone == 1 &&
	   !seen.back && fake_added == 1,
	   "that it had gone is refused; the new one is watched");
	seen.refuse = MEMTEL_NOTICE_BACK;
	setenv("FAKE_MODE", "no-triggers", 1);
	ok(memtel_events_read(ev, on_notice, &seen) == NO && seen.gone == 1 &&
	   seen.back == 1, "that it is back comes with the next call");
	fake_tell_events(FAMILY + 1, 1, 1);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.back == 1 &&
	   seen.events == 1 && !seen.refused, "and then events");
	/* Now with a trigger that the new one has not. */
	fake_family = FAMILY + 2;
	tell_family(CTRL_CMD_NEWFAMILY, FAMILY + 2);
	ok(memtel_events_read(ev, on_notice, &seen) == NO && seen.back == 2 &&
	   !seen.refused, "that it is back is refused");
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.refused == 1,
	   "that a trigger could not be added comes with the next call");
	setenv("FAKE_MODE", "", 1);
	memtel_events_close(ev);
}

/* Who is told of a trigger adds others in its place, and deletes it. */
static int replace(const struct memtel_notice *notice, void *arg)
{
	struct memtel_events *ev = arg;
	const struct memtel_trigger_spec instead =
		trigger("compaction-time > 1ms in 1s");
	char before[128], after[128];

	if (notice->kind != MEMTEL_NOTICE_REFUSED)
		return 0;
	memtel_trigger_format(notice->trigger, before, sizeof(before));
	for (int i = 0; i < 100; i++)
		memtel_events_add(ev, &instead);
	/* What these could not was told to whoever called. */
	memtel_trigger_format(notice->trigger, after, sizeof(after));
	if (strcmp(before, after) || strstr(notice->why, "no such trigger"))
		return NO;
	return memtel_events_delete(ev, notice->trigger);
}

static void test_replaced(void)
{
	const struct memtel_trigger_spec
		one = trigger("stall-time > 1ms in 1s"),
		other = trigger("stall-time > 2ms in 1s"),
		last = trigger("stall-time > 3ms in 1s");
	struct memtel_events *ev = subscribe();

	if (memtel_events_add(ev, &one) || memtel_events_add(ev, &other) ||
	    memtel_events_add(ev, &last))
		abort();
	setenv("FAKE_MODE", "no-triggers", 1);
	fake_family = FAMILY + 1;
	tell_family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	ok(!memtel_events_read(ev, replace, ev),
	   "told of each refused one, and each replaced");
	ok(memtel_events_delete(ev, &one) == -ENOENT &&
	   memtel_events_delete(ev, &other) == -ENOENT &&
	   memtel_events_delete(ev, &last) == -ENOENT, "all are gone");
	setenv("FAKE_MODE", "", 1);
	memtel_events_close(ev);
	fake_family = FAMILY;
}

/* The module goes while it is asked what was lost. */
static void test_end_after_overrun(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { 0 };

	fake_tell_events(FAMILY, 1, 10);
	fake_tell(NULL, NLE_NOMEM);
	fake_tell(NULL, NLE_AGAIN);
	fake_sequence = 11;
	fake_tell_events(FAMILY, 11, 11);
	tell_family(CTRL_CMD_DELFAMILY, FAMILY);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 11 &&
	   !seen.lost && seen.gone == 1, "its end is no loss");
	fake_sequence = 0;
	memtel_events_close(ev);
}

/* Another module answers what the last event was. */
static void test_anew_after_overrun(void)
{
	struct memtel_events *ev = watch();
	struct seen seen = { 0 };

	fake_family = FAMILY + 1;
	tell_event(1, 1, 1);
	fake_tell(NULL, NLE_NOMEM);
	fake_tell(NULL, NLE_AGAIN);
	fake_sequence = 500;
	tell_event(2, 1, 1);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 2 &&
	   !seen.lost && seen.gone == 1 && seen.back == 1 &&
	   fake_added == 1, "a new module's number is no loss");
	fake_tell_events(FAMILY + 1, 502, 502);
	ok(!memtel_events_read(ev, on_notice, &seen) && seen.events == 3 &&
	   seen.lost == 1, "what is lost of its events is");
	fake_sequence = 0;
	memtel_events_close(ev);
}

static void test_delete(void)
{
	const struct memtel_trigger_spec
		one = trigger("stall-time > 1ms in 1s"),
		other = trigger("stall-time > 1ms in 1s until 500us"),
		on_node = trigger("kswapd-time > 1ms in 1s on node=1");
	struct memtel_events *ev = subscribe();

	if (memtel_events_add(ev, &one) || memtel_events_add(ev, &other) ||
	    memtel_events_add(ev, &on_node) || memtel_events_add(ev, &one))
		abort();
	ok(fake_triggers == 0x1e && !memtel_events_delete(ev, &other) &&
	   fake_triggers == 0x1a, "one is deleted, the others stay");
	ok(memtel_events_delete(ev, &other) == -ENOENT &&
	   fake_triggers == 0x1a && *memtel_events_error(ev),
	   "once only");
	ok(!memtel_events_delete(ev, &one) && !memtel_events_delete(ev, &one) &&
	   fake_triggers == 0x08, "what was added twice is deleted twice");
	setenv("FAKE_MODE", "eperm", 1);
	ok(memtel_events_delete(ev, &on_node) == -EPERM,
	   "a refusal is an error");
	setenv("FAKE_MODE", "", 1);
	ok(!memtel_events_delete(ev, &on_node) && !fake_triggers,
	   "after which it is still there");
	memtel_events_add(ev, &one);
	fake_triggers = 0;
	ok(!memtel_events_delete(ev, &one) &&
	   memtel_events_delete(ev, &one) == -ENOENT,
	   "one that the module has no more is forgotten");
	memtel_events_close(ev);
}

int main(void)
{
	alarm(60);
	test_symbols();
	test_evidence_of();
	test_subscribe();
	test_overrun();
	test_delete();
	test_no_memory();
	test_old_words();
	test_old_events();
	test_added_between();
	test_refusal();
	test_refused_news();
	test_replaced();
	test_end_after_overrun();
	test_anew_after_overrun();
	return tap_done();
}
