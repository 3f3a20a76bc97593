// SPDX-License-Identifier: GPL-2.0
/*
 * The family as generic netlink's controller describes it, and the shape of its
 * answers: what a client may rely on without having asked for a number yet.
 */
#include "client.h"
#include "kselftest_harness.h"

enum { ADMIN = GENL_ADMIN_PERM, DO = GENL_CMD_CAP_DO, DUMP = GENL_CMD_CAP_DUMP };

/* What each command takes: who may give it, and how. Events are no request. */
static const unsigned int commands[] = {
	[MEMTEL_CMD_STATUS_GET] = DO,
	[MEMTEL_CMD_SOURCE_GET] = DO | DUMP,
	[MEMTEL_CMD_SOURCE_HOLD] = ADMIN | DO,
	[MEMTEL_CMD_SOURCE_RELEASE] = ADMIN | DO,
	[MEMTEL_CMD_SOURCE_ENABLE] = ADMIN | DO,
	[MEMTEL_CMD_SOURCE_DISABLE] = ADMIN | DO,
	[MEMTEL_CMD_SOURCE_RESET] = ADMIN | DO,
	[MEMTEL_CMD_HOLD_GET] = DO | DUMP,
	[MEMTEL_CMD_CACHE_GET] = DO | DUMP,
	[MEMTEL_CMD_NODE_GET] = DO | DUMP,
	[MEMTEL_CMD_ZONE_GET] = DO | DUMP,
	[MEMTEL_CMD_RECLAIM_GET] = DO | DUMP,
	[MEMTEL_CMD_SHRINKER_GET] = DO | DUMP,
	[MEMTEL_CMD_LOCK_GET] = DO | DUMP,
	[MEMTEL_CMD_FALLBACK_GET] = DO | DUMP,
	[MEMTEL_CMD_SITE_GET] = DO | DUMP,
	[MEMTEL_CMD_STALL_GET] = DO | DUMP,
	[MEMTEL_CMD_TRIGGER_ADD] = ADMIN | DO,
	[MEMTEL_CMD_TRIGGER_DELETE] = ADMIN | DO,
	[MEMTEL_CMD_TRIGGER_GET] = DO | DUMP,
	[MEMTEL_CMD_SUBSCRIBE] = ADMIN | DO,
};

#define NR_COMMANDS ARRAY_SIZE(commands)

/*
 * The attributes that a command takes. @max is the longest text, or the greatest
 * number; 0 where the attribute's type alone bounds it.
 */
static const struct policy {
	int command;
	int attr;
	unsigned int type;
	uint64_t min;
	uint64_t max;
} policies[] = {
#define TEXT(CMD, ATTR) \
	{ MEMTEL_CMD_##CMD, MEMTEL_A_##ATTR, NL_ATTR_TYPE_NUL_STRING, 0, \
	  MEMTEL_NAME_MAX }
#define NODE(CMD, ATTR) \
	{ MEMTEL_CMD_##CMD, MEMTEL_A_##ATTR, NL_ATTR_TYPE_U32, 0, \
	  MEMTEL_NODE_MAX }
#define ENUM(CMD, ATTR, last) \
	{ MEMTEL_CMD_##CMD, MEMTEL_A_##ATTR, NL_ATTR_TYPE_U32, 1, last }
#define PLAIN(CMD, ATTR, TYPE) \
	{ MEMTEL_CMD_##CMD, MEMTEL_A_##ATTR, NL_ATTR_TYPE_##TYPE, 0, 0 }
	TEXT(SOURCE_GET, SOURCE_NAME),
	TEXT(SOURCE_HOLD, SOURCE_NAME),
	TEXT(SOURCE_RELEASE, SOURCE_NAME),
	TEXT(SOURCE_ENABLE, SOURCE_NAME),
	TEXT(SOURCE_DISABLE, SOURCE_NAME),
	TEXT(SOURCE_RESET, SOURCE_NAME),
	PLAIN(HOLD_GET, HOLD_ID, U32),
	TEXT(HOLD_GET, HOLD_SOURCE),
	TEXT(CACHE_GET, CACHE_NAME),
	PLAIN(CACHE_GET, CACHE_ID, U32),
	TEXT(CACHE_GET, CACHE_GLOB),
	NODE(CACHE_GET, CACHE_NODE_ID),
	PLAIN(CACHE_GET, CACHE_ONLY_ACTIVE, FLAG),
	NODE(NODE_GET, NODE_ID),
	NODE(ZONE_GET, ZONE_NODE_ID),
	TEXT(ZONE_GET, ZONE_NAME),
	ENUM(RECLAIM_GET, RECLAIM_KIND, MEMTEL_RECLAIM_KIND_THROTTLE),
	NODE(RECLAIM_GET, RECLAIM_NODE_ID),
	TEXT(RECLAIM_GET, RECLAIM_ZONE),
	PLAIN(RECLAIM_GET, RECLAIM_CGROUP_ID, U64),
	TEXT(SHRINKER_GET, SHRINKER_NAME),
	PLAIN(SHRINKER_GET, SHRINKER_ID, U32),
	NODE(SHRINKER_GET, SHRINKER_NODE_ID),
	NODE(LOCK_GET, LOCK_NODE_ID),
	TEXT(LOCK_GET, LOCK_ZONE),
	NODE(FALLBACK_GET, FALLBACK_WANTED_NODE_ID),
	TEXT(FALLBACK_GET, FALLBACK_WANTED_ZONE),
	NODE(FALLBACK_GET, FALLBACK_NODE_ID),
	TEXT(FALLBACK_GET, FALLBACK_ZONE),
	PLAIN(SITE_GET, SITE_ID, U64),
	TEXT(SITE_GET, SITE_CACHE),
	{ MEMTEL_CMD_STALL_GET, MEMTEL_A_STALL_KIND, NL_ATTR_TYPE_U32,
	  MEMTEL_SUSPECT_KIND_TASK, MEMTEL_SUSPECT_KIND_CGROUP },
	PLAIN(STALL_GET, STALL_PID, U32),
	PLAIN(STALL_GET, STALL_CGROUP_ID, U64),
	ENUM(TRIGGER_ADD, TRIGGER_METRIC, MEMTEL_METRIC_SLAB_ALLOCS),
	PLAIN(TRIGGER_ADD, TRIGGER_THRESHOLD, U64),
	PLAIN(TRIGGER_ADD, TRIGGER_CLEAR, U64),
	PLAIN(TRIGGER_ADD, TRIGGER_WINDOW_NS, U64),
	PLAIN(TRIGGER_ADD, TRIGGER_HOLD_NS, U64),
	NODE(TRIGGER_ADD, TRIGGER_NODE_ID),
	TEXT(TRIGGER_ADD, TRIGGER_ZONE),
	TEXT(TRIGGER_ADD, TRIGGER_CACHE),
	TEXT(TRIGGER_ADD, TRIGGER_SHRINKER),
	PLAIN(TRIGGER_ADD, TRIGGER_CGROUP_ID, U64),
	PLAIN(TRIGGER_ADD, TRIGGER_NO_EVIDENCE, FLAG),
	PLAIN(TRIGGER_DELETE, TRIGGER_ID, U32),
	PLAIN(TRIGGER_GET, TRIGGER_ID, U32),
	PLAIN(TRIGGER_GET, TRIGGER_PORTID, U32),
};

#define NR_POLICIES (ARRAY_SIZE(policies))

FIXTURE(family) {
	struct client client;
	struct client controller;	/* the same socket */
	struct answer answer;
};

FIXTURE_SETUP(family)
{
	ASSERT_EQ(0, client_open(&self->client));
	self->controller = self->client;
	self->controller.family = GENL_ID_CTRL;
}

FIXTURE_TEARDOWN(family)
{
	answer_free(&self->answer);
	client_close(&self->client);
}

TEST_F(family, description)
{
	const struct nlmsghdr *row;

	ask(&self->controller, CTRL_CMD_GETFAMILY,
	    ATTRS(A_TEXT(CTRL_ATTR_FAMILY_NAME, MEMTEL_FAMILY_NAME)),
	    &self->answer);
	ASSERT_EQ(1, self->answer.nr);
	row = (const struct nlmsghdr *)self->answer.rows;
	EXPECT_EQ(MEMTEL_FAMILY_VERSION,
		  row_number(row, CTRL_ATTR_VERSION));
	/* No header of its own. */
	EXPECT_EQ(0, row_number(row, CTRL_ATTR_HDRSIZE));
}

TEST_F(family, commands)
{
	struct nlattr *op, *part[CTRL_ATTR_OP_MAX + 1];
	const struct nlattr *ops;
	unsigned int nr = 0;
	uint32_t command, flags;
	int left;

	ask(&self->controller, CTRL_CMD_GETFAMILY,
	    ATTRS(A_TEXT(CTRL_ATTR_FAMILY_NAME, MEMTEL_FAMILY_NAME)),
	    &self->answer);
	ASSERT_EQ(1, self->answer.nr);
	ops = row_attr((struct nlmsghdr *)self->answer.rows, CTRL_ATTR_OPS);
	ASSERT_NE(NULL, ops);
	nla_for_each_nested(op, ops, left) {
		nla_parse_nested(part, CTRL_ATTR_OP_MAX, op, NULL);
		command = nla_get_u32(part[CTRL_ATTR_OP_ID]);
		flags = nla_get_u32(part[CTRL_ATTR_OP_FLAGS]);
		ASSERT_LT(command, NR_COMMANDS);
		EXPECT_EQ(commands[command], flags & (ADMIN | DO | DUMP)) {
			TH_LOG("command %u", command);
		}
		nr++;
	}
	/* Each once. */
	for (uint32_t command = 0; command < NR_COMMANDS; command++)
		nr -= commands[command] != 0;
	EXPECT_EQ(0, nr);
}

static const struct policy *find_policy(int command, int attr)
{
	for (size_t i = 0; i < NR_POLICIES; i++)
		if (policies[i].command == command &&
		    policies[i].attr == attr)
			return &policies[i];
	return NULL;
}

static uint64_t number_in(struct nlattr *const *part, int type)
{
	return part[type] ? nla_get_u64(part[type]) : 0;
}

/* Whether an attribute's policy is as the table has it. */
static bool is_as_in_table(int command, struct nlattr *attr)
{
	const struct policy *want = find_policy(command, nla_type(attr));
	struct nlattr *part[NL_POLICY_TYPE_ATTR_MAX + 1];
	uint64_t max, greatest;

	nla_parse_nested(part, NL_POLICY_TYPE_ATTR_MAX, attr, NULL);
	if (!want ||
	    nla_get_u32(part[NL_POLICY_TYPE_ATTR_TYPE]) != want->type)
		return false;
	switch (want->type) {
	case NL_ATTR_TYPE_FLAG:
		return true;
	case NL_ATTR_TYPE_NUL_STRING:
		return nla_get_u32(part[NL_POLICY_TYPE_ATTR_MAX_LENGTH]) ==
		       want->max;
	default:
		max = number_in(part, NL_POLICY_TYPE_ATTR_MAX_VALUE_U);
		greatest = want->type == NL_ATTR_TYPE_U64 ? UINT64_MAX :
							    UINT32_MAX;
		return number_in(part, NL_POLICY_TYPE_ATTR_MIN_VALUE_U) ==
			       want->min &&
		       max == (want->max ? want->max : greatest);
	}
}

TEST_F(family, policies)
{
	for (uint32_t command = 1; command < NR_COMMANDS; command++) {
		unsigned int nr = 0, want = 0;

		if (!commands[command])
			continue;
		for (size_t i = 0; i < NR_POLICIES; i++)
			want += policies[i].command == (int)command;
		ask_all(&self->controller, CTRL_CMD_GETPOLICY,
			ATTRS(A_TEXT(CTRL_ATTR_FAMILY_NAME, MEMTEL_FAMILY_NAME),
			      A_U32(CTRL_ATTR_OP, command)), &self->answer);
		/* One message has one attribute of one policy. */
		for_each_row(row, &self->answer) {
			const struct nlattr *all =
				row_attr(row, CTRL_ATTR_POLICY);
			struct nlattr *policy, *attr;
			int left, inner;

			if (!all)
				continue;
			nla_for_each_nested(policy, all, left) {
				nla_for_each_nested(attr, policy, inner) {
					EXPECT_TRUE(is_as_in_table(command,
								   attr)) {
						TH_LOG("command %u, attribute %d",
						       command, nla_type(attr));
					}
					nr++;
				}
			}
		}
		answer_free(&self->answer);
		/* Twice where a do and a dump have a policy each. */
		EXPECT_TRUE(nr == want ||
			    (nr == 2 * want && (commands[command] & DUMP))) {
			TH_LOG("command %u: %u attributes, not %u", command,
			       nr, want);
		}
	}
}

TEST_F(family, an_answer_is_one_message)
{
	const struct genlmsghdr *header;
	const struct nlmsghdr *row;

	ask(&self->client, MEMTEL_CMD_STATUS_GET, NULL, &self->answer);
	ASSERT_EQ(0, self->answer.err);
	ASSERT_EQ(1, self->answer.nr);
	EXPECT_FALSE(self->answer.is_multi);
	row = (const struct nlmsghdr *)self->answer.rows;
	header = nlmsg_data(row);
	EXPECT_EQ(self->client.family, row->nlmsg_type);
	EXPECT_EQ(client_port(&self->client), row->nlmsg_pid);
	EXPECT_EQ(MEMTEL_CMD_STATUS_GET, header->cmd);
	EXPECT_EQ(MEMTEL_FAMILY_VERSION, header->version);
}

TEST_F(family, a_dump_is_of_its_command)
{
	ask_all(&self->client, MEMTEL_CMD_SOURCE_GET, NULL, &self->answer);
	ASSERT_EQ(0, self->answer.err);
	ASSERT_LT(1, self->answer.nr);
	for_each_row(row, &self->answer) {
		const struct genlmsghdr *header = nlmsg_data(row);

		EXPECT_EQ(self->client.family, row->nlmsg_type);
		EXPECT_TRUE(row->nlmsg_flags & NLM_F_MULTI);
		EXPECT_EQ(MEMTEL_CMD_SOURCE_GET, header->cmd);
		EXPECT_EQ(MEMTEL_FAMILY_VERSION, header->version);
	}
}

/* What a do needs to know which row is meant. */
static const struct {
	int command;
	int attr;
} needed[] = {
	{ MEMTEL_CMD_SOURCE_GET, MEMTEL_A_SOURCE_NAME },
	{ MEMTEL_CMD_SOURCE_HOLD, MEMTEL_A_SOURCE_NAME },
	{ MEMTEL_CMD_SOURCE_RELEASE, MEMTEL_A_SOURCE_NAME },
	{ MEMTEL_CMD_SOURCE_ENABLE, MEMTEL_A_SOURCE_NAME },
	{ MEMTEL_CMD_SOURCE_DISABLE, MEMTEL_A_SOURCE_NAME },
	{ MEMTEL_CMD_SOURCE_RESET, MEMTEL_A_SOURCE_NAME },
	{ MEMTEL_CMD_HOLD_GET, MEMTEL_A_HOLD_ID },
	{ MEMTEL_CMD_CACHE_GET, MEMTEL_A_CACHE_NAME },
	{ MEMTEL_CMD_NODE_GET, MEMTEL_A_NODE_ID },
	{ MEMTEL_CMD_ZONE_GET, MEMTEL_A_ZONE_NODE_ID },
	{ MEMTEL_CMD_RECLAIM_GET, MEMTEL_A_RECLAIM_KIND },
	{ MEMTEL_CMD_SHRINKER_GET, MEMTEL_A_SHRINKER_NAME },
	{ MEMTEL_CMD_LOCK_GET, MEMTEL_A_LOCK_NODE_ID },
	{ MEMTEL_CMD_FALLBACK_GET, MEMTEL_A_FALLBACK_WANTED_NODE_ID },
	{ MEMTEL_CMD_SITE_GET, MEMTEL_A_SITE_ID },
	{ MEMTEL_CMD_STALL_GET, MEMTEL_A_STALL_KIND },
	{ MEMTEL_CMD_TRIGGER_ADD, MEMTEL_A_TRIGGER_METRIC },
	{ MEMTEL_CMD_TRIGGER_DELETE, MEMTEL_A_TRIGGER_ID },
	{ MEMTEL_CMD_TRIGGER_GET, MEMTEL_A_TRIGGER_ID },
};

TEST_F(family, what_is_missing_is_named)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		struct answer answer;

		ask(&self->client, needed[i].command, NULL, &answer);
		EXPECT_EQ(EINVAL, answer.err);
		EXPECT_EQ(0, answer.nr);
		EXPECT_STRNE("", answer.words);
		if (answer.missing_attr) {
			EXPECT_EQ(needed[i].attr, answer.missing_attr) {
				TH_LOG("command %d", needed[i].command);
			}
		}
		answer_free(&answer);
	}
}

/* As in every request of a kernel with strict validation. */
TEST_F(family, an_unknown_attribute_is_refused)
{
	for (uint32_t command = 1; command < NR_COMMANDS; command++) {
		if (!commands[command])
			continue;
		EXPECT_EQ(EINVAL, try(&self->client, command,
				      ATTRS(A_U32(60, 0)))) {
			TH_LOG("command %u", command);
		}
	}
}

MEMTEL_HARNESS_MAIN
