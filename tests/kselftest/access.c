// SPDX-License-Identifier: GPL-2.0
/*
 * Who may ask: reading takes CAP_PERFMON or CAP_NET_ADMIN, changing and hearing of
 * events CAP_NET_ADMIN, in the initial user namespace. The family is in the initial
 * network namespace alone. Both who opened the socket and who asks by it must be
 * allowed to: neither lends its rights to the other.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "client.h"
#include "kselftest_harness.h"

/* CAP_PERFMON; not in every header. */
#define PERFMON	38
#define NOBODY	65534

#define SLAB ATTRS(A_TEXT(MEMTEL_A_SOURCE_NAME, "slab"))

/* Become another user, with one capability, or none for -1. */
static int keep_only(int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (cap >= 0)
		data[cap / 32].effective = 1u << cap % 32;
	data[0].permitted = data[0].effective;
	data[1].permitted = data[1].effective;
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -1;
	return syscall(SYS_capset, &header, data);
}

static int keep_net_admin(void)
{
	return keep_only(CAP_NET_ADMIN);
}

static int keep_perfmon(void)
{
	return keep_only(PERFMON);
}

static int keep_sys_admin(void)
{
	return keep_only(CAP_SYS_ADMIN);
}

static int keep_nothing(void)
{
	return keep_only(-1);
}

static int keep_all(void)
{
	return 0;
}

/* Where it has all capabilities, but none of the host's. */
static int enter_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

FIXTURE(access) {
	struct client client;
};

FIXTURE_VARIANT(access) {
	int (*become)(void);
	int read;	/* errno of reading */
	int change;	/* errno of changing */
};

FIXTURE_VARIANT_ADD(access, root) {
	.become = keep_all, .read = 0, .change = 0,
};

FIXTURE_VARIANT_ADD(access, net_admin) {
	.become = keep_net_admin, .read = 0, .change = 0,
};

FIXTURE_VARIANT_ADD(access, perfmon) {
	.become = keep_perfmon, .read = 0, .change = EPERM,
};

FIXTURE_VARIANT_ADD(access, sys_admin) {
	.become = keep_sys_admin, .read = EPERM, .change = EPERM,
};

FIXTURE_VARIANT_ADD(access, nobody) {
	.become = keep_nothing, .read = EPERM, .change = EPERM,
};

FIXTURE_VARIANT_ADD(access, user_namespace) {
	.become = enter_user_namespace, .read = EPERM, .change = EPERM,
};

FIXTURE_SETUP(access)
{
	if (variant->become())
		SKIP(return, "this kernel has no such user: %s",
		     strerror(errno));
	ASSERT_EQ(0, client_open(&self->client));
}

FIXTURE_TEARDOWN(access)
{
	client_close(&self->client);
}

TEST_F(access, read)
{
	struct answer answer;

	ask(&self->client, MEMTEL_CMD_STATUS_GET, NULL, &answer);
	EXPECT_EQ(variant->read, answer.err);
	EXPECT_EQ(variant->read ? 0 : 1, answer.nr);
	/* The words say what is missing. */
	EXPECT_EQ(!!variant->read, !!strstr(answer.words, "CAP_PERFMON"));
	answer_free(&answer);
}

TEST_F(access, dump)
{
	static const int commands[] = {
		MEMTEL_CMD_SOURCE_GET, MEMTEL_CMD_HOLD_GET,
		MEMTEL_CMD_CACHE_GET, MEMTEL_CMD_NODE_GET, MEMTEL_CMD_ZONE_GET,
		MEMTEL_CMD_TRIGGER_GET,
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct answer answer;

		ask_all(&self->client, commands[i], NULL, &answer);
		EXPECT_EQ(variant->read, answer.err);
		EXPECT_TRUE(!variant->read || !answer.nr);
		answer_free(&answer);
	}
}

TEST_F(access, change)
{
	EXPECT_EQ(variant->change,
		  try(&self->client, MEMTEL_CMD_SOURCE_HOLD, SLAB));
	EXPECT_EQ(variant->change,
		  try(&self->client, MEMTEL_CMD_SOURCE_RESET, SLAB));
	EXPECT_EQ(variant->change,
		  try(&self->client, MEMTEL_CMD_TRIGGER_ADD,
		      ATTRS(A_U32(MEMTEL_A_TRIGGER_METRIC,
				  MEMTEL_METRIC_KSWAPD_TIME),
			    A_U64(MEMTEL_A_TRIGGER_THRESHOLD, NSEC_PER_SEC),
			    A_U64(MEMTEL_A_TRIGGER_WINDOW_NS, NSEC_PER_SEC))));
}

TEST_F(access, subscribe)
{
	EXPECT_EQ(variant->change, client_subscribe(&self->client));
}

FIXTURE(borrowed) {
	struct client client;
};

FIXTURE_SETUP(borrowed)
{
	ASSERT_EQ(0, client_open(&self->client));
}

FIXTURE_TEARDOWN(borrowed)
{
	client_close(&self->client);
}

/* The socket of one who may, in the hands of one who may not. */
TEST_F(borrowed, by_nobody)
{
	ASSERT_EQ(0, keep_nothing());
	EXPECT_EQ(EPERM, try(&self->client, MEMTEL_CMD_STATUS_GET, NULL));
	EXPECT_EQ(EPERM, try(&self->client, MEMTEL_CMD_SOURCE_HOLD, SLAB));
}

/* The other way round: what a setuid program is made to write. */
TEST_F(borrowed, of_nobody)
{
	struct client client;

	/* The socket is opened, and kept, by one who may not. */
	ASSERT_EQ(0, seteuid(NOBODY));
	ASSERT_EQ(0, client_open(&client));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, try(&self->client, MEMTEL_CMD_STATUS_GET, NULL));
	EXPECT_EQ(EPERM, try(&client, MEMTEL_CMD_STATUS_GET, NULL));
	EXPECT_EQ(EPERM, try(&client, MEMTEL_CMD_SOURCE_HOLD, SLAB));
	client_close(&client);
}

TEST_F(borrowed, from_another_network)
{
	struct client client;

	if (unshare(CLONE_NEWNET))
		SKIP(return, "no network namespaces");
	EXPECT_EQ(-NLE_OBJ_NOTFOUND, client_open(&client));
	/* A socket stays where it was opened. */
	EXPECT_EQ(0, try(&self->client, MEMTEL_CMD_STATUS_GET, NULL));
}

MEMTEL_HARNESS_MAIN
