// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The module's commands: filters to attributes, messages to rows.
 */
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "internal.h"

/* Something to put into a request; NULL values are left out. */
struct filter_attr {
	unsigned int type;
	const char *string;
	const uint32_t *u32;
	const uint64_t *u64;
	bool flag;
};

static struct nl_msg *request_new(struct memtel *m, uint8_t cmd, int flags,
				  const struct filter_attr *attrs, size_t nr)
{
	struct nl_msg *request = nlmsg_alloc();
	int err = 0;

	if (!request)
		return NULL;
	if (!genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, m->family, 0,
			 flags, cmd, MEMTEL_FAMILY_VERSION))
		goto free_request;
	for (size_t i = 0; i < nr && !err; i++) {
		if (attrs[i].string)
			err = nla_put_string(request, attrs[i].type,
					     attrs[i].string);
		else if (attrs[i].u32)
			err = nla_put_u32(request, attrs[i].type,
					  *attrs[i].u32);
		else if (attrs[i].u64)
			err = nla_put_u64(request, attrs[i].type,
					  *attrs[i].u64);
		else if (attrs[i].flag)
			err = nla_put_flag(request, attrs[i].type);
	}
	if (!err)
		return request;
free_request:
	nlmsg_free(request);
	return NULL;
}

/*
 * ENOENT without a word is what the kernel says of a row that is not there, and
 * of a family that is not: has the module gone, or come back under another id?
 */
static int module_recheck(struct memtel *m)
{
	char said[sizeof(m->error)];
	uint16_t family;
	int err;

	memcpy(said, m->error, sizeof(said));
	err = memtel_family_resolve(m, &family);
	if (err)
		return err;
	if (family == m->family)
		return memtel_fail(m, -ENOENT, "%s", said);
	m->family = family;
	return memtel_fail(m, -ESTALE,
			   "the memtel module was loaded anew: what was held is released");
}

/* Decode what came and hand it on. */
static int rows_give(struct memtel *m, const struct memtel_command *command,
		     const struct memtel_reply *reply, memtel_row_fn fn,
		     void *arg)
{
	for (size_t i = 0; i < reply->nr; i++) {
		const struct genlmsghdr *genl = nlmsg_data(reply->messages[i]);
		struct memtel_malformed bad;
		struct memtel_row row;
		int err;

		err = memtel_decode(command->set, genlmsg_attrdata(genl, 0),
				    genlmsg_attrlen(genl, 0), &row, &bad);
		if (err == -EBADMSG)
			return memtel_fail(m, err, bad.attr ?
					   "%s: attribute %s has %zu bytes instead of %zu" :
					   "%s: malformed attributes in the kernel's reply",
					   bad.set, bad.attr, bad.length,
					   bad.expected);
		if (err)
			return memtel_fail(m, err, "no memory for a row");
		err = fn(&row, arg);
		memtel_row_free(&row);
		if (err)
			return err;
	}
	return 0;
}

static int request_do(struct memtel *m, uint8_t cmd, int flags,
		      const struct filter_attr *attrs, size_t nr,
		      memtel_row_fn fn, void *arg)
{
	struct memtel_reply reply;
	struct nl_msg *request;
	int err;

	if (m->open_error)
		return m->open_error;
	memtel_succeed(m);
	request = request_new(m, cmd, flags, attrs, nr);
	if (!request)
		return memtel_fail(m, -EMSGSIZE,
				   "no room for the request's attributes");
	err = memtel_exchange(m, request, &reply);
	nlmsg_free(request);
	if (err == -ENOENT)
		return module_recheck(m);
	if (err)
		return err;
	if (fn)
		err = rows_give(m, memtel_command_find(cmd), &reply, fn, arg);
	memtel_reply_free(&reply);
	return err;
}

/*
 * Read a filter of any version: what a program did not know yet is not set,
 * what the library does not know must not be set (as copy_struct_from_user()).
 */
static int filter_read(struct memtel *m, void *known, size_t size,
		       const void *given)
{
	size_t given_size;

	memset(known, 0, size);
	if (!given)
		return 0;
	memcpy(&given_size, given, sizeof(given_size));
	if (given_size < sizeof(given_size))
		return memtel_fail(m, -EINVAL, "a filter's size is not set");
	for (size_t i = size; i < given_size; i++)
		if (((const char *)given)[i])
			return memtel_fail(m, -E2BIG,
					   "a filter sets what this libmemtel does not know");
	memcpy(known, given, given_size < size ? given_size : size);
	return 0;
}

/*
 * The user's callbacks, given rows of their own types by one kind of function.
 */
#define DEFINE_GIVER(noun) \
struct noun##_giver { \
	int (*row)(const struct memtel_##noun *, void *); \
	void *arg; \
}; \
static int noun##_give(struct memtel_row *row, void *arg) \
{ \
	const struct noun##_giver *giver = arg; \
\
	return giver->row(row->data, giver->arg); \
}

DEFINE_GIVER(status)
DEFINE_GIVER(source)
DEFINE_GIVER(hold)
DEFINE_GIVER(cache)
DEFINE_GIVER(node)
DEFINE_GIVER(zone)
DEFINE_GIVER(reclaim)
DEFINE_GIVER(shrinker)
DEFINE_GIVER(lock)
DEFINE_GIVER(fallback)
DEFINE_GIVER(site)
DEFINE_GIVER(stall)
DEFINE_GIVER(trigger)

int memtel_status(struct memtel *m,
		  int (*row)(const struct memtel_status *status, void *arg),
		  void *arg)
{
	struct status_giver giver = { row, arg };

	return request_do(m, MEMTEL_CMD_STATUS_GET, 0, NULL, 0, status_give,
			  &giver);
}

static int sequence_note(struct memtel_row *row, void *arg)
{
	const struct memtel_status *status = row->data;

	*(uint64_t *)arg = status->event_sequence;
	return 0;
}

/**
 * memtel_request_subscribe() - have events sent to a socket of the caller's
 * @m: handle, whose family is asked
 * @exchange: asks by that socket
 * @arg: for @exchange
 * @sequence: set to the number of the last event that the socket does not get
 */
int memtel_request_subscribe(struct memtel *m, memtel_exchange_fn exchange,
			     void *arg, uint64_t *sequence)
{
	struct nl_msg *request = request_new(m, MEMTEL_CMD_SUBSCRIBE, 0, NULL, 0);
	struct memtel_reply reply;
	int err;

	if (!request)
		return memtel_fail(m, -ENOMEM, "no memory for a request");
	err = exchange(request, &reply, arg);
	nlmsg_free(request);
	if (err == -ENOENT)
		return module_recheck(m);
	if (err)
		return err;
	err = rows_give(m, memtel_command_find(MEMTEL_CMD_SUBSCRIBE), &reply,
			sequence_note, sequence);
	memtel_reply_free(&reply);
	return err;
}

int memtel_sources(struct memtel *m,
		   int (*row)(const struct memtel_source *source, void *arg),
		   void *arg)
{
	struct source_giver giver = { row, arg };

	return request_do(m, MEMTEL_CMD_SOURCE_GET, NLM_F_DUMP, NULL, 0,
			  source_give, &giver);
}

/**
 * memtel_request_source() - one source's row
 */
int memtel_request_source(struct memtel *m, const char *name,
			  memtel_row_fn fn, void *arg)
{
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_SOURCE_NAME, .string = name },
	};

	return request_do(m, MEMTEL_CMD_SOURCE_GET, 0, attrs,
			  ARRAY_SIZE(attrs), fn, arg);
}

int memtel_source(struct memtel *m, const char *name,
		  int (*row)(const struct memtel_source *source, void *arg),
		  void *arg)
{
	struct source_giver giver = { row, arg };

	return memtel_request_source(m, name, source_give, &giver);
}

int memtel_holds(struct memtel *m, const struct memtel_hold_filter *given,
		 int (*row)(const struct memtel_hold *hold, void *arg),
		 void *arg)
{
	struct hold_giver giver = { row, arg };
	struct memtel_hold_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_HOLD_SOURCE, .string = filter.source },
		{ .type = MEMTEL_A_HOLD_ID, .u32 = filter.id },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_HOLD_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), hold_give, &giver);
}

/**
 * memtel_request_caches() - rows of caches, which @fn may keep
 */
int memtel_request_caches(struct memtel *m,
			  const struct memtel_cache_filter *given,
			  memtel_row_fn fn, void *arg)
{
	struct memtel_cache_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_CACHE_NAME, .string = filter.name },
		{ .type = MEMTEL_A_CACHE_GLOB, .string = filter.glob },
		{ .type = MEMTEL_A_CACHE_ID, .u32 = filter.id },
		{ .type = MEMTEL_A_CACHE_NODE_ID, .u32 = filter.node_id },
		{ .type = MEMTEL_A_CACHE_ONLY_ACTIVE,
		  .flag = filter.only_active },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_CACHE_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), fn, arg);
}

int memtel_caches(struct memtel *m, const struct memtel_cache_filter *filter,
		  int (*row)(const struct memtel_cache *cache, void *arg),
		  void *arg)
{
	struct cache_giver giver = { row, arg };

	return memtel_request_caches(m, filter, cache_give, &giver);
}

int memtel_cache(struct memtel *m, const char *name,
		 int (*row)(const struct memtel_cache *cache, void *arg),
		 void *arg)
{
	struct cache_giver giver = { row, arg };
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_CACHE_NAME, .string = name },
	};

	return request_do(m, MEMTEL_CMD_CACHE_GET, 0, attrs, ARRAY_SIZE(attrs),
			  cache_give, &giver);
}

int memtel_nodes(struct memtel *m,
		 int (*row)(const struct memtel_node *node, void *arg),
		 void *arg)
{
	struct node_giver giver = { row, arg };

	return request_do(m, MEMTEL_CMD_NODE_GET, NLM_F_DUMP, NULL, 0,
			  node_give, &giver);
}

int memtel_node(struct memtel *m, uint32_t id,
		int (*row)(const struct memtel_node *node, void *arg),
		void *arg)
{
	struct node_giver giver = { row, arg };
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_NODE_ID, .u32 = &id },
	};

	return request_do(m, MEMTEL_CMD_NODE_GET, 0, attrs, ARRAY_SIZE(attrs),
			  node_give, &giver);
}

int memtel_zones(struct memtel *m, const struct memtel_zone_filter *given,
		 int (*row)(const struct memtel_zone *zone, void *arg),
		 void *arg)
{
	struct zone_giver giver = { row, arg };
	struct memtel_zone_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_ZONE_NODE_ID, .u32 = filter.node_id },
		{ .type = MEMTEL_A_ZONE_NAME, .string = filter.name },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_ZONE_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), zone_give, &giver);
}

int memtel_zone(struct memtel *m, uint32_t node_id, const char *name,
		int (*row)(const struct memtel_zone *zone, void *arg),
		void *arg)
{
	struct zone_giver giver = { row, arg };
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_ZONE_NODE_ID, .u32 = &node_id },
		{ .type = MEMTEL_A_ZONE_NAME, .string = name },
	};

	return request_do(m, MEMTEL_CMD_ZONE_GET, 0, attrs, ARRAY_SIZE(attrs),
			  zone_give, &giver);
}

int memtel_reclaims(struct memtel *m, const struct memtel_reclaim_filter *given,
		    int (*row)(const struct memtel_reclaim *reclaim, void *arg),
		    void *arg)
{
	struct reclaim_giver giver = { row, arg };
	struct memtel_reclaim_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_RECLAIM_KIND, .u32 = filter.kind },
		{ .type = MEMTEL_A_RECLAIM_NODE_ID, .u32 = filter.node_id },
		{ .type = MEMTEL_A_RECLAIM_ZONE, .string = filter.zone },
		{ .type = MEMTEL_A_RECLAIM_CGROUP_ID,
		  .u64 = filter.cgroup_id },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_RECLAIM_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), reclaim_give, &giver);
}

int memtel_shrinkers(struct memtel *m,
		     const struct memtel_shrinker_filter *given,
		     int (*row)(const struct memtel_shrinker *shrinker,
				void *arg),
		     void *arg)
{
	struct shrinker_giver giver = { row, arg };
	struct memtel_shrinker_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_SHRINKER_NAME, .string = filter.name },
		{ .type = MEMTEL_A_SHRINKER_ID, .u32 = filter.id },
		{ .type = MEMTEL_A_SHRINKER_NODE_ID, .u32 = filter.node_id },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_SHRINKER_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), shrinker_give, &giver);
}

int memtel_locks(struct memtel *m, const struct memtel_lock_filter *given,
		 int (*row)(const struct memtel_lock *lock, void *arg),
		 void *arg)
{
	struct lock_giver giver = { row, arg };
	struct memtel_lock_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_LOCK_NODE_ID, .u32 = filter.node_id },
		{ .type = MEMTEL_A_LOCK_ZONE, .string = filter.zone },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_LOCK_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), lock_give, &giver);
}

int memtel_fallbacks(struct memtel *m,
		     const struct memtel_fallback_filter *given,
		     int (*row)(const struct memtel_fallback *fallback,
				void *arg),
		     void *arg)
{
	struct fallback_giver giver = { row, arg };
	struct memtel_fallback_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_FALLBACK_WANTED_NODE_ID,
		  .u32 = filter.wanted_node_id },
		{ .type = MEMTEL_A_FALLBACK_WANTED_ZONE,
		  .string = filter.wanted_zone },
		{ .type = MEMTEL_A_FALLBACK_NODE_ID, .u32 = filter.node_id },
		{ .type = MEMTEL_A_FALLBACK_ZONE, .string = filter.zone },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_FALLBACK_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), fallback_give, &giver);
}

int memtel_sites(struct memtel *m, const struct memtel_site_filter *given,
		 int (*row)(const struct memtel_site *site, void *arg),
		 void *arg)
{
	struct site_giver giver = { row, arg };
	struct memtel_site_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_SITE_ID, .u64 = filter.id },
		{ .type = MEMTEL_A_SITE_CACHE, .string = filter.cache },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_SITE_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), site_give, &giver);
}

int memtel_stalls(struct memtel *m, const struct memtel_stall_filter *given,
		  int (*row)(const struct memtel_stall *stall, void *arg),
		  void *arg)
{
	struct stall_giver giver = { row, arg };
	struct memtel_stall_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_STALL_KIND, .u32 = filter.kind },
		{ .type = MEMTEL_A_STALL_PID, .u32 = filter.pid },
		{ .type = MEMTEL_A_STALL_CGROUP_ID, .u64 = filter.cgroup_id },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_STALL_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), stall_give, &giver);
}

int memtel_triggers(struct memtel *m,
		    const struct memtel_trigger_filter *given,
		    int (*row)(const struct memtel_trigger *trigger, void *arg),
		    void *arg)
{
	struct trigger_giver giver = { row, arg };
	struct memtel_trigger_filter filter;
	int err = filter_read(m, &filter, sizeof(filter), given);
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_TRIGGER_ID, .u32 = filter.id },
		{ .type = MEMTEL_A_TRIGGER_PORTID, .u32 = filter.portid },
	};

	if (err)
		return err;
	return request_do(m, MEMTEL_CMD_TRIGGER_GET, NLM_F_DUMP, attrs,
			  ARRAY_SIZE(attrs), trigger_give, &giver);
}

static int id_note(struct memtel_row *row, void *arg)
{
	*(uint32_t *)arg = ((const struct memtel_trigger *)row->data)->id;
	return 0;
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

/**
 * memtel_request_trigger_add() - add a trigger to the handle's socket
 * @spec: what is wanted, of this library's size
 * @id: set to its number
 */
int memtel_request_trigger_add(struct memtel *m,
			       const struct memtel_trigger_spec *spec,
			       uint32_t *id)
{
	uint64_t cgroup_id = 0;
	int err = *spec->cgroup ? memtel_cgroup_id(spec->cgroup, &cgroup_id) : 0;
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_TRIGGER_METRIC, .u32 = &spec->metric },
		{ .type = MEMTEL_A_TRIGGER_THRESHOLD, .u64 = &spec->threshold },
		{ .type = MEMTEL_A_TRIGGER_CLEAR,
		  .u64 = spec->has_clear ? &spec->clear : NULL },
		{ .type = MEMTEL_A_TRIGGER_WINDOW_NS, .u64 = &spec->window_ns },
		{ .type = MEMTEL_A_TRIGGER_HOLD_NS, .u64 = &spec->hold_ns },
		{ .type = MEMTEL_A_TRIGGER_NODE_ID,
		  .u32 = spec->has_node ? &spec->node_id : NULL },
		{ .type = MEMTEL_A_TRIGGER_ZONE,
		  .string = text_or_null(spec->zone) },
		{ .type = MEMTEL_A_TRIGGER_CACHE,
		  .string = text_or_null(spec->cache) },
		{ .type = MEMTEL_A_TRIGGER_SHRINKER,
		  .string = text_or_null(spec->shrinker) },
		{ .type = MEMTEL_A_TRIGGER_CGROUP_ID,
		  .u64 = cgroup_id ? &cgroup_id : NULL },
		{ .type = MEMTEL_A_TRIGGER_NO_EVIDENCE,
		  .flag = spec->no_evidence },
	};

	if (err)
		return memtel_fail(m, err, "cgroup %s: %s", spec->cgroup,
				   strerror(-err));
	return request_do(m, MEMTEL_CMD_TRIGGER_ADD, 0, attrs,
			  ARRAY_SIZE(attrs), id_note, id);
}

/**
 * memtel_request_trigger_delete() - delete one of the handle's socket
 */
int memtel_request_trigger_delete(struct memtel *m, uint32_t id)
{
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_TRIGGER_ID, .u32 = &id },
	};

	return request_do(m, MEMTEL_CMD_TRIGGER_DELETE, 0, attrs,
			  ARRAY_SIZE(attrs), NULL, NULL);
}

/**
 * memtel_request_site() - one call site's row
 */
int memtel_request_site(struct memtel *m, uint64_t id, memtel_row_fn fn,
			void *arg)
{
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_SITE_ID, .u64 = &id },
	};

	return request_do(m, MEMTEL_CMD_SITE_GET, 0, attrs, ARRAY_SIZE(attrs),
			  fn, arg);
}

static int source_change(struct memtel *m, uint8_t cmd, const char *name)
{
	const struct filter_attr attrs[] = {
		{ .type = MEMTEL_A_SOURCE_NAME, .string = name },
	};

	return request_do(m, cmd, 0, attrs, ARRAY_SIZE(attrs), NULL, NULL);
}

int memtel_source_hold(struct memtel *m, const char *name)
{
	return source_change(m, MEMTEL_CMD_SOURCE_HOLD, name);
}

int memtel_source_release(struct memtel *m, const char *name)
{
	return source_change(m, MEMTEL_CMD_SOURCE_RELEASE, name);
}

int memtel_source_enable(struct memtel *m, const char *name)
{
	return source_change(m, MEMTEL_CMD_SOURCE_ENABLE, name);
}

int memtel_source_disable(struct memtel *m, const char *name)
{
	return source_change(m, MEMTEL_CMD_SOURCE_DISABLE, name);
}

int memtel_source_reset(struct memtel *m, const char *name)
{
	return source_change(m, MEMTEL_CMD_SOURCE_RESET, name);
}
