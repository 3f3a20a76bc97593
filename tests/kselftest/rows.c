// SPDX-License-Identifier: GPL-2.0
/*
 * Rows: a dump gives all of them, its attributes are filters, and each row can be
 * had alone by what names it. What is not there is refused to a do, and is no row
 * of a dump.
 */
#include "client.h"
#include "kselftest_harness.h"

/* Of a dump so many rows are asked for alone. */
#define ROWS_MAX 16

FIXTURE(rows) {
	struct client client;
	struct answer all;
};

/*
 * @keys: attributes that name a row together; 0 ends them
 * @absent: an attribute of which there is no row
 * @err: of a do of that
 */
FIXTURE_VARIANT(rows) {
	int command;
	int keys[3];
	struct attr absent;
	int err;
};

FIXTURE_VARIANT_ADD(rows, source) {
	.command = MEMTEL_CMD_SOURCE_GET,
	.keys = { MEMTEL_A_SOURCE_NAME },
	.absent = A_TEXT(MEMTEL_A_SOURCE_NAME, "nothing"),
	.err = ENOENT,
};

FIXTURE_VARIANT_ADD(rows, hold) {
	.command = MEMTEL_CMD_HOLD_GET,
	.keys = { MEMTEL_A_HOLD_ID },
	.absent = A_U32(MEMTEL_A_HOLD_ID, UINT32_MAX),
	.err = ENOENT,
};

FIXTURE_VARIANT_ADD(rows, cache) {
	.command = MEMTEL_CMD_CACHE_GET,
	.keys = { MEMTEL_A_CACHE_NAME },
	.absent = A_TEXT(MEMTEL_A_CACHE_NAME, "nothing"),
	.err = ENOENT,
};

FIXTURE_VARIANT_ADD(rows, node) {
	.command = MEMTEL_CMD_NODE_GET,
	.keys = { MEMTEL_A_NODE_ID },
	.absent = A_U32(MEMTEL_A_NODE_ID, MEMTEL_NODE_MAX),
	.err = ENOENT,
};

FIXTURE_VARIANT_ADD(rows, zone) {
	.command = MEMTEL_CMD_ZONE_GET,
	.keys = { MEMTEL_A_ZONE_NODE_ID, MEMTEL_A_ZONE_NAME },
	.absent = A_TEXT(MEMTEL_A_ZONE_NAME, "nothing"),
	.err = EINVAL,	/* lacks its node */
};

FIXTURE_VARIANT_ADD(rows, reclaim) {
	.command = MEMTEL_CMD_RECLAIM_GET,
	.keys = { MEMTEL_A_RECLAIM_KIND, MEMTEL_A_RECLAIM_NODE_ID,
		  MEMTEL_A_RECLAIM_ZONE },
	.absent = A_TEXT(MEMTEL_A_RECLAIM_ZONE, "nothing"),
	.err = EINVAL,	/* lacks its kind */
};

FIXTURE_VARIANT_ADD(rows, trigger) {
	.command = MEMTEL_CMD_TRIGGER_GET,
	.keys = { MEMTEL_A_TRIGGER_ID },
	.absent = A_U32(MEMTEL_A_TRIGGER_ID, UINT32_MAX),
	.err = ENOENT,
};

FIXTURE_SETUP(rows)
{
	ASSERT_EQ(0, client_open(&self->client));
	/* So that each dump has rows. */
	ASSERT_EQ(0, try(&self->client, MEMTEL_CMD_SOURCE_HOLD,
			 ATTRS(A_TEXT(MEMTEL_A_SOURCE_NAME, "reclaim"))));
	for (uint64_t i = 1; i <= 3; i++) {
		ASSERT_EQ(0, try(&self->client, MEMTEL_CMD_TRIGGER_ADD,
				 ATTRS(A_U32(MEMTEL_A_TRIGGER_METRIC,
					     MEMTEL_METRIC_KSWAPD_TIME),
				       A_U64(MEMTEL_A_TRIGGER_THRESHOLD,
					     i * NSEC_PER_SEC),
				       A_U64(MEMTEL_A_TRIGGER_WINDOW_NS,
					     NSEC_PER_SEC),
				       A_FLAG(MEMTEL_A_TRIGGER_NO_EVIDENCE))));
	}
	ask_all(&self->client, variant->command, NULL, &self->all);
	ASSERT_EQ(0, self->all.err);
	ASSERT_LT(0, self->all.nr);
}

FIXTURE_TEARDOWN(rows)
{
	answer_free(&self->all);
	client_close(&self->client);
}

static struct attr attr_of(const struct nlattr *attr)
{
	return (struct attr){ nla_type(attr), nla_data(attr), nla_len(attr) };
}

static bool same_attr(const struct nlmsghdr *one, const struct nlmsghdr *other,
		      int type)
{
	const struct nlattr *a = row_attr(one, type);
	const struct nlattr *b = row_attr(other, type);

	if (!a || !b)
		return a == b;
	return nla_len(a) == nla_len(b) &&
	       !memcmp(nla_data(a), nla_data(b), nla_len(a));
}

TEST_F(rows, each_can_be_had_alone)
{
	unsigned int nr = 0;

	for_each_row(row, &self->all) {
		struct attr attrs[4] = { 0 };
		struct answer one;
		int nr_keys = 0;

		if (nr++ == ROWS_MAX)
			break;
		for (int i = 0; i < 3 && variant->keys[i]; i++)
			if (row_attr(row, variant->keys[i]))
				attrs[nr_keys++] =
					attr_of(row_attr(row,
							 variant->keys[i]));
		ask(&self->client, variant->command, attrs, &one);
		ASSERT_EQ(0, one.err);
		ASSERT_EQ(1, one.nr);
		EXPECT_FALSE(one.is_multi);
		for (int i = 0; i < nr_keys; i++) {
			EXPECT_TRUE(same_attr(row,
					      (struct nlmsghdr *)one.rows,
					      attrs[i].type));
		}
		answer_free(&one);
	}
}

/* By the first attribute of the first row: just those that have it, in order. */
TEST_F(rows, a_filter_gives_what_matches)
{
	const struct nlmsghdr *first = (struct nlmsghdr *)self->all.rows;
	const int key = variant->keys[0];
	struct answer some;
	unsigned int want = 0;

	ASSERT_NE(NULL, row_attr(first, key));
	ask_all(&self->client, variant->command,
		ATTRS(attr_of(row_attr(first, key))), &some);
	ASSERT_EQ(0, some.err);
	for_each_row(row, &self->all)
		want += same_attr(row, first, key);
	EXPECT_EQ(want, some.nr);
	for_each_row(row, &some) {
		EXPECT_TRUE(same_attr(row, first, key));
	}
	answer_free(&some);
}

TEST_F(rows, what_is_not_there_is_refused_to_a_do)
{
	struct answer answer;

	ask(&self->client, variant->command, ATTRS(variant->absent), &answer);
	EXPECT_EQ(variant->err, answer.err);
	EXPECT_STRNE("", answer.words);
	EXPECT_TRUE(variant->err != ENOENT ||
		    variant->absent.type == answer.bad_attr);
	answer_free(&answer);
}

TEST_F(rows, what_is_not_there_is_no_row_of_a_dump)
{
	struct answer answer;

	ask_all(&self->client, variant->command, ATTRS(variant->absent),
		&answer);
	/* A node is not only not there: no host that this is has one. */
	EXPECT_EQ(variant->command == MEMTEL_CMD_NODE_GET ? ENOENT : 0,
		  answer.err);
	EXPECT_EQ(0, answer.nr);
	answer_free(&answer);
}

/* Of a cache's name some letters, and more than one filter at a time. */
TEST(filters_of_caches)
{
	struct client client;
	struct answer all, some, none;
	unsigned int want = 0;

	ASSERT_EQ(0, client_open(&client));
	ask_all(&client, MEMTEL_CMD_CACHE_GET, NULL, &all);
	ASSERT_EQ(0, all.err);
	for_each_row(row, &all)
		want += !strncmp(row_text(row, MEMTEL_A_CACHE_NAME),
				 "kmalloc-", 8);
	ask_all(&client, MEMTEL_CMD_CACHE_GET,
		ATTRS(A_TEXT(MEMTEL_A_CACHE_GLOB, "kmalloc-*")), &some);
	ASSERT_EQ(0, some.err);
	EXPECT_LT(0, want);
	EXPECT_EQ(want, some.nr);
	for_each_row(row, &some) {
		EXPECT_EQ(0, strncmp(row_text(row, MEMTEL_A_CACHE_NAME),
				     "kmalloc-", 8));
	}
	ask_all(&client, MEMTEL_CMD_CACHE_GET,
		ATTRS(A_TEXT(MEMTEL_A_CACHE_GLOB, "kmalloc-*"),
		      A_TEXT(MEMTEL_A_CACHE_NAME, "dentry")), &none);
	EXPECT_EQ(0, none.err);
	EXPECT_EQ(0, none.nr);
	answer_free(&all);
	answer_free(&some);
	client_close(&client);
}

/* Counts that a source has, while it has none. */
FIXTURE(detached) {
	struct client client;
};

FIXTURE_VARIANT(detached) {
	int command;
	const char *source;
	struct attr key;
};

FIXTURE_VARIANT_ADD(detached, reclaim) {
	.command = MEMTEL_CMD_RECLAIM_GET,
	.source = "reclaim",
	.key = A_U32(MEMTEL_A_RECLAIM_KIND, MEMTEL_RECLAIM_KIND_DIRECT),
};

FIXTURE_VARIANT_ADD(detached, stall) {
	.command = MEMTEL_CMD_STALL_GET,
	.source = "reclaim",
	.key = A_U32(MEMTEL_A_STALL_KIND, MEMTEL_SUSPECT_KIND_TASK),
};

FIXTURE_VARIANT_ADD(detached, site) {
	.command = MEMTEL_CMD_SITE_GET,
	.source = "site",
	.key = A_U64(MEMTEL_A_SITE_ID, 1),
};

FIXTURE_VARIANT_ADD(detached, active_cache) {
	.command = MEMTEL_CMD_CACHE_GET,
	.source = "slab",
	.key = A_FLAG(MEMTEL_A_CACHE_ONLY_ACTIVE),
};

FIXTURE_SETUP(detached)
{
	ASSERT_EQ(0, client_open(&self->client));
	if (source_is_attached(&self->client, variant->source)) {
		/* Else it is a hold that outlived its test. */
		ASSERT_TRUE(module_was_loaded);
		SKIP(return, "somebody holds the source %s", variant->source);
	}
}

FIXTURE_TEARDOWN(detached)
{
	client_close(&self->client);
}

/*
 * Not one row, and words that a source is to be held. Where a dump does not
 * even begin, older kernels lose the words.
 */
TEST_F(detached, there_are_no_counts)
{
	struct answer answer;

	ask_all(&self->client, variant->command, ATTRS(variant->key), &answer);
	EXPECT_EQ(ENODATA, answer.err);
	EXPECT_EQ(0, answer.nr);
	EXPECT_TRUE(!answer.words[0] ||
		    strstr(answer.words, "not attached"));
	answer_free(&answer);
}

MEMTEL_HARNESS_MAIN
