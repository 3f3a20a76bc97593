/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on their way to a file descriptor that may not take them. */
#ifndef MEMTELD_OUTLET_H
#define MEMTELD_OUTLET_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct outlet - lines that wait
 * @data: them, each with its newline
 * @length: bytes
 * @room: bytes there is memory for
 * @limit: no more bytes wait
 * @lost: lines that had no room since that was last told
 * @lost_total: since the beginning
 */
struct outlet {
	char *data;
	size_t length;
	size_t room;
	size_t limit;
	uint64_t lost;
	uint64_t lost_total;
};

void outlet_put(struct outlet *outlet, const char *line);
int outlet_flush(struct outlet *outlet, int fd);
uint64_t outlet_unwritten(const struct outlet *outlet);
void outlet_free(struct outlet *outlet);

#endif /* MEMTELD_OUTLET_H */
