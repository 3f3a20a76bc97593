/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libmemtel's files share, and nobody else sees. */
#ifndef MEMTEL_INTERNAL_H
#define MEMTEL_INTERNAL_H

#include <errno.h>
#include <linux/netlink.h>
#include <memtel/memtel.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct nl_msg;
struct nl_sock;

/**
 * struct memtel - a handle
 * @sock: generic netlink socket, blocking; NULL if it could not be opened
 * @family: the family's id, 0 if it could not be resolved
 * @open_error: why the handle is of no use, or 0
 * @error: why the last call failed
 */
struct memtel {
	struct nl_sock *sock;
	uint16_t family;
	int open_error;
	char error[512];
};

/* schema.c: the attribute sets of memtel.yaml, as the decoder needs them */

enum memtel_attr_kind {
	MEMTEL_ATTR_IGNORED,	/* padding, or of requests only */
	MEMTEL_ATTR_FLAG,
	MEMTEL_ATTR_U32,
	MEMTEL_ATTR_U64,
	MEMTEL_ATTR_STRING,
	MEMTEL_ATTR_NEST,	/* any number of times */
	MEMTEL_ATTR_STRUCT,	/* a nest that comes once */
};

/**
 * struct memtel_attr - one attribute
 * @name: as in memtel.yaml; NULL where the set has no such number
 * @kind: its type
 * @offset: of the member in the row; for a nest, of the list; for a struct,
 *          of the pointer to it
 * @nr_offset: of the list's length in the row
 * @nest: the set within
 */
struct memtel_attr {
	const char *name;
	enum memtel_attr_kind kind;
	size_t offset;
	size_t nr_offset;
	const struct memtel_set *nest;
};

/**
 * struct memtel_set - one attribute set, and the row it becomes
 * @size: of the row, whose first member is present
 * @attrs: by number
 * @nr_attrs: how many numbers @attrs has, 0 included
 */
struct memtel_set {
	const char *name;
	size_t size;
	const struct memtel_attr *attrs;
	unsigned int nr_attrs;
};

/** struct memtel_command - one command */
struct memtel_command {
	const char *name;
	const struct memtel_set *set;
	bool changes;		/* needs CAP_NET_ADMIN */
};

extern const struct memtel_set memtel_status_set;
extern const struct memtel_set memtel_source_set;
extern const struct memtel_set memtel_hold_set;
extern const struct memtel_set memtel_cache_set;
extern const struct memtel_set memtel_node_set;
extern const struct memtel_set memtel_zone_set;
extern const struct memtel_set memtel_reclaim_set;
extern const struct memtel_set memtel_shrinker_set;
extern const struct memtel_set memtel_lock_set;
extern const struct memtel_set memtel_fallback_set;
extern const struct memtel_set memtel_site_set;
extern const struct memtel_set memtel_stall_set;
extern const struct memtel_set memtel_trigger_set;
extern const struct memtel_set memtel_event_message_set;

const struct memtel_command *memtel_command_find(uint8_t cmd);

/* decode.c */

/**
 * struct memtel_row - a decoded row and all it points to
 * @data: struct memtel_cache, or whatever the set makes
 * @blocks: its memory
 */
struct memtel_row {
	void *data;
	struct memtel_block *blocks;
};

/** struct memtel_malformed - which attribute is not as it must be */
struct memtel_malformed {
	const char *set;
	const char *attr;	/* NULL: not even an attribute */
	size_t length;
	size_t expected;
};

int memtel_decode(const struct memtel_set *set, const void *attrs, size_t length,
		  struct memtel_row *row, struct memtel_malformed *malformed);
void *memtel_row_alloc(struct memtel_row *row, size_t size);
void memtel_row_free(struct memtel_row *row);

/* derive.c */

void memtel_cache_sum(const struct memtel_cache *cache,
		      struct memtel_cache_node *total);

/* snapshot.c makes it, rate.c compares two */

struct memtel_snapshot {
	struct memtel_row source;
	size_t nr_caches;
	struct memtel_row *caches;
};

/* exchange.c */

/** struct memtel_reply - the messages of an answer, owned */
struct memtel_reply {
	size_t nr;
	struct nlmsghdr **messages;
};

int memtel_exchange(struct memtel *m, struct nl_msg *request,
		    struct memtel_reply *reply);
int memtel_answer(struct memtel *m, struct nl_msg *request,
		  const struct memtel_reply *read, struct memtel_reply *reply);
int memtel_reply_add(struct memtel_reply *reply, const struct nlmsghdr *nlh);
void memtel_reply_free(struct memtel_reply *reply);

/* socket.c */

int memtel_family_resolve(struct memtel *m, uint16_t *family);

/* command.c */

/* Takes the row over if it sets *row to zeros. */
typedef int (*memtel_row_fn)(struct memtel_row *row, void *arg);

int memtel_request_caches(struct memtel *m,
			  const struct memtel_cache_filter *filter,
			  memtel_row_fn fn, void *arg);
int memtel_request_source(struct memtel *m, const char *name,
			  memtel_row_fn fn, void *arg);

/* As memtel_exchange(), on a socket of the caller's. */
typedef int (*memtel_exchange_fn)(struct nl_msg *request,
				  struct memtel_reply *reply, void *arg);

int memtel_request_subscribe(struct memtel *m, memtel_exchange_fn exchange,
			     void *arg, uint64_t *sequence);
int memtel_request_trigger_add(struct memtel *m,
			       const struct memtel_trigger_spec *spec,
			       uint32_t *id);
int memtel_request_trigger_delete(struct memtel *m, uint32_t id);
int memtel_request_site(struct memtel *m, uint64_t id, memtel_row_fn fn,
			void *arg);

/* error.c */

/** struct memtel_extack - the kernel's words, pointing into its message */
struct memtel_extack {
	const char *message;
	uint32_t offset;	/* of the attribute at fault in the request, or 0 */
	uint32_t missing;	/* type of the attribute missing, or 0 */
};

int memtel_fail(struct memtel *m, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int memtel_succeed(struct memtel *m);
int memtel_errno_of_nl(int nl_error);
int memtel_refused(struct memtel *m, const struct nlmsghdr *request, int err,
		   const struct memtel_extack *extack);

#endif /* MEMTEL_INTERNAL_H */
