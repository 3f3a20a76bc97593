/* SPDX-License-Identifier: GPL-2.0 */
/* Events: made, numbered, encoded once and sent. See event.c. */
#ifndef _MEMTEL_EVENT_H
#define _MEMTEL_EVENT_H

#include <linux/memtel.h>
#include <linux/types.h>

struct memtel_evidence;
struct memtel_source;
struct memtel_trigger;
struct sk_buff;

u64 memtel_event_sequence(void);
u64 memtel_events_unsent(void);
bool memtel_event_is_heard(void);

struct sk_buff *memtel_event_spare_new(gfp_t gfp);
void memtel_event_spare_give(struct sk_buff *skb);
void memtel_event_spare_free(void);

void memtel_event_raised(struct memtel_trigger *trigger,
			 const struct memtel_evidence *evidence);
void memtel_event_cleared(struct memtel_trigger *trigger, u64 raised_ns);
void memtel_event_source(enum memtel_event_kind kind,
			 const struct memtel_source *source);
void memtel_events_send(void);

#endif /* _MEMTEL_EVENT_H */
