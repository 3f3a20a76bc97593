// SPDX-License-Identifier: GPL-2.0
/*
 * Holds: a source counts while somebody holds it. A socket's hold ends with the
 * socket, however that comes about; the administrator's ends when it is told to.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "client.h"
#include "kselftest_harness.h"

#define SOURCE "slab"
#define NAME ATTRS(A_TEXT(MEMTEL_A_SOURCE_NAME, SOURCE))

FIXTURE(holds) {
	struct client first, second;
	struct answer answer;
};

FIXTURE_SETUP(holds)
{
	ASSERT_EQ(0, client_open(&self->first));
	ASSERT_EQ(0, client_open(&self->second));
	if (source_is_attached(&self->first, SOURCE)) {
		/* Else it is a hold that outlived its test. */
		ASSERT_TRUE(module_was_loaded);
		SKIP(return, "somebody else holds the source " SOURCE);
	}
}

FIXTURE_TEARDOWN(holds)
{
	answer_free(&self->answer);
	client_close(&self->first);
	client_close(&self->second);
}

/* The source's own row, in @answer. */
static const struct nlmsghdr *source_row(struct client *client,
					 struct answer *answer)
{
	answer_free(answer);
	ask(client, MEMTEL_CMD_SOURCE_GET, NAME, answer);
	return answer->nr == 1 ? (const struct nlmsghdr *)answer->rows : NULL;
}

/* Rows of holds of the source, in @answer. */
static unsigned int hold_rows(struct client *client, struct answer *answer)
{
	answer_free(answer);
	ask_all(client, MEMTEL_CMD_HOLD_GET,
		ATTRS(A_TEXT(MEMTEL_A_HOLD_SOURCE, SOURCE)), answer);
	return answer->nr;
}

TEST_F(holds, a_source_that_nobody_holds)
{
	const struct nlmsghdr *row = source_row(&self->first, &self->answer);

	ASSERT_NE(NULL, row);
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_SOURCE_ATTACHED));
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_SOURCE_SINCE_NS));
	EXPECT_EQ(0, row_number(row, MEMTEL_A_SOURCE_HOLDS));
	EXPECT_EQ(0, row_number(row, MEMTEL_A_SOURCE_PROBES));
}

TEST_F(holds, a_source_that_is_held)
{
	const struct nlmsghdr *row;

	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	row = source_row(&self->second, &self->answer);
	ASSERT_NE(NULL, row);
	EXPECT_NE(NULL, row_attr(row, MEMTEL_A_SOURCE_ATTACHED));
	EXPECT_EQ(1, row_number(row, MEMTEL_A_SOURCE_HOLDS));
	EXPECT_LT(0, row_number(row, MEMTEL_A_SOURCE_PROBES));
	EXPECT_LT(0, row_number(row, MEMTEL_A_SOURCE_MEMORY_BYTES));
	EXPECT_LE(row_number(row, MEMTEL_A_SOURCE_SLOTS_USED),
		  row_number(row, MEMTEL_A_SOURCE_SLOTS_TOTAL));
	EXPECT_LT(0, row_number(row, MEMTEL_A_SOURCE_SINCE_NS));
	EXPECT_LE(row_number(row, MEMTEL_A_SOURCE_SINCE_NS),
		  row_number(row, MEMTEL_A_SOURCE_NOW_NS));
}

TEST_F(holds, held_twice_is_held_once)
{
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	EXPECT_EQ(1, hold_rows(&self->second, &self->answer));
	EXPECT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_RELEASE, NAME));
	EXPECT_EQ(0, hold_rows(&self->second, &self->answer));
	EXPECT_EQ(ENOENT, try(&self->first, MEMTEL_CMD_SOURCE_RELEASE, NAME));
}

TEST_F(holds, a_row_says_who_holds)
{
	const struct nlmsghdr *row;
	struct answer again;
	char comm[16];

	ASSERT_EQ(0, prctl(PR_GET_NAME, comm));
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	ASSERT_EQ(1, hold_rows(&self->second, &self->answer));
	row = (const struct nlmsghdr *)self->answer.rows;
	EXPECT_STREQ(SOURCE, row_text(row, MEMTEL_A_HOLD_SOURCE));
	EXPECT_EQ(MEMTEL_HOLD_KIND_SOCKET, row_number(row, MEMTEL_A_HOLD_KIND));
	EXPECT_EQ(client_port(&self->first),
		  row_number(row, MEMTEL_A_HOLD_PORTID));
	EXPECT_EQ(getpid(), (pid_t)row_number(row, MEMTEL_A_HOLD_PID));
	EXPECT_STREQ(comm, row_text(row, MEMTEL_A_HOLD_COMM));
	EXPECT_EQ(NULL, row_attr(row, MEMTEL_A_HOLD_TRIGGER));

	ask(&self->second, MEMTEL_CMD_HOLD_GET,
	    ATTRS(A_U32(MEMTEL_A_HOLD_ID, row_number(row, MEMTEL_A_HOLD_ID))),
	    &again);
	ASSERT_EQ(1, again.nr);
	EXPECT_EQ(row_number(row, MEMTEL_A_HOLD_ID),
		  row_number((struct nlmsghdr *)again.rows, MEMTEL_A_HOLD_ID));
	answer_free(&again);
}

TEST_F(holds, another_source_is_not_held_by_it)
{
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	ask_all(&self->second, MEMTEL_CMD_HOLD_GET,
		ATTRS(A_TEXT(MEMTEL_A_HOLD_SOURCE, "reclaim")), &self->answer);
	EXPECT_EQ(0, self->answer.err);
	for_each_row(row, &self->answer) {
		EXPECT_NE(client_port(&self->first),
			  row_number(row, MEMTEL_A_HOLD_PORTID));
	}
}

TEST_F(holds, nobody_releases_anothers)
{
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	EXPECT_EQ(ENOENT, try(&self->second, MEMTEL_CMD_SOURCE_RELEASE, NAME));
	EXPECT_EQ(ENOENT, try(&self->first, MEMTEL_CMD_SOURCE_DISABLE, NAME));
	EXPECT_TRUE(source_is_attached(&self->second, SOURCE));
}

TEST_F(holds, ends_with_the_socket)
{
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	client_close(&self->first);
	/* It is over when close() returns, not some time later. */
	EXPECT_FALSE(source_is_attached(&self->second, SOURCE));
}

TEST_F(holds, ends_with_the_last_who_has_the_socket)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(0);
	}
	client_close(&self->first);
	EXPECT_TRUE(source_is_attached(&self->second, SOURCE));
	EXPECT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_FALSE(source_is_attached(&self->second, SOURCE));
}

TEST_F(holds, the_administrators_outlives_the_socket)
{
	const struct nlmsghdr *row;

	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_ENABLE, NAME));
	EXPECT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_ENABLE, NAME));
	client_close(&self->first);
	EXPECT_EQ(1, hold_rows(&self->second, &self->answer));
	row = (const struct nlmsghdr *)self->answer.rows;
	EXPECT_EQ(MEMTEL_HOLD_KIND_ADMIN, row_number(row, MEMTEL_A_HOLD_KIND));
	EXPECT_EQ(0, try(&self->second, MEMTEL_CMD_SOURCE_DISABLE, NAME));
	EXPECT_EQ(ENOENT,
		  try(&self->second, MEMTEL_CMD_SOURCE_DISABLE, NAME));
	EXPECT_FALSE(source_is_attached(&self->second, SOURCE));
}

TEST_F(holds, a_reset_begins_anew)
{
	uint64_t since_ns;

	EXPECT_EQ(ENODATA, try(&self->first, MEMTEL_CMD_SOURCE_RESET, NAME));
	ASSERT_EQ(0, try(&self->first, MEMTEL_CMD_SOURCE_HOLD, NAME));
	since_ns = row_number(source_row(&self->first, &self->answer),
			      MEMTEL_A_SOURCE_SINCE_NS);
	/* Who resets need not hold it. */
	EXPECT_EQ(0, try(&self->second, MEMTEL_CMD_SOURCE_RESET, NAME));
	EXPECT_LT(since_ns, row_number(source_row(&self->first, &self->answer),
				       MEMTEL_A_SOURCE_SINCE_NS));
}

TEST_F(holds, an_unknown_source_is_named)
{
	static const int commands[] = {
		MEMTEL_CMD_SOURCE_GET, MEMTEL_CMD_SOURCE_HOLD,
		MEMTEL_CMD_SOURCE_RELEASE, MEMTEL_CMD_SOURCE_ENABLE,
		MEMTEL_CMD_SOURCE_DISABLE, MEMTEL_CMD_SOURCE_RESET,
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		answer_free(&self->answer);
		ask(&self->first, commands[i],
		    ATTRS(A_TEXT(MEMTEL_A_SOURCE_NAME, "nothing")),
		    &self->answer);
		EXPECT_EQ(ENOENT, self->answer.err);
		EXPECT_EQ(MEMTEL_A_SOURCE_NAME, self->answer.bad_attr);
	}
}

MEMTEL_HARNESS_MAIN
