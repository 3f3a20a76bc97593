/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pressure events in words, and the triggers one watches without saying. */
#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H

#include <memtel/memtel.h>

/* No text of an event is longer. */
#define EVENT_TEXT_MAX 1024

void event_text(const struct memtel_event *event, char *text, size_t size);
void event_cause_text(const struct memtel_suspect *suspect, char *text,
		      size_t size);

int default_triggers(struct memtel *m,
		     int (*trigger)(const struct memtel_trigger_spec *spec,
				    void *arg),
		     void *arg);

#endif /* EVENT_TEXT_H */
