/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of memtel's rows: every number's key, column, unit and meaning,
 * once. Tables, JSON, --sort, --columns, help and completion all read this.
 */
#ifndef FIELD_H
#define FIELD_H

#include <memtel/memtel.h>

enum field_kind {
	FIELD_TEXT,
	FIELD_NAMES,		/* a list of names */
	FIELD_ENUM,		/* a number that has a name */
	FIELD_FLAG,
	FIELD_COUNT,
	FIELD_BYTES,
	FIELD_NS,
	FIELD_PERCENT,
	FIELD_MILLI,		/* thousandths */
	FIELD_RATE,		/* per second */
	FIELD_BYTE_RATE,
	FIELD_NEST,		/* a list of rows: JSON only */
};

/* When is a column shown, if --columns does not say? */
enum field_shown {
	FIELD_HIDDEN,
	FIELD_SHOWN,
	FIELD_SHOWN_RATE,	/* only where there are rates */
	FIELD_SHOWN_NODE,	/* only where a row is one node */
	FIELD_SHOWN_ALIAS,	/* only with names of aliases */
	FIELD_SHOWN_PRESENT,	/* only where a row has it */
};

/* A field of one row; for which of the union, see the field's kind. */
struct field_value {
	bool is_present;
	bool is_estimate;
	bool is_gone;
	union {
		const char *text;
		const char *const *names;	/* ends with NULL */
		bool flag;
		uint64_t count;			/* COUNT, BYTES, NS, ENUM */
		int64_t milli;
		double number;			/* PERCENT, RATE, BYTE_RATE */
	};
};

struct field_nest;

/**
 * struct field - one field
 * @key: in JSON and options: the attribute's name with _ for -
 * @head: its column's title; decides no alignment, that is its kind's
 * @kind: unit and format
 * @shown: is it in the table without being asked for?
 * @get: read it from a row; false when absent
 * @part: where in the row is the pointer to the struct that has it, plus one;
 *        0 when the row is that struct
 * @attr: its bit in that struct's present
 * @offset: its place in that struct
 * @size: its size there
 * @is_inner: part of the nested JSON object, see struct field_set
 * @names: an ENUM's, by value, @nr_names of them
 * @nest: how to get at a NEST's rows
 * @nest_set: their fields
 * @help: what it means, for the manual
 */
struct field {
	const char *key;
	const char *head;
	enum field_kind kind;
	enum field_shown shown;
	bool (*get)(const struct field *field, const void *row,
		    struct field_value *value);
	size_t part;
	unsigned int attr;
	size_t offset;
	size_t size;
	bool is_inner;
	const char *const *names;
	size_t nr_names;
	const struct field_nest *nest;
	const struct field_set *nest_set;
	const char *help;
};

/**
 * struct field_set - the fields of one type of row
 * @only_inner: use only the fields so marked
 */
struct field_set {
	const char *name;
	const struct field *fields;
	size_t nr;
	bool only_inner;
};

/* The rows that are not simply one of the library's structs. */

/**
 * struct field_cache_row - a cache as a whole, or on one node
 * @node: its total, or one of its nodes
 * @rate: of @node, or NULL
 * @node_rates: of each of the cache's nodes, or NULL
 * @alias_names: of the caches merged into it, or NULL
 */
struct field_cache_row {
	const struct memtel_cache *cache;
	const struct memtel_cache_node *node;
	const struct memtel_rate *rate;
	const struct memtel_rate *const *node_rates;
	const char *const *alias_names;
};

/** struct field_order_row - a zone's free blocks of one order */
struct field_order_row {
	const struct memtel_zone *zone;
	const struct memtel_free_blocks *area;
};

/** struct field_matrix_row - one cell of CPU's node by object's node */
struct field_matrix_row {
	uint32_t cpu_node_id;
	uint32_t node_id;
	uint64_t allocs;
	uint64_t frees;
};

/**
 * struct field_pace - what happened since the last refresh
 * @present: bits of MEMTEL_A_TIMING_*
 * @count_per_s: of count
 * @busy_percent: total_ns, of the time that passed; tasks that wait at once
 *                make it more than 100
 */
struct field_pace {
	uint64_t present;
	double count_per_s;
	double busy_percent;
};

/**
 * struct field_timed_row - reclaim, a shrinker or a lock
 * @row: struct memtel_reclaim, memtel_shrinker or memtel_lock
 * @timing: its timing, or NULL
 * @pace: since the last refresh, or NULL
 */
struct field_timed_row {
	const void *row;
	const struct memtel_timing *timing;
	const struct field_pace *pace;
};

/**
 * struct field_fallback_row - a cell of the matrix
 * @sampling: of the source; 0 when not known
 */
struct field_fallback_row {
	const struct memtel_fallback *fallback;
	uint32_t sampling;
};

/* Room for a nested row that has to be put together. */
union field_inner_row {
	struct field_cache_row cache;
	struct field_order_row order;
};

/**
 * struct field_nest - how to get at the rows within a row
 * @count: how many
 * @at: one of them, which may be in @room
 * @is_one: not a list: there is one, or the field is absent
 */
struct field_nest {
	size_t (*count)(const void *row);
	const void *(*at)(const void *row, size_t index,
			  union field_inner_row *room);
	bool is_one;
};

extern const struct field_set field_status_set;		/* struct memtel_status */
extern const struct field_set field_capability_set;	/* struct memtel_capability */
extern const struct field_set field_work_set;	/* struct memtel_work */
extern const struct field_set field_source_set;		/* struct memtel_source */
extern const struct field_set field_hold_set;		/* struct memtel_hold */
extern const struct field_set field_cache_set;		/* struct field_cache_row */
extern const struct field_set field_cpu_node_set;	/* struct memtel_cpu_node */
extern const struct field_set field_matrix_set;		/* struct field_matrix_row */
extern const struct field_set field_node_set;		/* struct memtel_node */
extern const struct field_set field_zone_set;		/* struct memtel_zone */
extern const struct field_set field_order_set;		/* struct field_order_row */
extern const struct field_set field_reclaim_set;	/* struct field_timed_row */
extern const struct field_set field_shrinker_set;	/* struct field_timed_row */
extern const struct field_set field_lock_set;		/* struct field_timed_row */
extern const struct field_set field_fallback_set;	/* struct field_fallback_row */
extern const struct field_set field_site_set;		/* struct memtel_site */
extern const struct field_set field_stall_set;		/* struct memtel_stall */
extern const struct field_set field_trigger_set;	/* struct memtel_trigger */
extern const struct field_set field_suspect_set;	/* struct memtel_suspect */
extern const struct field_set field_event_set;		/* struct memtel_event */

/* The fields of field_cache_set and field_order_set in a nested row. */
extern const struct field_set field_cache_inner_set;
extern const struct field_set field_order_inner_set;

/* What is nested in a timed row. */
extern const struct field_set field_bucket_set;
extern const struct field_set field_reclaim_order_set;
extern const struct field_set field_reclaim_gfp_set;
extern const struct field_set field_reclaim_outcome_set;

/* Names of the sets above, for who walks all of them; ends with NULL. */
extern const struct field_set *const field_sets[];

const struct field *field_find(const struct field_set *set, const char *key,
			       size_t length);
struct field_value field_read(const struct field *field, const void *row);
bool field_is_left(const struct field *field);
bool field_is_used(const struct field_set *set, const struct field *field);

#endif /* FIELD_H */
