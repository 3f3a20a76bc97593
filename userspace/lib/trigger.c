// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Triggers as text, and back. No I/O: what is not known here, such as which
 * nodes there are, the module refuses with its own words.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum unit { TIME, BYTES, COUNT };

enum key {
	BY_NODE = 1 << 0,
	BY_ZONE = 1 << 1,
	BY_CGROUP = 1 << 2,
	BY_CACHE = 1 << 3,
	BY_SHRINKER = 1 << 4,
};

/* What memtel.yaml says of metrics. */
static const struct {
	const char *name;
	enum unit unit;
	unsigned int keys;
} metrics[] = {
	[MEMTEL_METRIC_DIRECT_RECLAIM_TIME] = {
		"direct-reclaim-time", TIME, BY_NODE | BY_ZONE },
	[MEMTEL_METRIC_KSWAPD_TIME] = { "kswapd-time", TIME, BY_NODE },
	[MEMTEL_METRIC_NODE_RECLAIM_TIME] = {
		"node-reclaim-time", TIME, BY_NODE },
	[MEMTEL_METRIC_MEMCG_RECLAIM_TIME] = {
		"memcg-reclaim-time", TIME, BY_CGROUP },
	[MEMTEL_METRIC_COMPACTION_TIME] = {
		"compaction-time", TIME, BY_NODE | BY_ZONE },
	[MEMTEL_METRIC_THROTTLE_TIME] = { "throttle-time", TIME, BY_NODE },
	[MEMTEL_METRIC_STALL_TIME] = { "stall-time", TIME, 0 },
	[MEMTEL_METRIC_SHRINKER_TIME] = {
		"shrinker-time", TIME, BY_NODE | BY_SHRINKER },
	[MEMTEL_METRIC_ZONE_LOCK_WAIT_TIME] = {
		"zone-lock-wait-time", TIME, BY_NODE | BY_ZONE },
	[MEMTEL_METRIC_COMPACTION_FAILURES] = {
		"compaction-failures", COUNT, BY_NODE | BY_ZONE },
	[MEMTEL_METRIC_FALLBACK_ALLOCS] = { "fallback-allocs", COUNT, BY_NODE },
	[MEMTEL_METRIC_SLAB_GROWTH] = {
		"slab-growth", BYTES, BY_NODE | BY_CACHE },
	[MEMTEL_METRIC_SLAB_ALLOCS] = {
		"slab-allocs", COUNT, BY_NODE | BY_CACHE },
};

/* By unit, the largest last; the first that fits exactly is shown. */
static const struct {
	enum unit unit;
	const char *name;
	uint64_t factor;
	bool is_shown;
} units[] = {
	{ TIME, "ns", 1, true },
	{ TIME, "us", 1000, true },
	{ TIME, "ms", 1000000, true },
	{ TIME, "s", 1000000000, true },
	{ TIME, "m", 60 * UINT64_C(1000000000), false },
	{ TIME, "h", 3600 * UINT64_C(1000000000), false },
	{ BYTES, "B", 1, true },
	{ BYTES, "kB", 1000, false },
	{ BYTES, "MB", 1000000, false },
	{ BYTES, "GB", 1000000000, false },
	{ BYTES, "KiB", UINT64_C(1) << 10, true },
	{ BYTES, "MiB", UINT64_C(1) << 20, true },
	{ BYTES, "GiB", UINT64_C(1) << 30, true },
	{ COUNT, "", 1, true },
	{ COUNT, "k", 1000, false },
	{ COUNT, "M", 1000000, false },
};

static const char *const unit_names[] = {
	[TIME] = "ns, us, ms, s, m or h",
	[BYTES] = "B, KiB, MiB, GiB, kB, MB or GB",
	[COUNT] = "nothing, k or M",
};

static const struct {
	const char *name;
	enum key bit;
} keys[] = {
	{ "node", BY_NODE },
	{ "zone", BY_ZONE },
	{ "cgroup", BY_CGROUP },
	{ "cache", BY_CACHE },
	{ "shrinker", BY_SHRINKER },
};

struct parser {
	const char *text;
	const char *at;
	struct memtel_trigger_error *error;
};

__attribute__((format(printf, 3, 4)))
static int refuse(struct parser *p, const char *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, args);
	va_end(args);
	p->error->offset = (size_t)(at - p->text);
	return -EINVAL;
}

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static size_t word_length(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '-' || at[n] == '_')
		n++;
	return n;
}

static bool word_is(const char *at, size_t length, const char *word)
{
	return strlen(word) == length && !strncmp(at, word, length);
}

/* The word if it comes next, which then is behind. */
static bool take_word(struct parser *p, const char *word)
{
	size_t length;

	skip_space(p);
	length = word_length(p->at);
	if (!word_is(p->at, length, word))
		return false;
	p->at += length;
	return true;
}

/* Letters to change, add or leave out to make of one word the other. */
static size_t distance(const char *a, size_t length, const char *b)
{
	size_t row[64];
	size_t columns = strlen(b);

	if (columns >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[columns];
}

static int refuse_metric(struct parser *p, size_t length)
{
	const char *nearest = NULL;
	size_t least = 5;

	if (!length)
		return refuse(p, p->at, "here a metric is expected");
	for (size_t i = 1; i < ARRAY_SIZE(metrics) && length < 64; i++) {
		size_t far = distance(p->at, length, metrics[i].name);

		if (far < least) {
			least = far;
			nearest = metrics[i].name;
		}
	}
	if (nearest)
		return refuse(p, p->at, "no such metric; is it %s?", nearest);
	return refuse(p, p->at, "no such metric");
}

static int parse_metric(struct parser *p, uint32_t *metric)
{
	size_t length;

	skip_space(p);
	length = word_length(p->at);
	for (uint32_t i = 1; i < ARRAY_SIZE(metrics); i++) {
		if (!word_is(p->at, length, metrics[i].name))
			continue;
		*metric = i;
		p->at += length;
		return 0;
	}
	return refuse_metric(p, length);
}

/* Of a count there is no half, but for the error of a decimal fraction. */
static bool is_whole(double number)
{
	double part = number - (double)(uint64_t)number;

	return part < 1e-6 || part > 1 - 1e-6;
}

/* A number, perhaps with a fraction, and its unit. */
static int parse_value(struct parser *p, enum unit unit, uint64_t *value)
{
	const char *begin, *suffix;
	uint64_t whole, scaled;
	double fraction = 0;
	size_t length = 0;
	char *end;

	skip_space(p);
	begin = p->at;
	if (!isdigit((unsigned char)*begin))
		return refuse(p, begin, "here a number is expected");
	errno = 0;
	whole = strtoull(begin, &end, 10);
	if (errno)
		return refuse(p, begin, "the number is too large");
	if (*end == '.') {
		double place = 0.1;

		for (end++; isdigit((unsigned char)*end); end++) {
			fraction += place * (*end - '0');
			place /= 10;
		}
	}
	suffix = end;
	while (isalpha((unsigned char)suffix[length]))
		length++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (units[i].unit != unit ||
		    !word_is(suffix, length, units[i].name))
			continue;
		if (unit == COUNT &&
		    !is_whole(fraction * (double)units[i].factor))
			return refuse(p, begin, "here a whole number is expected");
		if (__builtin_mul_overflow(whole, units[i].factor, &scaled) ||
		    __builtin_add_overflow(scaled, (uint64_t)
					   (fraction * (double)units[i].factor +
					    0.5), &scaled))
			return refuse(p, begin, "the number is too large");
		*value = scaled;
		p->at = suffix + length;
		return 0;
	}
	return refuse(p, suffix, "here a unit is expected: %s",
		      unit_names[unit]);
}

/* Up to a comma or space, or what stands in quotes. */
static int parse_text(struct parser *p, char *out, size_t size)
{
	const char *begin = p->at;
	bool is_quoted = *begin == '"';
	size_t length;

	if (is_quoted)
		begin++;
	length = is_quoted ? strcspn(begin, "\"") : strcspn(begin, ", \t\n");
	if (is_quoted && !begin[length])
		return refuse(p, p->at, "the quote does not end");
	if (!length)
		return refuse(p, p->at, "here a value is expected");
	if (length >= size)
		return refuse(p, begin, "more than %zu characters", size - 1);
	memcpy(out, begin, length);
	out[length] = '\0';
	p->at = begin + length + is_quoted;
	return 0;
}

static int parse_node(struct parser *p, struct memtel_trigger_spec *spec)
{
	const char *begin = p->at;
	unsigned long node;
	char *end;

	if (!isdigit((unsigned char)*begin))
		return refuse(p, begin, "here a node's number is expected");
	errno = 0;
	node = strtoul(begin, &end, 10);
	if (errno || node > MEMTEL_NODE_MAX)
		return refuse(p, begin, "a node is at most %d",
			      MEMTEL_NODE_MAX);
	spec->has_node = true;
	spec->node_id = (uint32_t)node;
	p->at = end;
	return 0;
}

static int parse_key_value(struct parser *p, enum key key,
			   struct memtel_trigger_spec *spec)
{
	switch (key) {
	case BY_NODE:
		return parse_node(p, spec);
	case BY_ZONE:
		return parse_text(p, spec->zone, sizeof(spec->zone));
	case BY_CGROUP:
		return parse_text(p, spec->cgroup, sizeof(spec->cgroup));
	case BY_CACHE:
		return parse_text(p, spec->cache, sizeof(spec->cache));
	case BY_SHRINKER:
		return parse_text(p, spec->shrinker, sizeof(spec->shrinker));
	}
	return -EINVAL;
}

static int refuse_key(struct parser *p, const char *at, uint32_t metric)
{
	char list[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!(metrics[metric].keys & keys[i].bit))
			continue;
		if (*list)
			strcat(list, ", ");
		strcat(list, keys[i].name);
	}
	if (!*list)
		return refuse(p, at, "%s is of the whole host only",
			      metrics[metric].name);
	return refuse(p, at, "%s can be had by: %s", metrics[metric].name,
		      list);
}

static int parse_scope(struct parser *p, struct memtel_trigger_spec *spec)
{
	const char *zone_at = NULL;
	unsigned int given = 0;

	do {
		const char *begin;
		size_t length, i;
		int err;

		skip_space(p);
		begin = p->at;
		length = word_length(begin);
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			if (word_is(begin, length, keys[i].name))
				break;
		if (i == ARRAY_SIZE(keys) ||
		    !(metrics[spec->metric].keys & keys[i].bit))
			return refuse_key(p, begin, spec->metric);
		if (given & keys[i].bit)
			return refuse(p, begin, "%s is given twice",
				      keys[i].name);
		given |= keys[i].bit;
		p->at += length;
		if (*p->at != '=')
			return refuse(p, p->at, "here = is expected");
		p->at++;
		err = parse_key_value(p, keys[i].bit, spec);
		if (err)
			return err;
		if (keys[i].bit == BY_ZONE)
			zone_at = begin;
	} while (*p->at == ',' && p->at++);
	if (zone_at && !spec->has_node)
		return refuse(p, zone_at, "a zone needs its node, too");
	return 0;
}

static int parse_clear(struct parser *p, struct memtel_trigger_spec *spec)
{
	const char *begin;
	int err;

	skip_space(p);
	begin = p->at;
	err = parse_value(p, metrics[spec->metric].unit, &spec->clear);
	if (err)
		return err;
	if (spec->clear > spec->threshold)
		return refuse(p, begin, "it would clear above the threshold");
	spec->has_clear = true;
	return 0;
}

static int parse_time(struct parser *p, uint64_t min_ms, uint64_t *ns)
{
	const char *begin;
	int err;

	skip_space(p);
	begin = p->at;
	err = parse_value(p, TIME, ns);
	if (err)
		return err;
	if (*ns < min_ms * 1000000 ||
	    *ns > MEMTEL_WINDOW_MAX_MS * UINT64_C(1000000))
		return refuse(p, begin, min_ms ? "a window is 10ms to 1h" :
						 "a hold time is at most 1h");
	return 0;
}

static int parse_threshold(struct parser *p, struct memtel_trigger_spec *spec)
{
	const char *begin;
	int err;

	skip_space(p);
	if (*p->at != '>')
		return refuse(p, p->at, "here > is expected");
	p->at++;
	skip_space(p);
	begin = p->at;
	err = parse_value(p, metrics[spec->metric].unit, &spec->threshold);
	if (!err && !spec->threshold)
		err = refuse(p, begin, "a threshold of 0 makes no sense");
	if (err)
		return err;
	if (!take_word(p, "in"))
		return refuse(p, p->at, "here 'in' and a window are expected");
	return parse_time(p, MEMTEL_WINDOW_MIN_MS, &spec->window_ns);
}

static int parse_rest(struct parser *p, struct memtel_trigger_spec *spec)
{
	bool has_scope = false, has_hold = false;
	int err = 0;

	while (!err) {
		const char *begin;

		skip_space(p);
		begin = p->at;
		if (!*begin)
			return 0;
		if (!has_scope && take_word(p, "on")) {
			has_scope = true;
			err = parse_scope(p, spec);
		} else if (!has_hold && take_word(p, "for")) {
			has_hold = true;
			err = parse_time(p, 0, &spec->hold_ns);
		} else if (!spec->has_clear && take_word(p, "until")) {
			err = parse_clear(p, spec);
		} else {
			err = refuse(p, begin,
				     "here 'on', 'for' or 'until', each once, or nothing is expected");
		}
	}
	return err;
}

int memtel_trigger_parse(const char *text, struct memtel_trigger_spec *spec,
			 struct memtel_trigger_error *error)
{
	struct parser p = { text, text, error };
	int err;

	memset(spec, 0, sizeof(*spec));
	memset(error, 0, sizeof(*error));
	spec->size = sizeof(*spec);
	err = parse_metric(&p, &spec->metric);
	if (!err)
		err = parse_threshold(&p, spec);
	if (!err)
		err = parse_rest(&p, spec);
	return err;
}

const char *memtel_metric_name(uint32_t metric)
{
	if (metric >= ARRAY_SIZE(metrics) || !metrics[metric].name)
		return "";
	return metrics[metric].name;
}

static enum unit unit_of(uint32_t metric)
{
	return *memtel_metric_name(metric) ? metrics[metric].unit : COUNT;
}

/* Without loss: in the largest unit that divides it. */
static size_t format_exact(enum unit unit, uint64_t value, char *text,
			   size_t size)
{
	size_t best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].unit == unit && units[i].is_shown &&
		    (units[i].factor == 1 ||
		     (value && value % units[i].factor == 0)))
			best = i;
	return (size_t)snprintf(text, size, "%" PRIu64 "%s",
				value / units[best].factor, units[best].name);
}

size_t memtel_metric_format(uint32_t metric, uint64_t value, char *text,
			    size_t size)
{
	enum unit unit = unit_of(metric);
	size_t best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].unit == unit && units[i].is_shown &&
		    (units[i].factor == 1 || value >= units[i].factor))
			best = i;
	if (units[best].factor == 1 || value % units[best].factor == 0)
		return (size_t)snprintf(text, size, "%" PRIu64 "%s",
					value / units[best].factor,
					units[best].name);
	return (size_t)snprintf(text, size, "%.1f%s",
				(double)value / (double)units[best].factor,
				units[best].name);
}

/* Appends, cut to size, and counts all. */
__attribute__((format(printf, 4, 5)))
static void append(char *text, size_t size, size_t *length,
		   const char *format, ...)
{
	size_t used = *length < size ? *length : size;
	va_list args;

	va_start(args, format);
	*length += (size_t)vsnprintf(used < size ? text + used : NULL,
				     size - used, format, args);
	va_end(args);
}

size_t memtel_trigger_format(const struct memtel_trigger_spec *spec,
			     char *text, size_t size)
{
	enum unit unit = unit_of(spec->metric);
	const char *before = " on ";
	char value[32], window[32];
	size_t length = 0;

	format_exact(unit, spec->threshold, value, sizeof(value));
	format_exact(TIME, spec->window_ns, window, sizeof(window));
	append(text, size, &length, "%s > %s in %s",
	       memtel_metric_name(spec->metric), value, window);
	if (spec->has_node) {
		append(text, size, &length, "%snode=%" PRIu32, before,
		       spec->node_id);
		before = ",";
	}
	const struct { const char *key, *value; } texts[] = {
		{ "zone", spec->zone },
		{ "cache", spec->cache },
		{ "shrinker", spec->shrinker },
		{ "cgroup", spec->cgroup },
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		bool is_plain = !strpbrk(texts[i].value, ", \t\n");

		if (!*texts[i].value)
			continue;
		append(text, size, &length, is_plain ? "%s%s=%s" : "%s%s=\"%s\"",
		       before, texts[i].key, texts[i].value);
		before = ",";
	}
	if (spec->hold_ns) {
		format_exact(TIME, spec->hold_ns, window, sizeof(window));
		append(text, size, &length, " for %s", window);
	}
	if (spec->has_clear) {
		format_exact(unit, spec->clear, value, sizeof(value));
		append(text, size, &length, " until %s", value);
	}
	return length;
}
