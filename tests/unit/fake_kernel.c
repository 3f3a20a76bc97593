// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel for libmemtel to talk to, without one: LD_PRELOADed, it takes the
 * place of libnl's send and receive. FAKE_MODE says how it misbehaves, and
 * FAKE_ATTACHED that the slab source is attached from the start. A socket that
 * asks nothing gets what fake_tell() was given. Triggers that come and go are
 * written to the file FAKE_LOG. A disk takes FAKE_FSYNC seconds to write.
 */
#include <errno.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <memtel/uapi.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_kernel.h"

static char queue[1 << 16];
static size_t queue_length;
static uint32_t seq;
static int cache_dumps;
static int source_gets;
static bool is_held;
static int tries;
static const struct nl_sock *asking;
static struct fake_told told[256];
static unsigned int nr_told, nr_given;
static bool is_new;
uint64_t fake_sequence;
uint64_t fake_sequence_step;
uint16_t fake_family = FAMILY;
unsigned int fake_added;
unsigned int fake_loads;
uint64_t fake_triggers;

/* FAKE_MODE is the mode, or the path of a file that has it. */
static bool mode_is(const char *mode)
{
	const char *set = getenv("FAKE_MODE");
	char read[64] = "";
	FILE *in;

	if (set && *set == '/') {
		in = fopen(set, "re");
		if (in && fscanf(in, "%63s", read) != 1)
			*read = '\0';
		if (in)
			fclose(in);
		set = read;
	}
	return set && !strcmp(set, mode);
}

static void queue_add(struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	nlh->nlmsg_seq = seq;
	memcpy(queue + queue_length, nlh, nlh->nlmsg_len);
	queue_length += NLMSG_ALIGN(nlh->nlmsg_len);
	nlmsg_free(msg);
}

/* Loaded anew, the family has another id. */
static uint16_t family(void)
{
	return fake_family + fake_loads + (mode_is("reloaded") && tries > 1);
}

static struct nl_msg *reply_new(int cmd)
{
	struct nl_msg *msg = nlmsg_alloc_size(8192);

	genlmsg_put(msg, 0, 0, family(), 0,
		    mode_is("intr-always") ||
		    (mode_is("intr") && tries < 3) ? NLM_F_DUMP_INTR : 0,
		    cmd, 1);
	return msg;
}

static void queue_ack(int err, const char *words, uint32_t offset,
		      bool is_capped, const struct nlmsghdr *request)
{
	struct nl_msg *msg = nlmsg_alloc_size(8192);
	struct nlmsgerr ack = { .error = err, .msg = *request };
	int flags = (is_capped ? NLM_F_CAPPED : 0) |
		    (words ? NLM_F_ACK_TLVS : 0);

	nlmsg_put(msg, 0, 0, NLMSG_ERROR, 0, flags);
	nlmsg_append(msg, &ack, sizeof(ack), NLMSG_ALIGNTO);
	if (!is_capped)
		nlmsg_append(msg, (char *)request + NLMSG_HDRLEN,
			     request->nlmsg_len - NLMSG_HDRLEN,
			     NLMSG_ALIGNTO);
	if (words)
		nla_put_string(msg, NLMSGERR_ATTR_MSG, words);
	if (offset)
		nla_put_u32(msg, NLMSGERR_ATTR_OFFS, offset);
	queue_add(msg);
}

static void queue_done(int err, const char *words)
{
	struct nl_msg *msg = nlmsg_alloc();

	nlmsg_put(msg, 0, 0, NLMSG_DONE, 0,
		  NLM_F_MULTI | (words ? NLM_F_ACK_TLVS : 0));
	nlmsg_append(msg, &err, sizeof(err), NLMSG_ALIGNTO);
	if (words)
		nla_put_string(msg, NLMSGERR_ATTR_MSG, words);
	queue_add(msg);
}

/* It can be loaded. In one mode it was until the second request. */
static bool is_unloaded(void)
{
	return (mode_is("installed") || (mode_is("unloaded") && tries > 1)) &&
	       !fake_loads;
}

static void family_reply(const char *name, uint16_t id)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nlattr *groups, *group;

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_NEWFAMILY, 1);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, name);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, id);
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	nla_put_string(msg, CTRL_ATTR_MCAST_GRP_NAME, MEMTEL_MCGRP_EVENTS);
	/* One that the real kernel has, too. */
	nla_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, GENL_ID_CTRL);
	nla_nest_end(msg, group);
	nla_nest_end(msg, groups);
	queue_add(msg);
}

static void status_reply(void)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_STATUS_GET);
	struct nlattr *nest;

	nla_put_string(msg, MEMTEL_A_STATUS_VERSION, "0.1.0");
	nla_put_string(msg, MEMTEL_A_STATUS_KERNEL, "6.1.0-test");
	if (fake_sequence)
		nla_put_u64(msg, MEMTEL_A_STATUS_EVENT_SEQUENCE, fake_sequence);
	fake_sequence += fake_sequence_step;
	nest = nla_nest_start(msg, MEMTEL_A_STATUS_CAPABILITY);
	nla_put_string(msg, MEMTEL_A_CAPABILITY_NAME, "slab-counts");
	nla_nest_end(msg, nest);
	nest = nla_nest_start(msg, MEMTEL_A_STATUS_CAPABILITY);
	nla_put_string(msg, MEMTEL_A_CAPABILITY_NAME, "slab-occupancy");
	nla_put_string(msg, MEMTEL_A_CAPABILITY_REASON, "no BTF");
	nla_nest_end(msg, nest);
	queue_add(msg);
}

/* Each get is half a second after the last; a snapshot makes two. */
static void source_reply(void)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_SOURCE_GET);

	nla_put_string(msg, MEMTEL_A_SOURCE_NAME, "slab");
	if (is_held || getenv("FAKE_ATTACHED")) {
		nla_put_flag(msg, MEMTEL_A_SOURCE_ATTACHED);
		nla_put_u64(msg, MEMTEL_A_SOURCE_SINCE_NS,
			    mode_is("reset-always") ? source_gets + 1 : 1000);
		nla_put_u64(msg, MEMTEL_A_SOURCE_MEMORY_BYTES, 1572864);
	}
	nla_put_u64(msg, MEMTEL_A_SOURCE_NOW_NS,
		    (10 + ++source_gets) * UINT64_C(500000000));
	nla_put_u32(msg, MEMTEL_A_SOURCE_HOLDS, is_held);
	queue_add(msg);
}

static void hold_reply(void)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_HOLD_GET);

	nla_put_u32(msg, MEMTEL_A_HOLD_ID, 7);
	nla_put_string(msg, MEMTEL_A_HOLD_SOURCE, "slab");
	nla_put_u32(msg, MEMTEL_A_HOLD_KIND, MEMTEL_HOLD_KIND_ADMIN);
	nla_put_u32(msg, MEMTEL_A_HOLD_PID, 4321);
	nla_put_string(msg, MEMTEL_A_HOLD_COMM, "ev\033[2Jil\xff\"");
	queue_add(msg);
}

struct fake_cache {
	const char *name;
	uint32_t id;
	uint32_t kind;
	uint32_t size;
	uint64_t in_use;
	uint64_t in_use_error;
	uint64_t slab_bytes;
	uint64_t allocs_each;	/* more allocs with every dump */
	bool is_gone;
};

/* Further ones of a name that is there, in one mode. */
static const struct fake_cache twins[] = {
	{ "dentry", 5, 1, 192, 1, 0, 12288, 7, false },
	{ "dentry", 6, 1, 192, 1, 0, 40960, 9, false },
};

static const struct fake_cache caches[] = {
	{ "kmalloc-64", 1, 1, 64, 48, 5, 4096, 100, false },
	{ "dentry", 2, 1, 192, 21, 0, 4096, 0, false },
	{ "went-away", 3, 1, 32, 0, 0, 0, 1, true },
	{ "large-kmalloc", 4, 2, 0, 0, 0, 0, 3, false },
};

static void put_cache_node(struct nl_msg *msg, const struct fake_cache *cache,
			   uint32_t id, bool is_attached)
{
	struct nlattr *node = nla_nest_start(msg, MEMTEL_A_CACHE_NODE);
	uint64_t allocs = cache->allocs_each * cache_dumps * (id + 1);

	nla_put_u32(msg, MEMTEL_A_CACHE_NODE_NODE_ID, id);
	if (is_attached) {
		struct nlattr *cpu;

		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_ALLOCS, allocs);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_FREES, allocs / 2);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_BYTES_REQUESTED,
			    allocs * 50);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_BYTES_ALLOCATED,
			    allocs * 64);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_REMOTE_ALLOCS,
			    allocs / 4);
		cpu = nla_nest_start(msg, MEMTEL_A_CACHE_NODE_CPU_NODE);
		nla_put_u32(msg, MEMTEL_A_CPU_NODE_NODE_ID, 0);
		nla_put_u64(msg, MEMTEL_A_CPU_NODE_ALLOCS, allocs);
		nla_put_u64(msg, MEMTEL_A_CPU_NODE_FREES, allocs / 2);
		nla_nest_end(msg, cpu);
	}
	if (cache->slab_bytes) {
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_SLABS, 1);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_OBJECTS_TOTAL,
			    cache->slab_bytes / cache->size);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE,
			    cache->in_use);
		nla_put_u64(msg, MEMTEL_A_CACHE_NODE_SLAB_BYTES,
			    cache->slab_bytes);
		if (cache->in_use_error)
			nla_put_u64(msg,
				    MEMTEL_A_CACHE_NODE_OBJECTS_IN_USE_ERROR,
				    cache->in_use_error);
	}
	nla_nest_end(msg, node);
}

static void cache_reply(const struct fake_cache *cache, bool is_malformed)
{
	bool is_attached = is_held || getenv("FAKE_ATTACHED");
	struct nl_msg *msg = reply_new(MEMTEL_CMD_CACHE_GET);

	if (is_malformed)
		nla_put_u16(msg, MEMTEL_A_CACHE_ORDER, 1);
	nla_put_string(msg, MEMTEL_A_CACHE_NAME, cache->name);
	nla_put_u32(msg, MEMTEL_A_CACHE_KIND, cache->kind);
	if (is_attached)
		nla_put_u32(msg, MEMTEL_A_CACHE_ID, cache->id);
	if (cache->size)
		nla_put_u32(msg, MEMTEL_A_CACHE_SIZE_BYTES, cache->size);
	if (cache->is_gone)
		nla_put_flag(msg, MEMTEL_A_CACHE_GONE);
	nla_put_u32(msg, 999, 1);
	for (uint32_t id = 0; id < 2; id++)
		put_cache_node(msg, cache, id, is_attached);
	queue_add(msg);
}

static void caches_reply(const struct nlmsghdr *request)
{
	struct nlattr *filter[MEMTEL_A_CACHE_MAX + 1];

	genlmsg_parse((struct nlmsghdr *)request, 0, filter,
		      MEMTEL_A_CACHE_MAX, NULL);
	cache_dumps++;
	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
		if (!filter[MEMTEL_A_CACHE_NAME] ||
		    !nla_strcmp(filter[MEMTEL_A_CACHE_NAME], caches[i].name))
			cache_reply(&caches[i], mode_is("malformed") && i == 1);
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]) &&
			   mode_is("twins"); i++)
		cache_reply(&twins[i], false);
}

static void node_reply(uint32_t id)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_NODE_GET);

	nla_put_u32(msg, MEMTEL_A_NODE_ID, id);
	nla_put_u64(msg, MEMTEL_A_NODE_MANAGED_BYTES, (id + 1) << 30);
	nla_put_u64(msg, MEMTEL_A_NODE_SLAB_RECLAIMABLE_BYTES, 1 << 28);
	nla_put_u64(msg, MEMTEL_A_NODE_SLAB_UNRECLAIMABLE_BYTES, 1 << 27);
	nla_put_u64(msg, MEMTEL_A_NODE_NUMA_HIT, UINT64_MAX / 2 - id);
	queue_add(msg);
}

static void zone_reply(void)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_ZONE_GET);

	nla_put_u32(msg, MEMTEL_A_ZONE_NODE_ID, 0);
	nla_put_string(msg, MEMTEL_A_ZONE_NAME, "Normal");
	nla_put_u64(msg, MEMTEL_A_ZONE_FREE_BYTES, 4096000);
	for (uint32_t order = 0; order < 11; order++) {
		struct nlattr *nest = nla_nest_start(msg,
						     MEMTEL_A_ZONE_FREE_BLOCKS);

		nla_put_u32(msg, MEMTEL_A_FREE_BLOCKS_ORDER, order);
		nla_put_u64(msg, MEMTEL_A_FREE_BLOCKS_BLOCKS,
			    order ? 0 : 1000);
		nla_nest_end(msg, nest);
	}
	queue_add(msg);
}

/* A site's symbol has its number in it. */
static void site_reply(const struct nlmsghdr *request)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_SITE_GET);
	struct nlattr *id = nlmsg_find_attr((struct nlmsghdr *)request,
					    GENL_HDRLEN, MEMTEL_A_SITE_ID);
	char symbol[32];

	snprintf(symbol, sizeof(symbol), "site_%llu",
		 (unsigned long long)nla_get_u64(id));
	nla_put_u64(msg, MEMTEL_A_SITE_ID, nla_get_u64(id));
	nla_put_string(msg, MEMTEL_A_SITE_SYMBOL, symbol);
	queue_add(msg);
}

/* Of all families, or of the one that is named, for which a module is loaded. */
static bool families_reply(bool is_dump)
{
	if (is_dump)
		family_reply("nlctrl", GENL_ID_CTRL);
	else if (is_unloaded())
		fake_loads++;
	if (mode_is("absent") || is_unloaded() || !fake_family)
		return false;
	family_reply(MEMTEL_FAMILY_NAME, family());
	return true;
}

static void log_trigger(const char *what, uint32_t id, uint64_t threshold)
{
	const char *path = getenv("FAKE_LOG");
	FILE *out = path ? fopen(path, "ae") : NULL;

	if (!out)
		return;
	fprintf(out, "%s %u %llu\n", what, id, (unsigned long long)threshold);
	fclose(out);
}

static void trigger_add(const struct nlmsghdr *request)
{
	struct nl_msg *msg = reply_new(MEMTEL_CMD_TRIGGER_ADD);
	struct nlattr *threshold = nlmsg_find_attr((struct nlmsghdr *)request,
						   GENL_HDRLEN,
						   MEMTEL_A_TRIGGER_THRESHOLD);
	uint32_t id = ++fake_added;

	fake_triggers |= UINT64_C(1) << id;
	log_trigger("add", id, nla_get_u64(threshold));
	nla_put_u32(msg, MEMTEL_A_TRIGGER_ID, id);
	queue_add(msg);
}

/* An errno. */
static int trigger_delete(const struct nlmsghdr *request)
{
	uint32_t id = nla_get_u32(nlmsg_find_attr((struct nlmsghdr *)request,
						  GENL_HDRLEN,
						  MEMTEL_A_TRIGGER_ID));

	if (!(fake_triggers & UINT64_C(1) << id))
		return -ENOENT;
	fake_triggers &= ~(UINT64_C(1) << id);
	log_trigger("delete", id, 0);
	return 0;
}

static void answer(const struct nlmsghdr *request)
{
	const struct genlmsghdr *genl = nlmsg_data(request);
	bool is_dump = request->nlmsg_flags & NLM_F_DUMP;
	bool is_change = genl->cmd >= MEMTEL_CMD_SOURCE_HOLD &&
			 genl->cmd <= MEMTEL_CMD_SOURCE_RESET;
	int err = 0;

	if (request->nlmsg_type == GENL_ID_CTRL) {
		if (!families_reply(is_dump) && !is_dump) {
			queue_ack(-ENOENT, NULL, 0, true, request);
			return;
		}
		is_new = true;
	} else if (is_unloaded() || request->nlmsg_type != family()) {
		queue_ack(-ENOENT, NULL, 0, true, request);
		return;
	} else if (mode_is("eperm") || (mode_is("eperm-change") && is_change)) {
		queue_ack(-EPERM, NULL, 0, true, request);
		return;
	} else if ((mode_is("extack") || mode_is("extack-uncapped")) && is_change) {
		queue_ack(-EINVAL, "no such source",
			  NLMSG_HDRLEN + GENL_HDRLEN, mode_is("extack"),
			  request);
		return;
	} else if (mode_is("no-triggers") &&
		   genl->cmd == MEMTEL_CMD_TRIGGER_ADD) {
		queue_ack(-EOPNOTSUPP, "this kernel lacks it", 0, true,
			  request);
		return;
	} else if (mode_is("no-errno") || mode_is("positive-errno")) {
		queue_ack(mode_is("no-errno") ? INT_MIN : ENOENT, NULL, 0,
			  true, request);
		return;
	} else if (mode_is("silent")) {
		return;
	} else {
		if (mode_is("stale")) {
			/* The end of an answer nobody waited for. */
			seq--;
			queue_done(-EIO, NULL);
			seq++;
		}
		switch (genl->cmd) {
		case MEMTEL_CMD_STATUS_GET:
			status_reply();
			break;
		case MEMTEL_CMD_SOURCE_GET:
			source_reply();
			break;
		case MEMTEL_CMD_SOURCE_HOLD:
			is_held = true;
			break;
		case MEMTEL_CMD_SOURCE_RELEASE:
			is_held = false;
			break;
		case MEMTEL_CMD_HOLD_GET:
			hold_reply();
			break;
		case MEMTEL_CMD_CACHE_GET:
			caches_reply(request);
			break;
		case MEMTEL_CMD_NODE_GET:
			if (mode_is("no-nodes"))
				break;
			node_reply(0);
			if (is_dump)
				node_reply(1);
			break;
		case MEMTEL_CMD_ZONE_GET:
			zone_reply();
			break;
		case MEMTEL_CMD_SITE_GET:
			site_reply(request);
			break;
		case MEMTEL_CMD_TRIGGER_ADD:
			trigger_add(request);
			break;
		case MEMTEL_CMD_TRIGGER_DELETE:
			err = trigger_delete(request);
			break;
		}
	}
	if (!is_dump)
		queue_ack(err, NULL, 0, true, request);
	else if (mode_is("no-nodes") && genl->cmd == MEMTEL_CMD_NODE_GET)
		queue_done(-ENOMEM, "no memory for nodes");
	else if (mode_is("done-error"))
		queue_done(-ENODATA, "the table is not there");
	else
		queue_done(0, NULL);
}

int nl_send_auto(struct nl_sock *sk, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	asking = sk;
	nlh->nlmsg_seq = ++seq;
	tries++;
	queue_length = 0;
	answer(nlh);
	return nlh->nlmsg_len;
}

/* Tell the listener a message, which is freed; or an error of libnl. */
void fake_tell(struct nl_msg *msg, int err)
{
	told[nr_told++ % 256] = (struct fake_told){ msg, err };
}

/* Tell events of a family, with these numbers, in one message. */
void fake_tell_events(uint16_t family, uint64_t first, uint64_t last)
{
	struct nl_msg *msg = nlmsg_alloc_size(8192);

	genlmsg_put(msg, 0, 0, family, 0, 0, MEMTEL_CMD_EVENT, 1);
	for (; first <= last; first++) {
		struct nlattr *nest = nla_nest_start(msg,
				MEMTEL_A_EVENT_MESSAGE_EVENT);

		nla_put_u64(msg, MEMTEL_A_EVENT_SEQUENCE, first);
		nla_put_u32(msg, MEMTEL_A_EVENT_KIND, MEMTEL_EVENT_KIND_RAISED);
		nla_put_u32(msg, MEMTEL_A_EVENT_METRIC,
			    MEMTEL_METRIC_STALL_TIME);
		nla_nest_end(msg, nest);
	}
	fake_tell(msg, 0);
}

/* The disk of FAKE_FSYNC. */
int fsync(int fd)
{
	const char *seconds = getenv("FAKE_FSYNC");

	if (seconds)
		sleep((unsigned int)atoi(seconds));
	return (int)syscall(SYS_fsync, fd);
}

/* The next of memtel's, so many. */
static void tell_next(unsigned int nr)
{
	static uint64_t sequence;

	fake_tell_events(FAMILY, sequence + 1, sequence + nr);
	sequence += nr;
}

/* In this mode there are always more events, three at a time. */
int ppoll(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
	  const sigset_t *mask)
{
	struct timespec left = timeout ? *timeout : (struct timespec){ 0 };

	if (!nr || !mode_is("flood"))
		return (int)syscall(SYS_ppoll, fds, nr,
				    timeout ? &left : NULL, mask, _NSIG / 8);
	if (nr_given == nr_told)
		tell_next(3);
	fds->revents = POLLIN;
	return 1;
}

/* Events that no memory was there for, and then it was. */
static void no_memory_tell(void)
{
	fake_sequence = 7;
	fake_tell(NULL, NLE_NOMEM);
	fake_tell(NULL, NLE_NOMEM);
	fake_tell(NULL, NLE_AGAIN);
}

/* The last error is told for ever. */
static int give_told(unsigned char **buf)
{
	const struct fake_told *next = &told[nr_given % 256];
	const struct nlmsghdr *nlh;

	/* In these modes once, for a listener that has read before. */
	if (!is_new && mode_is("event") && !nr_told)
		tell_next(1);
	if (!is_new && mode_is("no-memory") && !nr_told)
		no_memory_tell();
	is_new = false;
	if (nr_given == nr_told)
		return -NLE_AGAIN;
	if (!next->msg) {
		nr_given += nr_given + 1 < nr_told || next->err == NLE_AGAIN;
		return -next->err;
	}
	nr_given++;
	nlh = nlmsg_hdr(next->msg);
	*buf = malloc(nlh->nlmsg_len);
	memcpy(*buf, nlh, nlh->nlmsg_len);
	nlmsg_free(next->msg);
	return (int)((struct nlmsghdr *)*buf)->nlmsg_len;
}

/* All of an answer at once, but its last message in a buffer of its own. */
int nl_recv(struct nl_sock *sk, struct sockaddr_nl *from, unsigned char **buf,
	    struct ucred **creds)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)queue;
	size_t length = queue_length, given = 0;

	(void)creds;
	if (sk != asking) {
		memset(from, 0, sizeof(*from));
		return give_told(buf);
	}
	if (!length)
		return -NLE_AGAIN;
	while (given + NLMSG_ALIGN(nlh->nlmsg_len) < length) {
		given += NLMSG_ALIGN(nlh->nlmsg_len);
		nlh = (struct nlmsghdr *)(queue + given);
	}
	if (!given)
		given = length;
	*buf = malloc(given);
	memcpy(*buf, queue, given);
	memmove(queue, queue + given, length - given);
	queue_length = length - given;
	memset(from, 0, sizeof(*from));
	return given;
}
