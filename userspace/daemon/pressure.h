/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's own events, as notices. See pressure.c. */
#ifndef MEMTELD_PRESSURE_H
#define MEMTELD_PRESSURE_H

#include <memtel/memtel.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "notice.h"

/**
 * struct trigger - one that is watched
 * @spec: of which all bytes are set
 * @is_wanted: by the configuration
 * @is_added: to the subscription
 */
struct trigger {
	struct memtel_trigger_spec spec;
	bool is_wanted;
	bool is_added;
};

/**
 * struct pressure - a subscription
 * @event: the loop
 * @tell: told what happens
 * @arg: for it
 * @config: which triggers
 * @ev: the subscription, NULL when there is none
 * @source: its place in the loop
 * @retry: opens it anew, or sets the triggers
 * @triggers: that it has, @nr of them
 * @are_set: they are those of @config
 * @was_told: that one of these failed, and why
 */
struct pressure {
	sd_event *event;
	notice_fn tell;
	void *arg;
	const struct config *config;
	struct memtel_events *ev;
	sd_event_source *source;
	sd_event_source *retry;
	struct trigger *triggers;
	size_t nr;
	bool are_set;
	bool was_told;
};

void pressure_configure(struct pressure *pressure, const struct config *config);
void pressure_close(struct pressure *pressure);

#endif /* MEMTELD_PRESSURE_H */
