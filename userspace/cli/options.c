// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table of options. getopt_long(), the checks, --help and completion are
 * made from it.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <memtel/memtel.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "options.h"

#define VERB_TIMED (VERB_RECLAIM | VERB_SHRINKERS | VERB_LOCKS)
#define VERB_BY_NODE (VERB_CACHES | VERB_NODES | VERB_ZONES | VERB_TIMED | \
		      VERB_FALLBACK)
#define VERB_TABLES (VERB_CACHES | VERB_NODES | VERB_ZONES | VERB_TIMED | \
		     VERB_FALLBACK | VERB_SITES | VERB_STALLS | VERB_TRIGGERS)
#define VERB_ALL ~0u

#define NSEC_PER_SEC UINT64_C(1000000000)

/* A hundredth of a second is a dump's time on a large host, a day is a day. */
#define INTERVAL_MIN_NS (NSEC_PER_SEC / 100)
#define INTERVAL_MAX_NS (86400 * NSEC_PER_SEC)

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_NUMBER,		/* uint32_t from min to max */
	OPTION_SECONDS,		/* uint64_t of ns */
	OPTION_TRIGGER,		/* may be given often */
};

/**
 * struct option_row - one option
 * @letter: its short form, or 0
 * @argument: what --help calls its argument; NULL for a flag
 * @verbs: which take it
 * @offset: its place in struct options
 * @has_offset: place of a bool that says it was given, or 0
 */
struct option_row {
	const char *name;
	char letter;
	const char *argument;
	enum option_kind kind;
	unsigned int verbs;
	size_t offset;
	size_t has_offset;
	uint32_t min, max;
	const char *help;
};

#define AT(member) offsetof(struct options, member)
#define FLAG(n, letter, verbs, member, help) \
	{ n, letter, NULL, OPTION_FLAG, verbs, AT(member), 0, 0, 0, help }
#define TEXT(n, argument, verbs, member, help) \
	{ n, 0, argument, OPTION_TEXT, verbs, AT(member), 0, 0, 0, help }
#define NUMBER(n, verbs, member, min, max, help) \
	{ n, 0, "N", OPTION_NUMBER, verbs, AT(member), 0, min, max, help }

static const struct option_row rows[] = {
	FLAG("json", 0, VERB_TABLES | VERB_STATUS | VERB_WATCH, json,
	     "print JSON instead of text"),
	TEXT("sort", "KEY", VERB_TABLES, sort,
	     "order by this field: numbers from the greatest"),
	NUMBER("top", VERB_TABLES, top, 1, UINT32_MAX,
	       "only the first N rows"),
	TEXT("columns", "KEY,...", VERB_TABLES, columns,
	     "show these fields in the table"),
	{ "node", 0, "N", OPTION_NUMBER, VERB_BY_NODE, AT(node), AT(has_node),
	  0, MEMTEL_NODE_MAX, "only this NUMA node" },
	TEXT("name", "NAME", VERB_CACHES | VERB_ZONES | VERB_TIMED |
	     VERB_FALLBACK | VERB_SITES, name,
	     "only the cache, the shrinker, or the zones, of this name"),
	TEXT("kind", "KIND", VERB_RECLAIM, kind,
	     "only this kind of reclaim, such as direct or memcg"),
	TEXT("glob", "PATTERN", VERB_CACHES, glob,
	     "only caches whose name matches (*, ?, [a-z])"),
	FLAG("active", 0, VERB_CACHES, active,
	     "only caches with an allocation or free counted"),
	FLAG("per-node", 0, VERB_CACHES, per_node,
	     "a row for each cache and node"),
	FLAG("matrix", 0, VERB_CACHES, matrix,
	     "sum up by node of the CPU and node of the object"),
	FLAG("aliases", 0, VERB_CACHES, aliases,
	     "name the caches that were merged"),
	FLAG("orders", 0, VERB_ZONES, orders,
	     "a row for each zone and order of free blocks"),
	{ "interval", 0, "SECONDS", OPTION_SECONDS, VERB_TABLES,
	  AT(interval_ns), 0, 0, 0,
	  "show again and again; hold the source that counts, show rates" },
	NUMBER("count", VERB_TABLES, count, 1, UINT32_MAX,
	       "stop after N times; needs --interval"),
	{ "trigger", 0, "EXPR", OPTION_TRIGGER, VERB_WATCH, 0, 0, 0, 0,
	  "watch this, such as 'direct-reclaim-time > 50ms in 1s on node=0'; may be given often" },
	FLAG("all", 0, VERB_WATCH, all,
	     "show the events of everybody's triggers, too"),
	NUMBER("events", VERB_WATCH, events, 1, UINT32_MAX,
	       "stop after N events"),
	{ "for", 0, "SECONDS", OPTION_SECONDS, VERB_WATCH, AT(for_ns), 0, 0, 0,
	  "stop after so long" },
	FLAG("no-color", 0, VERB_TABLES | VERB_STATUS | VERB_WATCH, no_color,
	     "no colours on a terminal, as with NO_COLOR set"),
	FLAG("help", 'h', VERB_ALL, help, "print this help"),
	FLAG("version", 0, VERB_ALL, version, "print the version"),
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(NR_ROWS < 32, "a bit of given for each");

/* Options that mean nothing together, or one without the other. */
static const struct {
	const char *a, *b;
	bool a_needs_b;
} pairs[] = {
	{ "count", "interval", true },
	{ "matrix", "per-node", false },
	{ "matrix", "aliases", false },
	{ "matrix", "sort", false },
	{ "matrix", "columns", false },
	{ "matrix", "top", false },
	{ "json", "columns", false },
};

static int row_index(const char *name)
{
	for (size_t i = 0; i < NR_ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return i;
	abort();	/* a name in pairs[] that rows[] has not */
}

static int parse_number(const struct option_row *row, const char *text,
			uint32_t *number)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	/* strtoull() takes "-1", " 1" and "". */
	if (!isdigit((unsigned char)text[0]) || *end || errno ||
	    value < row->min || value > row->max) {
		log_error("--%s: '%s' is not a number from %" PRIu32 " to %"
			  PRIu32, row->name, text, row->min, row->max);
		return EXIT_USAGE;
	}
	*number = value;
	return 0;
}

/* Digits with at most one point; neither exponent nor locale. */
static int parse_seconds(const struct option_row *row, const char *text,
			 uint64_t *ns)
{
	uint64_t unit = NSEC_PER_SEC, value = 0;
	bool has_digit = false, has_point = false;
	const char *c;

	for (c = text; *c; c++) {
		if (*c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (!isdigit((unsigned char)*c))
			break;
		has_digit = true;
		if (has_point) {
			unit /= 10;
			value += (*c - '0') * unit;
		} else {
			value = value * 10 + (*c - '0') * NSEC_PER_SEC;
		}
		if (value > INTERVAL_MAX_NS)
			break;
	}
	if (*c || !has_digit || value < INTERVAL_MIN_NS) {
		log_error("--%s: '%s' is not a number of seconds from 0.01 to 86400",
			  row->name, text);
		return EXIT_USAGE;
	}
	*ns = value;
	return 0;
}

static int parse_text(const struct option_row *row, const char *text,
		      const char **to)
{
	if (!*text) {
		log_error("--%s: its %s is empty", row->name, row->argument);
		return EXIT_USAGE;
	}
	*to = text;
	return 0;
}

static int add_trigger(const char *text, struct options *options)
{
	if (options->nr_triggers == OPTION_TIMES_MAX) {
		log_error("--trigger: more than %d", OPTION_TIMES_MAX);
		return EXIT_USAGE;
	}
	options->triggers[options->nr_triggers++] = text;
	return 0;
}

static int row_apply(const struct option_row *row, const char *argument,
		     struct options *options)
{
	void *to = (char *)options + row->offset;

	if (row->has_offset)
		*(bool *)((char *)options + row->has_offset) = true;
	switch (row->kind) {
	case OPTION_TEXT:
		return parse_text(row, argument, to);
	case OPTION_NUMBER:
		return parse_number(row, argument, to);
	case OPTION_SECONDS:
		return parse_seconds(row, argument, to);
	case OPTION_TRIGGER:
		return add_trigger(argument, options);
	case OPTION_FLAG:
		break;
	}
	*(bool *)to = true;
	return 0;
}

/* Value of getopt_long() for the row's long and short form. */
#define VALUE_OF(i) (0x100 + (int)(i))

/**
 * options_parse() - read the command line
 * @options: filled; its args are behind the verb
 * @verb: set to the first word that is no option, NULL without
 * @given: set to a bit for each row that was given
 *
 * Return: 0, or EXIT_USAGE when said why.
 */
int options_parse(int argc, char **argv, struct options *options,
		  const char **verb, uint32_t *given)
{
	struct option longs[NR_ROWS + 1] = { 0 };
	char shorts[NR_ROWS + 1] = "";
	size_t nr_shorts = 0;
	int value, err;

	for (size_t i = 0; i < NR_ROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].argument ? required_argument :
				   no_argument;
		longs[i].val = VALUE_OF(i);
		if (rows[i].letter)
			shorts[nr_shorts++] = rows[i].letter;
	}
	shorts[nr_shorts] = '\0';

	*options = (struct options){ 0 };
	*given = 0;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = value - VALUE_OF(0);

		if (value == '?')
			return EXIT_USAGE;	/* getopt_long() said why */
		for (size_t n = 0; value < VALUE_OF(0) && n < NR_ROWS; n++)
			if (rows[n].letter == value)
				i = n;
		err = row_apply(&rows[i], optarg, options);
		if (err)
			return err;
		*given |= 1u << i;
	}
	*verb = argv[optind];
	options->args = argv + optind + !!*verb;
	options->nr_args = argc - optind - !!*verb;
	return 0;
}

/**
 * options_check() - does the verb take what was given, and together?
 * Return: 0, or EXIT_USAGE when said why not.
 */
int options_check(const char *verb, unsigned int verb_bit, uint32_t given)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		if ((given >> i & 1) && !(rows[i].verbs & verb_bit)) {
			log_error("%s does not take --%s", verb, rows[i].name);
			return EXIT_USAGE;
		}
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bool has_a = given >> row_index(pairs[i].a) & 1;
		bool has_b = given >> row_index(pairs[i].b) & 1;

		if (has_a && has_b != pairs[i].a_needs_b) {
			log_error(pairs[i].a_needs_b ?
				  "--%s needs --%s" :
				  "--%s and --%s do not go together",
				  pairs[i].a, pairs[i].b);
			return EXIT_USAGE;
		}
	}
	return 0;
}

/**
 * options_help() - print the options of some verbs
 */
void options_help(FILE *out, unsigned int verb_bit)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		char left[64];

		if (!(rows[i].verbs & verb_bit))
			continue;
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
			 rows[i].letter ? '-' : ' ',
			 rows[i].letter ? rows[i].letter : ' ',
			 rows[i].letter ? ", " : "  ", rows[i].name,
			 rows[i].argument ? " " : "",
			 rows[i].argument ? rows[i].argument : "");
		fprintf(out, "  %-24s  %s\n", left, rows[i].help);
	}
}

/**
 * options_words() - print the options of some verbs for completion
 *
 * One a line; = after those that take an argument.
 */
void options_words(FILE *out, unsigned int verb_bit)
{
	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].verbs & verb_bit)
			fprintf(out, "--%s%s\n", rows[i].name,
				rows[i].argument ? "=" : "");
}
