/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memteld tells the world: the one thing that sinks write. */
#ifndef MEMTELD_NOTICE_H
#define MEMTELD_NOTICE_H

#include <stdint.h>

#include "sample.h"

/** enum notice_kind - what happened */
enum notice_kind {
	NOTICE_PRESSURE,	/* a trigger in the kernel was raised or cleared */
	NOTICE_FIRING,		/* a rule holds */
	NOTICE_RESOLVED,	/* it no longer does */
	NOTICE_RULE_FAILED,	/* a rule has no value; said once */
	NOTICE_RULE_RECOVERED,	/* it has one again */
	NOTICE_DAEMON,		/* of memteld itself: something lost, or back */
	NOTICE_KINDS,
};

/** enum notice_level - how bad, in syslog's terms */
enum notice_level {
	NOTICE_ERROR = 3,
	NOTICE_WARNING = 4,
	NOTICE_INFO = 6,
};

struct json_object;

/**
 * struct notice - one thing to tell
 * @kind: what happened
 * @level: how bad
 * @time_ms: CLOCK_REALTIME, ms since 1970
 * @name: of the rule, the trigger's metric, or the part of memteld
 * @text: one readable line, no newline
 * @labels: of the alert, sorted by name
 * @nr_labels: how many
 * @annotations: of the rule, expanded
 * @nr_annotations: how many
 * @value: the expression's value; NaN when there is none
 * @detail: all that is known beside the above, an object, or NULL
 *
 * All memory is the giver's and lives for the call alone.
 */
struct notice {
	enum notice_kind kind;
	enum notice_level level;
	int64_t time_ms;
	const char *name;
	const char *text;
	const struct label *labels;
	unsigned int nr_labels;
	const struct label *annotations;
	unsigned int nr_annotations;
	double value;
	struct json_object *detail;
};

/** notice_fn - takes a notice */
typedef void (*notice_fn)(const struct notice *notice, void *arg);

const char *notice_kind_name(enum notice_kind kind);
const char *notice_message_id(enum notice_kind kind);
struct json_object *notice_json(const struct notice *notice);

#endif /* MEMTELD_NOTICE_H */
