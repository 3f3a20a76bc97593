/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's own events, as notices. See pressure.c. */
#ifndef MEMTELD_PRESSURE_H
#define MEMTELD_PRESSURE_H

#include <systemd/sd-event.h>

#include "config.h"
#include "notice.h"

struct memtel_events;

/**
 * struct pressure - a subscription
 * @event: the loop
 * @tell: told what happens
 * @arg: for it
 * @config: which triggers
 * @ev: the subscription, NULL when there is none
 * @source: its place in the loop
 * @retry: opens it anew, or adds the triggers
 * @are_added: the triggers were given to it
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
	bool are_added;
	bool was_told;
};

void pressure_configure(struct pressure *pressure, const struct config *config);
void pressure_close(struct pressure *pressure);

#endif /* MEMTELD_PRESSURE_H */
