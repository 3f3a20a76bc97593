/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, evaluated; alerts, from pending to resolved. See engine.c. */
#ifndef MEMTELD_ENGINE_H
#define MEMTELD_ENGINE_H

#include "config.h"
#include "history.h"
#include "notice.h"

/* Alerts that a rule may have at a time. */
#define ALERTS_MAX 1000

/**
 * struct alert - a series for which a rule holds, or held
 * @labels: the series', without its name
 * @nr_labels: how many
 * @active_ms: since when it holds
 * @last_ms: when it last held
 * @value: the last value
 * @is_firing: for long enough; it was told
 * @is_seen: in the evaluation that is under way
 */
struct alert {
	struct label *labels;
	unsigned int nr_labels;
	int64_t active_ms;
	int64_t last_ms;
	double value;
	bool is_firing;
	bool is_seen;
};

/**
 * struct watched_rule - a rule and where it is
 * @rule: the configuration's
 * @alerts: those that are pending or firing
 * @nr: how many
 * @has_failed: it had no value the last time; that was told
 */
struct watched_rule {
	const struct rule *rule;
	struct alert *alerts;
	size_t nr;
	bool has_failed;
};

/**
 * struct engine - all rules
 * @history: what they look at
 * @rules: as in the configuration
 * @nr: how many
 */
struct engine {
	struct history history;
	struct watched_rule *rules;
	size_t nr;
};

int engine_configure(struct engine *engine, const struct config *config,
		     int64_t now_ms, notice_fn tell, void *arg);
void engine_evaluate(struct engine *engine, int64_t now_ms, notice_fn tell,
		     void *arg);
void engine_free(struct engine *engine);

struct watched_rule *engine_find(struct engine *engine, const char *identity);
struct alert *alert_add(struct watched_rule *rule, const struct label *labels,
			unsigned int nr_labels);

#endif /* MEMTELD_ENGINE_H */
