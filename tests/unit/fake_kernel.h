/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a test that has the fake kernel within tells it what to do. */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <netlink/msg.h>
#include <stdint.h>

#define FAMILY 0x20

/** struct fake_told - a message for who listens, or an error of libnl (NLE_*) */
struct fake_told {
	struct nl_msg *msg;
	int err;
};

void fake_tell(struct nl_msg *msg, int err);
void fake_tell_events(uint16_t family, uint64_t first, uint64_t last);

/* The number of the last event, in status, and how many come by the next. */
extern uint64_t fake_sequence;
extern uint64_t fake_sequence_step;

/* The family's id, 0 while there is none; triggers that were added, in all. */
extern uint16_t fake_family;
extern unsigned int fake_added;

/* How often it was asked to send events; in one mode the first is not answered. */
extern unsigned int fake_subscribed;

/* How often it was asked for the family by name, which may load a module. */
extern unsigned int fake_loads;

/* The triggers there are: a bit for each number. */
extern uint64_t fake_triggers;

#endif /* FAKE_KERNEL_H */
