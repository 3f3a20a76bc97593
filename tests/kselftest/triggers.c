// SPDX-License-Identifier: GPL-2.0
/*
 * Triggers: added, seen, deleted, refused; they end with their socket. And events,
 * which say that a trigger was raised and that it cleared.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>

#include "client.h"
#include "kselftest_harness.h"

#define MSEC UINT64_C(1000000)

/* Allocations that nothing but the test makes in a window. */
#define ALLOCS 20000

/* Seconds in which an event comes: caches are read once a second at least. */
#define WAIT_S 20

#define METRIC(NAME)	A_U32(MEMTEL_A_TRIGGER_METRIC, MEMTEL_METRIC_##NAME)
#define THRESHOLD(n)	A_U64(MEMTEL_A_TRIGGER_THRESHOLD, n)
#define WINDOW(ns)	A_U64(MEMTEL_A_TRIGGER_WINDOW_NS, ns)
#define PLAIN METRIC(KSWAPD_TIME), THRESHOLD(MSEC), WINDOW(NSEC_PER_SEC)

FIXTURE(triggers) {
	struct client client, other;
	struct answer answer;
};

FIXTURE_SETUP(triggers)
{
	ASSERT_EQ(0, client_open(&self->client));
	ASSERT_EQ(0, client_open(&self->other));
}

FIXTURE_TEARDOWN(triggers)
{
	answer_free(&self->answer);
	client_close(&self->client);
	client_close(&self->other);
}

/* The id of a trigger that was added, or 0. */
static uint32_t add(struct client *client, const struct attr *attrs)
{
	struct answer answer;
	uint32_t id = 0;

	ask(client, MEMTEL_CMD_TRIGGER_ADD, attrs, &answer);
	if (!answer.err && answer.nr == 1)
		id = row_number((struct nlmsghdr *)answer.rows,
				MEMTEL_A_TRIGGER_ID);
	answer_free(&answer);
	return id;
}

static int delete(struct client *client, uint32_t id)
{
	return try(client, MEMTEL_CMD_TRIGGER_DELETE,
		   ATTRS(A_U32(MEMTEL_A_TRIGGER_ID, id)));
}

/* The trigger's row, in @answer, or NULL. */
static const struct nlmsghdr *get(struct client *client, uint32_t id,
				  struct answer *answer)
{
	answer_free(answer);
	ask(client, MEMTEL_CMD_TRIGGER_GET,
	    ATTRS(A_U32(MEMTEL_A_TRIGGER_ID, id)), answer);
	return answer->nr == 1 ? (const struct nlmsghdr *)answer->rows : NULL;
}

TEST_F(triggers, a_row_has_what_was_given)
{
	const struct nlmsghdr *row;
	uint32_t id;

	id = add(&self->client,
		 ATTRS(METRIC(COMPACTION_TIME), THRESHOLD(50 * MSEC),
		       A_U64(MEMTEL_A_TRIGGER_CLEAR, 20 * MSEC),
		       WINDOW(2 * NSEC_PER_SEC),
		       A_U64(MEMTEL_A_TRIGGER_HOLD_NS, 300 * MSEC),
		       A_U32(MEMTEL_A_TRIGGER_NODE_ID, 0),
		       A_FLAG(MEMTEL_A_TRIGGER_NO_EVIDENCE)));
	ASSERT_NE(0, id);
	/* Others see it, too. */
	row = get(&self->other, id, &self->answer);
	ASSERT_NE(NULL, row);
#define EXPECT_NUMBER(n, ATTR) \
	EXPECT_EQ(n, row_number(row, MEMTEL_A_TRIGGER_##ATTR))
	EXPECT_NUMBER(id, ID);
	EXPECT_NUMBER(MEMTEL_METRIC_COMPACTION_TIME, METRIC);
	EXPECT_NUMBER(50 * MSEC, THRESHOLD);
	EXPECT_NUMBER(20 * MSEC, CLEAR);
	EXPECT_NUMBER(2 * NSEC_PER_SEC, WINDOW_NS);
	EXPECT_NUMBER(300 * MSEC, HOLD_NS);
	EXPECT_NE(NULL, row_attr(row, MEMTEL_A_TRIGGER_NODE_ID));
	EXPECT_NUMBER(0, NODE_ID);
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_TRIGGER_ZONE));
	EXPECT_NE(NULL, row_attr(row, MEMTEL_A_TRIGGER_NO_EVIDENCE));
	EXPECT_NUMBER(client_port(&self->client), PORTID);
	EXPECT_NUMBER((uint64_t)getpid(), PID);
	EXPECT_NE(NULL, row_attr(row, MEMTEL_A_TRIGGER_UID));
	EXPECT_NUMBER(getuid(), UID);
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_TRIGGER_RAISED));
	EXPECT_NUMBER(0, EVENTS);
}

TEST_F(triggers, what_is_not_given)
{
	const struct nlmsghdr *row;
	uint32_t id = add(&self->client, ATTRS(PLAIN));

	ASSERT_NE(0, id);
	row = get(&self->client, id, &self->answer);
	ASSERT_NE(NULL, row);
	/* It clears at its threshold, at once. */
	EXPECT_NUMBER(MSEC, CLEAR);
	EXPECT_NUMBER(0, HOLD_NS);
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_TRIGGER_NODE_ID));
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_TRIGGER_NO_EVIDENCE));
}

TEST_F(triggers, deleted_by_its_socket_alone)
{
	uint32_t id = add(&self->client, ATTRS(PLAIN)), next;

	ASSERT_NE(0, id);
	EXPECT_EQ(ENOENT, delete(&self->other, id));
	EXPECT_NE(NULL, get(&self->other, id, &self->answer));
	EXPECT_EQ(0, delete(&self->client, id));
	EXPECT_EQ(NULL, get(&self->other, id, &self->answer));
	EXPECT_EQ(ENOENT, self->answer.err);
	EXPECT_EQ(MEMTEL_A_TRIGGER_ID, self->answer.bad_attr);
	EXPECT_EQ(ENOENT, delete(&self->client, id));
	/* No id is used twice. */
	next = add(&self->client, ATTRS(PLAIN));
	EXPECT_LT(id, next);
}

TEST_F(triggers, by_socket)
{
	uint32_t mine = add(&self->client, ATTRS(PLAIN));
	uint32_t others = add(&self->other, ATTRS(PLAIN));

	ASSERT_NE(0, mine);
	ASSERT_NE(0, others);
	ask_all(&self->client, MEMTEL_CMD_TRIGGER_GET,
		ATTRS(A_U32(MEMTEL_A_TRIGGER_PORTID,
			    client_port(&self->client))), &self->answer);
	ASSERT_EQ(1, self->answer.nr);
	EXPECT_EQ(mine, row_number((struct nlmsghdr *)self->answer.rows,
				   MEMTEL_A_TRIGGER_ID));
}

TEST_F(triggers, end_with_their_socket)
{
	uint32_t id = add(&self->client, ATTRS(PLAIN));

	ASSERT_NE(0, id);
	client_close(&self->client);
	EXPECT_EQ(NULL, get(&self->other, id, &self->answer));
	answer_free(&self->answer);
	ask_all(&self->other, MEMTEL_CMD_HOLD_GET, NULL, &self->answer);
	for_each_row(row, &self->answer) {
		EXPECT_NE(id, row_number(row, MEMTEL_A_HOLD_TRIGGER));
	}
}

/* One without evidence holds what its metric needs; else more. */
TEST_F(triggers, hold_their_sources)
{
	uint32_t lean = add(&self->client,
			    ATTRS(PLAIN, A_FLAG(MEMTEL_A_TRIGGER_NO_EVIDENCE)));
	uint32_t full = add(&self->client, ATTRS(PLAIN));
	unsigned int nr_lean = 0, nr_full = 0;

	ASSERT_NE(0, lean);
	ASSERT_NE(0, full);
	ask_all(&self->client, MEMTEL_CMD_HOLD_GET, NULL, &self->answer);
	for_each_row(row, &self->answer) {
		uint32_t id = row_number(row, MEMTEL_A_HOLD_TRIGGER);

		if (id != lean && id != full)
			continue;
		EXPECT_EQ(MEMTEL_HOLD_KIND_TRIGGER,
			  row_number(row, MEMTEL_A_HOLD_KIND));
		EXPECT_EQ(client_port(&self->client),
			  row_number(row, MEMTEL_A_HOLD_PORTID));
		nr_lean += id == lean;
		nr_full += id == full;
		if (id == lean) {
			EXPECT_STREQ("reclaim",
				     row_text(row, MEMTEL_A_HOLD_SOURCE));
		}
	}
	EXPECT_EQ(1, nr_lean);
	EXPECT_LT(1, nr_full);
}

/* What is refused, by which errno, and for which of its attributes. */
TEST_F(triggers, refused)
{
	const struct {
		const struct attr *attrs;
		int err;
		int bad_attr;
	} cases[] = {
#define CASE(err, bad, ...) { ATTRS(__VA_ARGS__), err, MEMTEL_A_TRIGGER_##bad }
		CASE(EINVAL, THRESHOLD, METRIC(KSWAPD_TIME), THRESHOLD(0),
		     WINDOW(NSEC_PER_SEC)),
		CASE(EINVAL, WINDOW_NS, METRIC(KSWAPD_TIME), THRESHOLD(MSEC),
		     WINDOW(MEMTEL_WINDOW_MIN_MS * MSEC - 1)),
		CASE(EINVAL, WINDOW_NS, METRIC(KSWAPD_TIME), THRESHOLD(MSEC),
		     WINDOW(MEMTEL_WINDOW_MAX_MS * MSEC + 1)),
		CASE(EINVAL, HOLD_NS, PLAIN,
		     A_U64(MEMTEL_A_TRIGGER_HOLD_NS,
			   MEMTEL_WINDOW_MAX_MS * MSEC + 1)),
		CASE(EINVAL, CLEAR, PLAIN,
		     A_U64(MEMTEL_A_TRIGGER_CLEAR, MSEC + 1)),
		CASE(ERANGE, METRIC, A_U32(MEMTEL_A_TRIGGER_METRIC, 0)),
		CASE(ERANGE, METRIC,
		     A_U32(MEMTEL_A_TRIGGER_METRIC,
			   MEMTEL_METRIC_SLAB_ALLOCS + 1)),
		CASE(ENOENT, NODE_ID, PLAIN,
		     A_U32(MEMTEL_A_TRIGGER_NODE_ID, MEMTEL_NODE_MAX)),
		CASE(EINVAL, ZONE, PLAIN,
		     A_TEXT(MEMTEL_A_TRIGGER_ZONE, "Normal")),
		CASE(EINVAL, CACHE, PLAIN,
		     A_TEXT(MEMTEL_A_TRIGGER_CACHE, "dentry")),
		CASE(EINVAL, SHRINKER, PLAIN,
		     A_TEXT(MEMTEL_A_TRIGGER_SHRINKER, "any")),
		CASE(EINVAL, CGROUP_ID, PLAIN,
		     A_U64(MEMTEL_A_TRIGGER_CGROUP_ID, 1)),
		CASE(EINVAL, ZONE, METRIC(COMPACTION_TIME), THRESHOLD(MSEC),
		     WINDOW(NSEC_PER_SEC),
		     A_TEXT(MEMTEL_A_TRIGGER_ZONE, "Normal")),
		CASE(ENOENT, ZONE, METRIC(COMPACTION_TIME), THRESHOLD(MSEC),
		     WINDOW(NSEC_PER_SEC),
		     A_U32(MEMTEL_A_TRIGGER_NODE_ID, 0),
		     A_TEXT(MEMTEL_A_TRIGGER_ZONE, "nothing")),
		CASE(EINVAL, CGROUP_ID, METRIC(MEMCG_RECLAIM_TIME),
		     THRESHOLD(MSEC), WINDOW(NSEC_PER_SEC),
		     A_U64(MEMTEL_A_TRIGGER_CGROUP_ID, 0)),
		CASE(EINVAL, SHRINKER, METRIC(SHRINKER_TIME), THRESHOLD(MSEC),
		     WINDOW(NSEC_PER_SEC),
		     A_TEXT(MEMTEL_A_TRIGGER_SHRINKER, "")),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		answer_free(&self->answer);
		ask(&self->client, MEMTEL_CMD_TRIGGER_ADD, cases[i].attrs,
		    &self->answer);
		EXPECT_EQ(cases[i].err, self->answer.err) {
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(cases[i].bad_attr, self->answer.bad_attr) {
			TH_LOG("case %zu: %s", i, self->answer.words);
		}
		EXPECT_STRNE("", self->answer.words);
	}
	answer_free(&self->answer);
	ask_all(&self->client, MEMTEL_CMD_TRIGGER_GET,
		ATTRS(A_U32(MEMTEL_A_TRIGGER_PORTID,
			    client_port(&self->client))), &self->answer);
	EXPECT_EQ(0, self->answer.nr);
}

/* What came of a trigger, in the order it came. */
struct seen {
	unsigned int nr;
	uint32_t kind;
	uint64_t sequence;
	uint64_t value;
	uint64_t peak;
	uint64_t raised_ns;
	uint64_t threshold;
	uint64_t window_ns;
	uint32_t metric;
	uint32_t port;
	int command;
};

static void see(struct seen *seen, const struct nlmsghdr *nlh, uint32_t id)
{
	struct nlattr *event, *part[MEMTEL_A_EVENT_MAX + 1];
	struct genlmsghdr *header = nlmsg_data(nlh);
	int left = genlmsg_attrlen(header, 0);

	nla_for_each_attr(event, genlmsg_attrdata(header, 0), left, left) {
		nla_parse_nested(part, MEMTEL_A_EVENT_MAX, event, NULL);
		if (!part[MEMTEL_A_EVENT_TRIGGER_ID] ||
		    nla_get_u32(part[MEMTEL_A_EVENT_TRIGGER_ID]) != id)
			continue;
#define U64(ATTR) (part[MEMTEL_A_EVENT_##ATTR] ? \
		   nla_get_u64(part[MEMTEL_A_EVENT_##ATTR]) : 0)
#define U32(ATTR) (part[MEMTEL_A_EVENT_##ATTR] ? \
		   nla_get_u32(part[MEMTEL_A_EVENT_##ATTR]) : 0)
		*seen = (struct seen){
			.nr = seen->nr + 1,
			.kind = U32(KIND),
			.sequence = U64(SEQUENCE),
			.value = U64(VALUE),
			.peak = U64(PEAK),
			.raised_ns = U64(RAISED_NS),
			.threshold = U64(THRESHOLD),
			.window_ns = U64(WINDOW_NS),
			.metric = U32(METRIC),
			.port = U32(PORTID),
			.command = header->cmd,
		};
	}
}

/* Until @nr events of the trigger have come, or none comes for long. */
static void wait_for(struct client *client, uint32_t id, unsigned int nr,
		     struct seen *seen)
{
	struct pollfd poll_in = {
		.fd = nl_socket_get_fd(client->sock),
		.events = POLLIN,
	};

	while (seen->nr < nr && poll(&poll_in, 1, WAIT_S * 1000) > 0) {
		struct sockaddr_nl from;
		unsigned char *buffer;
		struct nlmsghdr *nlh;
		int left;

		left = nl_recv(client->sock, &from, &buffer, NULL);
		if (left <= 0)
			return;
		nlh = (struct nlmsghdr *)buffer;
		for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			see(seen, nlh, id);
		free(buffer);
	}
}

/* Each open file is at least one object of a slab cache. */
static void allocate(unsigned int nr)
{
	while (nr--)
		close(open("/dev/null", O_RDONLY));
}

TEST_F_TIMEOUT(triggers, events, 4 * WAIT_S)
{
	struct seen mine = { 0 }, others = { 0 };
	const struct nlmsghdr *row;
	uint32_t id;

	ASSERT_EQ(0, client_subscribe(&self->client));
	ASSERT_EQ(0, client_subscribe(&self->other));
	id = add(&self->client,
		 ATTRS(METRIC(SLAB_ALLOCS), THRESHOLD(ALLOCS),
		       WINDOW(NSEC_PER_SEC),
		       A_FLAG(MEMTEL_A_TRIGGER_NO_EVIDENCE)));
	ASSERT_NE(0, id);
	/* What is from before the first look at the caches does not count. */
	usleep(1500000);
	allocate(2 * ALLOCS);

	wait_for(&self->client, id, 1, &mine);
	ASSERT_EQ(1, mine.nr);
	EXPECT_EQ(MEMTEL_CMD_EVENT, mine.command);
	EXPECT_EQ(MEMTEL_EVENT_KIND_RAISED, mine.kind);
	EXPECT_EQ(MEMTEL_METRIC_SLAB_ALLOCS, mine.metric);
	EXPECT_EQ(ALLOCS, mine.threshold);
	EXPECT_EQ(NSEC_PER_SEC, mine.window_ns);
	EXPECT_EQ(client_port(&self->client), mine.port);
	EXPECT_LT(ALLOCS, mine.value);
	EXPECT_LT(0, mine.sequence);
	/* Whoever subscribed hears of it. */
	wait_for(&self->other, id, 1, &others);
	EXPECT_EQ(0, memcmp(&mine, &others, sizeof(mine)));

	/* Nothing more is done: it clears. */
	wait_for(&self->client, id, 2, &mine);
	ASSERT_EQ(2, mine.nr);
	EXPECT_EQ(MEMTEL_EVENT_KIND_CLEARED, mine.kind);
	EXPECT_LT(others.sequence, mine.sequence);
	EXPECT_GE(ALLOCS, mine.value);
	EXPECT_LE(others.value, mine.peak);
	EXPECT_LT(0, mine.raised_ns);

	row = get(&self->client, id, &self->answer);
	ASSERT_NE(NULL, row);
	EXPECT_NUMBER(2, EVENTS);
	EXPECT_NUMBER(mine.sequence, LAST_SEQUENCE);
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_TRIGGER_RAISED));
	answer_free(&self->answer);
	ask(&self->client, MEMTEL_CMD_STATUS_GET, NULL, &self->answer);
	ASSERT_EQ(1, self->answer.nr);
	row = (const struct nlmsghdr *)self->answer.rows;
	EXPECT_LE(mine.sequence,
		  row_number(row, MEMTEL_A_STATUS_EVENT_SEQUENCE));
}

/* Who did not subscribe hears nothing, whatever triggers it has. */
TEST_F(triggers, unsubscribed)
{
	struct pollfd poll_in = {
		.fd = nl_socket_get_fd(self->client.sock),
		.events = POLLIN,
	};
	struct seen others = { 0 };
	uint32_t id;

	ASSERT_EQ(0, client_subscribe(&self->other));
	id = add(&self->client,
		 ATTRS(METRIC(SLAB_ALLOCS), THRESHOLD(ALLOCS),
		       WINDOW(NSEC_PER_SEC),
		       A_FLAG(MEMTEL_A_TRIGGER_NO_EVIDENCE)));
	ASSERT_NE(0, id);
	usleep(1500000);
	allocate(2 * ALLOCS);
	wait_for(&self->other, id, 1, &others);
	EXPECT_EQ(1, others.nr);
	EXPECT_EQ(0, poll(&poll_in, 1, 0));
}

MEMTEL_HARNESS_MAIN
